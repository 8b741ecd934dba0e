//! How parent and child talk while the child makes itself ready, without a single round trip of their own:
//!
//! ```text
//! parent                          shared page                     child
//!   |-- clone3 ------------------------------------------------->  |
//!   |                            <-- TSC stamps, or step + errno -- |  makes itself ready
//!   |-- one byte through the gate ------------------------------->  |  waits for the byte
//!   |                                                               |  exec
//! ```
//!
//! The gate ([`super::gate`]) is a pipe and not a word on the page: when the parent dies, the child reads its end and leaves too.

use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};
use std::sync::atomic::AtomicU64;
use std::time::{Duration, Instant};

use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::unistd::{read, write};

use super::gate::{self, Gate};
use super::hooks::Trouble;
use super::step::explain;
pub use super::step::{At, Failure, Step};
use crate::error::{Context, Error, Result};
use crate::lang::Said;
use crate::model::Exit;
use crate::said;
use crate::sys::clock::{TscAnchor, tsc};
use crate::sys::clone::Process;
use crate::sys::fds::{GATE, close_copy};
use crate::sys::shared_page::SharedPage;
use crate::timeline::{Stage, Timeline};

/// Moments that a child stamps.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stamp {
    Born,
    OwnView,
    NewRoot,
    Exec,
    /// All is made, and the gate is waited for. Ends no stage.
    Door,
}

/// The stages that the stamps end, and their words in a timeline.
const STAMPS: &[(Stamp, Stage, &str)] = &[
    (Stamp::Born, Stage::Create, "clone3: the child begins"),
    (Stamp::OwnView, Stage::Isolate, "the child: mounts, host name, lo"),
    (Stamp::NewRoot, Stage::Load, "the child: root, /proc, /dev, hidden paths"),
    (Stamp::Exec, Stage::Enter, "the child: files, capabilities, filter"),
];

/// Where nobody can wait for a word on the page.
const LOOK_AGAIN: Duration = Duration::from_micros(100);

const FAILED_STEP: usize = 1; // 0: none, else 1 + its place in STEPS
const FAILED_ERRNO: usize = 2;
const FAILED_PLACE: usize = 3;
const KILLED_BY: usize = 4; // 0, or the signal that ended the program behind a small PID 1
const BORN: usize = 5; // its pid, where a copy of us makes it
const MADE: usize = 6; // the child stands before the change of its root, and waits for hooks
const HOOK: usize = 7; // what became of a hook that failed, as of Trouble::to_word
const FIRST_STAMP: usize = 8;
const PID: usize = 16; // as we see it, for hooks

/// The shared page and the gate. Both sides use the same value: the child inherits it.
#[derive(Debug)]
pub struct Handshake {
    page: SharedPage,
    child_end: OwnedFd, // kept open here too, so that opening the gate of a dead child raises no SIGPIPE
    parent_end: OwnedFd,
    /// Where another process opens the gate: a pipe that dies with us all the same. He may be too early, and we may be killed
    /// before anybody knows the child. Its ends as above.
    leash: Option<(OwnedFd, OwnedFd)>,
}

impl Handshake {
    pub fn new() -> Result<Handshake> {
        Handshake::at(&Gate::Pipe)
    }

    pub fn at(gate: &Gate) -> Result<Handshake> {
        let doing = || said!("make the shared page and the gate", "공유 페이지와 관문을 만들 수 없습니다");
        let page = SharedPage::new().doing(doing)?;
        let (child_end, parent_end) = gate.make()?;
        let leash = (*gate != Gate::Pipe).then(|| Gate::Pipe.make()).transpose()?;
        Ok(Handshake { page, child_end, parent_end, leash })
    }

    /// Somebody else can open the gate, when we are gone.
    pub fn outlives_us(&self) -> bool {
        self.leash.is_some()
    }

    // --- the parent's side ---

    /// For [`crate::sys::clone::Process::fork_elsewhere`].
    pub fn born(&self) -> &AtomicU64 {
        self.page.word(BORN)
    }

    /// For the state that hooks read.
    pub fn set_pid(&self, pid: i32) {
        self.page.set(PID, pid as u64);
    }

    /// Waits until the child waits for our hooks; false: it cannot get there any more.
    pub fn wait_until_made(&self, child: &Process) -> bool {
        while self.page.get(MADE) == 0 {
            if child.has_ended() {
                return false;
            }
            std::thread::sleep(LOOK_AGAIN);
        }
        true
    }

    /// Waits until the program is executed, or never will be: the gate is closed then.
    pub fn wait_until_executed(&self, child: &Process) {
        let link = |pid: &str, fd: i32| std::fs::read_link(format!("/proc/{pid}/fd/{fd}")).ok();
        let gate = link("self", self.child_end.as_raw_fd());
        let at_the_gate =
            || self.page.get(FIRST_STAMP + Stamp::Exec as usize) == 0 || link(&child.pid().to_string(), GATE) == gate;
        while at_the_gate() && !child.has_ended() {
            std::thread::sleep(LOOK_AGAIN);
        }
    }

    /// Lets the child pass its [`Door`].
    pub fn open_gate(&self) -> Result<()> {
        let doing = || said!("open the gate", "관문을 열 수 없습니다");
        if self.leash.is_none() {
            return write(&self.parent_end, b"!").map(drop).doing(doing);
        }
        gate::open_once(&self.parent_end, doing)?;
        self.let_go()
    }

    /// The child need not know us any more: whoever may open its gate knows it.
    pub fn let_go(&self) -> Result<()> {
        if self.leash.is_some() { self.go_on() } else { Ok(()) }
    }

    /// Lets the child pass [`Handshake::wait_for_parent`] once: its ids are there, or our hooks have run.
    pub fn go_on(&self) -> Result<()> {
        let end = self.leash.as_ref().map_or(&self.parent_end, |(_, parent_end)| parent_end);
        write(end, b"!").map(drop).doing(|| said!("open the gate", "관문을 열 수 없습니다"))
    }

    /// What went wrong in the child, once it has ended. `part_of` says what it was at, in a step that does several things;
    /// none: the step says it all.
    pub fn failure(&self, part_of: impl Fn(Step, usize) -> Option<Said>) -> Option<Error> {
        let place = self.page.get(FAILED_STEP).checked_sub(1)?;
        let errno = Errno::from_raw(self.page.get(FAILED_ERRNO) as i32);
        let step = Step::from_number(place);
        let place = self.page.get(FAILED_PLACE) as usize;
        let error = explain(Failure { step, errno, place }, part_of(step, place));
        let of_hook = Trouble::from_word(self.page.get(HOOK)).filter(|_| step == Step::Hook);
        Some(match of_hook {
            Some(trouble) => Error { cause: trouble.cause(), ..error },
            None => error,
        })
    }

    /// The signal that ended the program, where a small PID 1 saw it.
    pub fn program_killed_by(&self) -> Option<i32> {
        Some(self.page.get(KILLED_BY) as i32).filter(|number| *number > 0)
    }

    /// Adds the child's stamps to the timeline. Without the TSC's rate there is nothing to tell them by.
    pub fn add_marks(&self, anchor: Option<TscAnchor>, clock: &mut Timeline) {
        let Some(anchor) = anchor else { return };
        for (stamp, stage, label) in STAMPS {
            let ticks = self.page.get(FIRST_STAMP + *stamp as usize);
            if ticks != 0 {
                clock.mark_at(*stage, *label, anchor.to_ns(ticks));
            }
        }
    }

    /// Waits until the child stands at its program's door, or cannot get there any more.
    pub fn wait_for_child(&self, patience: Duration) {
        let deadline = Instant::now() + patience;
        let done = || self.page.get(FIRST_STAMP + Stamp::Door as usize) != 0 || self.page.get(FAILED_STEP) != 0;
        while !done() && Instant::now() < deadline {
            std::thread::sleep(LOOK_AGAIN);
        }
    }

    // --- the child's side: nothing here allocates ---

    pub fn gate(&self) -> BorrowedFd<'_> {
        self.child_end.as_fd()
    }

    pub fn leash(&self) -> Option<BorrowedFd<'_>> {
        self.leash.as_ref().map(|(child_end, _)| child_end.as_fd())
    }

    /// So that [`Handshake::wait_for_parent`] ends with it.
    pub fn forget_parent_ends(&self) {
        close_copy(self.parent_end.as_fd());
        self.leash.iter().for_each(|(_, parent_end)| close_copy(parent_end.as_fd()));
    }

    /// An error when the parent is gone, whoever may open the gate.
    pub fn wait_for_parent(&self) -> Result<(), Errno> {
        Handshake::wait(self.leash().unwrap_or(self.gate()))
    }

    /// All is made but the change of root: hooks of the parent may run now.
    pub fn wait_for_hooks(&self) -> Result<(), Errno> {
        self.page.set(MADE, 1);
        self.wait_for_parent()
    }

    pub fn pid(&self) -> i32 {
        self.page.get(PID) as i32
    }

    /// As [`Handshake::fail`] will tell it.
    pub fn hook_failed(&self, (trouble, place): (Trouble, usize)) -> Failure {
        self.page.set(HOOK, trouble.to_word());
        Failure { step: Step::Hook, errno: Errno::ECANCELED, place }
    }

    /// Waits until the gate is opened; an error when the parent is gone.
    pub fn wait(gate: BorrowedFd<'_>) -> Result<(), Errno> {
        loop {
            match read(gate, &mut [0]) {
                Ok(1) => return Ok(()),
                Ok(_) => return Err(Errno::EOWNERDEAD),
                Err(Errno::EINTR) => {}
                Err(errno) => return Err(errno),
            }
        }
    }

    /// Is the parent still there? To be asked once the program is sure to die with it, and the gate was passed.
    ///
    /// A parent that is killed closes its files, this pipe's other end with them, before the kernel goes through its
    /// children to signal those that asked for it. So one that was too early for our prctl(2) has left a closed pipe
    /// behind, and one that comes later finds us. A pid in place of the pipe would not do: the parent stays a process
    /// until after that walk, and in a pid namespace getppid(2) is always 0.
    pub fn parent_lives(gate: BorrowedFd<'_>) -> Result<(), Errno> {
        let mut fds = [PollFd::new(gate, PollFlags::empty())];
        poll(&mut fds, PollTimeout::ZERO)?;
        let closed = fds[0].revents().is_some_and(|seen| seen.contains(PollFlags::POLLHUP));
        if closed { Err(Errno::EOWNERDEAD) } else { Ok(()) }
    }

    pub fn stamp(&self, moment: Stamp) {
        self.page.set(FIRST_STAMP + moment as usize, tsc());
    }

    /// For a small PID 1.
    pub fn program_ended(&self, exit: Exit) {
        if let Exit::Signal(number) = exit {
            self.page.set(KILLED_BY, number as u64);
        }
    }

    /// Notes what failed. Returns the exit status for it; the parent looks at the page, not at the status.
    pub fn fail(&self, failure: Failure) -> i32 {
        self.page.set(FAILED_ERRNO, failure.errno as u64);
        self.page.set(FAILED_PLACE, failure.place as u64);
        self.page.set(FAILED_STEP, failure.step as u64 + 1);
        125
    }
}

/// Where the child waits for its start, when it has but the program's files.
#[derive(Debug, Clone, Copy)]
pub struct Door {
    pub gate: BorrowedFd<'static>,
    pub leash: Option<BorrowedFd<'static>>,
}

impl Door {
    /// An error when the parent is gone that nobody has taken the place of.
    ///
    /// What lies in a FIFO stays there until exec closes it: so its opener is the only one.
    pub fn wait(self) -> Result<(), Errno> {
        let Some(leash) = self.leash else { return Handshake::wait(self.gate) };
        Handshake::wait(leash)?;
        loop {
            match poll(&mut [PollFd::new(self.gate, PollFlags::POLLIN)], PollTimeout::NONE) {
                Err(Errno::EINTR) => {}
                other => return other.map(drop),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Kind;
    use crate::sys::clone::CloneArgs;

    #[test]
    fn what_fails_in_the_child_is_told_with_its_kind() {
        let handshake = Handshake::new().unwrap();
        assert_eq!(handshake.failure(|_, _| None), None);
        handshake.fail(Failure { step: Step::Exec, errno: Errno::EACCES, place: 0 });
        let error = handshake.failure(|_, _| None).unwrap();
        assert_eq!((error.kind, &*error.doing), (Kind::NotExecutable, "execute the program"));
    }

    #[test]
    fn a_byte_in_the_gate_does_not_hide_that_the_parent_is_gone() {
        let Handshake { child_end, parent_end, .. } = Handshake::new().unwrap();
        write(&parent_end, b"!").unwrap();
        Handshake::wait(child_end.as_fd()).unwrap();
        Handshake::parent_lives(child_end.as_fd()).unwrap();
        write(&parent_end, b"!").unwrap();
        drop(parent_end);
        Handshake::wait(child_end.as_fd()).unwrap(); // it had opened the gate before
        assert_eq!(Handshake::parent_lives(child_end.as_fd()), Err(Errno::EOWNERDEAD));
    }

    /// Whoever has opened the FIFO before.
    #[test]
    fn the_wait_for_ids_ends_with_the_creator() {
        let dir = tempfile::tempdir().unwrap();
        let fifo = dir.path().join("fifo");
        let handshake = Handshake::at(&Gate::Fifo(fifo.clone())).unwrap();
        crate::container::gate::open_fifo(&fifo).unwrap();
        let child = Process::fork(CloneArgs::PLAIN, || {
            i32::from({
                handshake.forget_parent_ends();
                handshake.wait_for_parent() == Err(Errno::EOWNERDEAD)
            })
        });
        drop(handshake);
        assert_eq!(child.unwrap().reap().unwrap(), Exit::Code(1));
    }
}
