//! Finding the program in the root folder, before anything runs.
//!
//! The folder may come from a stranger, and until exec the child is *our* program: a program that is a link to
//! /proc/self/exe, or one whose interpreter or dynamic loader is, would run our own binary again inside the container, from where it
//! could be overwritten (CVE-2019-5736). So links are followed here, from a descriptor of the folder, scripts are replaced
//! by their interpreters, and what is executed is the plain path of a plain program; never one below /proc or /dev.
//!
//! Somebody who changes the folder between this look and exec gains nothing: exec follows no link at the end of that path and
//! runs no script ([`crate::sys::exec::Image::exec_file`]). The loader is looked up by the kernel, though, by a name inside the
//! program's file: what lies outside of the folder cannot be executed (Landlock; before Linux 5.19, or where it is switched
//! off, our code could be run as a loader).

use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::io::Read;
use std::os::fd::AsFd;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

use nix::errno::Errno;
use nix::fcntl::{OFlag, OpenHow, ResolveFlag, openat2};
use nix::sys::stat::{SFlag, fstat};

use super::folder::Folder;
use crate::error::{Error, Kind, Result};
use crate::lang::Said;
use crate::said;

/// Docker's PATH for an image that names none.
pub const USUAL_PATH: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/// What to execute for a command.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Program {
    /// Inside the folder: no script, no link.
    pub path: PathBuf,
    /// Of a script: its interpreter with its argument, and the script. They take the place of the command's name.
    pub before: Vec<OsString>,
}

impl Program {
    /// The arguments that the kernel would make of these (execve(2), "Interpreter scripts").
    pub fn argv(&self, argv: &[OsString]) -> Vec<OsString> {
        let own = usize::from(!self.before.is_empty()).min(argv.len());
        [&self.before, &argv[own..]].concat()
    }
}

/// What we were doing with a program.
enum Verb {
    Find,
    Read,
    Execute,
}

/// The program that `name` means inside the folder.
pub fn find(folder: &Folder, name: &OsStr, search: &OsStr) -> Result<Program> {
    let candidates: Vec<PathBuf> = if name.as_bytes().contains(&b'/') {
        vec![PathBuf::from(name)]
    } else {
        std::env::split_paths(search).map(|dir| dir.join(name)).collect()
    };
    let mut refused = None;
    for candidate in candidates {
        match look(folder, &candidate) {
            Ok(path) => return interpreted(folder, path),
            Err(Errno::ENOENT | Errno::ENOTDIR) => {}
            Err(errno) => refused = refused.or(Some(errno)),
        }
    }
    Err(match refused {
        None => told(
            name,
            Verb::Find,
            said!("there is no such file in the root folder", "루트 폴더에 그런 파일이 없음"),
            Kind::NotFound,
        ),
        Some(errno) => told(name, Verb::Execute, refusal(errno), Kind::NotExecutable),
    })
}

fn told(name: &OsStr, verb: Verb, cause: Said, kind: Kind) -> Error {
    let name = name.to_string_lossy();
    let doing = match verb {
        Verb::Find => said!("find the program {name}", "프로그램 {name}을(를) 찾을 수 없습니다"),
        Verb::Read => said!("read the program {name}", "프로그램 {name}을(를) 읽을 수 없습니다"),
        Verb::Execute => said!("execute the program {name}", "프로그램 {name}을(를) 실행할 수 없습니다"),
    };
    let advice = if kind == Kind::NotFound {
        said!("another spelling, or its path in the root folder", "이름을 확인하거나 루트 폴더 안의 경로를 적으십시오")
    } else {
        said!("chmod +x, if it is a program", "프로그램이면 chmod +x를 하십시오")
    };
    Error::new(doing, cause).kind(kind).try_this(advice)
}

fn refusal(errno: Errno) -> Said {
    match errno {
        Errno::EACCES => said!("it is no file that may be executed", "실행할 수 있는 파일이 아님"),
        Errno::ELOOP => {
            said!("its links lead out of the root folder's own files", "링크가 루트 폴더 자신의 파일 밖으로 이어짐")
        }
        other => Said::english(other.desc()),
    }
}

/// Follows links, with the folder as `/`, to a file that may be executed.
fn look(folder: &Folder, path: &Path) -> Result<PathBuf, Errno> {
    let how = OpenHow::new()
        .flags(OFlag::O_PATH | OFlag::O_CLOEXEC)
        .resolve(ResolveFlag::RESOLVE_IN_ROOT | ResolveFlag::RESOLVE_NO_MAGICLINKS);
    let file = openat2(folder, path, how)?;
    let inside = folder.path_of(&file)?;
    if inside.starts_with("/proc") || inside.starts_with("/dev") {
        return Err(Errno::ELOOP); // other files will be there when the program runs
    }
    let mode = fstat(file.as_fd())?.st_mode;
    let is_file = mode & SFlag::S_IFMT.bits() == SFlag::S_IFREG.bits();
    if is_file && mode & 0o111 != 0 { Ok(inside) } else { Err(Errno::EACCES) }
}

/// As many scripts as the kernel lets interpret each other.
const MOST_SCRIPTS: usize = 5;

/// A script names its interpreter, which may be a script again. A program names its dynamic loader.
fn interpreted(folder: &Folder, path: PathBuf) -> Result<Program> {
    let mut program = Program { path, before: Vec::new() };
    for _ in 0..=MOST_SCRIPTS {
        let name = program.path.as_os_str().to_owned();
        let file =
            read(folder, &program.path).map_err(|errno| told(&name, Verb::Read, unread(errno), Kind::NotExecutable))?;
        let Some(line) = script(&file) else {
            loader(&file).map_or(Ok(()), |loader| needed(folder, &loader).map(drop))?;
            return Ok(program);
        };
        let [interpreter, argument] = words(&line).ok_or_else(|| {
            told(
                &name,
                Verb::Execute,
                said!(
                    "after #! its first line must name an interpreter, in 256 bytes",
                    "첫 줄의 #! 뒤에 인터프리터가 있어야 함(256바이트 안)"
                ),
                Kind::NotExecutable,
            )
        })?;
        program.path = needed(folder, &interpreter)?;
        let script = program.before.first().cloned().unwrap_or(name);
        let rest = program.before.drain(..).skip(1);
        program.before = [interpreter]
            .into_iter()
            .chain(Some(argument).filter(|a| !a.is_empty()))
            .chain([script])
            .chain(rest)
            .collect();
    }
    let cause = said!(
        "its interpreter is a script, and so are five more",
        "인터프리터가 스크립트이고, 그런 것이 다섯 번 더 이어짐"
    );
    Err(told(program.path.as_os_str(), Verb::Execute, cause, Kind::NotExecutable))
}

fn needed(folder: &Folder, name: &OsStr) -> Result<PathBuf> {
    look(folder, Path::new(name)).map_err(|errno| match errno {
        Errno::ENOENT | Errno::ENOTDIR => told(
            name,
            Verb::Find,
            said!(
                "the program needs it to run, and the root folder has no such file",
                "프로그램이 도는 데 필요하나 루트 폴더에 그런 파일이 없음"
            ),
            Kind::NotFound,
        ),
        errno => told(name, Verb::Execute, refusal(errno), Kind::NotExecutable),
    })
}

fn read(folder: &Folder, path: &Path) -> Result<File, Errno> {
    let how = OpenHow::new()
        .flags(OFlag::O_RDONLY | OFlag::O_CLOEXEC | OFlag::O_NONBLOCK)
        .resolve(ResolveFlag::RESOLVE_IN_ROOT | ResolveFlag::RESOLVE_NO_SYMLINKS);
    openat2(folder, path, how).map(File::from)
}

/// The kernel executes what we may not read; whose interpreter would it be?
fn unread(errno: Errno) -> Said {
    if errno == Errno::EACCES {
        said!("without reading it nobody can tell what would run it", "읽지 못하면 무엇이 실행할지 알 수 없음")
    } else {
        Said::english(errno.desc())
    }
}

/// What follows "#!" in the first line of a file, as far as the kernel reads.
fn script(file: &File) -> Option<Vec<u8>> {
    const READ_BY_KERNEL: u64 = 256;
    let mut head = Vec::new();
    file.take(READ_BY_KERNEL).read_to_end(&mut head).ok()?;
    let is_whole = (head.len() as u64) < READ_BY_KERNEL;
    let line = head.strip_prefix(b"#!")?;
    let end = line.iter().position(|c| *c == b'\n');
    let mut line = line[..end.unwrap_or(line.len())].to_vec();
    if end.is_none() && !is_whole {
        line.push(b'\n'); // cut off
    }
    Some(line)
}

/// The interpreter and its one argument, which may be empty, of "/usr/bin/env -S sh -e". None without an interpreter, or
/// when its name is cut off.
fn words(line: &[u8]) -> Option<[OsString; 2]> {
    let blank = |c: &u8| *c == b' ' || *c == b'\t';
    let is_cut = line.last() == Some(&b'\n');
    let text = |c: &u8| !blank(c) && *c != b'\n'; // a CR is a part of the name, as for the kernel
    let start = line.iter().position(text).unwrap_or(line.len());
    let line = &line[start..line.iter().rposition(text).map_or(start, |last| last + 1)];
    let end = line.iter().position(blank);
    if line.is_empty() || (end.is_none() && is_cut) {
        return None;
    }
    let (name, argument) = line.split_at(end.unwrap_or(line.len()));
    Some([name, argument.trim_ascii()].map(|part| OsString::from_vec(part.to_vec())))
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
        find(&Folder::open(dir.path()).unwrap(), OsStr::new(name), OsStr::new("/sbin:/bin"))
            .map(|found| found.path)
            .map_err(|e| e.kind)
    }

    #[test]
    fn names_and_links_mean_what_they_mean_inside() {
        let dir = folder();
        symlink("/bin/sh", dir.path().join("bin/link")).unwrap();
        symlink("../../../../../bin/sh", dir.path().join("bin/climber")).unwrap();
        assert_eq!(kind_of(&dir, "sh"), Ok("/bin/sh".into()));
        assert_eq!(kind_of(&dir, "/bin/link"), Ok("/bin/sh".into()));
        assert_eq!(kind_of(&dir, "climber"), Ok("/bin/sh".into()));
        assert_eq!(kind_of(&dir, "good"), Ok("/bin/sh".into()), "the interpreter is what is executed");
    }

    #[test]
    fn what_is_not_there_or_not_executable_is_told_apart() {
        let dir = folder();
        assert_eq!(kind_of(&dir, "perl"), Err(Kind::NotFound));
        assert_eq!(kind_of(&dir, "lonely"), Err(Kind::NotFound));
        assert_eq!(kind_of(&dir, "/etc/text"), Err(Kind::NotExecutable));
        assert_eq!(kind_of(&dir, "/etc"), Err(Kind::NotExecutable));
    }

    #[test]
    fn scripts_get_the_arguments_that_the_kernel_gives_them() {
        let dir = folder();
        let put = |name: &str, text: &str| {
            let place = dir.path().join("bin").join(name);
            fs::write(&place, text).unwrap();
            fs::set_permissions(&place, fs::Permissions::from_mode(0o755)).unwrap();
        };
        put("spaces", "#! \t/bin/sh  -e -u \t\n");
        put("none", "#!/bin/sh");
        put("second", "#!/bin/spaces x\n");
        put("empty", "#! \nsh");
        put("long", &format!("#!/{}", "x/".repeat(200)));
        put("loop", "#!/bin/loop\n");
        let argv = |name: &str| {
            let found =
                find(&Folder::open(dir.path()).unwrap(), OsStr::new(name), OsStr::new("/bin")).map_err(|e| e.kind)?;
            let argv = found.argv(&["as-called", "1", "2"].map(OsString::from));
            Ok(argv.iter().map(|a| a.to_str().unwrap().to_owned()).collect::<Vec<_>>().join("|"))
        };
        assert_eq!(argv("sh"), Ok("as-called|1|2".into()));
        assert_eq!(argv("spaces"), Ok("/bin/sh|-e -u|/bin/spaces|1|2".into()));
        assert_eq!(argv("none"), Ok("/bin/sh|/bin/none|1|2".into()));
        assert_eq!(argv("second"), Ok("/bin/sh|-e -u|/bin/spaces|x|/bin/second|1|2".into()));
        for name in ["empty", "long", "loop"] {
            assert_eq!(argv(name), Err(Kind::NotExecutable), "{name}");
        }
    }

    /// The kernel goes through five scripts; who looks at fewer misses what the fifth one names.
    #[test]
    fn a_chain_of_scripts_leads_to_our_own_program_at_no_length() {
        for length in 1..=7 {
            let dir = folder();
            for number in 0..length {
                let next = if number + 1 == length { "/proc/self/exe".into() } else { format!("/bin/{}", number + 1) };
                let place = dir.path().join(format!("bin/{number}"));
                fs::write(&place, format!("#!{next}\n")).unwrap();
                fs::set_permissions(&place, fs::Permissions::from_mode(0o755)).unwrap();
            }
            assert_eq!(kind_of(&dir, "0"), Err(Kind::NotExecutable), "{length} scripts");
        }
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
            find(&Folder::open(Path::new("/")).unwrap(), OsStr::new("/proc/self/exe"), OsStr::new(""))
                .unwrap_err()
                .kind,
            Kind::NotExecutable
        );
    }
}
