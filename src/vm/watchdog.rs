//! A watchdog that gets us out of the guest: a timer whose signal ends KVM_RUN with EINTR.
//!
//! The guest can loop for ever without an exit, so somebody must call us back. A signal that arrives just before
//! KVM_RUN would be lost; therefore the timer repeats until it is disarmed, and the next one hits. The process needs
//! no second thread. Unsafe because nix cannot know what a signal handler does; ours does nothing.
#![allow(unsafe_code)]

use std::time::{Duration, Instant};

use nix::sys::signal::{SaFlags, SigAction, SigEvent, SigHandler, SigSet, SigevNotify, Signal, sigaction};
use nix::sys::timer::{Expiration, Timer, TimerSetTimeFlags};
use nix::time::ClockId;
use nix::unistd::gettid;

use crate::error::{Context, Result};
use crate::said;

pub const SIGNAL: Signal = Signal::SIGALRM;
const AGAIN_AFTER: Duration = Duration::from_millis(2);

/// Bound to the thread that makes it. Dropping it ends the timer.
#[derive(Debug)]
pub struct Watchdog {
    timer: Timer,
}

/// So that [`SIGNAL`] interrupts a thread, and does not end the process.
pub fn handle_signal() -> Result<()> {
    let action = SigAction::new(SigHandler::Handler(do_nothing), SaFlags::empty(), SigSet::empty()); // no SA_RESTART
    // SAFETY: the handler touches nothing, so it may run at any point of any thread; it is never unloaded.
    unsafe { sigaction(SIGNAL, &action) }
        .doing(|| said!("handle the watchdog's signal", "감시 타이머의 시그널을 처리할 수 없습니다"))
        .map(drop)
}

extern "C" fn do_nothing(_: nix::libc::c_int) {}

impl Watchdog {
    pub fn new() -> Result<Watchdog> {
        let doing = || said!("make the watchdog's timer", "감시 타이머를 만들 수 없습니다");
        handle_signal()?;
        SigSet::from(SIGNAL).thread_unblock().doing(doing)?; // we may have been started with it blocked
        let to_this_thread = SigevNotify::SigevThreadId { signal: SIGNAL, thread_id: gettid().as_raw(), si_value: 0 };
        let timer = Timer::new(ClockId::CLOCK_MONOTONIC, SigEvent::new(to_this_thread)).doing(doing)?;
        Ok(Watchdog { timer })
    }

    /// Interrupts this thread at `deadline` and then every 2 ms, until the guard is dropped.
    pub fn arm(&mut self, deadline: Instant) -> Result<Armed<'_>> {
        let left = deadline.saturating_duration_since(Instant::now()).max(Duration::from_nanos(1)); // 0 would disarm
        self.timer
            .set(Expiration::IntervalDelayed(left.into(), AGAIN_AFTER.into()), TimerSetTimeFlags::empty())
            .doing(|| said!("arm the watchdog", "감시 타이머를 걸 수 없습니다"))?;
        Ok(Armed(self))
    }
}

/// While this lives, the signal comes.
#[derive(Debug)]
pub struct Armed<'a>(&'a mut Watchdog);

impl Drop for Armed<'_> {
    fn drop(&mut self) {
        let never = Expiration::OneShot(Duration::ZERO.into());
        self.0.timer.set(never, TimerSetTimeFlags::empty()).expect("the timer exists as long as the watchdog");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::fd::AsFd;

    #[test]
    fn a_system_call_that_would_wait_is_interrupted_at_the_deadline() {
        let mut watchdog = Watchdog::new().unwrap();
        let (reader, _writer) = nix::unistd::pipe().unwrap();
        let start = Instant::now();
        let armed = watchdog.arm(start + Duration::from_millis(20)).unwrap();
        let answer = nix::unistd::read(reader.as_fd(), &mut [0]);
        drop(armed);
        assert_eq!(answer, Err(nix::errno::Errno::EINTR));
        assert!(start.elapsed() >= Duration::from_millis(20));
    }
}
