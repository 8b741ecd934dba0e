//! A /tmp to write to: programs expect one, and a root folder may have none, or one that its root may not write to.
//!
//! The folder's own /tmp stays where it can be written to. `hosts_view` makes that of the host's own root.

use std::ffi::CStr;
use std::os::fd::{AsFd, BorrowedFd};

use nix::errno::Errno;
use nix::fcntl::OFlag;
use nix::sys::stat::{Mode, fstat, mkdirat};

use super::folder::Folder;
use super::idmap::IdMap;
use super::rootfs::inside;
use crate::sys::mounts::mount_id;

const NAME: &CStr = c"tmp";

/// Shall a file system of its own be mounted there? A place for it is made where that is possible.
pub fn is_needed(folder: &Folder, read_only: bool, ids: Option<IdMap>) -> bool {
    match inside(folder.as_fd(), NAME, OFlag::O_DIRECTORY) {
        Ok(tmp) => read_only || !may_write(folder, tmp.as_fd(), ids),
        Err(Errno::ENOENT) => mkdirat(folder, NAME, Mode::from_bits_truncate(0o755)).is_ok(),
        Err(_) => false, // a link to another folder of the root, say
    }
}

/// What is mounted below a root folder is read-only for the container.
fn may_write(folder: &Folder, tmp: BorrowedFd<'_>, ids: Option<IdMap>) -> bool {
    let same_mount = mount_id(tmp, c"").is_ok_and(|id| mount_id(folder.as_fd(), c"") == Ok(id));
    let may =
        |ids: IdMap| fstat(tmp).is_ok_and(|found| found.st_uid == ids.first_uid || found.st_mode & 0o003 == 0o003);
    same_mount && ids.is_none_or(may)
}
