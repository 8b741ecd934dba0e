//! Which device answers at which port. Each is one file of `devices/`.

use std::ops::Range;
use std::os::fd::OwnedFd;
use std::time::Instant;

use kvm_bindings::kvm_regs;

use super::devices::{console, end, fault, heap, nothing, ready, release, sleep, unknown};
use crate::error::{Error, Result};
use crate::model::{Exit, Io, Record};
use crate::sys::guest_memory::GuestMemory;
use crate::sys::kvm::{PortAccess, Vm};

/// One thing that the guest can reach by a port.
pub trait Device {
    /// Names the exits that it causes.
    fn name(&self) -> &'static str;
    fn port(&self) -> u16;
    /// Does the guest read (`in`, 4 bytes) or write (`out`, 1 byte)?
    fn answers(&self) -> bool;
    /// One access. The work it does is bounded, whatever the guest asks for.
    fn access(&mut self, guest: &Guest<'_>) -> Result<Reply>;
}

/// What a device may look at: the registers at the port access, and memory by checked copies.
pub struct Guest<'a> {
    pub vm: &'a Vm,
    /// Whoever waits for the guest has given up by then.
    pub deadline: Instant,
}

impl Guest<'_> {
    pub fn regs(&self) -> Result<kvm_regs> {
        self.vm.regs()
    }

    pub fn memory(&self) -> &GuestMemory {
        self.vm.memory()
    }
}

/// What follows from an access.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reply {
    /// The guest goes on.
    Done,
    /// The guest goes on with this result.
    Answer(u32),
    /// The guest goes on with this result, not before that moment.
    AnswerAt(u32, Instant),
    /// The deadline came first: the guest waits, and the same access is made again later.
    Later,
    Record(Record),
    End(Exit),
}

/// A system call's error as our guest kernel expects it.
pub fn errno(errno: nix::errno::Errno) -> Reply {
    Reply::Answer(-(errno as i32) as u32)
}

pub struct Bus {
    devices: Vec<Box<dyn Device>>,
    exits: Vec<u64>,
}

impl Bus {
    /// `free`: addresses that mmap may hand out. `release`: see [`release::Release`].
    pub fn new(io: Io, release: Option<OwnedFd>, free: Range<u64>) -> Bus {
        let devices: Vec<Box<dyn Device>> = vec![
            Box::new(ready::Ready),
            Box::new(console::Console::new(io)),
            Box::new(release::Release::new(release)),
            Box::new(sleep::Sleep),
            Box::new(heap::Heap::new(free)),
            Box::new(nothing::Nothing),
            Box::new(end::End),
            Box::new(unknown::Unknown),
            Box::new(fault::Fault),
        ];
        let exits = vec![0; devices.len()];
        Bus { devices, exits }
    }

    pub fn access(&mut self, access: PortAccess, guest: &Guest<'_>) -> Result<Reply> {
        let Some(n) = self.devices.iter().position(|d| d.port() == access.port) else {
            return Err(refused(access, "no device owns it"));
        };
        let device = &mut self.devices[n];
        let (write, bytes) = if device.answers() { (false, 4) } else { (true, 1) };
        if access.write != write || access.bytes != bytes || access.count != 1 {
            let how = if write { "by `out` of one byte" } else { "by `in` of four bytes" };
            return Err(refused(access, &format!("the device {:?} is used {how}", device.name())));
        }
        let reply = device.access(guest)?;
        self.exits[n] += u64::from(reply != Reply::Later); // once, when it is done
        Ok(reply)
    }

    /// How often each device was the cause of an exit, in the order of the list above.
    pub fn exits(&self) -> impl Iterator<Item = (&'static str, u64)> {
        self.devices.iter().map(|d| d.name()).zip(self.exits.iter().copied())
    }
}

fn refused(access: PortAccess, cause: &str) -> Error {
    let verb = if access.write { "wrote to" } else { "read from" };
    let times = if access.count == 1 { String::new() } else { format!(" {} times at once", access.count) };
    let bytes = access.bytes;
    Error::new("go on with the guest", format!("it {verb} port {:#x}, {bytes} bytes{times}; {cause}", access.port))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_two_devices_share_a_port_or_a_name() {
        let bus = Bus::new(Io::Null, None, 0..0);
        let mut ports: Vec<u16> = bus.devices.iter().map(|d| d.port()).collect();
        let mut names: Vec<&str> = bus.devices.iter().map(|d| d.name()).collect();
        for n in [ports.len(), names.len()] {
            assert_eq!(n, bus.exits.len());
        }
        ports.sort_unstable();
        ports.dedup();
        names.sort_unstable();
        names.dedup();
        assert_eq!((ports.len(), names.len()), (bus.exits.len(), bus.exits.len()));
    }
}
