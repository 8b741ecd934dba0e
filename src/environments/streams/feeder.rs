//! From the caller's standard input to the program's: a thread.
//!
//! Nothing is lost by reading ahead. What the program leaves unread stays for whoever reads from the caller's file next, as
//! in `while read host; do isolab run …; done < hosts`: a file's position is set back, and what is in a pipe is copied by
//! tee(2) and taken out only when the program has read it.

use std::os::fd::{AsFd, OwnedFd};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;

use nix::errno::Errno;
use nix::fcntl::{FcntlArg, OFlag, SpliceFFlags, fcntl, tee};
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::eventfd::{EfdFlags, EventFd};
use nix::sys::stat::{SFlag, fstat};
use nix::unistd::{Whence, lseek, read, write};

use super::callers::Terminal;
use super::drain::write_all;
use crate::error::{Context, Result};
use crate::said;
use crate::sys::signals;
use crate::sys::terminal::{is_terminal, unread};

#[derive(Debug)]
pub(super) struct Feeder {
    stop: Arc<EventFd>,
    interrupt: Arc<AtomicBool>,
    /// Only where the caller's file is to be set back: a thread that waits for keys is left to end with us.
    thread: Option<JoinHandle<()>>,
}

impl Feeder {
    /// From any file into a pipe, of which `left` is the other end.
    pub(super) fn of_file(from: OwnedFd, to: OwnedFd, left: OwnedFd) -> Result<Feeder> {
        fcntl(&to, FcntlArg::F_SETFL(OFlag::O_NONBLOCK))
            .doing(|| said!("prepare the program's standard input", "프로그램의 표준 입력을 준비할 수 없습니다"))?;
        Feeder::begin(
            move |stop, _| {
                let _ = Feed { from, to, left, stop }.run();
            },
            true,
        )
    }

    /// From the caller's terminal to the program's.
    pub(super) fn of_keys(terminal: Arc<Terminal>, master: OwnedFd) -> Result<Feeder> {
        terminal.make_raw();
        Feeder::begin(
            move |stop, interrupt| {
                let _ = keys(&terminal, &master, &stop, &interrupt);
            },
            false,
        )
    }

    fn begin(feed: impl FnOnce(Arc<EventFd>, Arc<AtomicBool>) + Send + 'static, joined: bool) -> Result<Feeder> {
        let doing =
            || said!("start a thread for the program's input", "프로그램 입력을 위한 스레드를 시작할 수 없습니다");
        let stop = Arc::new(EventFd::from_flags(EfdFlags::EFD_CLOEXEC).doing(doing)?);
        let interrupt = Arc::new(AtomicBool::new(false));
        let theirs = (Arc::clone(&stop), Arc::clone(&interrupt));
        let run = move || {
            if signals::block_all().is_ok() {
                feed(theirs.0, theirs.1);
            }
        };
        let thread = std::thread::Builder::new().name("feeder".into()).spawn(run).doing(doing)?;
        Ok(Feeder { stop, interrupt, thread: Some(thread).filter(|_| joined) })
    }

    /// Ctrl-C was typed since this was asked last.
    pub(super) fn take_interrupt(&self) -> bool {
        self.interrupt.swap(false, Ordering::AcqRel)
    }

    pub(super) fn end(mut self) {
        let _ = self.stop.write(1); // it cannot overflow
        self.thread.take().map(JoinHandle::join);
    }
}

/// Why a wait ended.
#[derive(Debug, PartialEq, Eq)]
enum Woken {
    Ready,
    Stopped,
}

/// Until one of `wanted` is as it should be, or has an error that the next call will tell, or until we are told to stop.
fn wait(fd: impl AsFd, wanted: PollFlags, stop: &EventFd) -> Woken {
    loop {
        let mut fds = [PollFd::new(fd.as_fd(), wanted), PollFd::new(stop.as_fd(), PollFlags::POLLIN)];
        match poll(&mut fds, PollTimeout::NONE) {
            Err(Errno::EINTR) => {}
            _ if fds[1].any().unwrap_or(true) => return Woken::Stopped,
            _ => return Woken::Ready,
        }
    }
}

struct Feed {
    from: OwnedFd,
    /// Non-blocking.
    to: OwnedFd,
    /// With it open a program that closes its end is not noticed, which does no harm: we are told to stop when it ends.
    left: OwnedFd,
    stop: Arc<EventFd>,
}

impl Feed {
    fn run(self) -> Result<(), Errno> {
        let kind = SFlag::from_bits_truncate(fstat(&self.from)?.st_mode & SFlag::S_IFMT.bits());
        if kind == SFlag::S_IFIFO && fcntl(&self.to, FcntlArg::F_SETPIPE_SZ(4096)).is_ok() {
            return self.tee();
        }
        let unwritten = self.copy()?;
        let Feed { from, to, left, stop } = self;
        drop(to); // the program reads the end
        if matches!(kind, SFlag::S_IFREG | SFlag::S_IFBLK) {
            wait(&*stop, PollFlags::POLLIN, &stop); // until it has ended
            let unread = unwritten + unread(left.as_fd())?;
            lseek(&from, -(unread as i64), Whence::SeekCur)?;
        }
        Ok(())
    }

    /// Reads and writes. Returns how many bytes it has read and could not write.
    fn copy(&self) -> Result<usize, Errno> {
        let mut bytes = vec![0; 64 << 10];
        let keyboard = is_terminal(&self.from).then(|| self.from.try_clone().ok().map(Terminal::new)).flatten();
        loop {
            if wait(&self.to, PollFlags::POLLOUT, &self.stop) == Woken::Stopped {
                return Ok(0);
            }
            if let Some(terminal) = &keyboard
                && wait_for_turn(terminal, &self.stop) == Woken::Stopped
            {
                return Ok(0);
            }
            if wait(&self.from, PollFlags::POLLIN, &self.stop) == Woken::Stopped {
                return Ok(0);
            }
            let count = match read(&self.from, &mut bytes) {
                Ok(0) => return Ok(0),
                Ok(count) => count,
                Err(Errno::EINTR | Errno::EAGAIN) => continue,
                Err(errno) => return Err(errno),
            };
            let left = self.write(&bytes[..count]);
            if left > 0 {
                return Ok(left);
            }
        }
    }

    /// Returns how much was left when the program closed its end, or we were told to stop.
    fn write(&self, mut bytes: &[u8]) -> usize {
        while !bytes.is_empty() {
            match write(&self.to, bytes) {
                Ok(count) => bytes = &bytes[count..],
                Err(Errno::EINTR) => {}
                Err(Errno::EAGAIN) if wait(&self.to, PollFlags::POLLOUT, &self.stop) == Woken::Ready => {}
                Err(_) => break,
            }
        }
        bytes.len()
    }

    /// From a pipe into a pipe with a single place: room in it means that the program has read what was there.
    fn tee(&self) -> Result<(), Errno> {
        let mut bytes = vec![0; 4096];
        loop {
            if wait(&self.from, PollFlags::POLLIN, &self.stop) == Woken::Stopped {
                return Ok(());
            }
            let count = match tee(&self.from, &self.to, bytes.len(), SpliceFFlags::SPLICE_F_NONBLOCK) {
                Ok(0) => return Ok(()), // all writers have closed it
                Ok(count) => count,
                Err(Errno::EINTR | Errno::EAGAIN) => continue, // another reader was quicker
                Err(errno) => return Err(errno),
            };
            let woken = wait(&self.to, PollFlags::POLLOUT, &self.stop);
            let taken = count.saturating_sub(unread(self.left.as_fd())?);
            self.discard(&mut bytes[..taken])?;
            if woken == Woken::Stopped || taken < count {
                return Ok(()); // the program has ended, or closed its standard input
            }
        }
    }

    fn discard(&self, mut bytes: &mut [u8]) -> Result<(), Errno> {
        while !bytes.is_empty() {
            match read(&self.from, bytes) {
                Ok(0) => return Ok(()),
                Ok(count) => bytes = &mut bytes[count..],
                Err(Errno::EINTR) => {}
                Err(errno) => return Err(errno),
            }
        }
        Ok(())
    }
}

/// A background job does not read what is typed.
fn wait_for_turn(terminal: &Terminal, stop: &EventFd) -> Woken {
    const LOOK_EVERY: u16 = 100; // ms
    while !terminal.is_ours() {
        let mut fds = [PollFd::new(stop.as_fd(), PollFlags::POLLIN)];
        if poll(&mut fds, LOOK_EVERY).is_ok_and(|count| count > 0) {
            return Woken::Stopped;
        }
    }
    Woken::Ready
}

fn keys(terminal: &Terminal, master: &OwnedFd, stop: &EventFd, interrupt: &AtomicBool) -> Result<(), Errno> {
    const CTRL_C: u8 = 3;
    let mut bytes = [0; 4096];
    while wait_for_turn(terminal, stop) == Woken::Ready {
        terminal.make_raw(); // it may have been another job's until now
        if wait(terminal.file(), PollFlags::POLLIN, stop) == Woken::Stopped {
            break;
        }
        let count = match read(terminal.file(), &mut bytes) {
            Ok(0) => break, // the line is cut
            Ok(count) => count,
            Err(Errno::EINTR | Errno::EAGAIN) => continue,
            Err(Errno::EIO) if !terminal.is_ours() => continue, // sent to the background meanwhile
            Err(errno) => return Err(errno),
        };
        write_all(master, &bytes[..count])?;
        if bytes[..count].contains(&CTRL_C) {
            interrupt.store(true, Ordering::Release);
        }
    }
    Ok(())
}
