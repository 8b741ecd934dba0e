//! File descriptors by number: moving them out of the way, and handing a program exactly those that it shall have.
//!
//! nix owns descriptors one by one; here the whole table of a process is set, by number, which only a child that is
//! about to execute a program may do.

use std::os::fd::{AsRawFd, BorrowedFd, FromRawFd, OwnedFd};

use libc::c_int;
use nix::errno::Errno;

/// How many descriptors a program can be given: 0, 1, 2, the ready channel, the release channel.
pub const HANDED: usize = 5;
/// In the child the gate stands right behind them; it closes itself at exec.
pub const GATE: c_int = HANDED as c_int;
/// And a second one of that kind behind it.
const LEASH: c_int = GATE + 1;
/// Descriptors of ours that a child will need are kept above this, so that none is overwritten before its turn.
const OUT_OF_THE_WAY: c_int = 10;

/// A copy, close-on-exec, numbered 10 or above.
pub fn out_of_the_way(fd: BorrowedFd<'_>) -> Result<OwnedFd, Errno> {
    copy(fd.as_raw_fd())
}

/// The file itself where its number is high enough.
pub fn moved_out_of_the_way(fd: OwnedFd) -> Result<OwnedFd, Errno> {
    if fd.as_raw_fd() >= OUT_OF_THE_WAY { Ok(fd) } else { copy(fd.as_raw_fd()) }
}

/// A copy of a number that somebody else gave us; EBADF if it is not open.
pub fn out_of_the_way_raw(number: i32) -> Result<OwnedFd, Errno> {
    copy(number)
}

fn copy(number: c_int) -> Result<OwnedFd, Errno> {
    // SAFETY: makes a new descriptor and leaves `number` as it is, whatever it may be.
    let fd = Errno::result(unsafe { libc::fcntl(number, libc::F_DUPFD_CLOEXEC, OUT_OF_THE_WAY) });
    let fd = fd.map_err(|errno| if errno == Errno::EINVAL { Errno::EMFILE } else { errno })?; // no such number is allowed
    // SAFETY: the kernel has just made it for us.
    Ok(unsafe { OwnedFd::from_raw_fd(fd) })
}

/// In a child that is about to execute a program: `wanted[n]` becomes descriptor n, `gate` stays open until exec, and
/// every other descriptor is closed, also those that our own caller forgot to close (CVE-2024-21626).
///
/// All sources must be [`out_of_the_way`]: EINVAL otherwise. Returns the new numbers of the gate, and of a `leash` as long-lived.
///
/// After this, no `OwnedFd` of this process is true any more. That is why nothing may follow but the last steps.
pub fn hand_over(
    wanted: &[Option<BorrowedFd<'_>>; HANDED],
    gate: BorrowedFd<'_>,
    leash: Option<BorrowedFd<'_>>,
) -> Result<(BorrowedFd<'static>, Option<BorrowedFd<'static>>), Errno> {
    if wanted.iter().flatten().chain([&gate]).chain(&leash).any(|fd| fd.as_raw_fd() < OUT_OF_THE_WAY) {
        return Err(Errno::EINVAL);
    }
    for (number, fd) in (0..).zip(wanted) {
        // SAFETY: plain numbers; the child owns its whole table, and ends or executes before any OwnedFd is dropped.
        let set = unsafe {
            match fd {
                Some(fd) => libc::dup2(fd.as_raw_fd(), number),
                None => libc::close(number).max(0), // it was not open: as good
            }
        };
        Errno::result(set)?;
    }
    // SAFETY: as above.
    Errno::result(unsafe { libc::dup3(gate.as_raw_fd(), GATE, libc::O_CLOEXEC) })?;
    if let Some(leash) = leash {
        // SAFETY: as above.
        Errno::result(unsafe { libc::dup3(leash.as_raw_fd(), LEASH, libc::O_CLOEXEC) })?;
    }
    let first_to_close = if leash.is_some() { LEASH } else { GATE } as u32 + 1;
    // SAFETY: as above.
    Errno::result(unsafe { libc::syscall(libc::SYS_close_range, first_to_close, u32::MAX, 0) })?;
    // SAFETY: dup3 has just opened both, and nothing closes them before exec does.
    Ok(unsafe { (BorrowedFd::borrow_raw(GATE), leash.map(|_| BorrowedFd::borrow_raw(LEASH))) })
}

/// In a child that executes nothing but stays: keeps 0, 1 and 2. What was said of [`hand_over`] is true here too.
pub fn close_all_but_standard() -> Result<(), Errno> {
    // SAFETY: plain numbers; the child owns its whole table and drops no OwnedFd any more.
    Errno::result(unsafe { libc::syscall(libc::SYS_close_range, 3, u32::MAX, 0) }).map(drop)
}

/// In a forked child: the number of `fd` becomes another file's, close-on-exec. The owner in the parent keeps his.
pub fn replace(fd: BorrowedFd<'_>, other: BorrowedFd<'_>) -> Result<(), Errno> {
    // SAFETY: plain numbers; only the child's table is changed, where the number stays open.
    Errno::result(unsafe { libc::dup3(other.as_raw_fd(), fd.as_raw_fd(), libc::O_CLOEXEC) }).map(drop)
}

/// One of 0, 1 and 2, in a child that has them from [`hand_over`].
pub fn standard(number: usize) -> BorrowedFd<'static> {
    // SAFETY: the child never closes its standard streams.
    unsafe { BorrowedFd::borrow_raw(number.min(2) as c_int) }
}

/// Closes the child's copy of a descriptor whose owner lives on in the parent.
pub fn close_copy(fd: BorrowedFd<'_>) {
    // SAFETY: only called in a forked child, which never drops the owner that it has inherited.
    unsafe { libc::close(fd.as_raw_fd()) };
}

/// Where one of the three is closed, the next file that is opened would be it, and get what is meant for a terminal.
pub fn open_standard_streams() {
    let mut streams = [0, 1, 2].map(|fd| libc::pollfd { fd, events: 0, revents: 0 });
    // SAFETY: the kernel fills the three before the call returns.
    let looked = unsafe { libc::poll(streams.as_mut_ptr(), 3, 0) } >= 0;
    for stream in streams {
        if looked && stream.revents & libc::POLLNVAL != 0 {
            // SAFETY: the text ends in NUL. The lowest free number is the one that is closed; without /dev/null it stays so.
            unsafe { libc::open(c"/dev/null".as_ptr(), libc::O_RDWR) };
        }
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use std::os::fd::AsFd;

    /// A descriptor that survives exec, as a careless caller leaves it.
    pub(crate) fn without_cloexec() -> OwnedFd {
        let (read_end, _) = std::io::pipe().unwrap();
        // SAFETY: makes a new descriptor, which nobody else owns.
        unsafe { OwnedFd::from_raw_fd(libc::fcntl(read_end.as_fd().as_raw_fd(), libc::F_DUPFD, 3)) }
    }

    #[test]
    fn sources_that_could_be_overwritten_are_refused() {
        let (a, _b) = std::io::pipe().unwrap();
        let high = out_of_the_way(a.as_fd()).unwrap();
        assert!(high.as_raw_fd() >= OUT_OF_THE_WAY);
        assert_eq!(hand_over(&[None; HANDED], std::io::stderr().as_fd(), None).unwrap_err(), Errno::EINVAL);
        assert_eq!(out_of_the_way_raw(-1).unwrap_err(), Errno::EBADF);
    }
}
