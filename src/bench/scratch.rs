//! The run's own folder for rootfs and sockets, gone when the run ends; and what other runs left behind.
//!
//! A run that was killed by SIGKILL can't clean up. Its folder names its process, so that the next run, and
//! `isolab clean`, can tell that it is dead.

use std::fs::File;
use std::io::{Read, Write};
use std::os::fd::AsRawFd;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::time::Duration;

use nix::errno::Errno;
use nix::fcntl::{Flock, FlockArg, OFlag};
use nix::sys::statvfs::{FsFlags, Statvfs, statvfs};
use nix::unistd::Uid;

use crate::environments::Arm;
use crate::environments::container_rootless::whom_to_become;
use crate::error::{Context, Result, shortage};
use crate::id::RunId;
use crate::proc_stat::Stat;
use crate::said;

const OWNER: &str = "owner";
/// A file system in memory that every Linux has; some forbid to execute from it.
const MEMORY: &str = "/dev/shm";

/// Every folder that scratch folders are made in.
pub fn bases() -> Vec<PathBuf> {
    let mut bases = vec![std::env::temp_dir()];
    if bases[0] != Path::new(MEMORY) {
        bases.push(MEMORY.into());
    }
    bases
}

/// The probe, or a static program, and folders around it.
const ROOM_BYTES: u64 = 1 << 20;

/// A folder in memory, from which programs can be executed, with room for one.
fn is_fit(base: &Path) -> bool {
    let tmpfs = nix::sys::statfs::statfs(base).is_ok_and(|fs| fs.filesystem_type() == nix::sys::statfs::TMPFS_MAGIC);
    let may_hold_a_program = |fs: Statvfs| {
        !fs.flags().contains(FsFlags::ST_NOEXEC) && fs.blocks_available() * fs.fragment_size() >= ROOM_BYTES
    };
    tmpfs && statvfs(base).is_ok_and(may_hold_a_program)
}

#[derive(Debug)]
pub struct Scratch {
    run: RunId,
    dir: PathBuf,
    /// The owner file, locked as long as the run lives: also where its number means nothing, in another pid namespace.
    owner: Option<Flock<File>>,
}

impl Scratch {
    /// `/tmp/isolab.RUN`, readable for every user: a rootless container enters it as somebody else.
    pub fn create(run: &RunId) -> Result<Scratch> {
        Scratch::create_in(&std::env::temp_dir(), run)
    }

    /// The same in memory where programs can be executed from there: one command should not wait for a disk's journal.
    pub fn create_in_memory(run: &RunId) -> Result<Scratch> {
        let memory = Path::new(MEMORY);
        let wanted_elsewhere = std::env::var_os("TMPDIR").is_some();
        if !wanted_elsewhere
            && is_fit(memory)
            && let Ok(scratch) = Scratch::create_in(memory, run)
        {
            return Ok(scratch);
        }
        Scratch::create(run)
    }

    fn create_in(base: &Path, run: &RunId) -> Result<Scratch> {
        let dir = base.join(run.folder());
        let doing =
            || said!("make the scratch folder {dir}", "임시 폴더 {dir}을(를) 만들 수 없습니다", dir = dir.display());
        std::fs::create_dir(&dir).doing(doing).map_err(|e| {
            e.try_this(said!(
                "TMPDIR=DIR before the command, with a folder that you may write to",
                "명령 앞에 TMPDIR=DIR로 쓸 수 있는 폴더를 적으십시오"
            ))
        })?;
        let mut scratch = Scratch { run: run.clone(), dir: dir.clone(), owner: None };
        std::fs::set_permissions(&dir, std::fs::Permissions::from_mode(0o755)).doing(doing)?;
        let new = File::options().write(true).create_new(true).mode(0o600).open(dir.join(OWNER)); // nobody else locks it
        let mut owner = new.doing(doing)?;
        owner.set_permissions(std::fs::Permissions::from_mode(0o600)).doing(doing)?; // whatever the umask
        let identity = format!("{} {run}", identity(std::process::id()));
        owner.write_all(identity.as_bytes()).doing(doing).map_err(|e| e.try_this(shortage::SCRATCH_SPACE))?;
        scratch.owner = Flock::lock(owner, FlockArg::LockExclusiveNonblock).ok(); // a file system without locks
        Ok(scratch)
    }

    /// The run that it belongs to.
    pub fn run(&self) -> &RunId {
        &self.run
    }

    pub fn path(&self) -> &Path {
        &self.dir
    }

    /// The folder of one arm; twins of an arm share it.
    pub fn arm(&self, arm: &Arm) -> Result<PathBuf> {
        let name = Arm { copy: 1, ..arm.clone() }.id().replace('/', "_");
        let dir = self.dir.join(name);
        if !dir.exists() {
            std::fs::create_dir(&dir)
                .doing(|| said!("make the folder {dir}", "폴더 {dir}을(를) 만들 수 없습니다", dir = dir.display()))?;
            std::fs::set_permissions(&dir, std::fs::Permissions::from_mode(0o755)).doing(|| {
                said!(
                    "open the folder {dir} to every user",
                    "폴더 {dir}을(를) 모든 사용자에게 열 수 없습니다",
                    dir = dir.display()
                )
            })?;
        }
        Ok(dir)
    }
}

/// Puts the files below a folder out of the page cache: the next start reads them from the disk. Never `drop_caches`,
/// which would hit the whole machine (posix_fadvise(2); dirty pages stay, so they are written first).
pub fn make_cold(dir: &Path) -> Result<()> {
    for entry in std::fs::read_dir(dir)
        .doing(|| said!("list {dir}", "{dir}의 목록을 볼 수 없습니다", dir = dir.display()))?
        .flatten()
    {
        let path = entry.path();
        let doing = || {
            said!(
                "put {path} out of the page cache",
                "{path}을(를) 페이지 캐시에서 뺄 수 없습니다",
                path = path.display()
            )
        };
        match entry.file_type().doing(doing)? {
            t if t.is_dir() => make_cold(&path)?,
            t if t.is_file() => {
                let file = std::fs::File::open(&path).doing(doing)?;
                file.sync_all().doing(doing)?;
                let advice = nix::fcntl::PosixFadviseAdvice::POSIX_FADV_DONTNEED;
                nix::fcntl::posix_fadvise(&file, 0, 0, advice).doing(doing)?;
            }
            _ => {}
        }
    }
    Ok(())
}

impl Drop for Scratch {
    fn drop(&mut self) {
        self.owner = None; // a caller of few descriptors needs this one to look into the folders
        let _ = remove_all_below(&self.dir);
        let _ = std::fs::remove_dir(&self.dir); // what stays is found and named by the leak check
    }
}

/// Removes what is in somebody's scratch folder, by its descriptor: a link that is swapped in is not followed.
pub(super) fn empty(dir: &Path) -> bool {
    let no_link = libc::O_NOFOLLOW | libc::O_DIRECTORY;
    let Ok(folder) = File::options().read(true).custom_flags(no_link).open(dir) else { return false };
    remove_all_below(Path::new(&format!("/proc/self/fd/{}", folder.as_raw_fd())))
}

/// Who owns it goes last: what stays without that, when we are killed meanwhile, would never be known as stale.
fn remove_all_below(place: &Path) -> bool {
    let owner = place.join(OWNER);
    let remove = |path: PathBuf| std::fs::remove_dir_all(&path).or_else(|_| std::fs::remove_file(&path)).is_ok();
    let rest = |e: std::fs::DirEntry| e.path() == owner || remove(e.path());
    let emptied = std::fs::read_dir(place).is_ok_and(|entries| entries.flatten().all(rest));
    emptied && std::fs::remove_file(&owner).map_or_else(|e| e.kind() == std::io::ErrorKind::NotFound, |()| true)
}

/// A process by pid and start time: a pid alone is used again.
fn identity(pid: u32) -> String {
    let started = Stat::read(Path::new("/proc"), pid).map_or(0, |stat| stat.start);
    format!("{pid} {started}")
}

/// The folder of a run whose process is dead.
#[derive(Debug)]
pub struct Stale {
    pub run: RunId,
    pub folder: PathBuf,
    /// Whose it is: what he owns may be ended for it, and nothing else.
    pub uid: u32,
    pub gid: u32,
    /// When its process had begun, in clock ticks since the machine's start.
    pub since: u64,
}

/// Folders of runs whose process is dead. Only our own: anybody may make a folder in /tmp that is called like one of
/// ours, to have root remove things or wait at a pipe. To be asked by who holds the lock: no bench begins meanwhile.
pub fn stale() -> Vec<Stale> {
    let look = |base: PathBuf| {
        let names = std::fs::read_dir(&base).into_iter().flatten().flatten().map(|e| e.file_name());
        names.filter_map(|name| stale_folder(&base, name.to_str()?)).collect::<Vec<_>>()
    };
    bases().into_iter().flat_map(look).collect()
}

fn stale_folder(base: &Path, name: &str) -> Option<Stale> {
    let run = RunId::of_folder(name)?;
    let no_link = libc::O_NOFOLLOW | libc::O_DIRECTORY;
    let folder = File::options().read(true).custom_flags(no_link).open(base.join(name)).ok()?;
    let about = folder.metadata().ok().filter(|about| is_ours(about.uid()))?;
    let since = match owner_of(&folder) {
        Some(owner) => owner.is_dead(&run).then_some(owner.start)?,
        None => is_unfinished(&folder, &run).then_some(u64::MAX)?, // it had started nothing yet
    };
    Some(Stale { run, folder: base.join(name), uid: about.uid(), gid: about.gid(), since })
}

/// Ours, or of the user that our own rootless containers are made as.
fn is_ours(uid: u32) -> bool {
    uid == Uid::effective().as_raw() || whom_to_become().is_some_and(|(user, _)| user == uid)
}

/// What [`Scratch::create`] wrote, "PID START RUN".
#[derive(Debug)]
struct Owner {
    file: File,
    pid: u32,
    start: u64,
    run: RunId,
}

impl Owner {
    /// A folder that was given another name says nothing of the run of that name.
    fn is_dead(&self, run: &RunId) -> bool {
        let gone = identity(self.pid) != format!("{} {}", self.pid, self.start);
        gone && self.run == *run && self.is_let_go()
    }

    /// Its lock is held by who lives in another pid namespace; and for a moment by what it was starting when it was killed,
    /// between fork and exec.
    fn is_let_go(&self) -> bool {
        const LOOKS: u32 = 100;
        (0..LOOKS).any(|look| {
            if look > 0 {
                std::thread::sleep(Duration::from_millis(1));
            }
            self.file.try_clone().is_ok_and(|file| !is_locked(file))
        })
    }
}

fn is_locked(file: File) -> bool {
    let busy = |result: std::result::Result<Flock<File>, (File, Errno)>| matches!(result, Err((_, Errno::EAGAIN)));
    busy(Flock::lock(file, FlockArg::LockExclusiveNonblock))
}

/// None for anything else than an owner file.
fn owner_of(folder: &File) -> Option<Owner> {
    let mut file = open_owner(folder)?;
    let mut text = String::new();
    (&mut file).take(64).read_to_string(&mut text).ok()?;
    let mut words = text.split(' ');
    let (pid, start, run) = (words.next()?.parse().ok()?, words.next()?.parse().ok()?, words.next()?.to_owned());
    (words.next().is_none() && !run.is_empty()).then(|| Owner { file, pid, start, run: run.into() })
}

fn open_owner(folder: &File) -> Option<File> {
    let no_trap = OFlag::O_RDONLY | OFlag::O_NOFOLLOW | OFlag::O_NONBLOCK | OFlag::O_CLOEXEC;
    nix::fcntl::openat(folder, OWNER, no_trap, nix::sys::stat::Mode::empty()).ok().map(File::from)
}

/// Killed before it had written down whose it is, or after that was removed: there is nothing else in it.
fn is_unfinished(folder: &File, run: &RunId) -> bool {
    let lives = run.parse::<u32>().is_ok_and(|pid| Path::new("/proc").join(pid.to_string()).exists());
    let place = format!("/proc/self/fd/{}", folder.as_raw_fd());
    let empty = |name: &std::ffi::OsStr| {
        name == OWNER
            && open_owner(folder).is_some_and(|file| file.metadata().is_ok_and(|m| m.is_file() && m.len() == 0))
    };
    !lives && std::fs::read_dir(place).is_ok_and(|entries| entries.flatten().all(|e| empty(&e.file_name())))
}

/// Does the process of this run still live? `isolab run` is named by its own pid, and its folder may be elsewhere: another
/// TMPDIR.
pub fn is_alive(run: &RunId) -> bool {
    let known = bases().iter().any(|b| b.join(run.folder()).exists());
    (known && !stale().iter().any(|s| s.run == *run)) || run.parse().is_ok_and(is_isolab)
}

fn is_isolab(pid: u32) -> bool {
    std::fs::read_to_string(format!("/proc/{pid}/comm")).is_ok_and(|name| name.starts_with("isolab"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_living_owner_is_not_stale_and_a_dead_one_is() {
        let run = RunId::from(format!("test{}", std::process::id()));
        let mut scratch = Scratch::create(&run).unwrap();
        assert!(!stale().iter().any(|s| s.run == run));
        assert!(is_alive(&run) && is_alive(&std::process::id().to_string().into()) && !is_alive(&"4194305".into()));
        std::fs::write(scratch.path().join(OWNER), format!("4194305 1 {run}")).unwrap(); // above the largest pid
        assert!(is_alive(&run), "its lock is held: the number may be one of another pid namespace");
        scratch.owner = None;
        std::fs::write(scratch.path().join(OWNER), "4194305 1 other").unwrap();
        assert!(is_alive(&run), "the folder of another run under a new name");
        std::fs::write(scratch.path().join(OWNER), format!("4194305 1 {run}")).unwrap();
        assert!(stale().iter().any(|s| s.run == run));
        assert!(!is_alive(&run));
        assert!(is_alive(&std::process::id().to_string().into()), "this test binary is called isolab-HASH");
    }

    #[test]
    fn another_program_with_the_number_is_not_the_run() {
        let mut other = std::process::Command::new("sleep").arg("100").spawn().unwrap();
        assert!(is_isolab(std::process::id()) && !is_isolab(other.id()));
        other.kill().unwrap();
        other.wait().unwrap();
    }

    #[test]
    fn a_lock_that_is_let_go_in_a_moment_keeps_no_folder() {
        let run = RunId::from(format!("moment{}", std::process::id()));
        let mut scratch = Scratch::create(&run).unwrap();
        std::fs::write(scratch.path().join(OWNER), format!("4194305 1 {run}")).unwrap();
        let held = scratch.owner.take();
        let dying = std::thread::spawn(move || {
            std::thread::sleep(Duration::from_millis(20));
            drop(held);
        });
        assert!(stale().iter().any(|s| s.run == run));
        dying.join().unwrap();
    }

    #[test]
    fn a_folder_that_cannot_be_emptied_keeps_its_owner() {
        let base = tempfile::tempdir().unwrap();
        let scratch = Scratch::create_in(base.path(), &"emptied".into()).unwrap();
        let dir = scratch.path();
        std::fs::create_dir_all(dir.join("arm/rootfs")).unwrap();
        std::fs::write(dir.join("arm/started"), "x").unwrap();
        assert!(empty(dir) && std::fs::read_dir(dir).unwrap().count() == 0);
        let link = base.path().join("link");
        std::os::unix::fs::symlink(dir, &link).unwrap();
        std::fs::write(dir.join("kept"), "x").unwrap();
        assert!(!empty(&link) && dir.join("kept").exists(), "a link is not followed");
        if Uid::effective().is_root() {
            crate::testing::skip(format_args!("a_folder_that_cannot_be_emptied_keeps_its_owner: root empties any"));
            return;
        }
        std::fs::write(dir.join(OWNER), "4194305 1 emptied").unwrap();
        std::fs::create_dir(dir.join("arm")).unwrap();
        std::fs::write(dir.join("arm/started"), "x").unwrap();
        std::fs::set_permissions(dir.join("arm"), std::fs::Permissions::from_mode(0o500)).unwrap();
        assert!(!empty(dir) && dir.join(OWNER).exists());
        std::fs::set_permissions(dir.join("arm"), std::fs::Permissions::from_mode(0o700)).unwrap();
    }

    #[test]
    fn a_folder_that_only_looks_like_ours_is_nobodys_scratch() {
        let dir = tempfile::tempdir().unwrap();
        let owner = dir.path().join(OWNER);
        let folder = File::open(dir.path()).unwrap();
        assert!(
            is_unfinished(&folder, &"4194305".into()) && !is_unfinished(&folder, &"1".into()),
            "an empty folder, and who lives"
        );
        for text in ["", "4194305", "4194305 notes of mine", "4194305 1 ", "x 1 run", "4194305 1"] {
            std::fs::write(&owner, text).unwrap();
            assert!(owner_of(&folder).is_none(), "{text:?}");
            assert_eq!(is_unfinished(&folder, &"4194305".into()), text.is_empty(), "{text:?}");
        }
        std::fs::write(&owner, "4194305 1 run").unwrap();
        assert!(owner_of(&folder).is_some_and(|owner| owner.is_dead(&"run".into()) && !owner.is_dead(&"other".into())));
        std::fs::remove_file(&owner).unwrap();
        nix::unistd::mkfifo(&owner, nix::sys::stat::Mode::S_IRWXU).unwrap();
        assert!(
            owner_of(&folder).is_none() && !is_unfinished(&folder, &"4194305".into()),
            "and nobody waits for a writer"
        );
        std::fs::remove_file(&owner).unwrap();
        std::os::unix::fs::symlink("/dev/zero", &owner).unwrap();
        assert!(owner_of(&folder).is_none() && !is_unfinished(&folder, &"4194305".into()));
    }

    #[test]
    fn only_our_own_folders_are_stale() {
        let run = RunId::from(format!("other{}", std::process::id()));
        let mut scratch = Scratch::create(&run).unwrap();
        scratch.owner = None;
        std::fs::write(scratch.path().join(OWNER), format!("4194305 1 {run}")).unwrap();
        let link = scratch.path().with_file_name(format!("isolab.link{}", std::process::id()));
        std::os::unix::fs::symlink(scratch.path(), &link).unwrap();
        let found = stale();
        std::fs::remove_file(&link).unwrap();
        assert!(found.iter().any(|s| s.run == run));
        assert!(!found.iter().any(|s| s.folder == link), "a link is no folder");
        if !Uid::effective().is_root() {
            crate::testing::skip(format_args!("only_our_own_folders_are_stale: only root can give a folder away"));
            return;
        }
        std::os::unix::fs::chown(scratch.path(), Some(12_345), None).unwrap();
        assert!(!stale().iter().any(|s| s.run == run));
    }
}
