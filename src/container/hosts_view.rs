//! `--rootfs /`: the host's own files, without what would let a container act on the host through them.
//!
//! Read-only holds back nobody who writes to a FIFO or connects to a socket. Most of those lie in /run and /tmp. So /run is
//! empty here, and /tmp an overlay: the host's files are seen, what is written goes with the container, and behind the name
//! of a FIFO or a socket there is nobody. /sys is a fresh one, without what the host has mounted in its own.

use std::ffi::CStr;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use nix::errno::Errno;
use nix::fcntl::OFlag;
use nix::sys::stat::{Mode, mkdirat, umask};
use nix::unistd::fchdir;

use super::rootfs::inside;
use crate::sys::mounts::{Depth, NO_OPTIONS, attach, attr, copy_of, new_mount};

/// One file system for /tmp and /run, so that one size bounds both.
const SCRATCH: &[(&CStr, &CStr)] = &[(c"mode", c"755"), (c"size", c"256m"), (c"nr_inodes", c"16k")];
const QUIET: u64 = attr::NO_SUID | attr::NO_DEVICES;

/// Replaces them below `root`; the old root is still `/`. Leaves us standing in another folder. `user` says that we are in a
/// user namespace.
pub fn replace(root: BorrowedFd<'_>, user: bool) -> Result<(), Errno> {
    let Some(tmp) = folder(root, c"tmp")? else { return Ok(()) };
    let scratch = new_mount(c"tmpfs", SCRATCH, QUIET)?;
    attach(scratch.as_fd(), tmp.as_fd())?;
    let before = umask(Mode::empty());
    for (name, mode) in [(c"tmp", 0o1777), (c"work", 0o700), (c"run", 0o755)] {
        mkdirat(&scratch, name, Mode::from_bits_truncate(mode))?;
    }
    umask(before);
    if let Some(run) = folder(root, c"run")? {
        attach(part_of(&scratch, c"run")?.as_fd(), run.as_fd())?;
    }
    let top = overlay(&scratch, user).or_else(|_| part_of(&scratch, c"tmp"))?; // no overlay here: then an empty one
    attach(top.as_fd(), tmp.as_fd())
}

/// A /sys of our own network namespace; an empty one where none may be made. Returns its top.
pub fn fresh_sys(place: BorrowedFd<'_>) -> Result<OwnedFd, Errno> {
    let attributes = QUIET | attr::READ_ONLY | attr::NO_EXEC;
    let sys = new_mount(c"sysfs", NO_OPTIONS, attributes)
        .or_else(|_| new_mount(c"tmpfs", &[(c"size", c"4k")], attributes))?;
    attach(sys.as_fd(), place)?;
    Ok(sys)
}

/// None where there is no such folder, or a link: it leads to a place that we look at anyway, or to the host's files.
fn folder(root: BorrowedFd<'_>, name: &CStr) -> Result<Option<OwnedFd>, Errno> {
    match inside(root, name, OFlag::O_DIRECTORY) {
        Ok(folder) => Ok(Some(folder)),
        Err(Errno::ENOENT | Errno::ENOTDIR | Errno::ELOOP) => Ok(None),
        Err(errno) => Err(errno),
    }
}

fn part_of(scratch: &OwnedFd, name: &CStr) -> Result<OwnedFd, Errno> {
    copy_of(inside(scratch.as_fd(), name, OFlag::O_DIRECTORY)?.as_fd(), Depth::One)
}

/// overlayfs takes its parts by name: ours are below the folder that we stand in, and nobody else sees them yet.
fn overlay(scratch: &OwnedFd, user: bool) -> Result<OwnedFd, Errno> {
    fchdir(scratch)?;
    let parts = [(c"lowerdir", c"/tmp"), (c"upperdir", c"tmp"), (c"workdir", c"work"), (c"userxattr", c"")];
    let count = if user { parts.len() } else { parts.len() - 1 };
    new_mount(c"overlay", &parts[..count], QUIET)
}
