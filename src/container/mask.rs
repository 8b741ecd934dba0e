//! Paths that are hidden or made read-only (which ones: [`super::presets`]). A path that this kernel or this
//! root folder does not have is skipped: the lookup is all it costs.

use std::ffi::CString;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use nix::errno::Errno;
use nix::fcntl::{AtFlags, OFlag, open};
use nix::sys::stat::{Mode, SFlag, fstat, fstatat};
use nix::sys::statfs::{PROC_SUPER_MAGIC, fstatfs};

use super::dev::{Dev, hosts_null};
use super::rootfs::inside;
use crate::sys::mounts::{Depth, attach, attr, copy_of, new_mount, restrict};

/// The file system that a path lies in. It is known by descriptor: by name somebody else's could be found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Within {
    Proc,
    Sys,
    Root,
}

/// A path, and what happens to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hidden {
    within: Within,
    /// Below the top of that.
    path: CString,
    /// Else a null device lies on top of a file, an empty folder on top of a folder.
    read_only: bool,
}

impl Hidden {
    /// None: not an absolute path, or one that goes up again.
    pub fn new(path: &str, read_only: bool) -> Option<Hidden> {
        let below =
            path.strip_prefix('/').filter(|below| !below.split('/').any(|part| matches!(part, "" | "." | "..")))?;
        let (within, below) = match below.split_once('/') {
            Some(("proc", rest)) => (Within::Proc, rest),
            Some(("sys", rest)) => (Within::Sys, rest),
            _ => (Within::Root, below),
        };
        Some(Hidden { within, path: CString::new(below).ok()?, read_only })
    }

    /// Not there, and known before the child is made: but for processes and for what belongs to a namespace, the kernel's
    /// files in /proc are the same in every /proc. One that a module brings later would be seen by a container that runs
    /// already, too.
    pub fn is_absent(&self, proc: BorrowedFd<'_>) -> bool {
        let found = || fstatat(proc, self.path.as_c_str(), AtFlags::AT_SYMLINK_NOFOLLOW);
        self.is_same_in_every_proc() && found().is_err_and(|errno| errno == Errno::ENOENT)
    }

    fn is_same_in_every_proc(&self) -> bool {
        let path = self.path.to_bytes();
        let first = path.split(|byte| *byte == b'/').next().unwrap_or_default();
        let is_process = first.iter().all(u8::is_ascii_digit) || [&b"self"[..], b"thread-self"].contains(&first);
        let of_namespaces = [&b"net"[..], b"sys"].contains(&first) && first != path;
        self.within == Within::Proc && !is_process && !of_namespaces
    }

    /// All of it: see [`protect_sys`].
    fn is_sys(&self) -> bool {
        self.within == Within::Root && self.path.as_c_str() == c"sys"
    }

    /// As it was given.
    pub fn path(&self) -> String {
        let top = match self.within {
            Within::Proc => "/proc/",
            Within::Sys => "/sys/",
            Within::Root => "/",
        };
        format!("{top}{}", self.path.to_string_lossy())
    }
}

/// The /proc that we see, if all of the kernel's files are in it: nothing else lies there, and it was not made with the
/// option `subset=pid` (proc(5)).
pub fn whole_proc() -> Option<OwnedFd> {
    const TOP: u64 = 1; // the inode of every proc's top, PROC_ROOT_INO in linux/proc_ns.h
    let flags = OFlag::O_PATH | OFlag::O_DIRECTORY | OFlag::O_NOFOLLOW | OFlag::O_CLOEXEC;
    let proc = open("/proc", flags, Mode::empty()).ok()?;
    let is_proc = fstatfs(&proc).ok()?.filesystem_type() == PROC_SUPER_MAGIC && fstat(&proc).ok()?.st_ino == TOP;
    (is_proc && fstatat(&proc, c"version", AtFlags::empty()).is_ok()).then_some(proc)
}

/// Where the paths lie.
#[derive(Debug, Clone, Copy)]
pub struct Tops<'a> {
    pub root: BorrowedFd<'a>,
    pub proc: BorrowedFd<'a>,
    pub sys: Option<BorrowedFd<'a>>,
}

/// Hides all of them. On failure the place in the list, for the message.
pub fn hide(paths: &[Hidden], tops: Tops<'_>, dev: Option<&Dev>) -> Result<(), (Errno, usize)> {
    let mut covers = Covers { dev, null: None, empty: None };
    for (number, hidden) in paths.iter().enumerate().filter(|(_, hidden)| !hidden.is_sys()) {
        let top = match hidden.within {
            Within::Proc => Some(tops.proc),
            Within::Sys => tops.sys,
            Within::Root => Some(tops.root),
        };
        top.map_or(Ok(()), |top| covers.put_over(top, hidden)).map_err(|errno| (errno, number))?;
    }
    Ok(())
}

/// After what is hidden in it: a root folder made for chroot(8) has the host's /sys mounted there. Returns its new top.
pub fn protect_sys(sys: BorrowedFd<'_>) -> Result<OwnedFd, Errno> {
    make_read_only(sys, QUIET)
}

/// What lies on top of hidden paths: one of each serves for all. Both are read-only, and nothing of the host can be changed
/// through them: of a writable bind of the host's /dev/null, root inside could change the mode.
struct Covers<'a> {
    /// The container's own /dev has one of each.
    dev: Option<&'a Dev>,
    null: Option<OwnedFd>,
    empty: Option<OwnedFd>,
}

impl Covers<'_> {
    fn put_over(&mut self, top: BorrowedFd<'_>, hidden: &Hidden) -> Result<(), Errno> {
        let place = match inside(top, &hidden.path, OFlag::empty()) {
            Err(Errno::ENOENT | Errno::ENOTDIR) => return Ok(()),
            other => other?,
        };
        if hidden.read_only {
            let quiet = if hidden.within == Within::Root { 0 } else { QUIET }; // there are programs in /usr
            return make_read_only(place.as_fd(), quiet).map(drop);
        }
        let is_folder = fstat(&place)?.st_mode & SFlag::S_IFMT.bits() == SFlag::S_IFDIR.bits();
        if is_folder { self.cover_folder(place.as_fd()) } else { self.cover_file(place.as_fd()) }
    }

    fn cover_file(&mut self, place: BorrowedFd<'_>) -> Result<(), Errno> {
        if let Some(null) = self.dev.map(|dev| dev.null.as_fd()).or(self.null.as_ref().map(AsFd::as_fd)) {
            return attach(copy_of(null, Depth::One)?.as_fd(), place);
        }
        let null = hosts_null()?;
        attach(null.as_fd(), place)?;
        self.null = Some(null); // now that it is attached it can be copied
        Ok(())
    }

    fn cover_folder(&mut self, place: BorrowedFd<'_>) -> Result<(), Errno> {
        if let Some(empty) =
            self.dev.and_then(|dev| dev.empty.as_ref()).map(AsFd::as_fd).or(self.empty.as_ref().map(AsFd::as_fd))
        {
            return attach(copy_of(empty, Depth::One)?.as_fd(), place);
        }
        let attributes = attr::READ_ONLY | attr::NO_SUID | attr::NO_DEVICES | attr::NO_EXEC;
        let empty = new_mount(c"tmpfs", &[(c"size", c"4k")], attributes)?;
        attach(empty.as_fd(), place)?;
        self.empty = Some(empty);
        Ok(())
    }
}

/// What the kernel's own files need not be.
const QUIET: u64 = attr::NO_SUID | attr::NO_DEVICES | attr::NO_EXEC;

fn make_read_only(place: BorrowedFd<'_>, more: u64) -> Result<OwnedFd, Errno> {
    let copy = copy_of(place, Depth::WithAllBelow)?;
    restrict(copy.as_fd(), attr::READ_ONLY | more, Depth::WithAllBelow)?;
    attach(copy.as_fd(), place)?;
    Ok(copy)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_the_kernel_has_not_is_absent() {
        let hidden = |path| Hidden::new(path, false).unwrap();
        let proc = whole_proc().expect("the tests run where /proc is whole");
        assert!(
            hidden("/proc/no-such-file").is_absent(proc.as_fd()) && hidden("/proc/no/such").is_absent(proc.as_fd())
        );
        for there in ["/proc/sys", "/proc/sys/kernel", "/proc/version", "/proc/version/below", "/proc/self/fd"] {
            assert!(!hidden(there).is_absent(proc.as_fd()), "{there}");
        }
        for of_others in
            ["/proc/4194304", "/proc/4194304/x", "/proc/self/x", "/proc/net/x", "/proc/sys/net/ipv4/conf/x"]
        {
            assert!(!hidden(of_others).is_absent(proc.as_fd()), "{of_others}: inside it may be there");
        }
        for elsewhere in ["/sys/no-such-file", "/no-such-file"] {
            assert!(!hidden(elsewhere).is_absent(proc.as_fd()), "{elsewhere}: of another file system nothing is known");
        }
    }

    #[test]
    fn a_path_is_absolute_and_never_goes_up() {
        for path in ["/proc/kcore", "/sys/firmware", "/etc/shadow", "/proc", "/sys/devices/virtual/powercap"] {
            assert_eq!(Hidden::new(path, false).unwrap().path(), path);
        }
        for bad in ["proc/kcore", "/proc/../etc", "/", "", "//x", "/a/./b", "/a\0b"] {
            assert_eq!(Hidden::new(bad, true), None, "{bad:?}");
        }
    }
}
