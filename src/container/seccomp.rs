//! The system call filter: docker's default profile, as a program for the kernel.
//!
//! `seccomp/calls.txt` is the profile as a table, with its source and date. From it, before anything is measured:
//!
//! ```text
//! table of calls → one verdict per number → neighbours with one verdict become a range → binary search over ranges
//! ```
//!
//! The search matters. When a filter is installed the kernel runs it once for every system call number, to learn which
//! calls it may always let through; a linear list of 350 comparisons cost 0.36 ms to install, ranges in a search 0.03. And
//! it matters that the filter is short: the kernel translates it to machine code, 0.1 µs for each instruction.

mod bpf;
#[cfg(test)]
mod tests;

use nix::errno::Errno;

use self::bpf::{ARCH, I386, JUMP_IF_EQUAL, KILL_PROCESS, NUMBER, Program, X86_64};
use super::presets;
pub use crate::sys::seccomp::Instruction;
use crate::sys::seccomp::install;

include!(concat!(env!("OUT_DIR"), "/system_calls.rs")); // by build.rs

/// What we refuse beyond docker: a program could type into the terminal of the user who started it.
const STRICTER: &[(&str, Check)] = &[("ioctl", Check { argument: 1, test: Test::NotAmong(&[TIOCSTI, TIOCLINUX]) })];
const TIOCSTI: u32 = 0x5412;
const TIOCLINUX: u32 = 0x541c;

/// The kernel's three tables of calls. A number means another call in each, so each needs its own part of the filter: with
/// only one of them `int 0x80` would walk around it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Abi {
    X86_64,
    I386,
    X32,
}

/// The first number that is newer than the profile.
const FIRST_NEWER: u32 = 467;
/// x32 has x86-64's numbers, and these for the calls whose arguments lie differently in memory.
const X32_OWN: std::ops::Range<u32> = 512..548;

/// One line of the table.
#[derive(Debug)]
struct Call {
    name: &'static str,
    /// By [`Abi`].
    numbers: [Option<u16>; 3],
    rule: Rule,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Rule {
    Allow,
    Deny,
    Absent,
    Gone,
    /// Allowed with one of these capabilities.
    With(&'static [&'static str]),
    Look(Check),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Check {
    /// Which of the six; only its low half is looked at, as the kernel does for these calls.
    argument: u32,
    test: Test,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Test {
    Among(&'static [u32]),
    NotAmong(&'static [u32]),
    NoBit(u32),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Verdict {
    Allow,
    Fail(Errno),
    Look(Check),
}

/// None: the kernel has no such call, so that its neighbours' verdict does as well.
fn verdict(call: &Call) -> Option<Verdict> {
    if let Some((_, check)) = STRICTER.iter().find(|(name, _)| *name == call.name) {
        return Some(Verdict::Look(*check));
    }
    match call.rule {
        Rule::Allow => Some(Verdict::Allow),
        Rule::With(capabilities) if capabilities.iter().any(|name| is_kept(name)) => Some(Verdict::Allow),
        Rule::Deny | Rule::With(_) => Some(Verdict::Fail(Errno::EPERM)),
        Rule::Absent => Some(Verdict::Fail(Errno::ENOSYS)),
        Rule::Look(check) => Some(Verdict::Look(check)),
        Rule::Gone => None,
    }
}

fn is_kept(capability: &str) -> bool {
    presets::CAPABILITIES.contains(&capability)
}

/// (first number, verdict) over all numbers; each range ends where the next begins, the last one never.
fn ranges(abi: Abi) -> Vec<(u32, Verdict)> {
    let all = if abi == Abi::X32 { X32_OWN } else { 0..FIRST_NEWER };
    let mut calls = [None; X32_OWN.end as usize];
    for call in CALLS {
        if let Some(number) = call.numbers[abi as usize] {
            calls[usize::from(number)] = Some(call);
        }
    }
    let mut ranges: Vec<(u32, Verdict)> = Vec::with_capacity(128);
    for (number, verdict) in all.clone().filter_map(|number| Some((number, verdict(calls[number as usize]?)?))) {
        if ranges.last().is_none_or(|(_, last)| *last != verdict) {
            ranges.push((number, verdict));
        }
    }
    ranges.push((all.end, Verdict::Fail(Errno::ENOSYS)));
    ranges
}

/// A compiled filter.
#[derive(Debug, Clone)]
pub struct Filter(Vec<Instruction>);

impl Filter {
    // ANCHOR: filter
    pub fn docker_default() -> Filter {
        let mut program = Program::default();
        program.load(ARCH);
        let [native, i386] = [X86_64, I386].map(|arch| program.jump(JUMP_IF_EQUAL, arch));
        program.answer(KILL_PROCESS); // a table that we do not know: what would its numbers mean?
        program.land(native);
        program.load(NUMBER);
        let x32 = program.x32_calls();
        program.search(&ranges(Abi::X86_64));
        program.land(x32);
        program.search(&ranges(Abi::X32));
        program.land(i386);
        program.load(NUMBER);
        program.search(&ranges(Abi::I386));
        Filter(program.finish())
    }
    // ANCHOR_END: filter

    pub fn program(&self) -> &[Instruction] {
        &self.0
    }

    /// From now on every call of this thread is filtered. Needs no_new_privs.
    pub fn install(&self) -> Result<(), Errno> {
        install(&self.0)
    }
}
