//! Pausing: the kernel stops everything in a cgroup, and nothing inside can see or refuse it.
//!
//! v2: a file of the container's own cgroup (cgroup.freeze, Linux 5.2). v1: a tree of its own, the freezer; the container is
//! moved into a folder there when it is paused for the first time, so that no start pays for it.
//! Sources: Linux's Documentation/admin-guide/cgroup-v2.rst and cgroup-v1/freezer-subsystem.rst.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use super::cgroup::{Cgroup, Version};
use crate::error::{Context, Error, Result};
use crate::lang::Said;
use crate::said;

/// As long as docker waits.
const PATIENCE: Duration = Duration::from_secs(10);
const LOOK_AGAIN: Duration = Duration::from_millis(1);

/// Everything in a cgroup, stopped. Dropping it lets it go on.
#[derive(Debug)]
pub struct Frozen {
    version: Version,
    folder: PathBuf,
}

impl Frozen {
    /// Stops all of `cgroup`. `top`: where the kernel keeps its trees.
    ///
    /// # Errors
    /// When there is no freezer, or the kernel does not get everything stopped in time; then all goes on.
    pub fn new(cgroup: &Cgroup, top: &Path) -> Result<Frozen> {
        let own = cgroup.folders().first().ok_or_else(|| {
            Error::new(
                said!("pause the container", "컨테이너를 멈출 수 없습니다"),
                said!("its cgroup is gone", "컨트롤 그룹이 사라짐"),
            )
        })?;
        match cgroup.version() {
            Version::V2 => Frozen { version: Version::V2, folder: own.clone() }.freeze(),
            Version::V1 => {
                let freezer = top.join("freezer");
                if !freezer.join("cgroup.procs").exists() {
                    let cause = said!(
                        "{freezer} is no freezer",
                        "{freezer}은(는) 프리저(freezer)가 아님",
                        freezer = freezer.display()
                    );
                    return Err(Error::unavailable(said!("pause the container", "컨테이너를 멈출 수 없습니다"), cause)
                        .try_this(Said::english("sudo mount -t cgroup -o freezer none /sys/fs/cgroup/freezer")));
                }
                let folder = freezer.join(own.file_name().unwrap_or_default());
                fs::create_dir(&folder)
                    .doing(|| said!("make {folder}", "{folder}을(를) 만들 수 없습니다", folder = folder.display()))?;
                let frozen = Frozen { version: Version::V1, folder }; // from here on a guard
                frozen.take_in(own)?;
                frozen.freeze()
            }
        }
    }

    /// v1: moves all processes of `own` here. What one makes meanwhile is made where it is: until nobody is left outside.
    fn take_in(&self, own: &Path) -> Result<()> {
        let mut inside = BTreeSet::new();
        loop {
            let text = fs::read_to_string(own.join("cgroup.procs"))
                .doing(|| said!("read {own}", "{own}을(를) 읽을 수 없습니다", own = own.display()))?;
            let outside: Vec<&str> = text.lines().filter(|pid| !inside.contains(*pid)).collect();
            if outside.is_empty() {
                return Ok(());
            }
            for pid in outside {
                match fs::write(self.folder.join("cgroup.procs"), pid) {
                    Err(cause) if cause.raw_os_error() != Some(nix::libc::ESRCH) => {
                        return Err(Error::new(
                            said!(
                                "move process {pid} to {folder}",
                                "프로세스 {pid}을(를) {folder}(으)로 옮길 수 없습니다",
                                folder = self.folder.display()
                            ),
                            cause,
                        ));
                    }
                    _ => inside.insert(pid.to_owned()), // or it has ended
                };
            }
        }
    }

    fn freeze(self) -> Result<Frozen> {
        let (file, wish) = match self.version {
            Version::V1 => ("freezer.state", "FROZEN"),
            Version::V2 => ("cgroup.freeze", "1"),
        };
        let file = self.folder.join(file);
        let deadline = Instant::now() + PATIENCE;
        loop {
            fs::write(&file, wish).doing(|| {
                said!("write {wish} to {file}", "{file}에 {wish}을(를) 쓸 수 없습니다", file = file.display())
            })?; // v1: again, while it freezes
            if self.is_frozen() {
                return Ok(self);
            }
            if Instant::now() >= deadline {
                return Err(Error::new(
                    said!("pause the container", "컨테이너를 멈출 수 없습니다"),
                    said!("the kernel has not stopped all of it in 10 s", "커널이 10초 안에 모두 멈추지 못함"),
                ));
            }
            std::thread::sleep(LOOK_AGAIN);
        }
    }

    fn is_frozen(&self) -> bool {
        let read = |name| fs::read_to_string(self.folder.join(name)).unwrap_or_default();
        match self.version {
            Version::V1 => read("freezer.state").trim() == "FROZEN",
            Version::V2 => read("cgroup.events").lines().any(|line| line == "frozen 1"),
        }
    }
}

impl Drop for Frozen {
    fn drop(&mut self) {
        match self.version {
            Version::V2 => drop(fs::write(self.folder.join("cgroup.freeze"), "0")),
            Version::V1 => self.give_back(),
        }
    }
}

impl Frozen {
    /// v1: all go on where the freezer's own top is, and the folder goes.
    fn give_back(&self) {
        let _ = fs::write(self.folder.join("freezer.state"), "THAWED");
        let top = self.folder.parent().unwrap_or(Path::new("/")).join("cgroup.procs");
        for _ in 0..100 {
            let inside = fs::read_to_string(self.folder.join("cgroup.procs")).unwrap_or_default();
            for pid in inside.lines() {
                let _ = fs::write(&top, pid); // ESRCH: it has ended
            }
            if fs::remove_dir(&self.folder).is_ok() {
                return;
            }
            std::thread::sleep(LOOK_AGAIN);
        }
    }
}
