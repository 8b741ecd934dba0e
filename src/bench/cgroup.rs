//! A cgroup that an instance has left, gone.

use std::path::Path;
use std::time::Duration;

/// Removes one cgroup and those below it; its last process may need a moment to leave it.
pub(super) fn remove_cgroup(dir: &Path) {
    for _ in 0..200 {
        match std::fs::remove_dir(dir).map_err(|e| e.raw_os_error()) {
            Err(Some(libc::EBUSY | libc::ENOTEMPTY)) => remove_children(dir),
            _ => return,
        }
        std::thread::sleep(Duration::from_micros(500));
    }
}

/// A cgroup with children is busy, as one with processes is.
fn remove_children(dir: &Path) {
    let Ok(entries) = std::fs::read_dir(dir) else { return };
    entries.flatten().filter(|e| e.file_type().is_ok_and(|t| t.is_dir())).for_each(|e| remove_cgroup(&e.path()));
}
