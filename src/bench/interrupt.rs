//! SIGINT, SIGTERM and SIGHUP as something to wait for: the harness is never killed by them, it ends in order.

use std::os::fd::{AsFd, BorrowedFd};
use std::time::{Duration, Instant};

use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::signal::{SigSet, Signal};
use nix::sys::signalfd::{SfdFlags, SignalFd};

use crate::error::{Context, Error, Kind, Result};
use crate::said;
use crate::sys::signals::Ignored;

pub struct Interrupt {
    signals: SignalFd,
    /// The signal that arrived.
    pub signal: std::cell::Cell<Option<i32>>,
}

/// What ended a wait.
#[derive(Debug, PartialEq, Eq)]
pub enum Woken {
    Readable,
    TimedOut,
}

impl Interrupt {
    /// Blocks the three signals for this process; children get the default mask back from `std::process::Command`. One that
    /// our caller has us ignore (nohup) stays ignored: blocked, it would arrive.
    pub fn listen() -> Result<Interrupt> {
        let ignored = Ignored::now();
        let three = [Signal::SIGINT, Signal::SIGTERM, Signal::SIGHUP];
        let mask: SigSet = three.into_iter().filter(|signal| !ignored.has(*signal as i32)).collect();
        mask.thread_block().doing(|| said!("block SIGINT and SIGTERM", "SIGINT와 SIGTERM을 막아 둘 수 없습니다"))?;
        let signals = SignalFd::with_flags(&mask, SfdFlags::SFD_CLOEXEC | SfdFlags::SFD_NONBLOCK)
            .doing(|| said!("listen for SIGINT and SIGTERM", "SIGINT와 SIGTERM을 기다릴 수 없습니다"))?;
        Ok(Interrupt { signals, signal: std::cell::Cell::new(None) })
    }

    /// Err once a signal has arrived.
    pub fn check(&self) -> Result<()> {
        if let Ok(Some(info)) = self.signals.read_signal() {
            self.signal.set(Some(info.ssi_signo as i32));
        }
        match self.signal.get() {
            Some(number) => Err(Error::new(
                said!("go on", "계속할 수 없습니다"),
                said!("a signal asked us to stop", "시그널이 멈추라고 함"),
            )
            .kind(Kind::Signal(number))),
            None => Ok(()),
        }
    }

    /// Waits until `fd` is readable or `deadline`; Err when a signal arrives meanwhile.
    pub fn wait(&self, fd: BorrowedFd, deadline: Instant) -> Result<Woken> {
        loop {
            self.check()?;
            let mut fds = [PollFd::new(fd, PollFlags::POLLIN), PollFd::new(self.signals.as_fd(), PollFlags::POLLIN)];
            let n = poll_until(&mut fds, deadline)?;
            if fds[0].any().unwrap_or(true) {
                return Ok(Woken::Readable);
            }
            if n == 0 {
                return Ok(Woken::TimedOut);
            }
        }
    }

    pub fn sleep(&self, time: Duration) -> Result<()> {
        let deadline = Instant::now() + time;
        loop {
            self.check()?;
            let mut fds = [PollFd::new(self.signals.as_fd(), PollFlags::POLLIN)];
            if poll_until(&mut fds, deadline)? == 0 {
                return Ok(());
            }
        }
    }
}

/// `poll` with a deadline; 0 when it passed. A rest below a millisecond is waited for as one.
fn poll_until(fds: &mut [PollFd], deadline: Instant) -> Result<i32> {
    loop {
        let left = deadline.saturating_duration_since(Instant::now());
        let ms = left.as_micros().div_ceil(1000).min(60_000) as u16;
        match poll(fds, PollTimeout::from(ms)) {
            Ok(0) if Instant::now() < deadline => {}
            Ok(n) => return Ok(n),
            Err(nix::errno::Errno::EINTR) => {}
            Err(cause) => {
                return Err(Error::new(said!("wait for a worker", "작업 프로세스를 기다릴 수 없습니다"), cause));
            }
        }
    }
}
