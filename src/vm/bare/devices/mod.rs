//! The hypercalls of our guest kernel, one port each.

pub mod console;
pub mod exit;
pub mod fault;
pub mod mmap;
pub mod noop;
pub mod record;
pub mod sleep;
pub mod unknown;
pub mod wait;

use std::ops::Range;
use std::os::fd::OwnedFd;

use super::hypercall::{Hypercall, Port};
use crate::error::Result;
use crate::model::Io;
use crate::vm::bus::Bus;
use crate::vm::device::Space;

/// All of them. `free`: addresses that mmap may hand out. `release`: what the program reads from to be released; without
/// it, end of file.
pub fn bus(io: Io, release: Option<OwnedFd>, free: Range<u64>) -> Result<Bus> {
    let mut bus = Bus::default();
    attach(&mut bus, record::Records)?;
    attach(&mut bus, console::Console::new(io))?;
    attach(&mut bus, wait::Wait::new(release))?;
    attach(&mut bus, sleep::Sleep)?;
    attach(&mut bus, mmap::Mmap::new(free))?;
    attach(&mut bus, noop::Noop)?;
    attach(&mut bus, exit::ExitCall)?;
    attach(&mut bus, unknown::Unknown)?;
    attach(&mut bus, fault::Fault)?;
    Ok(bus)
}

fn attach(bus: &mut Bus, call: impl Hypercall + 'static) -> Result<()> {
    let port = u64::from(call.port());
    bus.attach(Space::Port, port..port + 1, Box::new(Port(call)))
}
