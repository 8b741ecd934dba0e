//! A split virtqueue (virtio 1.2, section 2.7): the driver puts chains of descriptors into it, the device takes them out,
//! reads what is readable, writes what is writable, and says that they are used.
//!
//! The crate virtio-queue walks the rings; whether a chain is one, it leaves to us.

use virtio_queue::{Error, Queue, QueueOwnedT, QueueT};
use vm_memory::GuestAddress;

use super::Broken;
use crate::vm::guest_memory::GuestMemory;

/// Longer chains than any driver makes: a queue's size and more, in an indirect table.
const LONGEST: usize = 1024;

/// Where a driver has put a queue, as it wrote it into the registers.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Place {
    pub size: u32,
    pub descriptors: u64,
    /// The available ring.
    pub driver: u64,
    /// The used ring.
    pub device: u64,
}

/// A queue that is ready.
#[derive(Debug)]
pub struct VirtQueue {
    queue: Queue,
    readable: Pieces,
    writable: Pieces,
}

impl VirtQueue {
    /// # Errors
    /// When the size is no power of two up to `largest`, or a ring is misaligned, at 0, or not in RAM.
    pub fn new(place: Place, largest: u16, memory: &GuestMemory) -> Result<VirtQueue, Broken> {
        let make = || -> Result<Queue, Error> {
            let mut queue = Queue::new(largest)?;
            queue.try_set_size(u16::try_from(place.size).map_err(|_| Error::InvalidSize)?)?;
            queue.try_set_desc_table_address(GuestAddress(place.descriptors))?;
            queue.try_set_avail_ring_address(GuestAddress(place.driver))?;
            queue.try_set_used_ring_address(GuestAddress(place.device))?;
            queue.set_ready(true);
            Ok(queue)
        };
        let queue = make().map_err(|_| Broken)?;
        let valid = place.driver != 0 && queue.is_valid(memory.mmap());
        let queue = VirtQueue { queue, readable: Pieces::default(), writable: Pieces::default() };
        if valid { Ok(queue) } else { Err(Broken) }
    }

    /// Notifications by index, VIRTIO_F_EVENT_IDX.
    pub fn set_event_idx(&mut self, on: bool) {
        self.queue.set_event_idx(on);
    }

    /// The next request; None: there is none.
    ///
    /// # Errors
    /// When its chain is none: it leaves the table or RAM, never ends, is empty, or has a part to read behind one to write.
    pub fn next<'a>(&'a mut self, memory: &'a GuestMemory) -> Result<Option<Request<'a>>, Broken> {
        let Some(chain) = self.queue.iter(memory.mmap()).map_err(|_| Broken)?.next() else { return Ok(None) };
        let head = chain.head_index();
        let mut goes_on = true; // an empty chain is none
        self.readable.clear();
        self.writable.clear();
        for descriptor in chain {
            goes_on = descriptor.has_next();
            let pieces = if descriptor.is_write_only() { &mut self.writable } else { &mut self.readable };
            pieces.all.push((descriptor.addr().0, descriptor.len()));
            pieces.left += u64::from(descriptor.len());
            let read_after_write = !descriptor.is_write_only() && !self.writable.all.is_empty();
            if read_after_write || self.readable.all.len() + self.writable.all.len() > LONGEST {
                return Err(Broken);
            }
        }
        if goes_on {
            return Err(Broken); // the walk ended where the chain does not
        }
        Ok(Some(Request { head, memory, readable: &mut self.readable, writable: &mut self.writable }))
    }

    /// Gives the request with this head back; `written`: how many bytes the device wrote into it.
    ///
    /// # Errors
    /// When the head is outside of the table.
    pub fn give_back(&mut self, memory: &GuestMemory, head: u16, written: u32) -> Result<(), Broken> {
        self.queue.add_used(memory.mmap(), head, written).map_err(|_| Broken)
    }

    /// From now on the driver need not tell of new requests.
    ///
    /// # Errors
    /// When the ring is no longer in RAM.
    pub fn hush(&mut self, memory: &GuestMemory) -> Result<(), Broken> {
        self.queue.disable_notification(memory.mmap()).map_err(|_| Broken)
    }

    /// From now on it shall; true: something came meanwhile that it does not tell of. With event indices a device that does not
    /// look again is never told of the next request.
    ///
    /// # Errors
    /// When the ring is no longer in RAM.
    pub fn listen(&mut self, memory: &GuestMemory) -> Result<bool, Broken> {
        self.queue.enable_notification(memory.mmap()).map_err(|_| Broken)
    }

    /// Does the driver want an interrupt for what was given back?
    ///
    /// # Errors
    /// When the ring is no longer in RAM.
    pub fn wants_interrupt(&mut self, memory: &GuestMemory) -> Result<bool, Broken> {
        self.queue.needs_notification(memory.mmap()).map_err(|_| Broken)
    }
}

/// Pieces of guest memory, one after the other, as far as they are not yet used up.
#[derive(Debug, Default)]
struct Pieces {
    all: Vec<(u64, u32)>,
    first: usize,
    left: u64,
}

impl Pieces {
    fn clear(&mut self) {
        self.all.clear();
        (self.first, self.left) = (0, 0);
    }

    /// The next piece that has at most `most` bytes; it is used up by that.
    fn take(&mut self, most: usize) -> Option<(u64, usize)> {
        loop {
            let (address, length) = self.all.get_mut(self.first)?;
            if *length == 0 {
                self.first += 1;
                continue;
            }
            let taken = (*length as usize).min(most);
            let at = *address;
            *address = address.checked_add(taken as u64)?;
            *length -= taken as u32;
            self.left -= taken as u64;
            return Some((at, taken));
        }
    }
}

/// What a driver wants: bytes to read, and behind them room to write.
#[derive(Debug)]
pub struct Request<'a> {
    pub head: u16,
    memory: &'a GuestMemory,
    readable: &'a mut Pieces,
    writable: &'a mut Pieces,
}

impl Request<'_> {
    /// Bytes that are left to read.
    pub fn readable(&self) -> u64 {
        self.readable.left
    }

    /// Bytes of room that are left.
    pub fn writable(&self) -> u64 {
        self.writable.left
    }

    /// # Errors
    /// When there are not so many, or they are not in RAM.
    pub fn read(&mut self, mut into: &mut [u8]) -> Result<(), Broken> {
        while !into.is_empty() {
            let (at, length) = self.readable.take(into.len()).ok_or(Broken)?;
            let (now, later) = into.split_at_mut(length);
            self.memory.read(at, now).ok_or(Broken)?;
            into = later;
        }
        Ok(())
    }

    /// # Errors
    /// When there is not so much room, or it is not in RAM.
    pub fn write(&mut self, mut from: &[u8]) -> Result<(), Broken> {
        while !from.is_empty() {
            let (at, length) = self.writable.take(from.len()).ok_or(Broken)?;
            let (now, later) = from.split_at(length);
            self.memory.write(at, now).ok_or(Broken)?;
            from = later;
        }
        Ok(())
    }

    /// Takes the last byte of room away from the rest: there a disk puts its status.
    ///
    /// # Errors
    /// When there is none.
    pub fn split_last(&mut self) -> Result<LastByte, Broken> {
        let (address, length) = self.writable.all.iter_mut().rev().find(|(_, length)| *length > 0).ok_or(Broken)?;
        *length -= 1;
        self.writable.left -= 1;
        address.checked_add(u64::from(*length)).map(LastByte).ok_or(Broken)
    }

    /// # Errors
    /// When it is not in RAM.
    pub fn write_last(&mut self, at: LastByte, value: u8) -> Result<(), Broken> {
        self.memory.write(at.0, &[value]).ok_or(Broken)
    }
}

/// Where the last byte of a request's room is.
pub struct LastByte(u64);
