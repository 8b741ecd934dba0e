//! Wrong: whatever is not equal is called new; a missing or unreadable entry becomes a finding.

use crate::task::{Difference, Entry, FOR_CHILDREN};

pub fn ns_diff(host: &[Entry], theirs: &[Entry]) -> Difference {
    let own = theirs.iter().filter(|entry| !FOR_CHILDREN.contains(&entry.name.as_str()));
    let new = own.filter(|entry| !host.contains(entry)).map(|entry| entry.name.clone()).collect();
    Difference { new, unknown: Vec::new() }
}
