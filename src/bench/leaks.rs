//! What carries a run's id and is still there: processes, mounts, cgroups, folders.
//!
//! Everything that a run makes is named after it: cgroups `isolab.RUN.*`, the scratch folder `/tmp/isolab.RUN`, and the
//! environment variable ISOLAB_RUN of every process. So what was left can be found by name, and ended by name. Who cleared
//! its environment is found by its [`inherited_mark`].

use std::ffi::OsStr;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::sys::wait::{WaitPidFlag, waitpid};

use super::cgroup::remove_cgroup;
use super::descendants::Descendants;
use super::pids::Pid;
use super::workers::ENV_RUN;
use super::{inherited_mark, scratch};
use crate::environments::payload::ENV_OF_RUN;
use crate::environments::started::Note;
use crate::id::RunId;
use crate::lang::said::Said;
use crate::said;

/// One thing that should be gone.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Leak {
    Process(Pid),
    Mount(PathBuf),
    Cgroup(PathBuf),
    Folder(PathBuf),
}

impl Leak {
    pub fn said(&self) -> Said {
        match self {
            Leak::Process(pid) => said!("process {n}", "프로세스 {n}", n = pid.number),
            Leak::Mount(path) => said!("mount {at}", "마운트 {at}", at = path.display()),
            Leak::Cgroup(path) => said!("cgroup {at}", "컨트롤 그룹 {at}", at = path.display()),
            Leak::Folder(path) => said!("folder {at}", "폴더 {at}", at = path.display()),
        }
    }
}

/// Where to look; the roots are parameters so that tests can use a folder.
#[derive(Clone, Copy)]
pub struct Places<'a> {
    pub proc_root: &'a Path,
    pub cgroup_root: &'a Path,
    /// Only what belongs to this user; None: whatever the kernel lets us end.
    pub uid: Option<u32>,
    /// Only processes that have begun at this time or later.
    pub since: u64,
    /// Who was started, as the scratch folder tells.
    pub started: &'a [Note],
}

impl Default for Places<'static> {
    fn default() -> Self {
        Places {
            proc_root: Path::new("/proc"),
            cgroup_root: Path::new("/sys/fs/cgroup"),
            uid: None,
            since: 0,
            started: &[],
        }
    }
}

impl Places<'_> {
    /// Everything of this run that exists now, except its scratch folder, which lives as long as the run.
    pub fn leaks_of(&self, run: &RunId) -> Vec<Leak> {
        let mut all = self.processes(run);
        all.extend(self.mounts(run));
        all.extend(self.cgroups(run));
        all
    }

    /// Workers and what they started, which inherited ISOLAB_RUN=run, ISOLAB_OF_RUN=run or its mark, or of which there is a note,
    /// with all that is below them; ourselves excepted. Those of other users cannot be read: not ours.
    fn processes(&self, run: &RunId) -> Vec<Leak> {
        let wanted = [ENV_RUN, ENV_OF_RUN].map(|name| format!("{name}={run}"));
        let me = std::process::id() as i32;
        let of_user = |pid: &Pid| self.uid.is_none_or(|uid| uid == pid.uid);
        let marked = |pid: &Pid| {
            of_user(pid)
                && (wanted.iter().any(|pair| pid.has_variable(self.proc_root, pair))
                    || inherited_mark::is_carried(self.proc_root, pid.number, run))
        };
        // root's own notes can be believed, whoever the program has become since.
        let noted = |pid: &Pid| self.started.iter().any(|note| note.is(pid.number, pid.start));
        let noted = |pid: &Pid| (of_user(pid) || self.uid == Some(0)) && noted(pid);
        let all: Vec<Pid> = Pid::all(self.proc_root).into_iter().filter(|pid| pid.number != me).collect();
        let (mut found, mut rest): (Vec<Pid>, Vec<Pid>) =
            all.into_iter().partition(|pid| pid.start >= self.since && (noted(pid) || marked(pid)));
        let mut parents: Vec<i32> = found.iter().map(|pid| pid.number).collect();
        while !parents.is_empty() {
            let (below, others): (Vec<Pid>, Vec<Pid>) = rest.into_iter().partition(|pid| parents.contains(&pid.parent));
            parents = below.iter().map(|pid| pid.number).collect();
            found.extend(below);
            rest = others;
        }
        found.sort();
        found.into_iter().filter(|pid| of_user(pid) || self.uid == Some(0)).map(Leak::Process).collect()
    }

    fn mounts(&self, run: &RunId) -> Vec<Leak> {
        let under: Vec<PathBuf> = scratch::bases().iter().map(|base| base.join(run.folder())).collect();
        let info = std::fs::read_to_string(self.proc_root.join("self/mountinfo")).unwrap_or_default();
        let mut found: Vec<Leak> = info
            .lines()
            .filter_map(|l| l.split(' ').nth(4))
            .map(PathBuf::from)
            .filter(|path| under.iter().any(|dir| path.starts_with(dir)))
            .map(Leak::Mount)
            .collect();
        found.reverse(); // innermost first, the order to unmount in
        found
    }

    /// Cgroups called `isolab.RUN.*` with all that is inside of them, in every hierarchy, innermost first.
    pub fn cgroups(&self, run: &RunId) -> Vec<Leak> {
        let mut found = Vec::new();
        walk(self.cgroup_root, 8, &mut |dir| {
            let below = dir.strip_prefix(self.cgroup_root).unwrap_or(dir);
            let ours = || self.uid.is_none_or(|uid| dir.metadata().is_ok_and(|about| about.uid() == uid));
            if below.iter().any(|name| run_of(name).as_ref() == Some(run)) && ours() {
                found.push(Leak::Cgroup(dir.to_owned()));
            }
        });
        found.reverse();
        found
    }

    /// Is there a cgroup of this run where containers make theirs? Unlike [`Places::cgroups`] no walk through the whole
    /// tree: this look is inside a measured time.
    fn has_cgroup_nearby(&self, run: &RunId) -> bool {
        let own = std::fs::read_to_string(self.proc_root.join("self/cgroup")).unwrap_or_default();
        let own = own.lines().find_map(|l| l.strip_prefix("0::/")).map(|path| self.cgroup_root.join(path));
        let controllers = ["", "memory", "pids", "cpu"].map(|c| self.cgroup_root.join(c));
        let folders = own.iter().flat_map(|dir| [Some(dir.as_path()), dir.parent()]).flatten();
        let name = run.folder();
        folders.chain(controllers.iter().map(PathBuf::as_path)).any(|dir| {
            let entries = std::fs::read_dir(dir).into_iter().flatten().flatten();
            entries.filter_map(|e| e.file_name().into_string().ok()).any(|n| n.starts_with(&name))
        })
    }

    /// Every run id that a cgroup is named after; of our own cgroups, or as root of everybody's.
    pub fn runs_with_cgroups(&self) -> Vec<RunId> {
        let mut runs = Vec::new();
        let me = nix::unistd::Uid::effective();
        let ours = |dir: &Path| me.is_root() || dir.metadata().is_ok_and(|about| about.uid() == me.as_raw());
        walk(self.cgroup_root, 6, &mut |dir| {
            runs.extend(dir.file_name().and_then(run_of).filter(|_| ours(dir)));
        });
        runs.sort();
        runs.dedup();
        runs
    }
}

fn run_of(cgroup: &OsStr) -> Option<RunId> {
    RunId::of_cgroup(cgroup.to_str()?)
}

/// Visits folders below `dir`, parents before children; links are not followed.
fn walk(dir: &Path, depth: u32, visit: &mut dyn FnMut(&Path)) {
    let Ok(entries) = std::fs::read_dir(dir) else { return };
    for entry in entries.flatten() {
        if depth > 0 && entry.file_type().is_ok_and(|t| t.is_dir()) {
            visit(&entry.path());
            walk(&entry.path(), depth - 1, visit);
        }
    }
}

/// What a run left behind: found, given `patience` to go by itself, then removed and returned. Cheap when there is nothing.
/// Orphans of workers come to us, their subreaper; between blocks there should be no child at all.
pub fn overdue(places: &Places, run: &RunId, descendants: &Descendants, patience: Duration) -> Vec<Leak> {
    let deadline = Instant::now() + patience;
    while !descendants.none() || !places.cgroups(run).is_empty() {
        if Instant::now() >= deadline {
            let mut found = places.leaks_of(run);
            found.extend(descendants.list().into_iter().map(Leak::Process));
            found.sort();
            found.dedup();
            descendants.end();
            remove(places, run, patience);
            return found;
        }
        std::thread::sleep(Duration::from_millis(1));
    }
    Vec::new()
}

/// Ends and removes what can be; what is still there after `patience` is returned.
pub fn remove(places: &Places, run: &RunId, patience: Duration) -> Vec<Leak> {
    let deadline = Instant::now() + patience;
    loop {
        reap();
        let mut left = places.leaks_of(run);
        left.retain(|leak| !is_dead_elsewhere(leak));
        if left.is_empty() || Instant::now() >= deadline {
            return left;
        }
        for leak in &left {
            match leak {
                Leak::Process(pid) => pid.kill(),
                Leak::Mount(path) => {
                    let flags = nix::mount::MntFlags::MNT_DETACH | nix::mount::MntFlags::UMOUNT_NOFOLLOW;
                    let _ = nix::mount::umount2(path, flags);
                }
                Leak::Cgroup(path) => {
                    end_all_in(path);
                    remove_cgroup(path);
                }
                Leak::Folder(path) => {
                    let _ = std::fs::remove_dir_all(path);
                }
            }
        }
        std::thread::sleep(Duration::from_millis(2));
    }
}

/// It has ended, and who must wait for it is not us: a machine's PID 1 that takes its time, mostly.
fn is_dead_elsewhere(leak: &Leak) -> bool {
    matches!(leak, Leak::Process(pid) if pid.zombie && pid.parent != std::process::id() as i32)
}

/// A container's program has not our environment, and can undo that it dies with its worker; its cgroup knows it.
fn end_all_in(cgroup: &Path) {
    let pids = std::fs::read_to_string(cgroup.join("cgroup.procs")).unwrap_or_default();
    for pid in pids.split_whitespace().filter_map(|pid| pid.parse().ok()).filter(|pid| *pid > 1) {
        let _ = kill(nix::unistd::Pid::from_raw(pid), Signal::SIGKILL);
    }
}

/// Removes the run's cgroups that are empty, and ends nobody: only the name says that they are ours. What is left after
/// `patience`: a process that was killed needs a moment to leave.
pub fn remove_empty_cgroups(places: &Places, run: &RunId, patience: Duration) -> Vec<Leak> {
    let deadline = Instant::now() + patience;
    let in_use = |leak: &Leak| matches!(leak, Leak::Cgroup(path) if std::fs::remove_dir(path).is_err());
    loop {
        let left: Vec<Leak> = places.cgroups(run).into_iter().filter(in_use).collect();
        if left.is_empty() || Instant::now() >= deadline {
            return left;
        }
        std::thread::sleep(Duration::from_millis(2));
    }
}

/// Waits until nothing of the run is there, without ending anything. True when it is so before `patience` is over.
pub fn settled(places: &Places, run: &RunId, patience: Duration) -> bool {
    let deadline = Instant::now() + patience;
    while places.has_cgroup_nearby(run) {
        if Instant::now() >= deadline {
            return false;
        }
        std::thread::sleep(Duration::from_micros(200));
    }
    true
}

/// How many files this process has open.
pub fn own_fds() -> usize {
    std::fs::read_dir("/proc/self/fd").map_or(0, Iterator::count)
}

/// Reaps orphans that came to us as their subreaper.
fn reap() {
    while let Ok(status) = waitpid(None, Some(WaitPidFlag::WNOHANG)) {
        if status.pid().is_none() {
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_leaked_process_and_cgroup_are_found_by_name_and_nothing_else_is() {
        let dir = tempfile::tempdir().unwrap();
        let (proc_root, cgroup_root) = (dir.path().join("proc"), dir.path().join("cgroup"));
        for (pid, environ) in [("41", "A=1\0ISOLAB_RUN=abc\0"), ("42", "ISOLAB_RUN=abcd\0")] {
            std::fs::create_dir_all(proc_root.join(pid)).unwrap();
            std::fs::write(proc_root.join(pid).join("environ"), environ).unwrap();
            let stat = format!("{pid} (x) S 1 1 1 0 -1 0 0 0 0 0 0 0 0 0 20 0 1 0 50 0");
            std::fs::write(proc_root.join(pid).join("stat"), stat).unwrap();
        }
        for name in ["isolab.abc.1/inner", "isolab.abcd.1", "user.slice", "isolab.host", "isolab.abc", "isolab..x"] {
            std::fs::create_dir_all(cgroup_root.join("memory").join(name)).unwrap();
        }
        let places = Places { proc_root: &proc_root, cgroup_root: &cgroup_root, ..Places::default() };
        let me = nix::unistd::Uid::effective().as_raw();
        for other in [Places { uid: Some(me + 1), ..places }, Places { since: 51, ..places }] {
            let found = other.leaks_of(&"abc".into());
            assert!(!found.iter().any(|leak| matches!(leak, Leak::Process(_))), "{found:?}");
            assert_eq!(found.is_empty(), other.uid.is_some(), "a cgroup belongs to somebody, too");
        }
        let found = Places { uid: Some(me), since: 50, ..places }.leaks_of(&"abc".into());
        let cgroup = |name| Leak::Cgroup(cgroup_root.join("memory").join(name));
        let process = Leak::Process(Pid::look(&proc_root, 41).unwrap());
        assert_eq!(found, [process, cgroup("isolab.abc.1/inner"), cgroup("isolab.abc.1")], "innermost first");
        assert_eq!(places.runs_with_cgroups(), ["abc", "abcd"]);
        remove_cgroup(&cgroup_root.join("memory/isolab.abc.1"));
        assert!(!cgroup_root.join("memory/isolab.abc.1").exists(), "with the one below it, whatever its name");
        assert!(cgroup_root.join("memory/isolab.abcd.1").exists());
        std::fs::write(cgroup_root.join("memory/isolab.abcd.1/cgroup.procs"), "1").unwrap();
        assert_eq!(
            remove_empty_cgroups(&places, &"abcd".into(), Duration::from_millis(20)),
            [cgroup("isolab.abcd.1")],
            "it is in use"
        );
        assert!(remove_empty_cgroups(&places, &"abc".into(), Duration::ZERO).is_empty());
        assert!(cgroup_root.join("memory/isolab.host").exists() && cgroup_root.join("memory/isolab.abc").exists());
    }

    #[test]
    fn who_is_dead_and_not_ours_to_wait_for_is_not_left() {
        let dir = tempfile::tempdir().unwrap();
        let me = std::process::id() as i32;
        for (pid, state, parent) in [(1_000_000_041, 'Z', 1), (1_000_000_042, 'Z', me), (1_000_000_043, 'S', 1)] {
            let folder = dir.path().join(pid.to_string());
            std::fs::create_dir_all(&folder).unwrap();
            std::fs::write(folder.join("environ"), "ISOLAB_RUN=abc\0").unwrap();
            let stat = format!("{pid} (x) {state} {parent} 1 1 0 -1 0 0 0 0 0 0 0 0 0 20 0 1 0 50 0");
            std::fs::write(folder.join("stat"), stat).unwrap();
        }
        let places = Places { proc_root: dir.path(), cgroup_root: dir.path(), ..Places::default() };
        let left = remove(&places, &"abc".into(), Duration::ZERO);
        let number = |leak: &Leak| if let Leak::Process(pid) = leak { pid.number } else { 0 };
        assert_eq!(left.iter().map(number).collect::<Vec<_>>(), [1_000_000_042, 1_000_000_043]);
    }

    #[test]
    fn who_is_in_a_leaked_cgroup_is_ended() {
        let dir = tempfile::tempdir().unwrap();
        let mut sleeper = std::process::Command::new("sleep").arg("100").spawn().unwrap();
        std::fs::write(dir.path().join("cgroup.procs"), format!("0\n1\n{}\n", sleeper.id())).unwrap();
        end_all_in(dir.path());
        assert_eq!(std::os::unix::process::ExitStatusExt::signal(&sleeper.wait().unwrap()), Some(9));
    }
}
