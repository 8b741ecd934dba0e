//! The namespaces: each gives the program a view of its own of one thing that the kernel otherwise shows to all alike.

use std::ffi::{CStr, OsStr};
use std::os::fd::OwnedFd;
use std::os::unix::ffi::OsStrExt;

use nix::errno::Errno;
use nix::sched::{CloneFlags, setns, unshare};
use nix::unistd::sethostname;

use crate::error::Error;
use crate::said;
use crate::sys::clone::ALL_NAMESPACES;
use crate::sys::ids::set_groups;
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

/// A namespace of somebody else.
#[derive(Debug)]
pub struct Other {
    pub kind: CloneFlags,
    pub name: &'static str,
    /// As it was named, for the message.
    pub path: String,
    pub file: OwnedFd,
}

/// Those of others that the container is in, `mnt` last.
#[derive(Debug, Default)]
pub struct Joined(pub Vec<Other>);

impl Joined {
    pub fn has(&self, kind: CloneFlags) -> bool {
        self.0.iter().any(|other| other.kind == kind)
    }

    /// Processes of the other see the child before it is the program.
    pub fn is_delicate(&self) -> bool {
        self.is_before_birth() || self.has(CloneFlags::CLONE_NEWNS)
    }

    /// A pid namespace takes in children to come alone, and what is new must belong to the user namespace that is joined.
    pub fn is_before_birth(&self) -> bool {
        self.has(CloneFlags::CLONE_NEWPID) || self.has(CloneFlags::CLONE_NEWUSER)
    }

    /// By whoever will make the child; but for `cgroup`, which would keep it from being born in a cgroup of ours. On failure
    /// the place in the list.
    ///
    /// With our rights first, then with those of the user namespace: each may have what the other has not. Groups that we are
    /// in are left while we may: the other namespace may forbid it.
    pub fn enter_before_birth(&self) -> Result<(), (Errno, usize)> {
        let mut refused = CloneFlags::empty();
        for (place, other) in self.0.iter().enumerate() {
            match other.kind {
                CloneFlags::CLONE_NEWUSER | CloneFlags::CLONE_NEWCGROUP => {}
                kind => match setns(&other.file, kind) {
                    Err(Errno::EPERM) => refused |= kind,
                    entered => entered.map_err(|errno| (errno, place))?,
                },
            }
        }
        for (place, other) in self.0.iter().enumerate().filter(|(_, other)| other.kind == CloneFlags::CLONE_NEWUSER) {
            match set_groups(&[]) {
                Ok(()) | Err(Errno::EPERM) => {} // an ordinary user keeps his
                Err(errno) => return Err((errno, place)),
            }
            setns(&other.file, other.kind).map_err(|errno| (errno, place))?;
        }
        self.enter(refused)
    }

    /// By the child, while it may still look at the host's.
    pub fn enter_as_child(&self) -> Result<(), (Errno, usize)> {
        self.enter(if self.is_before_birth() { CloneFlags::CLONE_NEWCGROUP } else { ALL_NAMESPACES })
    }

    fn enter(&self, these: CloneFlags) -> Result<(), (Errno, usize)> {
        let these = self.0.iter().enumerate().filter(|(_, other)| these.contains(other.kind));
        these.into_iter().try_for_each(|(place, other)| setns(&other.file, other.kind).map_err(|errno| (errno, place)))
    }
}

/// In the joined ones, for a reason that is theirs.
pub fn cannot_clone_there(joined: &Joined, errno: Errno) -> Option<Error> {
    let other = joined.0.iter().find(|other| other.kind == CloneFlags::CLONE_NEWPID)?;
    let path = &other.path;
    (errno == Errno::ENOMEM).then(|| {
        Error::usage(
            said!(
                "make a process in the pid namespace {path}",
                "pid 네임스페이스 {path}에 프로세스를 만들 수 없습니다"
            ),
            said!(
                "its first process has ended, and with that all of it",
                "첫 프로세스가 끝나 네임스페이스도 함께 끝났음"
            ),
        )
    })
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
