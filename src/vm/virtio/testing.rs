//! A driver, and RAM for it and a device to share: what a guest does, without a guest.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use kvm_bindings::{kvm_regs, kvm_sregs};

use super::mmio::Mmio;
use super::{Line, Virtio};
use crate::error::Result;
use crate::vm::device::{Device, Guest, Next, Registers};
use crate::vm::guest_memory::GuestMemory;

pub(super) const RAM: u64 = 1 << 20;
/// Where the driver puts its queue, and the data of its requests.
pub(super) const DESCRIPTORS: u64 = 0x1000;
pub(super) const AVAILABLE: u64 = 0x3000;
pub(super) const USED: u64 = 0x4000;
pub(super) const DATA: u64 = 0x1_0000;

pub(super) const NEXT: u16 = 1;
pub(super) const WRITE: u16 = 2;
pub(super) const INDIRECT: u16 = 4;

struct NoRegisters;

impl Registers for NoRegisters {
    fn regs(&self) -> Result<kvm_regs> {
        Ok(kvm_regs::default())
    }

    fn sregs(&self) -> Result<kvm_sregs> {
        Ok(kvm_sregs::default())
    }
}

/// Counts how often it was raised.
#[derive(Clone, Default)]
pub(super) struct Counter(Arc<AtomicU64>);

impl Line for Counter {
    fn raise(&self) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

pub(super) struct Driver {
    pub(super) device: Mmio,
    pub(super) memory: GuestMemory,
    line: Counter,
    pub(super) size: u16,
    /// The available ring's index.
    pub(super) added: u16,
    next_descriptor: u16,
}

impl Driver {
    pub(super) fn new(device: Box<dyn Virtio>) -> Driver {
        let line = Counter::default();
        let memory = GuestMemory::map(&[(0, RAM)], false).unwrap();
        Driver {
            device: Mmio::new(device, Box::new(line.clone())),
            memory,
            line,
            size: 8,
            added: 0,
            next_descriptor: 0,
        }
    }

    /// One that has gone through section 3.1.1, and wants what is offered but these bits.
    pub(super) fn ready(device: Box<dyn Virtio>, without: u64) -> Driver {
        let mut driver = Driver::new(device);
        driver.negotiate(without);
        driver.set_queue(0);
        driver.set(0x70, 15);
        assert_eq!(driver.get(0x70), 15);
        driver
    }

    pub(super) fn negotiate(&mut self, without: u64) {
        self.set(0x70, 0);
        self.set(0x70, 1);
        self.set(0x70, 3);
        for half in [0, 1] {
            self.set(0x14, half);
            let offered = self.get(0x10);
            self.set(0x24, half);
            self.set(0x20, offered & !((without >> (32 * half)) as u32));
        }
        self.set(0x70, 11);
    }

    pub(super) fn set_queue(&mut self, number: u32) {
        self.set(0x30, number);
        self.set(0x38, u32::from(self.size));
        for (at, address) in [(0x80, DESCRIPTORS), (0x90, AVAILABLE), (0xa0, USED)] {
            self.set(at, address as u32);
            self.set(at + 4, (address >> 32) as u32);
        }
        self.set(0x44, 1);
    }

    pub(super) fn get(&mut self, at: u64) -> u32 {
        let mut data = [0xee; 4];
        self.read(at, &mut data);
        u32::from_le_bytes(data)
    }

    pub(super) fn read(&mut self, at: u64, data: &mut [u8]) {
        let guest = Guest { registers: &NoRegisters, memory: &self.memory, deadline: Instant::now() };
        assert_eq!(self.device.read(at, data, &guest).unwrap(), Next::Resume);
    }

    /// Until the device does not want the access once more.
    pub(super) fn set(&mut self, at: u64, value: u32) {
        self.write(at, &value.to_le_bytes());
    }

    pub(super) fn write(&mut self, at: u64, data: &[u8]) {
        let deadline = Instant::now() + Duration::from_secs(60);
        let guest = Guest { registers: &NoRegisters, memory: &self.memory, deadline };
        while self.device.write(at, data, &guest).unwrap() == Next::Retry {
            assert!(Instant::now() < deadline, "a write to {at:#x} never ends");
        }
    }

    pub(super) fn write_once(&mut self, at: u64, data: &[u8]) -> Next {
        let guest = Guest { registers: &NoRegisters, memory: &self.memory, deadline: Instant::now() };
        self.device.write(at, data, &guest).unwrap()
    }

    pub(super) fn interrupts(&self) -> u64 {
        self.line.0.load(Ordering::Relaxed)
    }

    pub(super) fn descriptor(&self, at: u64, address: u64, length: u32, flags: u16, next: u16) {
        let mut bytes = [0; 16];
        bytes[..8].copy_from_slice(&address.to_le_bytes());
        bytes[8..12].copy_from_slice(&length.to_le_bytes());
        bytes[12..14].copy_from_slice(&flags.to_le_bytes());
        bytes[14..].copy_from_slice(&next.to_le_bytes());
        self.memory.write(at, &bytes).unwrap();
    }

    /// A chain of these pieces (address, length, may be written) in the table; its head.
    pub(super) fn chain(&mut self, pieces: &[(u64, u32, bool)]) -> u16 {
        let head = self.next_descriptor;
        for (i, (address, length, writable)) in pieces.iter().enumerate() {
            let this = self.next_descriptor;
            self.next_descriptor = (this + 1) % self.size;
            let flags = if *writable { WRITE } else { 0 } | if i + 1 < pieces.len() { NEXT } else { 0 };
            self.descriptor(DESCRIPTORS + 16 * u64::from(this), *address, *length, flags, self.next_descriptor);
        }
        head
    }

    /// Into the available ring; the device is not told.
    pub(super) fn add(&mut self, head: u16) {
        let slot = AVAILABLE + 4 + 2 * u64::from(self.added % self.size);
        self.memory.write(slot, &head.to_le_bytes()).unwrap();
        self.added = self.added.wrapping_add(1);
        self.memory.write(AVAILABLE + 2, &self.added.to_le_bytes()).unwrap();
    }

    pub(super) fn kick(&mut self) {
        self.set(0x50, 0);
    }

    /// Index of the used ring.
    pub(super) fn used(&self) -> u16 {
        u16::from_le_bytes(self.bytes(USED + 2))
    }

    /// Head and length of the last that was used.
    pub(super) fn last_used(&self) -> (u32, u32) {
        let slot = USED + 4 + 8 * u64::from(self.used().wrapping_sub(1) % self.size);
        (u32::from_le_bytes(self.bytes(slot)), u32::from_le_bytes(self.bytes(slot + 4)))
    }

    pub(super) fn bytes<const N: usize>(&self, at: u64) -> [u8; N] {
        let mut bytes = [0; N];
        self.memory.read(at, &mut bytes).unwrap();
        bytes
    }
}
