//! What a container shall be: plain data, complete before anything is made.

use std::ffi::CString;
use std::os::fd::OwnedFd;

use nix::sched::CloneFlags;

use super::cgroup::Tree;
use super::dev::Nodes;
use super::idmap::IdMap;
use super::seccomp::Filter;
use crate::model::Limits;
use crate::sys::exec::Image;
use crate::sys::signals::Ignored;

#[derive(Debug)]
#[expect(clippy::struct_excessive_bools, reason = "each is one part of a container that can be taken away by itself")]
pub struct Spec {
    /// The folder that becomes `/`, opened once.
    pub root: OwnedFd,
    pub read_only: bool,
    /// It is the host's own root; see [`super::hosts_view`].
    pub hosts_root: bool,
    /// By [`super::tmp`]: a /tmp of its own.
    pub tmp: bool,
    pub program: Image,
    /// By [`crate::sys::landlock`]: only files below the root may be executed, and no device file made. None: nothing of that.
    pub confined: Option<OwnedFd>,
    /// From [`super::namespaces`]; `user` exactly when `ids` is Some.
    pub namespaces: CloneFlags,
    pub ids: Option<IdMap>,
    /// Where its own cgroup is made; None: it stays in ours.
    pub cgroup: Option<Tree>,
    /// The cgroup's name, without the number that makes it unique.
    pub cgroup_name: String,
    pub limits: Limits,
    /// None: the root folder's own /dev, where no device is alive.
    pub dev: Option<Nodes>,
    pub hide_paths: bool,
    /// Where the program begins, if that is there; else in `/`.
    pub folder: Option<CString>,
    pub loopback: bool,
    pub drop_capabilities: bool,
    pub filter: Option<Filter>,
    /// Signals that our caller has us ignore; the program shall not.
    pub ignored: Ignored,
    /// The child is a copy of us; see [`Spec::copies`].
    pub fork: bool,
    /// A small PID 1 in front of the program.
    pub init: bool,
    /// It may outlive us.
    pub detachable: bool,
}

impl Spec {
    /// A copy of us can wait: for its id map, at its program's door, as a PID 1 that stays. It costs a copy of our page
    /// tables, and a page fault for each page that either of us writes. A child that waits for nothing borrows our memory
    /// until exec, while we stand still.
    pub fn copies(&self) -> bool {
        self.fork || self.init || self.ids.is_some()
    }
}
