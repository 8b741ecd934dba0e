//! What the child does, from its first instruction to the program's. The order is the lesson: each step needs those above
//! it, and forbids itself some of those below.
//!
//! Nothing here allocates: see `sys/clone.rs`.

use std::convert::Infallible;
use std::os::fd::{AsFd, BorrowedFd};

use nix::errno::Errno;
use nix::sys::prctl::{set_no_new_privs, set_pdeathsig};
use nix::sys::signal::Signal;
use nix::unistd::setsid;

use super::cgroup::Cgroup;
use super::handshake::{At, Failure, Handshake, Stamp, Step};
use super::idmap::IdMap;
use super::seccomp::Filter;
use super::spec::Spec;
use super::{capabilities, dev, init, mask, namespaces, rootfs};
use crate::sys::fds::{HANDED, hand_over};
use crate::sys::signals;

/// The descriptors that the program gets: place n becomes number n.
pub type Files<'a> = [Option<BorrowedFd<'a>>; HANDED];

/// Becomes the program. Returns an exit status only if it could not.
pub(super) fn run(spec: &Spec, cgroup: Option<&Cgroup>, files: &Files<'_>, handshake: &Handshake) -> i32 {
    let Err(failure) = become_program(spec, cgroup, files, handshake);
    handshake.fail(failure)
}

fn become_program(
    spec: &Spec,
    cgroup: Option<&Cgroup>,
    files: &Files<'_>,
    handshake: &Handshake,
) -> Result<Infallible, Failure> {
    join_cgroup(cgroup).at(Step::JoinCgroup)?; // first: what follows is charged to it
    wait_for_ids(spec, handshake).at(Step::IdMap)?; // until then we are nobody
    setsid().at(Step::Session)?; // kill(0) reaches the whole process group, also its members outside of the pid namespace
    become_root(spec).at(Step::BecomeRoot)?;
    namespaces::own_cgroup_view(spec.namespaces).at(Step::CgroupNamespace)?; // after joining: its root is our folder
    namespaces::name_host(spec.namespaces).at(Step::HostName)?;
    namespaces::loopback(spec.namespaces, spec.loopback).at(Step::Loopback)?;
    handshake.stamp(Stamp::OwnView);
    change_root(spec)?; // while the old root still offers /dev/null and the like
    handshake.stamp(Stamp::NewRoot);
    let gate = hand_over(files, handshake.gate()).at(Step::HandOver)?; // every other file is closed now
    die_with_parent(spec.detachable).at(Step::DieWithParent)?; // after changing ids, which would undo it
    drop_capabilities(spec).at(Step::Capabilities)?; // no mount, no mknod of ours from here on
    set_no_new_privs().at(Step::NoNewPrivileges)?; // and no program can get anything back; the filter needs it
    if spec.init {
        let program = || last_steps_of_program(spec, gate, handshake);
        return init::stand_before(program, || install_filter(spec)).at(Step::Init);
    }
    last_steps(spec, gate, handshake)
}

/// The filter comes last, since it forbids most of the steps above.
fn last_steps(spec: &Spec, gate: BorrowedFd<'_>, handshake: &Handshake) -> Result<Infallible, Failure> {
    signals::reset().at(Step::Signals)?;
    install_filter(spec).at(Step::Filter)?;
    handshake.stamp(Stamp::Door);
    Handshake::wait(gate).at(Step::Gate)?;
    handshake.stamp(Stamp::Exec);
    Err(spec.program.exec()).at(Step::Exec)
}

fn last_steps_of_program(spec: &Spec, gate: BorrowedFd<'_>, handshake: &Handshake) -> i32 {
    let Err(failure) = last_steps(spec, gate, handshake);
    handshake.fail(failure)
}

fn join_cgroup(cgroup: Option<&Cgroup>) -> Result<(), Errno> {
    cgroup.map_or(Ok(()), Cgroup::join)
}

fn wait_for_ids(spec: &Spec, handshake: &Handshake) -> Result<(), Errno> {
    if spec.ids.is_none() {
        return Ok(());
    }
    handshake.forget_parent_end();
    Handshake::wait(handshake.gate())
}

fn become_root(spec: &Spec) -> Result<(), Errno> {
    spec.ids.map_or(Ok(()), IdMap::become_root)
}

fn change_root(spec: &Spec) -> Result<(), Failure> {
    rootfs::keep_mounts_private().at(Step::PrivateMounts)?;
    let root = rootfs::mount_root(&spec.root, spec.read_only).at(Step::Root)?;
    rootfs::look_at_sys(root.as_fd()).at(Step::Sys)?;
    rootfs::mount_proc(root.as_fd()).at(Step::Proc)?;
    make_dev(spec, root.as_fd()).at(Step::Dev)?;
    hide_paths(spec, root.as_fd())?;
    rootfs::leave_the_old_root(root.as_fd()).at(Step::OldRoot)
}

fn make_dev(spec: &Spec, root: BorrowedFd<'_>) -> Result<(), Errno> {
    spec.dev.map_or(Ok(()), |nodes| dev::make(root, nodes))
}

fn hide_paths(spec: &Spec, root: BorrowedFd<'_>) -> Result<(), Failure> {
    if !spec.hide_paths {
        return Ok(());
    }
    mask::hide(root).map_err(|(errno, place)| Failure { step: Step::Mask, errno, place })
}

fn drop_capabilities(spec: &Spec) -> Result<(), Errno> {
    if spec.drop_capabilities { capabilities::keep_the_usual() } else { Ok(()) }
}

fn install_filter(spec: &Spec) -> Result<(), Errno> {
    spec.filter.as_ref().map_or(Ok(()), Filter::install)
}

/// When the parent is killed nobody could end us any more.
pub fn die_with_parent(detachable: bool) -> Result<(), Errno> {
    if detachable { Ok(()) } else { set_pdeathsig(Signal::SIGKILL) }
}
