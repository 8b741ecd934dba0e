//! What the two criterion benches share.

use std::time::{Duration, Instant};

use isolab::bench::interrupt::Interrupt;
use isolab::bench::{lock, probe_support};
use isolab::environments::{Arm, Support};
use isolab::error::Kind;
use nix::sys::signal::SigSet;

/// Waits until nobody else measures on this machine, and keeps others out until dropped. None: they went on for too long.
pub(crate) fn alone(bench: &str) -> Option<isolab::bench::lock::Alone> {
    const PATIENCE: Duration = Duration::from_secs(60);
    let began = Instant::now();
    loop {
        match lock::alone() {
            Ok(lock) => return Some(lock),
            Err(error) if error.kind == Kind::Unavailable && began.elapsed() < PATIENCE => {
                std::thread::sleep(Duration::from_millis(200));
            }
            Err(error) => {
                eprintln!("skipped: {bench}: {}", &*error.cause);
                return None;
            }
        }
    }
}

/// Can it run here? Asked in a worker, because only trying tells. What cannot is named with its reason.
pub(crate) fn runs_here(arm: &Arm) -> bool {
    let interrupt = Interrupt::listen().expect("signals can be listened to");
    let program = env!("CARGO_BIN_EXE_isolab").as_ref();
    let answers = probe_support(program, std::slice::from_ref(arm), Duration::from_secs(5), &interrupt);
    let reason = match answers.map(|mut answers| answers.remove(0)) {
        Ok(Ok(Support::No { reason, .. })) => Some(reason),
        Ok(Ok(_)) => None,
        Ok(Err(error)) | Err(error) => Some(error.reason()),
    };
    SigSet::all().thread_unblock().expect("a mask can be lifted"); // criterion's own loops end by Ctrl-C again
    reason.iter().for_each(|reason| eprintln!("skipped: {arm}: {}", &**reason));
    reason.is_none()
}
