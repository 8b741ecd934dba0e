//! Whether an ordinary user of this machine could be given a cgroup, and how.

use std::path::Path;

use nix::unistd::Uid;

pub const NONE: &str = "no cgroup was delegated to this user: no limits, and no account of kernel memory";
/// A service manager of the user's own, on a v2 tree.
pub const BY_SYSTEMD: &str = "systemd-run --user --scope -p Delegate=yes isolab …";
/// A v1 tree cannot be handed out safely (cgroups(7)), and without such a manager nobody hands one out.
pub const AS_ROOT: &str =
    "only root can hand one out here: sudo isolab …, with container in place of container-rootless";
/// What makes it without root on behalf of root still has a user without a cgroup.
pub const CONTAINER: &str = "container in place of container-rootless: root may make cgroups";

/// What to do about [`NONE`] here.
pub fn remedy() -> &'static str {
    if Uid::effective().is_root() { CONTAINER } else { on(Path::new("/"), Uid::effective().as_raw()) }
}

/// For a machine whose files lie below `root`.
pub fn on(root: &Path, uid: u32) -> &'static str {
    let pure_v2 = root.join("sys/fs/cgroup/cgroup.controllers").exists();
    let manager = root.join(format!("run/user/{uid}/systemd/private")).exists(); // where systemd-run reaches it
    if pure_v2 && manager { BY_SYSTEMD } else { AS_ROOT }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    #[test]
    fn systemd_is_asked_only_where_it_can_answer() {
        let dir = tempfile::tempdir().unwrap();
        assert_eq!(on(dir.path(), 7), AS_ROOT);
        fs::create_dir_all(dir.path().join("run/user/7/systemd")).unwrap();
        fs::write(dir.path().join("run/user/7/systemd/private"), "").unwrap();
        assert_eq!(on(dir.path(), 7), AS_ROOT, "a v1 tree");
        fs::create_dir_all(dir.path().join("sys/fs/cgroup")).unwrap();
        fs::write(dir.path().join("sys/fs/cgroup/cgroup.controllers"), "memory pids").unwrap();
        assert_eq!(on(dir.path(), 7), BY_SYSTEMD);
        assert_eq!(on(dir.path(), 8), AS_ROOT, "somebody else's manager");
    }
}
