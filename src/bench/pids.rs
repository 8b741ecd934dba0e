//! Processes by number and start time: a number alone is given again.

use std::os::unix::fs::MetadataExt;
use std::path::Path;

use nix::sys::signal::Signal;

use crate::proc_stat::Stat;
use crate::sys::pidfd;

/// What [`Stat`] tells, and whose it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Pid {
    pub number: i32,
    /// Clock ticks since the machine's start.
    pub start: u64,
    pub parent: i32,
    /// Ended, and waited for by nobody yet.
    pub zombie: bool,
    /// Its effective user.
    pub uid: u32,
}

impl Pid {
    pub fn look(proc_root: &Path, number: i32) -> Option<Pid> {
        let folder = proc_root.join(number.to_string());
        let stat = Stat::read(proc_root, number).ok()?;
        let uid = folder.metadata().ok()?.uid();
        Some(Pid { number, start: stat.start, parent: stat.parent, zombie: stat.is_zombie(), uid })
    }

    /// All that can be seen.
    pub fn all(proc_root: &Path) -> Vec<Pid> {
        let Ok(entries) = std::fs::read_dir(proc_root) else { return Vec::new() };
        let numbers = entries.flatten().filter_map(|e| e.file_name().to_str()?.parse().ok());
        numbers.filter_map(|number| Pid::look(proc_root, number)).collect()
    }

    /// Is NAME=VALUE in the environment that it was executed with? False where we may not look.
    pub fn has_variable(&self, proc_root: &Path, wanted: &str) -> bool {
        let environ = std::fs::read(proc_root.join(self.number.to_string()).join("environ")).unwrap_or_default();
        environ.split(|b| *b == 0).any(|pair| pair == wanted.as_bytes())
    }

    /// SIGKILL for this process, and for no later one that got its number.
    pub fn kill(&self) {
        if self.number > 1
            && let Ok(held) = pidfd::open_who_began(self.number, self.start)
        {
            let _ = pidfd::signal(&held, Signal::SIGKILL as i32); // gone meanwhile, or not ours to end: found again then
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_got_the_number_later_is_not_killed() {
        let mut sleeper = std::process::Command::new("sleep").arg("100").spawn().unwrap();
        let seen = Pid::look(Path::new("/proc"), sleeper.id() as i32).unwrap();
        assert_eq!((seen.parent, seen.zombie), (std::process::id() as i32, false));
        Pid { start: seen.start + 1, ..seen }.kill();
        std::thread::sleep(std::time::Duration::from_millis(20));
        assert_eq!(sleeper.try_wait().unwrap(), None);
        seen.kill();
        sleeper.wait().unwrap();
    }

    #[test]
    fn who_has_a_name_of_any_bytes_is_found_all_the_same() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::create_dir(dir.path().join("41")).unwrap();
        let stat = b"41 (a) 9 (\xff Z 7 1 1 0 -1 0 0 0 0 0 0 0 0 0) Z 7 1 1 0 -1 0 0 0 0 0 0 0 0 0 20 0 1 0 5151 0";
        std::fs::write(dir.path().join("41/stat"), stat).unwrap();
        let all = Pid::all(dir.path());
        assert_eq!(
            all.iter().map(|p| (p.number, p.parent, p.start, p.zombie)).collect::<Vec<_>>(),
            [(41, 7, 5151, true)]
        );
    }
}
