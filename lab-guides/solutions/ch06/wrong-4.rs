//! Wrong: the first entry that matches counts, and here the denial comes after an allowance of the same call.

use crate::task::{ENOSYS, EPERM, Policy, SOCKET, THE_PROBES, Verdict};

pub fn policy() -> Policy {
    let allowed = THE_PROBES.iter().chain([&SOCKET]).map(|call| (*call, Verdict::Allow));
    let calls = allowed.chain([(SOCKET, Verdict::Fail(EPERM))]).collect();
    Policy { other_architecture: Verdict::Kill, calls, everything_else: Verdict::Fail(ENOSYS) }
}
