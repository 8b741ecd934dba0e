//! The host's own kernels: /boot/vmlinuz-VERSION, with /lib/modules/VERSION.

use std::path::{Path, PathBuf};

use super::{Kernel, Source, facts};
use crate::error::Result;
use crate::lang::Said;
use crate::said;
use crate::shell::{called_as, quoted_path};

#[derive(Debug, Clone)]
pub struct Host {
    pub boot: PathBuf,
    /// Of all kernels: /lib/modules.
    pub modules: PathBuf,
    /// Of the kernel that runs: `uname -r`.
    pub release: String,
}

const PREFIX: &str = "vmlinuz-";

impl Host {
    pub fn here() -> Host {
        let release = nix::sys::utsname::uname().map(|u| u.release().to_string_lossy().into_owned());
        Host { boot: "/boot".into(), modules: "/lib/modules".into(), release: release.unwrap_or_default() }
    }

    /// Sorted by name.
    pub fn paths(&self) -> Vec<PathBuf> {
        let entries = std::fs::read_dir(&self.boot).into_iter().flatten().flatten();
        let is_kernel = |path: &PathBuf| {
            path.is_file() && path.file_name().and_then(|n| n.to_str()).is_some_and(|n| n.starts_with(PREFIX))
        };
        let mut paths: Vec<PathBuf> = entries.map(|entry| entry.path()).filter(is_kernel).collect();
        paths.sort();
        paths
    }

    pub fn path_of(&self, name: &str) -> Option<PathBuf> {
        self.paths().into_iter().find(|path| name_of(path) == name)
    }

    /// The one that runs, where its file is there.
    pub fn running(&self) -> Option<PathBuf> {
        self.path_of(&self.release)
    }

    /// # Errors
    /// When it can't be read (Ubuntu lets only root read /boot), or can't be booted.
    pub fn kernel(&self, path: &Path) -> Result<Kernel> {
        let name = name_of(path);
        let kernel = facts::of_file(path, Some(&name)).map_err(|error| {
            if std::fs::File::open(path).is_err() { error.try_this(make_readable(path)) } else { error }
        })?;
        let of = |name: &String| Some(self.modules.join(name)).filter(|dir| dir.is_dir());
        let modules = of(&name).or_else(|| of(kernel.version.as_ref()?));
        Ok(Kernel { modules, source: Source::Host, ..kernel })
    }
}

/// The copy is the caller's.
pub fn make_readable(path: &Path) -> Said {
    let isolab = called_as();
    let isolab = isolab.strip_prefix("sudo ").unwrap_or(&isolab);
    said!(
        "take a copy that you may read: sudo {isolab} kernel add {path}",
        "읽을 수 있는 복사본을 만드십시오: sudo {isolab} kernel add {path}",
        path = quoted_path(path)
    )
}

/// What follows vmlinuz-.
pub fn name_of(path: &Path) -> String {
    let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    name.strip_prefix(PREFIX).map_or(name.clone(), str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_files_that_are_called_as_kernels_are_told() {
        let dir = tempfile::tempdir().unwrap();
        for name in ["vmlinuz-2", "vmlinuz-1", "initrd.img-1", "config-1"] {
            std::fs::write(dir.path().join(name), "x").unwrap();
        }
        std::fs::create_dir(dir.path().join("vmlinuz-folder")).unwrap();
        let host = Host { boot: dir.path().into(), modules: dir.path().into(), release: "2".into() };
        assert_eq!(host.paths().iter().map(|p| name_of(p)).collect::<Vec<_>>(), ["1", "2"]);
        assert_eq!(host.running(), Some(dir.path().join("vmlinuz-2")));
        assert_eq!(host.path_of("3"), None);
    }
}
