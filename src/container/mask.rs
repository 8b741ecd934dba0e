//! Paths that docker hides or makes read-only: what in /proc and /sys tells about the host or changes it (moby,
//! `daemon/pkg/oci/defaults.go`).
//!
//! Without this, root in a container writes /proc/sysrq-trigger and reboots the machine. A path that this kernel or this
//! root folder does not have is skipped: the lookup is all it costs.

use std::ffi::CStr;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use nix::errno::Errno;
use nix::fcntl::OFlag;
use nix::mount::{MsFlags, mount};
use nix::sys::stat::makedev;
use nix::unistd::fchdir;

use super::dev::host_device;
use super::rootfs::inside;
use crate::sys::mounts::{Depth, attach, attr, copy_of, restrict};

/// What happens to one path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum How {
    /// The host's /dev/null lies on top of it.
    HideFile,
    /// An empty folder lies on top of it.
    HideFolder,
    ReadOnly,
}

use How::{HideFile, HideFolder, ReadOnly};

const PATHS: &[(&CStr, How)] = &[
    (c"proc/kcore", HideFile),
    (c"proc/keys", HideFile),
    (c"proc/latency_stats", HideFile),
    (c"proc/timer_list", HideFile),
    (c"proc/timer_stats", HideFile),
    (c"proc/sched_debug", HideFile),
    (c"proc/interrupts", HideFile),
    (c"proc/acpi", HideFolder),
    (c"proc/asound", HideFolder),
    (c"proc/scsi", HideFolder),
    (c"sys/firmware", HideFolder),
    (c"sys/devices/virtual/powercap", HideFolder),
    (c"proc/bus", ReadOnly),
    (c"proc/fs", ReadOnly),
    (c"proc/irq", ReadOnly),
    (c"proc/sys", ReadOnly),
    (c"proc/sysrq-trigger", ReadOnly),
    (c"sys", ReadOnly), // after what is hidden in it: a root folder made for chroot has the host's /sys mounted here
];

/// Hides all of them below `root`. On failure the place in the list, for the message.
pub fn hide(root: BorrowedFd<'_>) -> Result<(), (Errno, usize)> {
    let mut covers = Covers::default();
    for (place, (path, how)) in PATHS.iter().enumerate() {
        covers.put_over(root, path, *how).map_err(|errno| (errno, place))?;
    }
    Ok(())
}

/// The path at a place of the list.
pub fn path(place: usize) -> String {
    PATHS.get(place).map_or_else(String::new, |(path, _)| format!("/{}", path.to_string_lossy()))
}

/// What lies on top of hidden paths: one of each serves for all.
#[derive(Default)]
struct Covers {
    null: Option<OwnedFd>,
    empty: Option<OwnedFd>,
}

impl Covers {
    fn put_over(&mut self, root: BorrowedFd<'_>, path: &CStr, how: How) -> Result<(), Errno> {
        let place = match inside(root, path, OFlag::empty()) {
            Err(Errno::ENOENT | Errno::ENOTDIR) => return Ok(()),
            other => other?,
        };
        match how {
            HideFile => cover(place.as_fd(), self.null()?),
            HideFolder => match &self.empty {
                Some(empty) => cover(place.as_fd(), empty.as_fd()),
                None => self.mount_empty(root, path, place.as_fd()),
            },
            ReadOnly => make_read_only(place.as_fd()),
        }
    }

    fn null(&mut self) -> Result<BorrowedFd<'_>, Errno> {
        if self.null.is_none() {
            self.null = Some(host_device(c"/dev/null", makedev(1, 3))?);
        }
        self.null.as_ref().map(AsFd::as_fd).ok_or(Errno::ENODEV)
    }

    /// The first hidden folder gets an empty file system, the others a view of it.
    fn mount_empty(&mut self, root: BorrowedFd<'_>, path: &CStr, place: BorrowedFd<'_>) -> Result<(), Errno> {
        fchdir(place)?;
        mount(Some(c"tmpfs"), c".", Some(c"tmpfs"), MsFlags::MS_RDONLY, Some(c"size=4k"))?;
        self.empty = Some(inside(root, path, OFlag::O_DIRECTORY)?);
        Ok(())
    }
}

fn cover(place: BorrowedFd<'_>, with: BorrowedFd<'_>) -> Result<(), Errno> {
    attach(copy_of(with, Depth::One)?.as_fd(), place)
}

fn make_read_only(place: BorrowedFd<'_>) -> Result<(), Errno> {
    let copy = copy_of(place, Depth::WithAllBelow)?;
    let attributes = attr::READ_ONLY | attr::NO_SUID | attr::NO_DEVICES | attr::NO_EXEC;
    restrict(copy.as_fd(), attributes, Depth::WithAllBelow)?;
    attach(copy.as_fd(), place)
}
