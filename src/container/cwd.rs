//! The folder in which the program begins.
//!
//! It is looked up inside, link by link, but through none of /proc's: /proc/self/fd/N of the child is a file of the host until
//! exec, and with it the way out (CVE-2024-21626).

use std::os::fd::{AsFd, OwnedFd};

use nix::errno::Errno;
use nix::fcntl::{AT_FDCWD, OFlag, OpenHow, ResolveFlag, openat2};
use nix::sys::stat::{Mode, mkdirat};
use nix::unistd::fchdir;

use super::mounts::Part;
use super::spec::WithoutCwd;

/// Compiled.
#[derive(Debug)]
pub struct Cwd {
    /// Each folder on the way from the root, and that itself.
    pub parts: Vec<Part>,
    pub without: WithoutCwd,
}

impl Cwd {
    /// For the message.
    pub fn path(&self) -> String {
        format!("/{}", self.parts.last().map(|part| part.path.to_string_lossy()).unwrap_or_default())
    }

    // --- the child's side, standing in the new root: nothing here allocates ---

    pub fn enter(&self) -> Result<(), Errno> {
        let Some(last) = self.parts.last() else { return Ok(()) }; // of `/`
        let found = match (find(last), self.without) {
            (Err(Errno::ENOENT), WithoutCwd::Make) => self.make(),
            (found, _) => found,
        };
        match (found.and_then(fchdir), self.without) {
            (Err(_), WithoutCwd::Top) => Ok(()),
            (entered, _) => entered,
        }
    }

    fn make(&self) -> Result<OwnedFd, Errno> {
        let mut above: Option<OwnedFd> = None;
        for part in &self.parts {
            let at = above.as_ref().map_or(AT_FDCWD, AsFd::as_fd);
            let found = match find(part) {
                Err(Errno::ENOENT) => {
                    mkdirat(at, part.name.as_c_str(), Mode::from_bits_truncate(0o755))?;
                    find(part)?
                }
                found => found?,
            };
            above = Some(found);
        }
        above.ok_or(Errno::ENOENT)
    }
}

fn find(part: &Part) -> Result<OwnedFd, Errno> {
    let how = OpenHow::new()
        .flags(OFlag::O_PATH | OFlag::O_DIRECTORY | OFlag::O_CLOEXEC)
        .resolve(ResolveFlag::RESOLVE_NO_MAGICLINKS);
    openat2(AT_FDCWD, part.path.as_c_str(), how)
}
