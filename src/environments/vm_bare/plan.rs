//! Everything that is known before the clock starts: the hardware from the knobs, the software from the task.

use std::borrow::Cow;
use std::ffi::OsStr;
use std::fs::File;
use std::io::Read;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use crate::environments::payload::{not_executable, not_found};
use crate::environments::{Knobs, host_ram, lookup};
use crate::error::{Context, Error, Result};
use crate::lang::Said;
use crate::model::{Io, Limits, Rootfs, Task};
use crate::probe::{self, abi};
use crate::said;
use crate::units::parse_bytes;
use crate::vm::bare::elf::Program;
use crate::vm::bare::image::Software;
use crate::vm::bare::layout::{BIG_PAGE, RAM_DEFAULT, RAM_LEAST, RAM_MOST};
use crate::vm::bare::machine::Hardware;

/// One bare VM, described and checked.
pub(super) struct Plan {
    pub(super) hard: Hardware,
    pub(super) soft: Software,
    pub(super) io: Io,
    pub(super) release: Option<i32>,
}

impl Plan {
    pub(super) fn new(knobs: &Knobs, task: &Task) -> Result<Plan> {
        if task.limits != Limits::default() {
            return Err(Error::unavailable(
                said!("limit the bare VM", "베어 VM을 제한할 수 없습니다"),
                said!("it is in no control group of its own", "자기 컨트롤 그룹이 없음"),
            )
            .try_this(said!("ram=SIZE limits its memory", "ram=SIZE가 메모리를 제한합니다")));
        }
        let hard = hardware(knobs)?;
        let soft = software(task, hard.ram_bytes)?;
        soft.program.check_fits(&hard.room())?;
        Ok(Plan { hard, soft, io: task.io, release: task.release })
    }
}

/// The knob `ram`, or what a guest has without it.
pub(super) fn ram_bytes(knobs: &Knobs) -> Result<u64> {
    knobs.value("ram").map_or(Ok(RAM_DEFAULT), ram)
}

fn hardware(knobs: &Knobs) -> Result<Hardware> {
    let ram_bytes = ram_bytes(knobs)?;
    let populate = knobs.has("populate");
    if populate {
        host_ram::check(ram_bytes)?;
    }
    let mut hard = Hardware::default();
    (hard.ram_bytes, hard.populate, hard.huge) = (ram_bytes, populate, knobs.has("thp"));
    Ok(hard)
}

/// "64M", "1G": bytes.
pub(super) fn ram(text: &str) -> Result<u64> {
    let wrong = |cause: Said| {
        Error::usage(said!("give the guest ram={text}", "게스트에 ram={text}을(를) 줄 수 없습니다"), cause)
            .try_this(said!("ram=16M to ram=64G, in steps of 2M", "ram=16M부터 ram=64G까지, 2M 단위로"))
    };
    let bytes = parse_bytes(text).map_err(|error| wrong(error.cause))?;
    match bytes {
        RAM_DEFAULT => Err(wrong(said!("that is what it has without the knob", "노브 없이도 그만큼임"))),
        _ if bytes < RAM_LEAST => Err(wrong(said!("that is too little", "너무 적음"))),
        _ if bytes > RAM_MOST => Err(wrong(said!(
            "that is more than our page tables can map",
            "우리 페이지 테이블이 매핑할 수 있는 것보다 큼"
        ))),
        _ if bytes % BIG_PAGE != 0 => Err(wrong(said!("it is no multiple of 2 MiB", "2 MiB의 배수가 아님"))),
        _ => Ok(bytes),
    }
}

fn software(task: &Task, ram_bytes: u64) -> Result<Software> {
    let file = file(task, ram_bytes)?;
    let name = task.argv.first().map(|name| name.to_string_lossy()).unwrap_or_default();
    let named = |error: Error| Error {
        doing: said!(
            "load the program {name} into the bare guest",
            "프로그램 {name}을(를) 베어 게스트에 올릴 수 없습니다"
        ),
        ..error
    };
    let program = Program::parse(&file).map_err(named)?;
    let mut env = task.env.clone();
    if task.ready {
        env.retain(|(name, _)| name != abi::ENV_READY);
        env.push((abi::ENV_READY.into(), "port".into()));
    }
    Ok(Software { file, program, argv: task.argv.clone(), env })
}

/// The program's bytes. There is no file system in the guest: the file is the host's, or the rootfs's.
fn file(task: &Task, most_bytes: u64) -> Result<Cow<'static, [u8]>> {
    let name = lookup::name(task)?;
    let plain = name.as_bytes().strip_prefix(b"/").unwrap_or(name.as_bytes());
    match &task.rootfs {
        Rootfs::Probe if plain == probe::NAME.as_bytes() => Ok(probe::ELF.into()),
        Rootfs::Probe => read(name, Path::new("/"), &lookup::here(), task, most_bytes),
        Rootfs::Dir(root) if root == Path::new("/") => read(name, root, &lookup::here(), task, most_bytes),
        Rootfs::Dir(root) => read(name, root, Path::new("/"), task, most_bytes),
    }
}

fn read(name: &OsStr, root: &Path, here: &Path, task: &Task, most_bytes: u64) -> Result<Cow<'static, [u8]>> {
    let doing = || said!("read the program {name}", "프로그램 {name}을(를) 읽을 수 없습니다", name = name.display());
    let folder = File::open(root).doing(doing)?;
    let mut file = None;
    for path in lookup::candidates(name, here, task) {
        match lookup::open_inside(&folder, &path) {
            Ok(found) => {
                file = Some(found);
                break;
            }
            Err(nix::Error::ENOENT | nix::Error::ENOTDIR) => {}
            Err(cause) => return Err(not_executable(name, Said::english(cause.desc()))),
        }
    }
    let Some(file) = file else {
        return Err(not_found(name, said!("there is no such file", "그런 파일이 없음")));
    };
    let about = file.metadata().doing(doing)?;
    if about.is_dir() {
        return Err(not_executable(name, said!("it is a folder", "폴더임")));
    }
    if !about.is_file() || about.permissions().mode() & 0o111 == 0 {
        return Err(not_executable(name, said!("it is no executable file", "실행 파일이 아님")));
    }
    if about.len() > most_bytes {
        return Err(Error::new(doing(), said!("it is larger than the guest's RAM", "게스트의 RAM보다 큼"))
            .try_this(said!("more guest RAM: ram=SIZE", "게스트의 RAM을 늘리십시오: ram=SIZE")));
    }
    let mut bytes = Vec::new();
    file.take(most_bytes).read_to_end(&mut bytes).doing(doing)?;
    Ok(bytes.into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Kind;

    #[test]
    fn absurd_sizes_are_told_what_would_work() {
        for text in [
            "0M",
            "8M",
            "15M",
            "17M",
            "65G",
            "1T",
            "-1G",
            "x",
            "",
            "99999999999999999999G",
            "20000000000000G",
            "16777217",
        ] {
            let error = ram(text).unwrap_err();
            assert_eq!(error.kind, Kind::Usage, "{text}");
            assert!(error.try_this.contains("16M"), "{text}: {error}");
        }
        assert_eq!(ram("16M").unwrap(), 16 << 20);
        assert_eq!(ram("64g").unwrap(), 64 << 30);
    }

    fn task(rootfs: Rootfs, program: &str) -> Task {
        Task {
            rootfs,
            argv: vec![program.into()],
            env: vec![("PATH".into(), "/bin".into())],
            io: Io::Null,
            limits: Limits::default(),
            ready: false,
            init: false,
            disks: Vec::new(),
            release: None,
        }
    }

    #[test]
    fn a_program_is_found_in_its_rootfs_and_nowhere_else() {
        let dir = tempfile::tempdir().unwrap();
        let root = dir.path().join("root");
        std::fs::create_dir_all(root.join("bin")).unwrap();
        std::fs::write(root.join("bin/hello"), probe::ELF).unwrap();
        std::fs::write(root.join("bin/text"), "hello").unwrap();
        std::fs::write(dir.path().join("outside"), probe::ELF).unwrap();
        std::os::unix::fs::symlink("../../outside", root.join("bin/link")).unwrap();
        for name in ["hello", "text"] {
            std::fs::set_permissions(root.join("bin").join(name), PermissionsExt::from_mode(0o755)).unwrap();
        }
        let plan = |program: &str| Plan::new(&Knobs::default(), &task(Rootfs::Dir(root.clone()), program));
        assert!(plan("hello").is_ok());
        assert!(plan("/bin/hello").is_ok());
        let kind = |program: &str| plan(program).err().unwrap().kind;
        assert_eq!(kind("/bin/link"), Kind::NotFound, "a link may not lead out");
        assert_eq!(kind("/../outside"), Kind::NotFound);
        assert_eq!(kind("nothing"), Kind::NotFound);
        assert_eq!(kind("/bin"), Kind::NotExecutable);
        assert_eq!(kind("text"), Kind::NotExecutable);
    }

    #[test]
    fn a_dynamic_program_of_the_host_is_refused_before_anything_starts() {
        let error = Plan::new(&Knobs::default(), &task(Rootfs::Probe, "sh")).err().unwrap();
        assert_eq!(error.kind, Kind::NotExecutable);
        assert!(error.try_this.contains("-static"), "{error}");
    }
}
