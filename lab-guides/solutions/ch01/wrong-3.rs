//! Wrong: right about kind and number, but what children will be born into is counted as the process's own.

use crate::task::{Difference, Entry};

pub fn ns_diff(host: &[Entry], theirs: &[Entry]) -> Difference {
    let mut difference = Difference::default();
    for entry in theirs {
        let hosts = host.iter().find(|other| other.name == entry.name).and_then(|other| other.target.as_ref());
        match (hosts, &entry.target) {
            (Some(hosts), Some(theirs)) if hosts == theirs => {}
            (Some(_), Some(_)) => difference.new.push(entry.name.clone()),
            _ => difference.unknown.push(entry.name.clone()),
        }
    }
    difference
}
