//! The root folder: everything of the host's file tree goes out of sight, in an order where nothing in the folder can
//! redirect us.
//!
//! The folder may come from a stranger, who may rename what is in it at any moment. A name is therefore looked up once,
//! from a descriptor of the folder's top, without following symbolic links (openat2(2)); what was found, and what we mount
//! there, is used by descriptor. A folder whose `proc`, `dev` or `sys` is a symbolic link is refused.

use std::ffi::CStr;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use nix::errno::Errno;
use nix::fcntl::{AT_FDCWD, OFlag, OpenHow, ResolveFlag, open, openat2};
use nix::mount::{MntFlags, MsFlags, mount, umount2};
use nix::sys::stat::Mode;
use nix::unistd::{chdir, fchdir, pivot_root};

use crate::sys::exec::Image;
use crate::sys::mounts::{Depth, allow, attach, attr, copy_of, mount_id, restrict};

const NOTHING: Option<&CStr> = None;

/// No mount of ours may appear on the host: systemd shares all its mounts with every new mount namespace.
pub fn keep_mounts_private() -> Result<(), Errno> {
    mount(NOTHING, c"/", NOTHING, MsFlags::MS_REC | MsFlags::MS_PRIVATE, NOTHING)
}

/// The folder becomes the one that we stand in. Making a mount namespace then moves us along, into its copy of the folder's
/// mount (mount_namespaces(7)); a descriptor would still lie in the old one, where nothing can be copied from.
pub fn stand_in(folder: BorrowedFd<'_>) -> Result<(), Errno> {
    fchdir(folder)
}

/// Mounts the folder that we stand in onto itself, since only a mount can become a root. Its top is all that the later
/// steps use.
///
/// An `overlay` is mounted there in its place.
///
/// Device files in it are dead (the container may make some, CAP_MKNOD): only our own /dev has live ones. What the host has
/// mounted below it is read-only, wherever the folder's owner may move it to: a folder made for chroot(8) has the host's
/// /proc and /sys.
pub fn mount_root(read_only: bool, overlay: Option<OwnedFd>) -> Result<OwnedFd, Errno> {
    let place = open(c".", OFlag::O_PATH | OFlag::O_DIRECTORY | OFlag::O_CLOEXEC, Mode::empty())?;
    let root = overlay.map_or_else(|| copy_of(place.as_fd(), Depth::WithAllBelow), Ok)?;
    restrict(root.as_fd(), attr::NO_DEVICES | attr::READ_ONLY, Depth::WithAllBelow)?;
    if !read_only {
        allow(root.as_fd(), attr::READ_ONLY)?;
    }
    attach(root.as_fd(), place.as_fd())?;
    Ok(root)
}

/// /sys, if there is one: a link there is a trap for programs.
pub fn find_sys(root: BorrowedFd<'_>) -> Result<Option<OwnedFd>, Errno> {
    match inside(root, c"sys", OFlag::O_DIRECTORY) {
        Ok(sys) => Ok(Some(sys)),
        Err(Errno::ENOENT) => Ok(None),
        Err(errno) => Err(errno),
    }
}

/// The new root becomes `/`; the old one ends up on top of it and is taken away (pivot_root(2), "pivot_root(".", ".")").
// ANCHOR: pivot-root
pub fn pivot_to(root: BorrowedFd<'_>) -> Result<(), Errno> {
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

/// What we have mounted is what its name leads to from `/`, where [`pivot_to`] has left us: nobody has moved the folder
/// away under it, so that the program would find another one there. ESTALE otherwise.
pub fn is_still_there(name: &CStr, mounted: BorrowedFd<'_>) -> Result<(), Errno> {
    if mount_id(AT_FDCWD, name)? == mount_id(mounted, c"")? { Ok(()) } else { Err(Errno::ESTALE) }
}

/// Where the program lies, reached without following a link: nobody can lead us to our own binary by /proc/self.
pub fn folder_of(program: &Image) -> Result<OwnedFd, Errno> {
    let how = OpenHow::new()
        .flags(OFlag::O_PATH | OFlag::O_CLOEXEC | OFlag::O_DIRECTORY)
        .resolve(ResolveFlag::RESOLVE_NO_SYMLINKS | ResolveFlag::RESOLVE_NO_MAGICLINKS);
    openat2(AT_FDCWD, program.folder(), how)
}
