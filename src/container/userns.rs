//! May an ordinary user make a user namespace here? The only sure way to know is to do the whole step: on Ubuntu 24.04
//! making one succeeds, and only what follows is forbidden.

use std::ffi::CStr;
use std::fs;
use std::path::Path;

use nix::errno::Errno;
use nix::fcntl::{OFlag, open};
use nix::sched::{CloneFlags, unshare};
use nix::sys::prctl::set_dumpable;
use nix::sys::stat::Mode;
use nix::unistd::{Gid, Uid, write};

use super::handshake::{At, Failure, Handshake, Step};
use super::rootfs::keep_mounts_private;
use crate::error::{Context, Kind, Result, shortage};
use crate::lang::Said;
use crate::said;
use crate::sys::clone::{CloneArgs, Process};
use crate::sys::ids::{become_user, set_groups};

/// Tries it in a child, which ends at once; as `user` (uid, gid) if given, else as we are.
pub fn check(user: Option<(u32, u32)>) -> Result<()> {
    let (uid, gid) = user.unwrap_or((Uid::effective().as_raw(), Gid::effective().as_raw()));
    let maps = [format!("0 {uid} 1"), "deny".into(), format!("0 {gid} 1")]; // made here: the child must not allocate
    let handshake = Handshake::new()?;
    let child = Process::fork(CloneArgs::PLAIN, || match try_all(user, &maps) {
        Ok(()) => 0,
        Err(failure) => handshake.fail(failure),
    });
    let child = child.map_err(super::cannot_clone)?;
    child.reap().doing(|| said!("wait for the child that tries it", "시험하는 자식 프로세스를 기다릴 수 없습니다"))?;
    match handshake.failure(|_, _| None) {
        None => Ok(()),
        Some(error) => Err(error.kind(Kind::Unavailable).try_this(remedy(Path::new("/proc/sys")))),
    }
}

fn try_all(user: Option<(u32, u32)>, maps: &[String; 3]) -> Result<(), Failure> {
    if let Some((uid, gid)) = user {
        set_groups(&[]).at(Step::BecomeUser)?;
        become_user(uid, gid).at(Step::BecomeUser)?;
        set_dumpable(true).at(Step::BecomeUser)?; // else /proc/self belongs to root
    }
    unshare(CloneFlags::CLONE_NEWUSER | CloneFlags::CLONE_NEWNS).at(Step::UserNamespace)?;
    for (file, text) in [c"/proc/self/uid_map", c"/proc/self/setgroups", c"/proc/self/gid_map"].into_iter().zip(maps) {
        write_file(file, text).at(Step::IdMap)?;
    }
    keep_mounts_private().at(Step::PrivateMounts)
}

fn write_file(file: &CStr, text: &str) -> Result<(), Errno> {
    write(open(file, OFlag::O_WRONLY, Mode::empty())?, text.as_bytes()).map(drop)
}

/// What the administrator has to switch, by the settings below /proc/sys.
fn remedy(settings: &Path) -> Said {
    if !Path::new("/proc/self").exists() {
        return shortage::PROC;
    }
    let is = |name, value| fs::read_to_string(settings.join(name)).is_ok_and(|text| text.trim() == value);
    if is("kernel/unprivileged_userns_clone", "0") {
        Said::english("sudo sysctl kernel.unprivileged_userns_clone=1")
    } else if is("user/max_user_namespaces", "0") {
        Said::english("sudo sysctl user.max_user_namespaces=10000")
    } else if is("kernel/apparmor_restrict_unprivileged_userns", "1") {
        Said::fixed(
            "sudo sysctl kernel.apparmor_restrict_unprivileged_userns=0 (Ubuntu 23.10 and newer)",
            "sudo sysctl kernel.apparmor_restrict_unprivileged_userns=0(우분투 23.10부터)",
        )
    } else if !Path::new("/proc/self/ns/user").exists() {
        Said::fixed("a kernel with CONFIG_USER_NS", "CONFIG_USER_NS로 빌드한 커널")
    } else {
        Said::fixed(
            "run it outside of a container: this one's filter or its /proc forbids user namespaces",
            "컨테이너 밖에서 실행하십시오. 이 컨테이너의 필터나 /proc이 사용자 네임스페이스를 막습니다",
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_switch_has_its_remedy() {
        let dir = tempfile::tempdir().unwrap();
        for folder in ["kernel", "user"] {
            fs::create_dir(dir.path().join(folder)).unwrap();
        }
        for (name, value) in [
            ("kernel/apparmor_restrict_unprivileged_userns", "1\n"),
            ("user/max_user_namespaces", "0\n"),
            ("kernel/unprivileged_userns_clone", "0\n"),
        ] {
            fs::write(dir.path().join(name), value).unwrap();
            let remedy = remedy(dir.path());
            assert!(remedy.contains(&name.replace('/', ".")), "{name}: {remedy}");
        }
    }
}
