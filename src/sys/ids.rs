//! Changing user and group ids of a freshly forked child.
//!
//! nix calls glibc, whose functions signal every thread that they believe to exist; in a forked child those are gone.
//! These are the bare system calls, for the one thread that is there.

use nix::errno::Errno;

/// Becomes this user and group in every sense (real, effective, saved).
pub fn become_user(uid: u32, gid: u32) -> Result<(), Errno> {
    // SAFETY: plain numbers.
    Errno::result(unsafe { libc::syscall(libc::SYS_setresgid, gid, gid, gid) })?;
    // SAFETY: plain numbers.
    Errno::result(unsafe { libc::syscall(libc::SYS_setresuid, uid, uid, uid) }).map(drop)
}

/// Has these supplementary groups and no others.
pub fn set_groups(groups: &[u32]) -> Result<(), Errno> {
    // SAFETY: the kernel reads as many numbers as there are.
    Errno::result(unsafe { libc::syscall(libc::SYS_setgroups, groups.len(), groups.as_ptr()) }).map(drop)
}
