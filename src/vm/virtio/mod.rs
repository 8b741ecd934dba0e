//! virtio 1.2: devices that exist only in virtual machines. The guest's driver and the device share queues in guest memory; a
//! register tells the device to look at one, an interrupt tells the driver that something was used.
//!
//! In the order to read it: `queue` takes requests out of a virtqueue, `mmio` has the registers and the states that a driver
//! goes through, `rng` is the smallest device, `block` a disk.
//!
//! The driver is not trusted: what it can't do rightly ends in DEVICE_NEEDS_RESET, and the device does nothing more until it is
//! reset. No address is used but by checked copies, and each access does a bounded piece of work.

pub mod block;
pub mod mmio;
pub mod queue;
pub mod rng;

#[cfg(test)]
mod hostile;
#[cfg(test)]
mod testing;

use vmm_sys_util::eventfd::EventFd;

use queue::Request;

/// What a device is, apart from how the guest reaches it.
pub trait Virtio: Send {
    /// Names its exits.
    fn name(&self) -> &'static str;

    /// Device type (virtio 1.2, section 5).
    fn id(&self) -> u32;

    /// Feature bits of its own.
    fn features(&self) -> u64 {
        0
    }

    /// The largest size of each of its queues.
    fn queues(&self) -> &'static [u16];

    /// Its configuration space.
    fn config(&self) -> &[u8] {
        &[]
    }

    /// The driver is ready, and wants these features of those that were offered.
    fn start(&mut self, _features: u64) {}

    /// Does what a request in that queue asks for, in a bounded time. How many bytes it wrote into the request.
    ///
    /// # Errors
    /// When the driver made it as it must not.
    fn answer(&mut self, queue: usize, request: &mut Request<'_>) -> Result<u32, Broken>;
}

/// The driver did what the specification forbids.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Broken;

/// The wire to the guest's interrupt controller.
pub trait Line: Send {
    fn raise(&self);
}

/// KVM raises the interrupt of the GSI that it was given for (KVM_IRQFD).
impl Line for EventFd {
    fn raise(&self) {
        let _ = self.write(1); // full: the guest has not yet seen the last 2^64 ones
    }
}
