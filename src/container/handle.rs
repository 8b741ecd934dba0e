//! A container by what the kernel knows of it: for whoever looks at it or ends it without having made it. So is any other
//! instance of the lab.

use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};

use nix::errno::Errno;
use nix::sys::signal::Signal;
use serde::{Deserialize, Serialize};

use crate::any_path;
use crate::error::{Context, Result};
use crate::proc_stat::Stat;
use crate::said;
use crate::sys::pidfd;

/// It need not be our child.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Handle {
    /// Its first process: a container's PID 1, a virtual machine's monitor.
    pub pid: i32,
    /// When that began, in clock ticks since the machine's start: a number alone is given again.
    pub start: u64,
    /// Folders of its own cgroup, innermost first.
    #[serde(with = "any_path::list")]
    pub cgroups: Vec<PathBuf>,
}

impl Handle {
    /// # Errors
    /// When there is no such process.
    pub fn of(pid: i32, cgroups: Vec<PathBuf>) -> Result<Handle> {
        let doing = || said!("look at process {pid}", "프로세스 {pid}을(를) 볼 수 없습니다");
        let start = Stat::read(Path::new("/proc"), pid).doing(doing)?.start;
        Ok(Handle { pid, start, cgroups })
    }

    /// # Errors
    /// ESRCH when it has ended, whoever has its number now.
    pub fn open(&self) -> Result<OwnedFd, Errno> {
        pidfd::open_who_began(self.pid, self.start)
    }

    /// SIGKILL for it, and for no later one that got its number.
    pub fn kill(&self) {
        if let Ok(held) = self.open() {
            let _ = pidfd::signal(&held, Signal::SIGKILL as i32); // gone meanwhile
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn another_process_with_the_number_is_not_meant() {
        let mut sleeper = std::process::Command::new("sleep").arg("100").spawn().unwrap();
        let handle = Handle::of(sleeper.id() as i32, vec!["/sys/fs/cgroup/a".into()]).unwrap();
        let told = serde_json::to_string(&handle).unwrap();
        assert_eq!(serde_json::from_str::<Handle>(&told).unwrap(), handle);
        let later = Handle { start: handle.start + 1, ..handle.clone() };
        later.kill();
        assert_eq!(later.open().unwrap_err(), Errno::ESRCH);
        std::thread::sleep(std::time::Duration::from_millis(20));
        assert_eq!(sleeper.try_wait().unwrap(), None);
        handle.kill();
        assert_eq!(std::os::unix::process::ExitStatusExt::signal(&sleeper.wait().unwrap()), Some(9));
        assert_eq!(handle.open().unwrap_err(), Errno::ESRCH);
        assert!(Handle::of(handle.pid, Vec::new()).is_err());
    }
}
