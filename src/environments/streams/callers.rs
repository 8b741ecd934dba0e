//! The caller's terminal: raw while the program has one of its own, as it was at every other time.

use std::os::fd::{AsFd, OwnedFd};
use std::sync::{Mutex, PoisonError};

use nix::libc;
use nix::sys::signal::{SigSet, SigmaskHow, Signal};
use nix::sys::termios::{LocalFlags, SetArg, SpecialCharacterIndices, Termios, cfmakeraw, tcgetattr, tcsetattr};
use nix::unistd::{getpgrp, tcgetpgrp};

use crate::sys::terminal::{Window, window_of};

#[derive(Debug)]
pub(in crate::environments) struct Terminal {
    file: OwnedFd,
    /// Its modes before we made it raw.
    before: Mutex<Option<Termios>>,
}

impl Terminal {
    pub(in crate::environments) fn new(file: OwnedFd) -> Terminal {
        Terminal { file, before: Mutex::new(None) }
    }

    pub(super) fn file(&self) -> &OwnedFd {
        &self.file
    }

    /// None: a terminal that does not know its size.
    pub(in crate::environments) fn window(&self) -> Option<Window> {
        window_of(self.file.as_fd()).ok().filter(|window| window.rows > 0 && window.columns > 0)
    }

    /// May we read from it and change it? In the background we may not: it is another job's.
    pub(in crate::environments) fn is_ours(&self) -> bool {
        tcgetpgrp(&self.file).is_ok_and(|group| group == getpgrp())
    }

    /// Every key is passed on as it is; the program's own terminal decides what it means. A second time changes nothing.
    pub(in crate::environments) fn make_raw(&self) {
        let mut before = self.before.lock().unwrap_or_else(PoisonError::into_inner);
        if before.is_some() || !self.is_ours() {
            return;
        }
        let Ok(modes) = tcgetattr(&self.file) else { return };
        let mut raw = modes.clone();
        cfmakeraw(&mut raw);
        if self.set(&raw) {
            *before = Some(modes);
        }
    }

    pub(in crate::environments) fn restore(&self) {
        let mut before = self.before.lock().unwrap_or_else(PoisonError::into_inner);
        let _ = before.take().is_none_or(|modes| self.set(&modes)); // nobody could do more
    }

    /// From a background job this would stop us with SIGTTOU, which is meant for programs that do it by mistake.
    fn set(&self, modes: &Termios) -> bool {
        let Ok(mask) = SigSet::from(Signal::SIGTTOU).thread_swap_mask(SigmaskHow::SIG_BLOCK) else { return false };
        let done = tcsetattr(&self.file, SetArg::TCSANOW, modes).is_ok();
        mask.thread_set_mask().is_ok() && done
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        self.restore();
    }
}

/// Does Ctrl-C mean SIGINT on this terminal, and for the job that `leader` leads?
pub(super) fn interrupts(master: &OwnedFd, leader: i32) -> bool {
    const CTRL_C: libc::cc_t = 3;
    let means_it = |modes: Termios| {
        let key = modes.control_chars[SpecialCharacterIndices::VINTR as usize];
        modes.local_flags.contains(LocalFlags::ISIG) && key == CTRL_C
    };
    tcgetattr(master).is_ok_and(means_it) && tcgetpgrp(master).is_ok_and(|group| group.as_raw() == leader)
}
