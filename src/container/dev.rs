//! A minimal /dev: the files that programs take for granted, and no way to any device.
//!
//! It is made read-only when it is complete, but for /dev/shm. The container keeps CAP_MKNOD, and here is the only place where device files
//! are alive: a writable /dev would let it make one for the host's disk. (Docker has a device cgroup for that.)

use std::ffi::{CStr, CString};
use std::io::Write;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};

use nix::errno::Errno;
use nix::fcntl::{AT_FDCWD, OFlag, openat};
use nix::sys::stat::{FileStat, Mode, SFlag, fstat, makedev, mkdirat, mknodat, umask};
use nix::unistd::symlinkat;

use super::rootfs::inside;
use crate::sys::fds::moved_out_of_the_way;
use crate::sys::mounts::{Depth, Options, attach, attr, copy_of, exchange, new_mount, restrict};

const LINKS: &[(&CStr, &CStr)] = &[
    (c"ptmx", c"pts/ptmx"),
    (c"fd", c"/proc/self/fd"),
    (c"stdin", c"/proc/self/fd/0"),
    (c"stdout", c"/proc/self/fd/1"),
    (c"stderr", c"/proc/self/fd/2"),
];

/// One device file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Node {
    pub name: CString,
    /// The host's file of that name.
    pub host: CString,
    /// Character or block.
    pub kind: SFlag,
    pub number: u64,
    pub mode: Mode,
}

/// How the device files come about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Nodes {
    /// mknod: root of the host.
    Made,
    /// The host's, by bind mount: nobody may mknod in a user namespace.
    Borrowed,
}

/// What later steps need of it, by descriptor.
#[derive(Debug)]
pub struct Dev {
    pub top: OwnedFd,
    /// Read-only, so that its mode and its owner stay.
    pub null: OwnedFd,
    /// A folder in which nobody can make anything: the one below /dev/pts.
    pub empty: Option<OwnedFd>,
    /// The top of /dev/pts, where terminals are made.
    pub terminals: Option<OwnedFd>,
}

/// Mounts and fills /dev below `root`.
pub fn make(
    root: BorrowedFd<'_>,
    options: &Options,
    attributes: u64,
    nodes: Nodes,
    devices: &[Node],
    folders: &[(CString, Mode)],
) -> Result<Dev, Errno> {
    let place = inside(root, c"dev", OFlag::O_DIRECTORY)?;
    let top = new_mount(c"tmpfs", options, attributes & !attr::READ_ONLY)?; // it is to be filled first
    attach(top.as_fd(), place.as_fd())?;
    let dev = top.as_fd();
    let before = umask(Mode::empty());
    for device in devices {
        match nodes {
            Nodes::Made => mknodat(dev, device.name.as_c_str(), device.kind, device.mode, device.number)?,
            Nodes::Borrowed => borrow_node(dev, device)?,
        }
    }
    for (name, target) in LINKS {
        symlinkat(*target, dev, *name)?;
    }
    for (name, mode) in folders {
        mkdirat(dev, name.as_c_str(), *mode)?;
    }
    umask(before);
    restrict(dev, attributes | attr::READ_ONLY, Depth::WithAllBelow)?;
    let null = inside(dev, c"null", OFlag::empty())?;
    let empty = match inside(dev, TERMINALS, OFlag::O_DIRECTORY) {
        Err(Errno::ENOENT) => None,
        found => Some(found?),
    };
    Ok(Dev { top, null, empty, terminals: None })
}

pub const TERMINALS: &CStr = c"pts";

/// On [`TERMINALS`].
pub fn mount_terminals(place: BorrowedFd<'_>, options: &Options, attributes: u64) -> Result<OwnedFd, Errno> {
    let pts = new_mount(c"devpts", options, attributes)?;
    attach(pts.as_fd(), place)?;
    Ok(pts)
}

/// A folder that can be written to: /dev/shm, where shm_open(3) and sem_open(3) make their files. No device is alive in it.
/// A mount of its own of a folder that is there costs a tenth of a new file system.
pub fn open_folder(dev: BorrowedFd<'_>, name: &CStr, attributes: u64) -> Result<(), Errno> {
    let place = inside(dev, name, OFlag::O_DIRECTORY)?;
    let folder = copy_of(place.as_fd(), Depth::One)?;
    exchange(folder.as_fd(), attr::READ_ONLY, attributes)?;
    attach(folder.as_fd(), place.as_fd())
}

/// The null device for a container without a /dev of its own: the host's, and nothing about it can be changed. It is
/// attached nowhere yet.
pub fn hosts_null() -> Result<OwnedFd, Errno> {
    let null = copy_of(host_device(c"/dev/null", SFlag::S_IFCHR, makedev(1, 3))?.as_fd(), Depth::One)?;
    restrict(null.as_fd(), attr::READ_ONLY | attr::NO_SUID | attr::NO_EXEC, Depth::One)?;
    Ok(null)
}

/// A null device to be read and written: the container's own, where it has one. `proc` is its /proc.
pub fn open_null(dev: Option<&Dev>, proc: BorrowedFd<'_>) -> Result<OwnedFd, Errno> {
    let flags = OFlag::O_RDWR | OFlag::O_CLOEXEC;
    if let Some(dev) = dev {
        return moved_out_of_the_way(openat(&dev.top, c"null", flags | OFlag::O_NOFOLLOW, Mode::empty())?);
    }
    let null = hosts_null()?;
    let mut name = [0; 32]; // nothing may be allocated here
    write!(&mut name[..], "thread-self/fd/{}\0", null.as_raw_fd()).map_err(|_| Errno::ENAMETOOLONG)?;
    let name = CStr::from_bytes_until_nul(&name).map_err(|_| Errno::EINVAL)?;
    moved_out_of_the_way(openat(proc, name, flags, Mode::empty())?)
}

/// The one of somebody else's mount namespace, which we are in.
pub fn null_of_root() -> Result<OwnedFd, Errno> {
    host_device(c"/dev/null", SFlag::S_IFCHR, makedev(1, 3))?;
    let flags = OFlag::O_RDWR | OFlag::O_CLOEXEC | OFlag::O_NOFOLLOW | OFlag::O_NONBLOCK | OFlag::O_NOCTTY;
    let null = openat(AT_FDCWD, c"/dev/null", flags, Mode::empty())?;
    if is_null(null.as_fd()) { moved_out_of_the_way(null) } else { Err(Errno::ENODEV) } // exchanged meanwhile
}

/// Is it a null device, whoever's?
pub fn is_null(file: BorrowedFd<'_>) -> bool {
    fstat(file).is_ok_and(|found| is_device(&found, SFlag::S_IFCHR, makedev(1, 3)))
}

fn borrow_node(dev: BorrowedFd<'_>, node: &Node) -> Result<(), Errno> {
    mknodat(dev, node.name.as_c_str(), SFlag::S_IFREG, node.mode, 0)?;
    let place = inside(dev, &node.name, OFlag::empty())?;
    let device = host_device(&node.host, node.kind, node.number)?;
    attach(copy_of(device.as_fd(), Depth::One)?.as_fd(), place.as_fd())
}

/// Opens a device file of the host, if it is the one that it is said to be (CVE-2025-31133).
fn host_device(host: &CStr, kind: SFlag, number: u64) -> Result<OwnedFd, Errno> {
    let device = openat(AT_FDCWD, host, OFlag::O_PATH | OFlag::O_NOFOLLOW | OFlag::O_CLOEXEC, Mode::empty())?;
    if is_device(&fstat(&device)?, kind, number) { Ok(device) } else { Err(Errno::ENODEV) }
}

fn is_device(found: &FileStat, kind: SFlag, number: u64) -> bool {
    found.st_mode & SFlag::S_IFMT.bits() == kind.bits() && found.st_rdev == number
}
