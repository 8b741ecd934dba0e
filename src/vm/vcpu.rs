//! The run loop of one virtual CPU: enter the guest, see why it came back, let a device answer, enter it again.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use super::bus::Bus;
use super::device::{Access, Guest, Next, Space};
use super::dump;
use super::kvm::{self, Cpu};
use super::watchdog::Watchdog;
use crate::error::{Error, Result};
use crate::model::{Exit, Record};
use crate::said;
use crate::sys::clock::{monotonic_ns, tsc};

/// One CPU with the bus of its machine, on the thread that made this. Its VM ends with its last CPU.
pub struct Vcpu {
    cpu: Cpu,
    bus: Arc<Bus>,
    watchdog: Watchdog,
    /// A sleeping guest is not entered before.
    asleep_until: Option<Instant>,
    /// A device that could not answer before the last deadline is asked again.
    unanswered: Option<(Access, Stamps)>,
    ended: Option<Stop>,
    broken: bool,
    interrupted: u64,
    /// How often the kernel had no memory to enter the guest, and had it when asked again.
    refused: u64,
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
    /// A CPU whose registers, and whose VM's memory, are set; `watchdog` is of this thread.
    pub fn new(cpu: Cpu, bus: Arc<Bus>, watchdog: Watchdog) -> Vcpu {
        Vcpu {
            cpu,
            bus,
            watchdog,
            asleep_until: None,
            unanswered: None,
            ended: None,
            broken: false,
            interrupted: 0,
            refused: 0,
        }
    }

    pub fn cpu(&self) -> &Cpu {
        &self.cpu
    }

    /// Until the guest says something, ends, or `deadline` passes; it can be called again after that.
    ///
    /// # Errors
    /// Whatever else happens, with a register dump; the guest is not to be run again.
    pub fn run(&mut self, deadline: Instant) -> Result<Stop> {
        self.run_until(deadline, &AtomicBool::new(false))
    }

    /// The same; [`Stop::TimedOut`] also when `ending` is found set.
    ///
    /// # Errors
    /// As [`Vcpu::run`].
    pub fn run_until(&mut self, deadline: Instant, ending: &AtomicBool) -> Result<Stop> {
        if let Some(end) = self.ended {
            return Ok(end);
        }
        if self.broken {
            return Err(Error::new(
                said!("go on with the guest", "게스트를 계속 실행할 수 없습니다"),
                said!("it has stopped with an error before", "전에 오류로 멈췄음"),
            ));
        }
        self.broken = true; // until it has come back without an error
        let stop = self.run_until_something_happens(deadline, ending)?;
        self.broken = false;
        if let Stop::Ended { .. } = stop {
            self.ended = Some(stop);
        }
        Ok(stop)
    }

    fn run_until_something_happens(&mut self, deadline: Instant, ending: &AtomicBool) -> Result<Stop> {
        let _armed = self.watchdog.arm(deadline)?;
        loop {
            if let Some(until) = self.asleep_until {
                std::thread::sleep(until.min(deadline).saturating_duration_since(Instant::now()));
            }
            if Instant::now() >= deadline || ending.load(Ordering::Acquire) {
                return Ok(Stop::TimedOut);
            }
            self.asleep_until = None;
            let before = self.unanswered.take();
            let Some((mut access, stamps)) =
                before.map_or_else(|| enter(&mut self.cpu, &mut self.refused), |again| Ok(Some(again)))?
            else {
                self.interrupted += 1;
                continue;
            };
            // ANCHOR: run-loop
            let guest = Guest { registers: &self.cpu, memory: self.cpu.vm().memory(), deadline };
            let next = self.bus.access(&mut access, &guest)?.ok_or_else(|| unanswered(&access, &self.cpu))?;
            if !access.write && next != Next::Retry {
                self.cpu.answer(access.data());
            }
            match next {
                Next::Resume => {}
                Next::ResumeAt(moment) => self.asleep_until = Some(moment),
                Next::Retry => self.unanswered = Some((access, stamps)),
                Next::Record(record) => return Ok(Stop::Record(record, stamps)),
                Next::End(exit) => return Ok(Stop::Ended { exit, at_ns: stamps.at_ns }),
            }
            // ANCHOR_END: run-loop
        }
    }

    /// Exits by cause, in a fixed order.
    pub fn exits(&self) -> Vec<(String, u64)> {
        let refused = (self.refused > 0).then_some(("no memory", self.refused));
        let by_device = self.bus.exits().chain([("signal", self.interrupted)]).chain(refused);
        by_device.map(|(cause, count)| (format!("exit:{cause}"), count)).collect()
    }
}

/// Into the guest and back. None: a signal came, nothing happened. What no device can be there for is an error.
fn enter(cpu: &mut Cpu, refused: &mut u64) -> Result<Option<(Access, Stamps)>> {
    loop {
        let tsc_before = tsc();
        let exit = cpu.run()?;
        let stamps = Stamps { tsc_before, at_ns: monotonic_ns(), tsc_after: tsc() };
        return match exit {
            kvm::Exit::Access(access) => {
                if access.space == Space::Msr {
                    cpu.write_register(&access)?;
                }
                Ok(Some((access, stamps)))
            }
            kvm::Exit::Interrupted => Ok(None),
            kvm::Exit::NoMemory if *refused < MOST_REFUSALS => {
                *refused += 1;
                continue;
            }
            other => Err(dump::unexpected(other, cpu)),
        };
    }
}

/// A kernel that has no memory so often has none.
const MOST_REFUSALS: u64 = 8;

fn unanswered(access: &Access, cpu: &Cpu) -> Error {
    match access.space {
        Space::Port | Space::Msr => access.refused(said!("no device owns it", "맡은 장치가 없음")),
        Space::Mmio => dump::unexpected(kvm::Exit::Access(*access), cpu),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::vm::device::Device;
    use crate::vm::testing::{RAM_BYTES, cpus_with};
    use std::sync::mpsc::{Sender, channel};
    use std::time::Duration;

    /// Remembers, tells of each write, and ends the guest by one at its ninth byte.
    struct Register(Sender<(u64, Vec<u8>)>, [u8; 16]);

    impl Device for Register {
        fn name(&self) -> &'static str {
            "register"
        }

        fn read(&mut self, at: u64, data: &mut [u8], _: &Guest<'_>) -> Result<Next> {
            data.copy_from_slice(&self.1[at as usize..][..data.len()]);
            Ok(Next::Resume)
        }

        fn write(&mut self, at: u64, data: &[u8], _: &Guest<'_>) -> Result<Next> {
            self.1[at as usize..][..data.len()].copy_from_slice(data);
            self.0.send((at, data.to_vec())).unwrap();
            Ok(if at == 8 { Next::End(Exit::Code(7)) } else { Next::Resume })
        }
    }

    type Written = Vec<(u64, Vec<u8>)>;

    /// One guest, a register file of 16 bytes at port 0x50 and at address 0x2_0000; what it wrote.
    fn writes_of(code: &[u8]) -> Option<Result<Written>> {
        let cpu = cpus_with(&[code])?.pop()?;
        let (sender, written) = channel();
        let mut bus = Bus::default();
        bus.attach(Space::Port, 0x50..0x60, Box::new(Register(sender.clone(), [0; 16]))).unwrap();
        bus.attach(Space::Mmio, 0x2_0000..0x2_0010, Box::new(Register(sender, [0; 16]))).unwrap();
        let mut vcpu = Vcpu::new(cpu, Arc::new(bus), Watchdog::new().unwrap());
        let stop = vcpu.run(Instant::now() + Duration::from_secs(5));
        Some(stop.map(|stop| {
            assert!(matches!(stop, Stop::Ended { exit: Exit::Code(7), .. }), "{stop:?}");
            written.try_iter().collect()
        }))
    }

    #[test]
    fn an_exit_carries_its_bytes_to_a_port_and_back() {
        let code = [
            0x66, 0xb8, 0x78, 0x56, 0x34, 0x12, // mov $0x12345678, %eax
            0x66, 0xe7, 0x50, // out %eax, $0x50
            0xe4, 0x52, // in $0x52, %al: the third of the four bytes
            0xe7, 0x58, // out %ax, $0x58
        ];
        let Some(writes) = writes_of(&code) else { return };
        assert_eq!(writes.unwrap(), [(0, vec![0x78, 0x56, 0x34, 0x12]), (8, vec![0x34, 0x56])]);
    }

    #[test]
    fn an_exit_carries_its_bytes_to_memory_mapped_io_and_back() {
        const { assert!(RAM_BYTES <= 0x2_0000) };
        let code = [
            0xb8, 0x00, 0x20, 0x8e, 0xd8, // mov $0x2000, %ax; mov %ax, %ds: addresses from 0x2_0000
            0xc7, 0x06, 0x04, 0x00, 0xcd, 0xab, // movw $0xabcd, 4
            0xa0, 0x05, 0x00, // mov 5, %al
            0xa2, 0x08, 0x00, // mov %al, 8
        ];
        let Some(writes) = writes_of(&code) else { return };
        assert_eq!(writes.unwrap(), [(4, vec![0xcd, 0xab]), (8, vec![0xab])]);
    }

    #[test]
    fn where_no_device_is_the_guest_ends_with_its_registers() {
        let code = [0xb8, 0x00, 0x30, 0x8e, 0xd8, 0xc6, 0x06, 0x00, 0x00, 0x01]; // movb $1, 0x3_0000
        let Some(writes) = writes_of(&code) else { return };
        let error = writes.unwrap_err();
        assert!(error.cause.starts_with("it wrote to physical address 0x30000"), "{error}");
        assert!(error.cause.contains("rip"), "{error}");
    }
}
