//! The system call filter: docker's default profile, as a program for the kernel.
//!
//! `seccomp/calls.txt` is the profile as a table, with its source and date; `seccomp/compiler.rs` makes the program of it when
//! isolab is built, so that a start has nothing to compile. Another profile ([`Profile`]) is compiled before the container is made.
//!
//! The compiler makes a binary search over ranges of numbers. That matters: when a filter is installed the kernel runs it
//! once for every system call number, to learn which calls it may always let through; a linear list of 350 comparisons cost
//! 0.36 ms to install, ranges in a search 0.03. (It stops where a filter looks at more than the number.) And it matters that the filter is short: the kernel translates it to machine
//! code, 0.1 µs for each instruction.

#[allow(dead_code, reason = "docker's is compiled by build.rs")]
mod compiler;
mod docker;
mod profile;
#[cfg(test)]
mod tests;

use std::borrow::Cow;

use nix::errno::Errno;

pub use self::profile::{Action, Arg, Op, Profile, Rule};
use crate::error::{Error, Result};
use crate::said;
pub use crate::sys::seccomp::Instruction;
use crate::sys::seccomp::install;

include!(concat!(env!("OUT_DIR"), "/docker_filter.rs")); // by build.rs

/// A compiled filter.
#[derive(Debug, Clone)]
pub struct Filter {
    program: Cow<'static, [Instruction]>,
    flags: u32,
}

/// Docker's default: what [`Filter::docker_default`] is compiled from.
pub fn docker_default() -> Profile {
    docker::profile()
}

impl Filter {
    /// It has been read when this returns: the kernel, which copies it at a start, waits for no page of our own file then.
    pub fn docker_default() -> Filter {
        DOCKER_DEFAULT.iter().for_each(|instruction| _ = std::hint::black_box(*instruction));
        Filter { program: Cow::Borrowed(DOCKER_DEFAULT), flags: 0 }
    }

    /// # Errors
    /// A field that cannot be honoured, by its name.
    pub fn compile(profile: &Profile) -> Result<Filter> {
        let (policy, flags) = profile.compile(&docker::TABLE.calls)?;
        let program = compiler::filter(&policy).ok_or_else(|| {
            Error::usage(
                said!("compile the system call filter", "시스템 콜 필터를 컴파일할 수 없습니다"),
                said!("it is longer than 4096 instructions", "명령이 4096개보다 많음"),
            )
        })?;
        let instruction = |i: compiler::bpf::Instruction| Instruction { code: i.code, jt: i.jt, jf: i.jf, k: i.k };
        Ok(Filter { program: program.into_iter().map(instruction).collect(), flags })
    }

    pub fn program(&self) -> &[Instruction] {
        &self.program
    }

    /// From now on every call of this thread is filtered. Needs no_new_privs or CAP_SYS_ADMIN.
    pub fn install(&self) -> Result<(), Errno> {
        install(&self.program, self.flags)
    }
}
