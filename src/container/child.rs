//! What the child does, from its first instruction to the program's. The order is the lesson: each step needs those above
//! it, and forbids itself some of those below.
//!
//! Nothing here allocates: see `sys/clone.rs`.

use std::convert::Infallible;
use std::mem::ManuallyDrop;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use nix::errno::Errno;
use nix::fcntl::{OFlag, openat};
use nix::sched::CloneFlags;
use nix::sys::prctl::{set_dumpable, set_no_new_privs, set_pdeathsig};
use nix::sys::resource::setrlimit;
use nix::sys::signal::Signal;
use nix::sys::stat::Mode;
use nix::unistd::{setsid, write};

use super::cgroup::Cgroup;
use super::console::Console;
use super::cwd::Cwd;
use super::dev::Dev;
use super::handshake::{At, Door, Failure, Handshake, Stamp, Step};
use super::idmap::IdMap;
use super::mounts::{Made, Mounting};
use super::overlay::Overlay;
use super::plan::Plan;
use super::seccomp::Filter;
use super::{capabilities, dev, hosts_view, init, mask, namespaces, rootfs};
use crate::sys::fds::{HANDED, hand_over};
use crate::sys::ids::become_user;
use crate::sys::{landlock, signals};

/// The descriptors that the program gets.
#[derive(Debug, Clone, Copy)]
pub struct Files<'a> {
    /// Place n becomes number n.
    pub given: [Option<BorrowedFd<'a>>; HANDED],
    /// Which of them are a null device: the host's, through which the program could change the mode of the host's file.
    pub null: [bool; HANDED],
    /// A terminal of its own for some of the first three.
    pub console: Option<&'a Console>,
}

/// Goes where the child is to be born. On failure the errno, which the page tells better.
pub(super) fn enter_before_birth(plan: &Plan, handshake: &Handshake) -> Result<(), Errno> {
    set_dumpable(false)?; // before anybody there can see us
    plan.joined.enter_before_birth().map_err(|(errno, place)| {
        handshake.fail(Failure { step: Step::JoinNamespaces, errno, place });
        errno
    })
}

/// Becomes the program. Returns an exit status only if it could not.
pub(super) fn run(plan: &Plan, cgroup: Option<&Cgroup>, files: &Files<'_>, handshake: &Handshake) -> i32 {
    let Err(failure) = become_program(plan, cgroup, files, handshake);
    handshake.fail(failure)
}

fn become_program(
    plan: &Plan,
    cgroup: Option<&Cgroup>,
    files: &Files<'_>,
    handshake: &Handshake,
) -> Result<Infallible, Failure> {
    join_cgroup(cgroup).at(Step::JoinCgroup)?; // first: what follows is charged to it
    wait_for_ids(plan, handshake).at(Step::IdMap)?; // until then we are nobody
    setsid().at(Step::Session)?; // kill(0) reaches the whole process group, also its members outside of the pid namespace
    become_root(plan).at(Step::BecomeRoot)?;
    stand_in_root(plan).at(Step::Root)?;
    join_others(plan)?; // while we may look at them
    namespaces::made_by_child(plan.namespaces).at(Step::OwnView)?; // after both: they decide what is seen in them
    namespaces::name_host(plan.namespaces, plan.hostname.as_deref()).at(Step::HostName)?;
    namespaces::loopback(plan.namespaces, plan.loopback).at(Step::Loopback)?;
    handshake.stamp(Stamp::OwnView);
    let (null, devpts) = change_root(plan, files, handshake)?;
    confine(plan).at(Step::Confine)?; // no mount from here on
    enter_folder(plan).at(Step::Cwd)?;
    handshake.stamp(Stamp::NewRoot);
    let door = hand_files_over(files, null, devpts, handshake)?; // every other file is closed now
    die_with_parent(plan.detachable).at(Step::DieWithParent)?; // after changing ids, which would undo it
    limit_resources(plan).at(Step::Rlimits)?; // raising one needs a capability
    if !plan.no_new_privileges {
        install_filter(plan).at(Step::Filter)?; // it needs one too then, and must let the steps below pass
    }
    capabilities::become_user(&plan.user, plan.capabilities.as_ref()).at(Step::Capabilities)?; // no mount, no mknod of ours from here on
    no_new_privileges(plan).at(Step::NoNewPrivileges)?; // and no program can get anything back; the filter needs it
    if plan.init {
        let program = || last_steps_of_program(plan, files.console, door, handshake);
        return init::run_as_init(handshake, program, || install_filter_last(plan)).at(Step::Init);
    }
    last_steps(plan, door, handshake)
}

/// The filter comes last, since it forbids most of the steps above.
fn last_steps(plan: &Plan, door: Door, handshake: &Handshake) -> Result<Infallible, Failure> {
    signals::reset(plan.ignored).at(Step::Signals)?;
    let folder = rootfs::folder_of(&plan.program).at(Step::Exec)?;
    install_filter_last(plan).at(Step::Filter)?;
    handshake.stamp(Stamp::Door);
    door.wait().at(Step::Gate)?;
    parent_lives(plan.detachable, door.gate).at(Step::DieWithParent)?;
    if let Some(hooks) = &plan.hooks {
        hooks.run_start_container(handshake.pid()).map_err(|failed| handshake.hook_failed(failed))?;
    }
    handshake.stamp(Stamp::Exec);
    Err(plan.program.exec_file(folder.as_fd())).at(Step::Exec)
}

/// Behind a small PID 1.
fn last_steps_of_program(plan: &Plan, console: Option<&Console>, door: Door, handshake: &Handshake) -> i32 {
    let foreground = console.map_or(Ok(()), Console::to_the_foreground).at(Step::Terminal);
    let Err(failure) = foreground.and_then(|()| last_steps(plan, door, handshake));
    handshake.fail(failure)
}

fn join_cgroup(cgroup: Option<&Cgroup>) -> Result<(), Errno> {
    cgroup.map_or(Ok(()), Cgroup::join)
}

fn wait_for_ids(plan: &Plan, handshake: &Handshake) -> Result<(), Errno> {
    let waits_for_hooks = plan.hooks.as_ref().is_some_and(|hooks| hooks.are_at_create());
    if plan.ids.is_some() || waits_for_hooks {
        handshake.forget_parent_ends();
    }
    if plan.ids.is_some() { handshake.wait_for_parent() } else { Ok(()) }
}

fn become_root(plan: &Plan) -> Result<(), Errno> {
    if plan.joined.has(CloneFlags::CLONE_NEWUSER) {
        return become_user(0, 0);
    }
    plan.ids.map_or(Ok(()), IdMap::become_root)
}

/// A folder of ours must not be the way out of somebody else's mount namespace.
fn stand_in_root(plan: &Plan) -> Result<(), Errno> {
    if plan.joined.has(CloneFlags::CLONE_NEWNS) { Ok(()) } else { rootfs::stand_in(plan.root.as_fd()) }
}

fn join_others(plan: &Plan) -> Result<(), Failure> {
    if plan.joined.is_delicate() {
        set_dumpable(false).at(Step::JoinNamespaces)?; // whoever is there cannot look into us, or use our files (CVE-2016-9962)
    }
    plan.joined.enter_as_child().map_err(|(errno, place)| Failure { step: Step::JoinNamespaces, errno, place })
}

/// Returns a null device for the program's streams, and the /dev/pts for its terminal, if it needs them.
fn change_root(
    plan: &Plan,
    files: &Files<'_>,
    handshake: &Handshake,
) -> Result<(Option<OwnedFd>, Option<OwnedFd>), Failure> {
    if plan.joined.has(CloneFlags::CLONE_NEWNS) {
        run_create_hooks(plan, handshake)?;
        let null = files.null.contains(&true).then(dev::null_of_root).transpose();
        return Ok((null.at(Step::Dev)?, None));
    }
    rootfs::keep_mounts_private().at(Step::PrivateMounts)?;
    let overlay = mount_overlay(plan).at(Step::Overlay)?;
    let root = rootfs::mount_root(plan.read_only, overlay).at(Step::Root)?;
    let sys = find_sys(plan, root.as_fd()).at(Step::Sys)?;
    hide_what_acts_on_the_host(plan, root.as_fd()).at(Step::HostsView)?;
    let made = mount_all(plan, root.as_fd(), sys)?;
    let (proc, sys, dev) = (made.proc.ok_or(Errno::ENODEV).at(Step::Proc)?, made.sys, made.dev);
    set_parameters(plan, proc.as_fd())?; // before /proc/sys is read-only
    let sys = hide_paths(plan, root.as_fd(), proc.as_fd(), sys, dev.as_ref())?;
    let null = own_null(files, dev.as_ref(), proc.as_fd()).at(Step::Dev)?;
    run_create_hooks(plan, handshake)?;
    rootfs::pivot_to(root.as_fd()).at(Step::OldRoot)?;
    let mounted = [(c"proc", Some(&proc)), (c"sys", sys.as_ref()), (c"dev", dev.as_ref().map(|dev| &dev.top))];
    for (name, top) in mounted {
        top.map_or(Ok(()), |top| rootfs::is_still_there(name, top.as_fd())).at(Step::Settled)?;
    }
    plan.mounts.iter().try_for_each(Mounting::is_still_there).at(Step::Settled)?;
    Ok((null, dev.and_then(|dev| dev.terminals).filter(|_| files.console.is_some())))
}

/// The parent's first, then those that run in the container's namespaces.
fn run_create_hooks(plan: &Plan, handshake: &Handshake) -> Result<(), Failure> {
    let Some(hooks) = plan.hooks.as_ref().filter(|hooks| hooks.are_at_create()) else { return Ok(()) };
    handshake.wait_for_hooks().at(Step::Gate)?;
    hooks.run_create_container(handshake.pid()).map_err(|failed| handshake.hook_failed(failed))
}

fn mount_overlay(plan: &Plan) -> Result<Option<OwnedFd>, Errno> {
    plan.overlay.as_ref().map(Overlay::mount).transpose()
}

fn find_sys(plan: &Plan, root: BorrowedFd<'_>) -> Result<Option<OwnedFd>, Errno> {
    match rootfs::find_sys(root)? {
        Some(place) if plan.hosts_root => hosts_view::fresh_sys(place.as_fd()).map(Some),
        sys => Ok(sys),
    }
}

fn hide_what_acts_on_the_host(plan: &Plan, root: BorrowedFd<'_>) -> Result<(), Errno> {
    if plan.hosts_root { hosts_view::replace(root, plan.in_user_namespace()) } else { Ok(()) }
}

/// Until exec we are our own program, and the kernel looks the interpreter of what we execute up by a name that the folder's
/// owner may lead to /proc/self/exe meanwhile. And a device file that root leaves in the folder is alive outside.
fn confine(plan: &Plan) -> Result<(), Errno> {
    plan.confined.as_ref().map_or(Ok(()), |rules| landlock::restrict(rules.as_fd()))
}

/// By its name inside: the folder that we came from may be of the old root (CVE-2024-21626).
fn enter_folder(plan: &Plan) -> Result<(), Errno> {
    plan.cwd.as_ref().map_or(Ok(()), Cwd::enter)
}

/// `sys` is the root folder's.
fn mount_all(plan: &Plan, root: BorrowedFd<'_>, sys: Option<OwnedFd>) -> Result<Made, Failure> {
    let mut made = Made { sys, ..Made::default() };
    for (place, mounting) in plan.mounts.iter().enumerate() {
        let step = mounting.step();
        mounting.mount(root, &mut made).map_err(|errno| Failure { step, errno, place })?;
    }
    Ok(made)
}

fn set_parameters(plan: &Plan, proc: BorrowedFd<'_>) -> Result<(), Failure> {
    for (place, (path, value)) in plan.sysctl.iter().enumerate() {
        let file = openat(proc, path.as_c_str(), OFlag::O_WRONLY | OFlag::O_CLOEXEC | OFlag::O_NOFOLLOW, Mode::empty());
        let written = file.and_then(|file| write(&file, value.as_bytes()));
        written.map_err(|errno| Failure { step: Step::Sysctl, errno, place })?;
    }
    Ok(())
}

/// Returns the top of /sys.
fn hide_paths(
    plan: &Plan,
    root: BorrowedFd<'_>,
    proc: BorrowedFd<'_>,
    sys: Option<OwnedFd>,
    dev: Option<&Dev>,
) -> Result<Option<OwnedFd>, Failure> {
    if !plan.protects_sys {
        return Ok(sys);
    }
    let sys_top = sys.as_ref().map(AsFd::as_fd);
    let tops = mask::Tops { root, proc, sys: sys_top };
    mask::hide(&plan.hidden, tops, dev).map_err(|(errno, place)| Failure { step: Step::Mask, errno, place })?;
    sys_top.map(mask::protect_sys).transpose().at(Step::Sys)
}

fn own_null(files: &Files<'_>, dev: Option<&Dev>, proc: BorrowedFd<'_>) -> Result<Option<OwnedFd>, Errno> {
    files.null.contains(&true).then(|| dev::open_null(dev, proc)).transpose()
}

/// With a null device and a terminal of its own where they are wanted. What we own here is closed by number.
fn hand_files_over(
    files: &Files<'_>,
    null: Option<OwnedFd>,
    devpts: Option<OwnedFd>,
    handshake: &Handshake,
) -> Result<Door, Failure> {
    let hand_over = |given: &[_; HANDED]| {
        let (gate, leash) = hand_over(given, handshake.gate(), handshake.leash()).at(Step::HandOver)?;
        Ok(Door { gate, leash })
    };
    let (null, devpts) = (ManuallyDrop::new(null), ManuallyDrop::new(devpts));
    let mut given = files.given;
    if let Some(null) = null.as_ref() {
        let of_host = given.iter_mut().zip(files.null).filter(|(_, is_null)| *is_null);
        of_host.for_each(|(file, _)| *file = Some(null.as_fd()));
    }
    let Some(console) = files.console else { return hand_over(&given) };
    let devpts = devpts.as_ref().ok_or(Errno::ENODEV).at(Step::Terminal)?;
    let slave = ManuallyDrop::new(console.open(devpts.as_fd()).at(Step::Terminal)?);
    hand_over(&console.among(given, slave.as_fd()))
}

fn limit_resources(plan: &Plan) -> Result<(), Errno> {
    plan.rlimits.iter().try_for_each(|(resource, soft, hard)| setrlimit(*resource, *soft, *hard))
}

fn no_new_privileges(plan: &Plan) -> Result<(), Errno> {
    if plan.no_new_privileges { set_no_new_privs() } else { Ok(()) }
}

fn install_filter_last(plan: &Plan) -> Result<(), Errno> {
    if plan.no_new_privileges { install_filter(plan) } else { Ok(()) }
}

fn install_filter(plan: &Plan) -> Result<(), Errno> {
    plan.filter.as_ref().map_or(Ok(()), Filter::install)
}

/// When the parent is killed nobody could end us any more. [`parent_lives`] makes it sure.
pub fn die_with_parent(detachable: bool) -> Result<(), Errno> {
    if detachable { Ok(()) } else { set_pdeathsig(Signal::SIGKILL) }
}

/// It may have been killed before [`die_with_parent`].
pub fn parent_lives(detachable: bool, gate: BorrowedFd<'_>) -> Result<(), Errno> {
    if detachable { Ok(()) } else { Handshake::parent_lives(gate) }
}
