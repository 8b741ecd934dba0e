//! A serial port: a 16550 as every PC had it, by which Linux speaks before it has anything else.
//!
//! The registers are vm-superio's; ours is what is behind the wire: the console's memory, or the caller's files.

use std::io::{self, Write};
use std::os::fd::{AsFd, OwnedFd};
use std::sync::{Arc, Mutex, PoisonError};

use nix::errno::Errno;
use vm_superio::serial::{Error, NoEvents};
use vm_superio::{Serial as Uart, Trigger};
use vmm_sys_util::eventfd::EventFd;

use super::console::Console;
use crate::error::Result;
use crate::model::Exit;
use crate::vm::device::{Device, Guest, Next, Space};
use crate::vm::linux::marks::{Marks, TRIED};

/// An interrupt line: KVM waits for its events.
pub struct Line(pub EventFd);

impl Trigger for Line {
    type E = io::Error;

    fn trigger(&self) -> io::Result<()> {
        self.0.write(1)
    }
}

/// Where the bytes go that the guest sends.
pub enum Wire {
    /// Kept; and written to a file, with the line ends of a file, when there is one.
    Console(Console, Option<OwnedFd>),
    /// As they are.
    File(OwnedFd),
    Nowhere,
}

impl Write for Wire {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Wire::Nowhere => Ok(bytes.len()),
            Wire::File(file) => Ok(nix::unistd::write(file.as_fd(), bytes)?),
            Wire::Console(console, file) => {
                bytes.iter().for_each(|byte| console.push(*byte));
                match file.as_ref().filter(|_| bytes != b"\r") {
                    Some(file) => Ok(nix::unistd::write(file.as_fd(), bytes)?),
                    None => Ok(bytes.len()),
                }
            }
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }

    /// Once: somebody who waits for a slow reader must be able to stop waiting.
    fn write_all(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.write(bytes).map(drop)
    }
}

/// The port, shared by the guest and whoever types.
pub type Shared = Arc<Mutex<Uart<Line, NoEvents, Wire>>>;

pub fn shared(line: Line, wire: Wire) -> Shared {
    Arc::new(Mutex::new(Uart::new(line, wire)))
}

pub struct Serial {
    name: &'static str,
    uart: Shared,
    marks: Marks,
}

/// Line control register, and what a driver writes there to find out which kind of port it is: a 16550 has no such mode.
const LINE_CONTROL: u64 = 3;
const CONFIGURATION_MODE: u8 = 0xbf;

impl Serial {
    pub fn new(name: &'static str, uart: &Shared, marks: Marks) -> Serial {
        Serial { name, uart: Arc::clone(uart), marks }
    }
}

impl Device for Serial {
    fn name(&self) -> &'static str {
        self.name
    }

    fn read(&mut self, at: u64, data: &mut [u8], _: &Guest<'_>) -> Result<Next> {
        let mut uart = self.uart.lock().unwrap_or_else(PoisonError::into_inner);
        for (offset, byte) in (at as u8..).zip(data) {
            *byte = uart.read(offset);
        }
        Ok(Next::Resume)
    }

    fn write(&mut self, at: u64, data: &[u8], _: &Guest<'_>) -> Result<Next> {
        if at == LINE_CONTROL && data.first() == Some(&CONFIGURATION_MODE) {
            self.marks.see(Space::Port, TRIED);
        }
        let mut uart = self.uart.lock().unwrap_or_else(PoisonError::into_inner);
        Ok(match data.first().map_or(Ok(()), |byte| uart.write(at as u8, *byte)) {
            Err(Error::IOError(cause)) if cause.kind() == io::ErrorKind::Interrupted => Next::Retry, // a slow reader
            Err(Error::IOError(cause)) if is(&cause, Errno::EPIPE) => Next::End(Exit::Signal(libc::SIGPIPE)), // `| head`
            _ => Next::Resume, // on a full disk the rest is lost, as from a program that does not look
        })
    }
}

fn is(cause: &io::Error, errno: Errno) -> bool {
    cause.raw_os_error() == Some(errno as i32)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::vm::device::Registers;
    use crate::vm::guest_memory::GuestMemory;
    use std::io::Read;
    use std::os::fd::OwnedFd;
    use std::time::Instant;

    struct NoRegisters;

    impl Registers for NoRegisters {
        fn regs(&self) -> Result<kvm_bindings::kvm_regs> {
            Ok(kvm_bindings::kvm_regs::default())
        }

        fn sregs(&self) -> Result<kvm_bindings::kvm_sregs> {
            Ok(kvm_bindings::kvm_sregs::default())
        }
    }

    fn send(wire: Wire, text: &[u8]) -> Vec<Next> {
        let memory = GuestMemory::map(&[(0, 4096)], false).unwrap();
        let guest = Guest { registers: &NoRegisters, memory: &memory, deadline: Instant::now() };
        let mut serial = Serial::new("serial", &shared(Line(EventFd::new(0).unwrap()), wire), Marks::default());
        text.iter().map(|byte| serial.write(0, &[*byte], &guest).unwrap()).collect()
    }

    #[test]
    fn the_console_is_kept_and_a_file_gets_plain_lines() {
        let (mut reader, writer) = std::io::pipe().unwrap();
        let console = Console::default();
        let wire = Wire::Console(console.clone(), Some(OwnedFd::from(writer)));
        assert!(send(wire, b"one\r\ntwo\r\n").iter().all(|next| *next == Next::Resume));
        let mut text = String::new();
        reader.read_to_string(&mut text).unwrap();
        assert_eq!((text.as_str(), console.last_lines(1).concat().as_str()), ("one\ntwo\n", "two"));
    }

    #[test]
    fn a_reader_that_is_gone_ends_the_guest_as_it_ends_a_process() {
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        assert_eq!(send(Wire::File(OwnedFd::from(writer)), b"x"), [Next::End(Exit::Signal(libc::SIGPIPE))]);
    }
}
