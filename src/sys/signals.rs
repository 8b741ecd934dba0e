//! Signals as a new program expects them, and as a small PID 1 needs them.
//!
//! nix's `signal` is unsafe, and its types do not know real-time signals.

use nix::errno::Errno;
use nix::sys::signal::{SigHandler, SigSet, SigmaskHow, Signal, raise, signal};

use crate::model::Exit;

/// Signals that end whoever writes where no more can be written. Ignored, the write fails, and we can say so and go on.
const OF_WRITING: [Signal; 2] = [Signal::SIGPIPE, Signal::SIGXFSZ];

/// What people and supervisors send to a program so that it ends.
pub const TO_END: [Signal; 4] = [Signal::SIGHUP, Signal::SIGINT, Signal::SIGQUIT, Signal::SIGTERM];

/// For our own process. Rust has done it for SIGPIPE; SIGXFSZ comes with `ulimit -f`.
pub fn let_writes_fail() -> Result<(), Errno> {
    // SAFETY: SIG_IGN is no handler of ours, so there is no code that could be unsafe to run.
    OF_WRITING.into_iter().try_for_each(|number| unsafe { signal(number, SigHandler::SigIgn) }.map(drop))
}

/// For our own process too: a caller who ignores SIGCHLD (`trap '' CHLD`) would have the kernel reap our children, and
/// nobody could learn how they ended.
pub fn wait_for_children() -> Result<(), Errno> {
    // SAFETY: as above, for SIG_DFL.
    unsafe { signal(Signal::SIGCHLD, SigHandler::SigDfl) }.map(drop)
}

/// As a new program expects them, nothing blocked. What else is ignored stays ignored across exec, but for `these`.
pub fn reset(these: Ignored) -> Result<(), Errno> {
    // SAFETY: as above.
    OF_WRITING.into_iter().try_for_each(|number| unsafe { signal(number, SigHandler::SigDfl) }.map(drop))?;
    let default = |number| {
        // SAFETY: as above; libc's own call, as nix has no name for real-time signals.
        let before = unsafe { libc::signal(number, libc::SIG_DFL) };
        if before == libc::SIG_ERR { Err(Errno::last()) } else { Ok(()) }
    };
    these.numbers().try_for_each(default)?;
    SigSet::empty().thread_set_mask()
}

/// Signals that our caller has us ignore, as nohup does with SIGHUP, or a shell without job control with SIGINT of a
/// background command.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Ignored(u64);

impl Ignored {
    pub fn now() -> Ignored {
        let is_ignored = |number: &i32| {
            // SAFETY: sigaction is plain data; the kernel fills it before we read it, and changes nothing.
            unsafe {
                let mut action: libc::sigaction = std::mem::zeroed();
                let known = libc::sigaction(*number, std::ptr::null(), &raw mut action) == 0;
                known && action.sa_sigaction == libc::SIG_IGN
            }
        };
        Ignored((1..=LAST).filter(is_ignored).fold(0, |all, number| all | bit(number)))
    }

    pub fn has(self, number: i32) -> bool {
        self.0 & bit(number) != 0
    }

    fn numbers(self) -> impl Iterator<Item = i32> {
        (1..=LAST).filter(move |number| self.has(*number))
    }
}

/// The last real-time signal.
const LAST: i32 = 64;

const fn bit(number: i32) -> u64 {
    1 << (number - 1)
}

/// What a program is sent from outside, and we pass on: not what a fault of our own raises, what the kernel tells us of
/// our children, pipes, limits and terminal, what nobody can block, and what libc keeps for its threads.
pub fn to_pass_on() -> SigSet {
    const OURS: &[i32] = &[
        libc::SIGILL,
        libc::SIGTRAP,
        libc::SIGABRT,
        libc::SIGBUS,
        libc::SIGFPE,
        libc::SIGSEGV,
        libc::SIGSYS,
        libc::SIGCHLD,
        libc::SIGPIPE,
        libc::SIGXCPU,
        libc::SIGXFSZ,
        libc::SIGTTIN,
        libc::SIGTTOU,
        libc::SIGKILL,
        libc::SIGSTOP,
        32,
        33,
    ];
    let ignored = Ignored::now();
    // SAFETY: a sigset_t is plain data that sigemptyset fills; nix takes it as it is, real-time signals with it.
    unsafe {
        let mut set: libc::sigset_t = std::mem::zeroed();
        libc::sigemptyset(&raw mut set);
        for number in (1..=LAST).filter(|number| !OURS.contains(number) && !ignored.has(*number)) {
            libc::sigaddset(&raw mut set, number);
        }
        SigSet::from_sigset_t_unchecked(set)
    }
}

/// Is to end what a program does that has no handler for it?
pub fn ends_by_default(number: i32) -> bool {
    use libc::{SIGCHLD, SIGCONT, SIGSTOP, SIGTSTP, SIGTTIN, SIGTTOU, SIGURG, SIGWINCH};
    ![SIGCHLD, SIGCONT, SIGSTOP, SIGTSTP, SIGTTIN, SIGTTOU, SIGURG, SIGWINCH].contains(&number)
}

/// Stops us as Ctrl-Z does, until SIGCONT; not in a group that nobody could let go on.
pub fn stop() -> Result<(), Errno> {
    let only = SigSet::from(Signal::SIGTSTP);
    raise(Signal::SIGTSTP)?; // it is blocked until …
    only.thread_unblock()?; // … now
    only.thread_block()
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

/// A child that has ended. None: no more now.
pub fn reap_any() -> Option<(i32, Exit)> {
    let mut status = 0;
    // SAFETY: `status` outlives the call.
    let pid = unsafe { libc::waitpid(-1, &raw mut status, libc::WNOHANG) };
    let killed = libc::WIFSIGNALED(status);
    let exit = if killed { Exit::Signal(libc::WTERMSIG(status)) } else { Exit::Code(libc::WEXITSTATUS(status)) };
    (pid > 0).then_some((pid, exit))
}

/// Is one of those signals waiting that ask a program to end? They must be blocked.
pub fn asked_to_end() -> bool {
    // SAFETY: a sigset_t is plain data; sigpending fills it before it is read.
    let waiting = unsafe {
        let mut waiting: libc::sigset_t = std::mem::zeroed();
        libc::sigpending(&raw mut waiting);
        waiting
    };
    // SAFETY: `waiting` outlives the calls.
    TO_END.iter().any(|signal| unsafe { libc::sigismember(&raw const waiting, *signal as i32) } == 1)
}

/// Has this process left a signal as it was, neither blocked nor ignored nor handled? False if nobody knows.
pub fn has_default_action(pid: i32, signal: Signal) -> bool {
    let status = std::fs::read(format!("/proc/{pid}/status")).unwrap_or_default();
    let status = String::from_utf8_lossy(&status); // its name may be any bytes
    ["SigBlk:", "SigIgn:", "SigCgt:"].into_iter().all(|name| {
        let set = status.lines().find_map(|line| line.strip_prefix(name));
        let set = set.and_then(|hex| u64::from_str_radix(hex.trim(), 16).ok());
        set.is_some_and(|set| set & (1 << (signal as i32 - 1)) == 0)
    })
}

/// kill(2) with any signal number.
pub fn send(pid: i32, number: i32) -> Result<(), Errno> {
    // SAFETY: plain numbers.
    Errno::result(unsafe { libc::kill(pid, number) }).map(drop)
}
