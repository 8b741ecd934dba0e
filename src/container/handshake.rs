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
//! The gate is a pipe and not a word on the page: when the parent dies, the child reads its end and leaves too.

use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use nix::errno::Errno;
use nix::fcntl::OFlag;
use nix::unistd::{pipe2, read, write};

use crate::error::{Context, Error, Kind, Result};
use crate::sys::clock::{TscAnchor, tsc};
use crate::sys::fds::{close_copy, out_of_the_way};
use crate::sys::shared::SharedPage;
use crate::timeline::{Stage, Timeline};

/// What a child of ours does. It writes the one that failed on the page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    HandOver,
    DieWithParent,
    Gate,
    Signals,
    Exec,
}

/// Each step completes the sentence "could not …".
const STEPS: &[(Step, &str)] = &[
    (Step::HandOver, "hand the program its files"),
    (Step::DieWithParent, "tie the program's life to ours"),
    (Step::Gate, "wait for the start"),
    (Step::Signals, "give the program its signals back"),
    (Step::Exec, "execute the program"),
];

impl Step {
    fn doing(self) -> &'static str {
        STEPS[self as usize].1
    }
}

/// Moments that a child stamps.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stamp {
    Exec,
}

/// The stages that the stamps end, and their words in a timeline.
const STAMPS: &[(Stamp, Stage, &str)] = &[(Stamp::Exec, Stage::Enter, "the child calls exec")];

const FAILED_STEP: usize = 1; // 0: none, else 1 + its place in STEPS
const FAILED_ERRNO: usize = 2;
const FIRST_STAMP: usize = 8;

/// The shared page and the gate. Both sides use the same value: the child inherits it.
#[derive(Debug)]
pub struct Handshake {
    page: SharedPage,
    child_end: OwnedFd, // kept open here too, so that opening the gate of a dead child raises no SIGPIPE
    parent_end: OwnedFd,
}

impl Handshake {
    pub fn new() -> Result<Handshake> {
        let doing = || "make the shared page and the gate";
        let page = SharedPage::new().doing(doing)?;
        let (read_end, write_end) = pipe2(OFlag::O_CLOEXEC).doing(doing)?;
        let child_end = out_of_the_way(read_end.as_fd()).doing(doing)?;
        let parent_end = out_of_the_way(write_end.as_fd()).doing(doing)?;
        Ok(Handshake { page, child_end, parent_end })
    }

    // --- the parent's side ---

    /// Lets the child pass [`Handshake::wait`] once.
    pub fn open_gate(&self) -> Result<()> {
        write(&self.parent_end, b"!").map(drop).doing(|| "open the gate")
    }

    /// What went wrong in the child, once it has ended.
    pub fn failure(&self) -> Option<Error> {
        let place = self.page.get(FAILED_STEP).checked_sub(1)?;
        let errno = Errno::from_raw(self.page.get(FAILED_ERRNO) as i32);
        let step = STEPS.get(place as usize).map_or(Step::Exec, |(step, _)| *step);
        Some(explain(step, errno))
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

    // --- the child's side: nothing here allocates ---

    pub fn gate(&self) -> BorrowedFd<'_> {
        self.child_end.as_fd()
    }

    /// The child's own copy of the parent's end would keep the gate from closing when the parent dies.
    pub fn forget_parent_end(&self) {
        close_copy(self.parent_end.as_fd());
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

    pub fn stamp(&self, moment: Stamp) {
        self.page.set(FIRST_STAMP + moment as usize, tsc());
    }

    /// Notes what failed. Returns the exit status for it; the parent looks at the page, not at the status.
    pub fn fail(&self, step: Step, errno: Errno) -> i32 {
        self.page.set(FAILED_ERRNO, errno as u64);
        self.page.set(FAILED_STEP, step as u64 + 1);
        125
    }
}

fn explain(step: Step, errno: Errno) -> Error {
    let error = Error::new(step.doing(), errno.desc());
    match (step, errno) {
        (Step::Exec, Errno::ENOENT) => error
            .kind(Kind::NotFound)
            .try_this("its interpreter (of a script, or the dynamic loader) must be there too"),
        (Step::Exec, Errno::EACCES | Errno::ENOEXEC | Errno::EISDIR | Errno::ELIBBAD) => {
            error.kind(Kind::NotExecutable).try_this("file PROGRAM, ls -l PROGRAM")
        }
        _ => error,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_fails_in_the_child_is_told_with_its_kind() {
        let handshake = Handshake::new().unwrap();
        assert_eq!(handshake.failure(), None);
        handshake.fail(Step::Exec, Errno::EACCES);
        let error = handshake.failure().unwrap();
        assert_eq!((error.kind, error.doing.as_str()), (Kind::NotExecutable, "execute the program"));
    }

    #[test]
    fn every_step_has_words_in_the_same_order() {
        assert_eq!(STEPS.len(), Step::Exec as usize + 1, "Exec is the last step");
        for (place, (step, _)) in STEPS.iter().enumerate() {
            assert_eq!(place, *step as usize, "{step:?} stands at its place");
        }
    }
}
