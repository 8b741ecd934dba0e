use std::sync::LazyLock;

use super::compiler::bpf::{
    ALLOW, AND, ARCH, ARGUMENTS, DENY, FAIL, I386, JUMP_IF_ANY_BIT, JUMP_IF_AT_LEAST, JUMP_IF_EQUAL, KILL_PROCESS,
    LOAD_WORD, NUMBER, RETURN, X32_BIT, X86_64,
};
use super::compiler::{Abi, Call, Check, ENOSYS, FIRST_NEWER, Profile, Rule, Test, filter};
use super::*;
use crate::container::presets;

static PROFILE: LazyLock<Profile> =
    LazyLock::new(|| Profile::read(include_str!("calls.txt"), presets::CAPABILITIES).unwrap());

fn calls() -> impl Iterator<Item = &'static Call> {
    PROFILE.calls.iter()
}

fn is_kept(capability: &str) -> bool {
    PROFILE.kept.contains(&capability)
}

const NOT_THERE: u32 = FAIL | ENOSYS;
const ABIS: [(Abi, &str); 3] = [(Abi::X86_64, "x86-64"), (Abi::I386, "i386"), (Abi::X32, "x32")];

/// What the kernel's interpreter would return for one call.
fn run(arch: u32, number: u32, arguments: [u64; 6]) -> u32 {
    let filter = Filter::docker_default();
    let mut data = [0; 64];
    data[NUMBER as usize..][..4].copy_from_slice(&number.to_le_bytes());
    data[ARCH as usize..][..4].copy_from_slice(&arch.to_le_bytes());
    for (place, value) in arguments.iter().enumerate() {
        data[ARGUMENTS as usize + 8 * place..][..8].copy_from_slice(&value.to_le_bytes());
    }
    let (mut at, mut a) = (0, 0);
    loop {
        let Instruction { code, jt, jf, k } = filter.program()[at];
        at += 1;
        let jumps = match code {
            LOAD_WORD => {
                a = u32::from_le_bytes(data[k as usize..][..4].try_into().unwrap());
                continue;
            }
            AND => {
                a &= k;
                continue;
            }
            RETURN => return k,
            JUMP_IF_EQUAL => a == k,
            JUMP_IF_AT_LEAST => a >= k,
            JUMP_IF_ANY_BIT => a & k != 0,
            other => panic!("unknown code {other:#x}"),
        };
        at += usize::from(if jumps { jt } else { jf });
    }
}

fn call(number: u32, first: u64) -> u32 {
    run(X86_64, number, [first, 0, 0, 0, 0, 0])
}

fn asked(abi: Abi, number: u16, arguments: [u64; 6]) -> u32 {
    match abi {
        Abi::X86_64 => run(X86_64, number.into(), arguments),
        Abi::I386 => run(I386, number.into(), arguments),
        Abi::X32 => run(X86_64, X32_BIT | u32::from(number), arguments),
    }
}

/// What docker's filter answers: libseccomp compares all 64 bits of an argument.
fn dockers(rule: Rule, arguments: [u64; 6]) -> u32 {
    let among = |values: &[u32], value: u64| values.iter().any(|v| u64::from(*v) == value);
    let allowed = match rule {
        Rule::Allow => true,
        Rule::Absent => return NOT_THERE,
        Rule::Deny | Rule::Gone => false,
        Rule::With(capabilities) => capabilities.iter().any(|name| is_kept(name)),
        Rule::Look(Check { argument, test }) => match (test, arguments[argument as usize]) {
            (Test::Among(values), value) => among(values, value),
            (Test::NotAmong(values), value) => !among(values, value),
            (Test::NoBit(bits), value) => u64::from(bits) & value == 0,
        },
    };
    if allowed { ALLOW } else { DENY }
}

fn word(answer: u32) -> &'static str {
    match answer {
        ALLOW => "allowed",
        DENY => "EPERM",
        NOT_THERE => "ENOSYS",
        _ => "killed",
    }
}

/// Every call of every table, with arguments that some rule looks at.
#[test]
fn the_difference_to_dockers_profile_is_what_we_state() {
    let values = [0, 1, 2, 8, 38, 40, 41, 0x5412, 0x541c, 0x1000_0000, 0x2_0000, 0xffff_ffff, 0x1_0000_0026];
    let mut differences = Vec::new();
    for (abi, name) in ABIS {
        for known in calls() {
            let Some(number) = known.numbers[abi as usize] else { continue };
            for place in 0..2 {
                for value in values {
                    let mut arguments = [0; 6];
                    arguments[place] = value;
                    let (theirs, ours) = (dockers(known.rule, arguments), asked(abi, number, arguments));
                    if theirs != ours && known.rule != Rule::Gone {
                        let (theirs, ours) = (word(theirs), word(ours));
                        differences.push(format!("{name} {}(arg{place} {value:#x}): {theirs} {ours}", known.name));
                    }
                }
            }
        }
    }
    for line in &differences {
        println!("docker, isolab: {line}");
    }
    assert!(differences.len() < 40, "{} differences, see above", differences.len());
    let stated = |name| {
        [
            format!("{name} socket(arg0 0x100000026): allowed EPERM"), // the kernel sees 38, AF_ALG; libseccomp more bits
            format!("{name} ioctl(arg1 0x5412): allowed EPERM"),
            format!("{name} ioctl(arg1 0x541c): allowed EPERM"),
        ]
    };
    let mut stated: Vec<String> = ABIS.iter().flat_map(|(_, name)| stated(name)).collect();
    stated.sort();
    differences.sort();
    assert_eq!(differences, stated);
}

#[test]
fn what_is_newer_than_the_profile_is_absent() {
    for (abi, _) in ABIS {
        for number in (467..512).chain(548..600) {
            assert_eq!(asked(abi, number, [0; 6]), NOT_THERE, "{abi:?} {number}");
        }
    }
}

#[test]
fn the_table_is_whole() {
    let find = |name| calls().find(|c| c.name == name).unwrap_or_else(|| panic!("{name}"));
    for (name, number) in [
        ("mount", libc::SYS_mount),
        ("unshare", libc::SYS_unshare),
        ("bpf", libc::SYS_bpf),
        ("keyctl", libc::SYS_keyctl),
        ("open_by_handle_at", libc::SYS_open_by_handle_at),
        ("userfaultfd", libc::SYS_userfaultfd),
        ("io_uring_setup", libc::SYS_io_uring_setup),
        ("finit_module", libc::SYS_finit_module),
        ("statmount", 457),
        ("listmount", 458),
        ("execve", libc::SYS_execve),
    ] {
        assert_eq!(find(name).numbers[0].map(i64::from), Some(number), "{name}");
    }
    for (abi, name) in ABIS {
        let numbers: Vec<u16> = calls().filter_map(|c| c.numbers[abi as usize]).collect();
        let distinct: std::collections::BTreeSet<&u16> = numbers.iter().collect();
        assert_eq!(numbers.len(), distinct.len(), "no number of {name} stands twice");
        let last = calls().filter(|c| (c.rule != Rule::Absent && c.rule != Rule::Gone) || c.name == "clone3");
        let last = last.filter_map(|c| c.numbers[abi as usize]).filter(|n| *n < 512).max();
        assert_eq!(last.map(u32::from), Some(FIRST_NEWER - 1), "{name}");
    }
    for needed in [libc::SYS_execve, libc::SYS_read, libc::SYS_exit_group, libc::SYS_fork, libc::SYS_futex] {
        assert_eq!(call(needed as u32, 0), ALLOW, "our own last steps and every program need {needed}");
    }
    assert!(is_kept("CAP_SYS_CHROOT") && !is_kept("CAP_SYS_ADMIN"));
}

/// Each of these was once the other way.
#[test]
fn what_docker_learnt_we_know() {
    let of = |name: &str| calls().find(|c| c.name == name).unwrap().numbers[0].unwrap().into();
    for denied in ["lsm_get_self_attr", "lsm_set_self_attr", "lsm_list_modules", "uprobe"] {
        assert_eq!(call(of(denied), 0), DENY, "{denied}");
    }
    for newer in ["open_tree_attr", "file_getattr", "file_setattr"] {
        assert_eq!(call(of(newer), 0), NOT_THERE, "{newer}");
    }
    for allowed in ["statmount", "listmount", "uretprobe", "ptrace"] {
        assert_eq!(call(of(allowed), 0), ALLOW, "{allowed}");
    }
    assert_eq!((call(41, 1), call(41, 38), call(41, 39), call(41, 40)), (ALLOW, DENY, ALLOW, DENY), "socket");
}

#[test]
fn arguments_are_looked_at() {
    let ioctl = |request| run(X86_64, 16, [0, request, 0, 0, 0, 0]);
    assert_eq!((ioctl(0x5401), ioctl(0x5412), ioctl(0x541c)), (ALLOW, DENY, DENY));
    assert_eq!(ioctl(0xffff_ffff_0000_5412), DENY, "the kernel looks at the low half only");
    let thread = 0x003d_0f00;
    assert_eq!((call(56, thread), call(56, thread | 0x1000_0000), call(56, 0x0200_0000)), (ALLOW, DENY, DENY));
    for (value, expected) in [(0, ALLOW), (8, ALLOW), (0x2_0008, ALLOW), (0xffff_ffff, ALLOW), (0x4_0000, DENY)] {
        assert_eq!(call(135, value), expected, "personality {value:#x}");
    }
    let i386 = |number, first| run(I386, number, [first, 0, 0, 0, 0, 0]);
    assert_eq!(
        (i386(20, 0), i386(21, 0), i386(359, 2), i386(359, 38)),
        (ALLOW, DENY, ALLOW, DENY),
        "getpid mount socket"
    );
    assert_eq!(i386(165, 0), ALLOW, "getresuid: x86-64's mount");
}

#[test]
fn another_architecture_is_killed() {
    for arch in [0, 0xc000_00b7, 0x4000_0028] {
        assert_eq!(run(arch, 39, [0; 6]), KILL_PROCESS);
    }
}

#[test]
fn the_filter_is_short() {
    assert!(Filter::docker_default().program().len() < 200, "{}", Filter::docker_default().program().len());
}

/// The build runs the same compiler; here it is looked at with the tests' own eyes.
#[test]
fn the_built_filter_is_the_compilers() {
    let built = Filter::docker_default().program().iter().map(|i| (i.code, i.jt, i.jf, i.k));
    let compiled = filter(&PROFILE);
    assert!(built.eq(compiled.iter().map(|i| (i.code, i.jt, i.jf, i.k))), "{compiled:?}");
}

#[test]
fn a_line_of_the_table_that_is_not_understood_is_named() {
    for (text, line) in
        [("mount 165 21 = CAP_SYS_ADMIN\n\nread 0 3 = perhaps\n", "3"), ("read x 3 = allow", "1"), ("read 0", "1")]
    {
        let why = Profile::read(text, &[]).unwrap_err();
        assert!(why.starts_with(&format!("{line}: not understood: read")), "{why}");
    }
}
