//! The namespaces: each gives the program a view of its own of one thing that the kernel otherwise shows to all alike.

use std::ffi::{CStr, OsStr};
use std::os::fd::OwnedFd;
use std::os::unix::ffi::OsStrExt;

use nix::errno::Errno;
use nix::sched::{CloneFlags, setns, unshare};
use nix::unistd::sethostname;

use crate::sys::net::loopback_up;

/// One kind of namespace.
#[derive(Debug)]
pub struct Namespace {
    /// As in /proc/PID/ns.
    pub name: &'static str,
    pub flag: CloneFlags,
    /// What the program has for itself.
    pub own: &'static str,
}

/// `user` first, because it owns the others.
// ANCHOR: namespaces
pub const NAMESPACES: &[Namespace] = &[
    ns("user", CloneFlags::CLONE_NEWUSER, "user numbers: root inside, an ordinary user outside"),
    ns("mnt", CloneFlags::CLONE_NEWNS, "a tree of mounts"),
    ns("pid", CloneFlags::CLONE_NEWPID, "process numbers, from 1"),
    ns("net", CloneFlags::CLONE_NEWNET, "network devices, addresses, ports; the dearest to make"),
    ns("uts", CloneFlags::CLONE_NEWUTS, "a host name"),
    ns("ipc", CloneFlags::CLONE_NEWIPC, "System V and POSIX message queues, semaphores, shared memory"),
    ns("cgroup", CloneFlags::CLONE_NEWCGROUP, "a root of the tree of cgroups: its own folder"),
];
// ANCHOR_END: namespaces

const fn ns(name: &'static str, flag: CloneFlags, own: &'static str) -> Namespace {
    Namespace { name, flag, own }
}

/// All kinds but `user`: what our container has.
pub const USUAL: CloneFlags = CloneFlags::CLONE_NEWNS
    .union(CloneFlags::CLONE_NEWPID)
    .union(CloneFlags::CLONE_NEWNET)
    .union(CloneFlags::CLONE_NEWUTS)
    .union(CloneFlags::CLONE_NEWIPC)
    .union(CloneFlags::CLONE_NEWCGROUP);

/// What clone3 cannot make: the root of a cgroup namespace is the cgroup in which the child stands when it is made, so the child
/// makes it after it has joined its own; and a new mount namespace takes the child along to the folder that it stands in.
const BY_CHILD: CloneFlags = CloneFlags::CLONE_NEWCGROUP.union(CloneFlags::CLONE_NEWNS);

/// What one clone3 makes.
pub fn made_by_clone(wanted: CloneFlags) -> CloneFlags {
    wanted.difference(BY_CHILD)
}

/// The rest, in the child.
pub fn made_by_child(wanted: CloneFlags) -> Result<(), Errno> {
    unshare(wanted.intersection(BY_CHILD))
}

/// The container's host name; without a namespace of its own it would be the host's.
pub fn name_host(wanted: CloneFlags, name: Option<&CStr>) -> Result<(), Errno> {
    match name {
        Some(name) if wanted.contains(CloneFlags::CLONE_NEWUTS) => sethostname(OsStr::from_bytes(name.to_bytes())),
        _ => Ok(()),
    }
}

/// Kinds of which the child can enter another's. A pid namespace takes in only children to come, a user namespace wants its
/// ids first, a mount namespace has a root already.
pub const CAN_BE_JOINED: CloneFlags = CloneFlags::CLONE_NEWNET
    .union(CloneFlags::CLONE_NEWIPC)
    .union(CloneFlags::CLONE_NEWUTS)
    .union(CloneFlags::CLONE_NEWCGROUP);

/// In the child, while it may still look at the host's.
pub fn join(others: &[(CloneFlags, OwnedFd)]) -> Result<(), Errno> {
    others.iter().try_for_each(|(kind, namespace)| setns(namespace, *kind))
}

/// A new network namespace has nothing but `lo`, and that is down.
pub fn loopback(wanted: CloneFlags, up: bool) -> Result<(), Errno> {
    if up && wanted.contains(CloneFlags::CLONE_NEWNET) { loopback_up() } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::Path;

    #[test]
    fn names_are_the_kernels_and_no_two_share_a_flag() {
        let mut seen = CloneFlags::empty();
        for namespace in NAMESPACES {
            assert!(Path::new("/proc/self/ns").join(namespace.name).exists(), "{}", namespace.name);
            assert!(!seen.intersects(namespace.flag), "{}", namespace.name);
            seen |= namespace.flag;
        }
        assert_eq!(seen, crate::sys::clone::ALL_NAMESPACES);
        assert_eq!(seen, USUAL | CloneFlags::CLONE_NEWUSER);
    }
}
