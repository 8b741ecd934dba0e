//! What a machine runs short of, with the remedy for each: the same words wherever it is met.

use std::any::Any;
use std::io;
use std::path::Path;

use nix::errno::Errno;

use crate::lang::Said;
use crate::said;
use crate::shell::quoted_path;

pub const OPEN_FILES: Said = Said::fixed(
    "ulimit -n 1024 in this shell; if it refuses: sudo prlimit --pid $$ --nofile=1024",
    "이 셸에서 ulimit -n 1024. 거절되면: sudo prlimit --pid $$ --nofile=1024",
);
pub const ALL_OPEN_FILES: Said = Said::fixed(
    "sudo sysctl fs.file-max=1000000, or end programs that have many files open",
    "sudo sysctl fs.file-max=1000000, 또는 파일을 많이 연 프로그램을 끝내십시오",
);
pub const PROCESSES: Said = Said::fixed(
    "ulimit -u shows how many this user may have, all sessions together; the pids limit of a container, pod or session counts too",
    "ulimit -u가 이 사용자의 모든 세션을 합한 한도를 보여 줍니다. 컨테이너, 파드, 세션의 pids 제한도 셉니다",
);
pub const MEMORY: Said = Said::fixed(
    "free -h shows what is left; a container, pod or session has a limit of its own",
    "free -h가 남은 메모리를 보여 줍니다. 컨테이너, 파드, 세션에는 따로 제한이 있습니다",
);
pub const SCRATCH_SPACE: Said = Said::fixed(
    "TMPDIR=DIR before the command, with a folder that has room: df -h DIR",
    "명령 앞에 TMPDIR=DIR로 여유가 있는 폴더를 적으십시오: df -h DIR",
);
pub const RESULTS_SPACE: Said = Said::fixed(
    "--results DIR, with a folder that has room: df -h DIR",
    "--results DIR로 여유가 있는 폴더를 적으십시오: df -h DIR",
);
pub const SCRATCH_PROGRAMS: Said = Said::fixed(
    "TMPDIR=DIR before the command, with a folder where programs may run: findmnt -T DIR shows no noexec",
    "명령 앞에 TMPDIR=DIR로 프로그램을 실행할 수 있는 폴더를 적으십시오. findmnt -T DIR에 noexec가 없어야 합니다",
);
pub const NO_EXEC: Said = Said::fixed("its file system is mounted noexec", "파일 시스템이 noexec로 마운트됨");
pub const NO_NULL_DEVICE: Said = Said::fixed("it is not the null device", "널 장치가 아님");
pub const NO_PROC: Said = Said::fixed("there is no /proc", "/proc이 없음");
pub const PROC: Said = Said::english("sudo mount -t proc proc /proc");
pub const NULL_DEVICE: Said = Said::english("sudo rm -f /dev/null; sudo mknod -m 666 /dev/null c 1 3");

pub const FILE_SIZE: Said = Said::fixed(
    "ulimit -f unlimited in this shell; if it refuses: sudo prlimit --pid $$ --fsize=unlimited",
    "이 셸에서 ulimit -f unlimited. 거절되면: sudo prlimit --pid $$ --fsize=unlimited",
);

/// Is the disk full, or this user's share of it?
pub fn is_of_space(cause: &io::Error) -> bool {
    matches!(cause.kind(), io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded)
}

/// For a file in this folder that cannot grow. None: it is not that.
pub fn room(folder: &Path, cause: &io::Error) -> Option<Said> {
    let disk = || {
        said!(
            "make room on that disk (df -h {folder} shows it)",
            "그 디스크에 여유를 만드십시오(df -h {folder}로 볼 수 있음)",
            folder = quoted_path(folder)
        )
    };
    if cause.kind() == io::ErrorKind::FileTooLarge { Some(FILE_SIZE) } else { is_of_space(cause).then(disk) }
}

/// For an error of a system call, however it came to us. Empty: nothing that is known here is short.
pub fn remedy(cause: &dyn Any) -> Said {
    let of_io = || cause.downcast_ref::<io::Error>().and_then(io::Error::raw_os_error).map(Errno::from_raw);
    match cause.downcast_ref::<Errno>().copied().or_else(of_io) {
        Some(Errno::EMFILE) => OPEN_FILES,
        Some(Errno::ENFILE) => ALL_OPEN_FILES,
        Some(Errno::ENOMEM) => MEMORY,
        _ => Said::default(),
    }
}
