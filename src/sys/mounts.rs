//! The mount calls that work on file descriptors: no path is looked up twice, so nobody can swap what it means between
//! two looks (fourteen CVEs in runc since 2017 were such swaps).
//!
//! nix has only mount(2), which takes paths. Since Linux 5.2: open_tree, move_mount, fsopen; since 5.8: mount ids in statx;
//! since 5.12: mount_setattr.

use std::ffi::{CStr, CString};
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, FromRawFd, OwnedFd};
use std::ptr::null;

use libc::{c_int, c_long, c_uint};
use nix::errno::Errno;

/// What a mount may be forbidden to do.
pub mod attr {
    pub const READ_ONLY: u64 = libc::MOUNT_ATTR_RDONLY;
    pub const NO_SUID: u64 = libc::MOUNT_ATTR_NOSUID;
    pub const NO_DEVICES: u64 = libc::MOUNT_ATTR_NODEV;
    pub const NO_EXEC: u64 = libc::MOUNT_ATTR_NOEXEC;
    pub const NO_ATIME: u64 = libc::MOUNT_ATTR_NOATIME;
    pub const STRICT_ATIME: u64 = libc::MOUNT_ATTR_STRICTATIME;
    pub const NO_DIR_ATIME: u64 = libc::MOUNT_ATTR_NODIRATIME;
}

/// Names and values, owned.
pub type Options = Vec<(CString, CString)>;

/// For a file system that takes no options.
pub const NO_OPTIONS: &[(&CStr, &CStr)] = &[];

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
    new_descriptor(fd)
}

/// A new file system that is attached nowhere yet: its top. `options` are names and values, which may be
/// empty; `attributes` are of [`attr`].
///
/// mount(2) gives no descriptor of what it has mounted, and looking for it by name may find something else.
pub fn new_mount(
    kind: &CStr,
    options: &[(impl AsRef<CStr>, impl AsRef<CStr>)],
    attributes: u64,
) -> Result<OwnedFd, Errno> {
    // SAFETY: a text that ends in NUL.
    let context = new_descriptor(unsafe { libc::syscall(libc::SYS_fsopen, kind.as_ptr(), FSOPEN_CLOEXEC) })?;
    configure(context.as_fd(), Some((c"source", kind)))?;
    for (name, value) in options {
        configure(context.as_fd(), Some((name.as_ref(), value.as_ref())))?;
    }
    configure(context.as_fd(), None)?;
    // SAFETY: an open descriptor and plain numbers.
    new_descriptor(unsafe { libc::syscall(libc::SYS_fsmount, context.as_raw_fd(), FSMOUNT_CLOEXEC, attributes) })
}

// linux/mount.h; libc has none of them.
const FSOPEN_CLOEXEC: c_uint = 1;
const FSMOUNT_CLOEXEC: c_uint = 1;
const FSCONFIG_SET_FLAG: c_uint = 0;
const FSCONFIG_SET_STRING: c_uint = 1;
const FSCONFIG_CMD_CREATE: c_uint = 6;

/// Sets an option, or with none left makes the file system.
fn configure(context: BorrowedFd<'_>, option: Option<(&CStr, &CStr)>) -> Result<(), Errno> {
    let (command, name, value) = match option {
        None => (FSCONFIG_CMD_CREATE, null(), null()),
        Some((name, value)) if value.is_empty() => (FSCONFIG_SET_FLAG, name.as_ptr(), null()),
        Some((name, value)) => (FSCONFIG_SET_STRING, name.as_ptr(), value.as_ptr()),
    };
    // SAFETY: an open descriptor, and texts that end in NUL, or none where the command takes none.
    result(unsafe { libc::syscall(libc::SYS_fsconfig, context.as_raw_fd(), command, name, value, 0) })
}

/// Which mount `path` lies in, seen from `place`; with an empty path, `place` itself. A link at the end is not followed.
/// No two mounts have the same number at the same time.
pub fn mount_id(place: BorrowedFd<'_>, path: &CStr) -> Result<u64, Errno> {
    // SAFETY: statx is plain numbers, for which all zeroes are valid.
    let mut found: libc::statx = unsafe { std::mem::zeroed() };
    let flags = libc::AT_EMPTY_PATH | libc::AT_SYMLINK_NOFOLLOW | libc::AT_NO_AUTOMOUNT;
    let (fd, wanted) = (place.as_raw_fd(), libc::STATX_MNT_ID);
    // SAFETY: an open descriptor, a text that ends in NUL, and room for one statx, which outlives the call.
    result(unsafe { libc::syscall(libc::SYS_statx, fd, path.as_ptr(), flags, wanted, &raw mut found) })?;
    if found.stx_mask & libc::STATX_MNT_ID == 0 { Err(Errno::ENOSYS) } else { Ok(found.stx_mnt_id) }
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
    change(mount, libc::mount_attr { attr_set: attributes, attr_clr: 0, propagation: 0, userns_fd: 0 }, depth)
}

/// Takes restrictions from one mount.
pub fn allow(mount: BorrowedFd<'_>, attributes: u64) -> Result<(), Errno> {
    exchange(mount, attributes, 0)
}

/// Takes restrictions from one mount, and adds others.
pub fn exchange(mount: BorrowedFd<'_>, taken: u64, added: u64) -> Result<(), Errno> {
    change(mount, libc::mount_attr { attr_set: added, attr_clr: taken, propagation: 0, userns_fd: 0 }, Depth::One)
}

fn change(mount: BorrowedFd<'_>, wish: libc::mount_attr, depth: Depth) -> Result<(), Errno> {
    let flags = libc::AT_EMPTY_PATH as c_uint | below(depth);
    let (fd, size) = (mount.as_raw_fd(), size_of_val(&wish));
    // SAFETY: an open descriptor, an empty path that ends in NUL, and `wish` with its true size, which outlives the call.
    result(unsafe { libc::syscall(libc::SYS_mount_setattr, fd, c"".as_ptr(), flags, &raw const wish, size) })
}

fn below(depth: Depth) -> c_uint {
    if depth == Depth::WithAllBelow { libc::AT_RECURSIVE as c_uint } else { 0 }
}

fn new_descriptor(value: c_long) -> Result<OwnedFd, Errno> {
    let fd = Errno::result(value)? as c_int;
    // SAFETY: the kernel has just made it for us.
    Ok(unsafe { OwnedFd::from_raw_fd(fd) })
}

fn result(value: c_long) -> Result<(), Errno> {
    Errno::result(value).map(drop)
}
