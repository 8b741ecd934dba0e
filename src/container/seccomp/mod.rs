//! The system call filter: docker's default profile, as a program for the kernel.
//!
//! `seccomp/calls.txt` is the profile as a table, with its source and date; `seccomp/compiler.rs` makes the program of it when
//! isolab is built, so that a start has nothing to compile.
//!
//! The compiler makes a binary search over ranges of numbers. That matters: when a filter is installed the kernel runs it
//! once for every system call number, to learn which calls it may always let through; a linear list of 350 comparisons cost
//! 0.36 ms to install, ranges in a search 0.03. (It stops where a filter looks at more than the number.) And it matters that the filter is short: the kernel translates it to machine
//! code, 0.1 µs for each instruction.

#[cfg(test)]
mod compiler;
#[cfg(test)]
mod tests;

use nix::errno::Errno;

pub use crate::sys::seccomp::Instruction;
use crate::sys::seccomp::install;

include!(concat!(env!("OUT_DIR"), "/docker_filter.rs")); // by build.rs

/// A compiled filter.
#[derive(Debug, Clone, Copy)]
pub struct Filter(&'static [Instruction]);

impl Filter {
    /// It has been read when this returns: the kernel, which copies it at a start, waits for no page of our own file then.
    pub fn docker_default() -> Filter {
        DOCKER_DEFAULT.iter().for_each(|instruction| _ = std::hint::black_box(*instruction));
        Filter(DOCKER_DEFAULT)
    }

    pub fn program(self) -> &'static [Instruction] {
        self.0
    }

    /// From now on every call of this thread is filtered. Needs no_new_privs.
    pub fn install(self) -> Result<(), Errno> {
        install(self.0)
    }
}
