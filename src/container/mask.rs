//! Paths that docker hides or makes read-only: what in /proc and /sys tells about the host or changes it (moby,
//! `daemon/pkg/oci/defaults.go`).
//!
//! Without this, root in a container writes /proc/sysrq-trigger and reboots the machine. A path that this kernel or this
//! root folder does not have is skipped: the lookup is all it costs.

use std::ffi::CStr;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use nix::errno::Errno;
use nix::fcntl::OFlag;

use super::dev::{Dev, hosts_null};
use super::rootfs::inside;
use crate::sys::mounts::{Depth, attach, attr, copy_of, new_mount, restrict};

/// The file system that a path lies in. It is known by descriptor: by name somebody else's could be found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Within {
    Proc,
    Sys,
}

/// What happens to one path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum How {
    /// A null device lies on top of it.
    HideFile,
    /// An empty folder lies on top of it.
    HideFolder,
    ReadOnly,
}

use How::{HideFile, HideFolder, ReadOnly};
use Within::{Proc, Sys};

const PATHS: &[(Within, &CStr, How)] = &[
    (Proc, c"kcore", HideFile),
    (Proc, c"keys", HideFile),
    (Proc, c"latency_stats", HideFile),
    (Proc, c"timer_list", HideFile),
    (Proc, c"timer_stats", HideFile),
    (Proc, c"sched_debug", HideFile),
    (Proc, c"interrupts", HideFile),
    (Proc, c"acpi", HideFolder),
    (Proc, c"asound", HideFolder),
    (Proc, c"scsi", HideFolder),
    (Sys, c"firmware", HideFolder),
    (Sys, c"devices/virtual/powercap", HideFolder),
    (Proc, c"bus", ReadOnly),
    (Proc, c"fs", ReadOnly),
    (Proc, c"irq", ReadOnly),
    (Proc, c"sys", ReadOnly),
    (Proc, c"sysrq-trigger", ReadOnly),
];

/// Hides all of them. On failure the place in the list, for the message.
pub fn hide(proc: BorrowedFd<'_>, sys: Option<BorrowedFd<'_>>, dev: Option<&Dev>) -> Result<(), (Errno, usize)> {
    let mut covers = Covers { dev, null: None, empty: None };
    for (number, (within, path, how)) in PATHS.iter().enumerate() {
        let top = if *within == Proc { Some(proc) } else { sys };
        top.map_or(Ok(()), |top| covers.put_over(top, path, *how)).map_err(|errno| (errno, number))?;
    }
    Ok(())
}

/// After what is hidden in it: a root folder made for chroot(8) has the host's /sys mounted there. Returns its new top.
pub fn protect_sys(sys: BorrowedFd<'_>) -> Result<OwnedFd, Errno> {
    make_read_only(sys)
}

/// The path at a place of the list.
pub fn path(place: usize) -> String {
    let text = |(within, path, _): &(Within, &CStr, How)| {
        let top = if *within == Proc { "proc" } else { "sys" };
        format!("/{top}/{}", path.to_string_lossy())
    };
    PATHS.get(place).map_or_else(String::new, text)
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
    fn put_over(&mut self, top: BorrowedFd<'_>, path: &CStr, how: How) -> Result<(), Errno> {
        let place = match inside(top, path, OFlag::empty()) {
            Err(Errno::ENOENT | Errno::ENOTDIR) => return Ok(()),
            other => other?,
        };
        match how {
            HideFile => self.cover_file(place.as_fd()),
            HideFolder => self.cover_folder(place.as_fd()),
            ReadOnly => make_read_only(place.as_fd()).map(drop),
        }
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
        if let Some(empty) = self.dev.map(|dev| dev.empty.as_fd()).or(self.empty.as_ref().map(AsFd::as_fd)) {
            return attach(copy_of(empty, Depth::One)?.as_fd(), place);
        }
        let attributes = attr::READ_ONLY | attr::NO_SUID | attr::NO_DEVICES | attr::NO_EXEC;
        let empty = new_mount(c"tmpfs", &[(c"size", c"4k")], attributes)?;
        attach(empty.as_fd(), place)?;
        self.empty = Some(empty);
        Ok(())
    }
}

fn make_read_only(place: BorrowedFd<'_>) -> Result<OwnedFd, Errno> {
    let copy = copy_of(place, Depth::WithAllBelow)?;
    let attributes = attr::READ_ONLY | attr::NO_SUID | attr::NO_DEVICES | attr::NO_EXEC;
    restrict(copy.as_fd(), attributes, Depth::WithAllBelow)?;
    attach(copy.as_fd(), place)?;
    Ok(copy)
}
