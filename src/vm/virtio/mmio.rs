//! The registers through which a guest finds a virtio device and starts it (virtio 1.2, sections 3.1 and 4.2.2): one page of
//! memory-mapped I/O for each device.

use super::queue::{Place, VirtQueue};
use super::{Broken, Line, Virtio};
use crate::error::Result;
use crate::vm::device::{Device, Guest, Next};
use crate::vm::guest_memory::GuestMemory;

/// How many addresses a device takes.
pub const BYTES: u64 = 0x1000;

/// Where each register is. A driver may reach them by aligned 32-bit accesses only; behind them lies the device's configuration.
mod register {
    pub(super) const MAGIC: u64 = 0x000;
    pub(super) const VERSION: u64 = 0x004;
    pub(super) const DEVICE_ID: u64 = 0x008;
    pub(super) const VENDOR_ID: u64 = 0x00c;
    pub(super) const DEVICE_FEATURES: u64 = 0x010;
    pub(super) const DEVICE_FEATURES_SELECT: u64 = 0x014;
    pub(super) const DRIVER_FEATURES: u64 = 0x020;
    pub(super) const DRIVER_FEATURES_SELECT: u64 = 0x024;
    pub(super) const QUEUE_SELECT: u64 = 0x030;
    pub(super) const QUEUE_SIZE_MAX: u64 = 0x034;
    pub(super) const QUEUE_SIZE: u64 = 0x038;
    pub(super) const QUEUE_READY: u64 = 0x044;
    pub(super) const QUEUE_NOTIFY: u64 = 0x050;
    pub(super) const INTERRUPT_STATUS: u64 = 0x060;
    pub(super) const INTERRUPT_ACKNOWLEDGE: u64 = 0x064;
    pub(super) const STATUS: u64 = 0x070;
    pub(super) const DESCRIPTORS: u64 = 0x080;
    pub(super) const DESCRIPTORS_HIGH: u64 = 0x084;
    pub(super) const DRIVER_RING: u64 = 0x090;
    pub(super) const DRIVER_RING_HIGH: u64 = 0x094;
    pub(super) const DEVICE_RING: u64 = 0x0a0;
    pub(super) const DEVICE_RING_HIGH: u64 = 0x0a4;
    /// Length and address of shared memory: there is none, which is told by all ones.
    pub(super) const SHARED_MEMORY: std::ops::Range<u64> = 0x0b0..0x0c0;
    pub(super) const CONFIGURATION: u64 = 0x100;
}

/// Bits of the status register (section 2.1).
mod status {
    pub(super) const ACKNOWLEDGE: u32 = 1;
    pub(super) const DRIVER: u32 = 2;
    pub(super) const DRIVER_OK: u32 = 4;
    pub(super) const FEATURES_OK: u32 = 8;
    pub(super) const NEEDS_RESET: u32 = 64;
    pub(super) const FAILED: u32 = 128;
}

/// Feature bits that concern queue and transport (section 6).
mod feature {
    pub(super) const INDIRECT_DESC: u64 = 1 << 28;
    pub(super) const EVENT_IDX: u64 = 1 << 29;
    pub(super) const VERSION_1: u64 = 1 << 32;
}

/// Why the interrupt was raised.
mod interrupt {
    pub(super) const USED_BUFFER: u32 = 1;
    pub(super) const CONFIGURATION: u32 = 2;
}

const MAGIC: u32 = u32::from_le_bytes(*b"virt");
const VENDOR: u32 = u32::from_le_bytes(*b"ISOL");
const VERSION: u32 = 2;
/// Requests that one access answers at most; for more it is made again, so that a deadline can come between.
const SLICE: usize = 64;

/// A device with its registers.
pub struct Mmio {
    device: Box<dyn Virtio>,
    line: Box<dyn Line>,
    status: u32,
    interrupt: u32,
    /// Which 32 of the 64 feature bits are seen.
    device_half: u32,
    driver_half: u32,
    features: u64,
    selected: u32,
    places: Vec<Place>,
    /// Those that are ready.
    queues: Vec<Option<VirtQueue>>,
}

impl Mmio {
    pub fn new(device: Box<dyn Virtio>, line: Box<dyn Line>) -> Mmio {
        let count = device.queues().len();
        let queues = (0..count).map(|_| None).collect();
        let places = vec![Place::default(); count];
        let (status, interrupt, features) = (0, 0, 0);
        let (device_half, driver_half, selected) = (0, 0, 0);
        Mmio { device, line, status, interrupt, device_half, driver_half, features, selected, places, queues }
    }

    fn offered(&self) -> u64 {
        self.device.features() | feature::VERSION_1 | feature::EVENT_IDX | feature::INDIRECT_DESC
    }

    fn has(&self, bits: u32) -> bool {
        self.status & bits == bits
    }

    fn register(&self, at: u64) -> u32 {
        let selected = self.selected as usize;
        match at {
            register::MAGIC => MAGIC,
            register::VERSION => VERSION,
            register::DEVICE_ID => self.device.id(),
            register::VENDOR_ID => VENDOR,
            register::DEVICE_FEATURES => half(self.offered(), self.device_half),
            register::QUEUE_SIZE_MAX => self.device.queues().get(selected).map_or(0, |size| u32::from(*size)),
            register::QUEUE_READY => self.queues.get(selected).is_some_and(Option::is_some).into(),
            register::INTERRUPT_STATUS => self.interrupt,
            register::STATUS => self.status,
            at if register::SHARED_MEMORY.contains(&at) => u32::MAX,
            _ => 0, // to be written only, or none; the configuration never changes: generation 0
        }
    }

    fn set_register(&mut self, at: u64, value: u32, guest: &Guest<'_>) -> Next {
        match at {
            register::DEVICE_FEATURES_SELECT => self.device_half = value,
            register::DRIVER_FEATURES_SELECT => self.driver_half = value,
            register::DRIVER_FEATURES => self.want(value),
            register::QUEUE_SELECT => self.selected = value,
            register::QUEUE_READY => self.set_ready(value, guest.memory),
            register::QUEUE_NOTIFY => return self.notified(value as usize, guest.memory),
            register::INTERRUPT_ACKNOWLEDGE => self.interrupt &= !value,
            register::STATUS => self.set_status(value),
            at => self.set_place(at, value),
        }
        Next::Resume
    }

    /// The driver names features that it wants, as long as it may.
    fn want(&mut self, bits: u32) {
        if self.has(status::DRIVER) && !self.has(status::FEATURES_OK) && self.driver_half < 2 {
            let shift = 32 * self.driver_half;
            self.features = self.features & !(u64::from(u32::MAX) << shift) | u64::from(bits) << shift;
        }
    }

    /// A driver adds one bit after the other; 0 begins anew.
    fn set_status(&mut self, value: u32) {
        if value == 0 {
            return self.reset();
        }
        let new = value & !self.status;
        let adds = |bit: u32, after: u32, may: bool| if new & bit != 0 && self.has(after) && may { bit } else { 0 };
        let features_fit = self.features & !self.offered() == 0 && self.features & feature::VERSION_1 != 0;
        let works = !self.has(status::NEEDS_RESET);
        let added = adds(status::ACKNOWLEDGE, 0, true)
            | adds(status::DRIVER, status::ACKNOWLEDGE, true)
            | adds(status::FEATURES_OK, status::DRIVER, features_fit)
            | adds(status::DRIVER_OK, status::FEATURES_OK, works)
            | adds(status::FAILED, 0, true);
        self.status |= added;
        if added & status::DRIVER_OK != 0 {
            self.device.start(self.features);
        }
    }

    fn reset(&mut self) {
        (self.status, self.interrupt, self.features) = (0, 0, 0);
        (self.device_half, self.driver_half, self.selected) = (0, 0, 0);
        self.places.fill(Place::default());
        self.queues.fill_with(|| None);
    }

    /// Where the selected queue is, while it is not in use.
    fn set_place(&mut self, at: u64, value: u32) {
        let selected = self.selected as usize;
        if !self.has(status::FEATURES_OK) || self.queues.get(selected).is_none_or(Option::is_some) {
            return;
        }
        let place = &mut self.places[selected];
        match at {
            register::QUEUE_SIZE => place.size = value,
            register::DESCRIPTORS => set_half(&mut place.descriptors, 0, value),
            register::DESCRIPTORS_HIGH => set_half(&mut place.descriptors, 32, value),
            register::DRIVER_RING => set_half(&mut place.driver, 0, value),
            register::DRIVER_RING_HIGH => set_half(&mut place.driver, 32, value),
            register::DEVICE_RING => set_half(&mut place.device, 0, value),
            register::DEVICE_RING_HIGH => set_half(&mut place.device, 32, value),
            _ => {}
        }
    }

    fn set_ready(&mut self, value: u32, memory: &GuestMemory) {
        let selected = self.selected as usize;
        let Some(queue) = self.queues.get_mut(selected) else { return };
        if value == 0 {
            *queue = None;
            return;
        }
        let in_time = self.status & (status::FEATURES_OK | status::NEEDS_RESET) == status::FEATURES_OK;
        if !in_time || queue.is_some() {
            return;
        }
        match VirtQueue::new(self.places[selected], self.device.queues()[selected], memory) {
            Ok(mut ready) => {
                ready.set_event_idx(self.features & feature::EVENT_IDX != 0);
                *queue = Some(ready);
            }
            Err(Broken) => self.give_up(),
        }
    }

    /// The driver put something into this queue.
    fn notified(&mut self, number: usize, memory: &GuestMemory) -> Next {
        if !self.has(status::DRIVER_OK) || self.has(status::NEEDS_RESET) {
            return Next::Resume;
        }
        let Some(Some(queue)) = self.queues.get_mut(number) else { return Next::Resume };
        let answered = answer_all(&mut *self.device, number, queue, memory);
        let Ok(Answered { interrupt, more }) = answered else {
            self.give_up();
            return Next::Resume;
        };
        if interrupt {
            self.raise(interrupt::USED_BUFFER);
        }
        if more { Next::Retry } else { Next::Resume }
    }

    /// Nothing more is done for this driver until it begins anew (section 2.1.2).
    fn give_up(&mut self) {
        self.status |= status::NEEDS_RESET;
        if self.has(status::DRIVER_OK) {
            self.raise(interrupt::CONFIGURATION);
        }
    }

    fn raise(&mut self, why: u32) {
        self.interrupt |= why;
        self.line.raise();
    }
}

struct Answered {
    interrupt: bool,
    /// The slice is used up, the queue is not empty.
    more: bool,
}

fn answer_all(
    device: &mut dyn Virtio,
    number: usize,
    queue: &mut VirtQueue,
    memory: &GuestMemory,
) -> Result<Answered, Broken> {
    let mut answered = 0;
    queue.hush(memory)?;
    let more = loop {
        while answered < SLICE {
            let Some(mut request) = queue.next(memory)? else { break };
            let head = request.head;
            let written = device.answer(number, &mut request)?;
            queue.give_back(memory, head, written)?;
            answered += 1;
        }
        if answered == SLICE {
            break true;
        }
        if !queue.listen(memory)? {
            break false;
        }
    };
    let interrupt = answered > 0 && queue.wants_interrupt(memory)?;
    Ok(Answered { interrupt, more })
}

/// 32 of 64 bits; there are no more.
fn half(bits: u64, number: u32) -> u32 {
    match number {
        0 => bits as u32,
        1 => (bits >> 32) as u32,
        _ => 0,
    }
}

fn set_half(of: &mut u64, shift: u32, value: u32) {
    *of = *of & !(u64::from(u32::MAX) << shift) | u64::from(value) << shift;
}

impl Device for Mmio {
    fn name(&self) -> &'static str {
        self.device.name()
    }

    /// What a driver must not read is 0.
    fn read(&mut self, at: u64, data: &mut [u8], _: &Guest<'_>) -> Result<Next> {
        data.fill(0);
        if let Some(at) = at.checked_sub(register::CONFIGURATION) {
            let config = self.device.config().get(at as usize..).unwrap_or_default();
            let there = config.len().min(data.len());
            data[..there].copy_from_slice(&config[..there]);
        } else if at.is_multiple_of(4) && data.len() == 4 {
            data.copy_from_slice(&self.register(at).to_le_bytes());
        }
        Ok(Next::Resume)
    }

    /// What a driver must not write is ignored; so is the configuration, of which nothing can be changed.
    fn write(&mut self, at: u64, data: &[u8], guest: &Guest<'_>) -> Result<Next> {
        match <[u8; 4]>::try_from(data) {
            Ok(value) if at.is_multiple_of(4) && at < register::CONFIGURATION => {
                Ok(self.set_register(at, u32::from_le_bytes(value), guest))
            }
            _ => Ok(Next::Resume),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::vm::virtio::rng::Rng;
    use crate::vm::virtio::testing::{AVAILABLE, DATA, DESCRIPTORS, Driver, INDIRECT, NEXT, RAM, USED, WRITE};

    fn rng() -> Box<dyn Virtio> {
        Box::new(Rng::new().unwrap())
    }

    #[test]
    fn a_driver_finds_the_device_and_starts_it() {
        let mut driver = Driver::new(rng());
        assert_eq!([0x0, 0x4, 0x8].map(|at| driver.get(at)), [MAGIC, 2, 4]);
        assert_eq!([0x30, 0x44, 0x60, 0x70, 0xfc].map(|at| driver.get(at)), [0; 5]);
        assert_eq!((driver.get(0x34), driver.get(0xb0), driver.get(0xbc)), (64, u32::MAX, u32::MAX));
        driver.set(0x30, 1);
        assert_eq!(driver.get(0x34), 0, "there is one queue");
        driver.negotiate(0);
        assert_eq!(driver.get(0x70), 11, "the features are taken");
        driver.set_queue(0);
        assert_eq!(driver.get(0x44), 1);
        driver.set(0x70, 15);
        assert_eq!(driver.get(0x70), 15);
        driver.set(0x70, 0);
        assert_eq!((driver.get(0x70), driver.get(0x44)), (0, 0), "a reset begins anew");
    }

    #[test]
    fn states_are_passed_in_order_and_features_are_those_that_were_offered() {
        let mut driver = Driver::new(rng());
        driver.set(0x70, 4);
        driver.set(0x70, 8);
        driver.set(0x70, 2);
        assert_eq!(driver.get(0x70), 0, "first the device is acknowledged");
        driver.set(0x20, 1); // too early: no driver
        driver.negotiate(feature::VERSION_1);
        assert_eq!(driver.get(0x70), 3, "version 1 is not a matter of choice");
        driver.negotiate(0);
        driver.set(0x24, 0);
        driver.set(0x20, 0);
        driver.set(0x70, 1);
        assert_eq!(driver.get(0x70), 11, "no bit is taken away");
        driver.set(0x70, 0);
        for (at, value) in [(0x70, 1), (0x70, 3), (0x24, 1), (0x20, 0xff)] {
            driver.set(at, value);
        }
        driver.set(0x70, 11);
        assert_eq!(driver.get(0x70), 3, "what was not offered is not taken");
        driver.set(0x70, 128);
        assert_eq!(driver.get(0x70), 131, "the driver gives up");
    }

    #[test]
    fn only_aligned_32_bit_accesses_reach_a_register() {
        let mut driver = Driver::new(rng());
        for (at, length) in [(0, 1), (0, 2), (0, 8), (1, 4), (2, 4), (0x1ff0, 4)] {
            let mut data = vec![0xee; length];
            driver.read(at, &mut data);
            assert_eq!(data, vec![0; length], "{at:#x}, {length} bytes");
        }
        driver.write(0x70, &[1]);
        driver.write(0x70, &[1, 0, 0, 0, 0, 0, 0, 0]);
        driver.write(0x71, &[1, 0, 0, 0]);
        for read_only in [0x0, 0x4, 0x8, 0x10, 0x34, 0x60, 0xb0, 0xfc, 0x100] {
            let before = driver.get(read_only);
            driver.set(read_only, 0x5a5a_5a5a);
            assert_eq!(driver.get(read_only), before, "{read_only:#x}");
        }
        assert_eq!(driver.get(0x70), 0);
    }

    #[test]
    fn requests_are_answered_with_and_without_event_indices() {
        for without in [0, feature::EVENT_IDX, feature::EVENT_IDX | feature::INDIRECT_DESC] {
            let mut driver = Driver::ready(rng(), without);
            for n in 1..=40_u16 {
                let head = driver.chain(&[(DATA, 8, true), (DATA + 100, 8, true)]);
                driver.memory.write(DATA, &[0; 128]).unwrap();
                driver.add(head);
                // Told of each by interrupt: the driver says up to where it has seen the ring.
                driver.memory.write(AVAILABLE + 4 + 2 * 8, &(n - 1).to_le_bytes()).unwrap();
                driver.kick();
                assert_eq!((driver.used(), driver.last_used()), (n, (u32::from(head), 16)));
                assert_eq!((driver.interrupts(), driver.get(0x60)), (n.into(), 1));
                assert!(driver.bytes::<8>(DATA) != [0; 8] && driver.bytes::<8>(DATA + 100) != [0; 8], "random");
                assert_eq!(driver.bytes::<8>(DATA + 8), [0; 8], "nothing beside it");
                driver.set(0x64, 1);
                assert_eq!(driver.get(0x60), 0);
                let event = u16::from_le_bytes(driver.bytes(USED + 4 + 8 * 8));
                assert!(without != 0 || event == n, "the device waits for the next: {event}");
            }
        }
    }

    #[test]
    fn an_interrupt_that_the_driver_does_not_want_is_not_raised() {
        let mut driver = Driver::ready(rng(), 0);
        driver.memory.write(AVAILABLE + 4 + 2 * 8, &100_u16.to_le_bytes()).unwrap(); // used_event: after the hundredth
        for _ in 0..3 {
            let head = driver.chain(&[(DATA, 8, true)]);
            driver.add(head);
            driver.kick();
        }
        assert_eq!((driver.used(), driver.interrupts()), (3, 0));
    }

    #[test]
    fn an_indirect_table_is_followed() {
        let mut driver = Driver::ready(rng(), 0);
        driver.descriptor(DATA, DATA + 0x100, 4, WRITE | NEXT, 1);
        driver.descriptor(DATA + 16, DATA + 0x200, 4, WRITE, 0);
        driver.descriptor(DESCRIPTORS, DATA, 32, INDIRECT, 0);
        driver.add(0);
        driver.kick();
        assert_eq!((driver.used(), driver.last_used()), (1, (0, 8)));
    }

    /// What a driver must not do, and what follows: the device asks for a reset and does nothing until it comes.
    fn breaks(what: &str, evil: impl Fn(&mut Driver)) {
        let mut driver = Driver::ready(rng(), 0);
        evil(&mut driver);
        driver.kick();
        assert_eq!(driver.get(0x70), 0x0f | status::NEEDS_RESET, "{what}");
        assert_eq!((driver.used(), driver.get(0x60), driver.interrupts()), (0, interrupt::CONFIGURATION, 1), "{what}");
        let head = driver.chain(&[(DATA, 8, true)]);
        driver.add(head);
        driver.kick();
        assert_eq!(driver.used(), 0, "{what}: nothing more");
        for at in [DESCRIPTORS, AVAILABLE, USED] {
            driver.memory.write(at, &[0; 256]).unwrap();
        }
        driver.added = 0;
        driver.negotiate(0);
        driver.set_queue(0);
        driver.set(0x70, 15);
        let head = driver.chain(&[(DATA, 8, true)]);
        driver.add(head);
        driver.kick();
        assert_eq!((driver.get(0x70), driver.used()), (15, 1), "{what}: after a reset it works");
    }

    #[test]
    fn a_broken_chain_ends_in_a_device_that_needs_a_reset() {
        let chain = |address: u64, length: u32, flags: u16, next: u16| {
            move |driver: &mut Driver| {
                driver.descriptor(DESCRIPTORS, address, length, flags, next);
                driver.add(0);
            }
        };
        breaks("a chain that leads to itself", chain(DATA, 8, WRITE | NEXT, 0));
        breaks("a chain that leaves the table", chain(DATA, 8, WRITE | NEXT, 8));
        breaks("memory that is none", chain(RAM - 4, 8, WRITE, 0));
        breaks("an address that overflows", chain(u64::MAX - 3, 8, WRITE, 0));
        breaks("nothing to write to", chain(DATA, 8, 0, 0));
        breaks("no room", chain(DATA, 0, WRITE, 0));
        breaks("an indirect table of half a descriptor", chain(DATA, 24, INDIRECT, 0));
        breaks("an indirect table in nowhere", chain(RAM, 16, INDIRECT, 0));
        breaks("an empty indirect table", chain(DATA, 0, INDIRECT, 0));
        breaks("an indirect table in an indirect table", |driver| {
            driver.descriptor(DATA, DATA, 16, INDIRECT, 0);
            driver.descriptor(DESCRIPTORS, DATA, 16, INDIRECT, 0);
            driver.add(0);
        });
        breaks("an indirect table that leads to itself", |driver| {
            driver.descriptor(DATA, DATA + 0x1000, 8, WRITE | NEXT, 0);
            driver.descriptor(DESCRIPTORS, DATA, 16, INDIRECT, 0);
            driver.add(0);
        });
        breaks("a part to read behind one to write", |driver| {
            let head = driver.chain(&[(DATA, 8, true), (DATA, 8, false)]);
            driver.add(head);
        });
        breaks("more bytes than 32 bits count", |driver| {
            let head = driver.chain(&[(0, u32::MAX, true), (0, u32::MAX, true)]);
            driver.add(head);
        });
        breaks("a head outside of the table", |driver| driver.add(8));
        breaks("more requests than the ring has places", |driver| {
            driver.memory.write(AVAILABLE + 2, &9_u16.to_le_bytes()).unwrap();
        });
    }

    #[test]
    fn a_queue_that_is_none_is_never_ready() {
        let wrong: [(&str, u64, u32); 10] = [
            ("size 0", 0x38, 0),
            ("no power of two", 0x38, 12),
            ("larger than there is", 0x38, 128),
            ("a size of 17 bits", 0x38, 0x1_0008),
            ("a misaligned table", 0x80, 0x1008),
            ("a table in nowhere", 0x80, RAM as u32),
            ("rings at 0", 0x90, 0),
            ("a ring that leaves RAM", 0x90, RAM as u32 - 8),
            ("a misaligned used ring", 0xa0, 0x4002),
            ("an address beyond everything", 0xa4, u32::MAX),
        ];
        for (what, at, value) in wrong {
            let mut driver = Driver::new(rng());
            driver.negotiate(0);
            driver.set_queue(0);
            driver.set(0x44, 0);
            driver.set(at, value);
            driver.set(0x44, 1);
            assert_eq!((driver.get(0x44), driver.get(0x70)), (0, 0x0b | status::NEEDS_RESET), "{what}");
            driver.set(0x70, 15);
            driver.kick();
            assert_eq!((driver.get(0x70) & 4, driver.interrupts()), (0, 0), "{what}: it does not start");
        }
        let mut driver = Driver::new(rng());
        driver.set_queue(0);
        assert_eq!(driver.get(0x44), 0, "before the features are settled no queue is set");
        driver.negotiate(0);
        driver.set(0x44, 1);
        assert_eq!(driver.get(0x44), 0, "ready before it has an address");
    }

    #[test]
    fn one_access_does_a_bounded_piece_of_work() {
        let mut driver = Driver::new(rng());
        driver.size = 64;
        driver.negotiate(0);
        driver.set_queue(0);
        driver.set(0x70, 15);
        let head = driver.chain(&[(DATA, 8, true)]);
        (0..SLICE).for_each(|_| driver.add(head));
        assert_eq!(driver.write_once(0x50, &[0; 4]), Next::Retry);
        assert_eq!(driver.used() as usize, SLICE);
        assert_eq!(driver.write_once(0x50, &[0; 4]), Next::Resume, "the ring was empty");
        (0..20).for_each(|_| driver.add(head));
        driver.kick();
        assert_eq!(driver.used() as usize, SLICE + 20);
    }
}
