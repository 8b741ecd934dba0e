//! The release channel: read(4, address, bytes) waits until somebody writes to the host's file descriptor.

use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::time::{Duration, Instant};

use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::unistd::read;

use crate::error::{Context, Result};
use crate::probe::abi::PORT_WAIT;
use crate::said;
use crate::vm::bare::hypercall::{Hypercall, Reply, errno};
use crate::vm::bare::layout::PROGRAM;
use crate::vm::bare::ram::Ram;
use crate::vm::device::{Guest, Next};

/// Without a descriptor nobody will ever release the program: it reads end of file.
#[derive(Debug)]
pub struct Wait {
    fd: Option<OwnedFd>,
}

impl Wait {
    pub fn new(fd: Option<OwnedFd>) -> Wait {
        Wait { fd }
    }
}

impl Hypercall for Wait {
    fn name(&self) -> &'static str {
        "wait"
    }

    fn port(&self) -> u16 {
        PORT_WAIT
    }

    fn is_read(&self) -> bool {
        true
    }

    fn call(&mut self, guest: &Guest<'_>) -> Result<Reply> {
        let regs = guest.registers.regs()?;
        let Some(fd) = self.fd.as_ref().map(AsFd::as_fd) else { return Ok(Reply::Return(0)) };
        if regs.rdx == 0 {
            return Ok(Reply::Return(0));
        }
        if !may_write_to(regs.rsi, Ram::of(guest.memory)) {
            return Ok(errno(Errno::EFAULT));
        }
        if !wait_for_input(fd, guest.deadline)? {
            return Ok(Reply::Next(Next::Retry));
        }
        let mut byte = [0];
        match read(fd, &mut byte) {
            Ok(0) => Ok(Reply::Return(0)),
            Ok(_) if Ram::of(guest.memory).write(regs.rsi, &byte).is_some() => Ok(Reply::Return(1)),
            Ok(_) => Ok(errno(Errno::EFAULT)),
            Err(cause) => Ok(errno(cause)),
        }
    }
}

/// Waits for somebody to release the program: true when a byte came, false when nobody is there any more, None when the
/// deadline came first.
pub fn released(fd: Option<&OwnedFd>, deadline: Instant) -> Result<Option<bool>> {
    let Some(fd) = fd.map(AsFd::as_fd) else { return Ok(Some(false)) };
    if !wait_for_input(fd, deadline)? {
        return Ok(None);
    }
    Ok(Some(read(fd, &mut [0]).is_ok_and(|bytes| bytes == 1)))
}

/// Looked at before the byte is taken from the channel.
fn may_write_to(address: u64, memory: Ram<'_>) -> bool {
    (PROGRAM..memory.bytes()).contains(&address)
}

/// False when the deadline passes or a signal arrives first.
fn wait_for_input(fd: BorrowedFd<'_>, deadline: Instant) -> Result<bool> {
    let left = deadline.saturating_duration_since(Instant::now()) + Duration::from_millis(1); // poll rounds down
    let left = PollTimeout::try_from(left).unwrap_or(PollTimeout::MAX);
    match poll(&mut [PollFd::new(fd, PollFlags::POLLIN)], left) {
        Err(Errno::EINTR) | Ok(0) => Ok(false),
        other => other
            .map(|_| true)
            .doing(|| said!("wait until the program is released", "프로그램이 풀려나기를 기다릴 수 없습니다")),
    }
}
