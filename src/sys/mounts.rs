//! The mount calls that work on file descriptors: no path is looked up twice, so nobody can swap what it means between
//! two looks (fourteen CVEs in runc since 2017 were such swaps).
//!
//! nix has only mount(2), which takes paths. Since Linux 5.2: open_tree, move_mount; since 5.12: mount_setattr.

use std::os::fd::{AsRawFd, BorrowedFd, FromRawFd, OwnedFd};

use libc::{c_int, c_long, c_uint};
use nix::errno::Errno;

/// What a mount may be forbidden to do.
pub mod attr {
    pub const READ_ONLY: u64 = libc::MOUNT_ATTR_RDONLY;
    pub const NO_SUID: u64 = libc::MOUNT_ATTR_NOSUID;
    pub const NO_DEVICES: u64 = libc::MOUNT_ATTR_NODEV;
    pub const NO_EXEC: u64 = libc::MOUNT_ATTR_NOEXEC;
}

/// How much of a tree of mounts is meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Depth {
    One,
    WithAllBelow,
}

/// A copy of the mount that `place` lies in, with `place` as its top, not attached anywhere yet (a bind mount's first half).
pub fn copy_of(place: BorrowedFd<'_>, depth: Depth) -> Result<OwnedFd, Errno> {
    let flags = libc::OPEN_TREE_CLONE | libc::OPEN_TREE_CLOEXEC | libc::AT_EMPTY_PATH as c_uint | below(depth);
    // SAFETY: an open descriptor and an empty path that ends in NUL.
    let fd = unsafe { libc::syscall(libc::SYS_open_tree, place.as_raw_fd(), c"".as_ptr(), flags) };
    let fd = Errno::result(fd)? as c_int;
    // SAFETY: the kernel has just made it for us.
    Ok(unsafe { OwnedFd::from_raw_fd(fd) })
}

/// Puts a copy on top of `target`; `copy` then is a descriptor of the new top.
pub fn attach(copy: BorrowedFd<'_>, target: BorrowedFd<'_>) -> Result<(), Errno> {
    let flags = libc::MOVE_MOUNT_F_EMPTY_PATH | libc::MOVE_MOUNT_T_EMPTY_PATH;
    let (from, to, empty) = (copy.as_raw_fd(), target.as_raw_fd(), c"".as_ptr());
    // SAFETY: two open descriptors and empty paths that end in NUL.
    result(unsafe { libc::syscall(libc::SYS_move_mount, from, empty, to, empty, flags) })
}

/// Adds restrictions from [`attr`] to a mount.
pub fn restrict(mount: BorrowedFd<'_>, attributes: u64, depth: Depth) -> Result<(), Errno> {
    let wish = libc::mount_attr { attr_set: attributes, attr_clr: 0, propagation: 0, userns_fd: 0 };
    let flags = libc::AT_EMPTY_PATH as c_uint | below(depth);
    let (fd, size) = (mount.as_raw_fd(), size_of_val(&wish));
    // SAFETY: an open descriptor, an empty path that ends in NUL, and `wish` with its true size, which outlives the call.
    result(unsafe { libc::syscall(libc::SYS_mount_setattr, fd, c"".as_ptr(), flags, &raw const wish, size) })
}

fn below(depth: Depth) -> c_uint {
    if depth == Depth::WithAllBelow { libc::AT_RECURSIVE as c_uint } else { 0 }
}

fn result(value: c_long) -> Result<(), Errno> {
    Errno::result(value).map(drop)
}
