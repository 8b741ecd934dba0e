//! Signals as a new program expects them, and as a small PID 1 needs them.
//!
//! nix's `signal` is unsafe, and its types do not know real-time signals.

use nix::errno::Errno;
use nix::sys::signal::{SigHandler, SigSet, SigmaskHow, Signal, signal};

/// Signals that end whoever writes where no more can be written. Ignored, the write fails, and we can say so and go on.
const OF_WRITING: [Signal; 2] = [Signal::SIGPIPE, Signal::SIGXFSZ];

/// For our own process. Rust has done it for SIGPIPE; SIGXFSZ comes with `ulimit -f`.
pub fn let_writes_fail() -> Result<(), Errno> {
    // SAFETY: SIG_IGN is no handler of ours, so there is no code that could be unsafe to run.
    OF_WRITING.into_iter().try_for_each(|number| unsafe { signal(number, SigHandler::SigIgn) }.map(drop))
}

/// As a new program expects them (what is ignored stays ignored across exec), nothing blocked.
pub fn reset() -> Result<(), Errno> {
    // SAFETY: as above, for SIG_DFL.
    OF_WRITING.into_iter().try_for_each(|number| unsafe { signal(number, SigHandler::SigDfl) }.map(drop))?;
    SigSet::empty().thread_set_mask()
}

/// Blocks every signal; returns what was blocked before.
pub fn block_all() -> Result<SigSet, Errno> {
    SigSet::all().thread_swap_mask(SigmaskHow::SIG_SETMASK)
}

/// Sleeps until a signal is pending, and takes it. All must be blocked.
pub fn next() -> Result<i32, Errno> {
    // SAFETY: a sigset_t is plain data; sigfillset fills it before sigwaitinfo reads it; no siginfo is asked for.
    let number = unsafe {
        let mut all: libc::sigset_t = std::mem::zeroed();
        libc::sigfillset(&raw mut all);
        libc::sigwaitinfo(&raw const all, std::ptr::null_mut())
    };
    Errno::result(number)
}

/// A child that has ended: its pid, and its status as a shell tells it (128 + n for signal n). None: no more now.
pub fn reap_any() -> Option<(i32, i32)> {
    let mut status = 0;
    // SAFETY: `status` outlives the call.
    let pid = unsafe { libc::waitpid(-1, &raw mut status, libc::WNOHANG) };
    let code = if libc::WIFSIGNALED(status) { 128 + libc::WTERMSIG(status) } else { libc::WEXITSTATUS(status) };
    (pid > 0).then_some((pid, code))
}

/// kill(2) with any signal number.
pub fn send(pid: i32, number: i32) -> Result<(), Errno> {
    // SAFETY: plain numbers.
    Errno::result(unsafe { libc::kill(pid, number) }).map(drop)
}
