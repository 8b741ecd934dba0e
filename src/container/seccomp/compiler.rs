//! From the profile's table to a program for the kernel:
//!
//! ```text
//! table of calls → one verdict per number → neighbours with one verdict become a range → binary search over ranges
//! ```
//!
//! `build.rs` runs this, and the tests; isolab itself has the program. So it uses std alone.

#[path = "bpf.rs"]
pub(super) mod bpf;

use self::bpf::{ARCH, ARGUMENTS, I386, Instruction, JUMP_IF_EQUAL, KILL_PROCESS, NUMBER, Program, X86_64};

// errno(3), on all three tables
pub(super) const EPERM: u32 = 1;
pub(super) const ENOSYS: u32 = 38;

/// What we refuse beyond docker: a program could type into the terminal of the user who started it.
const STRICTER: &[(&str, Check)] = &[("ioctl", Check { argument: 1, test: Test::NotAmong(&[TIOCSTI, TIOCLINUX]) })];
const TIOCSTI: u32 = 0x5412;
const TIOCLINUX: u32 = 0x541c;

/// The kernel's three tables of calls. A number means another call in each, so each needs its own part of the filter: with
/// only one of them `int 0x80` would walk around it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Abi {
    X86_64,
    I386,
    X32,
}

/// The first number that is newer than the profile.
pub(super) const FIRST_NEWER: u32 = 467;
/// x32 has x86-64's numbers, and these for the calls whose arguments lie differently in memory.
pub(super) const X32_OWN: std::ops::Range<u32> = 512..548;

/// What docker's default profile says of a container that keeps these capabilities.
#[derive(Debug)]
pub(super) struct Profile {
    pub(super) calls: Vec<Call>,
    pub(super) kept: &'static [&'static str],
}

/// One line of the table.
#[derive(Debug)]
pub(super) struct Call {
    pub(super) name: &'static str,
    /// By [`Abi`].
    pub(super) numbers: [Option<u16>; 3],
    pub(super) rule: Rule,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Rule {
    Allow,
    Deny,
    Absent,
    Gone,
    /// Allowed with one of these capabilities.
    With(&'static [&'static str]),
    Look(Check),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Check {
    /// Which of the six; only its low half is looked at, as the kernel does for these calls.
    pub(super) argument: u32,
    pub(super) test: Test,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Test {
    Among(&'static [u32]),
    NotAmong(&'static [u32]),
    NoBit(u32),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verdict {
    Allow,
    Fail(u32),
    Look(Check),
}

/// None: the kernel has no such call, so that its neighbours' verdict does as well.
fn verdict(call: &Call, kept: &[&str]) -> Option<Verdict> {
    if let Some((_, check)) = STRICTER.iter().find(|(name, _)| *name == call.name) {
        return Some(Verdict::Look(*check));
    }
    match call.rule {
        Rule::Allow => Some(Verdict::Allow),
        Rule::With(capabilities) if capabilities.iter().any(|name| kept.contains(name)) => Some(Verdict::Allow),
        Rule::Deny | Rule::With(_) => Some(Verdict::Fail(EPERM)),
        Rule::Absent => Some(Verdict::Fail(ENOSYS)),
        Rule::Look(check) => Some(Verdict::Look(check)),
        Rule::Gone => None,
    }
}

/// (first number, verdict) over all numbers; each range ends where the next begins, the last one never.
fn ranges(profile: &Profile, abi: Abi) -> Vec<(u32, Verdict)> {
    let all = if abi == Abi::X32 { X32_OWN } else { 0..FIRST_NEWER };
    let mut calls = [None; X32_OWN.end as usize];
    for call in &profile.calls {
        if let Some(number) = call.numbers[abi as usize] {
            calls[usize::from(number)] = Some(call);
        }
    }
    let mut ranges: Vec<(u32, Verdict)> = Vec::with_capacity(128);
    for (number, verdict) in
        all.clone().filter_map(|number| Some((number, verdict(calls[number as usize]?, profile.kept)?)))
    {
        if ranges.last().is_none_or(|(_, last)| *last != verdict) {
            ranges.push((number, verdict));
        }
    }
    ranges.push((all.end, Verdict::Fail(ENOSYS)));
    ranges
}

// ANCHOR: filter
pub(super) fn filter(profile: &Profile) -> Vec<Instruction> {
    let mut program = Program::default();
    program.load(ARCH);
    let [native, i386] = [X86_64, I386].map(|arch| program.jump(JUMP_IF_EQUAL, arch));
    program.answer(KILL_PROCESS); // a table that we do not know: what would its numbers mean?
    program.land(native);
    program.load(NUMBER);
    let x32 = program.x32_calls();
    program.search(&ranges(profile, Abi::X86_64));
    program.land(x32);
    program.search(&ranges(profile, Abi::X32));
    program.land(i386);
    program.load(ARGUMENTS); // so that the kernel does not run it for every number: nobody measures these calls
    program.load(NUMBER);
    program.search(&ranges(profile, Abi::I386));
    program.finish()
}
// ANCHOR_END: filter

impl Profile {
    /// `calls.txt`; the line that is not understood.
    pub(super) fn read(text: &'static str, kept: &'static [&'static str]) -> Result<Profile, String> {
        let lines = text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty() && !line.starts_with('#'));
        let call = |(place, line)| call(line).ok_or_else(|| format!("{}: not understood: {line}", place + 1));
        Ok(Profile { calls: lines.map(call).collect::<Result<_, _>>()?, kept })
    }
}

/// "mount 165 21 = CAP_SYS_ADMIN": name, numbers of x86-64, i386 and x32, rule.
fn call(line: &'static str) -> Option<Call> {
    let words: Vec<&'static str> = line.split_whitespace().collect();
    let [name, native, i386, x32, rule @ ..] = words.as_slice() else { return None };
    let x32 = if *x32 == "=" { native } else { x32 };
    let number = |text: &str| if text == "-" { Some(None) } else { Some(Some(text.parse().ok()?)) };
    let value = |text: &&str| match text.strip_prefix("0x") {
        Some(digits) => u32::from_str_radix(&digits.replace('_', ""), 16).ok(),
        None => text.parse().ok(),
    };
    let values = |texts: &[&str]| Some(&*texts.iter().map(value).collect::<Option<Vec<u32>>>()?.leak());
    let look = |test| Some(Rule::Look(Check { argument: 0, test }));
    let rule = match rule {
        ["allow"] => Some(Rule::Allow),
        ["deny"] => Some(Rule::Deny),
        ["gone"] => Some(Rule::Gone),
        ["absent" | "newer"] => Some(Rule::Absent),
        ["arg0", "not", texts @ ..] => look(Test::NotAmong(values(texts)?)),
        ["arg0", "only", texts @ ..] => look(Test::Among(values(texts)?)),
        ["arg0", "without", bits] => look(Test::NoBit(value(bits)?)),
        names if !names.is_empty() && names.iter().all(|name| name.starts_with("CAP_")) => {
            Some(Rule::With(names.to_vec().leak()))
        }
        _ => None,
    }?;
    Some(Call { name, numbers: [number(native)?, number(i386)?, number(x32)?], rule })
}
