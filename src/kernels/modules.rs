//! Which modules a guest loads, and in which order: what each depends on comes before it (modules.dep of depmod(8)); what is
//! built into the kernel (modules.builtin) is left out.

use std::collections::{BTreeMap, BTreeSet};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use super::unpack;
use crate::error::{Context, Error, Kind, Result};
use crate::said;

/// A module, unpacked, as finit_module(2) takes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Module {
    /// "virtio_blk".
    pub name: String,
    pub bytes: Vec<u8>,
}

/// What the kernel can load, from the two lists.
#[derive(Debug, Default)]
pub struct Known {
    /// By name: the file below the folder, and the files it depends on, the deepest last.
    files: BTreeMap<String, (PathBuf, Vec<PathBuf>)>,
    built_in: BTreeSet<String>,
}

impl Known {
    /// `dep` and `builtin`: the text of modules.dep and modules.builtin.
    pub fn from_lists(dep: &str, builtin: &str) -> Known {
        let line = |line: &str| {
            let (file, needs) = line.split_once(':')?;
            Some((name_of(Path::new(file)), (file.into(), needs.split_whitespace().map(PathBuf::from).collect())))
        };
        let built_in = builtin.lines().map(|line| name_of(Path::new(line.trim()))).collect();
        Known { files: dep.lines().filter_map(line).collect(), built_in }
    }

    /// Files in the order in which they can be loaded, each once. `names` may have `-` for `_`, as modprobe(8) takes them.
    ///
    /// # Errors
    /// The name that the kernel does not have.
    pub fn order(&self, names: &[&str]) -> Result<Vec<&Path>, String> {
        let mut order: Vec<&Path> = Vec::new();
        for name in names.iter().map(|name| normal(name)) {
            match self.files.get(&name) {
                Some((file, needs)) => {
                    let needed = needs.iter().rev().chain([file]).map(PathBuf::as_path);
                    let new: Vec<&Path> = needed.filter(|file| !order.contains(file)).collect();
                    order.extend(new);
                }
                None if self.built_in.contains(&name) => {}
                None => return Err(name),
            }
        }
        Ok(order)
    }
}

/// `kernel/drivers/block/virtio_blk.ko.xz` is virtio_blk.
fn name_of(file: &Path) -> String {
    let name = file.file_name().unwrap_or_default().to_string_lossy();
    normal(name.split_once(".ko").map_or(&*name, |(name, _)| name))
}

fn normal(name: &str) -> String {
    name.replace('-', "_")
}

/// The modules of these names, with what they depend on, unpacked, in the order in which they can be loaded. `dir`: as
/// /lib/modules/VERSION is.
///
/// # Errors
/// When the kernel has no such module, or a file is missing or damaged.
pub fn load(dir: &Path, names: &[&str]) -> Result<Vec<Module>> {
    let doing = || said!("find the kernel's modules", "커널 모듈을 찾을 수 없습니다");
    let list = |name: &str| std::fs::read_to_string(dir.join(name));
    let dep = list("modules.dep").map_err(|cause| {
        let (path, dir) = (dir.join("modules.dep"), dir.display());
        let path = path.display();
        let cause = said!("{path}: {cause}", "{path}: {cause}", cause = cause);
        Error::new(doing(), cause).kind(Kind::Usage).try_this(said!(
            "name a folder that depmod has gone through, as /lib/modules/VERSION, instead of {dir}",
            "{dir} 대신, /lib/modules/VERSION처럼 depmod가 처리한 폴더를 적으십시오"
        ))
    })?;
    let known = Known::from_lists(&dep, &list("modules.builtin").unwrap_or_default());
    let order = known.order(names).map_err(|missing| {
        let (name, dir) = (missing, dir.display());
        let cause = said!(
            "there is no module {name} in {dir}, nor is it built in",
            "{dir}에 {name} 모듈이 없고, 커널에 들어 있지도 않음"
        );
        Error::usage(doing(), cause).try_this(said!(
            "a kernel with virtio: isolab kernel fetch",
            "virtio가 있는 커널을 쓰십시오: isolab kernel fetch"
        ))
    })?;
    order.into_iter().map(|file| read(dir, file)).collect()
}

fn read(dir: &Path, file: &Path) -> Result<Module> {
    let path = dir.join(file);
    let doing = || said!("read the module {path}", "모듈 {path}을(를) 읽을 수 없습니다", path = path.display());
    let is_inside = file.components().all(|part| matches!(part, std::path::Component::Normal(_)));
    let packed = if is_inside { std::fs::read(&path) } else { Err(ErrorKind::InvalidInput.into()) };
    let bytes = unpack::file(packed.doing(doing)?).map_err(|fault| Error::new(doing(), fault.said()))?;
    if !bytes.starts_with(b"\x7fELF") {
        return Err(Error::new(doing(), said!("it is no module", "모듈이 아님")));
    }
    Ok(Module { name: name_of(file), bytes })
}

#[cfg(test)]
mod tests {
    use super::*;

    const DEP: &str = "\
kernel/drivers/virtio/virtio.ko:
kernel/drivers/virtio/virtio_ring.ko: kernel/drivers/virtio/virtio.ko
kernel/drivers/virtio/virtio_mmio.ko: kernel/drivers/virtio/virtio_ring.ko kernel/drivers/virtio/virtio.ko
kernel/drivers/block/virtio_blk.ko.xz: kernel/drivers/virtio/virtio_ring.ko kernel/drivers/virtio/virtio.ko
kernel/drivers/char/hw_random/virtio-rng.ko: kernel/drivers/virtio/virtio_ring.ko kernel/drivers/virtio/virtio.ko
";

    fn names(order: Vec<&Path>) -> Vec<String> {
        order.into_iter().map(name_of).collect()
    }

    #[test]
    fn what_a_module_depends_on_comes_before_it_and_only_once() {
        let known = Known::from_lists(DEP, "kernel/fs/ext4/ext4.ko\n");
        let order = |list: &[&str]| known.order(list).map(names);
        assert_eq!(
            order(&["virtio_mmio", "virtio_blk", "virtio_rng", "virtio_mmio"]).unwrap(),
            ["virtio", "virtio_ring", "virtio_mmio", "virtio_blk", "virtio_rng"]
        );
        assert_eq!(order(&["virtio-rng"]).unwrap(), ["virtio", "virtio_ring", "virtio_rng"], "a dash is as good");
        assert_eq!(order(&["ext4"]).unwrap(), [""; 0], "built in");
        assert_eq!(order(&["virtio", "nvme"]), Err("nvme".to_owned()));
    }

    #[test]
    fn modules_are_read_unpacked_and_what_is_missing_is_told() {
        let dir = tempfile::tempdir().unwrap();
        let missing = load(dir.path(), &["a"]).unwrap_err();
        assert!(missing.cause.contains("modules.dep") && missing.try_this.contains("depmod"), "{missing}");
        let write = |name: &str, bytes: &[u8]| std::fs::write(dir.path().join(name), bytes).unwrap();
        write("modules.dep", b"a.ko.gz: b.ko\nb.ko:\nbad.ko: \nout.ko: ../../out.ko\ngone.ko:\n");
        write("a.ko.gz", &crate::gzip::packed(b"\x7fELF a", 0, b""));
        write("b.ko", b"\x7fELF b");
        write("bad.ko", b"text");
        let loaded = load(dir.path(), &["a"]).unwrap();
        let ab = [("b", &b"\x7fELF b"[..]), ("a", b"\x7fELF a")];
        assert_eq!(loaded.iter().map(|m| (m.name.as_str(), &m.bytes[..])).collect::<Vec<_>>(), ab);
        for (name, cause) in
            [("none", "no module none"), ("bad", "no module"), ("gone", "No such file"), ("out", "invalid")]
        {
            let error = load(dir.path(), &[name]).unwrap_err();
            assert!(error.cause.contains(cause), "{name}: {error}");
        }
    }
}
