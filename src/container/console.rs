//! The container's terminal: a pair of its own devpts. The program has the slave, we the master.
//!
//! The host's terminal is never open inside: whoever has it open can type for its user (TIOCSTI), steal what he types and
//! change its modes. The child makes the pair, since only it sees the new /dev/pts, and sends the master out to us.

use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use nix::errno::Errno;
use nix::sys::signal::{SigSet, SigmaskHow, Signal};
use nix::sys::socket::{AddressFamily, SockFlag, SockType, socketpair};
use nix::unistd::tcsetpgrp;

use crate::error::{Context, Error, Result};
use crate::lang::Said;
use crate::said;
use crate::sys::fds::{HANDED, out_of_the_way};
use crate::sys::terminal::{Window, make_controlling, open_pair, receive, send, set_window};

/// The order for a terminal, and the way on which it comes.
#[derive(Debug)]
pub struct Console {
    /// Which of the three standard streams it is.
    streams: [bool; 3],
    window: Window,
    ours: OwnedFd,
    theirs: OwnedFd,
}

impl Console {
    pub fn new(streams: [bool; 3], window: Window) -> Result<Console> {
        let doing = || said!("make the way for the terminal", "터미널을 넘겨받을 통로를 만들 수 없습니다");
        let (ours, theirs) =
            socketpair(AddressFamily::Unix, SockType::Stream, None, SockFlag::SOCK_CLOEXEC).doing(doing)?;
        Ok(Console { streams, window, ours, theirs })
    }

    /// The master, once the child has been made. None: the child failed before, and says itself why.
    pub fn take(self) -> Result<Option<OwnedFd>> {
        drop(self.theirs); // else a dead child would not end our wait
        receive(self.ours.as_fd()).map_err(|errno| {
            Error::new(said!("take over the terminal", "터미널을 넘겨받을 수 없습니다"), Said::english(errno.desc()))
        })
    }

    // --- the child's side: nothing here allocates ---

    /// Makes the pair, with the slave as terminal of this session; returns the slave.
    pub(super) fn open(&self, devpts: BorrowedFd<'_>) -> Result<OwnedFd, Errno> {
        let (master, slave) = open_pair(devpts)?;
        set_window(slave.as_fd(), self.window)?;
        make_controlling(slave.as_fd())?;
        send(self.theirs.as_fd(), master.as_fd())?;
        out_of_the_way(slave.as_fd())
    }

    /// The files that the program gets, with the terminal in its places.
    pub(super) fn among<'a>(
        &self,
        mut given: [Option<BorrowedFd<'a>>; HANDED],
        slave: BorrowedFd<'a>,
    ) -> [Option<BorrowedFd<'a>>; HANDED] {
        for (place, _) in given.iter_mut().zip(self.streams).filter(|(_, terminal)| *terminal) {
            *place = Some(slave);
        }
        given
    }

    /// For a program that is not its session's leader, but a job of it.
    pub(super) fn to_the_foreground(&self) -> Result<(), Errno> {
        let Some(number) = self.streams.iter().position(|terminal| *terminal) else { return Ok(()) };
        let before = SigSet::from(Signal::SIGTTOU).thread_swap_mask(SigmaskHow::SIG_BLOCK)?; // or we would be stopped
        let done = tcsetpgrp(crate::sys::fds::standard(number), nix::unistd::getpid());
        before.thread_set_mask()?;
        done
    }
}
