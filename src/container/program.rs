//! Finding the program in the root folder, before anything runs.
//!
//! The folder may come from a stranger, and until exec the child is *our* program: a program that is a link to
//! /proc/self/exe, or one whose interpreter or dynamic loader is, would run our own binary again inside the container, from where it
//! could be overwritten (CVE-2019-5736). So links are followed here, from a descriptor of the folder, and what is executed
//! is the plain path that they lead to; never one below /proc or /dev.
//!
//! What this does not stop: somebody who changes the folder between this look and exec.

use std::ffi::{OsStr, OsString};
use std::fs::{File, read_link};
use std::io::Read;
use std::os::fd::{AsFd, AsRawFd, OwnedFd};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

use nix::errno::Errno;
use nix::fcntl::{OFlag, OpenHow, ResolveFlag, open, openat2};
use nix::sys::stat::{Mode, SFlag, fstat};

use crate::error::{Context, Error, Kind, Result};

/// Docker's PATH for an image that names none.
pub const USUAL_PATH: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/// The path, inside `root`, of the file that `name` means there.
pub fn find(root: &Path, name: &OsStr, search: &OsStr) -> Result<PathBuf> {
    let folder = Folder::open(root)?;
    let candidates: Vec<PathBuf> = if name.as_bytes().contains(&b'/') {
        vec![PathBuf::from(name)]
    } else {
        std::env::split_paths(search).map(|dir| dir.join(name)).collect()
    };
    let mut refused = None;
    for candidate in candidates {
        match folder.look(&candidate) {
            Ok(path) => return folder.check_interpreters(&path).map(|()| path),
            Err(Errno::ENOENT | Errno::ENOTDIR) => {}
            Err(errno) => refused = refused.or(Some(errno)),
        }
    }
    Err(match refused {
        None => told(name, "find", "there is no such file in the root folder", Kind::NotFound),
        Some(errno) => told(name, "execute", &refusal(errno), Kind::NotExecutable),
    })
}

fn told(name: &OsStr, doing: &str, cause: &str, kind: Kind) -> Error {
    let advice = if kind == Kind::NotFound {
        "another spelling, or its path in the root folder"
    } else {
        "chmod +x, if it is a program"
    };
    Error::new(format!("{doing} the program {}", name.to_string_lossy()), cause).kind(kind).try_this(advice)
}

fn refusal(errno: Errno) -> String {
    match errno {
        Errno::EACCES => "it is no file that may be executed".into(),
        Errno::ELOOP => "its links lead out of the root folder's own files".into(),
        other => other.desc().into(),
    }
}

struct Folder {
    top: OwnedFd,
    real: PathBuf,
}

impl Folder {
    fn open(root: &Path) -> Result<Folder> {
        let doing = || format!("open the root folder {}", root.display());
        let top = open(root, OFlag::O_PATH | OFlag::O_DIRECTORY | OFlag::O_CLOEXEC, Mode::empty()).doing(doing)?;
        let real = real_path(&top).doing(doing)?;
        Ok(Folder { top, real })
    }

    /// Follows links, with the folder as `/`, to a file that may be executed.
    fn look(&self, path: &Path) -> Result<PathBuf, Errno> {
        let how = OpenHow::new()
            .flags(OFlag::O_PATH | OFlag::O_CLOEXEC)
            .resolve(ResolveFlag::RESOLVE_IN_ROOT | ResolveFlag::RESOLVE_NO_MAGICLINKS);
        let file = openat2(&self.top, path, how)?;
        let inside = real_path(&file).map_err(|_| Errno::ENOENT)?;
        let inside = Path::new("/").join(inside.strip_prefix(&self.real).map_err(|_| Errno::ELOOP)?);
        if inside.starts_with("/proc") || inside.starts_with("/dev") {
            return Err(Errno::ELOOP); // other files will be there when the program runs
        }
        let mode = fstat(file.as_fd())?.st_mode;
        let is_file = mode & SFlag::S_IFMT.bits() == SFlag::S_IFREG.bits();
        if is_file && mode & 0o111 != 0 { Ok(inside) } else { Err(Errno::EACCES) }
    }

    /// A script names its interpreter, which may be a script again: the kernel follows five levels. A program names its
    /// dynamic loader.
    fn check_interpreters(&self, program: &Path) -> Result<()> {
        let mut script = program.to_owned();
        for _ in 0..5 {
            let file = self
                .read(&script)
                .map_err(|errno| told(script.as_os_str(), "read", unread(errno), Kind::NotExecutable))?;
            let Some(interpreter) = interpreter(&file).or_else(|| loader(&file)) else { return Ok(()) };
            script = self.look(Path::new(&interpreter)).map_err(|errno| match errno {
                Errno::ENOENT | Errno::ENOTDIR => told(
                    &interpreter,
                    "find",
                    "the program needs it to run, and the root folder has no such file",
                    Kind::NotFound,
                ),
                errno => told(&interpreter, "execute", &refusal(errno), Kind::NotExecutable),
            })?;
        }
        Ok(())
    }

    fn read(&self, path: &Path) -> Result<File, Errno> {
        let how = OpenHow::new()
            .flags(OFlag::O_RDONLY | OFlag::O_CLOEXEC | OFlag::O_NONBLOCK)
            .resolve(ResolveFlag::RESOLVE_IN_ROOT | ResolveFlag::RESOLVE_NO_SYMLINKS);
        openat2(&self.top, path, how).map(File::from)
    }
}

/// The kernel executes what we may not read; whose interpreter would it be?
fn unread(errno: Errno) -> &'static str {
    if errno == Errno::EACCES { "without reading it nobody can tell what would run it" } else { errno.desc() }
}

/// "/bin/sh" of a file that begins with "#!/bin/sh -e".
fn interpreter(file: &File) -> Option<OsString> {
    let mut head = Vec::new();
    file.take(256).read_to_end(&mut head).ok()?;
    let line = head.strip_prefix(b"#!")?.split(|c| *c == b'\n').next()?;
    let name = line.trim_ascii_start().split(|c| *c == b' ' || *c == b'\t').next()?;
    Some(OsString::from_vec(name.to_vec()))
}

/// The dynamic loader that an ELF file names in its first PT_INTERP header (elf(5)): the kernel opens it in the same way.
fn loader(file: &File) -> Option<OsString> {
    let (mut head, mut header) = ([0; 64], [0; 56]);
    let word = |bytes: &[u8], at: usize| u64::from_le_bytes(bytes[at..at + 8].try_into().expect("eight bytes"));
    file.read_exact_at(&mut head, 0).ok().filter(|()| head.starts_with(b"\x7fELF"))?;
    for number in 0..u64::from(u16::from_le_bytes([head[56], head[57]])) {
        file.read_exact_at(&mut header, word(&head, 32).checked_add(number * 56)?).ok()?;
        if header[..4] == [3, 0, 0, 0] {
            let mut name = vec![0; word(&header, 32).min(4096) as usize]; // PATH_MAX, as in the kernel
            file.read_exact_at(&mut name, word(&header, 8)).ok()?;
            return Some(OsString::from_vec(name.split(|c| *c == 0).next()?.to_vec()));
        }
    }
    None
}

fn real_path(file: &OwnedFd) -> std::io::Result<PathBuf> {
    read_link(format!("/proc/self/fd/{}", file.as_raw_fd()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;
    use std::os::unix::fs::{PermissionsExt, symlink};

    fn folder() -> tempfile::TempDir {
        let dir = tempfile::tempdir().unwrap();
        for name in ["bin", "proc/self", "etc"] {
            fs::create_dir_all(dir.path().join(name)).unwrap();
        }
        for (name, text) in [
            ("bin/sh", "\x7fELF"),
            ("bin/good", "#!/bin/sh -e\n"),
            ("bin/evil", "#! /proc/self/exe\n"),
            ("bin/lonely", "#!/bin/perl\n"),
            ("proc/self/exe", "a decoy"),
        ] {
            fs::write(dir.path().join(name), text).unwrap();
            fs::set_permissions(dir.path().join(name), fs::Permissions::from_mode(0o755)).unwrap();
        }
        fs::write(dir.path().join("etc/text"), "").unwrap();
        dir
    }

    fn kind_of(dir: &tempfile::TempDir, name: &str) -> Result<PathBuf, Kind> {
        find(dir.path(), OsStr::new(name), OsStr::new("/sbin:/bin")).map_err(|e| e.kind)
    }

    #[test]
    fn names_and_links_mean_what_they_mean_inside() {
        let dir = folder();
        symlink("/bin/sh", dir.path().join("bin/link")).unwrap();
        symlink("../../../../../bin/sh", dir.path().join("bin/climber")).unwrap();
        assert_eq!(kind_of(&dir, "sh"), Ok("/bin/sh".into()));
        assert_eq!(kind_of(&dir, "/bin/link"), Ok("/bin/sh".into()));
        assert_eq!(kind_of(&dir, "climber"), Ok("/bin/sh".into()));
        assert_eq!(kind_of(&dir, "good"), Ok("/bin/good".into()));
    }

    #[test]
    fn what_is_not_there_or_not_executable_is_told_apart() {
        let dir = folder();
        assert_eq!(kind_of(&dir, "perl"), Err(Kind::NotFound));
        assert_eq!(kind_of(&dir, "lonely"), Err(Kind::NotFound));
        assert_eq!(kind_of(&dir, "/etc/text"), Err(Kind::NotExecutable));
        assert_eq!(kind_of(&dir, "/etc"), Err(Kind::NotExecutable));
    }

    /// The head of an ELF file with one header, PT_INTERP, and the name behind it.
    fn dynamic(loader: &str) -> Vec<u8> {
        let mut elf = vec![0; 64 + 56];
        elf[..4].copy_from_slice(b"\x7fELF");
        (elf[32], elf[56], elf[64], elf[72], elf[96]) = (64, 1, 3, 120, loader.len() as u8 + 1);
        elf.extend_from_slice(loader.as_bytes());
        elf.push(0);
        elf
    }

    #[test]
    fn a_dynamic_loader_is_a_file_of_the_folder_too() {
        let dir = folder();
        for (loader, expected) in [
            ("/bin/sh", Ok("/bin/sh".into())),
            ("/lib64/ld.so", Err(Kind::NotFound)),
            ("/proc/self/exe", Err(Kind::NotExecutable)),
            ("proc/self/exe", Err(Kind::NotExecutable)),
        ] {
            fs::write(dir.path().join("bin/sh"), dynamic(loader)).unwrap();
            assert_eq!(kind_of(&dir, "sh").map(|_: PathBuf| PathBuf::from("/bin/sh")), expected, "{loader}");
        }
        fs::write(dir.path().join("bin/sh"), &dynamic("/bin/sh")[..110]).unwrap();
        assert_eq!(kind_of(&dir, "sh"), Ok("/bin/sh".into()), "cut off: the kernel says so");
    }

    #[test]
    fn our_own_program_cannot_be_executed_again() {
        let dir = folder();
        symlink("/proc/self/exe", dir.path().join("bin/me")).unwrap();
        symlink("/etc/self", dir.path().join("bin/farther")).unwrap();
        symlink("/proc/self/exe", dir.path().join("etc/self")).unwrap();
        for name in ["me", "farther", "evil", "/proc/self/exe"] {
            assert_eq!(kind_of(&dir, name), Err(Kind::NotExecutable), "{name}");
        }
        assert_eq!(
            find(Path::new("/"), OsStr::new("/proc/self/exe"), OsStr::new("")).unwrap_err().kind,
            Kind::NotExecutable
        );
    }
}
