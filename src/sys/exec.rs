//! A program image, ready to be executed without allocating.
//!
//! nix's `execve` collects the pointers of argv and env into a new vector, in the child, where allocating may wait for
//! ever (see `clone.rs`). Here they are made before.

use std::ffi::{CString, OsStr, OsString};
use std::os::unix::ffi::OsStrExt;
use std::ptr::null;

use libc::c_char;
use nix::errno::Errno;

use crate::error::{Error, Result};

/// What execve(2) needs: a path, argv and the environment.
#[derive(Debug)]
pub struct Image {
    path: CString,
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
        Ok(Image { path: without_nul(path.as_bytes())?, argv, env, _text: text })
    }

    /// Becomes the program, or says why not.
    pub fn exec(&self) -> Errno {
        // SAFETY: both arrays end in NULL and point to strings that end in NUL; `self` owns and keeps all of them.
        unsafe { libc::execve(self.path.as_ptr(), self.argv.as_ptr(), self.env.as_ptr()) };
        Errno::last()
    }
}

fn without_nul(bytes: &[u8]) -> Result<CString> {
    CString::new(bytes).map_err(|_| {
        Error::usage("pass the arguments on", format!("{:?} contains a NUL byte", String::from_utf8_lossy(bytes)))
    })
}
