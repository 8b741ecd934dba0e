//! A cgroup around all instances of one arm, to measure what the kernel holds for them.
//!
//! ```text
//! isolab.RUN.memory-3        read here: everything below is charged to it
//! ├── worker                 workers join this leaf first, so what they make is charged from the start
//! └── isolab.RUN.…           own cgroups of containers, beside it (v2 wants no process in a parent)
//! ```
//!
//! cgroup v1 knows one number for kernel memory; v2 splits it (memory.stat). Without a writable memory controller there
//! is none, and the kernel part is not measured.

use std::path::{Path, PathBuf};

use super::cgroup::remove_cgroup;
use crate::error::{Context, Result};
use crate::id::RunId;
use crate::said;

#[derive(Debug)]
pub struct ChargedCgroup {
    dir: PathBuf,
    v2: bool,
}

impl ChargedCgroup {
    /// Under the memory controller's root, or where a cgroup was delegated to us; Ok(None) when we may write to neither.
    pub fn create(run: &RunId, name: &str) -> Result<Option<ChargedCgroup>> {
        let mountinfo = std::fs::read_to_string("/proc/self/mountinfo")
            .doing(|| said!("read /proc/self/mountinfo", "/proc/self/mountinfo를 읽을 수 없습니다"))?;
        let Some((root, v2)) = memory_root(&mountinfo) else { return Ok(None) };
        let own = std::fs::read_to_string("/proc/self/cgroup").unwrap_or_default();
        let places = [vec![root.clone()], if v2 { delegated(&root, &own) } else { Vec::new() }].concat();
        Ok(places.iter().find_map(|place| ChargedCgroup::inside(place, &run.cgroup(name), v2)))
    }

    fn inside(place: &Path, name: &str, v2: bool) -> Option<ChargedCgroup> {
        let dir = place.join(name);
        std::fs::create_dir(&dir).ok()?;
        let measured = ChargedCgroup { dir, v2 }; // from here on Drop removes it
        if v2 {
            let offered = std::fs::read_to_string(measured.dir.join("cgroup.controllers")).ok()?;
            std::fs::write(measured.dir.join("cgroup.subtree_control"), wish(&offered)).ok()?;
        }
        std::fs::create_dir(measured.dir.join("worker")).ok()?;
        measured.kernel_bytes()?;
        Some(measured)
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

    /// Bytes of any kind that are charged to everything below: the cgroup's own count, in batches of some pages per CPU.
    pub fn charged_bytes(&self) -> Option<u64> {
        let file = if self.v2 { "memory.current" } else { "memory.usage_in_bytes" };
        std::fs::read_to_string(self.dir.join(file)).ok()?.trim().parse().ok()
    }

    pub fn source(&self) -> &'static str {
        if self.v2 { "memory.stat kernel (cgroup v2)" } else { "memory.kmem.usage_in_bytes (cgroup v1, not split)" }
    }
}

impl Drop for ChargedCgroup {
    fn drop(&mut self) {
        let children = std::fs::read_dir(&self.dir).into_iter().flatten().flatten();
        children.filter(|e| e.file_type().is_ok_and(|t| t.is_dir())).for_each(|e| remove_cgroup(&e.path()));
        remove_cgroup(&self.dir);
    }
}

/// What to pass down of the controllers that there are: the kernel refuses the whole line for one that there is not, and a
/// user's own slice often has memory and pids alone.
fn wish(offered: &str) -> String {
    let has = |c: &&str| offered.split_whitespace().any(|o| o == *c);
    ["memory", "pids", "cpu"].iter().filter(|c| has(c)).map(|c| format!("+{c}")).collect::<Vec<_>>().join(" ")
}

/// "name 12" lines, as in memory.stat.
fn field(text: &str, name: &str) -> Option<u64> {
    text.lines().find_map(|l| l.strip_prefix(name)?.strip_prefix(' ')?.parse().ok())
}

/// v2 folders that may have been delegated to us: the one above our own cgroup, and our own.
fn delegated(root: &Path, own: &str) -> Vec<PathBuf> {
    let Some(path) = own.lines().find_map(|l| l.strip_prefix("0::/")) else { return Vec::new() };
    let mine = root.join(path);
    mine.parent().filter(|p| p.starts_with(root)).map(Path::to_owned).into_iter().chain([mine.clone()]).collect()
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
    fn a_delegated_cgroup_is_looked_for_beside_and_inside_our_own() {
        let found = delegated(Path::new("/sys/fs/cgroup"), "0::/user/session\n");
        assert_eq!(found, [PathBuf::from("/sys/fs/cgroup/user"), PathBuf::from("/sys/fs/cgroup/user/session")]);
        assert!(delegated(Path::new("/sys/fs/cgroup"), "4:memory:/a\n").is_empty());
    }

    #[test]
    fn a_users_slice_without_cpu_is_asked_for_what_it_has() {
        assert_eq!(wish("cpuset cpu io memory pids\n"), "+memory +pids +cpu");
        assert_eq!(wish("memory pids\n"), "+memory +pids");
    }

    #[test]
    fn kernel_is_not_kernel_stack() {
        assert_eq!(field("kernel_stack 5\nkernel 77\n", "kernel"), Some(77));
    }
}
