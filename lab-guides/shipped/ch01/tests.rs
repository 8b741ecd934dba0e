//! Tests of chapter 1's task: recorded listings, and some that are hard to come by.
#![allow(unreachable_pub, clippy::pedantic, reason = "a task is a small world of its own")]

#[path = "task.rs"]
mod task;
#[path = "../../work/ch01/work.rs"]
#[rustfmt::skip]
mod work;

use task::{Difference, parse};

/// A shell on the host, recorded on Linux 6.18.
const HOST: &str = "\
    cgroup -> cgroup:[4026531835]
    ipc -> ipc:[4026531839]
    mnt -> mnt:[4026531832]
    net -> net:[4026531833]
    pid -> pid:[4026531836]
    pid_for_children -> pid:[4026531836]
    time -> time:[4026531834]
    time_for_children -> time:[4026531834]
    user -> user:[4026531837]
    uts -> uts:[4026531838]";

/// Our container on the same host, as root.
const CONTAINER: &str = "\
    cgroup -> cgroup:[4026532250]
    ipc -> ipc:[4026532179]
    mnt -> mnt:[4026532177]
    net -> net:[4026532181]
    pid -> pid:[4026532180]
    pid_for_children -> pid:[4026532180]
    time -> time:[4026531834]
    time_for_children -> time:[4026531834]
    user -> user:[4026531837]
    uts -> uts:[4026532178]";

fn diff(host: &str, theirs: &str) -> Difference {
    work::ns_diff(&parse(host), &parse(theirs))
}

fn new(names: &[&str]) -> Difference {
    told(names, &[])
}

fn told(new: &[&str], unknown: &[&str]) -> Difference {
    let owned = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
    Difference { new: owned(new), unknown: owned(unknown) }
}

/// The host's listing with some lines replaced; an empty line takes the entry away.
fn changed(listing: &str, changes: &[(&str, &str)]) -> String {
    let line = |old: &str| {
        let name = old.trim().split(" -> ").next().unwrap_or_default();
        changes.iter().find(|(n, _)| *n == name).map_or_else(|| old.to_owned(), |(_, new)| (*new).to_owned())
    };
    listing.lines().map(line).collect::<Vec<_>>().join("\n")
}

#[test]
fn a_process_has_nothing_of_its_own() {
    assert_eq!(diff(HOST, HOST), new(&[]), "\nEvery process is in some namespace of each kind: the host's.");
}

#[test]
fn a_container_has_six() {
    assert_eq!(
        diff(HOST, CONTAINER),
        new(&["cgroup", "ipc", "mnt", "net", "pid", "uts"]),
        "\nAll names stand in both listings, so names tell nothing. Two processes share a namespace when the number in \
         brackets is the same."
    );
}

#[test]
fn a_rootless_container_has_the_user_namespace_too() {
    let rootless = changed(CONTAINER, &[("user", "user -> user:[4026532176]")]);
    assert_eq!(diff(HOST, &rootless).new, ["cgroup", "ipc", "mnt", "net", "pid", "user", "uts"]);
}

#[test]
fn one_namespace_less_is_exactly_one_less() {
    let without_net = changed(CONTAINER, &[("net", "net -> net:[4026531833]")]);
    assert_eq!(diff(HOST, &without_net).new, ["cgroup", "ipc", "mnt", "pid", "uts"]);
}

#[test]
fn where_children_will_be_born_is_no_namespace_of_its_own() {
    let unshared = changed(
        HOST,
        &[
            ("pid_for_children", "pid_for_children -> pid:[4026532300]"),
            ("time_for_children", "time_for_children -> time:[4026532301]"),
        ],
    );
    assert_eq!(
        diff(HOST, &unshared),
        new(&[]),
        "\nAfter unshare(CLONE_NEWPID) a process stays where it is; only its children are born elsewhere."
    );
}

#[test]
fn a_number_that_was_used_again_is_another_namespace() {
    // The host's listing was taken first. Its ipc namespace has gone since, and the kernel gave the number to a net.
    let host = changed(HOST, &[("ipc", "ipc -> ipc:[4026532181]")]);
    assert_eq!(
        diff(&host, CONTAINER),
        new(&["cgroup", "ipc", "mnt", "net", "pid", "uts"]),
        "\nnet:[4026532181] is not ipc:[4026532181]: a number alone is no identity, and the kernel uses numbers again."
    );
}

#[test]
fn what_the_listings_do_not_tell_is_unknown() {
    let old = changed(HOST, &[("time", ""), ("time_for_children", "")]);
    assert_eq!(
        diff(&old, HOST),
        told(&[], &["time"]),
        "\nThe first listing has no `time`: nothing says whether it is new. Missing is not different."
    );
    assert_eq!(diff(HOST, &old), new(&[]), "\nWhat the process has not is not new.");
    let unread = changed(CONTAINER, &[("net", "net -> ?")]);
    assert_eq!(
        diff(HOST, &unread),
        told(&["cgroup", "ipc", "mnt", "pid", "uts"], &["net"]),
        "\nThe link could not be read. Two unreadable links are not equal, and one is not different."
    );
    let blind = changed(HOST, &[("net", "net -> ?")]);
    assert_eq!(diff(&blind, &unread).unknown, ["net"]);
}
