//! What a container does not hold back, told where it is asked for.

use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use nix::sys::statvfs::{FsFlags, statvfs};

use super::Arm;
use crate::lang::Said;
use crate::model::Kind;
use crate::said;

/// One sentence for each thing that a run in this root folder leaves open, or does otherwise than one would think.
pub fn of_run(arm: &Arm, rootfs: Option<&Path>) -> Vec<Said> {
    let about = arm.env.about();
    let (rootless, user) = (arm.env.is_rootless(), arm.knobs.has("+user"));
    let folder = rootfs.filter(|_| about.kind == Kind::Container);
    let setuid = folder.filter(|_| !user).filter(|folder| leaves_setuid_files(folder)).map(|folder| {
        let folder = folder.display();
        said!(
            "caution: a setuid file that the program leaves in {folder} runs with the rights of its owner, for every user who gets there: \
             chmod 700 keeps them out",
            "주의: 프로그램이 {folder}에 남기는 setuid 파일은 거기에 들어갈 수 있는 모든 사용자에게 소유자의 권한으로 실행됩니다. \
             chmod 700으로 막을 수 있습니다"
        )
    });
    let mounts = || std::fs::read_to_string("/proc/self/mountinfo").unwrap_or_default();
    let tmp =
        folder.filter(|folder| (rootless || user) && is_hosts_root(folder)).and_then(|_| mounted_in_tmp(&mounts()));
    let tmp = tmp.map(|place| {
        said!(
            "caution: /tmp is empty inside: {place} is a mount of its own, and a user namespace may show nothing around it \
             (umount it, or --as container as root)",
            "주의: 안의 /tmp는 비어 있습니다. {place}이(가) 따로 마운트되어 있어 사용자 네임스페이스가 그 둘레를 보여 줄 수 없습니다\
             (umount 하거나, 루트로 --as container)",
            place = place.display()
        )
    });
    let pid = arm.knobs.has("-pid").then(|| {
        said!(
            "caution: with the knob -pid root inside can signal every process of this machine, process 1 too: run nothing hostile",
            "주의: 노브 -pid를 쓰면 안의 루트가 1번까지 이 기계의 모든 프로세스에 시그널을 보낼 수 있습니다. 믿지 못할 것은 실행하지 마십시오"
        )
    });
    [setuid, tmp, pid].into_iter().flatten().collect()
}

/// Can the program write there, and others get at what it wrote?
fn leaves_setuid_files(folder: &Path) -> bool {
    let Ok(folder) = folder.canonicalize() else { return false };
    let inert = |flags: FsFlags| flags.intersects(FsFlags::ST_NOSUID | FsFlags::ST_RDONLY);
    let dead = is_hosts_root(&folder) || statvfs(&folder).is_ok_and(|found| inert(found.flags()));
    !dead && folder.ancestors().all(is_open_to_others)
}

fn is_hosts_root(folder: &Path) -> bool {
    folder.canonicalize().is_ok_and(|folder| folder == Path::new("/"))
}

/// A mount below the host's /tmp. In the mount namespace of a user namespace it cannot be taken from what it lies on, so that
/// overlayfs refuses that (mount_namespaces(7), "Restrictions on mount namespaces").
fn mounted_in_tmp(mountinfo: &str) -> Option<PathBuf> {
    let places = mountinfo.lines().filter_map(|line| line.split(' ').nth(4));
    places.filter(|place| place.starts_with("/tmp/")).map(PathBuf::from).next()
}

/// A group of the same number is its owner's own.
fn is_open_to_others(folder: &Path) -> bool {
    folder
        .metadata()
        .is_ok_and(|about| about.mode() & 0o001 != 0 || about.mode() & 0o010 != 0 && about.gid() != about.uid())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mount_below_tmp_is_seen_and_no_other() {
        let line = |place: &str| format!("24 1 0:22 / {place} rw,relatime shared:1 - tmpfs none rw\n");
        let all = |places: &[&str]| mounted_in_tmp(&places.iter().map(|place| line(place)).collect::<String>());
        assert_eq!(all(&["/", "/tmp", "/tmpx/a", "/var/tmp/a"]), None);
        assert_eq!(all(&["/", "/tmp", "/tmp/a", "/tmp/b"]), Some("/tmp/a".into()));
    }
}
