//! Our own container, made by root: no image, no engine.

use std::fs;
use std::path::Path;

use nix::unistd::Uid;

use super::contained::{self, Privileges, check, prepare};
use super::{About, Clocks, Environment, KnobAbout, Knobs, Prepared, Setting, Support, Task};
use crate::container::cgroup::{TOP, Tree};
use crate::container::idmap::IdMap;
use crate::error::{Error, Result, shortage};
use crate::lang::Said;
use crate::model::{AnsweredBy, Channel, Reach};
use crate::sys::capabilities::{Set, effective};

pub struct OwnContainer;

static ABOUT: About = About {
    id: "container",
    name: Said::fixed("our container, no image, no engine", "직접 만든 컨테이너, 이미지·엔진 없음"),
    sentence: Said::fixed(
        "A process with namespaces, a root folder, a cgroup, fourteen capabilities and a system call filter, as docker's default, made by a small runtime of our own as root.",
        "네임스페이스, 루트 폴더, 컨트롤 그룹, 권한 열네 개, 시스템 콜 필터를 갖춘 프로세스입니다. docker의 기본값과 같으며, 직접 만든 작은 런타임이 루트로 만듭니다.",
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
pub(super) const KNOBS: &[KnobAbout] = &[
    knob("-net", Said::fixed("It stays in the host's network.", "호스트의 네트워크에 그대로 있습니다.")),
    knob("-lo", Said::fixed("Its loopback device stays down.", "루프백 장치를 켜지 않습니다.")),
    knob("-pid", Said::fixed("It sees and numbers processes as the host does: its root can kill any of them, PID 1 too.", "프로세스를 호스트와 똑같이 보고 같은 번호로 부릅니다. 그 루트는 PID 1까지 무엇이든 죽일 수 있습니다.")),
    knob("-ipc", Said::fixed("It shares message queues, semaphores and shared memory with the host.", "메시지 큐, 세마포어, 공유 메모리를 호스트와 함께 씁니다.")),
    knob("-uts", Said::fixed("It has the host's name.", "호스트 이름을 그대로 씁니다.")),
    knob("-cgroup", Said::fixed("It has no cgroup of its own, so no limits; the namespace that hides the tree of cgroups stays.", "자기 컨트롤 그룹이 없어 제한도 없습니다. 컨트롤 그룹 트리를 가리는 네임스페이스는 남습니다.")),
    knob("-dev", Said::fixed("It has the root folder's /dev, where no device is alive.", "루트 폴더의 /dev를 그대로 쓰며, 거기에는 살아 있는 장치가 없습니다.")),
    knob("-mask", Said::fixed("Nothing in /proc and /sys is hidden or made read-only: its root can harm the host.", "/proc과 /sys에서 아무것도 가리거나 읽기 전용으로 하지 않습니다. 그 루트는 호스트를 해칠 수 있습니다.")),
    knob("-caps", Said::fixed("It keeps all capabilities: its root can harm the host.", "모든 권한(capability)을 그대로 둡니다. 그 루트는 호스트를 해칠 수 있습니다.")),
    knob("-seccomp", Said::fixed("No system call is filtered.", "시스템 콜을 거르지 않습니다.")),
    knob("fork", Said::fixed("The child is a copy of its parent, as `process` is; without it the child borrows its parent's memory until exec.", "자식이 `process`처럼 부모의 복사본입니다. 이 노브가 없으면 exec까지 부모의 메모리를 빌려 씁니다.")),
    knob("+user", Said::fixed("A user namespace: its root is user 100000 outside.", "사용자 네임스페이스를 만듭니다. 그 루트는 밖에서 사용자 100000입니다.")),
    knob("+init", Said::fixed("A small PID 1 stands before the program.", "프로그램 앞에 작은 PID 1을 둡니다.")),
    knob("-init", Said::fixed("In a bench of an own command that command is PID 1 itself: a signal that it sends itself is lost.", "자기 명령의 벤치에서 그 명령이 PID 1이 됩니다. 자신에게 보내는 시그널은 사라집니다.")),
];

const fn knob(form: &'static str, sentence: Said) -> KnobAbout {
    KnobAbout { form, sentence }
}

impl Environment for OwnContainer {
    fn about(&self) -> &'static About {
        &ABOUT
    }

    fn check(&self, knobs: &Knobs) -> Result<()> {
        check(knobs)
    }

    fn reach(&self, knobs: &Knobs) -> Reach {
        contained::reach(knobs)
    }

    fn supports(&self, knobs: &Knobs, _: &Task) -> Support {
        let no = |reason, fix| Support::No { reason, fix };
        if !Uid::effective().is_root() {
            return no(
                Said::fixed("it is made by root", "루트만 만들 수 있음"),
                Said::fixed("sudo, or -e container-rootless", "sudo를 쓰거나 -e container-rootless"),
            );
        }
        if !Path::new("/proc/self").exists() {
            return no(shortage::NO_PROC, shortage::PROC);
        }
        if !may_administer() {
            return no(
                Said::fixed(
                    "this root has no CAP_SYS_ADMIN (inside a container?)",
                    "이 루트에는 CAP_SYS_ADMIN이 없음(컨테이너 안입니까?)",
                ),
                Said::fixed(
                    "run it on the host, or -e container-rootless",
                    "호스트에서 실행하거나 -e container-rootless",
                ),
            );
        }
        if !knobs.has("-dev") && !sees_every_user(&fs::read_to_string("/proc/self/uid_map").unwrap_or_default()) {
            return no(
                Said::fixed(
                    "this root is one of a user namespace alone, who may make no device files",
                    "이 루트는 사용자 네임스페이스의 루트일 뿐이라 장치 파일을 만들 수 없음",
                ),
                Said::english("container-rootless"),
            );
        }
        if !kernel_is_new_enough() {
            return no(
                Said::fixed("mount_setattr(2) came with Linux 5.12", "mount_setattr(2)는 리눅스 5.12부터 있음"),
                Said::fixed("a newer kernel: uname -r", "더 새로운 커널을 쓰십시오: uname -r"),
            );
        }
        match tree(knobs) {
            Ok(Some(tree)) if !tree.is_writable() => no(
                Said::fixed("the tree of cgroups is not writable", "컨트롤 그룹 트리에 쓸 수 없음"),
                Said::fixed("container:-cgroup, which needs none", "컨트롤 그룹이 필요 없는 container:-cgroup"),
            ),
            Err(error) => Support::No { reason: error.cause, fix: error.try_this },
            Ok(_) => Support::Yes,
        }
    }

    fn prepare(&self, knobs: &Knobs, task: &Task, setting: &Setting) -> Result<Box<dyn Prepared>> {
        check(knobs)?;
        if knobs.has("-cgroup") && task.limits != crate::model::Limits::default() {
            return Err(Error::usage(
                Said::fixed("limit the container", "컨테이너를 제한할 수 없습니다"),
                Said::fixed("the knob -cgroup takes away what would limit it", "노브 -cgroup이 제한할 수단을 없앰"),
            ));
        }
        if let Support::No { reason, fix } = self.supports(knobs, task) {
            return Err(Error::unavailable(Said::fixed("make a container", "컨테이너를 만들 수 없습니다"), reason)
                .try_this(fix));
        }
        let ids = knobs.has("+user").then_some(IdMap::MANY);
        let cgroup = match &setting.cgroup_root {
            Some(folder) => tree(knobs)?.map(|tree| tree.inside(folder)),
            None => tree(knobs)?,
        };
        prepare(knobs, task, setting, Privileges { ids, cgroup, become_user: None })
    }
}

fn tree(knobs: &Knobs) -> Result<Option<Tree>> {
    if knobs.has("-cgroup") {
        return Ok(None);
    }
    Tree::find(Path::new(TOP)).map(Some)
}

fn may_administer() -> bool {
    const CAP_SYS_ADMIN: Set = 1 << 21;
    effective().is_ok_and(|set| set & CAP_SYS_ADMIN != 0)
}

/// "0 0 4294967295": the map of the first user namespace (user_namespaces(7)). A kernel without them has no map.
fn sees_every_user(uid_map: &str) -> bool {
    let numbers: Vec<&str> = uid_map.split_whitespace().collect();
    numbers.is_empty() || numbers == ["0", "0", "4294967295"]
}

pub(super) fn kernel_is_new_enough() -> bool {
    let release = nix::sys::utsname::uname().map(|u| u.release().to_string_lossy().into_owned()).unwrap_or_default();
    version(&release) >= (5, 12)
}

/// (6, 18) of "6.18.44-generic".
fn version(release: &str) -> (u32, u32) {
    let mut numbers = release.split(|c: char| !c.is_ascii_digit()).map(|n| n.parse().unwrap_or(0));
    (numbers.next().unwrap_or(0), numbers.next().unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::environments::testing::run_noop;

    #[test]
    fn the_probe_proves_itself_with_every_part_and_without_each() {
        let without = KNOBS.iter().map(|k| vec![k.form]).filter(|knobs| knobs != &["-init"]); // for own commands
        let combined = [vec![], vec!["+user", "+init"], vec!["-seccomp", "-dev", "-mask", "-lo", "-cgroup", "-caps"]];
        for knobs in without.chain(combined) {
            if !run_noop(&OwnContainer, &knobs) {
                return;
            }
        }
    }

    #[test]
    fn facts_are_read_from_their_texts() {
        assert!(sees_every_user("         0          0 4294967295\n") && sees_every_user(""));
        assert!(!sees_every_user("         0      12345          1\n") && !sees_every_user("0 100000 65536\n"));
        assert_eq!(version("6.18.44-fc"), (6, 18));
        assert!(version("5.4.0-150-generic") < (5, 12) && version("5.12") >= (5, 12) && version("odd") < (5, 12));
    }
}
