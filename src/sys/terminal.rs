//! Terminals: a pseudo-terminal of an instance of devpts, its window, and its way to another process.
//!
//! nix's `openpty` takes the pair of the /dev/pts that we see, by name; its ioctls are unsafe; its `sendmsg` allocates,
//! which a container's child may not (see `clone.rs`).

use std::mem::{size_of, zeroed};
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, FromRawFd, OwnedFd};

use libc::{c_int, c_void};
use nix::errno::Errno;
use nix::fcntl::{OFlag, openat};
use nix::sys::stat::Mode;

/// Rows and columns.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Window {
    pub rows: u16,
    pub columns: u16,
}

/// Both ends of a new pseudo-terminal of this instance of devpts: the master, and the slave, which is the terminal.
/// The slave is opened through the master, so that no name is looked up.
pub fn open_pair(devpts: BorrowedFd<'_>) -> Result<(OwnedFd, OwnedFd), Errno> {
    let flags = OFlag::O_RDWR | OFlag::O_NOCTTY | OFlag::O_CLOEXEC;
    let master = openat(devpts, c"ptmx", flags | OFlag::O_NOFOLLOW, Mode::empty())?;
    let unlocked: c_int = 0;
    // SAFETY: the kernel reads one int, which outlives the call.
    Errno::result(unsafe { libc::ioctl(master.as_raw_fd(), libc::TIOCSPTLCK, &raw const unlocked) })?;
    // SAFETY: a plain number as argument.
    let slave = Errno::result(unsafe { libc::ioctl(master.as_raw_fd(), libc::TIOCGPTPEER, flags.bits()) })?;
    // SAFETY: the kernel has just made it for us.
    Ok((master, unsafe { OwnedFd::from_raw_fd(slave) }))
}

/// Makes it the terminal of our session, whose leader we must be.
pub fn make_controlling(terminal: BorrowedFd<'_>) -> Result<(), Errno> {
    // SAFETY: a plain number as argument.
    Errno::result(unsafe { libc::ioctl(terminal.as_raw_fd(), libc::TIOCSCTTY, 0) }).map(drop)
}

pub fn window_of(terminal: BorrowedFd<'_>) -> Result<Window, Errno> {
    // SAFETY: winsize is plain numbers; the kernel fills it before we read it.
    let size = unsafe {
        let mut size: libc::winsize = zeroed();
        Errno::result(libc::ioctl(terminal.as_raw_fd(), libc::TIOCGWINSZ, &raw mut size))?;
        size
    };
    Ok(Window { rows: size.ws_row, columns: size.ws_col })
}

/// The kernel sends SIGWINCH to the terminal's foreground job if this is another size.
pub fn set_window(terminal: BorrowedFd<'_>, window: Window) -> Result<(), Errno> {
    let size = libc::winsize { ws_row: window.rows, ws_col: window.columns, ws_xpixel: 0, ws_ypixel: 0 };
    // SAFETY: the kernel reads `size`, which outlives the call.
    Errno::result(unsafe { libc::ioctl(terminal.as_raw_fd(), libc::TIOCSWINSZ, &raw const size) }).map(drop)
}

/// How many bytes wait to be read: in a pipe (either end) or a terminal.
pub fn unread(fd: BorrowedFd<'_>) -> Result<usize, Errno> {
    let mut count: c_int = 0;
    // SAFETY: the kernel writes one int, which outlives the call.
    Errno::result(unsafe { libc::ioctl(fd.as_raw_fd(), libc::FIONREAD, &raw mut count) })?;
    Ok(count.max(0) as usize)
}

/// Room for one control message with one descriptor, aligned as the kernel wants it.
#[repr(C, align(8))]
struct Control([u8; 64]);

/// Both sides of one message: a byte, and a descriptor beside it.
fn message(byte: &mut libc::iovec, control: &mut Control, length: usize) -> libc::msghdr {
    // SAFETY: msghdr is plain numbers and pointers, for which all zeroes mean "nothing".
    let mut message: libc::msghdr = unsafe { zeroed() };
    message.msg_iov = byte;
    message.msg_iovlen = 1;
    message.msg_control = control.0.as_mut_ptr().cast::<c_void>();
    message.msg_controllen = length;
    message
}

/// Sends a descriptor through a unix socket (SCM_RIGHTS). Allocates nothing.
pub fn send(socket: BorrowedFd<'_>, fd: BorrowedFd<'_>) -> Result<(), Errno> {
    let (mut text, mut control) = ([b'!'], Control([0; 64]));
    let mut byte = libc::iovec { iov_base: text.as_mut_ptr().cast(), iov_len: 1 };
    // SAFETY: CMSG_SPACE and CMSG_LEN compute with plain numbers.
    let (space, length) = unsafe { (libc::CMSG_SPACE(size_of::<c_int>() as u32), libc::CMSG_LEN(4)) };
    let mut message = message(&mut byte, &mut control, space as usize);
    // SAFETY: `message` points to `byte` and `control`, which live until the end of this function; the first header lies
    // at the start of `control`, which is large enough for it and one int, and aligned.
    let sent = unsafe {
        let header = libc::CMSG_FIRSTHDR(&raw const message);
        (*header).cmsg_level = libc::SOL_SOCKET;
        (*header).cmsg_type = libc::SCM_RIGHTS;
        (*header).cmsg_len = length as usize;
        libc::CMSG_DATA(header).cast::<c_int>().write_unaligned(fd.as_raw_fd());
        libc::sendmsg(socket.as_raw_fd(), &raw mut message, libc::MSG_NOSIGNAL)
    };
    Errno::result(sent).map(drop)
}

/// The descriptor that the other side has sent. None: it has closed its end before.
pub fn receive(socket: BorrowedFd<'_>) -> Result<Option<OwnedFd>, Errno> {
    let (mut text, mut control) = ([0], Control([0; 64]));
    let mut byte = libc::iovec { iov_base: text.as_mut_ptr().cast(), iov_len: 1 };
    let mut message = message(&mut byte, &mut control, size_of::<Control>());
    let flags = libc::MSG_CMSG_CLOEXEC;
    loop {
        // SAFETY: as for `send`: what `message` points to lives until the end of this function.
        match Errno::result(unsafe { libc::recvmsg(socket.as_raw_fd(), &raw mut message, flags) }) {
            Err(Errno::EINTR) => {}
            Err(errno) => return Err(errno),
            Ok(0) => return Ok(None),
            Ok(_) => break,
        }
    }
    // SAFETY: the kernel has filled `control`; CMSG_FIRSTHDR is null if it holds no whole header. A descriptor in it is
    // new and ours alone.
    unsafe {
        let header = libc::CMSG_FIRSTHDR(&raw const message);
        if header.is_null() || (*header).cmsg_type != libc::SCM_RIGHTS {
            return Ok(None);
        }
        Ok(Some(OwnedFd::from_raw_fd(libc::CMSG_DATA(header).cast::<c_int>().read_unaligned())))
    }
}

/// Is this a terminal?
pub fn is_terminal(fd: impl AsFd) -> bool {
    nix::sys::termios::tcgetattr(fd).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use nix::sys::socket::{AddressFamily, SockFlag, SockType, socketpair};
    use std::io::{Read, Write};

    #[test]
    fn a_descriptor_travels_and_a_closed_end_is_told() {
        let (a, b) = socketpair(AddressFamily::Unix, SockType::Stream, None, SockFlag::SOCK_CLOEXEC).unwrap();
        let (mut read_end, write_end) = std::io::pipe().unwrap();
        send(a.as_fd(), write_end.as_fd()).unwrap();
        drop((a, write_end));
        let arrived = receive(b.as_fd()).unwrap().unwrap();
        std::fs::File::from(arrived).write_all(b"through the copy").unwrap();
        let mut text = String::new();
        read_end.read_to_string(&mut text).unwrap();
        assert_eq!(text, "through the copy");
        assert!(receive(b.as_fd()).unwrap().is_none());
    }

    #[test]
    fn a_pair_of_the_hosts_devpts_has_a_window() {
        let Ok(devpts) = std::fs::File::open("/dev/pts") else {
            return crate::testing::skip(format_args!("a_pair_of_the_hosts_devpts_has_a_window: no /dev/pts"));
        };
        let Ok((master, slave)) = open_pair(devpts.as_fd()) else {
            return crate::testing::skip(format_args!("a_pair_of_the_hosts_devpts_has_a_window: no ptmx for us"));
        };
        assert!(is_terminal(&slave) && !is_terminal(&devpts));
        let window = Window { rows: 33, columns: 101 };
        set_window(master.as_fd(), window).unwrap();
        assert_eq!(window_of(slave.as_fd()), Ok(window));
    }
}
