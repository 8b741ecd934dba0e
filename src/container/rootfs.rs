//! The root folder: everything of the host's file tree goes out of sight, in an order where nothing in the folder can
//! redirect us.
//!
//! The folder may come from a stranger. A name in it is therefore looked up once, from a descriptor of its top, without
//! following symbolic links (openat2(2)), and what was found is used by descriptor. A folder whose `proc`, `dev` or `sys`
//! is a symbolic link is refused: the next steps would mount and write where it points to.

use std::ffi::CStr;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::path::Path;

use nix::errno::Errno;
use nix::fcntl::{OFlag, OpenHow, ResolveFlag, open, openat2};
use nix::mount::{MntFlags, MsFlags, mount, umount2};
use nix::sys::stat::Mode;
use nix::unistd::{chdir, fchdir, pivot_root};

use crate::sys::mounts::{Depth, attach, attr, copy_of, restrict};

const NOTHING: Option<&CStr> = None;

/// No mount of ours may appear on the host: systemd shares all its mounts with every new mount namespace.
pub fn keep_mounts_private() -> Result<(), Errno> {
    mount(NOTHING, c"/", NOTHING, MsFlags::MS_REC | MsFlags::MS_PRIVATE, NOTHING)
}

/// Mounts the folder onto itself, since only a mount can become a root. Its top is all that the later steps use.
///
/// Device files in it are dead (the container may make some, CAP_MKNOD): only our own /dev has live ones.
pub fn mount_root(folder: &Path, read_only: bool) -> Result<OwnedFd, Errno> {
    let place = open(folder, OFlag::O_PATH | OFlag::O_DIRECTORY | OFlag::O_CLOEXEC, Mode::empty())?;
    let root = copy_of(place.as_fd(), Depth::WithAllBelow)?;
    let readable = if read_only { attr::READ_ONLY } else { 0 };
    restrict(root.as_fd(), attr::NO_DEVICES | readable, Depth::WithAllBelow)?;
    attach(root.as_fd(), place.as_fd())?;
    Ok(root)
}

/// We do not touch /sys, but programs do, and a link there is a trap for them.
pub fn look_at_sys(root: BorrowedFd<'_>) -> Result<(), Errno> {
    match inside(root, c"sys", OFlag::O_DIRECTORY) {
        Ok(_) | Err(Errno::ENOENT) => Ok(()),
        Err(errno) => Err(errno),
    }
}

/// A fresh /proc shows the container's own processes; the host's would show all.
pub fn mount_proc(root: BorrowedFd<'_>) -> Result<(), Errno> {
    let flags = MsFlags::MS_NOSUID | MsFlags::MS_NODEV | MsFlags::MS_NOEXEC;
    mount_new(root, c"proc", c"proc", flags, NOTHING).map(drop)
}

/// The new root becomes `/`; the old one ends up on top of it and is taken away (pivot_root(2), "pivot_root(".", ".")").
// ANCHOR: pivot-root
pub fn leave_the_old_root(root: BorrowedFd<'_>) -> Result<(), Errno> {
    fchdir(root)?;
    pivot_root(c".", c".")?;
    umount2(c".", MntFlags::MNT_DETACH)?;
    chdir(c"/") // nothing of the old tree is reachable by "..", whatever the folder we came from (CVE-2024-21626)
}
// ANCHOR_END: pivot-root

/// Opens a path below `top` as it is, without following any symbolic link: ELOOP when there is one.
pub fn inside(top: BorrowedFd<'_>, path: &CStr, flags: OFlag) -> Result<OwnedFd, Errno> {
    let how = OpenHow::new()
        .flags(OFlag::O_PATH | OFlag::O_CLOEXEC | flags) // no O_NOFOLLOW: it would open a link at the end instead of refusing
        .resolve(ResolveFlag::RESOLVE_IN_ROOT | ResolveFlag::RESOLVE_NO_SYMLINKS | ResolveFlag::RESOLVE_NO_MAGICLINKS);
    openat2(top, path, how)
}

/// Mounts a new file system on the folder `name` and returns its top.
///
/// mount(2) takes a path; "." of a folder that we stand in is the one path that nobody can redirect.
pub fn mount_new(
    top: BorrowedFd<'_>,
    name: &CStr,
    kind: &CStr,
    flags: MsFlags,
    options: Option<&CStr>,
) -> Result<OwnedFd, Errno> {
    fchdir(inside(top, name, OFlag::O_DIRECTORY)?)?;
    mount(Some(kind), c".", Some(kind), flags, options)?;
    inside(top, name, OFlag::O_DIRECTORY) // we stand below the new mount; this is its top
}
