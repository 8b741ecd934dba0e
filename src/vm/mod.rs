//! The hypervisor. It knows nothing of the harness.
//!
//! What every machine shares, in the order to read it:
//!
//! 1. `kvm` is a VM and its CPUs, `guest_memory` its RAM by guest-physical addresses (what lies where, the memory map,
//!    is each machine's own: [`bare::layout`]), `watchdog` the way out of a guest that never stops: the unsafe part;
//! 2. `device` says what a device is, and the `bus` which one answers at which port or address;
//! 3. `vcpu` is the run loop: each exit goes over the bus to a device;
//! 4. `cpus` runs several of them, each on its thread, and stops them all;
//! 5. `dump` says what happened when an exit is none that a device is there for;
//! 6. `backend` names what is behind /dev/kvm, `kernel_image` what a file is that shall be booted.
//! 7. [`virtio`] are devices that exist only in virtual machines: a disk, a source of random bytes.
//!
//! And two machines: [`bare`], our guest kernel with one program and no operating system, and [`linux`], which boots one.
//!
//! The guest is not trusted: whatever it does ends in an answer, an error with a register dump, or at the deadline.
//! `tests/vm_bare.rs` tries.

pub mod backend;
pub mod bare;
pub mod bus;
pub mod cpus;
pub mod device;
pub mod dump;
pub mod guest_memory;
pub mod kernel_image;
pub mod kvm;
pub mod linux;
pub mod vcpu;
pub mod virtio;
pub mod watchdog;

#[cfg(test)]
mod testing;
