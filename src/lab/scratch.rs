//! The run's own folder for rootfs and sockets, gone when the run ends; and what other runs left behind.
//!
//! A run that was killed by SIGKILL can't clean up. Its folder names its process, so that the next run, and
//! `isolab clean`, can tell that it is dead.

use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};

use crate::environments::Arm;
use crate::error::{Context, Result};

const PREFIX: &str = "isolab.";
const OWNER: &str = "owner";

#[derive(Debug)]
pub struct Scratch {
    run: String,
    dir: PathBuf,
}

impl Scratch {
    /// `/tmp/isolab.RUN`, readable for every user: a rootless container enters it as somebody else.
    pub fn create(run: &str) -> Result<Scratch> {
        let dir = std::env::temp_dir().join(format!("{PREFIX}{run}"));
        let doing = || format!("make the scratch folder {}", dir.display());
        std::fs::create_dir(&dir).doing(doing)?;
        let scratch = Scratch { run: run.to_owned(), dir: dir.clone() };
        std::fs::set_permissions(&dir, std::fs::Permissions::from_mode(0o755)).doing(doing)?;
        std::fs::write(dir.join(OWNER), identity(std::process::id())).doing(doing)?;
        Ok(scratch)
    }

    /// The run that it belongs to.
    pub fn run(&self) -> &str {
        &self.run
    }

    pub fn path(&self) -> &Path {
        &self.dir
    }

    /// The folder of one arm; twins of an arm share it.
    pub fn arm(&self, arm: &Arm) -> Result<PathBuf> {
        let name = Arm { copy: 1, ..arm.clone() }.id().replace('/', "_");
        let dir = self.dir.join(name);
        if !dir.exists() {
            std::fs::create_dir(&dir).doing(|| format!("make the folder {}", dir.display()))?;
            std::fs::set_permissions(&dir, std::fs::Permissions::from_mode(0o755))
                .doing(|| format!("open the folder {} to every user", dir.display()))?;
        }
        Ok(dir)
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.dir); // what stays is found and named by the leak check
    }
}

/// A process by pid and start time (field 22 of /proc/PID/stat, proc_pid_stat(5)): a pid alone is used again.
fn identity(pid: u32) -> String {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    let started = stat.rsplit_once(')').and_then(|(_, rest)| rest.split_whitespace().nth(19)).unwrap_or("0").to_owned();
    format!("{pid} {started}")
}

/// Folders of our own runs whose process is dead: (run id, folder). Other users' are theirs: what such a folder says
/// decides which processes are killed.
pub fn stale() -> Vec<(String, PathBuf)> {
    let Ok(entries) = std::fs::read_dir(std::env::temp_dir()) else { return Vec::new() };
    entries
        .flatten()
        .filter_map(|e| {
            let run = e.file_name().to_str()?.strip_prefix(PREFIX)?.to_owned();
            let mine = e.metadata().is_ok_and(|m| m.is_dir() && m.uid() == nix::unistd::Uid::effective().as_raw());
            mine.then_some(())?;
            let owner = std::fs::read_to_string(e.path().join(OWNER)).ok()?;
            let pid: u32 = owner.split_whitespace().next()?.parse().ok()?;
            (identity(pid) != owner).then(|| (run, e.path()))
        })
        .collect()
}

/// Does the process of this run still live?
pub fn is_alive(run: &str) -> bool {
    std::env::temp_dir().join(format!("{PREFIX}{run}")).exists() && !stale().iter().any(|(r, _)| r == run)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_living_owner_is_not_stale_and_a_dead_one_is() {
        let run = format!("test{}", std::process::id());
        let scratch = Scratch::create(&run).unwrap();
        assert!(!stale().iter().any(|(r, _)| *r == run));
        std::fs::write(scratch.path().join(OWNER), "4194305 1").unwrap(); // above the largest pid
        assert!(stale().iter().any(|(r, _)| *r == run));
    }
}
