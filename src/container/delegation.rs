//! Whether an ordinary user of this machine could be given a cgroup, and how.

use std::path::Path;

use nix::unistd::Uid;

use crate::lang::Said;

pub const NONE: Said = Said::fixed(
    "no cgroup was delegated to this user: no limits, and no account of kernel memory",
    "이 사용자에게 위임된 컨트롤 그룹이 없음: 제한도, 커널 메모리 집계도 없음",
);
/// A service manager of the user's own, on a v2 tree.
pub const BY_SYSTEMD: Said = Said::english("systemd-run --user --scope -p Delegate=yes isolab …");
/// A v1 tree cannot be handed out safely (cgroups(7)), and without such a manager nobody hands one out.
pub const AS_ROOT: Said = Said::fixed(
    "only root can hand one out here: sudo isolab …, with container in place of container-rootless",
    "여기서는 루트만 위임할 수 있습니다: container-rootless 대신 container로 sudo isolab …",
);
/// What makes it without root on behalf of root still has a user without a cgroup.
pub const CONTAINER: Said = Said::fixed(
    "container in place of container-rootless: root may make cgroups",
    "container-rootless 대신 container: 루트는 컨트롤 그룹을 만들 수 있습니다",
);

/// What to do about [`NONE`] here.
pub fn remedy() -> Said {
    if Uid::effective().is_root() { CONTAINER } else { on(Path::new("/"), Uid::effective().as_raw()) }
}

/// For a machine whose files lie below `root`.
pub fn on(root: &Path, uid: u32) -> Said {
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
