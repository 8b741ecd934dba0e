//! Id maps: which user numbers of the container are which numbers outside (user_namespaces(7)).
//!
//! Until they are written the child is nobody, 65534, and may not even mount. So this is the one place where parent and
//! child must wait for each other.

use std::fs;

use nix::errno::Errno;
use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};
use crate::said;
use crate::sys::ids::{become_user, set_groups};

/// The same map for users and groups: `count` ids from 0 inside are those from the given ones outside.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct IdMap {
    pub first_uid: u32,
    pub first_gid: u32,
    pub count: u32,
}

impl IdMap {
    /// root inside is this user outside, and nobody else exists: all that an unprivileged user may write.
    pub fn only(uid: u32, gid: u32) -> IdMap {
        IdMap { first_uid: uid, first_gid: gid, count: 1 }
    }

    /// 65536 ids from 100000 on, as root may give them: none of them owns anything on the host.
    pub const MANY: IdMap = IdMap { first_uid: 100_000, first_gid: 100_000, count: 65_536 };

    /// With one id there are no groups to keep; and the kernel demands that setgroups is denied, because leaving a
    /// group can give rights: a file may forbid a group what it allows everybody else (CVE-2014-8989).
    fn denies_setgroups(self) -> bool {
        self.count == 1
    }

    /// (file below /proc/PID, text), in the order that the kernel wants.
    fn files(self) -> Vec<(&'static str, String)> {
        let mut files = vec![("uid_map", format!("0 {} {}", self.first_uid, self.count))];
        if self.denies_setgroups() {
            files.push(("setgroups", "deny".into()));
        }
        files.push(("gid_map", format!("0 {} {}", self.first_gid, self.count)));
        files
    }

    /// By the parent: whoever is outside decides who the child is.
    pub fn write(self, pid: &str) -> Result<()> {
        for (file, text) in self.files() {
            let path = format!("/proc/{pid}/{file}");
            fs::write(&path, text).map_err(|cause| {
                Error::unavailable(said!("write {path}", "{path}을(를) 쓸 수 없습니다"), cause).try_this(said!(
                    "isolab doctor (what this machine says about user namespaces)",
                    "isolab doctor(이 기계의 사용자 네임스페이스 상태를 보여 줍니다)"
                ))
            })?;
        }
        Ok(())
    }

    /// By the child, once the map is there: from nobody to the root of its namespace.
    pub fn become_root(self) -> Result<(), Errno> {
        if !self.denies_setgroups() {
            set_groups(&[])?;
        }
        become_user(0, 0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn setgroups_is_denied_before_a_single_group_is_mapped() {
        let files: Vec<&str> = IdMap::only(1000, 1001).files().iter().map(|(file, _)| *file).collect();
        assert_eq!(files, ["uid_map", "setgroups", "gid_map"]);
        assert_eq!(IdMap::only(1000, 1001).files()[2].1, "0 1001 1");
        assert_eq!(IdMap::MANY.files()[0], ("uid_map", "0 100000 65536".into()));
        assert_eq!(IdMap::MANY.files().len(), 2);
    }
}
