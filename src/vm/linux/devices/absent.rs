//! Where no device is. A PC answers all the same, and Linux looks around: what it gets decides how long it looks.

use std::ops::Range;

use crate::error::Result;
use crate::vm::device::{Device, Guest, Next, Space};
use crate::vm::linux::marks::Marks;

/// Ports that read as all ones: without them Linux sees a PCI bus.
const PCI: Range<u64> = 0xcf8..0xd00;

/// All other ports read as 0: a clock that reads as all ones looks like one that is just being set, and Linux waits for it.
/// Addresses read as all ones.
#[derive(Debug)]
pub enum Absent {
    Ports(Marks),
    Addresses,
}

impl Absent {
    fn see(&self, at: u64) {
        if let Absent::Ports(marks) = self {
            marks.see(Space::Port, at);
        }
    }
}

impl Device for Absent {
    fn name(&self) -> &'static str {
        match self {
            Absent::Ports(_) => "no device",
            Absent::Addresses => "no device in memory",
        }
    }

    fn read(&mut self, at: u64, data: &mut [u8], _: &Guest<'_>) -> Result<Next> {
        self.see(at);
        let ones = matches!(self, Absent::Addresses) || PCI.contains(&at);
        data.fill(if ones { 0xff } else { 0 });
        Ok(Next::Resume)
    }

    fn write(&mut self, at: u64, _: &[u8], _: &Guest<'_>) -> Result<Next> {
        self.see(at);
        Ok(Next::Resume)
    }
}
