//! A cgroup of its own: a folder in a tree that the kernel keeps, with the limits as files in it (cgroups(7)).
//!
//! ```text
//! v1: one tree per controller          v2: one tree for all
//! /sys/fs/cgroup/memory/isolab.R.1     /sys/fs/cgroup/isolab.R.1
//! /sys/fs/cgroup/pids/isolab.R.1
//! /sys/fs/cgroup/cpu/isolab.R.1
//! ```
//!
//! The top folder is a parameter, so all of this can be tested on a temporary folder.

use std::fs::{self, File};
use std::io::ErrorKind;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use nix::errno::Errno;
use nix::unistd::write;

use super::delegation;
use crate::error::{Context, Error, Result};
use crate::lang::Lang;
use crate::lang::Said;
use crate::model::Limits;
use crate::said;

/// Where the kernel keeps its trees.
pub const TOP: &str = "/sys/fs/cgroup";
const CONTROLLERS: [&str; 3] = ["memory", "pids", "cpu"];

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Version {
    V1,
    V2,
}

/// Where cgroups can be made: folders to make them in, with the controllers that each offers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tree {
    pub version: Version,
    bases: Vec<(PathBuf, Vec<&'static str>)>,
}

impl Tree {
    /// The tree below `top` (usually [`TOP`]). A hybrid machine has v1 controllers and an empty v2 tree: v1 counts.
    pub fn find(top: &Path) -> Result<Tree> {
        let v1: Vec<_> = CONTROLLERS.iter().filter(|c| top.join(c).join("tasks").exists()).collect();
        if !v1.is_empty() {
            let bases = v1.into_iter().map(|c| (top.join(c), vec![*c])).collect();
            return Ok(Tree { version: Version::V1, bases });
        }
        Tree::at(top)
    }

    /// A folder of a v2 tree as the base: the top, or one that was delegated to us.
    pub fn at(folder: &Path) -> Result<Tree> {
        let list = folder.join("cgroup.controllers");
        let offered = fs::read_to_string(&list).map_err(|cause| {
            Error::unavailable(said!("read {list}", "{list}을(를) 읽을 수 없습니다", list = list.display()), cause)
                .try_this(said!(
                    "mount -t cgroup2 none /sys/fs/cgroup, or leave the cgroup away (container:-cgroup)",
                    "mount -t cgroup2 none /sys/fs/cgroup, 또는 컨트롤 그룹을 빼십시오(container:-cgroup)"
                ))
        })?;
        let usable = |c: &&str| offered.split_whitespace().any(|o| o == *c);
        let controllers = CONTROLLERS.into_iter().filter(usable).collect();
        Ok(Tree { version: Version::V2, bases: vec![(folder.to_owned(), controllers)] })
    }

    /// The same tree, but made inside `folder` wherever that lies below one of the bases: nested in somebody's account.
    #[must_use]
    pub fn inside(mut self, folder: &Path) -> Tree {
        for (base, _) in &mut self.bases {
            if folder.starts_with(&*base) {
                folder.clone_into(base);
            }
        }
        self
    }

    /// v2: what is made in a folder has only the controllers that the folder passes down. Once, untimed.
    pub fn pass_controllers_down(&self) -> Result<()> {
        if self.version == Version::V1 {
            return Ok(());
        }
        for (base, controllers) in &self.bases {
            let file = base.join("cgroup.subtree_control");
            let has = fs::read_to_string(&file).unwrap_or_default();
            let missing = controllers.iter().filter(|c| !has.split_whitespace().any(|h| h == **c));
            let wish: Vec<String> = missing.map(|c| format!("+{c}")).collect();
            if !wish.is_empty() {
                ask_for(&file, &wish.join(" "), base)?;
            }
        }
        Ok(())
    }

    /// Can we make a folder in every base?
    pub fn is_writable(&self) -> bool {
        let writable = |base: &PathBuf| nix::unistd::access(base, nix::unistd::AccessFlags::W_OK).is_ok();
        self.bases.iter().all(|(base, _)| writable(base))
    }

    /// May we also move processes in it? A folder is delegated when both it and this file belong to us.
    pub fn is_delegated(&self) -> bool {
        let procs =
            |base: &Path| nix::unistd::access(&base.join("cgroup.procs"), nix::unistd::AccessFlags::W_OK).is_ok();
        self.is_writable() && self.bases.iter().all(|(base, _)| procs(base))
    }

    /// One cgroup, with its limits in force before anything is in it.
    pub fn make(&self, name: &str, limits: &Limits) -> Result<Cgroup> {
        let settings = settings(self.version, limits);
        self.refuse_what_is_missing(&settings)?;
        let mut cgroup = Cgroup { version: self.version, folders: Vec::new(), join_fds: Vec::new() };
        for (base, controllers) in &self.bases {
            let folder = base.join(name);
            fs::create_dir(&folder).map_err(|cause| cannot_make(&folder, &cause))?;
            cgroup.folders.push(folder.clone());
            for setting in settings.iter().filter(|s| controllers.contains(&s.controller)) {
                setting.write(&folder)?;
            }
            cgroup.join_fds.push(entrance(self.version, &folder)?);
        }
        Ok(cgroup)
    }

    fn refuse_what_is_missing(&self, settings: &[Setting]) -> Result<()> {
        let offered = |c: &str| self.bases.iter().any(|(_, controllers)| controllers.contains(&c));
        match settings.iter().find(|s| !offered(s.controller)) {
            None => Ok(()),
            Some(s) => Err(Error::unavailable(
                said!(
                    "limit the {controller} of the container",
                    "컨테이너의 {controller}을(를) 제한할 수 없습니다",
                    controller = s.controller
                ),
                said!(
                    "there is no {controller} controller in {folder}",
                    "{folder}에 {controller} 컨트롤러가 없음",
                    controller = s.controller,
                    folder = self.bases[0].0.display()
                ),
            )
            .try_this(Said::joined(
                &[Said::english("cat /sys/fs/cgroup/cgroup.controllers"), delegation::remedy()],
                "; ",
            ))),
        }
    }
}

/// Where the processes of a delegated cgroup go: a v2 folder has either processes or controllers to pass down.
pub const HOSTS_FOLDER: &str = "isolab.host";

fn ask_for(file: &Path, wish: &str, base: &Path) -> Result<()> {
    for _ in 0..10 {
        match fs::write(file, wish) {
            Err(cause) if cause.kind() == ErrorKind::ResourceBusy => make_room(base)?, // it has processes: us
            other => {
                return other.doing(|| {
                    said!("write {wish:?} to {file}", "{file}에 {wish:?}을(를) 쓸 수 없습니다", file = file.display())
                });
            }
        }
    }
    let error = Error::new(
        said!(
            "pass controllers down in {base}",
            "{base}에서 컨트롤러를 아래로 넘겨줄 수 없습니다",
            base = base.display()
        ),
        said!("processes keep appearing in it", "그 안에 프로세스가 계속 생김"),
    );
    let remedy = delegation::remedy();
    let (en, ko) = (remedy.of(Lang::En), remedy.of(Lang::Ko));
    Err(error.try_this(said!("a cgroup of its own: {en}", "자신의 컨트롤 그룹을 쓰십시오: {ko}")))
}

fn make_room(base: &Path) -> Result<()> {
    let folder = base.join(HOSTS_FOLDER);
    match fs::create_dir(&folder) {
        Err(cause) if cause.kind() != ErrorKind::AlreadyExists => return Err(cannot_make(&folder, &cause)),
        _ => {}
    }
    let procs = |folder: &Path| folder.join("cgroup.procs");
    for pid in fs::read_to_string(procs(base))
        .doing(|| said!("list our own cgroup", "우리 컨트롤 그룹의 목록을 볼 수 없습니다"))?
        .split_whitespace()
    {
        match fs::write(procs(&folder), pid) {
            Err(cause) if cause.raw_os_error() != Some(Errno::ESRCH as i32) => {
                return Err(cannot_make(&folder, &cause));
            }
            _ => {} // ESRCH: it has ended meanwhile
        }
    }
    Ok(())
}

fn cannot_make(folder: &Path, cause: &std::io::Error) -> Error {
    let error = Error::new(
        said!("make the cgroup {folder}", "컨트롤 그룹 {folder}을(를) 만들 수 없습니다", folder = folder.display()),
        cause,
    );
    match cause.kind() {
        ErrorKind::AlreadyExists => error.try_this(said!(
            "isolab clean (a run that was killed may have left it)",
            "isolab clean(강제로 끝난 실행이 남겼을 수 있습니다)"
        )),
        ErrorKind::PermissionDenied | ErrorKind::ReadOnlyFilesystem => {
            error.try_this(said!("the knob -cgroup", "노브 -cgroup을 쓰십시오"))
        }
        _ => error,
    }
}

/// v1: the file through which a process joins; v2: the folder in which clone3 puts the child.
fn entrance(version: Version, folder: &Path) -> Result<OwnedFd> {
    let doing =
        || said!("open the cgroup {folder}", "컨트롤 그룹 {folder}을(를) 열 수 없습니다", folder = folder.display());
    let file = match version {
        // Not cgroup.procs: that takes a lock of the whole machine, and half of all starts then wait 10–15 ms.
        Version::V1 => File::options().write(true).open(folder.join("tasks")),
        Version::V2 => File::open(folder),
    };
    Ok(file.doing(doing)?.into())
}

/// One limit: a file in the cgroup's folder and what is written to it.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Setting {
    controller: &'static str,
    file: &'static str,
    value: String,
    /// Swap accounting is often not compiled in or switched off.
    may_lack: bool,
}

impl Setting {
    fn write(&self, folder: &Path) -> Result<()> {
        let file = folder.join(self.file);
        if self.may_lack && !file.exists() { Ok(()) } else { write_file(&file, &self.value) }
    }
}

const CPU_PERIOD_US: u64 = 100_000;

fn settings(version: Version, limits: &Limits) -> Vec<Setting> {
    let set = |controller, file, value| Setting { controller, file, value, may_lack: false };
    let mut all = Vec::new();
    if let Some(bytes) = limits.memory_bytes {
        let (limit, swap) = match version {
            Version::V1 => ("memory.limit_in_bytes", ("memory.memsw.limit_in_bytes", bytes.to_string())),
            Version::V2 => ("memory.max", ("memory.swap.max", "0".into())),
        };
        all.push(set("memory", limit, bytes.to_string()));
        // Without it the limit would not be felt: what does not fit would be swapped.
        all.push(Setting { may_lack: true, ..set("memory", swap.0, swap.1) });
    }
    if let Some(count) = limits.pids {
        all.push(set("pids", "pids.max", count.to_string()));
    }
    if let Some(percent) = limits.cpu_percent {
        let quota = percent * CPU_PERIOD_US / 100;
        match version {
            Version::V1 => {
                all.push(set("cpu", "cpu.cfs_period_us", CPU_PERIOD_US.to_string()));
                all.push(set("cpu", "cpu.cfs_quota_us", quota.to_string()));
            }
            Version::V2 => all.push(set("cpu", "cpu.max", format!("{quota} {CPU_PERIOD_US}"))),
        }
    }
    all
}

/// A cgroup of ours. Dropping it kills what is in it and removes its folders; see [`Cgroup::leave`].
#[derive(Debug)]
pub struct Cgroup {
    version: Version,
    folders: Vec<PathBuf>,
    join_fds: Vec<OwnedFd>,
}

impl Cgroup {
    /// For clone3: the folder in which the child is born. v1 has no such thing.
    pub fn clone_fd(&self) -> Option<BorrowedFd<'_>> {
        if self.version == Version::V2 { self.join_fds.first().map(AsFd::as_fd) } else { None }
    }

    /// In the child, v1 only: "0" is whoever writes it.
    pub fn join(&self) -> Result<(), Errno> {
        let join_fds = if self.version == Version::V1 { &self.join_fds[..] } else { &[] };
        join_fds.iter().try_for_each(|tasks| write(tasks, b"0").map(drop))
    }

    pub fn version(&self) -> Version {
        self.version
    }

    pub fn folders(&self) -> &[PathBuf] {
        &self.folders
    }

    /// Removes the folders. A cgroup stays busy for a moment after its last process was waited for.
    pub fn remove(&mut self) -> Result<()> {
        self.join_fds.clear();
        while let Some(folder) = self.folders.last() {
            remove_folder(folder, Instant::now() + PATIENCE)?;
            self.folders.pop();
        }
        Ok(())
    }

    /// Gives it up: it stays, and somebody else must remove these folders.
    pub fn leave(mut self) -> Vec<PathBuf> {
        std::mem::take(&mut self.folders)
    }
}

impl Drop for Cgroup {
    fn drop(&mut self) {
        let _ = self.remove(); // nobody is left to tell; the harness looks for leaks
    }
}

const PATIENCE: Duration = Duration::from_secs(2);

fn remove_folder(folder: &Path, deadline: Instant) -> Result<()> {
    let mut early = 0u32;
    loop {
        match fs::remove_dir(folder) {
            Ok(()) => return Ok(()),
            Err(cause) if cause.kind() == ErrorKind::NotFound => return Ok(()),
            Err(cause) if cause.kind() == ErrorKind::ResourceBusy && Instant::now() < deadline => {}
            Err(cause) => {
                let doing = said!(
                    "remove the cgroup {folder}",
                    "컨트롤 그룹 {folder}을(를) 지울 수 없습니다",
                    folder = folder.display()
                );
                return Err(Error::new(doing, cause).try_this(Said::english("isolab clean")));
            }
        }
        early += 1;
        if early > 20 {
            kill_what_is_left(folder); // without a pid namespace, children of the program may outlive it
            std::thread::sleep(Duration::from_micros(500));
        }
    }
}

fn kill_what_is_left(folder: &Path) {
    let pids = fs::read_to_string(folder.join("cgroup.procs")).unwrap_or_default();
    for pid in pids.split_whitespace().filter_map(|p| p.parse().ok()).filter(|p| *p > 1) {
        let _ = nix::sys::signal::kill(nix::unistd::Pid::from_raw(pid), nix::sys::signal::Signal::SIGKILL);
    }
}

fn write_file(file: &Path, text: &str) -> Result<()> {
    let mut opened = File::options()
        .write(true)
        .open(file)
        .doing(|| said!("open {file}", "{file}을(를) 열 수 없습니다", file = file.display()))?;
    std::io::Write::write_all(&mut opened, text.as_bytes())
        .doing(|| said!("write {text:?} to {file}", "{file}에 {text:?}을(를) 쓸 수 없습니다", file = file.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMITS: Limits = Limits { memory_bytes: Some(1 << 20), pids: Some(7), cpu_percent: Some(50) };

    /// A folder that looks like a v1 or v2 tree. The kernel fills a new cgroup with files; here nobody does, so what
    /// `make` writes to must be missing: tests of writing use `settings`.
    fn tree(version: Version) -> tempfile::TempDir {
        let top = tempfile::tempdir().unwrap();
        match version {
            Version::V1 => CONTROLLERS.iter().for_each(|c| {
                fs::create_dir(top.path().join(c)).unwrap();
                fs::write(top.path().join(c).join("tasks"), "").unwrap();
            }),
            Version::V2 => {
                fs::write(top.path().join("cgroup.controllers"), "cpuset cpu memory\n").unwrap();
                fs::write(top.path().join("cgroup.subtree_control"), "cpu\n").unwrap();
            }
        }
        top
    }

    #[test]
    fn a_cgroup_can_be_nested_in_another_account() {
        let top = tree(Version::V1);
        let account = top.path().join("memory/account");
        let tree = Tree::find(top.path()).unwrap().inside(&account);
        assert!(tree.bases.iter().any(|(base, _)| *base == account));
        assert!(tree.bases.iter().any(|(base, _)| *base == top.path().join("pids")), "other controllers stay");
    }

    #[test]
    fn a_hybrid_machine_is_v1() {
        let top = tree(Version::V1);
        fs::create_dir(top.path().join("unified")).unwrap();
        fs::write(top.path().join("unified/cgroup.controllers"), "").unwrap();
        let found = Tree::find(top.path()).unwrap();
        assert_eq!((found.version, found.bases.len()), (Version::V1, 3));
    }

    #[test]
    fn v2_passes_down_what_is_missing_and_refuses_limits_it_cannot_keep() {
        let top = tree(Version::V2);
        let found = Tree::find(top.path()).unwrap();
        found.pass_controllers_down().unwrap();
        let written = fs::read_to_string(top.path().join("cgroup.subtree_control")).unwrap();
        assert!(written.starts_with("+memory"), "{written}");
        let error = found.make("isolab.t.0", &LIMITS).unwrap_err();
        assert!(error.doing.contains("pids"), "{error}");
        assert!(!top.path().join("isolab.t.0").exists());
    }

    #[test]
    fn what_was_made_half_is_removed() {
        let top = tree(Version::V1);
        let made = Tree::find(top.path()).unwrap().make("isolab.t.0", &Limits::default());
        made.unwrap_err(); // no `tasks` appears in a folder that is not the kernel's
        assert!(CONTROLLERS.iter().all(|c| !top.path().join(c).join("isolab.t.0").exists()));
        let v2 = tree(Version::V2);
        let mut cgroup = Tree::find(v2.path()).unwrap().make("isolab.t.0", &Limits::default()).unwrap();
        assert!(cgroup.clone_fd().is_some() && v2.path().join("isolab.t.0").exists());
        cgroup.remove().unwrap();
        assert!(!v2.path().join("isolab.t.0").exists());
    }

    #[test]
    fn limits_become_files() {
        let text = |version| {
            let one = |s: Setting| format!("{}={}", s.file, s.value);
            settings(version, &LIMITS).into_iter().map(one).collect::<Vec<_>>().join(" ")
        };
        assert_eq!(
            text(Version::V1),
            "memory.limit_in_bytes=1048576 memory.memsw.limit_in_bytes=1048576 pids.max=7 \
             cpu.cfs_period_us=100000 cpu.cfs_quota_us=50000"
        );
        assert_eq!(text(Version::V2), "memory.max=1048576 memory.swap.max=0 pids.max=7 cpu.max=50000 100000");
        assert!(settings(Version::V2, &Limits::default()).is_empty());
    }
}
