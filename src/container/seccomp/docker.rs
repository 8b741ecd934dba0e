//! Docker's default as a profile: what `calls.txt` says, for a container with docker's capabilities.

use std::sync::LazyLock;

use super::compiler::{Call, Check, ENOSYS, EPERM, FIRST_NEWER, LOW_HALF, Rule as Known, Table, Test};
use super::profile::{Action, Arg, Op, Profile, Rule};
use crate::container::presets::capabilities::CAPABILITIES;

/// All calls that x86 has.
pub(super) static TABLE: LazyLock<Table> =
    LazyLock::new(|| Table::read(include_str!("calls.txt"), CAPABILITIES).expect("build.rs has read it"));

pub(super) fn profile() -> Profile {
    let mut allowed = Rule { names: Vec::new(), action: Action::Allow, errno_ret: None, args: Vec::new() };
    let mut others = Vec::new();
    for call in TABLE.calls.iter().filter(|call| call.numbers.iter().flatten().any(|n| u32::from(*n) < FIRST_NEWER)) {
        match TABLE.rule_of(call) {
            Known::Allow => allowed.names.push(call.name.to_owned()),
            Known::Absent => others.push(rule(call, Action::Errno, Some(ENOSYS), None)),
            Known::Look(Check { argument, test }) => others.extend(look(call, argument, test)),
            Known::Deny | Known::Gone | Known::With(_) => {}
        }
    }
    let mut syscalls = vec![allowed];
    syscalls.extend(others);
    let architectures = ["SCMP_ARCH_X86_64", "SCMP_ARCH_X86", "SCMP_ARCH_X32"].map(str::to_owned).to_vec();
    Profile {
        default_action: Action::Errno,
        default_errno_ret: Some(EPERM),
        architectures,
        flags: Vec::new(),
        syscalls,
    }
}

fn look(call: &Call, argument: u32, test: Test) -> Vec<Rule> {
    let of_low_half =
        |value: &u32| Arg { index: argument, value: LOW_HALF, value_two: (*value).into(), op: Op::MaskedEqual };
    match test {
        Test::Among(values) => {
            values.iter().map(|value| rule(call, Action::Allow, None, Some(of_low_half(value)))).collect()
        }
        Test::NotAmong(values) => {
            let denied = values.iter().map(|value| rule(call, Action::Errno, Some(EPERM), Some(of_low_half(value))));
            denied.chain([rule(call, Action::Allow, None, None)]).collect()
        }
        Test::NoBit(bits) => {
            let none = Arg { index: argument, value: bits.into(), value_two: 0, op: Op::MaskedEqual };
            vec![rule(call, Action::Allow, None, Some(none))]
        }
    }
}

fn rule(call: &Call, action: Action, errno_ret: Option<u32>, arg: Option<Arg>) -> Rule {
    Rule { names: vec![call.name.to_owned()], action, errno_ret, args: arg.into_iter().collect() }
}
