//! Wrong: a set of bare numbers. A number that was used again hides a new namespace.

use crate::task::{Difference, Entry, FOR_CHILDREN};

fn number(entry: &Entry) -> Option<&str> {
    entry.target.as_deref()?.split_once('[').map(|(_, rest)| rest)
}

pub fn ns_diff(host: &[Entry], theirs: &[Entry]) -> Difference {
    let seen: Vec<&str> = host.iter().filter_map(number).collect();
    let mut difference = Difference::default();
    for entry in theirs.iter().filter(|entry| !FOR_CHILDREN.contains(&entry.name.as_str())) {
        let comparable = host.iter().any(|other| other.name == entry.name && other.target.is_some());
        match number(entry) {
            Some(number) if comparable && !seen.contains(&number) => difference.new.push(entry.name.clone()),
            Some(_) if comparable => {}
            _ => difference.unknown.push(entry.name.clone()),
        }
    }
    difference
}
