//! How far the guest's kernel has come, told by what Linux does anyway: its first access to a port where nothing is, and
//! its first write to a register that it sets once at a certain point. Nothing in the guest is changed for it.
//!
//! ```text
//! entry → unpack → early setup → memory, traps → timekeeping → buses, file systems, network → drivers → first program
//!        | port 0xcf8 | kvmclock    | LSTAR        | wall clock                        | serial port      | its record
//! ```

use std::sync::{Arc, Mutex, PoisonError};

use crate::error::Result;
use crate::sys::clock::monotonic_ns;
use crate::vm::device::{Device, Guest, Next, Space};
use crate::vm::linux::layout::COM1;

/// Where, and what ends there, in the order of a start of Linux 6.
const STAGES: [(Space, u64, &str); 5] = [
    (Space::Port, 0xcf8, "unpack"), // it looks for PCI devices with known faults as soon as it can
    (Space::Msr, KVMCLOCK as u64, "early setup"),
    (Space::Msr, LSTAR as u64, "memory, traps"),
    (Space::Msr, WALL_CLOCK as u64, "timekeeping"),
    (Space::Port, TRIED, "buses, file systems, network"), // its serial driver finds out what the port is
];

/// Paravirtual registers of KVM (Linux's Documentation/virt/kvm/x86/msr.rst), and where `syscall` goes.
const WALL_CLOCK: u32 = 0x4b56_4d00;
const KVMCLOCK: u32 = 0x4b56_4d01;
const LSTAR: u32 = 0xc000_0082;

/// The line control register of the first serial port, when its driver tries it out.
pub const TRIED: u64 = COM1 as u64 + 3;

/// The registers to be watched.
pub const REGISTERS: [u32; 3] = [WALL_CLOCK, KVMCLOCK, LSTAR];

/// What was seen: which stage ended when, on the host's clock. Shared by the devices that see it.
#[derive(Debug, Clone, Default)]
pub struct Marks(Arc<Mutex<[Option<u64>; STAGES.len()]>>);

impl Marks {
    /// An access that no device has; the first one of a stage is its end.
    pub fn see(&self, space: Space, at: u64) {
        let Some(stage) = STAGES.iter().position(|(s, place, _)| (*s, *place) == (space, at)) else { return };
        let mut seen = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        seen[stage].get_or_insert_with(monotonic_ns);
    }

    /// The stages that have ended, and when.
    pub fn ended(&self) -> Vec<(&'static str, u64)> {
        let seen = *self.0.lock().unwrap_or_else(PoisonError::into_inner);
        STAGES.iter().zip(seen).filter_map(|((_, _, label), at_ns)| Some((*label, at_ns?))).collect()
    }
}

/// All watched registers.
pub struct Watched(pub Marks);

impl Device for Watched {
    fn name(&self) -> &'static str {
        "register"
    }

    fn read(&mut self, _: u64, _: &mut [u8], _: &Guest<'_>) -> Result<Next> {
        Ok(Next::Resume)
    }

    fn write(&mut self, at: u64, _: &[u8], _: &Guest<'_>) -> Result<Next> {
        self.0.see(Space::Msr, at);
        Ok(Next::Resume)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_of_each_kind_counts_and_nothing_else() {
        let marks = Marks::default();
        marks.see(Space::Port, 0x71);
        marks.see(Space::Mmio, 0xcf8);
        assert!(marks.ended().is_empty());
        marks.see(Space::Port, 0xcf8);
        marks.see(Space::Msr, u64::from(KVMCLOCK));
        let first = marks.ended();
        marks.see(Space::Port, 0xcf8);
        assert_eq!(marks.ended(), first);
        let labels: Vec<&str> = first.iter().map(|(label, _)| *label).collect();
        assert_eq!(labels, ["unpack", "early setup"]);
        assert!(REGISTERS.iter().all(|r| STAGES.iter().any(|s| (s.0, s.1) == (Space::Msr, u64::from(*r)))));
    }
}
