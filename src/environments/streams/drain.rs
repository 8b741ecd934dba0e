//! From the program's outputs to the caller's: one thread for each pipe, or for the terminal's master.

use std::os::fd::{AsFd, OwnedFd};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::time::Duration;

use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::unistd::{read, write};

use crate::error::{Context, Error, Result};
use crate::lang::Said;
use crate::said;
use crate::sys::signals;

/// How passing on ended.
type Passed = Result<(), Errno>;

#[derive(Debug)]
pub(super) struct Drains {
    running: usize,
    /// The program has ended: what is not there now will not come.
    ended: Arc<AtomicBool>,
    done: (Sender<Passed>, Receiver<Passed>),
}

impl Default for Drains {
    fn default() -> Drains {
        Drains { running: 0, ended: Arc::default(), done: channel() }
    }
}

impl Drains {
    /// To None goes what nobody wants to read.
    pub(super) fn begin(&mut self, from: OwnedFd, to: Option<OwnedFd>) -> Result<()> {
        let (ended, done) = (Arc::clone(&self.ended), self.done.0.clone());
        let run = move || {
            let result = signals::block_all().and_then(|_| drain(&from, to.as_ref(), &ended));
            drop((from, to)); // nobody reads any more: a program that goes on writing gets SIGPIPE
            let _ = done.send(result); // the other side may have given up
        };
        std::thread::Builder::new().name("drain".into()).spawn(run).doing(|| {
            said!("start a thread for the program's output", "프로그램 출력을 위한 스레드를 시작할 수 없습니다")
        })?;
        self.running += 1;
        Ok(())
    }

    /// Waits until all has been passed on. A reader who does not read keeps us waiting, until a signal asks us to end.
    pub(super) fn end(&mut self) -> Result<()> {
        const LOOK_FOR_SIGNALS_EVERY: Duration = Duration::from_millis(50);
        self.ended.store(true, Ordering::Release);
        let mut result = Ok(());
        while self.running > 0 {
            match self.done.1.recv_timeout(LOOK_FOR_SIGNALS_EVERY) {
                Ok(Err(errno)) if errno != Errno::EPIPE => result = Err(cannot_write(errno)), // EPIPE: as in a pipeline
                Ok(_) => {}
                Err(RecvTimeoutError::Timeout) if !signals::asked_to_end() => continue,
                Err(_) => break,
            }
            self.running -= 1;
        }
        result
    }
}

fn cannot_write(errno: Errno) -> Error {
    Error::new(
        said!("pass on what the program wrote", "프로그램이 쓴 것을 전달할 수 없습니다"),
        Said::english(errno.desc()),
    )
    .try_this(said!(
        "df -h . (the disk), ulimit -f (the largest file)",
        "df -h .(디스크), ulimit -f(가장 큰 파일)를 보십시오"
    ))
}

/// Until the end of `from`.
fn drain(from: &OwnedFd, to: Option<&OwnedFd>, ended: &AtomicBool) -> Result<(), Errno> {
    const PATIENCE: u16 = 20; // ms
    let mut bytes = vec![0; 64 << 10];
    loop {
        let was_ended = ended.load(Ordering::Acquire);
        match read(from, &mut bytes) {
            Ok(0) => return Ok(()),
            Ok(count) => to.map_or(Ok(()), |to| write_all(to, &bytes[..count]))?,
            Err(Errno::EINTR) => {}
            // A terminal that nobody has open; as long as the program runs it may open /dev/tty again.
            Err(Errno::EIO) if !was_ended => drop(poll(&mut [], PATIENCE)),
            Err(Errno::EIO) => return Ok(()),
            Err(errno) => return Err(errno),
        }
    }
}

pub(super) fn write_all(to: &OwnedFd, mut bytes: &[u8]) -> Result<(), Errno> {
    while !bytes.is_empty() {
        match write(to, bytes) {
            Ok(count) => bytes = &bytes[count..],
            Err(Errno::EINTR) => {}
            Err(Errno::EAGAIN) => {
                // somebody has made the caller's file non-blocking: that is his to do, and ours to bear
                let _ = poll(&mut [PollFd::new(to.as_fd(), PollFlags::POLLOUT)], PollTimeout::NONE);
            }
            Err(errno) => return Err(errno),
        }
    }
    Ok(())
}
