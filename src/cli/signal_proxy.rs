//! Signals that reach `isolab run` are meant for its program: each is passed on, as docker's sig-proxy does. Those that our
//! caller ignores (nohup) stay ignored.

use std::time::{Duration, Instant};

use nix::libc;
use nix::sys::signalfd::{SfdFlags, SignalFd};

use crate::environments::Verb;
use crate::environments::life::Life;
use crate::error::{Context, Result};
use crate::said;
use crate::sys::signals::{self, TO_END};

/// Whoever asks so often, in so short a time, wants an end without delay; docker's number.
const ENOUGH: usize = 3;
const IN: Duration = Duration::from_secs(3);

pub(super) struct Proxy {
    arrived: SignalFd,
    /// The program is in our process group: what a terminal sends, it has sent to both of us.
    same_group: bool,
    asked: Vec<Instant>,
}

impl Proxy {
    /// From now on they wait for [`Proxy::pass_on`].
    pub(super) fn listen(same_group: bool) -> Result<Proxy> {
        let doing = || said!("listen for signals", "시그널을 기다릴 수 없습니다");
        let signals = signals::to_pass_on();
        signals.thread_block().doing(doing)?;
        let arrived = SignalFd::with_flags(&signals, SfdFlags::SFD_CLOEXEC | SfdFlags::SFD_NONBLOCK).doing(doing)?;
        Ok(Proxy { arrived, same_group, asked: Vec::new() })
    }

    /// Passes on what has arrived. True: the program was asked to end so often that it shall be ended.
    pub(super) fn pass_on(&mut self, life: &mut Life) -> bool {
        while let Ok(Some(info)) = self.arrived.read_signal() {
            let has_it = self.same_group && info.ssi_code == libc::SI_KERNEL;
            self.one(info.ssi_signo as i32, has_it, life);
        }
        self.asked.retain(|at| at.elapsed() < IN);
        self.asked.len() >= ENOUGH
    }

    /// A program that cannot be sent a signal goes on without it.
    fn one(&mut self, number: i32, has_it: bool, life: &mut Life) {
        let verb = match number {
            libc::SIGTSTP => Verb::Suspend,
            libc::SIGCONT => Verb::Continue,
            _ => Verb::Signal(number),
        };
        if !has_it {
            let _ = life.control(verb);
            self.asked.extend(TO_END.iter().any(|signal| *signal as i32 == number).then(Instant::now));
        }
        if number == libc::SIGTSTP {
            let _ = signals::stop(); // until SIGCONT, which then waits for us
        }
    }
}
