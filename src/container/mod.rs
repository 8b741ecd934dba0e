//! The container runtime. It knows nothing of the harness: a [`Spec`] goes in, becomes a [`Plan`], and a running [`Container`]
//! comes out.
//!
//! A container is a process whose view of the machine is narrower: namespaces change what it sees, a root folder what files
//! there are, a cgroup what it may use, capabilities and a filter what it may ask the kernel for. No image, no engine.
//!
//! ```text
//!           create                                                start
//! fork:     cgroup → clone3 into the namespaces → id map          open the gate
//! vfork:    cgroup                                                open the gate → clone3, which returns after exec
//! child.rs:          own view → new root → files, capabilities, filter → gate → exec
//! ```

pub mod capabilities;
pub mod cgroup;
mod child;
pub mod console;
pub mod cwd;
pub mod delegation;
pub mod dev;
pub mod folder;
pub mod freeze;
pub mod gate;
pub mod handle;
pub mod handshake;
pub mod hooks;
pub mod hosts_view;
pub mod idmap;
pub mod init;
pub mod mask;
pub mod mounts;
pub mod namespaces;
mod oom;
pub mod overlay;
mod plan;
pub mod presets;
pub mod program;
pub mod rootfs;
pub mod seccomp;
pub mod spec;
#[cfg(test)]
mod spec_tests;
pub mod step;
pub mod tmp;
pub mod userns;

use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::sync::atomic::{AtomicU64, Ordering};

use nix::errno::Errno;
use nix::sys::signal::Signal;

use self::cgroup::{Cgroup, TOP};
use self::freeze::Frozen;
use self::handle::Handle;
use self::handshake::{Handshake, Stamp};
use crate::error::{Context, Error, Kind, Result, shortage};
use crate::lang::Said;
use crate::model::Exit;
use crate::said;
use crate::sys::clock::Clock;
use crate::sys::clone::{CloneArgs, Process};
use crate::timeline::{Stage, Timeline};
pub use child::{Files, die_with_parent, parent_lives};
pub use plan::{Place, Plan};
pub use spec::Spec;

/// A running container. Dropping it kills everything in it and removes its cgroup; see [`Container::leave`].
#[derive(Debug)]
pub struct Container {
    process: Option<Process>,
    cgroup: Option<Cgroup>,
    frozen: Option<Frozen>,
    handshake: Handshake,
    /// Processes in it that the kernel killed for want of memory; known when it has ended.
    oom_kills: u64,
    hooks: Option<Rc<hooks::Ready>>,
    warnings: Vec<Error>,
}

/// Makes one container. A child that is a copy of us makes itself ready now and waits at its program's door for
/// [`Container::start`]; one that borrows our memory comes with it.
/// `pid_to` gets the pid of whoever is started.
pub fn create(
    plan: &Plan,
    files: &Files<'_>,
    handshake: Handshake,
    pid_to: &AtomicU64,
    clock: &mut Timeline,
) -> Result<Container> {
    if handshake.outlives_us() && !(plan.detachable && plan.needs_fork()) {
        return Err(Error::usage(
            said!("let another process start the container", "다른 프로세스가 컨테이너를 시작하게 할 수 없습니다"),
            said!(
                "its child must be a copy of us that may outlive us",
                "자식은 우리보다 오래 살 수 있는 복사본이어야 함"
            ),
        ));
    }
    let cgroup = make_cgroup(plan)?; // first: the child is born inside it
    clock.mark(Stage::Create, "cgroup");
    let mut container = Container {
        process: None,
        cgroup,
        frozen: None,
        handshake,
        oom_kills: 0,
        hooks: plan.hooks.clone(),
        warnings: Vec::new(),
    }; // from here on a guard
    if plan.needs_fork() {
        container.process = Some(container.fork(plan, files, pid_to)?); // one clone3 makes most namespaces
        clock.mark(Stage::Create, "clone3 returned");
        container.write_ids(plan)?; // the child is nobody until its ids are mapped
        container.run_create_hooks()?;
    }
    Ok(container)
}

fn make_cgroup(plan: &Plan) -> Result<Option<Cgroup>> {
    static NEXT: AtomicU64 = AtomicU64::new(0);
    let Some(tree) = &plan.cgroup else { return Ok(None) };
    let number = NEXT.fetch_add(1, Ordering::Relaxed);
    let name = format!("{}.{}-{number}", plan.cgroup_name, std::process::id()); // another worker of this run has its own pid
    tree.make(&name, &plan.limits).map(Some)
}

/// Why clone3 fails, in words that fit a process as well as a container.
pub fn cannot_clone(errno: Errno) -> Error {
    let cause = if errno == Errno::EAGAIN {
        said!("this user or this cgroup may have no more of them", "이 사용자나 이 컨트롤 그룹은 더 만들 수 없음")
    } else {
        Said::english(errno.desc())
    };
    let error = Error::new(said!("make a process", "프로세스를 만들 수 없습니다"), cause);
    match errno {
        Errno::EPERM => error.kind(Kind::Unavailable).try_this(said!(
            "sudo, or the environment container-rootless",
            "sudo를 쓰거나 환경 container-rootless를 고르십시오"
        )),
        Errno::EAGAIN => error.try_this(shortage::PROCESSES),
        Errno::ENOSPC | Errno::EUSERS => error.kind(Kind::Unavailable).try_this(said!(
            "sudo sysctl user.max_user_namespaces=10000 (the other limits: user.max_*)",
            "sudo sysctl user.max_user_namespaces=10000(다른 제한: user.max_*)"
        )),
        Errno::ENOSYS => error.kind(Kind::Unavailable).try_this(said!(
            "Linux 5.7 or newer; inside docker a newer docker: its filter knows clone3",
            "리눅스 5.7 이상이 필요합니다. docker 안이라면 필터가 clone3을 아는 더 새로운 docker를 쓰십시오"
        )),
        _ => error,
    }
}

impl Container {
    fn clone_args<'a>(&'a self, plan: &Plan, pid_to: &'a AtomicU64) -> CloneArgs<'a> {
        let cgroup = self.cgroup.as_ref().and_then(Cgroup::clone_fd);
        CloneArgs { namespaces: namespaces::made_by_clone(plan.namespaces), cgroup, pid_to: Some(pid_to) }
    }

    fn fork(&self, plan: &Plan, files: &Files<'_>, pid_to: &AtomicU64) -> Result<Process> {
        let child = || child::run(plan, self.cgroup.as_ref(), files, &self.handshake);
        let clone_args = self.clone_args(plan, pid_to);
        if !plan.joined.is_before_birth() {
            return Process::fork(clone_args, child).map_err(cannot_clone);
        }
        let enter = || child::enter_before_birth(plan, &self.handshake);
        Process::fork_elsewhere(clone_args, self.handshake.born(), enter, child).map_err(|errno| {
            let told = self.handshake.failure(|step, number| plan.part_of(step, number));
            told.unwrap_or_else(|| {
                namespaces::cannot_clone_there(&plan.joined, errno).unwrap_or_else(|| cannot_clone(errno))
            })
        })
    }

    fn vfork(&self, plan: &Plan, files: &Files<'_>, pid_to: &AtomicU64) -> Result<Process> {
        let child = || {
            self.handshake.stamp(Stamp::Born);
            child::run(plan, self.cgroup.as_ref(), files, &self.handshake)
        };
        Process::vfork(self.clone_args(plan, pid_to), child).map_err(cannot_clone)
    }

    fn write_ids(&self, plan: &Plan) -> Result<()> {
        let Some(ids) = &plan.ids else { return Ok(()) };
        ids.write(&self.process()?.pid().to_string())?;
        self.handshake.go_on()
    }

    fn run_create_hooks(&self) -> Result<()> {
        let Some(hooks) = &self.hooks else { return Ok(()) };
        let process = self.process()?;
        self.handshake.set_pid(process.pid());
        if hooks.are_at_create() && self.handshake.wait_until_made(process) {
            hooks.run_at_create(process.pid())?;
            self.handshake.go_on()?;
        }
        Ok(())
    }

    /// Lets the program run; `plan`, `files` and `pid_to` as for [`create`].
    pub fn start(&mut self, plan: &Plan, files: &Files<'_>, pid_to: &AtomicU64, clock: &mut Timeline) -> Result<()> {
        self.handshake.open_gate()?;
        if self.process.is_none() {
            self.process = Some(self.vfork(plan, files, pid_to)?);
            clock.mark(Stage::Enter, "clone3 returned: the program is executed");
        }
        if let Some(hooks) = self.hooks.as_ref().filter(|hooks| hooks.are_after_start()) {
            let process = self.process()?;
            self.handshake.wait_until_executed(process);
            if !process.has_ended() || self.handshake.failure(|_, _| None).is_none() {
                hooks.run_poststart(process.pid())?;
            }
        }
        Ok(())
    }

    /// Of poststop hooks, when it has ended.
    pub fn warnings(&self) -> &[Error] {
        &self.warnings
    }

    /// Its first process.
    pub fn process(&self) -> Result<&Process> {
        self.process.as_ref().ok_or_else(|| {
            Error::new(
                said!("look at the container", "컨테이너를 살펴볼 수 없습니다"),
                said!("it does not run", "실행 중이 아님"),
            )
        })
    }

    /// See [`Container::end`].
    pub fn oom_kills(&self) -> u64 {
        self.oom_kills
    }

    pub fn handshake(&self) -> &Handshake {
        &self.handshake
    }

    /// Folders of its own cgroup.
    pub fn cgroups(&self) -> &[PathBuf] {
        self.cgroup.as_ref().map_or(&[], Cgroup::folders)
    }

    /// Everything inside stands still until [`Container::resume`], or its end.
    ///
    /// # Errors
    /// When it has no cgroup of its own, or the kernel can't.
    pub fn pause(&mut self) -> Result<()> {
        if self.frozen.is_none() {
            let none = || {
                Error::unavailable(
                    said!("pause the container", "컨테이너를 멈출 수 없습니다"),
                    said!("it has no cgroup of its own", "자신의 컨트롤 그룹이 없음"),
                )
            };
            self.frozen = Some(Frozen::new(self.cgroup.as_ref().ok_or_else(none)?, Path::new(TOP))?);
        }
        Ok(())
    }

    pub fn resume(&mut self) {
        self.frozen = None;
    }

    /// Kills what still runs (with the first process of a pid namespace goes everything in it), waits, removes the cgroup.
    pub fn end(&mut self) -> Result<Exit> {
        let process = self.process.take().ok_or_else(|| {
            Error::new(
                said!("end the container", "컨테이너를 끝낼 수 없습니다"),
                said!("it does not run", "실행 중이 아님"),
            )
        })?;
        process
            .signal(Signal::SIGKILL as i32)
            .doing(|| said!("kill the container", "컨테이너를 강제로 끝낼 수 없습니다"))?;
        self.resume(); // what is frozen does not die (cgroup v1)
        let exit =
            process.reap().doing(|| said!("wait for the container", "컨테이너가 끝나기를 기다릴 수 없습니다"))?;
        if let Some(mut cgroup) = self.cgroup.take() {
            self.oom_kills = if oom::may_be(exit) { oom::kills(cgroup.folders()) } else { 0 };
            cgroup.remove()?;
        }
        self.warnings = self.hooks.take().map(|hooks| hooks.run_poststop()).unwrap_or_default();
        Ok(exit)
    }

    /// Gives the guard up: it goes on without us, once `note` has written down what somebody must kill and remove later. Where
    /// it fails, or we are killed before, the container ends: nobody else knows it.
    pub fn leave(mut self, note: impl FnOnce(&Handle) -> Result<()>) -> Result<Handle> {
        let handle = Handle::of(self.process()?.pid(), self.cgroups().to_vec())?;
        note(&handle)?;
        self.handshake.let_go()?;
        self.resume();
        self.process = None;
        self.cgroup.take().map(Cgroup::leave);
        Ok(handle)
    }
}

impl Drop for Container {
    fn drop(&mut self) {
        if self.process.is_some() {
            let _ = self.end(); // nobody is left to tell; the harness looks for leaks
        }
    }
}
