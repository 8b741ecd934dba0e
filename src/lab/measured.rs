//! A cgroup around all instances of one arm, to weigh what the kernel holds for them.
//!
//! ```text
//! isolab.RUN.weigh-3         read here: everything below is charged to it
//! ├── worker                 workers join this leaf first, so what they make is charged from the start
//! └── isolab.RUN.…           own cgroups of containers, beside it (v2 wants no process in a parent)
//! ```
//!
//! cgroup v1 knows one number for kernel memory; v2 splits it (memory.stat). Without a writable memory controller there
//! is none, and the kernel part is not measured.

use std::path::{Path, PathBuf};

use super::leaks::remove_cgroup;
use crate::error::{Context, Result};

#[derive(Debug)]
pub struct Measured {
    dir: PathBuf,
    v2: bool,
}

impl Measured {
    /// Under the memory controller's root; Ok(None) when there is none that we may write to.
    pub fn create(run: &str, name: &str) -> Result<Option<Measured>> {
        let mountinfo = std::fs::read_to_string("/proc/self/mountinfo").doing(|| "read /proc/self/mountinfo")?;
        let Some((root, v2)) = memory_root(&mountinfo) else { return Ok(None) };
        let dir = root.join(format!("isolab.{run}.{name}"));
        if std::fs::create_dir(&dir).is_err() {
            return Ok(None);
        }
        let measured = Measured { dir, v2 };
        if v2 && std::fs::write(measured.dir.join("cgroup.subtree_control"), "+memory +pids +cpu").is_err() {
            return Ok(None);
        }
        std::fs::create_dir(measured.dir.join("worker")).doing(|| "make the workers' cgroup")?;
        Ok(Some(measured))
    }

    /// The file that a worker writes "0" to, to join. On v1 `tasks`: `cgroup.procs` waits for the kernel's global fork
    /// lock, 10–15 ms in half of the starts.
    pub fn join_file(&self) -> PathBuf {
        self.dir.join("worker").join(if self.v2 { "cgroup.procs" } else { "tasks" })
    }

    /// Where own cgroups are to be made.
    pub fn folder(&self) -> &Path {
        &self.dir
    }

    /// Bytes that the kernel holds on behalf of everything below.
    pub fn kernel_bytes(&self) -> Option<u64> {
        if self.v2 {
            let stat = std::fs::read_to_string(self.dir.join("memory.stat")).ok()?;
            field(&stat, "kernel")
        } else {
            std::fs::read_to_string(self.dir.join("memory.kmem.usage_in_bytes")).ok()?.trim().parse().ok()
        }
    }

    pub fn source(&self) -> &'static str {
        if self.v2 { "memory.stat kernel (cgroup v2)" } else { "memory.kmem.usage_in_bytes (cgroup v1, not split)" }
    }
}

impl Drop for Measured {
    fn drop(&mut self) {
        let children = std::fs::read_dir(&self.dir).into_iter().flatten().flatten();
        children.filter(|e| e.file_type().is_ok_and(|t| t.is_dir())).for_each(|e| remove_cgroup(&e.path()));
        remove_cgroup(&self.dir);
    }
}

/// "name 12" lines, as in memory.stat.
fn field(text: &str, name: &str) -> Option<u64> {
    text.lines().find_map(|l| l.strip_prefix(name)?.strip_prefix(' ')?.parse().ok())
}

/// The mount point of the memory controller in /proc/self/mountinfo (proc_pid_mountinfo(5)), and whether it is v2.
fn memory_root(mountinfo: &str) -> Option<(PathBuf, bool)> {
    let mut v2 = None;
    for line in mountinfo.lines() {
        let Some((left, right)) = line.split_once(" - ") else { continue };
        let Some(mount_point) = left.split(' ').nth(4) else { continue };
        let mut right = right.split(' ');
        match (right.next(), right.nth(1)) {
            (Some("cgroup"), Some(options)) if options.split(',').any(|o| o == "memory") => {
                return Some((mount_point.into(), false));
            }
            (Some("cgroup2"), _) => v2 = Some((mount_point.into(), true)),
            _ => {}
        }
    }
    v2
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_memory_controller_is_found_in_every_mode() {
        let hybrid = "31 25 0:27 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n33 25 0:29 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw\n";
        assert_eq!(memory_root(hybrid), Some(("/sys/fs/cgroup/memory".into(), false)));
        let pure = "33 25 0:29 / /sys/fs/cgroup rw,nosuid - cgroup2 cgroup2 rw,nsdelegate\n";
        assert_eq!(memory_root(pure), Some(("/sys/fs/cgroup".into(), true)));
        assert_eq!(memory_root("22 1 8:1 / / rw - ext4 /dev/vda rw\n"), None);
    }

    #[test]
    fn kernel_is_not_kernel_stack() {
        assert_eq!(field("kernel_stack 5\nkernel 77\n", "kernel"), Some(77));
    }
}
