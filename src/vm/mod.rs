//! The hypervisor: one guest, one vCPU, no operating system. It knows nothing of the harness.
//!
//! One life, in the order of the files to read:
//!
//! 1. `layout` says what is where in guest RAM;
//! 2. `machine` makes the VM, in the order that its `create` lists;
//! 3. `elf`, `stack`, `paging` and `descriptors` fill its RAM, `cpu_mode` its registers;
//! 4. `bare/kernel.s` enters the program in ring 3 and answers its system calls;
//! 5. `vcpu` runs it: each exit goes over the `bus` to one of the `devices`;
//! 6. `dump` tells what happened when an exit is none that a device is there for.
//!
//! The guest is not trusted: whatever it does ends in an answer, an error with a register dump, or at the deadline.
//! `tests/vm_bare.rs` tries.

pub mod backend;
pub mod bus;
pub mod cpu_mode;
pub mod descriptors;
pub mod devices;
pub mod dump;
pub mod elf;
pub mod layout;
pub mod machine;
pub mod paging;
pub mod stack;
pub mod vcpu;

/// Our guest kernel, assembled by build.rs from `bare/`.
pub const KERNEL_ELF: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/kernel"));
