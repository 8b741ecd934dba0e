//! The file systems of a container: rows of [`super::presets`], made ready here and mounted in the child, in their order.
//!
//! A destination is looked up with the container's root as `/`: a symbolic link in the root folder, whoever has laid it,
//! leads to a place in it. What is bound from the host was opened by whoever wants the container, with his rights; the
//! child takes that very file again or nothing, since a mount can be copied only by one who stands in its mount namespace.

use std::ffi::{CStr, CString};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::sync::atomic::{AtomicU64, Ordering};

use nix::errno::Errno;
use nix::fcntl::{AT_FDCWD, OFlag, OpenHow, ResolveFlag, openat2};
use nix::sys::stat::{FileStat, Mode, SFlag, fstat, mkdirat, mknodat};
use nix::sys::statfs::{PROC_SUPER_MAGIC, fstatfs};

use super::dev::{self, Dev, Node, Nodes};
use super::handshake::Step;
use super::rootfs::inside;
use crate::sys::mounts::{Depth, Options, attach, attr, copy_of, exchange, mount_id, new_mount, restrict};

/// One mount, compiled.
#[derive(Debug)]
pub struct Mounting {
    /// Below the root, and each folder on the way to it, the nearest to the root first.
    pub path: CString,
    pub on_the_way: Vec<Part>,
    pub what: What,
    /// Of [`attr`]: for the mount itself, and for all that comes with it.
    pub attributes: u64,
    /// What a copy of the host's mount shall not have any more; in a user namespace the kernel refuses that.
    pub taken: u64,
    pub below: u64,
    /// Nothing of the container's lies over it.
    pub seen: bool,
    /// [`mount_id`], once it is there.
    pub id: AtomicU64,
}

/// A piece of a destination.
#[derive(Debug)]
pub struct Part {
    pub name: CString,
    /// From the root to here.
    pub path: CString,
}

#[derive(Debug)]
pub enum What {
    Proc(Options),
    /// Its own /dev; the folders are for what is mounted in it.
    Dev {
        options: Options,
        nodes: Nodes,
        devices: Vec<Node>,
        folders: Vec<(CString, Mode)>,
    },
    /// A folder of its own /dev, writable.
    PartOfDev(CString),
    /// /dev/pts.
    Terminals(Options),
    New(&'static CStr, Options),
    Bind(Bound),
}

/// A file or folder of the host.
#[derive(Debug)]
pub struct Bound {
    pub path: CString,
    /// As long as it is open, its numbers are no other file's.
    pub held: OwnedFd,
    pub depth: Depth,
    pub is_folder: bool,
}

/// What later steps need, by descriptor.
#[derive(Debug, Default)]
pub struct Made {
    pub proc: Option<OwnedFd>,
    pub sys: Option<OwnedFd>,
    pub dev: Option<Dev>,
}

impl Mounting {
    /// For the message.
    pub fn step(&self) -> Step {
        match self.what {
            What::Proc(_) => Step::Proc,
            What::Dev { .. } | What::PartOfDev(_) | What::Terminals(_) => Step::Dev,
            What::New(..) | What::Bind(_) => Step::Mount,
        }
    }

    // --- the child's side: nothing here allocates ---

    pub fn mount(&self, root: BorrowedFd<'_>, made: &mut Made) -> Result<(), Errno> {
        match &self.what {
            What::Proc(options) => {
                let place = inside(root, &self.path, OFlag::O_DIRECTORY)?;
                let proc = new_mount(c"proc", options, self.attributes)?;
                attach(proc.as_fd(), place.as_fd())?;
                made.proc = Some(proc);
            }
            What::Dev { options, nodes, devices, folders } => {
                made.dev = Some(dev::make(root, options, self.attributes, *nodes, devices, folders)?);
            }
            What::PartOfDev(name) => {
                let dev = made.dev.as_ref().ok_or(Errno::ENODEV)?;
                dev::open_folder(dev.top.as_fd(), name, attr::NO_DEVICES)?;
            }
            What::Terminals(options) => {
                let dev = made.dev.as_mut().ok_or(Errno::ENODEV)?;
                let place = dev.empty.as_ref().ok_or(Errno::ENOENT)?;
                dev.terminals = Some(dev::mount_terminals(place.as_fd(), options, self.attributes)?);
            }
            What::New(kind, options) => self.put(root, &new_mount(kind, options, self.attributes)?, made, true)?,
            What::Bind(bound) => self.put(root, &self.copy(bound)?, made, bound.is_folder)?,
        }
        Ok(())
    }

    /// Is what we have mounted what its name leads to, now that the root is `/`? As in [`super::rootfs::is_still_there`].
    pub fn is_still_there(&self) -> Result<(), Errno> {
        let id = self.id.load(Ordering::Relaxed);
        if id == 0 || !self.seen || mount_id(find(AT_FDCWD, &self.path)?.as_fd(), c"")? == id {
            return Ok(());
        }
        Err(Errno::ESTALE)
    }

    fn put(&self, root: BorrowedFd<'_>, mount: &OwnedFd, made: &mut Made, is_folder: bool) -> Result<(), Errno> {
        let place = match find(root, &self.path) {
            Err(Errno::ENOENT) => self.make_place(root, is_folder)?,
            other => other?,
        };
        if fstatfs(&place)?.filesystem_type() == PROC_SUPER_MAGIC {
            return Err(Errno::ELOOP); // a link led there, to where programs trust what they read (CVE-2019-19921)
        }
        attach(mount.as_fd(), place.as_fd())?;
        self.id.store(mount_id(mount.as_fd(), c"")?, Ordering::Relaxed);
        if self.path.as_c_str() == c"sys" {
            made.sys = Some(mount.try_clone().map_err(|_| Errno::EMFILE)?);
        }
        Ok(())
    }

    /// Whoever renames something meanwhile leads us to another place below the same root, never out of it.
    fn make_place(&self, root: BorrowedFd<'_>, is_folder: bool) -> Result<OwnedFd, Errno> {
        let mut above: Option<OwnedFd> = None;
        for (number, part) in self.on_the_way.iter().enumerate() {
            let at = above.as_ref().map_or(root, AsFd::as_fd);
            let found = match find(root, &part.path) {
                Err(Errno::ENOENT) if is_folder || number + 1 < self.on_the_way.len() => {
                    mkdirat(at, part.name.as_c_str(), Mode::from_bits_truncate(0o755))?;
                    find(root, &part.path)?
                }
                Err(Errno::ENOENT) => {
                    mknodat(at, part.name.as_c_str(), SFlag::S_IFREG, Mode::from_bits_truncate(0o644), 0)?;
                    find(root, &part.path)?
                }
                other => other?,
            };
            above = Some(found);
        }
        above.ok_or(Errno::ENOENT)
    }

    fn copy(&self, bound: &Bound) -> Result<OwnedFd, Errno> {
        let file = again(&bound.path, bound.held.as_fd())?;
        let copy = copy_of(file.as_fd(), bound.depth)?;
        if self.below != 0 {
            restrict(copy.as_fd(), self.below, bound.depth)?;
        }
        if self.attributes | self.taken != 0 {
            exchange(copy.as_fd(), self.taken, self.attributes)?;
        }
        Ok(copy)
    }
}

/// In our own mount namespace, the very file that is `held` from another; ESTALE when its name leads to another one now.
pub fn again(path: &CStr, held: BorrowedFd<'_>) -> Result<OwnedFd, Errno> {
    let how = OpenHow::new()
        .flags(OFlag::O_PATH | OFlag::O_CLOEXEC)
        .resolve(ResolveFlag::RESOLVE_NO_SYMLINKS | ResolveFlag::RESOLVE_NO_MAGICLINKS);
    let file = openat2(AT_FDCWD, path, how)?;
    let same = |a: FileStat, b: FileStat| (a.st_dev, a.st_ino) == (b.st_dev, b.st_ino);
    if same(fstat(&file)?, fstat(held)?) { Ok(file) } else { Err(Errno::ESTALE) }
}

/// Follows links as a program inside would, but none of /proc's that lead anywhere.
///
/// When anybody on the machine renames something while ".." is followed, the kernel cannot be sure that we are still inside
/// and says EAGAIN: no reason to fail at once.
fn find(root: BorrowedFd<'_>, path: &CStr) -> Result<OwnedFd, Errno> {
    let how = OpenHow::new()
        .flags(OFlag::O_PATH | OFlag::O_CLOEXEC)
        .resolve(ResolveFlag::RESOLVE_IN_ROOT | ResolveFlag::RESOLVE_NO_MAGICLINKS);
    for _ in 1..MOST_LOOKS {
        match openat2(root, path, how) {
            Err(Errno::EAGAIN) => {}
            other => return other,
        }
    }
    openat2(root, path, how)
}

/// Under strangers who do nothing but rename few looks succeed; so many take a few hundredths of a second.
const MOST_LOOKS: usize = 10_000;
