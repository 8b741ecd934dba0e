//! The hypervisor.
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
