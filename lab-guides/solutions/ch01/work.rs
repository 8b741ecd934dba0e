//! Chapter 1, reference solution: kind and number together, entry by entry.

use crate::task::{Difference, Entry, FOR_CHILDREN};

pub fn ns_diff(host: &[Entry], theirs: &[Entry]) -> Difference {
    let mut difference = Difference::default();
    for entry in theirs.iter().filter(|entry| !FOR_CHILDREN.contains(&entry.name.as_str())) {
        let hosts = host.iter().find(|other| other.name == entry.name).and_then(|other| other.target.as_ref());
        match (hosts, &entry.target) {
            (Some(hosts), Some(theirs)) if hosts == theirs => {}
            (Some(_), Some(_)) => difference.new.push(entry.name.clone()),
            _ => difference.unknown.push(entry.name.clone()),
        }
    }
    difference
}
