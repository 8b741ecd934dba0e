//! How parent and child talk while the child makes itself ready, without a single round trip of their own:
//!
//! ```text
//! parent                          shared page                     child
//!   |-- clone3 ------------------------------------------------->  |
//!   |                            <-- TSC stamps, or step + errno -- |  makes itself ready
//!   |-- one byte through the gate ------------------------------->  |  waits for the byte
//!   |                                                               |  exec
//! ```
//!
//! The gate ([`super::gate`]) is a pipe and not a word on the page: when the parent dies, the child reads its end and leaves too.

use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};
use std::sync::atomic::AtomicU64;
use std::time::{Duration, Instant};

use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::unistd::{read, write};

use super::gate::{self, Gate};
use super::hooks::Trouble;
use crate::error::{Context, Error, Kind, Result, shortage};
use crate::lang::Said;
use crate::model::Exit;
use crate::said;
use crate::sys::clock::{TscAnchor, tsc};
use crate::sys::clone::Process;
use crate::sys::fds::{GATE, close_copy};
use crate::sys::shared_page::SharedPage;
use crate::timeline::{Stage, Timeline};

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
    fn doing(self) -> Said {
        STEPS[self as usize].1.clone()
    }
}

/// Moments that a child stamps.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stamp {
    Born,
    OwnView,
    NewRoot,
    Exec,
    /// All is made, and the gate is waited for. Ends no stage.
    Door,
}

/// The stages that the stamps end, and their words in a timeline.
const STAMPS: &[(Stamp, Stage, &str)] = &[
    (Stamp::Born, Stage::Create, "clone3: the child begins"),
    (Stamp::OwnView, Stage::Isolate, "the child: mounts, host name, lo"),
    (Stamp::NewRoot, Stage::Load, "the child: root, /proc, /dev, hidden paths"),
    (Stamp::Exec, Stage::Enter, "the child: files, capabilities, filter"),
];

/// Where nobody can wait for a word on the page.
const LOOK_AGAIN: Duration = Duration::from_micros(100);

const FAILED_STEP: usize = 1; // 0: none, else 1 + its place in STEPS
const FAILED_ERRNO: usize = 2;
const FAILED_PLACE: usize = 3;
const KILLED_BY: usize = 4; // 0, or the signal that ended the program behind a small PID 1
const BORN: usize = 5; // its pid, where a copy of us makes it
const MADE: usize = 6; // the child stands before the change of its root, and waits for hooks
const HOOK: usize = 7; // what became of a hook that failed, as of Trouble::to_word
const FIRST_STAMP: usize = 8;
const PID: usize = 16; // as we see it, for hooks

/// The shared page and the gate. Both sides use the same value: the child inherits it.
#[derive(Debug)]
pub struct Handshake {
    page: SharedPage,
    child_end: OwnedFd, // kept open here too, so that opening the gate of a dead child raises no SIGPIPE
    parent_end: OwnedFd,
    /// Where another process opens the gate: a pipe that dies with us all the same. He may be too early, and we may be killed
    /// before anybody knows the child. Its ends as above.
    leash: Option<(OwnedFd, OwnedFd)>,
}

impl Handshake {
    pub fn new() -> Result<Handshake> {
        Handshake::at(&Gate::Pipe)
    }

    pub fn at(gate: &Gate) -> Result<Handshake> {
        let doing = || said!("make the shared page and the gate", "공유 페이지와 관문을 만들 수 없습니다");
        let page = SharedPage::new().doing(doing)?;
        let (child_end, parent_end) = gate.make()?;
        let leash = (*gate != Gate::Pipe).then(|| Gate::Pipe.make()).transpose()?;
        Ok(Handshake { page, child_end, parent_end, leash })
    }

    /// Somebody else can open the gate, when we are gone.
    pub fn outlives_us(&self) -> bool {
        self.leash.is_some()
    }

    // --- the parent's side ---

    /// For [`crate::sys::clone::Process::fork_elsewhere`].
    pub fn born(&self) -> &AtomicU64 {
        self.page.word(BORN)
    }

    /// For the state that hooks read.
    pub fn set_pid(&self, pid: i32) {
        self.page.set(PID, pid as u64);
    }

    /// Waits until the child waits for our hooks; false: it cannot get there any more.
    pub fn wait_until_made(&self, child: &Process) -> bool {
        while self.page.get(MADE) == 0 {
            if child.has_ended() {
                return false;
            }
            std::thread::sleep(LOOK_AGAIN);
        }
        true
    }

    /// Waits until the program is executed, or never will be: the gate is closed then.
    pub fn wait_until_executed(&self, child: &Process) {
        let link = |pid: &str, fd: i32| std::fs::read_link(format!("/proc/{pid}/fd/{fd}")).ok();
        let gate = link("self", self.child_end.as_raw_fd());
        let at_the_gate =
            || self.page.get(FIRST_STAMP + Stamp::Exec as usize) == 0 || link(&child.pid().to_string(), GATE) == gate;
        while at_the_gate() && !child.has_ended() {
            std::thread::sleep(LOOK_AGAIN);
        }
    }

    /// Lets the child pass its [`Door`].
    pub fn open_gate(&self) -> Result<()> {
        let doing = || said!("open the gate", "관문을 열 수 없습니다");
        if self.leash.is_none() {
            return write(&self.parent_end, b"!").map(drop).doing(doing);
        }
        gate::open_once(&self.parent_end, doing)?;
        self.let_go()
    }

    /// The child need not know us any more: whoever may open its gate knows it.
    pub fn let_go(&self) -> Result<()> {
        if self.leash.is_some() { self.go_on() } else { Ok(()) }
    }

    /// Lets the child pass [`Handshake::wait_for_parent`] once: its ids are there, or our hooks have run.
    pub fn go_on(&self) -> Result<()> {
        let end = self.leash.as_ref().map_or(&self.parent_end, |(_, parent_end)| parent_end);
        write(end, b"!").map(drop).doing(|| said!("open the gate", "관문을 열 수 없습니다"))
    }

    /// What went wrong in the child, once it has ended. `part_of` says what it was at, in a step that does several things;
    /// none: the step says it all.
    pub fn failure(&self, part_of: impl Fn(Step, usize) -> Option<Said>) -> Option<Error> {
        let place = self.page.get(FAILED_STEP).checked_sub(1)?;
        let errno = Errno::from_raw(self.page.get(FAILED_ERRNO) as i32);
        let step = STEPS.get(place as usize).map_or(Step::Exec, |(step, _)| *step);
        let place = self.page.get(FAILED_PLACE) as usize;
        let error = explain(Failure { step, errno, place }, part_of(step, place));
        let of_hook = Trouble::from_word(self.page.get(HOOK)).filter(|_| step == Step::Hook);
        Some(match of_hook {
            Some(trouble) => Error { cause: trouble.cause(), ..error },
            None => error,
        })
    }

    /// The signal that ended the program, where a small PID 1 saw it.
    pub fn program_killed_by(&self) -> Option<i32> {
        Some(self.page.get(KILLED_BY) as i32).filter(|number| *number > 0)
    }

    /// Adds the child's stamps to the timeline. Without the TSC's rate there is nothing to tell them by.
    pub fn add_marks(&self, anchor: Option<TscAnchor>, clock: &mut Timeline) {
        let Some(anchor) = anchor else { return };
        for (stamp, stage, label) in STAMPS {
            let ticks = self.page.get(FIRST_STAMP + *stamp as usize);
            if ticks != 0 {
                clock.mark_at(*stage, *label, anchor.to_ns(ticks));
            }
        }
    }

    /// Waits until the child stands at its program's door, or cannot get there any more.
    pub fn wait_for_child(&self, patience: Duration) {
        let deadline = Instant::now() + patience;
        let done = || self.page.get(FIRST_STAMP + Stamp::Door as usize) != 0 || self.page.get(FAILED_STEP) != 0;
        while !done() && Instant::now() < deadline {
            std::thread::sleep(LOOK_AGAIN);
        }
    }

    // --- the child's side: nothing here allocates ---

    pub fn gate(&self) -> BorrowedFd<'_> {
        self.child_end.as_fd()
    }

    pub fn leash(&self) -> Option<BorrowedFd<'_>> {
        self.leash.as_ref().map(|(child_end, _)| child_end.as_fd())
    }

    /// So that [`Handshake::wait_for_parent`] ends with it.
    pub fn forget_parent_ends(&self) {
        close_copy(self.parent_end.as_fd());
        self.leash.iter().for_each(|(_, parent_end)| close_copy(parent_end.as_fd()));
    }

    /// An error when the parent is gone, whoever may open the gate.
    pub fn wait_for_parent(&self) -> Result<(), Errno> {
        Handshake::wait(self.leash().unwrap_or(self.gate()))
    }

    /// All is made but the change of root: hooks of the parent may run now.
    pub fn wait_for_hooks(&self) -> Result<(), Errno> {
        self.page.set(MADE, 1);
        self.wait_for_parent()
    }

    pub fn pid(&self) -> i32 {
        self.page.get(PID) as i32
    }

    /// As [`Handshake::fail`] will tell it.
    pub fn hook_failed(&self, (trouble, place): (Trouble, usize)) -> Failure {
        self.page.set(HOOK, trouble.to_word());
        Failure { step: Step::Hook, errno: Errno::ECANCELED, place }
    }

    /// Waits until the gate is opened; an error when the parent is gone.
    pub fn wait(gate: BorrowedFd<'_>) -> Result<(), Errno> {
        loop {
            match read(gate, &mut [0]) {
                Ok(1) => return Ok(()),
                Ok(_) => return Err(Errno::EOWNERDEAD),
                Err(Errno::EINTR) => {}
                Err(errno) => return Err(errno),
            }
        }
    }

    /// Is the parent still there? To be asked once the program is sure to die with it, and the gate was passed.
    ///
    /// A parent that is killed closes its files, this pipe's other end with them, before the kernel goes through its
    /// children to signal those that asked for it. So one that was too early for our prctl(2) has left a closed pipe
    /// behind, and one that comes later finds us. A pid in place of the pipe would not do: the parent stays a process
    /// until after that walk, and in a pid namespace getppid(2) is always 0.
    pub fn parent_lives(gate: BorrowedFd<'_>) -> Result<(), Errno> {
        let mut fds = [PollFd::new(gate, PollFlags::empty())];
        poll(&mut fds, PollTimeout::ZERO)?;
        let closed = fds[0].revents().is_some_and(|seen| seen.contains(PollFlags::POLLHUP));
        if closed { Err(Errno::EOWNERDEAD) } else { Ok(()) }
    }

    pub fn stamp(&self, moment: Stamp) {
        self.page.set(FIRST_STAMP + moment as usize, tsc());
    }

    /// For a small PID 1.
    pub fn program_ended(&self, exit: Exit) {
        if let Exit::Signal(number) = exit {
            self.page.set(KILLED_BY, number as u64);
        }
    }

    /// Notes what failed. Returns the exit status for it; the parent looks at the page, not at the status.
    pub fn fail(&self, failure: Failure) -> i32 {
        self.page.set(FAILED_ERRNO, failure.errno as u64);
        self.page.set(FAILED_PLACE, failure.place as u64);
        self.page.set(FAILED_STEP, failure.step as u64 + 1);
        125
    }
}

/// Where the child waits for its start, when it has but the program's files.
#[derive(Debug, Clone, Copy)]
pub struct Door {
    pub gate: BorrowedFd<'static>,
    pub leash: Option<BorrowedFd<'static>>,
}

impl Door {
    /// An error when the parent is gone that nobody has taken the place of.
    ///
    /// What lies in a FIFO stays there until exec closes it: so its opener is the only one.
    pub fn wait(self) -> Result<(), Errno> {
        let Some(leash) = self.leash else { return Handshake::wait(self.gate) };
        Handshake::wait(leash)?;
        loop {
            match poll(&mut [PollFd::new(self.gate, PollFlags::POLLIN)], PollTimeout::NONE) {
                Err(Errno::EINTR) => {}
                other => return other.map(drop),
            }
        }
    }
}

fn explain(Failure { step, errno, .. }: Failure, part: Option<Said>) -> Error {
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
        (Step::Terminal, Errno::ENODEV) => (Kind::Usage, Said::fixed("leave the knob -dev out: a terminal is made in the container's own /dev/pts", "노브 -dev를 빼십시오. 터미널은 컨테이너 자신의 /dev/pts에 만들어집니다")),
        (Step::Terminal, Errno::ENOSPC) => (Kind::Failed, Said::fixed("sysctl kernel.pty: no more terminals are allowed", "sysctl kernel.pty: 터미널을 더 만들 수 없습니다")),
        (Step::Root, Errno::ENOSYS) => (Kind::Unavailable, Said::fixed("Linux 5.12 or newer (uname -r)", "리눅스 5.12 이상(uname -r)")),
        _ => (Kind::Failed, Said::default()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sys::clone::CloneArgs;

    #[test]
    fn what_fails_in_the_child_is_told_with_its_kind() {
        let handshake = Handshake::new().unwrap();
        assert_eq!(handshake.failure(|_, _| None), None);
        handshake.fail(Failure { step: Step::Exec, errno: Errno::EACCES, place: 0 });
        let error = handshake.failure(|_, _| None).unwrap();
        assert_eq!((error.kind, &*error.doing), (Kind::NotExecutable, "execute the program"));
    }

    #[test]
    fn a_byte_in_the_gate_does_not_hide_that_the_parent_is_gone() {
        let Handshake { child_end, parent_end, .. } = Handshake::new().unwrap();
        write(&parent_end, b"!").unwrap();
        Handshake::wait(child_end.as_fd()).unwrap();
        Handshake::parent_lives(child_end.as_fd()).unwrap();
        write(&parent_end, b"!").unwrap();
        drop(parent_end);
        Handshake::wait(child_end.as_fd()).unwrap(); // it had opened the gate before
        assert_eq!(Handshake::parent_lives(child_end.as_fd()), Err(Errno::EOWNERDEAD));
    }

    /// Whoever has opened the FIFO before.
    #[test]
    fn the_wait_for_ids_ends_with_the_creator() {
        let dir = tempfile::tempdir().unwrap();
        let fifo = dir.path().join("fifo");
        let handshake = Handshake::at(&Gate::Fifo(fifo.clone())).unwrap();
        crate::container::gate::open_fifo(&fifo).unwrap();
        let child = Process::fork(CloneArgs::PLAIN, || {
            i32::from({
                handshake.forget_parent_ends();
                handshake.wait_for_parent() == Err(Errno::EOWNERDEAD)
            })
        });
        drop(handshake);
        assert_eq!(child.unwrap().reap().unwrap(), Exit::Code(1));
    }

    #[test]
    fn every_step_has_words_in_the_same_order() {
        assert_eq!(STEPS.len(), Step::Exec as usize + 1, "Exec is the last step");
        for (place, (step, _)) in STEPS.iter().enumerate() {
            assert_eq!(place, *step as usize, "{step:?} stands at its place");
        }
    }
}
