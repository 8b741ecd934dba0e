//! The folder that becomes a container's root: opened once, and from then on known by its descriptor alone.
//!
//! Whoever may rename it or a folder above it may lead a second look somewhere else: to the host's own root, say, and the
//! container would get that, writable.

use std::ffi::{OsStr, OsString};
use std::fs::read_link;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};
use std::path::{Component, Path, PathBuf};

use nix::errno::Errno;
use nix::fcntl::{AT_FDCWD, OFlag, OpenHow, ResolveFlag, openat, openat2, readlinkat};
use nix::sys::stat::{FileStat, Mode, SFlag, fstat, stat};
use nix::sys::statfs::{PROC_SUPER_MAGIC, fstatfs};
use nix::sys::statvfs::{FsFlags, fstatvfs};
use nix::unistd::{Uid, geteuid};

use crate::error::{Context, Error, Result};
use crate::said;

#[derive(Debug)]
pub struct Folder {
    top: OwnedFd,
    real: PathBuf,
    hosts_root: bool,
}

impl Folder {
    /// Follows links as any program does, but for those that a stranger has laid in a folder of everybody's.
    pub fn open(path: &Path) -> Result<Folder> {
        let doing =
            || said!("find the root folder {path}", "루트 폴더 {path}을(를) 찾을 수 없습니다", path = path.display());
        let top = walk(path).map_err(|stop| match stop {
            Stop::Errno(errno) => Error::new(doing(), std::io::Error::from(errno)),
            Stop::Strangers(link) => Error::new(
                doing(),
                said!(
                    "{link} is a link of somebody else's",
                    "{link}은(는) 다른 사용자의 링크임",
                    link = link.display()
                ),
            )
            .try_this(said!("the path that you mean, without that link", "그 링크를 거치지 않는 경로를 적으십시오")),
        })?;
        let real = real_path(&top).doing(doing)?;
        let same = |a: FileStat, b: FileStat| (a.st_dev, a.st_ino) == (b.st_dev, b.st_ino);
        let hosts_root = matches!((fstat(&top), stat("/")), (Ok(this), Ok(host)) if same(this, host));
        Ok(Folder { top, real, hosts_root })
    }

    /// Where a file lies in the folder, as a path from its top; ELOOP when it lies somewhere else.
    pub fn path_of(&self, file: &OwnedFd) -> Result<PathBuf, Errno> {
        let path = real_path(file).map_err(|_| Errno::ENOENT)?;
        Ok(Path::new("/").join(path.strip_prefix(&self.real).map_err(|_| Errno::ELOOP)?))
    }

    /// Where it lay when it was opened.
    pub fn real(&self) -> &Path {
        &self.real
    }

    /// Is it the host's own root, under whatever name?
    pub fn is_hosts_root(&self) -> bool {
        self.hosts_root
    }

    /// Is it mounted read-only already?
    pub fn is_read_only(&self) -> bool {
        fstatvfs(&self.top).is_ok_and(|found| found.flags().contains(FsFlags::ST_RDONLY))
    }
}

impl AsFd for Folder {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.top.as_fd()
    }
}

impl From<Folder> for OwnedFd {
    fn from(folder: Folder) -> OwnedFd {
        folder.top
    }
}

fn real_path(file: &OwnedFd) -> std::io::Result<PathBuf> {
    read_link(format!("/proc/self/fd/{}", file.as_raw_fd()))
}

enum Stop {
    Errno(Errno),
    Strangers(PathBuf),
}

impl From<Errno> for Stop {
    fn from(errno: Errno) -> Stop {
        Stop::Errno(errno)
    }
}

/// As many links as the kernel follows in one path.
const MOST_LINKS: usize = 40;

/// One name after the other, so that each link is seen before it is followed: the kernel's own protection
/// (fs.protected_symlinks, proc_sys_fs(5)) may be switched off.
fn walk(path: &Path) -> Result<OwnedFd, Stop> {
    if path.as_os_str().is_empty() {
        return Err(Errno::ENOENT.into());
    }
    if let Ok(top) = without_links(path) {
        return Ok(top);
    }
    let first = if path.is_absolute() { "/" } else { "." }; // our own folder may be one that this user cannot enter
    let mut at = open_part(AT_FDCWD, OsStr::new(first))?;
    let mut ahead: Vec<OsString> = parts(path);
    let mut links = 0;
    while let Some(name) = ahead.pop() {
        let next = open_part(at.as_fd(), &name)?;
        let found = fstat(&next)?;
        if found.st_mode & SFlag::S_IFMT.bits() != SFlag::S_IFLNK.bits() {
            at = next;
            continue;
        }
        links += 1;
        if links > MOST_LINKS {
            return Err(Errno::ELOOP.into());
        }
        if !may_follow(&found, &fstat(&at)?, geteuid()) {
            return Err(Stop::Strangers(PathBuf::from(name)));
        }
        if fstatfs(&at)?.filesystem_type() == PROC_SUPER_MAGIC {
            at = openat(&at, &*name, FOLLOWING, Mode::empty())?; // /proc/self/fd/3 is more than its text
        } else {
            ahead.extend(parts(Path::new(&readlinkat(&next, "")?)));
        }
    }
    let top = openat(&at, ".", FOLLOWING | OFlag::O_DIRECTORY, Mode::empty())?;
    Ok(top)
}

/// In one look, where no link is on the way.
fn without_links(path: &Path) -> Result<OwnedFd, Errno> {
    let how = OpenHow::new()
        .flags(FOLLOWING | OFlag::O_DIRECTORY)
        .resolve(ResolveFlag::RESOLVE_NO_SYMLINKS | ResolveFlag::RESOLVE_NO_MAGICLINKS);
    openat2(AT_FDCWD, path, how)
}

const FOLLOWING: OFlag = OFlag::O_PATH.union(OFlag::O_CLOEXEC);

fn open_part(at: impl AsFd, name: &OsStr) -> Result<OwnedFd, Errno> {
    openat(at, name, FOLLOWING | OFlag::O_NOFOLLOW, Mode::empty())
}

/// The names of a path, the last one first.
fn parts(path: &Path) -> Vec<OsString> {
    path.components().rev().map(Component::as_os_str).map(OsStr::to_owned).collect()
}

/// The rule of fs.protected_symlinks: in a sticky folder that everybody may write to, only one's own links and those of the
/// folder's owner.
fn may_follow(link: &FileStat, folder: &FileStat, user: Uid) -> bool {
    const STICKY_AND_EVERYBODYS: u32 = 0o1002;
    let shared = folder.st_mode & STICKY_AND_EVERYBODYS == STICKY_AND_EVERYBODYS;
    !shared || link.st_uid == user.as_raw() || link.st_uid == folder.st_uid
}
