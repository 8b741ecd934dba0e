use super::compiler::bpf::{
    ALLOW, AND, ARCH, ARGUMENTS, DENY, FAIL, I386, JUMP, JUMP_IF_ABOVE, JUMP_IF_ANY_BIT, JUMP_IF_AT_LEAST,
    JUMP_IF_EQUAL, KILL_PROCESS, LOAD_WORD, NUMBER, RETURN, X32_BIT, X86_64,
};
use super::compiler::{Abi, Call, Check, ENOSYS, FIRST_NEWER, Rule, Table, Test, docker, filter};
use super::docker::TABLE;
use super::profile::Rule as ProfileRule;
use super::{Action, Arg, Filter, Instruction, Op, Profile, docker_default};

fn calls() -> impl Iterator<Item = &'static Call> {
    TABLE.calls.iter()
}

fn is_kept(capability: &str) -> bool {
    TABLE.kept.contains(&capability)
}

const NOT_THERE: u32 = FAIL | ENOSYS;
const ABIS: [(Abi, &str); 3] = [(Abi::X86_64, "x86-64"), (Abi::I386, "i386"), (Abi::X32, "x32")];

fn run(arch: u32, number: u32, arguments: [u64; 6]) -> u32 {
    interpreted(&Filter::docker_default(), arch, number, arguments)
}

/// What the kernel's interpreter would return for one call.
fn interpreted(filter: &Filter, arch: u32, number: u32, arguments: [u64; 6]) -> u32 {
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
            JUMP => {
                at += k as usize;
                continue;
            }
            JUMP_IF_ABOVE => a > k,
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
    let built = Filter::docker_default();
    let built = built.program().iter().map(|i| (i.code, i.jt, i.jf, i.k));
    let compiled = filter(&docker(&TABLE)).unwrap();
    assert!(built.eq(compiled.iter().map(|i| (i.code, i.jt, i.jf, i.k))), "{compiled:?}");
}

#[test]
fn a_line_of_the_table_that_is_not_understood_is_named() {
    for (text, line) in
        [("mount 165 21 = CAP_SYS_ADMIN\n\nread 0 3 = perhaps\n", "3"), ("read x 3 = allow", "1"), ("read 0", "1")]
    {
        let why = Table::read(text, &[]).unwrap_err();
        assert!(why.starts_with(&format!("{line}: not understood: read")), "{why}");
    }
}

/// The value, sent through JSON, compiles to the very filter that students read.
#[test]
fn dockers_default_is_one_value_and_its_filter_is_byte_identical() {
    let text = serde_json::to_string(&docker_default()).unwrap();
    let filter = Filter::compile(&serde_json::from_str(&text).unwrap()).unwrap();
    let bytes = |filter: &Filter| -> Vec<_> { filter.program().iter().map(|i| (i.code, i.jt, i.jf, i.k)).collect() };
    assert_eq!(bytes(&filter), bytes(&Filter::docker_default()));
    assert_eq!((filter.program().len(), filter.flags), (153, 0));
    let digest = <sha2::Sha256 as sha2::Digest>::digest(format!("{:?}", bytes(&filter)));
    let digest: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
    assert_eq!(
        digest, "43bc7046b9482eb39554f9845eda39d8a88f438a95c56d60982939ed9713c9d9",
        "as it was before profiles were data"
    );
}

fn rule(names: &[&str], action: Action, args: Vec<Arg>) -> ProfileRule {
    ProfileRule { names: names.iter().map(|n| (*n).to_owned()).collect(), action, errno_ret: None, args }
}

fn profile(default_action: Action, syscalls: Vec<ProfileRule>) -> Profile {
    Profile { default_action, default_errno_ret: None, architectures: Vec::new(), flags: Vec::new(), syscalls }
}

/// Every comparison at, below and above its value, in both halves.
#[test]
fn arguments_are_compared_in_all_their_64_bits() {
    let values = [0, 1, 7, 0xffff_ffff, 0x1_0000_0000, 0x1_0000_0007, 0x7_0000_0001, 1 << 63, u64::MAX];
    let mask = 0xff_0000_00ff;
    for value in values {
        for op in [Op::NotEqual, Op::Less, Op::LessOrEqual, Op::Equal, Op::GreaterOrEqual, Op::Greater, Op::MaskedEqual]
        {
            let (first, second) = if op == Op::MaskedEqual { (mask, value & mask) } else { (value, 0) };
            let arg = Arg { index: 3, value: first, value_two: second, op };
            let filter =
                Filter::compile(&profile(Action::Errno, vec![rule(&["read"], Action::Allow, vec![arg])])).unwrap();
            for given in values.into_iter().flat_map(|v| [v.wrapping_sub(1), v, v.wrapping_add(1)]) {
                let met = match op {
                    Op::NotEqual => given != value,
                    Op::Less => given < value,
                    Op::LessOrEqual => given <= value,
                    Op::Equal => given == value,
                    Op::GreaterOrEqual => given >= value,
                    Op::Greater => given > value,
                    Op::MaskedEqual => given & mask == value & mask,
                };
                let found = interpreted(&filter, X86_64, 0, [0, 0, 0, given, 0, 0]);
                assert_eq!(found, if met { ALLOW } else { DENY }, "{given:#x} {op:?} {value:#x}");
            }
        }
    }
}

#[test]
fn rules_of_one_call_are_tried_in_their_order() {
    let arg = |index, value| Arg { index, value, value_two: 0, op: Op::Equal };
    let both = rule(&["write"], Action::Trap, vec![arg(0, 1), arg(1, 2)]); // all of them
    let either = rule(&["read"], Action::Allow, vec![arg(0, 1), arg(0, 2)]); // of one argument: one of them
    let first = rule(&["close"], Action::KillThread, vec![arg(0, 1)]);
    let then = rule(&["close", "no_such_call"], Action::Allow, vec![]);
    let filter = Filter::compile(&profile(Action::Errno, vec![both, either, then, first])).unwrap();
    let answer = |number, first, second| interpreted(&filter, X86_64, number, [first, second, 0, 0, 0, 0]);
    assert_eq!((answer(1, 1, 2), answer(1, 1, 3), answer(1, 3, 2)), (0x3_0000, DENY, DENY));
    assert_eq!((answer(0, 1, 0), answer(0, 2, 0), answer(0, 3, 0)), (ALLOW, ALLOW, DENY));
    assert_eq!((answer(3, 1, 0), answer(3, 2, 0)), (0, ALLOW), "with arguments before without");
    assert_eq!((answer(2, 0, 0), answer(4, 0, 0)), (DENY, NOT_THERE), "newer than all that are named: ENOSYS");
    assert_eq!(interpreted(&filter, I386, 3, [0; 6]), KILL_PROCESS, "not among its architectures");
    assert_eq!(interpreted(&filter, X86_64, X32_BIT, [1, 0, 0, 0, 0, 0]), KILL_PROCESS);
}

#[test]
fn each_action_has_the_kernels_number() {
    for (action, errno, expected) in [
        (Action::KillThread, None, 0),
        (Action::KillProcess, None, 0x8000_0000),
        (Action::Trap, None, 0x0003_0000),
        (Action::Errno, Some(38), 0x0005_0026),
        (Action::Trace, Some(7), 0x7ff0_0007),
        (Action::Log, None, 0x7ffc_0000),
    ] {
        let one = ProfileRule { errno_ret: errno, ..rule(&["getppid"], action, vec![]) };
        let mut allow = profile(Action::Allow, vec![one]);
        allow.architectures = vec!["SCMP_ARCH_X86".into(), "SCMP_ARCH_X32".into(), "SCMP_ARCH_ARM".into()];
        let filter = Filter::compile(&allow).unwrap();
        let getppid = libc::SYS_getppid as u32;
        for (arch, number) in [(X86_64, getppid), (I386, 64), (X86_64, X32_BIT | getppid)] {
            assert_eq!(interpreted(&filter, arch, number, [0; 6]), expected, "{action:?} {arch:#x}");
            assert_eq!(interpreted(&filter, arch, 111, [0; 6]), ALLOW);
            assert_eq!(interpreted(&filter, arch, 999, [0; 6]), ALLOW, "newer, and all is allowed");
        }
    }
}

/// Each second call another answer: too many ranges for short jumps, and each is still found.
#[test]
fn a_profile_without_order_has_a_long_filter_that_answers_the_same() {
    let names: Vec<&Call> = calls().filter(|call| call.numbers[0].is_some_and(|n| n < 512)).collect();
    let rules = names.iter().map(|call| {
        let errno = u32::from(call.numbers[0].unwrap()) + 1;
        ProfileRule { errno_ret: Some(errno), ..rule(&[call.name], Action::Errno, vec![]) }
    });
    let mut many = profile(Action::Allow, rules.collect());
    many.architectures = vec!["SCMP_ARCH_X86".into(), "SCMP_ARCH_X32".into()];
    let filter = Filter::compile(&many).unwrap();
    assert!(filter.program().len() > 1000, "{}", filter.program().len());
    for call in names {
        let number = call.numbers[0].unwrap().into();
        let found = interpreted(&filter, X86_64, number, [0; 6]);
        assert_eq!(found, FAIL | (number + 1), "{}", call.name);
        if let Some(i386) = call.numbers[1] {
            assert_eq!(interpreted(&filter, I386, i386.into(), [0; 6]), found, "{} of i386", call.name);
        }
    }
    let values = (0..900).map(|value| {
        let arg = Arg { index: 0, value, value_two: 0, op: Op::Equal };
        rule(&["read"], Action::Allow, vec![arg])
    });
    let error = Filter::compile(&profile(Action::Errno, values.collect())).unwrap_err();
    assert!(error.cause.contains("4096"), "{error}");
}

#[test]
fn what_a_profile_cannot_ask_for_is_refused_by_name() {
    type Edit = fn(&mut Profile);
    let cases: [(&str, Edit); 9] = [
        ("defaultAction", |p| p.default_action = Action::Notify),
        ("defaultErrnoRet", |p| p.default_errno_ret = Some(4096)),
        ("architectures[]", |p| p.architectures.push("SCMP_ARCH_PDP11".into())),
        ("flags[]", |p| p.flags.push("SECCOMP_FILTER_FLAG_LUCK".into())),
        ("flags[]", |p| p.flags.push("SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV".into())),
        ("syscalls[].names", |p| p.syscalls[0].names.clear()),
        ("syscalls[].action", |p| p.syscalls[0].action = Action::Notify),
        ("syscalls[].errnoRet", |p| p.syscalls[0].errno_ret = Some(1)),
        ("syscalls[].args[].index", |p| {
            p.syscalls[0].args.push(Arg { index: 6, value: 0, value_two: 0, op: Op::Equal });
        }),
    ];
    for (field, edit) in cases {
        let mut bad = profile(Action::Errno, vec![rule(&["read"], Action::Allow, vec![])]);
        edit(&mut bad);
        let error = Filter::compile(&bad).unwrap_err();
        assert!(error.doing.contains(field), "{field}: {error}");
    }
    for text in ["{}", r#"{"defaultAction":"SCMP_ACT_FLY"}"#, r#"{"defaultAction":"SCMP_ACT_LOG","rules":[]}"#] {
        assert!(serde_json::from_str::<Profile>(text).is_err(), "{text}");
    }
    let flags = ["SECCOMP_FILTER_FLAG_TSYNC", "SECCOMP_FILTER_FLAG_LOG", "SECCOMP_FILTER_FLAG_SPEC_ALLOW"];
    let with_flags = Profile { flags: flags.map(str::to_owned).to_vec(), ..profile(Action::Allow, vec![]) };
    assert_eq!(Filter::compile(&with_flags).unwrap().flags, 6);
}
