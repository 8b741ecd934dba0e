//! What a device is: something that answers when the guest reads or writes at its ports or addresses.

use std::time::Instant;

use kvm_bindings::{kvm_regs, kvm_sregs};

use super::guest_memory::GuestMemory;
use crate::error::{Error, Result};
use crate::lang::Lang;
use crate::lang::Said;
use crate::model::{Exit, Record};
use crate::said;

/// Where an access goes: the two address spaces of a PC (Intel SDM volume 1, section 19.1), and one of ours.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Space {
    /// `in` and `out`: 16-bit ports.
    Port,
    /// Guest-physical addresses that are no RAM: memory-mapped I/O.
    Mmio,
    /// Not of a PC's: model-specific registers that the guest writes and somebody wants to know of (`Vm::watch_registers`).
    Msr,
}

/// One thing that the guest can reach. The work of an access is bounded, whatever the guest asks for.
///
/// `at` counts from the first address of the range where the machine put the device, and lies in it; so does the rest of
/// an access in [`Space::Mmio`]. `data` has 1, 2, 4 or, in MMIO, up to 8 bytes, the lowest address first.
pub trait Device: Send {
    /// Names the exits that it causes.
    fn name(&self) -> &'static str;

    /// The guest reads: what is left in `data` is what it gets.
    ///
    /// # Errors
    /// When the guest can't go on.
    fn read(&mut self, at: u64, data: &mut [u8], guest: &Guest<'_>) -> Result<Next>;

    /// The guest writes.
    ///
    /// # Errors
    /// When the guest can't go on.
    fn write(&mut self, at: u64, data: &[u8], guest: &Guest<'_>) -> Result<Next>;
}

/// What a device may look at: the registers of the CPU that made the access, and memory by checked copies.
pub struct Guest<'a> {
    pub registers: &'a dyn Registers,
    pub memory: &'a GuestMemory,
    /// Whoever waits for the guest has given up by then.
    pub deadline: Instant,
}

/// The registers of a CPU that has stopped. A CPU of KVM has them, and a test's own.
pub trait Registers {
    /// # Errors
    /// When the kernel does not give them.
    fn regs(&self) -> Result<kvm_regs>;

    /// # Errors
    /// When the kernel does not give them.
    fn sregs(&self) -> Result<kvm_sregs>;
}

/// What follows from an access.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Next {
    /// The guest goes on.
    Resume,
    /// The guest goes on, not before that moment.
    ResumeAt(Instant),
    /// The deadline came first: the guest waits, and the same access is made again later.
    Retry,
    Record(Record),
    End(Exit),
}

/// One access of the guest, with its bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Access {
    pub space: Space,
    pub at: u64,
    pub write: bool,
    /// More than 1 for `rep outs` and `rep ins`; the bytes are those of the first.
    pub count: u32,
    bytes: [u8; 8],
    length: u8,
}

impl Access {
    /// `data`: what the guest writes, or as many bytes as it wants to read; 8 at most count.
    pub fn new(space: Space, at: u64, write: bool, data: &[u8], count: u32) -> Access {
        let mut bytes = [0; 8];
        let length = data.len().min(bytes.len());
        bytes[..length].copy_from_slice(&data[..length]);
        Access { space, at, write, count, bytes, length: length as u8 }
    }

    pub fn data(&self) -> &[u8] {
        &self.bytes[..usize::from(self.length)]
    }

    pub fn data_mut(&mut self) -> &mut [u8] {
        &mut self.bytes[..usize::from(self.length)]
    }

    /// That nobody answers it, or not in this way.
    pub fn refused(&self, cause: Said) -> Error {
        let Access { at, length, count, .. } = self;
        let cause = Said::compose(&[&cause], |lang| {
            let port = self.space != Space::Mmio;
            let times = |en: &str, ko: &str| if *count == 1 { String::new() } else { format!("{en}{count}{ko}") };
            match lang {
                Lang::En => format!(
                    "it {} {} {at:#x}, {length} bytes{}; {}",
                    if self.write { "wrote to" } else { "read from" },
                    if port { "port" } else { "address" },
                    times(" ", " times at once"),
                    cause.of(lang)
                ),
                Lang::Ko => format!(
                    "{} {at:#x}{} {length}바이트씩{} 접근함. {}",
                    if port { "포트" } else { "주소" },
                    if self.write { "에 쓰려고" } else { "에서 읽으려고" },
                    times(" 한 번에 ", "번"),
                    cause.of(lang)
                ),
            }
        });
        Error::new(said!("go on with the guest", "게스트를 계속 실행할 수 없습니다"), cause)
    }
}
