//! The console: write(1 or 2, address, bytes). One exit for the whole text; the host copies it out of guest RAM.

use std::os::fd::{AsFd, BorrowedFd};

use nix::errno::Errno;
use nix::unistd::write;

use crate::error::Result;
use crate::model::{Exit, Io};
use crate::probe::abi::PORT_CONSOLE;
use crate::vm::bare::hypercall::{Hypercall, Reply, errno};
use crate::vm::bare::layout::PROGRAM;
use crate::vm::bare::ram::Ram;
use crate::vm::device::{Guest, Next};

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
            Ok(written) => Reply::Return(written as u32),
            Err(Errno::EPIPE) => Reply::Next(Next::End(Exit::Signal(libc::SIGPIPE))), // `| head`: as it ends a process
            Err(Errno::EINTR) => Reply::Next(Next::Retry), // the reader is slow, and the deadline came first
            Err(cause) => errno(cause),
        }
    }
}

impl Hypercall for Console {
    fn name(&self) -> &'static str {
        "console"
    }

    fn port(&self) -> u16 {
        PORT_CONSOLE
    }

    fn is_read(&self) -> bool {
        true
    }

    fn call(&mut self, guest: &Guest<'_>) -> Result<Reply> {
        let (regs, memory) = (guest.registers.regs()?, Ram::of(guest.memory));
        self.buffer.resize(regs.rdx.min(MOST_BYTES) as usize, 0);
        let whole_range_is_ram = regs.rsi.checked_add(regs.rdx).is_some_and(|end| end <= memory.bytes());
        if regs.rsi < PROGRAM || !whole_range_is_ram || memory.read(regs.rsi, &mut self.buffer).is_none() {
            return Ok(errno(Errno::EFAULT));
        }
        Ok(match (self.io, regs.rdi) {
            (Io::Null, _) => Reply::Return(self.buffer.len() as u32),
            (Io::Inherit(_), 2) => self.put(std::io::stderr().as_fd()),
            (Io::Inherit(_), _) => self.put(std::io::stdout().as_fd()),
        })
    }
}
