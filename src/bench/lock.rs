//! One measurement at a time on a machine: two would measure each other.
//!
//! The lock is flock(2) on /proc/self/ns/time, an inode that the kernel keeps in memory: the same one for every user, network
//! namespace and container, since no engine makes a time namespace unless it is asked to. It needs no folder and no right, and
//! is gone with its process, even after SIGKILL. Who wants two benches at once, as test suites do, makes a time namespace for
//! each: `unshare -T`.

use std::fs::{self, File};
use std::os::unix::fs::MetadataExt;
use std::time::Duration;

use nix::errno::Errno;
use nix::fcntl::{Flock, FlockArg};

use super::interrupt::Interrupt;
use crate::error::{Error, Kind, Result};
use crate::said;

/// The second is for kernels before 5.6, without time namespaces.
const PLACES: [&str; 2] = ["/proc/self/ns/time", "/proc/self/ns/user"];
/// Between two looks whether it is free: flock(2) itself would not end at a signal that we wait for elsewhere.
const LOOK_EVERY: Duration = Duration::from_millis(200);

/// Held until dropped.
#[derive(Debug)]
pub struct Alone(#[allow(dead_code, reason = "held, not read")] Flock<File>);

/// Err when another run holds it.
pub fn alone() -> Result<Alone> {
    try_alone(open()?)?.map_err(|file| {
        let [who, of_whom] = [" (process ", "(프로세스 "].map(|begin| in_brackets(begin, holder(&file)));
        let cause = said!(
            "another isolab bench is running on this machine{who}",
            "이 컴퓨터에서 다른 isolab bench{of_whom}이(가) 실행 중임"
        );
        Error::new(said!("start to measure", "측정을 시작할 수 없습니다"), cause).kind(Kind::Unavailable).try_this(
            said!(
                "wait until it has ended, as isolab bench --wait does; two at once would measure each other",
                "끝날 때까지 기다리십시오(isolab bench --wait). 둘이 함께 돌면 서로를 측정하게 됩니다"
            ),
        )
    })
}

/// Waits until no other run holds it; `tell` hears of it once, with the pid of who does, where it can be seen.
pub fn wait(interrupt: &Interrupt, tell: impl FnOnce(Option<u32>)) -> Result<Alone> {
    let mut file = open()?;
    let mut tell = Some(tell);
    loop {
        file = match try_alone(file)? {
            Ok(alone) => return Ok(alone),
            Err(file) => file,
        };
        if let Some(tell) = tell.take() {
            tell(holder(&file));
        }
        interrupt.sleep(LOOK_EVERY)?;
    }
}

fn open() -> Result<File> {
    let place = PLACES.iter().find(|place| fs::exists(place).unwrap_or(false)).unwrap_or(&PLACES[0]);
    File::open(place).map_err(cannot)
}

fn cannot(cause: std::io::Error) -> Error {
    let remedy = crate::error::shortage::remedy(&cause);
    let doing = said!("take the lock against a second run", "두 번째 실행을 막는 잠금을 얻을 수 없습니다");
    Error::new(doing, cause).try_this(remedy)
}

fn try_alone(file: File) -> Result<std::result::Result<Alone, File>> {
    match Flock::lock(file, FlockArg::LockExclusiveNonblock) {
        Ok(lock) => Ok(Ok(Alone(lock))),
        Err((file, Errno::EWOULDBLOCK)) => Ok(Err(file)),
        Err((_, errno)) => Err(cannot(errno.into())),
    }
}

fn in_brackets(begin: &str, holder: Option<u32>) -> String {
    holder.map_or(String::new(), |pid| format!("{begin}{pid})"))
}

/// Who holds a lock on this file; None in a pid namespace that does not see him.
fn holder(file: &File) -> Option<u32> {
    let inode = file.metadata().ok()?.ino();
    holder_in(&fs::read_to_string("/proc/locks").ok()?, inode)
}

/// Of "1: FLOCK  ADVISORY  WRITE 4711 00:04:4026531834 0 EOF" (proc_locks(5)).
fn holder_in(locks: &str, inode: u64) -> Option<u32> {
    locks.lines().find_map(|line| {
        let words: Vec<&str> = line.split_whitespace().collect();
        let [_, "FLOCK", _, "WRITE", pid, place, ..] = words[..] else { return None };
        let here = place.rsplit(':').next()?.parse() == Ok(inode);
        pid.parse().ok().filter(|pid| here && *pid > 0)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_holds_it_is_found_by_the_inode() {
        let locks = "1: POSIX  ADVISORY  WRITE 7 00:04:99 0 EOF\n2: FLOCK  ADVISORY  WRITE 16 00:04:98 0 EOF\n\
                     2: -> FLOCK  ADVISORY  WRITE 18 00:04:99 0 EOF\n3: FLOCK  ADVISORY  WRITE 4711 00:04:99 0 EOF\n";
        assert_eq!(holder_in(locks, 99), Some(4711), "not who waits for it");
        assert_eq!(holder_in("1: FLOCK  ADVISORY  WRITE 0 00:04:99 0 EOF\n", 99), None, "in another pid namespace");
        assert_eq!(holder_in("", 99), None);
    }

    /// On a file of its own: the real one may be held by a bench of this machine.
    #[test]
    fn a_second_one_is_refused_while_the_first_lives() {
        let place = tempfile::NamedTempFile::new().unwrap();
        let open = || File::open(place.path()).unwrap();
        let first = try_alone(open()).unwrap().unwrap();
        let refused = try_alone(open()).unwrap().unwrap_err();
        assert_eq!(holder(&refused), Some(std::process::id()));
        drop(first);
        try_alone(refused).unwrap().unwrap();
    }
}
