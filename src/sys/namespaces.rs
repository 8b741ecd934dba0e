//! Namespaces as files (ioctl_ns(2)): nix has setns(2), but no question about what a file is.

use std::fs::File;
use std::os::fd::{AsRawFd, OwnedFd};
use std::path::Path;

use nix::errno::Errno;
use nix::fcntl::{OFlag, open};
use nix::sched::CloneFlags;
use nix::sys::stat::Mode;
use nix::sys::statfs::{NSFS_MAGIC, fstatfs};

// linux/nsfs.h: _IO(0xb7, 3)
const NS_GET_NSTYPE: libc::c_ulong = 0xb703;

/// A namespace by the name of its file, and its kind. ENOTTY: it is another file, and was not opened: that could wait for
/// ever (a FIFO), or do something (a device).
pub fn open_namespace(path: &Path) -> Result<(OwnedFd, CloneFlags), Errno> {
    let found = open(path, OFlag::O_PATH | OFlag::O_CLOEXEC, Mode::empty())?;
    if fstatfs(&found)?.filesystem_type() != NSFS_MAGIC {
        return Err(Errno::ENOTTY);
    }
    let again = format!("/proc/self/fd/{}", found.as_raw_fd()); // the very one that we have looked at
    let file = File::open(again).map_err(|cause| cause.raw_os_error().map_or(Errno::EIO, Errno::from_raw))?;
    // SAFETY: an open descriptor; this question has no argument.
    let kind = Errno::result(unsafe { libc::ioctl(file.as_raw_fd(), NS_GET_NSTYPE) })?;
    Ok((file.into(), CloneFlags::from_bits_retain(kind)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_namespace_says_its_kind_and_other_files_are_not_opened() {
        for (name, kind) in [("net", CloneFlags::CLONE_NEWNET), ("user", CloneFlags::CLONE_NEWUSER)] {
            assert_eq!(open_namespace(&Path::new("/proc/self/ns").join(name)).unwrap().1, kind);
        }
        let dir = tempfile::tempdir().unwrap();
        let fifo = dir.path().join("fifo");
        nix::unistd::mkfifo(&fifo, Mode::S_IRWXU).unwrap();
        for other in [fifo.as_path(), Path::new("/dev/null"), Path::new("/proc/self/ns"), Path::new("/proc/version")] {
            assert_eq!(open_namespace(other).unwrap_err(), Errno::ENOTTY, "{}", other.display());
        }
        assert_eq!(open_namespace(&dir.path().join("none")).unwrap_err(), Errno::ENOENT);
    }
}
