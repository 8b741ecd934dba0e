//! The run's own folder for rootfs and sockets, gone when the run ends; and what other runs left behind.
//!
//! A run that was killed by SIGKILL can't clean up. Its folder names its process, so that the next run, and
//! `isolab clean`, can tell that it is dead.

use std::fs::File;
use std::io::Read;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use nix::unistd::Uid;

use crate::environments::Arm;
use crate::environments::container_rootless::whom_to_become;
use crate::error::{Context, Result};

const PREFIX: &str = "isolab.";
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

fn executable(base: &Path) -> bool {
    let tmpfs = nix::sys::statfs::statfs(base).is_ok_and(|fs| fs.filesystem_type() == nix::sys::statfs::TMPFS_MAGIC);
    let flags = nix::sys::statvfs::statvfs(base).map(|fs| fs.flags());
    tmpfs && flags.is_ok_and(|f| !f.contains(nix::sys::statvfs::FsFlags::ST_NOEXEC))
}

#[derive(Debug)]
pub struct Scratch {
    run: String,
    dir: PathBuf,
}

impl Scratch {
    /// `/tmp/isolab.RUN`, readable for every user: a rootless container enters it as somebody else.
    pub fn create(run: &str) -> Result<Scratch> {
        Scratch::create_in(&std::env::temp_dir(), run)
    }

    /// The same in memory where programs can be executed from there: one command should not wait for a disk's journal.
    pub fn create_in_memory(run: &str) -> Result<Scratch> {
        let memory = Path::new(MEMORY);
        let wanted_elsewhere = std::env::var_os("TMPDIR").is_some();
        if !wanted_elsewhere
            && executable(memory)
            && let Ok(scratch) = Scratch::create_in(memory, run)
        {
            return Ok(scratch);
        }
        Scratch::create(run)
    }

    fn create_in(base: &Path, run: &str) -> Result<Scratch> {
        let dir = base.join(format!("{PREFIX}{run}"));
        let doing = || format!("make the scratch folder {}", dir.display());
        std::fs::create_dir(&dir)
            .doing(doing)
            .map_err(|e| e.try_this("TMPDIR=DIR before the command, with a folder that you may write to"))?;
        let scratch = Scratch { run: run.to_owned(), dir: dir.clone() };
        std::fs::set_permissions(&dir, std::fs::Permissions::from_mode(0o755)).doing(doing)?;
        std::fs::write(dir.join(OWNER), identity(std::process::id())).doing(doing)?;
        Ok(scratch)
    }

    /// The run that it belongs to.
    pub fn run(&self) -> &str {
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
            std::fs::create_dir(&dir).doing(|| format!("make the folder {}", dir.display()))?;
            std::fs::set_permissions(&dir, std::fs::Permissions::from_mode(0o755))
                .doing(|| format!("open the folder {} to every user", dir.display()))?;
        }
        Ok(dir)
    }
}

/// Puts the files below a folder out of the page cache: the next start reads them from the disk. Never `drop_caches`,
/// which would hit the whole machine (posix_fadvise(2); dirty pages stay, so they are written first).
pub fn make_cold(dir: &Path) -> Result<()> {
    for entry in std::fs::read_dir(dir).doing(|| format!("list {}", dir.display()))?.flatten() {
        let path = entry.path();
        let doing = || format!("put {} out of the page cache", path.display());
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
        let owner = self.dir.join(OWNER);
        let remove = |path: PathBuf| std::fs::remove_dir_all(&path).or_else(|_| std::fs::remove_file(&path)).is_ok();
        let rest = |e: std::fs::DirEntry| e.path() == owner || remove(e.path());
        if std::fs::read_dir(&self.dir).is_ok_and(|entries| entries.flatten().all(rest)) {
            let _ = std::fs::remove_file(&owner); // last: what stays without it would never be known as stale
        }
        let _ = std::fs::remove_dir(&self.dir); // what stays is found and named by the leak check
    }
}

/// A process by pid and start time (field 22 of /proc/PID/stat, proc_pid_stat(5)): a pid alone is used again.
fn identity(pid: u32) -> String {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    let started = stat.rsplit_once(')').and_then(|(_, rest)| rest.split_whitespace().nth(19)).unwrap_or("0").to_owned();
    format!("{pid} {started}")
}

/// Folders of runs whose process is dead: (run id, folder). Only our own: anybody may make a folder in /tmp that is
/// called like one of ours, to have root remove things or wait at a pipe.
pub fn stale() -> Vec<(String, PathBuf)> {
    let entries = bases().into_iter().filter_map(|base| std::fs::read_dir(base).ok()).flatten();
    entries
        .flatten()
        .filter(|e| e.metadata().is_ok_and(|m| m.is_dir() && is_ours(m.uid())))
        .filter_map(|e| {
            let run = e.file_name().to_str()?.strip_prefix(PREFIX)?.to_owned();
            let (pid, owner) = owner_of(&e.path())?;
            (identity(pid) != owner).then(|| (run, e.path()))
        })
        .collect()
}

/// Ours, or of the user that our own rootless containers are made as.
fn is_ours(uid: u32) -> bool {
    uid == Uid::effective().as_raw() || whom_to_become().is_some_and(|(user, _)| user == uid)
}

/// What [`Scratch::create`] wrote, "PID START"; None for anything else.
fn owner_of(dir: &Path) -> Option<(u32, String)> {
    let no_trap = libc::O_NOFOLLOW | libc::O_NONBLOCK;
    let file = File::options().read(true).custom_flags(no_trap).open(dir.join(OWNER)).ok()?;
    let mut text = String::new();
    file.take(64).read_to_string(&mut text).ok()?;
    let (pid, start) = text.split_once(' ')?;
    start.parse::<u64>().ok()?;
    Some((pid.parse().ok()?, text))
}

/// Does the process of this run still live? `isolab run` is named by its own pid, and its folder may be elsewhere: another
/// TMPDIR.
pub fn is_alive(run: &str) -> bool {
    let known = bases().iter().any(|b| b.join(format!("{PREFIX}{run}")).exists());
    (known && !stale().iter().any(|(r, _)| r == run)) || run.parse().is_ok_and(is_isolab)
}

fn is_isolab(pid: u32) -> bool {
    std::fs::read_to_string(format!("/proc/{pid}/comm")).is_ok_and(|name| name.starts_with("isolab"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_living_owner_is_not_stale_and_a_dead_one_is() {
        let run = format!("test{}", std::process::id());
        let scratch = Scratch::create(&run).unwrap();
        assert!(!stale().iter().any(|(r, _)| *r == run));
        assert!(is_alive(&run) && is_alive(&std::process::id().to_string()) && !is_alive("4194305"));
        std::fs::write(scratch.path().join(OWNER), "4194305 1").unwrap(); // above the largest pid
        assert!(stale().iter().any(|(r, _)| *r == run));
        assert!(!is_alive(&run));
        assert!(is_alive(&std::process::id().to_string()), "this test binary is called isolab-HASH");
        assert!(!is_alive("1"));
    }

    #[test]
    fn a_folder_that_only_looks_like_ours_is_nobodys_scratch() {
        let dir = tempfile::tempdir().unwrap();
        let owner = dir.path().join(OWNER);
        for text in ["", "4194305", "4194305 notes of mine", "4194305 1 ", "x 1"] {
            std::fs::write(&owner, text).unwrap();
            assert_eq!(owner_of(dir.path()), None, "{text:?}");
        }
        std::fs::write(&owner, "4194305 1").unwrap();
        assert_eq!(owner_of(dir.path()), Some((4_194_305, "4194305 1".into())));
        std::fs::remove_file(&owner).unwrap();
        nix::unistd::mkfifo(&owner, nix::sys::stat::Mode::S_IRWXU).unwrap();
        assert_eq!(owner_of(dir.path()), None, "and nobody waits for a writer");
        std::fs::remove_file(&owner).unwrap();
        std::os::unix::fs::symlink("/dev/zero", &owner).unwrap();
        assert_eq!(owner_of(dir.path()), None);
    }

    #[test]
    fn only_our_own_folders_are_stale() {
        let run = format!("other{}", std::process::id());
        let scratch = Scratch::create(&run).unwrap();
        std::fs::write(scratch.path().join(OWNER), "4194305 1").unwrap();
        let link = scratch.path().with_file_name(format!("{PREFIX}link{}", std::process::id()));
        std::os::unix::fs::symlink(scratch.path(), &link).unwrap();
        let found = stale();
        std::fs::remove_file(&link).unwrap();
        assert!(found.iter().any(|(r, _)| *r == run));
        assert!(!found.iter().any(|(_, path)| *path == link), "a link is no folder");
        if !Uid::effective().is_root() {
            crate::testing::skip(format_args!("only_our_own_folders_are_stale: only root can give a folder away"));
            return;
        }
        std::os::unix::fs::chown(scratch.path(), Some(12_345), None).unwrap();
        assert!(!stale().iter().any(|(r, _)| *r == run));
    }
}
