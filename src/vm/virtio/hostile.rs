//! Drivers that do anything at all: registers and queues at random, chains at random, biased towards what nearly works. Whatever
//! they do ends in an answer, soon, and in nothing beyond guest memory and the disk.
//!
//! `ISOLAB_HOSTILE=10000000 cargo test --lib hostile` tries so many; each of them is one register access after up to three
//! changes of guest memory. What fails is told with its seed.

use std::io::Write;
use std::time::{Duration, Instant};

use oorandom::Rand64;

use super::Virtio;
use super::block::{Access, Block};
use super::rng::Rng;
use super::testing::{AVAILABLE, DATA, DESCRIPTORS, Driver, INDIRECT, NEXT, RAM, USED, WRITE};
use crate::testing::hostile_inputs;

/// How many inputs without the variable: a second or two.
const SOME: u64 = 150_000;
/// Of one driver, from a device that was just made.
const STEPS: u64 = 500;
const DISK: usize = 64 << 10;
/// Lies behind the disk's end in the same file, where no request may come.
const CANARY: [u8; 300] = [0xc5; 300];

struct Hostile {
    random: Rand64,
    driver: Driver,
    /// Requests that the device gave back.
    answered: u64,
    /// How often it asked for a reset.
    gave_up: u64,
}

impl Hostile {
    fn below(&mut self, end: u64) -> u64 {
        self.random.rand_range(0..end)
    }

    fn one_of<T: Copy>(&mut self, all: &[T]) -> T {
        all[self.below(all.len() as u64) as usize]
    }

    fn address(&mut self) -> u64 {
        let any = self.random.rand_u64();
        let near = self.below(64);
        match self.below(8) {
            0 => any,
            1 => RAM.wrapping_sub(32).wrapping_add(near),
            2 => u64::MAX - near,
            3 => near,
            _ => self.one_of(&[DATA, DATA + 0x1000, DESCRIPTORS, AVAILABLE, USED]) + near * 16,
        }
    }

    fn length(&mut self) -> u32 {
        let any = self.random.rand_u64() as u32;
        match self.below(6) {
            0 => any,
            1 => any % (2 << 20),
            _ => self.one_of(&[0, 1, 8, 15, 16, 32, 48, 512, 513, 1024, 65_536, u32::MAX]),
        }
    }

    fn value(&mut self) -> u32 {
        match self.below(4) {
            0 => self.random.rand_u64() as u32,
            1 => self.address() as u32,
            _ => self.one_of(&[0, 1, 2, 3, 4, 7, 8, 11, 15, 16, 64, 128, 129, 0x8000, u32::MAX]),
        }
    }

    fn change_memory(&mut self) {
        match self.below(10) {
            0 => {
                let (at, bytes) = (self.address(), self.random.rand_u64());
                let _ = self.driver.memory.write(at, &bytes.to_le_bytes()); // where there is RAM
            }
            1 => {
                let index = self.driver.added.wrapping_add(self.below(12) as u16);
                self.driver.memory.write(AVAILABLE + 2, &index.to_le_bytes()).unwrap();
            }
            2 => self.request(),
            3 => {
                let head = self.below(10) as u16;
                self.driver.add(head);
            }
            _ => {
                let table = self.one_of(&[DESCRIPTORS, DESCRIPTORS, DATA]) + 16 * self.below(8);
                let (address, length) = (self.address(), self.length());
                let flags = self.one_of(&[0, NEXT, WRITE, WRITE | NEXT, INDIRECT, INDIRECT | NEXT, 7, 0xffff]);
                let next = self.one_of(&[0, 1, 2, 3, 7, 8, 0xffff]);
                self.driver.descriptor(table, address, length, flags, next);
            }
        }
    }

    /// One that a disk nearly takes.
    fn request(&mut self) {
        let (kind, sector) = (self.one_of(&[0, 1, 4, 8, 11, 99]), self.one_of(&[0, 1, 100, 127, 128, u64::MAX]));
        let head = [u64::from(kind as u32).to_le_bytes(), sector.to_le_bytes()].concat();
        self.driver.memory.write(DATA, &head).unwrap();
        let (at, length, writable) = (self.address(), self.length(), self.below(2) == 0);
        let head = self.driver.chain(&[(DATA, 16, false), (at, length, writable), (DATA + 64, 1, true)]);
        self.driver.add(head);
    }

    fn kick(&mut self) {
        let before = (self.driver.used(), self.driver.get(0x70) & 64);
        self.driver.kick();
        let after = (self.driver.used(), self.driver.get(0x70) & 64);
        self.answered += u64::from(before.0 != after.0);
        self.gave_up += u64::from(before.1 != after.1);
    }

    fn step(&mut self) {
        for _ in 0..self.below(4) {
            self.change_memory();
        }
        let began = Instant::now();
        match self.below(20) {
            0 => {
                let without = self.one_of(&[0, 1 << 29, 1 << 28, 1 << 9]);
                self.driver.negotiate(without);
            }
            1..=3 => {
                self.driver.negotiate(0);
                self.driver.added = 0;
                for at in [AVAILABLE, USED] {
                    self.driver.memory.write(at, &[0; 16]).unwrap();
                }
                self.driver.set_queue(0);
                self.driver.set(0x70, 15);
            }
            4..=9 => self.kick(),
            10 => {
                let (at, length) = (self.below(0x1000), self.one_of(&[1, 2, 4, 8]));
                self.driver.read(at, &mut vec![0; length]);
            }
            11 => {
                let (at, bytes) = (self.below(0x1000), self.random.rand_u64().to_le_bytes());
                let length = self.one_of(&[1, 2, 4, 8]);
                self.driver.write(at, &bytes[..length]);
            }
            _ => {
                let at = self.one_of(&[
                    0x14, 0x20, 0x24, 0x30, 0x38, 0x44, 0x50, 0x64, 0x70, 0x80, 0x84, 0x90, 0x94, 0xa0, 0xa4,
                ]);
                let value = self.value();
                self.driver.set(at, value);
            }
        }
        assert!(began.elapsed() < Duration::from_secs(20), "it takes too long");
    }
}

/// How many notifications led to an answer, and how many to a broken device.
fn attack(inputs: u64, make: impl Fn() -> Box<dyn Virtio>) -> (u64, u64) {
    let (mut answered, mut gave_up) = (0, 0);
    for seed in 0..inputs.div_ceil(STEPS) {
        let random = Rand64::new(u128::from(seed));
        let mut hostile = Hostile { random, driver: Driver::ready(make(), 0), answered: 0, gave_up: 0 };
        let steps = std::panic::AssertUnwindSafe(|| (0..STEPS).for_each(|_| hostile.step()));
        std::panic::catch_unwind(steps).unwrap_or_else(|_| panic!("seed {seed}"));
        answered += hostile.answered;
        gave_up += hostile.gave_up;
    }
    eprintln!("{inputs} inputs: {answered} notifications answered, {gave_up} broke the device");
    (answered, gave_up)
}

#[test]
fn nothing_that_a_driver_does_brings_down_the_source_of_random_bytes() {
    let (answered, gave_up) = attack(hostile_inputs(SOME), || Box::new(Rng::new().unwrap()));
    assert!(answered > 1000 && gave_up > 1000, "the attack reaches what it attacks: {answered}, {gave_up}");
}

#[test]
fn nothing_that_a_driver_does_brings_down_a_disk_or_gets_beyond_it() {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(&vec![0x11; DISK]).unwrap();
    file.write_all(&CANARY).unwrap();
    let open = || Block::open(file.path(), Access::ReadWrite).unwrap();
    let (answered, gave_up) = attack(hostile_inputs(SOME), || Box::new(open()));
    assert!(answered > 1000 && gave_up > 1000, "the attack reaches what it attacks: {answered}, {gave_up}");
    let after = std::fs::read(file.path()).unwrap();
    assert!(after[..DISK].iter().any(|byte| *byte != 0x11), "it wrote");
    assert_eq!(after[DISK..], CANARY, "and nothing beyond the last whole sector");
}
