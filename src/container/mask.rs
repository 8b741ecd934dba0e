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

use super::dev::attach_device;
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
];

/// Hides all of them below `root`. On failure the place in the list, for the message.
pub fn hide(root: BorrowedFd<'_>) -> Result<(), (Errno, usize)> {
    let mut empty = None;
    for (place, (path, how)) in PATHS.iter().enumerate() {
        hide_one(root, path, *how, &mut empty).map_err(|errno| (errno, place))?;
    }
    Ok(())
}

/// The path at a place of the list.
pub fn path(place: usize) -> String {
    PATHS.get(place).map_or_else(String::new, |(path, _)| format!("/{}", path.to_string_lossy()))
}

fn hide_one(root: BorrowedFd<'_>, path: &CStr, how: How, empty: &mut Option<OwnedFd>) -> Result<(), Errno> {
    let place = match inside(root, path, OFlag::empty()) {
        Err(Errno::ENOENT | Errno::ENOTDIR) => return Ok(()),
        other => other?,
    };
    match (how, &empty) {
        (HideFile, _) => attach_device(c"/dev/null", makedev(1, 3), place.as_fd()),
        (HideFolder, Some(empty)) => attach(copy_of(empty.as_fd(), Depth::One)?.as_fd(), place.as_fd()),
        (HideFolder, None) => {
            fchdir(&place)?;
            mount(Some(c"tmpfs"), c".", Some(c"tmpfs"), MsFlags::MS_RDONLY, Some(c"size=4k"))?;
            *empty = Some(inside(root, path, OFlag::O_DIRECTORY)?); // one empty folder serves for all
            Ok(())
        }
        (ReadOnly, _) => {
            let copy = copy_of(place.as_fd(), Depth::WithAllBelow)?;
            let attributes = attr::READ_ONLY | attr::NO_SUID | attr::NO_DEVICES | attr::NO_EXEC;
            restrict(copy.as_fd(), attributes, Depth::WithAllBelow)?;
            attach(copy.as_fd(), place.as_fd())
        }
    }
}
