//! The system call filter: what docker's default profile denies, as a program for the kernel.
//!
//! The table below is data; [`Filter::usual`] turns it into classic BPF, before anything is measured:
//!
//! ```text
//! table of calls → one verdict per number → neighbours with one verdict become a range → binary search over ranges
//! ```
//!
//! The search matters. When a filter is installed the kernel runs it once for every system call number, to learn which
//! calls it may always let through; a linear list of 350 comparisons cost 0.36 ms to install, ranges in a search 0.03.

use nix::errno::Errno;

pub use crate::sys::seccomp::Instruction;
use crate::sys::seccomp::install;

/// Calls that get EPERM. Moby's profile (`profiles/seccomp/default_linux.go`) is a list of what is allowed with the usual
/// capabilities; this is the rest of x86-64's numbers.
#[rustfmt::skip]
pub const DENIED: &[(u32, &str)] = &[
    // another root, other mounts
    (165, "mount"), (166, "umount2"), (155, "pivot_root"), (428, "open_tree"), (429, "move_mount"), (430, "fsopen"),
    (431, "fsconfig"), (432, "fsmount"), (433, "fspick"), (442, "mount_setattr"), (457, "statmount"), (458, "listmount"),
    (467, "open_tree_attr"), (179, "quotactl"), (443, "quotactl_fd"), (304, "open_by_handle_at"), (300, "fanotify_init"),
    // other namespaces
    (272, "unshare"), (308, "setns"),
    // the kernel itself: modules, another kernel, programs in it
    (174, "create_module"), (175, "init_module"), (176, "delete_module"), (177, "get_kernel_syms"), (178, "query_module"),
    (313, "finit_module"), (246, "kexec_load"), (320, "kexec_file_load"), (321, "bpf"), (298, "perf_event_open"),
    (323, "userfaultfd"), (425, "io_uring_setup"), (426, "io_uring_enter"), (427, "io_uring_register"),
    // the machine: power, clock, swap, ports, names
    (169, "reboot"), (164, "settimeofday"), (227, "clock_settime"), (167, "swapon"), (168, "swapoff"), (172, "iopl"),
    (173, "ioperm"), (170, "sethostname"), (171, "setdomainname"), (163, "acct"), (153, "vhangup"), (103, "syslog"),
    // keys have no namespace
    (248, "add_key"), (249, "request_key"), (250, "keyctl"),
    // other processes
    (312, "kcmp"), (438, "pidfd_getfd"), (440, "process_madvise"),
    // memory of other NUMA nodes
    (236, "vserver"), (237, "mbind"), (238, "set_mempolicy"), (239, "get_mempolicy"), (256, "migrate_pages"),
    (279, "move_pages"), (450, "set_mempolicy_home_node"),
    // long obsolete
    (134, "uselib"), (136, "ustat"), (139, "sysfs"), (156, "_sysctl"), (180, "nfsservctl"), (181, "getpmsg"),
    (182, "putpmsg"), (183, "afs_syscall"), (184, "tuxcall"), (185, "security"), (212, "lookup_dcookie"),
];

const CLONE3: u32 = 435; // its flags stand in memory, where a filter cannot look: ENOSYS makes libc use clone instead
const FIRST_UNKNOWN: u32 = 470; // and the calls of the x32 ABI, which have bit 30 set

/// Calls that are allowed for some values of one argument.
const LOOKED_AT: &[(u32, Check)] = &[
    (16, Check { argument: 1, test: Test::NotAmong(&[0x5412, 0x541c]) }), // ioctl: TIOCSTI and TIOCLINUX type for the user
    (41, Check { argument: 0, test: Test::NotAmong(&[40]) }),             // socket: AF_VSOCK, the way to a hypervisor
    (56, Check { argument: 0, test: Test::NoBit(0x7e02_0000) }),          // clone: CLONE_NEW*
    (135, Check { argument: 0, test: Test::Among(&[0, 8, 0x2_0000, 0x2_0008, 0xffff_ffff]) }), // personality
];

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

fn verdict(number: u32) -> Verdict {
    let look = LOOKED_AT.iter().find(|(n, _)| *n == number);
    match look {
        Some((_, check)) => Verdict::Look(*check),
        None if number == CLONE3 || number >= FIRST_UNKNOWN => Verdict::Fail(Errno::ENOSYS),
        None if DENIED.iter().any(|(n, _)| *n == number) => Verdict::Fail(Errno::EPERM),
        None => Verdict::Allow,
    }
}

/// (first number, verdict); each range ends where the next begins.
fn ranges() -> Vec<(u32, Verdict)> {
    let mut ranges: Vec<(u32, Verdict)> = Vec::new();
    for number in 0..=FIRST_UNKNOWN {
        let verdict = verdict(number);
        if ranges.last().is_none_or(|(_, last)| *last != verdict) {
            ranges.push((number, verdict));
        }
    }
    ranges
}

/// A compiled filter.
#[derive(Debug, Clone)]
pub struct Filter(Vec<Instruction>);

impl Filter {
    // ANCHOR: filter
    pub fn usual() -> Filter {
        let mut program = Vec::with_capacity(256);
        program.push(load(ARCH));
        program.push(jump(JUMP_IF_EQUAL, X86_64, 1, 0));
        program.push(answer(KILL_PROCESS)); // 32-bit numbers mean other calls: `int 0x80` would walk around the filter
        program.push(load(NUMBER));
        search(&ranges(), &mut program);
        Filter(program)
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

/// Halves the ranges until one is left: a chain of comparisons as deep as the logarithm.
fn search(ranges: &[(u32, Verdict)], program: &mut Vec<Instruction>) {
    if let [(_, verdict)] = ranges {
        return decide(*verdict, program);
    }
    let (lower, upper) = ranges.split_at(ranges.len() / 2);
    let here = program.len();
    program.push(answer(KILL_PROCESS)); // becomes the jump, once its distance is known
    search(lower, program);
    let distance = u8::try_from(program.len() - here - 1).expect("half of the filter is shorter than 256 instructions");
    program[here] = jump(JUMP_IF_AT_LEAST, upper[0].0, distance, 0);
    search(upper, program);
}

fn decide(verdict: Verdict, program: &mut Vec<Instruction>) {
    match verdict {
        Verdict::Allow => program.push(answer(ALLOW)),
        Verdict::Fail(errno) => program.push(answer(FAIL | errno as u32)),
        Verdict::Look(check) => look(check, program),
    }
}

fn look(check: Check, program: &mut Vec<Instruction>) {
    let (code, values, met): (u16, &[u32], bool) = match &check.test {
        Test::Among(values) => (JUMP_IF_EQUAL, values, true),
        Test::NotAmong(values) => (JUMP_IF_EQUAL, values, false),
        Test::NoBit(bits) => (JUMP_IF_ANY_BIT, std::slice::from_ref(bits), false),
    };
    program.push(load(ARGUMENTS + 8 * check.argument));
    for (place, value) in values.iter().enumerate() {
        program.push(jump(code, *value, (values.len() - place) as u8, 0)); // over the rest and the first answer
    }
    let (if_met, otherwise) = if met { (ALLOW, DENY) } else { (DENY, ALLOW) };
    program.push(answer(otherwise));
    program.push(answer(if_met));
}

// Offsets into struct seccomp_data, codes of linux/bpf_common.h, answers of linux/seccomp.h.
const NUMBER: u32 = 0;
const ARCH: u32 = 4;
const ARGUMENTS: u32 = 16;
const X86_64: u32 = 0xc000_003e;
const LOAD_WORD: u16 = 0x20;
const JUMP_IF_EQUAL: u16 = 0x15;
const JUMP_IF_AT_LEAST: u16 = 0x35;
const JUMP_IF_ANY_BIT: u16 = 0x45;
const RETURN: u16 = 0x06;
const ALLOW: u32 = 0x7fff_0000;
const FAIL: u32 = 0x0005_0000;
const DENY: u32 = FAIL | Errno::EPERM as u32;
const KILL_PROCESS: u32 = 0x8000_0000;

fn load(offset: u32) -> Instruction {
    Instruction { code: LOAD_WORD, jt: 0, jf: 0, k: offset }
}

fn jump(code: u16, k: u32, jt: u8, jf: u8) -> Instruction {
    Instruction { code, jt, jf, k }
}

fn answer(k: u32) -> Instruction {
    Instruction { code: RETURN, jt: 0, jf: 0, k }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What the kernel's interpreter would return for one call.
    fn run(arch: u32, number: u32, arguments: [u64; 6]) -> u32 {
        let filter = Filter::usual();
        let mut data = [0; 64];
        data[..4].copy_from_slice(&number.to_le_bytes());
        data[4..8].copy_from_slice(&arch.to_le_bytes());
        for (place, value) in arguments.iter().enumerate() {
            data[16 + 8 * place..][..8].copy_from_slice(&value.to_le_bytes());
        }
        let (mut at, mut a) = (0, 0);
        loop {
            let Instruction { code, jt, jf, k } = filter.program()[at];
            let jumps = match code {
                LOAD_WORD => {
                    a = u32::from_le_bytes(data[k as usize..][..4].try_into().unwrap());
                    at += 1;
                    continue;
                }
                RETURN => return k,
                JUMP_IF_EQUAL => a == k,
                JUMP_IF_AT_LEAST => a >= k,
                JUMP_IF_ANY_BIT => a & k != 0,
                other => panic!("unknown code {other:#x}"),
            };
            at += 1 + usize::from(if jumps { jt } else { jf });
        }
    }

    fn call(number: u32, first: u64) -> u32 {
        run(X86_64, number, [first, 0, 0, 0, 0, 0])
    }

    const NOT_THERE: u32 = FAIL | Errno::ENOSYS as u32;

    #[test]
    fn every_number_gets_what_the_table_says() {
        for number in (0..600).filter(|n| !LOOKED_AT.iter().any(|(m, _)| m == n)) {
            let expected = match number {
                435 | 470.. => NOT_THERE,
                n if DENIED.iter().any(|(m, _)| *m == n) => DENY,
                _ => ALLOW,
            };
            assert_eq!(call(number, u64::MAX), expected, "call {number}");
        }
    }

    #[test]
    fn the_numbers_are_the_kernels() {
        for (name, number) in [
            ("mount", libc::SYS_mount),
            ("unshare", libc::SYS_unshare),
            ("setns", libc::SYS_setns),
            ("bpf", libc::SYS_bpf),
            ("keyctl", libc::SYS_keyctl),
            ("reboot", libc::SYS_reboot),
            ("pivot_root", libc::SYS_pivot_root),
            ("open_by_handle_at", libc::SYS_open_by_handle_at),
            ("userfaultfd", libc::SYS_userfaultfd),
            ("mount_setattr", libc::SYS_mount_setattr),
            ("io_uring_setup", libc::SYS_io_uring_setup),
            ("finit_module", libc::SYS_finit_module),
            ("kexec_file_load", libc::SYS_kexec_file_load),
            ("settimeofday", libc::SYS_settimeofday),
        ] {
            assert!(DENIED.contains(&(number as u32, name)), "{name}");
        }
        let numbers: std::collections::BTreeSet<u32> = DENIED.iter().map(|(n, _)| *n).collect();
        assert_eq!(numbers.len(), DENIED.len(), "no number stands twice");
        for needed in [libc::SYS_execve, libc::SYS_read, libc::SYS_exit_group, libc::SYS_fork, libc::SYS_futex] {
            assert_eq!(call(needed as u32, 0), ALLOW, "our own last steps and every program need {needed}");
        }
    }

    #[test]
    fn arguments_are_looked_at() {
        let ioctl = |request| run(X86_64, 16, [0, request, 0, 0, 0, 0]);
        assert_eq!((ioctl(0x5401), ioctl(0x5412), ioctl(0x541c)), (ALLOW, DENY, DENY));
        assert_eq!(ioctl(0xffff_ffff_0000_5412), DENY, "the kernel looks at the low half only");
        assert_eq!((call(41, 1), call(41, 40)), (ALLOW, DENY));
        let thread = 0x003d_0f00;
        assert_eq!((call(56, thread), call(56, thread | 0x1000_0000), call(56, 0x0200_0000)), (ALLOW, DENY, DENY));
        for (value, expected) in [(0, ALLOW), (8, ALLOW), (0x2_0008, ALLOW), (0xffff_ffff, ALLOW), (0x4_0000, DENY)] {
            assert_eq!(call(135, value), expected, "personality {value:#x}");
        }
    }

    #[test]
    fn another_architecture_is_killed() {
        for arch in [0x4000_0003, 0, 0xc000_00b7] {
            assert_eq!(run(arch, 39, [0; 6]), KILL_PROCESS);
        }
        assert_eq!(call(0x4000_0027, 0), NOT_THERE, "x32");
    }

    #[test]
    fn no_path_through_the_filter_is_long() {
        assert!(ranges().len() < 80, "{}", ranges().len());
        assert!(Filter::usual().program().len() < 200, "{}", Filter::usual().program().len());
    }
}
