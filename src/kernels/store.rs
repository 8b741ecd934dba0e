//! The user's kernels: `$XDG_DATA_HOME/isolab/kernels/NAME/` with the kernel, what is known of it, and perhaps its modules.
//! A folder comes into being whole, by a rename. Under sudo all of it is the caller's.

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::{Kernel, Source, facts};
use crate::any_path;
use crate::error::{Context, Error, Result};
use crate::lang::Said;
use crate::results::store::write_atomically;
use crate::results::sudo_user::{for_caller, make_folder};
use crate::said;
use crate::shell::called_as;
use crate::vm::kernel_image::Format;

pub struct Store {
    dir: PathBuf,
    /// Where the host keeps modules: those of a kernel that was added from /boot lie there.
    host_modules: PathBuf,
}

const IMAGE: &str = "kernel";
const FACTS: &str = "kernel.json";
const MODULES: &str = "modules";
/// Holds the name of the chosen one.
const DEFAULT: &str = "default";
/// Has the vmlinux of each bzImage that was booted so; can be removed at any time.
const UNPACKED: &str = ".unpacked";
/// Longer ones make tables that nobody reads.
const LONGEST_NAME: usize = 100;

/// What is kept of a kernel beside its file.
#[derive(Serialize, Deserialize)]
struct Kept {
    version: Option<String>,
    sha256: String,
    bzimage: bool,
    bytes: u64,
    needs_ram_bytes: u64,
    /// A folder elsewhere.
    #[serde(default, skip_serializing_if = "Option::is_none", with = "any_path::optional")]
    modules: Option<PathBuf>,
}

impl Store {
    /// # Errors
    /// When the environment names no folder.
    pub fn of_caller() -> Result<Store> {
        Ok(Store::at(crate::host::callers_data_dir()?.join("kernels"), "/lib/modules".into()))
    }

    pub fn at(dir: PathBuf, host_modules: PathBuf) -> Store {
        Store { dir, host_modules }
    }

    /// Sorted.
    pub fn names(&self) -> Vec<String> {
        let entries = std::fs::read_dir(&self.dir).into_iter().flatten().flatten();
        let is_whole = |name: &String| !name.starts_with('.') && self.dir.join(name).join(FACTS).is_file();
        let mut names: Vec<String> =
            entries.filter_map(|e| e.file_name().into_string().ok()).filter(is_whole).collect();
        names.sort();
        names
    }

    /// None: there is none of that name.
    ///
    /// # Errors
    /// When it is damaged.
    pub fn get(&self, name: &str) -> Result<Option<Kernel>> {
        let dir = self.dir.join(name);
        if !is_name(name) || !dir.join(FACTS).is_file() {
            return Ok(None);
        }
        let doing = || said!("read the kernel {name}", "커널 {name}을(를) 읽을 수 없습니다");
        let add_again = || {
            let (isolab, dir) = (called_as(), dir.display());
            said!(
                "remove {dir} and add it again: {isolab} kernel add",
                "{dir}을(를) 지우고 다시 추가하십시오: {isolab} kernel add"
            )
        };
        let text = std::fs::read(dir.join(FACTS)).doing(doing)?;
        let kept: Kept = serde_json::from_slice(&text).doing(doing).map_err(|e| e.try_this(add_again()))?;
        let path = dir.join(IMAGE);
        let bytes = std::fs::metadata(&path).doing(doing).map_err(|e| e.try_this(add_again()))?.len();
        if bytes != kept.bytes {
            let cause = said!("its file was changed after it was added", "추가한 뒤에 파일이 바뀌었음");
            return Err(Error::new(doing(), cause).try_this(add_again()));
        }
        let of_host = || Some(self.host_modules.join(kept.version.as_ref()?));
        let modules = [Some(dir.join(MODULES)), kept.modules.clone(), of_host()];
        Ok(Some(Kernel {
            name: name.to_owned(),
            path,
            sha256: kept.sha256,
            format: if kept.bzimage { Format::BzImage } else { Format::Vmlinux },
            bytes,
            needs_ram_bytes: kept.needs_ram_bytes,
            modules: modules.into_iter().flatten().find(|dir| dir.is_dir()),
            version: kept.version,
            source: Source::Added,
        }))
    }

    /// Copies the kernel into the store. `name`: instead of its version. `modules`: a folder with its modules. The first one
    /// becomes the chosen one. Added once more, it stays as it is.
    ///
    /// # Errors
    /// When it is no kernel, another one has its name, or it can't be copied.
    pub fn add(&self, path: &Path, name: Option<&str>, modules: Option<&Path>) -> Result<Kernel> {
        let modules = modules.map(existing_folder).transpose()?;
        self.add_with(path, name, |_| Ok(modules))
    }

    /// The same; `bring` puts what belongs to it into its new folder, as the caller, and says where its modules are else.
    ///
    /// # Errors
    /// As [`Store::add`].
    pub fn add_with(
        &self,
        path: &Path,
        name: Option<&str>,
        bring: impl FnOnce(&Path) -> io::Result<Option<PathBuf>>,
    ) -> Result<Kernel> {
        let kernel = facts::of_file(path, name)?;
        let name = &kernel.name;
        check_name(name)?;
        if let Some(there) = self.get(name)? {
            return if there.sha256 == kernel.sha256 { Ok(there) } else { Err(taken(name)) };
        }
        make_folder(&self.dir)?;
        let from = File::open(path);
        let to = self.dir.join(name);
        let put = || {
            let new = tempfile::Builder::new().prefix(".new-").tempdir_in(&self.dir)?;
            io::copy(&mut from?, &mut File::create_new(new.path().join(IMAGE))?)?;
            let modules = bring(new.path())?;
            let kept = Kept {
                version: kernel.version.clone(),
                sha256: kernel.sha256.clone(),
                bzimage: kernel.format == Format::BzImage,
                bytes: kernel.bytes,
                needs_ram_bytes: kernel.needs_ram_bytes,
                modules,
            };
            std::fs::write(new.path().join(FACTS), serde_json::to_vec(&kept)?)?;
            std::fs::set_permissions(new.path(), std::os::unix::fs::PermissionsExt::from_mode(0o755))?;
            std::fs::rename(new.path(), &to)?;
            let _ = new.keep(); // it has another name now
            Ok(())
        };
        for_caller(&to, put).doing(|| said!("add the kernel {name}", "커널 {name}을(를) 추가할 수 없습니다"))?;
        if self.default_name().is_none() {
            self.choose(name)?;
        }
        self.get(name)?.ok_or_else(|| {
            Error::new(
                said!("add the kernel {name}", "커널 {name}을(를) 추가할 수 없습니다"),
                said!("it was removed at once", "추가하자마자 지워졌음"),
            )
        })
    }

    /// The vmlinux of a kernel, kept by the sha-256 of what it was unpacked from.
    ///
    /// # Errors
    /// When it is packed in a way that isolab does not unpack, damaged, or can't be kept.
    pub fn unpacked(&self, kernel: &Kernel) -> Result<PathBuf> {
        if kernel.format == Format::Vmlinux {
            return Ok(kernel.path.clone());
        }
        let kept = self.dir.join(UNPACKED).join(&kernel.sha256);
        if !kept.is_file() {
            let vmlinux = facts::vmlinux_of(&kernel.path)?;
            make_folder(&self.dir.join(UNPACKED))?;
            write_atomically(&kept, &vmlinux)?;
        }
        Ok(kept)
    }

    /// None: none was chosen.
    pub fn default_name(&self) -> Option<String> {
        let text = std::fs::read_to_string(self.dir.join(DEFAULT)).ok()?;
        Some(text.trim().to_owned()).filter(|name| is_name(name))
    }

    /// From now on it is the one that is used where none is named.
    ///
    /// # Errors
    /// When that can't be written down.
    pub fn choose(&self, name: &str) -> Result<()> {
        make_folder(&self.dir)?;
        write_atomically(&self.dir.join(DEFAULT), format!("{name}\n").as_bytes())
    }
}

fn existing_folder(path: &Path) -> Result<PathBuf> {
    let doing = || said!("take modules from {path}", "{path}에서 모듈을 가져올 수 없습니다", path = path.display());
    let remedy = || {
        said!(
            "name the folder of modules.dep: /lib/modules/VERSION",
            "modules.dep가 있는 폴더를 적으십시오: /lib/modules/VERSION"
        )
    };
    let found = path.canonicalize().map_err(|cause| Error::usage(doing(), cause).try_this(remedy()))?;
    if found.is_dir() {
        Ok(found)
    } else {
        Err(Error::usage(doing(), said!("it is no folder", "폴더가 아님")).try_this(remedy()))
    }
}

fn is_name(name: &str) -> bool {
    let fits = |c: char| c.is_ascii_alphanumeric() || "._+~-".contains(c);
    (1..=LONGEST_NAME).contains(&name.len())
        && name.chars().all(fits)
        && !name.starts_with(['.', '-'])
        && name != DEFAULT
}

fn check_name(name: &str) -> Result<()> {
    if is_name(name) {
        return Ok(());
    }
    Err(Error::usage(
        said!("call a kernel {name:?}", "커널 이름을 {name:?}(으)로 할 수 없습니다"),
        said!(
            "a name is 1 to {LONGEST_NAME} letters, digits and ._+~- and does not begin with . or -; \"default\" is none",
            "이름은 영문자, 숫자, ._+~- 1~{LONGEST_NAME}자이고 .이나 -로 시작할 수 없으며 \"default\"는 쓸 수 없음"
        ),
    )
    .try_this(Said::english("--name my-kernel")))
}

fn taken(name: &str) -> Error {
    Error::usage(
        said!("add the kernel {name}", "커널 {name}을(를) 추가할 수 없습니다"),
        said!("another kernel has this name", "다른 커널이 이 이름을 쓰고 있음"),
    )
    .try_this(said!("give it another: --name NAME", "다른 이름을 주십시오: --name NAME"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::vm::kernel_image::made;

    fn store(dir: &Path) -> Store {
        Store::at(dir.join("store"), dir.join("lib-modules"))
    }

    #[test]
    fn a_kernel_is_copied_once_and_the_first_is_the_chosen_one() {
        let dir = tempfile::tempdir().unwrap();
        let (store, path) = (store(dir.path()), dir.path().join("k"));
        assert_eq!((store.names(), store.default_name()), (vec![], None));
        std::fs::write(&path, made::bz_image(b"one")).unwrap();
        let first = store.add(&path, None, None).unwrap();
        assert_eq!(store.add(&path, None, None).unwrap(), first, "once more: as it was");
        assert_eq!(std::fs::read(&first.path).unwrap(), made::bz_image(b"one"));
        std::fs::write(&path, made::bz_image(b"two")).unwrap();
        let error = store.add(&path, None, None).unwrap_err();
        assert!(error.cause.contains("another kernel") && error.try_this.contains("--name"), "{error}");
        let modules = dir.path().join("lib-modules");
        std::fs::create_dir(&modules).unwrap();
        let second = store.add(&path, Some("two"), Some(&modules)).unwrap();
        assert_eq!(second.modules, Some(modules));
        assert_eq!(store.names(), [first.name.as_str(), "two"]);
        assert_eq!(store.default_name().unwrap(), first.name);
        store.choose("two").unwrap();
        assert_eq!(store.default_name().unwrap(), "two");
        let left = std::fs::read_dir(dir.path().join("store")).unwrap().count();
        assert_eq!(left, 3, "two kernels and the choice, no temporary folder");
    }

    #[test]
    fn a_bz_image_is_unpacked_once() {
        let dir = tempfile::tempdir().unwrap();
        let (store, path) = (store(dir.path()), dir.path().join("k"));
        let inner = made::vmlinux(b"Linux version 6.1");
        std::fs::write(&path, made::bz_image(&crate::gzip::packed(&inner, 0, b""))).unwrap();
        let kernel = store.add(&path, Some("mine"), None).unwrap();
        let vmlinux = store.unpacked(&kernel).unwrap();
        assert_eq!(std::fs::read(&vmlinux).unwrap(), inner);
        std::fs::write(&kernel.path, "gone").unwrap();
        assert_eq!(store.unpacked(&kernel).unwrap(), vmlinux, "from what was kept");
        let of_itself = Kernel { format: Format::Vmlinux, ..kernel };
        assert_eq!(store.unpacked(&of_itself).unwrap(), of_itself.path);
        assert_eq!(store.names(), ["mine"]);
        for (payload, cause) in [(&b"BZh9...."[..], "bzip2"), (b"\x1f\x8b\0\0\0\0", "damaged"), (b"what it is", "?")] {
            std::fs::write(&path, made::bz_image(payload)).unwrap();
            let error = store.unpacked(&facts::of_file(&path, None).unwrap()).unwrap_err();
            assert!(error.cause.contains(cause) && error.doing.contains("unpack"), "{error}");
        }
    }

    #[test]
    fn names_cannot_lead_out_of_the_store() {
        let dir = tempfile::tempdir().unwrap();
        let (store, path) = (store(dir.path()), dir.path().join("k"));
        std::fs::write(&path, made::bz_image(b"one")).unwrap();
        for name in ["..", "../x", "", ".hidden", "-x", "a b", "default", &"x".repeat(101), "한글"] {
            assert!(store.add(&path, Some(name), None).unwrap_err().try_this.contains("--name"), "{name:?}");
            assert_eq!(store.get(name).unwrap(), None, "{name:?}");
        }
        assert!(!dir.path().join("x").exists() && store.names().is_empty());
    }

    #[test]
    fn a_kernel_whose_facts_are_damaged_is_told() {
        let dir = tempfile::tempdir().unwrap();
        let (store, path) = (store(dir.path()), dir.path().join("k"));
        std::fs::write(&path, made::bz_image(b"one")).unwrap();
        let kernel = store.add(&path, Some("mine"), None).unwrap();
        std::fs::write(kernel.path.with_file_name(FACTS), "{").unwrap();
        let error = store.get("mine").unwrap_err();
        assert!(error.try_this.contains("remove") && error.doing.contains("mine"), "{error}");
    }
}
