//! A root of folders on top of each other: overlayfs.

use std::ffi::CString;
use std::os::fd::{AsFd, OwnedFd};

use nix::errno::Errno;

use super::mounts::again;
use crate::sys::fds::replace;
use crate::sys::mounts::{Options, new_mount};

/// Compiled.
#[derive(Debug)]
pub struct Overlay {
    pub layers: Vec<Layer>,
    /// In which each layer is called by the number of `held`.
    pub options: Options,
}

/// One of its folders, as it was found.
#[derive(Debug)]
pub struct Layer {
    pub path: CString,
    pub held: OwnedFd,
}

impl Overlay {
    /// In the child, in its own mount namespace: only what is mounted there can be a layer. Nothing here allocates.
    pub fn mount(&self) -> Result<OwnedFd, Errno> {
        for layer in &self.layers {
            replace(layer.held.as_fd(), again(&layer.path, layer.held.as_fd())?.as_fd())?;
        }
        new_mount(c"overlay", &self.options, 0)
    }
}
