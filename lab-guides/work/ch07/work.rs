//! Chapter 7, Make: what does one instance take?

use crate::task::{Account, Files, Kernel};

/// Fills in the account from the files.
pub fn account(files: &Files<'_>) -> Account {
    // TODO: this is the resident size of the *parent*, with a unit lost on the way; and nobody has looked at the kernel.
    let resident = number_of(files.parents_status, "VmRSS:");
    Account { private: resident, shared: 0, kernel: Kernel::NotSplit(0) }
}

/// The number on the first line that begins with `name`; 0 when there is none.
fn number_of(text: &str, name: &str) -> u64 {
    let value = |line: &str| line.trim().strip_prefix(name)?.split_whitespace().next()?.parse().ok();
    text.lines().find_map(value).unwrap_or(0)
}
