//! A minimal /dev: the files that programs take for granted, and no way to any device.
//!
//! It is made read-only when it is complete. The container keeps CAP_MKNOD, and here is the only place where device files
//! are alive: a writable /dev would let it make one for the host's disk. (Docker has a device cgroup for that.)

use std::ffi::CStr;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use nix::errno::Errno;
use nix::fcntl::{AT_FDCWD, OFlag, openat};
use nix::mount::MsFlags;
use nix::sys::stat::{Mode, SFlag, fstat, makedev, mkdirat, mknodat, umask};
use nix::unistd::symlinkat;

use super::rootfs::{inside, mount_new};
use crate::sys::mounts::{Depth, attach, attr, copy_of, restrict};

/// Name, the host's file, device numbers.
const DEVICES: &[(&CStr, &CStr, u64, u64)] = &[
    (c"null", c"/dev/null", 1, 3),
    (c"zero", c"/dev/zero", 1, 5),
    (c"full", c"/dev/full", 1, 7),
    (c"random", c"/dev/random", 1, 8),
    (c"urandom", c"/dev/urandom", 1, 9),
    (c"tty", c"/dev/tty", 5, 0),
];

const LINKS: &[(&CStr, &CStr)] = &[
    (c"ptmx", c"pts/ptmx"),
    (c"fd", c"/proc/self/fd"),
    (c"stdin", c"/proc/self/fd/0"),
    (c"stdout", c"/proc/self/fd/1"),
    (c"stderr", c"/proc/self/fd/2"),
];

/// How the device files come about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Nodes {
    /// mknod: root of the host.
    Made,
    /// The host's, by bind mount: nobody may mknod in a user namespace.
    Borrowed,
}

/// Mounts and fills /dev below `root`.
pub fn make(root: BorrowedFd<'_>, nodes: Nodes) -> Result<(), Errno> {
    let flags = MsFlags::MS_NOSUID | MsFlags::MS_NOEXEC;
    let dev = mount_new(root, c"dev", c"tmpfs", flags, Some(c"mode=755,size=64k"))?;
    let before = umask(Mode::empty());
    for device in DEVICES {
        match nodes {
            Nodes::Made => make_node(dev.as_fd(), *device)?,
            Nodes::Borrowed => borrow_node(dev.as_fd(), *device)?,
        }
    }
    for (name, target) in LINKS {
        symlinkat(*target, &dev, *name)?;
    }
    mkdirat(&dev, c"pts", Mode::from_bits_truncate(0o755))?;
    umask(before);
    let options = c"newinstance,ptmxmode=0666,mode=0620";
    drop(mount_new(dev.as_fd(), c"pts", c"devpts", flags, Some(options))?);
    restrict(dev.as_fd(), attr::READ_ONLY, Depth::One)
}

const EVERYBODY: Mode = Mode::from_bits_truncate(0o666);

fn make_node(dev: BorrowedFd<'_>, (name, _, major, minor): (&CStr, &CStr, u64, u64)) -> Result<(), Errno> {
    mknodat(dev, name, SFlag::S_IFCHR, EVERYBODY, makedev(major, minor))
}

fn borrow_node(dev: BorrowedFd<'_>, (name, host, major, minor): (&CStr, &CStr, u64, u64)) -> Result<(), Errno> {
    mknodat(dev, name, SFlag::S_IFREG, EVERYBODY, 0)?;
    let place = inside(dev, name, OFlag::empty())?;
    let device = host_device(host, makedev(major, minor))?;
    attach(copy_of(device.as_fd(), Depth::One)?.as_fd(), place.as_fd())
}

/// Opens a device file of the host, if it is the one that it is said to be (CVE-2025-31133).
pub fn host_device(host: &CStr, number: u64) -> Result<OwnedFd, Errno> {
    let device = openat(AT_FDCWD, host, OFlag::O_PATH | OFlag::O_NOFOLLOW | OFlag::O_CLOEXEC, Mode::empty())?;
    let found = fstat(&device)?;
    if found.st_mode & SFlag::S_IFMT.bits() != SFlag::S_IFCHR.bits() || found.st_rdev != number {
        return Err(Errno::ENODEV);
    }
    Ok(device)
}
