//! What every run takes for granted, and some machines lack.

use std::os::unix::fs::{FileTypeExt, MetadataExt};
use std::path::Path;

use super::machine::Machine;
use super::row::Row;
use crate::error::shortage;
use crate::lang::Said;
use crate::said;

pub(super) fn proc(m: &Machine) -> Row {
    const WHAT: Said = Said::english("/proc");
    if m.has("/proc/self") {
        return Row::ok("proc", WHAT, Said::fixed("mounted", "마운트됨"));
    }
    Row::missing("proc", WHAT, shortage::NO_PROC).try_this([Said::verbatim(format!("$ {}", &*shortage::PROC))])
}

/// A regular file of that name keeps what programs write, and a measured write to it is one to a disk.
pub(super) fn null_device(m: &Machine) -> Row {
    const WHAT: Said = Said::english("/dev/null");
    let null = nix::sys::stat::makedev(1, 3);
    match std::fs::metadata(m.path("/dev/null")) {
        Ok(file) if !file.file_type().is_char_device() || file.rdev() != null => {
            let remedy = shortage::NULL_DEVICE;
            let remedy = remedy.split("; ").map(|command| Said::verbatim(format!("$ {command}")));
            Row::missing("null-device", WHAT, shortage::NO_NULL_DEVICE).try_this(remedy)
        }
        _ => Row::ok("null-device", WHAT, Said::fixed("the null device", "널 장치")),
    }
}

/// Where programs are put for containers and processes.
pub(super) fn scratch(m: &Machine) -> Row {
    const WHAT: Said = Said::fixed("temporary folder", "임시 폴더");
    let folder = Path::new(m.variable("TMPDIR").unwrap_or("/tmp"));
    let options = m.mount_of(folder).map(|mount| mount.options.as_slice()).unwrap_or_default();
    let has = |option: &str| options.iter().any(|o| o == option);
    let seen = |why: Said| Said::compose(&[&why], |lang| format!("{}: {}", folder.display(), why.of(lang)));
    if has("noexec") {
        Row::missing("scratch", WHAT, seen(shortage::NO_EXEC)).try_this([shortage::SCRATCH_PROGRAMS])
    } else if has("ro") {
        Row::missing("scratch", WHAT, seen(Said::fixed("it is read-only", "읽기 전용임")))
            .try_this([shortage::SCRATCH_SPACE])
    } else {
        Row::ok("scratch", WHAT, Said::verbatim(folder.display().to_string()))
    }
}

/// A quick run with its 32 instances at once has some 200.
const ENOUGH_FILES: u64 = 256;

pub(super) fn open_files(m: &Machine) -> Row {
    const WHAT: Said = Said::fixed("open files", "열린 파일");
    let limits = m.text("/proc/self/limits");
    let line = limits.lines().find_map(|line| line.strip_prefix("Max open files"));
    match line.and_then(|line| line.split_whitespace().next()?.parse::<u64>().ok()) {
        Some(most) if most < ENOUGH_FILES => {
            let seen = said!("up to {most}: too few for a whole run", "{most}개까지: 한 번의 실행 전체에는 모자람");
            Row::limited("open-files", WHAT, seen).try_this([shortage::OPEN_FILES])
        }
        Some(most) => Row::ok("open-files", WHAT, said!("up to {most}", "{most}개까지")),
        None => Row::ok("open-files", WHAT, Said::fixed("no limit that is told", "알려진 제한 없음")),
    }
}
