//! What a machine runs short of, with the remedy for each: the same words wherever it is met.

use std::any::Any;
use std::io;

use nix::errno::Errno;

pub const OPEN_FILES: &str = "ulimit -n 1024 in this shell; if it refuses: sudo prlimit --pid $$ --nofile=1024";
pub const ALL_OPEN_FILES: &str = "sudo sysctl fs.file-max=1000000, or end programs that have many files open";
pub const PROCESSES: &str = "ulimit -u shows how many this user may have, all sessions together; the pids limit of a container, pod \
                             or session counts too";
pub const MEMORY: &str = "free -h shows what is left; a container, pod or session has a limit of its own";
pub const SCRATCH_SPACE: &str = "TMPDIR=DIR before the command, with a folder that has room: df -h DIR";
pub const SCRATCH_PROGRAMS: &str =
    "TMPDIR=DIR before the command, with a folder where programs may run: findmnt -T DIR shows no noexec";
pub const NO_EXEC: &str = "its file system is mounted noexec";
pub const NO_NULL_DEVICE: &str = "it is not the null device";
pub const NO_PROC: &str = "there is no /proc";
pub const PROC: &str = "sudo mount -t proc proc /proc";
pub const NULL_DEVICE: &str = "sudo rm -f /dev/null; sudo mknod -m 666 /dev/null c 1 3";

/// For an error of a system call, however it came to us. Empty: nothing that is known here is short.
pub fn remedy(cause: &dyn Any) -> &'static str {
    let of_io = || cause.downcast_ref::<io::Error>().and_then(io::Error::raw_os_error).map(Errno::from_raw);
    match cause.downcast_ref::<Errno>().copied().or_else(of_io) {
        Some(Errno::EMFILE) => OPEN_FILES,
        Some(Errno::ENFILE) => ALL_OPEN_FILES,
        Some(Errno::ENOMEM) => MEMORY,
        _ => "",
    }
}
