//! From what becomes of each call to a program for the kernel:
//!
//! ```text
//! one treatment per number → neighbours with one treatment become a range → binary search over ranges
//! ```
//!
//! `build.rs` runs this for docker's profile, of which isolab has the program then; and so does a start with another profile. So it
//! uses std alone.

#[path = "bpf.rs"]
pub(super) mod bpf;

use self::bpf::{
    ALLOW, ARCH, ARGUMENTS, DENY, FAIL, I386, Instruction, JUMP_IF_EQUAL, KILL_PROCESS, NUMBER, Program, X86_64,
};

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

/// The first number that is newer than docker's profile.
pub(super) const FIRST_NEWER: u32 = 467;
/// x32 has x86-64's numbers, and these for the calls whose arguments lie differently in memory.
pub(super) const X32_OWN: std::ops::Range<u32> = 512..548;

/// `calls.txt`: all calls, and what docker's default profile says of a container that keeps these capabilities.
#[derive(Debug)]
pub(super) struct Table {
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

impl Table {
    /// The line that is not understood.
    pub(super) fn read(text: &'static str, kept: &'static [&'static str]) -> Result<Table, String> {
        let lines = text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty() && !line.starts_with('#'));
        let call = |(place, line)| call(line).ok_or_else(|| format!("{}: not understood: {line}", place + 1));
        Ok(Table { calls: lines.map(call).collect::<Result<_, _>>()?, kept })
    }

    /// Docker's rule, with what we refuse beyond it.
    pub(super) fn rule_of(&self, call: &Call) -> Rule {
        match call.rule {
            _ if STRICTER.iter().any(|(name, _)| *name == call.name) => Rule::Look(
                STRICTER.iter().find(|(name, _)| *name == call.name).map_or(STRICTER[0].1, |(_, check)| *check),
            ),
            Rule::With(capabilities) if capabilities.iter().any(|name| self.kept.contains(name)) => Rule::Allow,
            Rule::With(_) => Rule::Deny,
            rule => rule,
        }
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

/// What becomes of a call: the answer of the first clause that its arguments meet, else the last one. Answers are the kernel's
/// (SECCOMP_RET_*, with their data).
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Treatment {
    pub(super) clauses: Vec<Clause>,
    pub(super) otherwise: u32,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Clause {
    /// All of them.
    pub(super) conditions: Vec<Condition>,
    pub(super) answer: u32,
}

/// An argument, or what the mask leaves of it, beside a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Condition {
    pub(super) argument: u32,
    pub(super) comparison: Comparison,
    pub(super) mask: u64,
    pub(super) value: u64,
}

/// Of numbers without sign.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Comparison {
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    GreaterOrEqual,
    Greater,
}

pub(super) const LOW_HALF: u64 = 0xffff_ffff;

impl Treatment {
    pub(super) fn always(answer: u32) -> Treatment {
        Treatment { clauses: Vec::new(), otherwise: answer }
    }

    /// None: the kernel has no such call, so that its neighbours' treatment does as well.
    pub(super) fn of_docker(rule: Rule) -> Option<Treatment> {
        match rule {
            Rule::Allow => Some(Treatment::always(ALLOW)),
            Rule::Deny | Rule::With(_) => Some(Treatment::always(DENY)),
            Rule::Absent => Some(Treatment::always(FAIL | ENOSYS)),
            Rule::Gone => None,
            Rule::Look(Check { argument, test }) => {
                let (masks, met, otherwise): (Vec<(u64, u64)>, _, _) = match test {
                    Test::Among(values) => (of_low_half(values), ALLOW, DENY),
                    Test::NotAmong(values) => (of_low_half(values), DENY, ALLOW),
                    Test::NoBit(bits) => (vec![(bits.into(), 0)], ALLOW, DENY),
                };
                let clause = |(mask, value)| {
                    let condition = Condition { argument, comparison: Comparison::Equal, mask, value };
                    Clause { conditions: vec![condition], answer: met }
                };
                Some(Treatment { clauses: masks.into_iter().map(clause).collect(), otherwise })
            }
        }
    }
}

fn of_low_half(values: &[u32]) -> Vec<(u64, u64)> {
    values.iter().map(|value| (LOW_HALF, u64::from(*value))).collect()
}

/// A treatment by its place in [`Policy::treatments`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Verdict(pub(super) usize);

/// (first number, verdict) over all numbers; each range ends where the next begins, the last one never.
pub(super) type Ranges = Vec<(u32, Verdict)>;

/// What becomes of every number.
pub(super) struct Policy {
    pub(super) treatments: Vec<Treatment>,
    /// By [`Abi`]; None: whoever uses that table is killed.
    pub(super) ranges: [Option<Ranges>; 3],
}

impl Policy {
    /// `newest`, by [`Abi`]: the first numbers that nobody has thought of, and what becomes of them. `treat`: None as of
    /// [`Treatment::of_docker`].
    pub(super) fn new(
        calls: &[Call],
        newest: [Option<u32>; 3],
        newer: Treatment,
        treat: impl Fn(&Call) -> Option<Treatment>,
    ) -> Policy {
        let mut treatments = vec![newer];
        let mut by_number = [(); 3].map(|()| vec![None; X32_OWN.end as usize]);
        for call in calls {
            let Some(treatment) = treat(call) else { continue };
            let place = treatments.iter().position(|other| *other == treatment).unwrap_or_else(|| {
                treatments.push(treatment);
                treatments.len() - 1
            });
            for (numbers, number) in by_number.iter_mut().zip(call.numbers) {
                number.into_iter().for_each(|number| numbers[usize::from(number)] = Some(Verdict(place)));
            }
        }
        let first = [0, 0, X32_OWN.start];
        let ranges = std::array::from_fn(|abi| newest[abi].map(|end| ranges(&by_number[abi], first[abi]..end)));
        Policy { treatments, ranges }
    }
}

fn ranges(by_number: &[Option<Verdict>], all: std::ops::Range<u32>) -> Ranges {
    let mut ranges: Ranges = Vec::with_capacity(128);
    for (number, verdict) in all.clone().filter_map(|number| Some((number, (*by_number.get(number as usize)?)?))) {
        if ranges.last().is_none_or(|(_, last)| *last != verdict) {
            ranges.push((number, verdict));
        }
    }
    ranges.push((all.end, Verdict(0)));
    ranges[0].0 = all.start;
    ranges
}

// ANCHOR: docker
/// Docker's default profile.
pub(super) fn docker(table: &Table) -> Policy {
    let newest = [Some(FIRST_NEWER), Some(FIRST_NEWER), Some(X32_OWN.end)];
    Policy::new(&table.calls, newest, Treatment::always(FAIL | ENOSYS), |call| {
        Treatment::of_docker(table.rule_of(call))
    })
}
// ANCHOR_END: docker

/// The shortest program; or where that has jumps farther than the machine jumps, a longer one. None: longer than the kernel
/// takes.
pub(super) fn filter(policy: &Policy) -> Option<Vec<Instruction>> {
    const MOST: usize = 4096; // BPF_MAXINSNS
    compile(policy, false).or_else(|| compile(policy, true)).filter(|program| program.len() <= MOST)
}

// ANCHOR: filter
fn compile(policy: &Policy, far: bool) -> Option<Vec<Instruction>> {
    let [x86_64, i386, x32] = &policy.ranges;
    let mut program = Program::new(&policy.treatments, far);
    program.load(ARCH);
    let native = program.jump(JUMP_IF_EQUAL, X86_64);
    let is_i386 = i386.as_ref().map(|_| program.jump(JUMP_IF_EQUAL, I386));
    program.answer(KILL_PROCESS); // a table that we do not know: what would its numbers mean?
    program.land(native);
    program.load(NUMBER);
    let is_x32 = program.x32_calls(x32.is_some());
    program.search(x86_64.as_ref()?);
    if let (Some(jump), Some(x32)) = (is_x32, x32) {
        program.land(jump);
        program.search(x32);
    }
    if let (Some(jump), Some(i386)) = (is_i386, i386) {
        program.land(jump);
        program.load(ARGUMENTS); // so that the kernel does not run it for every number: nobody measures these calls
        program.load(NUMBER);
        program.search(i386);
    }
    program.finish()
}
// ANCHOR_END: filter
