//! The bare machine: one vCPU, our guest kernel of two pages, one program, no operating system.
//!
//! One life, in the order of the files to read:
//!
//! 1. `layout` says what is where in guest RAM;
//! 2. `machine` makes the VM, in the order that its `create` lists;
//! 3. `elf`, `stack`, `paging` and `descriptors` are its `image`, which fills its RAM; `cpu_mode` its registers; `ram` is RAM as the guest sees it;
//! 4. `kernel/kernel.s` enters the program in ring 3 and answers its system calls;
//! 5. what it cannot answer is a `hypercall`: one port each, one file each in `devices`.

pub mod cpu_mode;
pub mod descriptors;
pub mod devices;
pub mod elf;
pub mod hypercall;
pub mod image;
pub mod layout;
pub mod machine;
pub mod paging;
pub mod ram;
pub mod stack;

/// Our guest kernel, assembled by build.rs from `kernel/`.
pub const KERNEL_ELF: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/kernel"));
