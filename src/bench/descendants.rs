//! What an instance left running. Its maker is a subreaper: whoever lost his parent becomes the maker's child, also after
//! a double fork with a session of its own, so nobody gets away (prctl(2), PR_SET_CHILD_SUBREAPER).

use std::collections::BTreeSet;
use std::path::Path;
use std::time::{Duration, Instant};

use nix::errno::Errno;
use nix::sys::prctl::set_child_subreaper;
use nix::sys::wait::{Id, WaitPidFlag, WaitStatus, waitid, waitpid};

use super::pids::Pid;

/// For what was killed to be gone.
pub const PATIENCE: Duration = Duration::from_secs(2);

/// The processes below ours, from now on.
#[derive(Debug)]
pub struct Descendants {
    /// There before us: a shell that became us by exec had children of its own. They are not ours to end.
    before: Vec<Pid>,
}

impl Descendants {
    /// Orphans of what we start come to us from now on; not where those of others would come too.
    pub fn adopt() -> Descendants {
        let before = if has_children() { below_us(&[]) } else { Vec::new() };
        if before.is_empty() {
            let _ = set_child_subreaper(true); // fails only on kernels too old for us
        }
        Descendants { before }
    }

    /// Is nothing there that came after us? One system call where we have no child at all.
    pub fn none(&self) -> bool {
        if !has_children() {
            return true;
        }
        reap();
        !has_children() || below_us(&self.before).is_empty()
    }

    pub fn list(&self) -> Vec<Pid> {
        reap();
        below_us(&self.before)
    }

    /// Kills and reaps until nothing is left; how many had to be killed. What cannot be killed (another user's) is left.
    pub fn end(&self) -> usize {
        let deadline = Instant::now() + PATIENCE;
        let mut killed = BTreeSet::new();
        while !self.none() && Instant::now() < deadline {
            for process in below_us(&self.before) {
                process.kill(); // a zombie too: its first thread may have ended alone
                if !process.zombie {
                    killed.insert((process.number, process.start));
                }
            }
            std::thread::sleep(Duration::from_micros(200));
        }
        killed.len()
    }
}

/// Children, dead or alive.
fn has_children() -> bool {
    let look = WaitPidFlag::WEXITED | WaitPidFlag::WNOHANG | WaitPidFlag::WNOWAIT;
    waitid(Id::All, look) != Err(Errno::ECHILD)
}

/// Reaps whoever has ended.
fn reap() {
    while waitpid(None, Some(WaitPidFlag::WNOHANG)).is_ok_and(|status| status != WaitStatus::StillAlive) {}
}

/// Every process whose parents lead to us, but not through one of these.
fn below_us(without: &[Pid]) -> Vec<Pid> {
    let known = |p: &Pid| without.iter().any(|w| (w.number, w.start) == (p.number, p.start));
    let mut rest: Vec<Pid> = Pid::all(Path::new("/proc")).into_iter().filter(|p| !known(p)).collect();
    let mut parents = BTreeSet::from([std::process::id() as i32]);
    let mut found = Vec::new();
    loop {
        let (below, others): (Vec<Pid>, Vec<Pid>) = rest.into_iter().partition(|p| parents.contains(&p.parent));
        if below.is_empty() {
            return found;
        }
        parents = below.iter().map(|p| p.number).collect();
        found.extend(below);
        rest = others;
    }
}
