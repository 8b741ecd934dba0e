//! A plain process: fork and exec, nothing isolated. The baseline that everything else is compared with.

use std::convert::Infallible;
use std::ffi::OsString;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::time::Instant;

use nix::sys::signal::Signal;

use super::payload::{ENV_OF_RUN, Files, Watch, env_of, kill_and_reap, not_detachable};
use super::started::{Slot, Started};
use super::{
    About, Clocks, Environment, Event, Handle, Instance, KnobAbout, Knobs, Outcome, Prepared, Reply, Setting, Support,
    Verb, footprint, lookup, unsupported,
};
use crate::container::handshake::{At, Failure, Handshake, Stamp, Step};
use crate::container::{cannot_clone, die_with_parent, parent_lives};
use crate::error::{Context, Error, Result};
use crate::lang::Said;
use crate::model::{AnsweredBy, Channel, Exit, FileTree, Limits, Network, Part, Reach, Rootfs, Task};
use crate::probe;
use crate::said;
use crate::sys::clock::{Clock, TscAnchor};
use crate::sys::clone::{CloneArgs, Process};
use crate::sys::exec::Image;
use crate::sys::fds::hand_over;
use crate::sys::signals::{self, Ignored};
use crate::timeline::{Stage, Timeline};

/// Where no isolation is asked for.
pub const ID: &str = "process";

pub struct PlainProcess;

static ABOUT: About = About {
    id: ID,
    name: Said::fixed("process", "프로세스"),
    sentence: Said::fixed(
        "A plain process by fork and exec: it shares everything with its host and is limited by nothing.",
        "fork와 exec로 만든 보통 프로세스입니다. 모든 것을 호스트와 함께 쓰고 아무 제한도 없습니다.",
    ),
    kind: crate::model::Kind::Process,
    answered_by: AnsweredBy::HostKernel,
    clocks: Clocks::Both,
    knobs: &[KnobAbout {
        form: "vfork",
        sentence: Said::fixed(
            "The child borrows its parent's memory until exec, as posix_spawn does.",
            "자식이 posix_spawn처럼 exec까지 부모의 메모리를 빌려 씁니다.",
        ),
    }],
    channel: Channel::Fd,
    t0: Said::fixed(
        "just before clone3; the pipe for its records exists already",
        "clone3 직전. 기록용 파이프는 이미 있습니다",
    ),
};

impl Environment for PlainProcess {
    fn about(&self) -> &'static About {
        &ABOUT
    }

    fn reach(&self, _: &Knobs) -> Reach {
        Reach { guest_ram: None, files: FileTree::Hosts, network: Network::Hosts }
    }

    fn supports(&self, _: &Knobs, task: &Task) -> Support {
        let no = |reason, fix| Support::No { reason, fix };
        match &task.rootfs {
            Rootfs::Dir(dir) if dir != Path::new("/") => no(
                Said::fixed("a plain process has no root of its own", "보통 프로세스에는 자기 루트가 없음"),
                Said::fixed(
                    "choose a container, or leave the root folder out",
                    "컨테이너를 고르거나 루트 폴더를 빼십시오",
                ),
            ),
            _ if task.limits != Limits::default() => no(
                Said::fixed("a plain process is limited by nothing", "보통 프로세스에는 아무 제한도 걸 수 없음"),
                Said::fixed("choose a container, or leave the limits out", "컨테이너를 고르거나 제한을 빼십시오"),
            ),
            _ => Support::Yes,
        }
    }

    fn prepare(&self, knobs: &Knobs, task: &Task, setting: &Setting) -> Result<Box<dyn Prepared>> {
        if let Support::No { reason, fix } = self.supports(knobs, task) {
            return Err(Error::unavailable(
                Said::fixed("run this as a process", "프로세스로 실행할 수 없습니다"),
                reason,
            )
            .try_this(fix));
        }
        let program = program(task, &setting.dir)?;
        let mut env = env_of(task);
        if !is_probe(task) {
            env.push((ENV_OF_RUN.into(), setting.run.as_str().into())); // its orphans have no namespace to be found in
        }
        Ok(Box::new(Ready(Rc::new(Plan {
            image: Image::new(program.as_os_str(), &task.argv, &env)?,
            program,
            task: task.clone(),
            vfork: knobs.has("vfork"),
            tsc_khz: setting.tsc_khz,
            detachable: setting.detachable,
            started: Started::beside(&setting.dir)?,
        }))))
    }
}

/// Writes the probe into `dir/rootfs`, unless it is there; returns that folder.
pub(super) fn probe_rootfs(dir: &Path) -> Result<PathBuf> {
    let root = dir.join("rootfs");
    let place = root.join(probe::NAME);
    if place.exists() {
        return lookup::may_execute(&root).map(|()| root);
    }
    let doing = || said!("write the probe into {root}", "프로브를 {root}에 쓸 수 없습니다", root = root.display());
    fs::create_dir_all(&root).doing(doing)?;
    fs::set_permissions(&root, fs::Permissions::from_mode(0o755)).doing(doing)?;
    let unfinished = root.join(format!(".{}.{}", probe::NAME, std::process::id()));
    fs::write(&unfinished, probe::ELF).map_err(|cause| lookup::no_room(doing(), cause))?;
    fs::set_permissions(&unfinished, fs::Permissions::from_mode(0o755)).doing(doing)?;
    fs::rename(&unfinished, &place).doing(doing)?; // whole or not at all, also when two workers do it at once
    lookup::may_execute(&root).map(|()| root)
}

/// Is the task's program our own probe?
pub(super) fn is_probe(task: &Task) -> bool {
    let name = task.argv.first().map(|a| a.as_bytes()).unwrap_or_default();
    task.rootfs == Rootfs::Probe && name.strip_prefix(b"/").unwrap_or(name) == probe::NAME.as_bytes()
}

fn program(task: &Task, dir: &Path) -> Result<PathBuf> {
    if is_probe(task) {
        return Ok(probe_rootfs(dir)?.join(probe::NAME));
    }
    lookup::on_host(task)
}

struct Ready(Rc<Plan>);

#[derive(Debug)]
struct Plan {
    image: Image,
    program: PathBuf,
    task: Task,
    vfork: bool,
    tsc_khz: Option<u64>,
    detachable: bool,
    started: Started,
}

impl Prepared for Ready {
    fn create(&self, clock: &mut Timeline) -> Result<Box<dyn Instance>> {
        let plan = Rc::clone(&self.0);
        let files = Files::new(&plan.task)?;
        let handshake = Handshake::new()?;
        let anchor = plan.tsc_khz.map(TscAnchor::now);
        let slot = plan.started.slot()?;
        clock.begin();
        let mut process = None;
        if !plan.vfork {
            process = Some(fork(&plan, &files, &handshake, &slot)?);
            clock.mark(Stage::Create, "clone3 returned");
        }
        let watch = Watch::new(anchor);
        Ok(Box::new(Running { plan, files: Some(files), handshake, process, watch, exit: None, slot }))
    }
}

fn fork(plan: &Plan, files: &Files, handshake: &Handshake, slot: &Slot) -> Result<Process> {
    Process::fork(clone_args(slot), || child(plan, files, handshake)).map_err(cannot_clone)
}

fn clone_args(slot: &Slot) -> CloneArgs<'_> {
    CloneArgs { pid_to: Some(slot.pid()), ..CloneArgs::PLAIN }
}

/// All that the child does. In order; nothing here allocates.
fn child(plan: &Plan, files: &Files, handshake: &Handshake) -> i32 {
    let run = || -> Result<Infallible, Failure> {
        let (gate, _) = hand_over(&files.given(), handshake.gate(), None).at(Step::HandOver)?;
        die_with_parent(plan.detachable).at(Step::DieWithParent)?;
        signals::reset(Ignored::default()).at(Step::Signals)?;
        Handshake::wait(gate).at(Step::Gate)?;
        parent_lives(plan.detachable, gate).at(Step::DieWithParent)?;
        handshake.stamp(Stamp::Exec);
        Err(plan.image.exec()).at(Step::Exec)
    };
    let Err(failure) = run();
    handshake.fail(failure)
}

struct Running {
    plan: Rc<Plan>,
    /// Until the child exists.
    files: Option<Files>,
    handshake: Handshake,
    process: Option<Process>,
    watch: Watch,
    exit: Option<Exit>,
    /// Dropped last: until then it may run.
    slot: Slot,
}

impl Running {
    fn process(&self) -> Result<&Process> {
        self.process.as_ref().ok_or_else(|| {
            Error::new(
                said!("look at the process", "프로세스를 살펴볼 수 없습니다"),
                said!("it was not started yet", "아직 시작하지 않음"),
            )
        })
    }
}

impl Instance for Running {
    fn start(&mut self, clock: &mut Timeline) -> Result<()> {
        self.handshake.open_gate()?;
        let files = self.files.take().ok_or_else(|| {
            Error::new(
                said!("start the process", "프로세스를 시작할 수 없습니다"),
                said!("it was started before", "이미 시작했음"),
            )
        })?;
        if self.plan.vfork {
            let child = || child(&self.plan, &files, &self.handshake);
            self.process = Some(Process::vfork(clone_args(&self.slot), child).map_err(cannot_clone)?);
            clock.mark(Stage::Create, "vfork returned: the program is executed");
        }
        self.slot.close();
        self.watch.look_at(files);
        Ok(())
    }

    fn wait(&mut self, deadline: Instant, clock: &mut Timeline) -> Result<Event> {
        let process = self.process.as_ref().ok_or_else(|| {
            Error::new(
                said!("wait for the process", "프로세스를 기다릴 수 없습니다"),
                said!("it was not started", "시작하지 않았음"),
            )
        })?;
        let event = self.watch.next(process, deadline, clock)?;
        if let Event::Exited(exit) = event {
            self.exit = Some(exit);
            let name = self.plan.task.argv.first().map(OsString::as_os_str).unwrap_or_default();
            let explain = |error| Err(lookup::explain(error, &self.plan.program, name));
            self.handshake.failure(|_, _| None).map_or(Ok(()), explain)?;
        }
        Ok(event)
    }

    fn control(&mut self, verb: Verb) -> Result<Reply> {
        let number = match verb {
            Verb::Signal(number) => number,
            Verb::Suspend => Signal::SIGTSTP as i32, // it may have a handler for it, as every editor has
            Verb::Continue => Signal::SIGCONT as i32,
            Verb::Stats => return footprint::stats_of(self.process()?.pid(), &[]).map(Reply::Stats),
            Verb::Pause | Verb::Resume => return Ok(unsupported("it has no cgroup of its own that could be frozen")),
            Verb::Exec(_) => return Ok(unsupported("it is no place in which a program could be run")),
            Verb::Snapshot => return Ok(unsupported("its state is the kernel's, and cannot be kept")),
        };
        self.process()?
            .signal(number)
            .doing(|| said!("send signal {number}", "시그널 {number}을(를) 보낼 수 없습니다"))
            .map(|()| Reply::Done)
    }

    fn footprint(&self) -> Result<Vec<Part>> {
        let pid = self.process()?.pid();
        Ok([footprint::memory_of(pid)?, footprint::objects_of(pid)?, footprint::no_machine()].concat())
    }

    fn destroy(mut self: Box<Self>, clock: &mut Timeline) -> Result<Outcome> {
        let process = self.process.take().ok_or_else(|| {
            Error::new(
                said!("end the process", "프로세스를 끝낼 수 없습니다"),
                said!("it was not started", "시작하지 않았음"),
            )
        })?;
        let exit = kill_and_reap(&process).doing(|| said!("end the process", "프로세스를 끝낼 수 없습니다"))?;
        clock.mark(Stage::Reap, "waited for");
        self.handshake.add_marks(self.watch.anchor(), clock);
        Ok(Outcome { exit, counters: Vec::new(), signal_delay_ns: self.watch.signal_delay_ns() })
    }

    fn detach(mut self: Box<Self>) -> Result<Handle> {
        if !self.plan.detachable {
            return Err(not_detachable());
        }
        let process = self.process.take().ok_or_else(|| {
            Error::new(
                said!("leave the process", "프로세스를 돌게 둘 수 없습니다"),
                said!("it was not started", "시작하지 않았음"),
            )
        })?;
        self.slot.keep();
        Handle::of(process.pid(), Vec::new())
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if let Some(process) = self.process.take() {
            let _ = kill_and_reap(&process); // nobody is left to tell; the harness looks for leaks
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::environments::testing::{Story, run_noop, task};
    use crate::error::Kind;

    fn story(knobs: &[&str], task: &Task) -> Result<Story> {
        Story::of(&PlainProcess, knobs, task)
    }

    #[test]
    fn the_probe_is_ready_and_ends_with_its_proof() {
        for knobs in [&[][..], &["vfork"]] {
            run_noop(&PlainProcess, knobs);
        }
    }

    #[test]
    fn a_program_of_the_host_is_found_by_path_and_its_status_is_passed_on() {
        let mut task = task(&["sh", "-c", "kill -9 $$"]);
        assert_eq!(story(&[], &task).unwrap().exit, Exit::Signal(9));
        task.argv = ["sh", "-c", "exit 7"].map(OsString::from).to_vec();
        assert_eq!(story(&["vfork"], &task).unwrap().exit, Exit::Code(7));
    }

    #[test]
    fn what_cannot_be_executed_is_told_apart() {
        assert_eq!(story(&[], &task(&["no-such-program"])).unwrap_err().kind, Kind::NotFound);
        assert_eq!(story(&[], &task(&["/etc/passwd"])).unwrap_err().kind, Kind::NotExecutable);
        assert_eq!(story(&[], &task(&["/etc"])).unwrap_err().kind, Kind::NotExecutable);
        let dir = tempfile::tempdir().unwrap();
        let script = dir.path().join("script");
        fs::write(&script, "#!/no/such/interpreter\n").unwrap();
        fs::set_permissions(&script, fs::Permissions::from_mode(0o755)).unwrap();
        for knobs in [&[][..], &["vfork"]] {
            let error = story(knobs, &task(&[script.to_str().unwrap()])).unwrap_err();
            assert_eq!(error.kind, Kind::NotFound, "told by the child: {error}");
        }
    }

    #[test]
    fn it_gets_the_files_it_was_given_and_no_others() {
        let leaked = crate::sys::fds::tests::without_cloexec(); // a file that our own caller forgot to close
        let task = task(&["sh", "-c", "test ! -e /proc/self/fd/3 -a ! -e /proc/self/fd/4 -a -e /proc/self/fd/0"]);
        assert_eq!(story(&[], &task).unwrap().exit, Exit::Code(0), "fd {leaked:?}");
    }

    #[test]
    fn dropping_the_guard_ends_it() {
        let dir = tempfile::tempdir().unwrap();
        let prepared =
            PlainProcess.prepare(&Knobs::default(), &task(&["sleep", "100"]), &Setting::at(dir.path())).unwrap();
        let mut clock = Timeline::new();
        let mut instance = prepared.create(&mut clock).unwrap();
        instance.start(&mut clock).unwrap();
        let parts = instance.footprint().unwrap();
        assert!(parts.iter().any(|p| p.what == "private" && p.amount > 0), "{parts:?}");
        assert!(parts.iter().any(|p| p.what == "processes" && p.amount == 1), "{parts:?}");
        assert!(parts.iter().all(|p| !p.what.starts_with("namespace:")), "{parts:?}");
        drop(instance);
        assert!(!Story::children_of_this_thread().contains("sleep"));
    }
}
