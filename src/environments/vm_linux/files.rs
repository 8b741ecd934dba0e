//! The guest's files: an initramfs with the probe alone, or with a folder of the host's and our init before its command.

use std::ffi::{OsStr, OsString};
use std::fs::{self, Metadata};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{FileTypeExt, MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};

use crate::environments::lookup;
use crate::environments::payload::{not_executable, not_found};
use crate::error::{Context, Error, Kind, Result};
use crate::kernels::modules::Module;
use crate::lang::Said;
use crate::model::{Rootfs, Task};
use crate::probe;
use crate::said;
use crate::vm::linux::initramfs::Initramfs;
use crate::vm::linux::orders::{INIT, Input, MODULES, Orders, PATH};

/// The probe as the first program.
pub(super) fn first_program() -> Initramfs {
    let mut files = Initramfs::new();
    files.folder("dev", 0o755);
    devices(&mut files);
    files.file("init", 0o755, probe::ELF);
    files
}

/// Device files that are there before anything is mounted (Linux's Documentation/admin-guide/devices.txt).
fn devices(files: &mut Initramfs) {
    files.character_device("dev/console", 0o600, 5, 1);
    files.character_device("dev/null", 0o666, 1, 3);
    files.character_device("dev/zero", 0o666, 1, 5);
}

/// Our init with its orders, and the files that the command finds. `most_bytes`: more of them do not fit into RAM.
pub(super) fn command(task: &Task, input: Input, drivers: &[Module], most_bytes: u64) -> Result<Initramfs> {
    let mut files = Initramfs::new();
    for (folder, mode) in
        [("dev", 0o755), ("proc", 0o555), ("sys", 0o555), ("run", 0o755), ("tmp", 0o1777), (".isolab", 0o700)]
    {
        files.folder(folder, mode);
    }
    let program = match &task.rootfs {
        Rootfs::Probe if is_probe(task) => {
            files.file(probe::NAME, 0o755, probe::ELF);
            Path::new("/").join(probe::NAME)
        }
        Rootfs::Probe => alone(task, &mut files, most_bytes)?,
        Rootfs::Dir(root) => {
            let program = inside(root, task)?;
            Tree { root, files: &mut files, most_bytes }.add(Path::new(""))?;
            program
        }
    };
    devices(&mut files);
    files.file(INIT, 0o700, crate::vm::linux::INIT);
    let orders = Orders { input, path: program.as_os_str(), argv: &task.argv, env: &task.env };
    files.file(PATH, 0o600, &orders.text());
    files.folder(MODULES, 0o700);
    for (name, driver) in ('a'..='z').zip(drivers) {
        files.file(&format!("{MODULES}/{name}"), 0o600, &driver.bytes);
    }
    Ok(files)
}

pub(super) fn is_probe(task: &Task) -> bool {
    let plain = |name: &OsString| name.as_bytes().strip_prefix(b"/").unwrap_or(name.as_bytes()).to_owned();
    task.argv.first().is_some_and(|name| plain(name) == probe::NAME.as_bytes())
}

/// A program of the host that needs nothing beside its own file.
fn alone(task: &Task, files: &mut Initramfs, most_bytes: u64) -> Result<PathBuf> {
    let program = lookup::on_host(task)?;
    if let Some(other) = lookup::needs(&program) {
        let (other, name) = (other.display(), program.display());
        let cause = said!(
            "it needs {other} too, and without --rootfs the guest has the program's own file alone",
            "{other}도 필요한데, --rootfs가 없으면 게스트에는 프로그램 파일 하나뿐임"
        );
        let doing = said!("find all of the program {name}", "프로그램 {name}에 필요한 것을 모두 찾을 수 없습니다");
        return Err(Error::new(doing, cause).kind(Kind::NotFound).try_this(said!(
            "--rootfs DIR with the program and its libraries, or link it statically",
            "프로그램과 라이브러리가 있는 폴더를 --rootfs DIR로 주거나 정적으로 링크하십시오"
        )));
    }
    let name = program.file_name().unwrap_or(OsStr::new("program"));
    let bytes = fs::read(&program).doing(|| {
        said!("read the program {name}", "프로그램 {name}을(를) 읽을 수 없습니다", name = program.display())
    })?;
    if bytes.len() as u64 > most_bytes {
        return Err(too_large(&program, most_bytes));
    }
    files.entry(name.as_bytes(), S_IFREG | 0o755, (0, 0), &bytes);
    Ok(Path::new("/").join(name))
}

const S_IFREG: u32 = 0o100_000;

fn folder_with_all() -> Said {
    said!("--rootfs DIR, with what the program needs", "프로그램에 필요한 것이 든 폴더를 --rootfs DIR로 주십시오")
}

/// The program's path from the root of the guest.
fn inside(root: &Path, task: &Task) -> Result<PathBuf> {
    if root.canonicalize().is_ok_and(|root| root == Path::new("/")) {
        return Err(Error::usage(
            said!("give the guest the host's whole tree", "호스트의 파일 전체를 게스트에 줄 수 없습니다"),
            said!("a guest's files are copied into its RAM", "게스트의 파일은 RAM에 복사됨"),
        )
        .try_this(folder_with_all()));
    }
    let name = lookup::name(task)?;
    let folder = fs::File::open(root)
        .doing(|| said!("open the root folder {root}", "루트 폴더 {root}을(를) 열 수 없습니다", root = root.display()))
        .map_err(|error| error.try_this(folder_with_all()))?;
    for path in lookup::candidates(name, Path::new("/"), task) {
        let Ok(file) = lookup::open_inside(&folder, &path) else { continue };
        let about = file
            .metadata()
            .doing(|| said!("look at {path}", "{path}을(를) 살펴볼 수 없습니다", path = path.display()))?;
        return match (about.is_file(), about.permissions().mode() & 0o111) {
            (true, 1..) => Ok(path),
            (true, _) => Err(not_executable(name, said!("it is no executable file", "실행 파일이 아님"))),
            (false, _) => Err(not_executable(name, said!("it is a folder", "폴더임"))),
        };
    }
    Err(not_found(name, said!("there is no such file", "그런 파일이 없음")))
}

/// A folder of the host on its way into an archive. Links stay links; sockets are left out.
struct Tree<'a> {
    root: &'a Path,
    files: &'a mut Initramfs,
    most_bytes: u64,
}

impl Tree<'_> {
    /// What is in this folder, which is there already.
    fn add(&mut self, folder: &Path) -> Result<()> {
        let place = self.root.join(folder);
        let doing = || said!("read the folder {place}", "폴더 {place}을(를) 읽을 수 없습니다", place = place.display());
        let mut names: Vec<OsString> = fs::read_dir(&place)
            .doing(doing)?
            .map(|entry| entry.map(|e| e.file_name()))
            .collect::<Result<_, _>>()
            .doing(doing)?;
        names.sort();
        for name in names {
            let path = folder.join(&name);
            let host = self.root.join(&path);
            let doing = || said!("read {host}", "{host}을(를) 읽을 수 없습니다", host = host.display());
            let about = host.symlink_metadata().doing(doing)?;
            let mode = about.mode();
            let device = (libc::major(about.rdev()), libc::minor(about.rdev()));
            match contents(&host, &about, self.most_bytes.saturating_sub(self.files.bytes() as u64)).doing(doing)? {
                Contents::None => self.files.entry(path.as_os_str().as_bytes(), mode, device, &[]),
                Contents::Some(bytes) => self.files.entry(path.as_os_str().as_bytes(), mode, (0, 0), &bytes),
                Contents::LeftOut => {}
                Contents::TooMuch => return Err(too_large(self.root, self.most_bytes)),
            }
            if about.is_dir() {
                self.add(&path)?;
            }
        }
        Ok(())
    }
}

enum Contents {
    None,
    Some(Vec<u8>),
    LeftOut,
    TooMuch,
}

fn contents(path: &Path, about: &Metadata, most: u64) -> std::io::Result<Contents> {
    let kind = about.file_type();
    Ok(match () {
        () if kind.is_symlink() => Contents::Some(fs::read_link(path)?.into_os_string().as_bytes().to_owned()),
        () if kind.is_socket() => Contents::LeftOut,
        () if kind.is_file() && about.len() > most => Contents::TooMuch,
        () if kind.is_file() => Contents::Some(fs::read(path)?),
        () => Contents::None,
    })
}

fn too_large(what: &Path, most_bytes: u64) -> Error {
    let (what, most) = (what.display(), most_bytes >> 20);
    Error::usage(
        said!("copy {what} into the guest", "{what}을(를) 게스트에 복사할 수 없습니다"),
        said!(
            "more than {most} MiB do not fit beside the kernel in its RAM",
            "RAM에는 커널 옆에 {most} MiB까지만 들어감"
        ),
    )
    .try_this(said!("more guest RAM: ram=SIZE", "게스트의 RAM을 늘리십시오: ram=SIZE"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::environments::testing::task;
    use std::os::unix::fs::symlink;

    fn text(archive: Initramfs) -> String {
        String::from_utf8_lossy(&archive.finish()).into_owned()
    }

    #[test]
    fn a_folder_is_copied_with_its_links_and_the_command_is_found_in_it() {
        let dir = tempfile::tempdir().unwrap();
        fs::create_dir(dir.path().join("bin")).unwrap();
        fs::write(dir.path().join("bin/tool"), "hello").unwrap();
        fs::set_permissions(dir.path().join("bin/tool"), PermissionsExt::from_mode(0o755)).unwrap();
        symlink("/bin/tool", dir.path().join("bin/again")).unwrap();
        symlink("../../../outside", dir.path().join("bin/out")).unwrap();
        let of = |program: &str| {
            let mut task = task(&[program, "a b"]);
            (task.rootfs, task.env) = (Rootfs::Dir(dir.path().to_owned()), vec![("PATH".into(), "/sbin:/bin".into())]);
            command(&task, Input::None, &[], 1 << 20)
        };
        let archive = text(of("tool").unwrap());
        for part in
            ["bin/tool\0", "hello", "bin/again\0", "/bin/tool\x002\0tool\0a b\0PATH=/sbin:/bin\0", ".isolab/init\0"]
        {
            assert!(archive.contains(part), "{part}");
        }
        assert!(of("/bin/again").is_ok());
        assert_eq!(of("/bin/out").unwrap_err().kind, Kind::NotFound);
        assert_eq!(of("none").unwrap_err().kind, Kind::NotFound);
        assert_eq!(of("/bin").unwrap_err().kind, Kind::NotExecutable);
    }

    #[test]
    fn what_does_not_fit_is_told_before_anything_starts() {
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join("large"), vec![0; 3 << 20]).unwrap();
        fs::set_permissions(dir.path().join("large"), PermissionsExt::from_mode(0o755)).unwrap();
        let mut task = task(&["/large"]);
        task.rootfs = Rootfs::Dir(dir.path().to_owned());
        let error = command(&task, Input::None, &[], 2 << 20).unwrap_err();
        assert!(error.cause.contains("2 MiB") && error.try_this.contains("ram="), "{error}");
        task.rootfs = Rootfs::Dir("/".into());
        assert_eq!(command(&task, Input::None, &[], 2 << 20).unwrap_err().kind, Kind::Usage);
        task.rootfs = Rootfs::Dir(dir.path().join("missing"));
        let error = command(&task, Input::None, &[], 2 << 20).unwrap_err();
        assert!(error.try_this.contains("--rootfs DIR"), "{error}");
    }

    #[test]
    fn a_program_of_the_host_goes_alone_or_says_what_it_needs() {
        let error = command(&task(&["sh"]), Input::None, &[], 64 << 20).unwrap_err();
        assert!(error.kind == Kind::NotFound && error.try_this.contains("--rootfs"), "{error}");
        assert!(
            text(command(&task(&["probe", "noop"]), Input::None, &[], 1 << 20).unwrap())
                .contains("/probe\x002\0probe\0noop")
        );
    }
}
