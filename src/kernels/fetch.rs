//! A distribution's own kernel for virtual machines, by the system's package manager: downloaded and unpacked, not installed.
//! An ordinary user may.

use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::Kernel;
use super::store::Store;
use crate::error::{Context, Error, Result};
use crate::lang::Said;
use crate::said;
use crate::shell::called_as;

/// Packages that depend on the newest kernel for virtual machines: Debian's, Ubuntu's.
const NEWEST: [&str; 2] = ["linux-image-cloud-amd64", "linux-image-virtual"];

/// What is downloaded.
#[derive(Debug, PartialEq, Eq)]
pub struct Offer {
    /// The package with the kernel, and on Ubuntu the one with its modules.
    pub packages: Vec<String>,
    /// All together; 0: apt does not tell.
    pub bytes: u64,
}

/// What there is to fetch: `package`, or the distribution's newest.
///
/// # Errors
/// When the system has no apt, or apt has no such package.
pub fn offer(package: Option<&str>) -> Result<Offer> {
    let asked: Vec<&str> = package.map_or(NEWEST.to_vec(), |name| vec![name]);
    let doing = || said!("find a kernel to download", "내려받을 커널을 찾을 수 없습니다");
    let found = asked
        .iter()
        .filter(|name| !name.starts_with('-'))
        .find_map(|name| Some((*name, ask("apt-cache", &["depends", name]).ok()?)));
    let Some((name, depends)) = found else {
        return Err(if is_installed("apt-cache") {
            let list = asked.join(", ");
            let cause = said!("apt has no package {list}", "apt에 {list} 패키지가 없음");
            Error::unavailable(doing(), cause)
                .try_this(said!("sudo apt-get update", "sudo apt-get update를 실행하십시오"))
        } else {
            without_apt(doing())
        });
    };
    let image = dependency(&depends, "linux-image-").unwrap_or(name).to_owned();
    let depends = ask("apt-cache", &["depends", &image]).doing(doing)?;
    let packages: Vec<String> =
        [image].into_iter().chain(dependency(&depends, "linux-modules-").map(str::to_owned)).collect();
    let size = |package: &String| size_in(&ask("apt-cache", &["show", package]).ok()?);
    Ok(Offer { bytes: packages.iter().filter_map(size).sum(), packages })
}

fn without_apt(doing: Said) -> Error {
    let isolab = called_as();
    let cause = said!(
        "this works with apt (Debian, Ubuntu and what is made of them), which is not here",
        "apt(데비안, 우분투와 그 파생 배포판)가 있어야 하는데 이 시스템에는 없음"
    );
    Error::unavailable(doing, cause).try_this(said!(
        "download a kernel package yourself and add what is in it: {isolab} kernel add FILE --modules DIR",
        "커널 패키지를 직접 내려받아 그 안의 커널을 추가하십시오: {isolab} kernel add FILE --modules DIR"
    ))
}

/// Downloads, unpacks and adds it.
///
/// # Errors
/// When a step fails; nothing of it stays then.
pub fn fetch(offer: &Offer, name: Option<&str>, store: &Store) -> Result<Kernel> {
    let list = offer.packages.join(", ");
    let doing = || said!("fetch {list}", "{list}을(를) 받을 수 없습니다");
    let temporary = tempfile::Builder::new().prefix("isolab-kernel-").tempdir().doing(doing)?;
    // The caller of sudo copies out of it with his own rights.
    std::fs::set_permissions(temporary.path(), PermissionsExt::from_mode(0o755)).doing(doing)?;
    let tree = temporary.path().join("tree");
    let mut download = Command::new("apt-get");
    download.args(["-q", "download"]).args(&offer.packages).current_dir(temporary.path());
    run(&mut download).doing(doing).map_err(|e| {
        let by_hand =
            crate::shell::command([&["apt-get".to_owned(), "download".to_owned()], &*offer.packages].concat());
        e.try_this(said!("see what apt says: {by_hand}", "apt가 하는 말을 보십시오: {by_hand}"))
    })?;
    for package in files_ending(temporary.path(), "deb").doing(doing)? {
        run(Command::new("dpkg-deb").arg("-x").arg(package).arg(&tree)).doing(doing)?;
    }
    let unpacked = Unpacked::find(&tree).ok_or_else(|| {
        let cause = said!("there is no boot/vmlinuz-… in it", "그 안에 boot/vmlinuz-…가 없음");
        Error::new(doing(), cause)
    })?;
    if let Some((root, version)) = &unpacked.modules {
        list_modules(root, version).doing(doing).map_err(|e| {
            if e.try_this.is_empty() { e.try_this(Said::english("sudo apt-get install kmod")) } else { e }
        })?;
    }
    store.add_with(&unpacked.image, name, |new| {
        if let Some((root, version)) = &unpacked.modules {
            copy_folder(&root.join("lib/modules").join(version), &new.join("modules"))?;
        }
        Ok(None)
    })
}

/// What a package holds.
struct Unpacked {
    image: PathBuf,
    /// A root folder, and the version of the modules below its lib/modules.
    modules: Option<(PathBuf, String)>,
}

impl Unpacked {
    fn find(tree: &Path) -> Option<Unpacked> {
        let images = std::fs::read_dir(tree.join("boot")).ok()?.flatten();
        let (image, version) = images.map(|e| e.path()).find_map(|path| {
            let version = path.file_name()?.to_str()?.strip_prefix("vmlinuz-")?.to_owned();
            Some((path, version))
        })?;
        let roots = [tree.to_owned(), tree.join("usr")];
        let modules = roots.into_iter().find(|root| root.join("lib/modules").join(&version).is_dir());
        Some(Unpacked { image, modules: modules.map(|root| (root, version)) })
    }
}

/// Packages come without modules.dep: depmod(8) makes it when they are installed. It is in /sbin, which is in few people's PATH.
fn list_modules(root: &Path, version: &str) -> io::Result<()> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let with_sbin = std::env::split_paths(&path).chain(["/usr/sbin".into(), "/sbin".into()]);
    let path = std::env::join_paths(with_sbin).map_err(io::Error::other)?;
    run(Command::new("depmod").env("PATH", path).arg("-b").arg(root).arg(version))
}

/// Files and folders; a link among modules leads to sources that are not here.
fn copy_folder(from: &Path, to: &Path) -> io::Result<()> {
    std::fs::create_dir(to)?;
    for entry in std::fs::read_dir(from)? {
        let (entry, kind) = entry.and_then(|e| Ok((e.path(), e.file_type()?)))?;
        let to = to.join(entry.file_name().unwrap_or_default());
        if kind.is_dir() {
            copy_folder(&entry, &to)?;
        } else if kind.is_file() {
            io::copy(&mut std::fs::File::open(&entry)?, &mut std::fs::File::create_new(to)?)?;
        }
    }
    Ok(())
}

fn files_ending(dir: &Path, ending: &str) -> io::Result<Vec<PathBuf>> {
    let paths = std::fs::read_dir(dir)?.flatten().map(|entry| entry.path());
    Ok(paths.filter(|path| path.extension().is_some_and(|e| e == ending)).collect())
}

/// What a command printed; its own complaint, where it failed.
fn ask(program: &str, args: &[&str]) -> io::Result<String> {
    let output = output(Command::new(program).args(args))?;
    Ok(String::from_utf8_lossy(&output).into_owned())
}

fn run(command: &mut Command) -> io::Result<()> {
    output(command).map(drop)
}

fn output(command: &mut Command) -> io::Result<Vec<u8>> {
    let program = command.get_program().to_string_lossy().into_owned();
    let of_program = |cause: String| io::Error::other(format!("{program}: {cause}"));
    let answer = command.env("LC_ALL", "C").stdin(std::process::Stdio::null()).output();
    let answer = answer.map_err(|cause| of_program(cause.to_string()))?;
    if answer.status.success() {
        return Ok(answer.stdout);
    }
    let complaint = String::from_utf8_lossy(&answer.stderr);
    let last = complaint.lines().rev().find(|line| !line.trim().is_empty());
    Err(of_program(last.map_or(answer.status.to_string(), |line| line.trim().to_owned())))
}

fn is_installed(program: &str) -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path).any(|dir| dir.join(program).is_file())
}

/// The first package of that kind in what `apt-cache depends` prints.
fn dependency<'a>(depends: &'a str, prefix: &str) -> Option<&'a str> {
    let packages = depends.lines().filter_map(|line| line.trim().strip_prefix("Depends: "));
    packages.map(str::trim).find(|package| {
        package.strip_prefix(prefix).is_some_and(|version| version.starts_with(|c: char| c.is_ascii_digit()))
    })
}

/// Of the newest version in what `apt-cache show` prints.
fn size_in(show: &str) -> Option<u64> {
    show.lines().find_map(|line| line.strip_prefix("Size: ")?.trim().parse().ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_what_apt_prints_the_image_its_modules_and_its_size_are_read() {
        let meta = "linux-image-cloud-amd64\n  Depends: linux-image-6.1.0-57-cloud-amd64\n";
        assert_eq!(dependency(meta, "linux-image-"), Some("linux-image-6.1.0-57-cloud-amd64"));
        let ubuntu = "linux-image-6.8.0-45-generic\n  Depends: kmod\n |Depends: x\n  Depends: linux-modules-6.8.0-45-generic\n  Conflicts: linux-image-unsigned-6.8.0-45-generic\n";
        assert_eq!(dependency(ubuntu, "linux-modules-"), Some("linux-modules-6.8.0-45-generic"));
        assert_eq!(dependency(ubuntu, "linux-image-"), None);
        assert_eq!(size_in("Package: x\nSize: 26705532\nSHA256: 0\n\nSize: 1\n"), Some(26_705_532));
        assert_eq!(size_in(""), None);
    }
}
