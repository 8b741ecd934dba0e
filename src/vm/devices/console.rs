//! The console: write(1 or 2, address, bytes). One exit for the whole text; the host copies it out of guest RAM.

use std::os::fd::{AsFd, BorrowedFd};

use nix::errno::Errno;
use nix::unistd::write;

use crate::error::Result;
use crate::model::{Exit, Io};
use crate::probe::abi::PORT_CONSOLE;
use crate::vm::bus::{Device, Guest, Reply, errno};
use crate::vm::layout::PROGRAM;

/// A call writes no more than this and says so, as write(2) may: a guest can't keep us busy with one exit.
const MOST_BYTES: u64 = 16 << 10;

#[derive(Debug)]
pub struct Console {
    io: Io,
    buffer: Vec<u8>,
}

impl Console {
    pub fn new(io: Io) -> Console {
        Console { io, buffer: Vec::new() }
    }

    fn put(&self, fd: BorrowedFd<'_>) -> Reply {
        match write(fd, &self.buffer) {
            Ok(written) => Reply::Answer(written as u32),
            Err(Errno::EPIPE) => Reply::End(Exit::Signal(libc::SIGPIPE)), // `| head`: as it ends a process
            Err(Errno::EINTR) => Reply::Later, // the reader is slow, and the deadline came first
            Err(cause) => errno(cause),
        }
    }
}

impl Device for Console {
    fn name(&self) -> &'static str {
        "console"
    }

    fn port(&self) -> u16 {
        PORT_CONSOLE
    }

    fn answers(&self) -> bool {
        true
    }

    fn access(&mut self, guest: &Guest<'_>) -> Result<Reply> {
        let regs = guest.regs()?;
        self.buffer.resize(regs.rdx.min(MOST_BYTES) as usize, 0);
        let whole_range_is_ram = regs.rsi.checked_add(regs.rdx).is_some_and(|end| end <= guest.memory().bytes());
        if regs.rsi < PROGRAM || !whole_range_is_ram || guest.memory().read(regs.rsi, &mut self.buffer).is_none() {
            return Ok(errno(Errno::EFAULT));
        }
        Ok(match (self.io, regs.rdi) {
            (Io::Null, _) => Reply::Answer(self.buffer.len() as u32),
            (Io::Inherit(_), 2) => self.put(std::io::stderr().as_fd()),
            (Io::Inherit(_), _) => self.put(std::io::stdout().as_fd()),
        })
    }
}
