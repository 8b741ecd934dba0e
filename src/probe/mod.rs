//! The one workload program: the identical bytes run as a process, in a container and in ring 3 of our bare guest.
//!
//! `main.rs`, `start.rs`, `syscall.rs` and `text.rs` are the program: `no_std`, no libc, compiled by build.rs, always
//! optimised, embedded here as [`ELF`]. `abi.rs` is what the program and its host agree on; both compile it.

pub mod abi;
#[cfg(any(test, rust_analyzer))]
mod text;

/// The program, a static ELF executable of a few KiB.
pub const ELF: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/probe"));

/// Its name inside every rootfs.
pub const NAME: &str = "probe";
