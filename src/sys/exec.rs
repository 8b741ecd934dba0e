//! A program image, ready to be executed without allocating.
//!
//! nix's `execve` collects the pointers of argv and env into a new vector, in the child, where allocating may wait for
//! ever (see `clone.rs`). Here they are made before.

use std::ffi::{CStr, CString, OsStr, OsString};
use std::os::fd::{AsRawFd, BorrowedFd};
use std::os::unix::ffi::OsStrExt;
use std::ptr::null;

use libc::c_char;
use nix::errno::Errno;

use crate::error::{Error, Result};
use crate::said;

/// What execve(2) needs: a path, argv and the environment.
#[derive(Debug)]
pub struct Image {
    path: CString,
    /// The same in two parts, for [`Image::exec_file`].
    folder: CString,
    name: CString,
    argv: Vec<*const c_char>,
    env: Vec<*const c_char>,
    /// What the pointers point to. Never changed, so they stay true when the Image moves.
    _text: Vec<CString>,
}

impl Image {
    /// `env` holds names and values.
    pub fn new(path: &OsStr, argv: &[OsString], env: &[(OsString, OsString)]) -> Result<Image> {
        let mut text = Vec::with_capacity(argv.len() + env.len());
        for arg in argv {
            text.push(without_nul(arg.as_bytes())?);
        }
        for (name, value) in env {
            text.push(without_nul(&[name.as_bytes(), b"=", value.as_bytes()].concat())?);
        }
        let pointers = |part: &[CString]| part.iter().map(|s| s.as_ptr()).chain([null()]).collect();
        let (first, second) = text.split_at(argv.len());
        let (argv, env) = (pointers(first), pointers(second));
        let (folder, name) = in_two(path.as_bytes());
        let [path, folder, name] = [path.as_bytes(), folder, name].map(without_nul);
        Ok(Image { path: path?, folder: folder?, name: name?, argv, env, _text: text })
    }

    /// The folder that the program lies in.
    pub fn folder(&self) -> &CStr {
        &self.folder
    }

    /// Becomes the program, or says why not.
    pub fn exec(&self) -> Errno {
        // SAFETY: both arrays end in NULL and point to strings that end in NUL; `self` owns and keeps all of them.
        unsafe { libc::execve(self.path.as_ptr(), self.argv.as_ptr(), self.env.as_ptr()) };
        Errno::last()
    }

    /// As [`Image::exec`], from its folder, and only if the program is a file that runs by itself: a symbolic link gives ELOOP,
    /// a script ENOENT, because `folder` is closed before an interpreter could open it (execveat(2)).
    pub fn exec_file(&self, folder: BorrowedFd<'_>) -> Errno {
        let (folder, flags) = (folder.as_raw_fd(), libc::AT_SYMLINK_NOFOLLOW);
        let (name, argv, env) = (self.name.as_ptr(), self.argv.as_ptr(), self.env.as_ptr());
        // SAFETY: as in `exec`; the descriptor is open, and close-on-exec as all of ours are.
        unsafe { libc::syscall(libc::SYS_execveat, folder, name, argv, env, flags) };
        Errno::last()
    }
}

/// Folder and name of a path.
fn in_two(path: &[u8]) -> (&[u8], &[u8]) {
    match path.iter().rposition(|byte| *byte == b'/') {
        None => (b".", path),
        Some(0) => (b"/", &path[1..]),
        Some(place) => (&path[..place], &path[place + 1..]),
    }
}

fn without_nul(bytes: &[u8]) -> Result<CString> {
    CString::new(bytes).map_err(|_| {
        Error::usage(
            said!("pass the arguments on", "인자를 넘겨줄 수 없습니다"),
            said!(
                "{argument:?} contains a NUL byte",
                "{argument:?}에 NUL 바이트가 들어 있음",
                argument = String::from_utf8_lossy(bytes)
            ),
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_has_a_folder_and_a_name() {
        for (path, folder, name) in [("/a", "/", "a"), ("/a/b/c", "/a/b", "c"), ("a", ".", "a"), ("a/b", "a", "b")] {
            assert_eq!(in_two(path.as_bytes()), (folder.as_bytes(), name.as_bytes()), "{path}");
        }
    }
}
