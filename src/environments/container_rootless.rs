//! Our own container, made by an ordinary user: a user namespace makes him root inside, and only there.

use std::fs;
use std::path::{Path, PathBuf};

use nix::unistd::{Gid, Uid};

use super::contained::{self, Privileges, check, prepare};
use super::container::{OwnContainer, kernel_is_new_enough};
use super::ordinary_user::become_user;
use super::{About, Clocks, Environment, KnobAbout, Knobs, Prepared, Setting, Support, Task};
use crate::container::cgroup::{HOSTS_FOLDER, TOP, Tree};
use crate::container::delegation;
use crate::container::idmap::IdMap;
use crate::container::userns;
use crate::error::{Error, Result, shortage};
use crate::lang::Said;
use crate::model::{AnsweredBy, Channel, Limits, Reach};

pub struct RootlessContainer;

static ABOUT: About = About {
    id: "container-rootless",
    name: Said::fixed("our container, made without root", "직접 만든 컨테이너, 루트 권한 없이"),
    sentence: Said::fixed(
        "The same container made by an ordinary user through a user namespace with a single id; run as root, isolab becomes the user who called sudo, or nobody, before it begins.",
        "같은 컨테이너를 일반 사용자가 ID 하나뿐인 사용자 네임스페이스로 만든 것입니다. 루트로 실행하면 isolab이 먼저 sudo를 부른 사용자나 nobody가 됩니다.",
    ),
    kind: crate::model::Kind::Container,
    answered_by: AnsweredBy::HostKernel,
    clocks: Clocks::Both,
    knobs: KNOBS,
    channel: Channel::Fd,
    t0: Said::fixed(
        "just before its cgroup is made, or clone3 without one; the pipe for its records exists already",
        "컨트롤 그룹을 만들기 직전, 컨트롤 그룹이 없으면 clone3 직전. 기록용 파이프는 이미 있습니다",
    ),
};

#[rustfmt::skip]
const KNOBS: &[KnobAbout] = &[
    knob("-net", Said::fixed("It stays in the host's network.", "호스트의 네트워크에 그대로 있습니다.")),
    knob("-lo", Said::fixed("Its loopback device stays down.", "루프백 장치를 켜지 않습니다.")),
    knob("-ipc", Said::fixed("It shares message queues, semaphores and shared memory with the host.", "메시지 큐, 세마포어, 공유 메모리를 호스트와 함께 씁니다.")),
    knob("-uts", Said::fixed("It has the host's name.", "호스트 이름을 그대로 씁니다.")),
    knob("-cgroup", Said::fixed("It has no cgroup of its own even where one was delegated; the namespace that hides the tree stays.", "위임된 곳에서도 자기 컨트롤 그룹이 없습니다. 트리를 가리는 네임스페이스는 남습니다.")),
    knob("-dev", Said::fixed("It has the root folder's /dev, where no device is alive.", "루트 폴더의 /dev를 그대로 쓰며, 거기에는 살아 있는 장치가 없습니다.")),
    knob("-mask", Said::fixed("Nothing in /proc and /sys is hidden or made read-only.", "/proc과 /sys에서 아무것도 가리거나 읽기 전용으로 하지 않습니다.")),
    knob("-caps", Said::fixed("It keeps all capabilities inside its user namespace.", "사용자 네임스페이스 안의 모든 권한(capability)을 그대로 둡니다.")),
    knob("-seccomp", Said::fixed("No system call is filtered.", "시스템 콜을 거르지 않습니다.")),
    knob("+init", Said::fixed("A small PID 1 stands before the program.", "프로그램 앞에 작은 PID 1을 둡니다.")),
    knob("-init", Said::fixed("In a bench of an own command that command is PID 1 itself: a signal that it sends itself is lost.", "자기 명령의 벤치에서 그 명령이 PID 1이 됩니다. 자신에게 보내는 시그널은 사라집니다.")),
];

const fn knob(form: &'static str, sentence: Said) -> KnobAbout {
    KnobAbout { form, sentence }
}

impl Environment for RootlessContainer {
    fn about(&self) -> &'static About {
        &ABOUT
    }

    fn check(&self, knobs: &Knobs) -> Result<()> {
        check(knobs)
    }

    fn reach(&self, knobs: &Knobs) -> Reach {
        contained::reach(knobs)
    }

    fn as_root(&self) -> Option<&'static dyn Environment> {
        Some(&OwnContainer)
    }

    fn supports(&self, knobs: &Knobs, task: &Task) -> Support {
        let no = |reason, fix| Support::No { reason, fix };
        if !kernel_is_new_enough() {
            return no(
                Said::fixed("mount_setattr(2) came with Linux 5.12", "mount_setattr(2)는 리눅스 5.12부터 있음"),
                Said::fixed("a newer kernel: uname -r", "더 새로운 커널을 쓰십시오: uname -r"),
            );
        }
        if !Path::new("/proc/self").exists() {
            return no(shortage::NO_PROC, shortage::PROC);
        }
        if let Err(error) = userns::check(whom_to_become()) {
            return no(error.reason(), error.try_this);
        }
        match delegated_cgroup(knobs) {
            None if task.limits != Limits::default() => no(delegation::NONE, delegation::remedy()),
            None if !knobs.has("-cgroup") => Support::Limited { reason: delegation::NONE, fix: delegation::remedy() },
            _ => Support::Yes,
        }
    }

    fn prepare(&self, knobs: &Knobs, task: &Task, setting: &Setting) -> Result<Box<dyn Prepared>> {
        check(knobs)?;
        if let Support::No { reason, fix } = self.supports(knobs, task) {
            return Err(Error::unavailable(
                Said::fixed("make a container without root", "루트 없이 컨테이너를 만들 수 없습니다"),
                reason,
            )
            .try_this(fix));
        }
        let cgroup = delegated_cgroup(knobs);
        let become_user = whom_to_become();
        let (uid, gid) = become_user.unwrap_or((Uid::effective().as_raw(), Gid::effective().as_raw()));
        prepare(knobs, task, setting, Privileges { ids: Some(IdMap::only(uid, gid)), cgroup, become_user })
    }
}

/// For a process of root that makes one such container and ends: early, so that the files it makes are his to remove.
pub fn become_ordinary_user() -> Result<()> {
    if !Path::new("/proc/self").exists() {
        let error = Error::unavailable(
            Said::fixed("make a container without root", "루트 없이 컨테이너를 만들 수 없습니다"),
            shortage::NO_PROC,
        ); // which ids there are stands there
        return Err(error.try_this(shortage::PROC));
    }
    become_user(whom_to_become())
}

/// As root: the user who called sudo, else nobody. None too for the root of a user namespace that has no such user: outside
/// of it he is an ordinary user already.
pub fn whom_to_become() -> Option<(u32, u32)> {
    const NOBODY: u32 = 65534;
    if !Uid::effective().is_root() {
        return None;
    }
    let id = |name| std::env::var(name).ok()?.parse().ok().filter(|id| *id != 0);
    let (uid, gid) = (id("SUDO_UID").unwrap_or(NOBODY), id("SUDO_GID").unwrap_or(NOBODY));
    (is_there(uid, "/proc/self/uid_map") && is_there(gid, "/proc/self/gid_map")).then_some((uid, gid))
}

/// Has our user namespace this id? Lines of "first here, first outside, how many" (user_namespaces(7)).
fn is_there(id: u32, map: &str) -> bool {
    let Ok(text) = fs::read_to_string(map) else { return true }; // a kernel without user namespaces has all
    text.lines().any(|line| {
        let numbers: Vec<u64> = line.split_whitespace().filter_map(|word| word.parse().ok()).collect();
        matches!(numbers[..], [first, _, count] if (first..first + count).contains(&u64::from(id)))
    })
}

/// The cgroup v2 folder in which we stand, if it was given to this user.
fn delegated_cgroup(knobs: &Knobs) -> Option<Tree> {
    if knobs.has("-cgroup") || Uid::effective().is_root() {
        return None;
    }
    let mine = own_folder(Path::new(TOP), &fs::read_to_string("/proc/self/cgroup").ok()?)?;
    Tree::at(&mine).ok().filter(Tree::is_delegated)
}

/// "0::/user.slice/x.scope" of /proc/self/cgroup below `top`; one up from the folder into which [`Tree`] moved us.
fn own_folder(top: &Path, proc_self_cgroup: &str) -> Option<PathBuf> {
    let path = proc_self_cgroup.lines().find_map(|line| line.strip_prefix("0::/"))?;
    let folder = top.join(path);
    if folder.ends_with(HOSTS_FOLDER) { folder.parent().map(Path::to_owned) } else { Some(folder) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::environments::testing::{Story, probe_task, run_noop};
    use crate::model::Exit;
    use std::os::unix::fs::PermissionsExt;
    use std::process::Command;

    /// It becomes another user for good, so it needs a process of its own.
    #[test]
    fn the_probe_proves_itself_without_root() {
        let this = "environments::container_rootless::tests::alone";
        let args = ["--exact", this, "--ignored", "--nocapture", "--test-threads=1"];
        let dir = tempfile::tempdir().unwrap(); // ours to remove: what it made as root it cannot remove as nobody
        fs::set_permissions(dir.path(), fs::Permissions::from_mode(0o777)).unwrap();
        let mut alone = Command::new(std::env::current_exe().unwrap());
        let out = alone.args(args).env("TMPDIR", dir.path()).output().unwrap();
        let text = String::from_utf8_lossy(&out.stdout) + String::from_utf8_lossy(&out.stderr);
        assert!(out.status.success() && text.contains("1 passed"), "{text}");
        text.lines().filter(|line| line.starts_with("skipped:")).for_each(|line| eprintln!("{line}"));
    }

    #[test]
    #[ignore = "run by the test above"]
    fn alone() {
        let without = KNOBS.iter().map(|k| vec![k.form]).filter(|knobs| knobs != &["-init"]); // for own commands
        let began_as_root = Uid::effective().is_root();
        for knobs in [vec![]].into_iter().chain(without) {
            if !run_noop(&RootlessContainer, &knobs) {
                return;
            }
        }
        let limits = Limits { memory_bytes: Some(8 << 20), ..Limits::default() };
        let greedy = Task { limits, ..probe_task(&["touch", "16384"], 3) }; // 64 MiB
        match Story::of(&RootlessContainer, &[], &greedy) {
            Ok(story) => assert_eq!(story.exit, Exit::Signal(9), "killed at its limit of memory"),
            Err(error) => {
                assert_eq!((error.cause.clone(), error.try_this), (delegation::NONE, delegation::remedy()));
                crate::testing::skip(format_args!("limits of a rootless container: {}", error.cause));
            }
        }
        if began_as_root {
            assert!(!Uid::effective().is_root(), "it has become an ordinary user");
        }
    }

    #[test]
    fn the_own_cgroup_is_found() {
        let folder = |text| own_folder(Path::new("/top"), text);
        assert_eq!(folder("1:cpu:/x\n0::/user.slice/a.scope\n"), Some("/top/user.slice/a.scope".into()));
        assert_eq!(folder("0::/user.slice/a.scope/isolab.host\n"), Some("/top/user.slice/a.scope".into()));
        assert_eq!(folder("0::/\n"), Some("/top/".into()));
        assert_eq!(folder("4:memory:/x\n"), None);
    }
}
