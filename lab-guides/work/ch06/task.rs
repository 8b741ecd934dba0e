//! What a seccomp policy is, and how it becomes a filter. Read it; your part is in `work.rs`.
#![allow(dead_code, reason = "which of these names a solution uses is its own affair")]

/// What the kernel does when a call matches.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    Allow,
    /// The call is not made; the program sees this error number.
    Fail(u16),
    /// The whole process ends at once.
    Kill,
}

/// A policy for one program. The kernel asks for every call: which architecture, which number?
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Policy {
    /// The call came through another door than x86-64's (`int 0x80`, say). There the same numbers mean other calls.
    pub other_architecture: Verdict,
    /// Call numbers of x86-64 with their verdicts; the first that matches counts.
    pub calls: Vec<(u32, Verdict)>,
    /// Every number that is not in the list, also those that no kernel has yet.
    pub everything_else: Verdict,
}

/// Operation not permitted: "you may not".
pub const EPERM: u16 = 1;
/// Function not implemented: "there is no such call here". Programs then try an older one.
pub const ENOSYS: u16 = 38;

/// Call numbers of Linux on x86-64 (arch/x86/entry/syscalls/syscall_64.tbl).
pub const READ: u32 = 0;
pub const WRITE: u32 = 1;
pub const CLOSE: u32 = 3;
pub const MMAP: u32 = 9;
pub const MUNMAP: u32 = 11;
pub const MADVISE: u32 = 28;
pub const NANOSLEEP: u32 = 35;
pub const GETPID: u32 = 39;
pub const SOCKET: u32 = 41;
pub const EXECVE: u32 = 59;
pub const EXIT: u32 = 60;
pub const GETPPID: u32 = 110;
pub const EXIT_GROUP: u32 = 231;
pub const OPENAT: u32 = 257;

/// The calls of isolab's probe, its start and its end, and two that go with them (close, munmap).
pub const THE_PROBES: &[u32] =
    &[READ, WRITE, CLOSE, MMAP, MUNMAP, MADVISE, NANOSLEEP, GETPID, EXECVE, EXIT, GETPPID, EXIT_GROUP, OPENAT];

/// One instruction of classic BPF, as the kernel reads it (struct sock_filter).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(C)]
pub struct Instruction {
    pub code: u16,
    pub jump_if_true: u8,
    pub jump_if_false: u8,
    pub k: u32,
}

pub const LOAD: u16 = 0x20;
pub const JUMP_IF_EQUAL: u16 = 0x15;
pub const RETURN: u16 = 0x06;
/// Where they stand in struct seccomp_data.
pub const NUMBER: u32 = 0;
pub const ARCHITECTURE: u32 = 4;
pub const X86_64: u32 = 0xc000_003e;
pub const I386: u32 = 0x4000_0003;
/// Set in the numbers of the x32 calls: another table, but the *same* architecture.
pub const X32_BIT: u32 = 0x4000_0000;

/// The policy as a program: architecture first, then one comparison per call.
pub fn compile(policy: &Policy) -> Vec<Instruction> {
    let step = |code, k, jump_if_false| Instruction { code, jump_if_true: 0, jump_if_false, k };
    let mut program = vec![
        step(LOAD, ARCHITECTURE, 0),
        Instruction { code: JUMP_IF_EQUAL, jump_if_true: 1, jump_if_false: 0, k: X86_64 },
        step(RETURN, answer(policy.other_architecture), 0),
        step(LOAD, NUMBER, 0),
    ];
    for (number, verdict) in &policy.calls {
        program.push(step(JUMP_IF_EQUAL, *number, 1)); // another number: over the answer
        program.push(step(RETURN, answer(*verdict), 0));
    }
    program.push(step(RETURN, answer(policy.everything_else), 0));
    program
}

/// SECCOMP_RET_*.
pub fn answer(verdict: Verdict) -> u32 {
    match verdict {
        Verdict::Allow => 0x7fff_0000,
        Verdict::Fail(errno) => 0x0005_0000 | u32::from(errno),
        Verdict::Kill => 0x8000_0000,
    }
}
