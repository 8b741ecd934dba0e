//! The run loop: enter the guest, see why it came back, let a device answer, enter it again.

use std::ops::Range;
use std::os::fd::OwnedFd;
use std::time::Instant;

use super::bus::{Bus, Guest, Reply};
use super::dump;
use crate::error::{Error, Result};
use crate::model::{Exit, Io, Record};
use crate::sys::clock::{monotonic_ns, tsc};
use crate::sys::kick::Watchdog;
use crate::sys::kvm::{self, PortAccess, Vm};

/// The one CPU of a guest, with its bus. Its VM ends with it.
pub struct Vcpu {
    vm: Vm,
    bus: Bus,
    watchdog: Watchdog,
    /// A sleeping guest is not entered before.
    asleep_until: Option<Instant>,
    /// A device that could not answer before the last deadline is asked again.
    unanswered: Option<(PortAccess, Stamps)>,
    ended: Option<Stop>,
    broken: bool,
    interrupted: u64,
}

/// Why the run loop returned.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stop {
    Record(Record, Stamps),
    Ended { exit: Exit, at_ns: u64 },
    TimedOut,
}

/// The host's clocks around one KVM_RUN: the guest's own stamp must lie between the two of the TSC.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stamps {
    pub tsc_before: u64,
    /// CLOCK_MONOTONIC, read first after the guest came back.
    pub at_ns: u64,
    pub tsc_after: u64,
}

impl Vcpu {
    /// A guest whose memory and registers are set. `free`: addresses that its mmap may hand out.
    pub fn new(vm: Vm, io: Io, release: Option<OwnedFd>, free: Range<u64>) -> Result<Vcpu> {
        let (bus, watchdog) = (Bus::new(io, release, free), Watchdog::new()?);
        Ok(Vcpu { vm, bus, watchdog, asleep_until: None, unanswered: None, ended: None, broken: false, interrupted: 0 })
    }

    pub fn vm(&self) -> &Vm {
        &self.vm
    }

    /// Until the guest says something, ends, or `deadline` passes; it can be called again after that. Whatever else
    /// happens is an error with a register dump, and the guest is not to be run again.
    pub fn run(&mut self, deadline: Instant) -> Result<Stop> {
        if let Some(end) = self.ended {
            return Ok(end);
        }
        if self.broken {
            return Err(Error::new("go on with the guest", "it has stopped with an error before"));
        }
        self.broken = true; // until we know better
        let stop = self.run_until_something_happens(deadline)?;
        self.broken = false;
        if let Stop::Ended { .. } = stop {
            self.ended = Some(stop);
        }
        Ok(stop)
    }

    fn run_until_something_happens(&mut self, deadline: Instant) -> Result<Stop> {
        let _armed = self.watchdog.arm(deadline)?;
        loop {
            if let Some(until) = self.asleep_until {
                std::thread::sleep(until.min(deadline).saturating_duration_since(Instant::now()));
            }
            if Instant::now() >= deadline {
                return Ok(Stop::TimedOut);
            }
            self.asleep_until = None;
            let before = self.unanswered.take();
            let Some((access, stamps)) = before.map_or_else(|| enter(&mut self.vm), |again| Ok(Some(again)))? else {
                self.interrupted += 1;
                continue;
            };
            // ANCHOR: run-loop
            match self.bus.access(access, &Guest { vm: &self.vm, deadline })? {
                Reply::Done => {}
                Reply::Later => self.unanswered = Some((access, stamps)),
                Reply::Answer(value) => self.vm.answer(value),
                Reply::AnswerAt(value, moment) => {
                    self.vm.answer(value);
                    self.asleep_until = Some(moment);
                }
                Reply::Record(record) => return Ok(Stop::Record(record, stamps)),
                Reply::End(exit) => return Ok(Stop::Ended { exit, at_ns: stamps.at_ns }),
            }
            // ANCHOR_END: run-loop
        }
    }

    /// Exits by cause, in a fixed order.
    pub fn exits(&self) -> Vec<(String, u64)> {
        let by_device = self.bus.exits().chain([("signal", self.interrupted)]);
        by_device.map(|(cause, count)| (format!("exit:{cause}"), count)).collect()
    }
}

/// Into the guest and back. None: a signal came, nothing happened. What no device is there for is an error.
fn enter(vm: &mut Vm) -> Result<Option<(PortAccess, Stamps)>> {
    let tsc_before = tsc();
    let exit = vm.run()?;
    let stamps = Stamps { tsc_before, at_ns: monotonic_ns(), tsc_after: tsc() };
    match exit {
        kvm::Exit::Port(access) => Ok(Some((access, stamps))),
        kvm::Exit::Interrupted => Ok(None),
        other => Err(dump::unexpected(other, vm)),
    }
}
