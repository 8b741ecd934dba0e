//! Chapter 1, Make: which namespaces are new?

use crate::task::{Difference, Entry};

/// Compares the namespaces of the host's side with those of a process.
///
/// A namespace *is* its kind and inode number; its name is only what the link is called, and every process has all names.
pub fn ns_diff(host: &[Entry], theirs: &[Entry]) -> Difference {
    // TODO: this compares names. It finds nothing in a container, and something on a kernel with one kind more.
    let is_new = |entry: &&Entry| !host.iter().any(|other| other.name == entry.name);
    Difference { new: theirs.iter().filter(is_new).map(|entry| entry.name.clone()).collect(), unknown: Vec::new() }
}
