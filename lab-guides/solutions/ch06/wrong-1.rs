//! Wrong: a list of what is denied. Every number that is not in it is a way around: x32's `socket`, and calls to come.

use crate::task::{EPERM, Policy, SOCKET, Verdict};

pub fn policy() -> Policy {
    Policy {
        other_architecture: Verdict::Kill,
        calls: vec![(SOCKET, Verdict::Fail(EPERM))],
        everything_else: Verdict::Allow,
    }
}
