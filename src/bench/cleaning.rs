//! What dead runs left is ended with no more rights than the owner of their folder has: anybody can name a folder in /tmp
//! after somebody else's run that lives.

use std::path::Path;
use std::time::{Duration, Instant};

use nix::errno::Errno;
use nix::unistd::{Gid, Uid, getgroups, setgroups, setresgid, setresuid};

use super::leaks::{Leak, Places, remove};
use super::scratch::{Stale, empty};
use crate::environments::container_rootless::whom_to_become;
use crate::environments::started;
use crate::id::RunId;

/// One dead run.
#[derive(Debug)]
pub struct Cleaned {
    pub run: RunId,
    pub removed: Vec<Leak>,
    /// What could not be ended or removed.
    pub left: Vec<Leak>,
}

/// Ends and removes what a dead run left, its folder last.
pub fn clean_up(stale: &Stale, patience: Duration) -> Cleaned {
    let work = || match whom_to_become() {
        // Our own containers without root run as that user, and their workers began in a folder of ours.
        Some((user, _)) if stale.uid != user => [stale.uid, user].map(|uid| ended_of(stale, uid, patience)).into(),
        _ => vec![ended_of(stale, stale.uid, patience)],
    };
    // A worker that is about to die may still write into the folder, and begin what nobody had seen yet.
    let work_until_it_is_gone = || {
        let deadline = Instant::now() + patience;
        let (mut found, mut left) = (Vec::new(), Vec::new());
        loop {
            for (seen, rest) in work() {
                found.extend(seen);
                left.extend(rest);
            }
            let gone = remove_folder(&stale.folder);
            if gone || Instant::now() >= deadline {
                return (found, left, gone);
            }
            left.clear();
            std::thread::sleep(Duration::from_millis(10));
        }
    };
    let (found, mut left, gone) = as_user((stale.uid, stale.gid), work_until_it_is_gone).unwrap_or_default();
    let mut removed = Vec::new();
    for leak in found {
        if !left.contains(&leak) && !removed.contains(&leak) {
            removed.push(leak);
        }
    }
    if gone { &mut removed } else { &mut left }.push(Leak::Folder(stale.folder.clone()));
    Cleaned { run: stale.run.clone(), removed, left }
}

/// What was found of this user, and what of it is left.
fn ended_of(stale: &Stale, uid: u32, patience: Duration) -> (Vec<Leak>, Vec<Leak>) {
    let started = started::read(&stale.folder);
    let places = Places { uid: Some(uid), since: stale.since, started: &started, ..Places::default() };
    let found = places.leaks_of(&stale.run);
    let left = if found.is_empty() { Vec::new() } else { remove(&places, &stale.run, patience) };
    (found, left)
}

fn remove_folder(folder: &Path) -> bool {
    empty(folder) && std::fs::remove_dir(folder).is_ok()
}

/// As root, does `work` with another user's rights, also as the kernel sees a sender of signals; root again after it.
fn as_user<T>((uid, gid): (u32, u32), work: impl FnOnce() -> T) -> Result<T, Errno> {
    let me = Uid::effective();
    if uid == me.as_raw() {
        return Ok(work());
    }
    let (root, root_group, groups) = (me, Gid::effective(), getgroups()?);
    let (uid, gid) = (Uid::from_raw(uid), Gid::from_raw(gid));
    setgroups(&[])?;
    setresgid(gid, gid, root_group)?;
    setresuid(uid, uid, root)?; // the saved id is the way back
    let result = work();
    setresuid(root, root, root)?;
    setresgid(root_group, root_group, root_group)?;
    setgroups(&groups)?;
    Ok(result)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// It changes the ids of the whole process, so it needs one of its own.
    #[test]
    fn with_the_owners_rights_nothing_of_ours_is_ended() {
        let args = ["--exact", "bench::cleaning::tests::alone", "--ignored", "--nocapture", "--test-threads=1"];
        let out = std::process::Command::new(std::env::current_exe().unwrap()).args(args).output().unwrap();
        let text = String::from_utf8_lossy(&out.stdout) + String::from_utf8_lossy(&out.stderr);
        assert!(out.status.success() && text.contains("1 passed"), "{text}");
        text.lines().filter(|line| line.starts_with("skipped:")).for_each(|line| eprintln!("{line}"));
    }

    #[test]
    #[ignore = "run by the test above"]
    fn alone() {
        if !Uid::effective().is_root() {
            crate::testing::skip(format_args!("with_the_owners_rights_nothing_of_ours_is_ended: only root can"));
            return;
        }
        let mut sleeper = std::process::Command::new("sleep").arg("100").spawn().unwrap();
        let pid = super::super::pids::Pid::look(Path::new("/proc"), sleeper.id() as i32).unwrap();
        let dir = tempfile::tempdir().unwrap();
        let removed = as_user((12_345, 12_345), || {
            pid.kill();
            remove_folder(dir.path())
        });
        assert_eq!((removed, sleeper.try_wait().unwrap()), (Ok(false), None));
        assert!(Uid::effective().is_root() && Uid::current().is_root(), "and root again");
        pid.kill();
        sleeper.wait().unwrap();
    }
}
