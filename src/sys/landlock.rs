//! Landlock (landlock(7)): what may be executed and made, by the folder that it lies in. No crate: three calls, and libc has their
//! numbers.

use std::os::fd::{AsRawFd, BorrowedFd, FromRawFd, OwnedFd};
use std::ptr::null;

use nix::errno::Errno;

// linux/landlock.h
const VERSION: u32 = 1;
const EXECUTE: u64 = 1;
const MAKE_CHAR: u64 = 1 << 6;
const MAKE_BLOCK: u64 = 1 << 11;
const REFER: u64 = 1 << 13;
const PATH_BENEATH: u32 = 1;

#[repr(C)]
struct Rules {
    handled_access_fs: u64,
}

#[repr(C, packed)]
struct Beneath {
    allowed_access: u64,
    parent_fd: i32,
}

/// Which version the kernel has; 0 where it has none, or it is switched off.
fn version() -> i64 {
    // SAFETY: no structure is given, as this question wants it.
    let version = unsafe { libc::syscall(libc::SYS_landlock_create_ruleset, null::<Rules>(), 0, VERSION) };
    version.max(0)
}

/// Only files below this folder may be executed, or be the interpreter of one, and no device file can be made. None where the
/// kernel cannot: the first version forbade to move files between folders as well.
pub fn confine_to(folder: BorrowedFd<'_>) -> Result<Option<OwnedFd>, Errno> {
    if version() < 2 {
        return Ok(None);
    }
    let rules = Rules { handled_access_fs: EXECUTE | MAKE_CHAR | MAKE_BLOCK | REFER };
    let flags = 0;
    // SAFETY: `rules` outlives the call, which is given its true size.
    let made = unsafe { libc::syscall(libc::SYS_landlock_create_ruleset, &raw const rules, size_of::<Rules>(), flags) };
    // SAFETY: the kernel has just made it for us.
    let set = unsafe { OwnedFd::from_raw_fd(Errno::result(made)? as i32) };
    let rule = Beneath { allowed_access: EXECUTE | REFER, parent_fd: folder.as_raw_fd() };
    // SAFETY: two open descriptors, and `rule` outlives the call.
    let added =
        unsafe { libc::syscall(libc::SYS_landlock_add_rule, set.as_raw_fd(), PATH_BENEATH, &raw const rule, flags) };
    Errno::result(added)?;
    Ok(Some(set))
}

/// From now on, for this thread and its children. Needs no_new_privs or CAP_SYS_ADMIN; afterwards nobody here can mount.
pub fn restrict(rules: BorrowedFd<'_>) -> Result<(), Errno> {
    // SAFETY: an open descriptor and a number.
    Errno::result(unsafe { libc::syscall(libc::SYS_landlock_restrict_self, rules.as_raw_fd(), 0) }).map(drop)
}
