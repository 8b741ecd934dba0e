//! The steps of a child of ours, each with its words and what helps where it fails.

use nix::errno::Errno;

use crate::error::{Error, Kind, shortage};
use crate::lang::Said;

/// What a child of ours does, in order. It writes the one that failed on the page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    BecomeUser,
    UserNamespace,
    JoinCgroup,
    IdMap,
    Session,
    BecomeRoot,
    JoinNamespaces,
    OwnView,
    HostName,
    Loopback,
    PrivateMounts,
    Overlay,
    Root,
    Sys,
    HostsView,
    Proc,
    Dev,
    Mount,
    Sysctl,
    Mask,
    Hook,
    OldRoot,
    Settled,
    Confine,
    Cwd,
    Terminal,
    HandOver,
    DieWithParent,
    Rlimits,
    Capabilities,
    NoNewPrivileges,
    Init,
    Signals,
    Filter,
    Gate,
    Exec,
}

/// Each step completes the sentence "could not …".
const STEPS: &[(Step, Said)] = &[
    (Step::BecomeUser, Said::fixed("become an ordinary user", "일반 사용자가 될 수 없습니다")),
    (Step::UserNamespace, Said::fixed("make a user namespace", "사용자 네임스페이스를 만들 수 없습니다")),
    (Step::JoinCgroup, Said::fixed("join the container's cgroup", "컨테이너의 컨트롤 그룹에 들어갈 수 없습니다")),
    (Step::IdMap, Said::fixed("get the id map", "id 맵을 받을 수 없습니다")),
    (Step::Session, Said::fixed("make a session of its own", "자신의 세션을 만들 수 없습니다")),
    (Step::BecomeRoot, Said::fixed("become root of the user namespace", "사용자 네임스페이스의 루트가 될 수 없습니다")),
    (Step::JoinNamespaces, Said::fixed("join the namespaces of others", "다른 것의 네임스페이스에 들어갈 수 없습니다")),
    (
        Step::OwnView,
        Said::fixed(
            "make the mount and cgroup namespaces",
            "마운트 네임스페이스와 컨트롤 그룹 네임스페이스를 만들 수 없습니다",
        ),
    ),
    (Step::HostName, Said::fixed("set the container's host name", "컨테이너의 호스트 이름을 정할 수 없습니다")),
    (Step::Loopback, Said::fixed("switch on the loopback device", "루프백 장치를 켤 수 없습니다")),
    (
        Step::PrivateMounts,
        Said::fixed("keep the container's mounts to itself", "컨테이너의 마운트를 밖과 나눌 수 없습니다"),
    ),
    (
        Step::Overlay,
        Said::fixed("make the root of the folders on top of each other", "여러 폴더를 겹쳐 루트를 만들 수 없습니다"),
    ),
    (Step::Root, Said::fixed("mount the root folder", "루트 폴더를 마운트할 수 없습니다")),
    (Step::Sys, Said::fixed("accept /sys of the root folder", "루트 폴더의 /sys를 받아들일 수 없습니다")),
    (Step::HostsView, Said::fixed("make /tmp and /run", "/tmp와 /run을 만들 수 없습니다")),
    (Step::Proc, Said::fixed("mount /proc", "/proc을 마운트할 수 없습니다")),
    (Step::Dev, Said::fixed("make /dev", "/dev를 만들 수 없습니다")),
    (Step::Mount, Said::fixed("mount a file system", "파일 시스템을 마운트할 수 없습니다")),
    (
        Step::Sysctl,
        Said::fixed("set the kernel parameters of its namespaces", "네임스페이스의 커널 매개변수를 정할 수 없습니다"),
    ),
    (Step::Mask, Said::fixed("hide", "파일을 가릴 수 없습니다")),
    (Step::Hook, Said::fixed("run a hook", "훅을 실행할 수 없습니다")),
    (Step::OldRoot, Said::fixed("leave the old root", "이전 루트를 떠날 수 없습니다")),
    (
        Step::Settled,
        Said::fixed(
            "find /proc, /sys and /dev where they were mounted",
            "마운트한 자리에서 /proc, /sys, /dev를 찾을 수 없습니다",
        ),
    ),
    (
        Step::Confine,
        Said::fixed("confine the program to the root folder's own", "프로그램을 루트 폴더 안에 가둘 수 없습니다"),
    ),
    (Step::Cwd, Said::fixed("enter the program's folder", "프로그램의 폴더에 들어갈 수 없습니다")),
    (Step::Terminal, Said::fixed("give the program a terminal", "프로그램에 터미널을 줄 수 없습니다")),
    (Step::HandOver, Said::fixed("hand the program its files", "프로그램에 파일을 넘겨줄 수 없습니다")),
    (
        Step::DieWithParent,
        Said::fixed("tie the program's life to ours", "프로그램이 우리와 함께 끝나도록 할 수 없습니다"),
    ),
    (Step::Rlimits, Said::fixed("limit the program's resources", "프로그램의 자원을 제한할 수 없습니다")),
    (
        Step::Capabilities,
        Said::fixed(
            "become the program's user, with its capabilities",
            "프로그램의 사용자와 capability로 바꿀 수 없습니다",
        ),
    ),
    (Step::NoNewPrivileges, Said::fixed("set no_new_privs", "no_new_privs를 설정할 수 없습니다")),
    (Step::Init, Said::fixed("become a small PID 1", "작은 PID 1이 될 수 없습니다")),
    (Step::Signals, Said::fixed("give the program its signals back", "프로그램에 시그널을 되돌려줄 수 없습니다")),
    (Step::Filter, Said::fixed("install the system call filter", "시스템 콜 필터를 걸 수 없습니다")),
    (Step::Gate, Said::fixed("wait for the start", "시작을 기다릴 수 없습니다")),
    (Step::Exec, Said::fixed("execute the program", "프로그램을 실행할 수 없습니다")),
];

/// Why a child could not go on. A plain value: nothing in the child may allocate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Failure {
    pub step: Step,
    pub errno: Errno,
    /// Which of several paths, by its place in a list; 0 where there is but one.
    pub place: usize,
}

/// `mount(…).at(Step::Proc)?` tells which step an errno belongs to.
pub trait At<T> {
    fn at(self, step: Step) -> Result<T, Failure>;
}

impl<T> At<T> for Result<T, Errno> {
    fn at(self, step: Step) -> Result<T, Failure> {
        self.map_err(|errno| Failure { step, errno, place: 0 })
    }
}

impl Step {
    /// By its number.
    pub fn from_number(number: u64) -> Step {
        STEPS.get(number as usize).map_or(Step::Exec, |(step, _)| *step)
    }

    fn doing(self) -> Said {
        STEPS[self as usize].1.clone()
    }
}

/// `part`: what the child was at, in a step that does several things.
pub fn explain(Failure { step, errno, .. }: Failure, part: Option<Said>) -> Error {
    let error = Error::new(part.unwrap_or_else(|| step.doing()), Said::english(errno.desc()));
    let (kind, advice) = advice(step, errno);
    error.kind(kind).try_this(advice)
}

/// What kind of failure it is, and what the reader can do about it.
#[rustfmt::skip] // a table
fn advice(step: Step, errno: Errno) -> (Kind, Said) {
    match (step, errno) {
        (_, Errno::ENOMEM) => (Kind::Failed, shortage::MEMORY),
        (_, Errno::EMFILE) => (Kind::Failed, shortage::OPEN_FILES),
        (Step::Exec, Errno::ENOENT) => (Kind::NotFound, Said::fixed("its interpreter (of a script, or the dynamic loader) must be in the root folder too", "인터프리터(스크립트의 것 또는 동적 로더)도 루트 폴더에 있어야 합니다")),
        (Step::Exec, Errno::EACCES | Errno::ENOEXEC | Errno::EISDIR | Errno::ELIBBAD) => (Kind::NotExecutable, Said::english("file PROGRAM; ls -l PROGRAM")),
        (Step::Settled, _) | (Step::Mount | Step::Overlay, Errno::ESTALE) => (Kind::Failed, Said::fixed("somebody changes this root folder while it is used: do not trust it", "쓰는 동안 누군가 이 루트 폴더를 바꾸고 있습니다. 믿지 마십시오")),
        (Step::Overlay, Errno::ENODEV | Errno::EPERM) => (Kind::Unavailable, Said::fixed("sudo modprobe overlay; in a user namespace Linux 5.11 or newer", "sudo modprobe overlay를 하십시오. 사용자 네임스페이스에서는 리눅스 5.11 이상이 필요합니다")),
        (Step::Overlay, _) => (Kind::Failed, Said::fixed("upper and an empty work on one file system that is no overlay itself; none of the folders below another; more than a dozen lower ones need Linux 6.8", "upper와 빈 work는 오버레이가 아닌 한 파일 시스템에 있어야 하고, 어느 폴더도 다른 폴더 아래에 있으면 안 됩니다. lower가 열둘을 넘으면 리눅스 6.8 이상이 필요합니다")),
        (Step::Root, Errno::EACCES) => (Kind::Failed, Said::fixed("chmod o+x the folder: inside, root is an ordinary user of the host", "폴더에 chmod o+x를 하십시오. 안의 루트는 호스트에서 일반 사용자입니다")),
        (Step::Root, Errno::EINVAL) => (Kind::Failed, Said::fixed("it lies in another mount namespace: name a folder of this one", "다른 마운트 네임스페이스에 있습니다. 이 네임스페이스의 폴더를 적으십시오")),
        (Step::Sys | Step::Proc | Step::Dev | Step::Mount | Step::Mask, Errno::ELOOP) => (Kind::Failed, Said::fixed("this root folder has a symbolic link where a folder belongs: do not trust it", "폴더가 있어야 할 곳에 심볼릭 링크가 있는 루트 폴더입니다. 믿지 마십시오")),
        (Step::Dev, Errno::ENODEV) => (Kind::Unavailable, Said::fixed("ls -l /dev: null, zero, full, random, urandom and tty must be the devices of these names", "ls -l /dev: null, zero, full, random, urandom, tty가 그 이름의 장치여야 합니다")),
        (Step::Proc | Step::Dev, Errno::ENOENT | Errno::ENOTDIR) => (Kind::Failed, Said::fixed("mkdir DIR/proc DIR/dev: the root folder needs them as mount points", "mkdir DIR/proc DIR/dev: 루트 폴더에 마운트 지점으로 있어야 합니다")),
        (Step::Proc, Errno::EPERM) => (Kind::Unavailable, Said::fixed("run it outside of a container: parts of this /proc are hidden, so no new one is allowed", "컨테이너 밖에서 실행하십시오. 이 /proc의 일부가 가려져 있어 새로 마운트할 수 없습니다")),
        (Step::Mount, Errno::ENOENT | Errno::EROFS | Errno::EACCES | Errno::EEXIST | Errno::ENOTDIR) => (Kind::Failed, Said::fixed("make the mount point in the root folder yourself: a folder for a folder, a file for a file", "루트 폴더에 마운트 지점을 직접 만드십시오. 폴더에는 폴더, 파일에는 파일이 있어야 합니다")),
        (Step::Mount, Errno::EINVAL) => (Kind::Failed, Said::fixed("options that this file system knows (dmesg names the other); of a bind mount in a user namespace rbind in place of bind: what is mounted below a folder comes with it", "이 파일 시스템이 아는 옵션만 쓰십시오(모르는 것은 dmesg에 나옵니다). 사용자 네임스페이스의 bind 마운트라면 bind 대신 rbind를 쓰십시오. 폴더 아래에 마운트된 것이 함께 와야 합니다")),
        (Step::PrivateMounts | Step::Loopback | Step::HostName, Errno::EPERM | Errno::EACCES) => (Kind::Unavailable, Said::english("sudo sysctl kernel.apparmor_restrict_unprivileged_userns=0")),
        (Step::Cwd, Errno::ELOOP) => (Kind::Failed, Said::fixed("the folder's own path, not a link of /proc", "/proc의 링크가 아니라 폴더 자신의 경로를 적으십시오")),
        (Step::Cwd, Errno::ENOENT | Errno::EROFS | Errno::ENOTDIR | Errno::EEXIST | Errno::EACCES) => (Kind::Failed, Said::fixed("a folder that is in the container, and that its root may enter", "컨테이너 안에 있고 그 안의 루트가 들어갈 수 있는 폴더를 적으십시오")),
        (Step::Terminal, Errno::ENODEV) => (Kind::Usage, Said::fixed("leave the knob -dev out: a terminal is made in the container's own /dev/pts", "노브 -dev를 빼십시오. 터미널은 컨테이너 자신의 /dev/pts에 만들어집니다")),
        (Step::Terminal, Errno::ENOSPC) => (Kind::Failed, Said::fixed("sysctl kernel.pty: no more terminals are allowed", "sysctl kernel.pty: 터미널을 더 만들 수 없습니다")),
        (Step::Root, Errno::ENOSYS) => (Kind::Unavailable, Said::fixed("Linux 5.12 or newer (uname -r)", "리눅스 5.12 이상(uname -r)")),
        _ => (Kind::Failed, Said::default()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_step_has_words_in_the_same_order() {
        assert_eq!(STEPS.len(), Step::Exec as usize + 1, "Exec is the last step");
        for (place, (step, _)) in STEPS.iter().enumerate() {
            assert_eq!(place, *step as usize, "{step:?} stands at its place");
        }
    }
}
