//! A process that is not our child, held by a descriptor: its number may be given to another process, the descriptor not.
//!
//! nix has neither pidfd_open(2) nor pidfd_send_signal(2).

use std::os::fd::{AsRawFd, FromRawFd, OwnedFd};
use std::path::Path;

use nix::errno::Errno;

use crate::proc_stat::Stat;

/// pidfd_open(2). Whoever has this number now: look at what it is after this, not before.
pub fn open(pid: i32) -> Result<OwnedFd, Errno> {
    // SAFETY: plain numbers.
    let fd = Errno::result(unsafe { libc::syscall(libc::SYS_pidfd_open, pid, 0) })?;
    // SAFETY: the kernel has just made it for us.
    Ok(unsafe { OwnedFd::from_raw_fd(fd as i32) })
}

/// The process of this number that began then, in clock ticks since the machine's start; ESRCH when it is another one's now.
pub fn open_who_began(pid: i32, start: u64) -> Result<OwnedFd, Errno> {
    let held = open(pid)?;
    let same = Stat::read(Path::new("/proc"), pid).is_ok_and(|now| now.start == start);
    same.then_some(held).ok_or(Errno::ESRCH)
}

/// pidfd_send_signal(2). ESRCH when it has ended and was reaped.
pub fn signal(process: &OwnedFd, number: i32) -> Result<(), Errno> {
    let none = std::ptr::null::<libc::siginfo_t>();
    // SAFETY: a pidfd that we own, and no siginfo.
    let sent = unsafe { libc::syscall(libc::SYS_pidfd_send_signal, process.as_raw_fd(), number, none, 0) };
    Errno::result(sent).map(drop)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_signal_reaches_whom_we_opened() {
        let mut sleeper = std::process::Command::new("sleep").arg("100").spawn().unwrap();
        let held = open(sleeper.id() as i32).unwrap();
        signal(&held, libc::SIGKILL).unwrap();
        assert_eq!(std::os::unix::process::ExitStatusExt::signal(&sleeper.wait().unwrap()), Some(libc::SIGKILL));
        assert_eq!(signal(&held, libc::SIGKILL), Err(Errno::ESRCH));
        assert_eq!(open(-1).unwrap_err(), Errno::EINVAL);
    }
}
