//! Which device answers at which port or address. The machine gives the list; all CPUs of a VM share it.

use std::ops::Range;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

use super::device::{Access, Device, Guest, Next, Space};
use crate::error::{Error, Result};
use crate::lang::Said;
use crate::said;

#[derive(Default)]
pub struct Bus {
    attached: Vec<Attached>,
    /// What answers where no device is; without it that is an error of the guest's.
    absent: Vec<Attached>,
}

struct Attached {
    space: Space,
    range: Range<u64>,
    name: &'static str,
    exits: AtomicU64,
    /// Two CPUs may use one device at once; it answers one after the other.
    device: Mutex<Box<dyn Device>>,
}

impl Attached {
    fn new(space: Space, range: Range<u64>, device: Box<dyn Device>) -> Attached {
        Attached { space, range, name: device.name(), exits: AtomicU64::new(0), device: Mutex::new(device) }
    }
}

impl Bus {
    /// Puts a device at a range of ports or addresses.
    ///
    /// # Errors
    /// When the range is empty, too high for its space, or another device's.
    pub fn attach(&mut self, space: Space, range: Range<u64>, device: Box<dyn Device>) -> Result<()> {
        let name = device.name();
        let wrong = |cause: Said| {
            let place = format!("{:#x}..{:#x}", range.start, range.end);
            Error::new(
                said!("put the device {name:?} at {place}", "장치 {name:?}을(를) {place}에 둘 수 없습니다"),
                cause,
            )
        };
        if range.is_empty() || (space == Space::Port && range.end > 1 << 16) {
            return Err(wrong(said!("there are no such ports", "그런 포트가 없음")));
        }
        let overlaps =
            |other: &&Attached| other.space == space && other.range.start < range.end && range.start < other.range.end;
        if let Some(other) = self.attached.iter().find(overlaps) {
            return Err(wrong(said!(
                "the device {other:?} is there",
                "장치 {other:?}이(가) 이미 있음",
                other = other.name
            )));
        }
        self.attached.push(Attached::new(space, range, device));
        Ok(())
    }

    /// Lets something answer in the whole of a space, wherever no device is. Its `at` is then the port or address itself.
    pub fn attach_absent(&mut self, space: Space, device: Box<dyn Device>) {
        self.absent.push(Attached::new(space, 0..u64::MAX, device));
    }

    /// Lets its device answer: what the guest reads is then in `access`. None: nobody owns it.
    ///
    /// Of a wide port access the first port decides, as on a PC, where a disk's 32-bit data port lies over the ports of
    /// its other registers; of MMIO a device owns the whole access or nothing.
    ///
    /// # Errors
    /// When the device can't, or the guest uses it as it can't be used.
    pub fn access(&self, access: &mut Access, guest: &Guest<'_>) -> Result<Option<Next>> {
        let end = access.at.saturating_add(access.data().len() as u64);
        let fits = |a: &Attached| access.space == Space::Port || end <= a.range.end;
        let owns = |a: &&Attached| a.space == access.space && a.range.contains(&access.at) && fits(a);
        let absent = || self.absent.iter().find(|a| a.space == access.space);
        let Some(owner) = self.attached.iter().find(owns).or_else(absent) else { return Ok(None) };
        if access.count != 1 {
            return Err(access.refused(said!(
                "the device {name:?} takes one at a time",
                "장치 {name:?}은(는) 한 번에 하나씩만 받음",
                name = owner.name
            )));
        }
        let at = access.at - owner.range.start;
        let mut device = owner.device.lock().unwrap_or_else(PoisonError::into_inner);
        let answer = if access.write {
            device.write(at, access.data(), guest)
        } else {
            device.read(at, access.data_mut(), guest)
        };
        let next = answer?;
        if next != Next::Retry {
            owner.exits.fetch_add(1, Ordering::Relaxed); // once, when it is done
        }
        Ok(Some(next))
    }

    /// How often each device was the cause of an exit, in the order in which they were attached.
    pub fn exits(&self) -> impl Iterator<Item = (&'static str, u64)> {
        self.attached.iter().chain(&self.absent).map(|a| (a.name, a.exits.load(Ordering::Relaxed)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::vm::device::Registers;
    use crate::vm::guest_memory::GuestMemory;
    use kvm_bindings::{kvm_regs, kvm_sregs};
    use std::time::Instant;

    /// Remembers what was written where, and gives it back.
    struct Cell(&'static str, [u8; 16]);

    impl Device for Cell {
        fn name(&self) -> &'static str {
            self.0
        }

        fn read(&mut self, at: u64, data: &mut [u8], _: &Guest<'_>) -> Result<Next> {
            data.copy_from_slice(&self.1[at as usize..][..data.len()]);
            Ok(Next::Resume)
        }

        fn write(&mut self, at: u64, data: &[u8], _: &Guest<'_>) -> Result<Next> {
            self.1[at as usize..][..data.len()].copy_from_slice(data);
            Ok(Next::Resume)
        }
    }

    struct NoRegisters;

    impl Registers for NoRegisters {
        fn regs(&self) -> Result<kvm_regs> {
            Ok(kvm_regs::default())
        }

        fn sregs(&self) -> Result<kvm_sregs> {
            Ok(kvm_sregs::default())
        }
    }

    fn bus() -> Bus {
        let mut bus = Bus::default();
        bus.attach(Space::Port, 0x3f8..0x400, Box::new(Cell("serial", [0; 16]))).unwrap();
        bus.attach(Space::Mmio, 0x3f8..0x408, Box::new(Cell("memory", [0; 16]))).unwrap();
        bus
    }

    fn access(bus: &Bus, mut access: Access) -> Result<Option<Access>> {
        let memory = GuestMemory::map(&[(0, 4096)], false).unwrap();
        let guest = Guest { registers: &NoRegisters, memory: &memory, deadline: Instant::now() };
        Ok(bus.access(&mut access, &guest)?.map(|_| access))
    }

    #[test]
    fn an_access_reaches_its_device_with_its_bytes() {
        let bus = bus();
        access(&bus, Access::new(Space::Port, 0x3fa, true, &[1, 2], 1)).unwrap().unwrap();
        access(&bus, Access::new(Space::Mmio, 0x400, true, &[9; 8], 1)).unwrap().unwrap();
        let read = |space, at, bytes: usize| {
            access(&bus, Access::new(space, at, false, &vec![0; bytes], 1)).unwrap().map(|a| a.data().to_vec())
        };
        assert_eq!(read(Space::Port, 0x3f9, 4), Some(vec![0, 1, 2, 0]));
        assert_eq!(read(Space::Port, 0x3ff, 4), Some(vec![0; 4]), "a wide port");
        assert_eq!(read(Space::Mmio, 0x400, 8), Some(vec![9; 8]));
        assert_eq!(bus.exits().collect::<Vec<_>>(), [("serial", 3), ("memory", 2)]);
    }

    #[test]
    fn what_no_device_owns_is_nobodys() {
        let bus = bus();
        for (space, at, bytes) in [
            (Space::Port, 0x3f7, 1),
            (Space::Port, 0x400, 1),
            (Space::Mmio, 0x408, 1),
            (Space::Mmio, 0x404, 8),
            (Space::Mmio, u64::MAX - 2, 8),
        ] {
            assert_eq!(access(&bus, Access::new(space, at, true, &vec![0; bytes], 1)).unwrap(), None, "{at:#x}");
        }
        assert!(access(&bus, Access::new(Space::Port, 0x3f8, true, &[0], 3)).unwrap_err().cause.contains("3 times"));
    }

    #[test]
    fn where_no_device_is_something_may_answer_all_the_same() {
        let mut bus = bus();
        bus.attach_absent(Space::Port, Box::new(Cell("absent", [3; 16])));
        let read =
            |space, at| access(&bus, Access::new(space, at, false, &[0; 2], 1)).unwrap().map(|a| a.data().to_vec());
        assert_eq!(read(Space::Port, 7), Some(vec![3, 3]), "by the port itself");
        assert_eq!(read(Space::Port, 0x3f8), Some(vec![0, 0]), "the device goes before");
        assert_eq!(read(Space::Mmio, 7), None);
        assert_eq!(bus.exits().collect::<Vec<_>>(), [("serial", 1), ("memory", 0), ("absent", 1)]);
    }

    #[test]
    fn two_devices_do_not_share_a_place() {
        let mut bus = bus();
        let mut put = |space, range| bus.attach(space, range, Box::new(Cell("new", [0; 16])));
        assert!(put(Space::Port, 0x3ff..0x401).unwrap_err().cause.contains("serial"));
        assert!(put(Space::Port, 0x10..0x10).is_err());
        assert!(put(Space::Port, 0xffff..0x1_0001).is_err());
        assert!(put(Space::Port, 0x400..0x401).is_ok());
        assert!(put(Space::Mmio, 0x300..0x3f8).is_ok());
    }
}
