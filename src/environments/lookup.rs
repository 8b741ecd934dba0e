//! Which program a command means, and why it could not be executed.
//!
//! A command is looked up once, from the caller's folder, in the same way for every environment: as execvp(3) does.

use std::ffi::{OsStr, OsString};
use std::fs::{self, File};
use std::io::Read;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use nix::fcntl::{OFlag, OpenHow, ResolveFlag, openat2};
use nix::sys::statvfs::{FsFlags, statvfs};
use nix::unistd::{AccessFlags, access};

use super::payload::{not_executable, not_found, variable};
use crate::error::{Context, Error, Kind, Result, shortage};
use crate::lang::{Lang, Said};
use crate::model::Task;
use crate::said;
use crate::shell::quoted_path;

/// The caller's folder; the top when it is gone.
pub(super) fn here() -> PathBuf {
    std::env::current_dir().unwrap_or_else(|_| "/".into())
}

/// The command's name; one that cannot be a file is told.
pub(super) fn name(task: &Task) -> Result<&OsStr> {
    let name = task.argv.first().ok_or_else(|| {
        Error::usage(
            said!("run a program", "프로그램을 실행할 수 없습니다"),
            said!("none was named", "프로그램을 적지 않음"),
        )
    })?;
    match name.as_bytes() {
        b"" => Err(not_found(OsStr::new("''"), said!("its name is empty", "이름이 비어 있음"))
            .try_this(Said::english("isolab run -- PROGRAM"))),
        b"." | b".." => Err(not_executable(name, said!("it is a folder", "폴더임"))
            .try_this(said!("./PROGRAM, for one in this folder", "이 폴더의 것이면 ./PROGRAM으로 적으십시오"))),
        _ => Ok(name),
    }
}

/// With a slash a name is a path from `here`, else PATH decides: the task's own, or ours.
pub(super) fn candidates(name: &OsStr, here: &Path, task: &Task) -> Vec<PathBuf> {
    if name.as_bytes().contains(&b'/') {
        return vec![here.join(name)];
    }
    let own = std::env::var_os("PATH");
    let path = variable(task, "PATH").or(own.as_deref()).unwrap_or(OsStr::new("/usr/local/bin:/usr/bin:/bin"));
    std::env::split_paths(path).map(|folder| here.join(folder).join(name)).collect()
}

/// No link leads out of the folder, whatever it says (openat2(2), RESOLVE_IN_ROOT); a FIFO does not make us wait.
pub(super) fn open_inside(root: &File, path: &Path) -> nix::Result<File> {
    let flags = OFlag::O_RDONLY | OFlag::O_CLOEXEC | OFlag::O_NONBLOCK;
    let how = OpenHow::new().flags(flags).resolve(ResolveFlag::RESOLVE_IN_ROOT | ResolveFlag::RESOLVE_NO_MAGICLINKS);
    openat2(root, path, how).map(File::from)
}

/// The file of the host that the command means.
pub(super) fn on_host(task: &Task) -> Result<PathBuf> {
    let name = name(task)?;
    let candidates = candidates(name, &here(), task);
    let there: Vec<&PathBuf> = candidates.iter().filter(|path| path.exists()).collect();
    let executable =
        |path: &&&PathBuf| path.is_file() && access(path.as_path(), AccessFlags::X_OK).is_ok() && has_x_bit(path);
    match (there.iter().find(executable), there.first()) {
        (Some(program), _) => Ok((*program).clone()),
        (None, Some(other)) => {
            Err(explain(not_executable(other.as_os_str(), Said::english("Permission denied")), other, name))
        }
        (None, None) => Err(not_found(name, said!("there is no such file", "그런 파일이 없음"))),
    }
}

/// root passes access(2) for any file with one x bit; without any not even root may execute it.
fn has_x_bit(path: &Path) -> bool {
    path.metadata().is_ok_and(|m| m.mode() & 0o111 != 0)
}

/// What an errno of execve(2) does not say: the file, and what is wrong with it. `path` is where we see it, `name` how the
/// user knows it.
pub(super) fn explain(error: Error, path: &Path, name: &OsStr) -> Error {
    if !matches!(error.kind, Kind::NotFound | Kind::NotExecutable) {
        return error;
    }
    let shown = quoted_path(if name.as_bytes().contains(&b'/') { Path::new(name) } else { path });
    let name = name.display();
    let doing = said!("execute the program {name}", "프로그램 {name}을(를) 실행할 수 없습니다");
    match why_not(path, &shown) {
        Some((kind, cause, advice)) => Error::new(doing, cause).kind(kind).try_this(advice),
        None if path.exists() => Error { doing, ..error },
        None => error,
    }
}

type Why = (Kind, Said, Said);

fn why_not(path: &Path, shown: &str) -> Option<Why> {
    let no = |cause, advice| Some((Kind::NotExecutable, cause, advice));
    let about = path.metadata().ok()?;
    if about.is_dir() {
        return no(
            said!("it is a folder", "폴더임"),
            said!("the program in it: ls {shown}", "그 안의 프로그램을 적으십시오: ls {shown}"),
        );
    }
    if !about.is_file() {
        return no(said!("it is no regular file", "일반 파일이 아님"), Said::verbatim(format!("ls -l {shown}")));
    }
    if about.mode() & 0o111 == 0 {
        let cause =
            said!("it has no x bit, so that nobody may execute it", "실행 권한(x)이 없어 아무도 실행할 수 없음");
        return no(cause, Said::verbatim(format!("chmod +x {shown}")));
    }
    if statvfs(path).is_ok_and(|fs| fs.flags().contains(FsFlags::ST_NOEXEC)) {
        let advice = said!(
            "copy it to another file system; findmnt -T {shown} shows this one",
            "다른 파일 시스템으로 복사하십시오. findmnt -T {shown}이(가) 지금 것을 보여 줍니다"
        );
        return no(shortage::NO_EXEC, advice);
    }
    if access(path, AccessFlags::X_OK).is_err() {
        return no(
            said!("this user may not execute it", "이 사용자는 실행할 수 없음"),
            Said::verbatim(format!("ls -l {shown}")),
        );
    }
    head(path).and_then(|head| of_contents(&head, shown))
}

fn head(path: &Path) -> Option<Vec<u8>> {
    let mut head = Vec::new();
    let file = File::options().read(true).custom_flags(libc::O_NONBLOCK).open(path).ok()?;
    file.take(64 << 10).read_to_end(&mut head).ok()?;
    Some(head)
}

fn of_contents(head: &[u8], shown: &str) -> Option<Why> {
    let no = |cause: Said, advice: Said| Some((Kind::NotExecutable, cause, advice));
    if let Some(line) = head.strip_prefix(b"#!") {
        let line = line.split(|c| *c == b'\n').next().unwrap_or_default();
        return of_interpreter(line, shown);
    }
    if head.is_empty() {
        return no(
            said!("it is empty", "비어 있음"),
            said!(
                "a program, or a script with #!/bin/sh as its first line",
                "프로그램이나, 첫 줄이 #!/bin/sh인 스크립트"
            ),
        );
    }
    if !head.starts_with(b"\x7fELF") {
        let cause = said!(
            "it is neither an ELF program nor a script: its first line does not begin with #!",
            "ELF 프로그램도 스크립트도 아님: 첫 줄이 #!로 시작하지 않음"
        );
        return no(
            cause,
            said!("#!/bin/sh as its first line, or: sh {shown}", "첫 줄에 #!/bin/sh를 쓰거나: sh {shown}"),
        );
    }
    match cpu(head) {
        Some("x86-64" | "i386") => {}
        Some(cpu) => {
            let cause = said!("it is built for another CPU, {cpu}", "다른 CPU({cpu})용으로 빌드됨");
            return no(cause, said!("build it for x86-64", "x86-64용으로 빌드하십시오"));
        }
        None => {
            let cause = said!("its ELF header is damaged, or for another CPU", "ELF 헤더가 손상되었거나 다른 CPU용임");
            return no(cause, Said::verbatim(format!("file {shown}")));
        }
    }
    let loader = loader(head).filter(|loader| !loader.exists())?;
    let loader = loader.display();
    let cause = said!("its dynamic loader {loader} is not there", "동적 로더 {loader}이(가) 없음");
    let advice = said!(
        "install the C library that it was built for, or link it statically (-static)",
        "빌드할 때 쓴 C 라이브러리를 설치하거나 정적으로 링크하십시오(-static)"
    );
    Some((Kind::NotFound, cause, advice))
}

fn of_interpreter(line: &[u8], shown: &str) -> Option<Why> {
    let name = line.trim_ascii_start().split(|c| *c == b' ' || *c == b'\t').next().unwrap_or_default();
    let interpreter = PathBuf::from(OsString::from_vec(name.to_vec()));
    if name.strip_suffix(b"\r").is_some_and(|name| Path::new(OsStr::from_bytes(name)).exists()) {
        let cause = said!(
            "its lines end in CR LF, as on Windows, and the CR is taken for a part of the interpreter's name",
            "줄이 윈도처럼 CR LF로 끝나 CR이 인터프리터 이름의 일부가 됨"
        );
        return Some((Kind::NotFound, cause, Said::verbatim(format!("sed -i 's/\\r$//' {shown}"))));
    }
    if name.is_empty() {
        let cause = said!("its first line names no interpreter after #!", "첫 줄의 #! 뒤에 인터프리터가 없음");
        return Some((
            Kind::NotExecutable,
            cause,
            said!("#!/bin/sh as its first line", "첫 줄에 #!/bin/sh를 쓰십시오"),
        ));
    }
    if !interpreter.exists() {
        let name = interpreter.display();
        let cause = said!("its interpreter {name} is not there", "인터프리터 {name}이(가) 없음");
        let advice =
            said!("install it, or change the first line of the script", "설치하거나 스크립트의 첫 줄을 고치십시오");
        return Some((Kind::NotFound, cause, advice));
    }
    let (kind, cause, advice) = why_not(&interpreter, &quoted_path(&interpreter))?;
    let name = interpreter.display();
    let (en, ko) = (cause.of(Lang::En), cause.of(Lang::Ko));
    let cause = said!("its interpreter {name} cannot run: {en}", "인터프리터 {name}을(를) 실행할 수 없음: {ko}");
    Some((kind, cause, advice))
}

/// e_machine (elf(5), linux/elf-em.h).
fn cpu(head: &[u8]) -> Option<&'static str> {
    let machine = [*head.get(18)?, *head.get(19)?];
    let machine = if head[5] == 2 { u16::from_be_bytes(machine) } else { u16::from_le_bytes(machine) };
    Some(match machine {
        62 => "x86-64",
        3 => "i386",
        183 => "arm64",
        40 => "arm",
        243 => "RISC-V",
        21 => "ppc64",
        22 => "s390x",
        8 => "MIPS",
        258 => "LoongArch",
        _ => return None,
    })
}

/// The file in PT_INTERP of a 64-bit or 32-bit program.
fn loader(head: &[u8]) -> Option<PathBuf> {
    let wide = *head.get(4)? == 2;
    let word = |at: usize| Some(u64::from(u32::from_le_bytes(head.get(at..at + 4)?.try_into().ok()?)));
    let long = |at: usize| Some(u64::from_le_bytes(head.get(at..at + 8)?.try_into().ok()?));
    let half = |at: usize| Some(usize::from(u16::from_le_bytes(head.get(at..at + 2)?.try_into().ok()?)));
    let (table, size, count) = if wide { (long(32)?, half(54)?, half(56)?) } else { (word(28)?, half(42)?, half(44)?) };
    let headers = (0..count.min(64)).map(|n| usize::try_from(table).ok()?.checked_add(n * size));
    let header = headers.flatten().find(|at| word(*at) == Some(3))?;
    let (offset, length) =
        if wide { (long(header + 8)?, long(header + 32)?) } else { (word(header + 4)?, word(header + 16)?) };
    let start = usize::try_from(offset).ok()?;
    let name = head.get(start..start.checked_add(usize::try_from(length).ok()?)?)?;
    Some(PathBuf::from(OsStr::from_bytes(name.split(|c| *c == 0).next()?)))
}

/// A root folder with the program's own file in it and nothing else, for a program that needs nothing else.
pub(super) fn alone(task: &Task, dir: &Path) -> Result<PathBuf> {
    let program = on_host(task)?;
    let name = program.file_name().unwrap_or_default();
    if let Some((kind, cause, advice)) = why_not(&program, &quoted_path(&program)) {
        let name = name.display();
        let doing = said!("execute the program {name}", "프로그램 {name}을(를) 실행할 수 없습니다");
        return Err(Error::new(doing, cause).kind(kind).try_this(advice)); // with --rootfs / too
    }
    if let Some(other) = needs(&program) {
        let (other, name) = (other.display(), name.display());
        let cause = said!(
            "it needs {other} too, and without --rootfs a container has the program's own file alone",
            "{other}도 필요한데, --rootfs가 없으면 컨테이너에는 프로그램 파일 하나뿐임"
        );
        let doing = said!("find all of the program {name}", "프로그램 {name}에 필요한 것을 모두 찾을 수 없습니다");
        return Err(Error::new(doing, cause).kind(Kind::NotFound).try_this(said!(
            "--rootfs / shows the host's files, read-only; or link it statically",
            "--rootfs /는 호스트의 파일을 읽기 전용으로 보여 줍니다. 또는 정적으로 링크하십시오"
        )));
    }
    let root = dir.join("alone");
    let (place, unfinished) = (root.join(name), root.join(format!(".{}", std::process::id())));
    let doing =
        || said!("copy the program to {place}", "프로그램을 {place}(으)로 복사할 수 없습니다", place = place.display());
    fs::create_dir_all(&root).doing(doing)?;
    fs::set_permissions(&root, fs::Permissions::from_mode(0o755)).doing(doing)?;
    if !place.exists() {
        fs::copy(&program, &unfinished).map_err(|cause| no_room(doing(), cause))?;
        fs::set_permissions(&unfinished, fs::Permissions::from_mode(0o755)).doing(doing)?;
        fs::rename(&unfinished, &place).doing(doing)?; // whole or not at all
    }
    may_execute(&root)?;
    Ok(root)
}

/// Why a program cannot be put into the scratch folder.
pub(super) fn no_room(doing: Said, cause: std::io::Error) -> Error {
    let full = shortage::is_of_space(&cause);
    let remedy = if full { shortage::SCRATCH_SPACE } else { shortage::remedy(&cause) };
    Error::new(doing, cause).try_this(remedy)
}

/// A container's root folder is a part of the scratch folder's file system, and a process runs its program from there.
pub(super) fn may_execute(folder: &Path) -> Result<()> {
    if statvfs(folder).is_ok_and(|fs| fs.flags().contains(FsFlags::ST_NOEXEC)) {
        let folder = folder.display();
        let doing = said!("run a program from {folder}", "{folder}에 있는 프로그램을 실행할 수 없습니다");
        let error = Error::unavailable(doing, shortage::NO_EXEC);
        return Err(error.try_this(shortage::SCRATCH_PROGRAMS));
    }
    Ok(())
}

/// A program that the host has and the container's view of the host has not.
pub(super) fn hidden(error: Error, task: &Task) -> Error {
    let covered = |path: &PathBuf| {
        let below = |places: &[&str]| places.iter().any(|place| path.starts_with(place));
        below(&["/dev", "/proc"]) || error.kind == Kind::NotFound && below(&["/tmp", "/run", "/sys"])
    };
    match on_host(task).ok().and_then(|path| path.canonicalize().ok()).filter(covered) {
        Some(path) => {
            let path = path.display();
            let cause = said!(
                "{path} is not inside: a container has /tmp, /run, /dev and /proc of its own",
                "{path}은(는) 안에 없음: 컨테이너에는 자기의 /tmp, /run, /dev, /proc이 있음"
            );
            let error = Error { cause, ..error }.kind(Kind::NotFound);
            error.try_this(said!(
                "copy its folder to one that is not below these, and begin there",
                "그 폴더를 이들 아래가 아닌 곳으로 복사하고 거기에서 시작하십시오"
            ))
        }
        None => error,
    }
}

/// What a file needs beside itself to run: None for a static program.
pub(super) fn needs(path: &Path) -> Option<PathBuf> {
    let head = head(path)?;
    match head.strip_prefix(b"#!") {
        Some(line) => {
            let line = line.split(|c| *c == b'\n').next().unwrap_or_default();
            let name = line.trim_ascii_start().split(u8::is_ascii_whitespace).next().unwrap_or_default();
            Some(PathBuf::from(OsStr::from_bytes(name)))
        }
        None => loader(&head),
    }
}
