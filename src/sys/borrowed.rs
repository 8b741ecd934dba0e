//! A descriptor that somebody gave us as a number.
//!
//! nix's own `fcntl` wants a descriptor that is known to be open; a number in a message is not.

use std::os::fd::{FromRawFd, OwnedFd};

use nix::errno::Errno;

/// A close-on-exec copy of our own; EBADF if the number is not open.
pub fn copy_of(number: i32) -> Result<OwnedFd, Errno> {
    // SAFETY: makes a new descriptor and leaves `number` as it is, whatever it may be.
    let fd = Errno::result(unsafe { libc::fcntl(number, libc::F_DUPFD_CLOEXEC, 3) })?;
    // SAFETY: the kernel has just made it for us.
    Ok(unsafe { OwnedFd::from_raw_fd(fd) })
}
