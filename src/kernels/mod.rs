//! Kernels for guests: the ones that the user added or fetched, and the host's own. Which is used is one answer, [`chosen`].
//!
//! `store` is the folder with the user's, one folder for each; `host` finds what lies in /boot; `facts` is what is known of a
//! kernel's file; `fetch` gets one from the distribution;
//! `unpack` has what is compressed in them, `modules` says what a guest loads, in which order.

pub mod facts;
pub mod fetch;
pub mod host;
pub mod modules;
pub mod store;
pub mod unpack;

use std::path::{Path, PathBuf};

use crate::error::{Error, Kind, Result};
use crate::lang::Said;
use crate::said;
use crate::shell::called_as;
use crate::vm::kernel_image::Format;
use host::Host;
use store::Store;

/// A kernel that can be booted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Kernel {
    /// As `--kernel` takes it.
    pub name: String,
    pub path: PathBuf,
    /// "6.1.0-57-cloud-amd64"; None: its file does not tell.
    pub version: Option<String>,
    pub sha256: String,
    pub format: Format,
    pub bytes: u64,
    pub needs_ram_bytes: u64,
    /// A folder as depmod(8) leaves /lib/modules/VERSION.
    pub modules: Option<PathBuf>,
    pub source: Source,
}

/// A name, and what is behind it.
#[derive(Debug)]
pub struct Listed {
    pub name: String,
    pub is_default: bool,
    pub kernel: Result<Kernel>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Source {
    /// In the user's store.
    Added,
    /// In /boot.
    Host,
    /// A path that was given.
    File,
}

/// Where kernels are looked for.
pub struct Places {
    pub store: Store,
    pub host: Host,
}

impl Places {
    /// Those of this user on this machine.
    ///
    /// # Errors
    /// When there is no folder for what belongs to the user.
    pub fn here() -> Result<Places> {
        Ok(Places { store: Store::of_caller()?, host: Host::here() })
    }

    /// The kernel of that name, or in the file that it is the path of; without a name the one that `kernel use` chose, else the
    /// one that the host runs.
    ///
    /// # Errors
    /// When there is none, or it can't be booted.
    pub fn chosen(&self, name: Option<&str>) -> Result<Kernel> {
        match name {
            Some(path) if path.contains('/') => self.at(Path::new(path)),
            Some(name) => self.named(name),
            None => self.default(),
        }
    }

    /// The kernel in a file that may lie anywhere; its modules are beside it, in a folder `modules`, or where the host keeps them.
    fn at(&self, path: &Path) -> Result<Kernel> {
        let kernel = facts::of_file(path, None)?;
        let beside = path.with_file_name("modules");
        let of_host = kernel.version.as_ref().map(|version| self.host.modules.join(version));
        let modules = [Some(beside), of_host].into_iter().flatten().find(|dir| dir.join("modules.dep").is_file());
        Ok(Kernel { modules, ..kernel })
    }

    /// The kernel of that name; a path is none.
    ///
    /// # Errors
    /// When there is none, or it can't be booted.
    pub fn named(&self, name: &str) -> Result<Kernel> {
        if let Some(kernel) = self.store.get(name)? {
            return Ok(kernel);
        }
        if let Some(path) = self.host.path_of(name) {
            return self.host.kernel(&path);
        }
        Err(self.unknown(name))
    }

    fn default(&self) -> Result<Kernel> {
        if let Some(name) = self.store.default_name() {
            return self.named(&name).map_err(|e| e.try_this(choose_another()));
        }
        match self.host.running() {
            Some(path) => self.host.kernel(&path),
            None => Err(self.none_chosen()),
        }
    }

    /// All that there are, with what is wrong with one that can't be booted.
    pub fn all(&self) -> Vec<Listed> {
        let default = self.store.default_name().or_else(|| Some(host::name_of(&self.host.running()?)));
        let listed = |name: String| {
            let kernel = self.named(&name);
            Listed { is_default: default.as_ref() == Some(&name), kernel, name }
        };
        self.names().into_iter().map(listed).collect()
    }

    /// All names that [`Places::chosen`] takes.
    pub fn names(&self) -> Vec<String> {
        let mut names = self.store.names();
        let host = self.host.paths().into_iter().map(|path| host::name_of(&path));
        names.extend(host.filter(|name| !self.store.names().contains(name)));
        names
    }

    fn unknown(&self, name: &str) -> Error {
        let names = self.names();
        let cause = if names.is_empty() {
            said!("there is none yet", "아직 커널이 하나도 없음")
        } else {
            said!("there are: {list}", "있는 커널: {list}", list = names.join(", "))
        };
        Error::usage(said!("find the kernel {name:?}", "커널 {name:?}을(를) 찾을 수 없습니다"), cause).try_this(said!(
            "{isolab} kernel list, or the path of a file (./vmlinuz)",
            "{isolab} kernel list를 보거나 파일 경로를 적으십시오(./vmlinuz)",
            isolab = called_as()
        ))
    }

    fn none_chosen(&self) -> Error {
        let isolab = called_as();
        let doing = said!("find a kernel for the guest", "게스트에 쓸 커널을 찾을 수 없습니다");
        match self.names().first() {
            Some(first) => Error::new(doing, said!("none is chosen", "고른 커널이 없음")).try_this(said!(
                "choose one: {isolab} kernel use {first}",
                "하나를 고르십시오: {isolab} kernel use {first}"
            )),
            None => Error::new(doing, said!("this machine's /boot has none", "이 기계의 /boot에 커널이 없음"))
                .try_this(said!("get one: {isolab} kernel fetch", "커널을 받으십시오: {isolab} kernel fetch")),
        }
        .kind(Kind::Unavailable)
    }
}

fn choose_another() -> Said {
    let isolab = called_as();
    said!("choose another: {isolab} kernel use NAME", "다른 커널을 고르십시오: {isolab} kernel use NAME")
}

/// The vmlinux of this kernel: itself, or what its bzImage holds, unpacked once and kept.
///
/// # Errors
/// When it is packed in a way that isolab does not unpack, damaged, or can't be kept.
pub fn unpacked(kernel: &Kernel) -> Result<PathBuf> {
    Places::here()?.store.unpacked(kernel)
}

/// The kernel that a guest boots: by name, by path, or the chosen one.
///
/// # Errors
/// When there is none, or it can't be booted.
pub fn chosen(name: Option<&str>) -> Result<Kernel> {
    Places::here()?.chosen(name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::vm::kernel_image::made;

    fn places(dir: &Path) -> Places {
        for folder in ["boot", "modules", "store"] {
            std::fs::create_dir_all(dir.join(folder)).unwrap();
        }
        let host = Host { boot: dir.join("boot"), modules: dir.join("modules"), release: "6.1.0-host".into() };
        Places { store: Store::at(dir.join("store"), dir.join("modules")), host }
    }

    fn file(dir: &Path, name: &str, bytes: &[u8]) -> PathBuf {
        let path = dir.join(name);
        std::fs::write(&path, bytes).unwrap();
        path
    }

    #[test]
    fn a_kernel_is_found_by_name_by_path_and_as_the_chosen_one() {
        let dir = tempfile::tempdir().unwrap();
        let places = places(dir.path());
        let error = places.chosen(None).unwrap_err();
        assert!(error.kind == Kind::Unavailable && error.try_this.contains("kernel fetch"), "{error}");
        let path = file(dir.path(), "k", &made::bz_image(b"one"));
        let by_path = places.chosen(path.to_str()).unwrap();
        assert_eq!((by_path.source, by_path.version.as_deref()), (Source::File, Some("6.1.0-57-cloud-amd64")));

        let added = places.store.add(&path, None, None).unwrap();
        assert_eq!((added.name.as_str(), added.sha256.as_str()), ("6.1.0-57-cloud-amd64", by_path.sha256.as_str()));
        std::fs::remove_file(&path).unwrap();
        assert_eq!(places.chosen(None).unwrap(), places.chosen(Some("6.1.0-57-cloud-amd64")).unwrap());

        file(dir.path(), "boot/vmlinuz-6.1.0-host", &made::bz_image(b"two"));
        std::fs::create_dir(dir.path().join("modules/6.1.0-host")).unwrap();
        let host = places.chosen(Some("6.1.0-host")).unwrap();
        assert_eq!((host.source, host.modules), (Source::Host, Some(dir.path().join("modules/6.1.0-host"))));
        let other = places.chosen(Some("none")).unwrap_err();
        assert!(other.kind == Kind::Usage && other.cause.contains("6.1.0-57-cloud-amd64, 6.1.0-host"), "{other}");
    }

    #[test]
    fn without_a_choice_it_is_the_hosts_own() {
        let dir = tempfile::tempdir().unwrap();
        let places = places(dir.path());
        file(dir.path(), "boot/vmlinuz-5.0", &made::bz_image(b"two"));
        let error = places.chosen(None).unwrap_err();
        assert!(error.try_this.contains("kernel use 5.0"), "{error}");
        file(dir.path(), "boot/vmlinuz-6.1.0-host", &made::bz_image(b"two"));
        assert_eq!(places.chosen(None).unwrap().name, "6.1.0-host");
    }

    #[test]
    fn a_chosen_kernel_that_is_gone_or_changed_is_told() {
        let dir = tempfile::tempdir().unwrap();
        let places = places(dir.path());
        let path = file(dir.path(), "k", &made::bz_image(b"one"));
        let added = places.store.add(&path, Some("mine"), None).unwrap();
        std::fs::write(&added.path, made::bz_image(b"other, and longer than a paragraph")).unwrap();
        assert!(places.chosen(None).unwrap_err().cause.contains("changed"));
        std::fs::remove_dir_all(added.path.parent().unwrap()).unwrap();
        let error = places.chosen(None).unwrap_err();
        assert!(error.doing.contains("\"mine\"") && error.try_this.contains("kernel use"), "{error}");
    }
}
