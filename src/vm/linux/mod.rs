//! The machine that boots Linux: a PC with as little in it as an unmodified kernel of a distribution accepts.
//!
//! One life, in the order of the files to read:
//!
//! 1. `layout` says what is where in guest memory, at which port, with which interrupt;
//! 2. `machine` makes the VM, in the order that its `create` lists;
//! 3. `kernel` and `initramfs` are what it boots, `command_line` and `zero_page` what it is told, as a boot loader would;
//! 4. `acpi` is what firmware would tell, `cpuid` what the CPUs answer, `cpu_state` how the first one begins;
//! 5. `devices` are at its ports; where none is, `absent` answers;
//! 6. `marks` are how far the kernel has come, seen from outside; `trial` is whether Linux can run here at all;
//! 7. `guest/` is what runs inside before a command: our small init, and `orders` what it shall do.

pub mod acpi;
pub mod command_line;
pub mod cpu_state;
pub mod cpuid;
pub mod devices;
pub mod initramfs;
pub mod kernel;
pub mod layout;
pub mod machine;
pub mod marks;
pub mod orders;
pub mod trial;
pub mod zero_page;

/// Our init, compiled by build.rs from `guest/`.
pub const INIT: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/init"));
