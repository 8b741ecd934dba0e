//! Starts any number of instances of any arm, each in a fresh worker process, and listens to them.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::ffi::OsString;
use std::io::{Read, Write};
use std::os::fd::AsFd;
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::time::{Duration, Instant};

use nix::unistd::Pid;

use super::cgroup::remove_cgroup;
use super::interrupt::{Interrupt, Woken};
use super::scratch::Scratch;
use super::spawn::Child;
use super::worker::{Done, Mode, Reply, Request, SUBCOMMAND};
use super::workload::Workload;
use crate::environments::{Arm, Handle, Setting, Support, out_of_memory};
use crate::error::{Context, Error, Result};
use crate::id::{ArmId, RunId};
use crate::lang::{Lang, Said};
use crate::model::{Exit, Limits, Part};
use crate::said;
use crate::shell::called_as;
use crate::sys::clock::monotonic_ns;
use crate::timeline::Timeline;

/// In the environment of every worker: the run that it belongs to, for the search for leaks.
pub const ENV_RUN: &str = "ISOLAB_RUN";

pub struct Workers<'a> {
    pub interrupt: &'a Interrupt,
    pub scratch: &'a Scratch,
    pub run: RunId,
    /// The isolab binary that workers run.
    pub program: PathBuf,
    pub tsc_khz: u64,
    pub cpu: Option<usize>,
    /// The least wait after each sample; teardown goes on in the kernel after a process has been reaped.
    pub settle_time: Duration,
    /// For one worker's whole life.
    pub timeout: Duration,
    pub nonces: oorandom::Rand64,
    /// Wall time inside workers' lives, and settling: the rest is the harness's own.
    pub in_workers: Duration,
    pub settling: Duration,
    /// Processes that programs had left running, and that had to be killed, by arm.
    pub left_running: Rc<LeftRunning>,
}

pub type LeftRunning = RefCell<BTreeMap<ArmId, usize>>;

/// How one instance is to be started.
#[derive(Debug, Default, Clone)]
pub struct Start {
    pub footprint: bool,
    /// Cgroup files that the worker joins first.
    pub join: Vec<PathBuf>,
    /// In which cgroup the instance's own is made; None: beside the worker's.
    pub cgroup_root: Option<PathBuf>,
}

/// One whole life: what the worker reported, with the harness's own stamps around it.
#[derive(Debug)]
pub struct Life {
    pub done: Done,
    pub spawned_ns: u64,
    pub reaped_ns: u64,
}

impl<'a> Workers<'a> {
    /// Workers with the usual settings, for benches and tests. `program`: the isolab binary.
    pub fn new(interrupt: &'a Interrupt, scratch: &'a Scratch, program: PathBuf, tsc_khz: u64) -> Workers<'a> {
        Workers {
            interrupt,
            scratch,
            run: scratch.run().clone(),
            program,
            tsc_khz,
            cpu: None,
            settle_time: Duration::from_millis(5),
            timeout: Duration::from_secs(20),
            nonces: oorandom::Rand64::new(u128::from(monotonic_ns())),
            in_workers: Duration::ZERO,
            settling: Duration::ZERO,
            left_running: Rc::default(),
        }
    }

    /// Waits, so that what ends now does not slow what starts next. Neither sample nor overhead.
    pub fn settle(&mut self, time: Duration) -> Result<()> {
        self.settling += time;
        self.interrupt.sleep(time)
    }

    /// Asks whether it can run here, and makes on disk what its samples need. Err(Unavailable) when it can't.
    pub fn prepare(&mut self, arm: &Arm, work: &Workload) -> Result<Support> {
        let mut worker = self.spawn(arm, work, Mode::Prepare, &Start::default())?;
        match worker.recv(self.interrupt)? {
            Reply::Prepared { support: Support::No { reason, fix } } => {
                Err(Error::unavailable(said!("run {arm}", "{arm}을(를) 실행할 수 없습니다"), reason).try_this(fix))
            }
            Reply::Prepared { support } => Ok(support),
            other => Err(unexpected_reply(&other)),
        }
    }

    /// One instance from nothing to gone, with its proofs checked.
    pub fn once(&mut self, arm: &Arm, work: &Workload, start: &Start) -> Result<Life> {
        let began = Instant::now();
        let result = self.begin(arm, work, start).and_then(|running| running.finish(self.interrupt, work));
        self.in_workers += began.elapsed();
        result
    }

    /// The same without waiting for its end, so that several can run at once.
    pub fn begin(&mut self, arm: &Arm, work: &Workload, start: &Start) -> Result<Running> {
        let mut worker = self.spawn(arm, work, Mode::Once, start)?;
        if work.holds() {
            worker.release();
        }
        Ok(Running { worker, arm: arm.id(), left: Rc::clone(&self.left_running) })
    }

    /// One instance that is ready and holds; drop ends it.
    pub fn hold(&mut self, arm: &Arm, work: &Workload, start: &Start) -> Result<HeldInstance> {
        self.keep(arm, work, start, Mode::Hold)
    }

    /// The same, but its worker has gone where the environment allows that.
    pub fn detach(&mut self, arm: &Arm, work: &Workload, start: &Start) -> Result<HeldInstance> {
        self.keep(arm, work, start, Mode::Detach)
    }

    fn keep(&mut self, arm: &Arm, work: &Workload, start: &Start, mode: Mode) -> Result<HeldInstance> {
        let began = Instant::now();
        let mut worker = self.spawn(arm, work, mode, start)?;
        let reply = worker.recv(self.interrupt)?;
        self.in_workers += began.elapsed();
        let Reply::Ready { ready, timeline, detached, parts } = reply else { return Err(unexpected_reply(&reply)) };
        let without_us = detached.is_some();
        let handle = match detached {
            Some(handle) => {
                let _ = worker.child.wait();
                handle
            }
            None => Handle::of(worker.child.pid(), Vec::new())?,
        };
        let held = HeldInstance { worker, handle, without_us, timeline, parts, ready_heard: Instant::now() };
        work.check_ready(held.worker.nonce, &ready)?;
        Ok(held)
    }

    fn spawn(&mut self, arm: &Arm, work: &Workload, mode: Mode, start: &Start) -> Result<Worker> {
        self.interrupt.check()?;
        let nonce = self.nonces.rand_u64() | 1; // never 0, which means "by hand"
        let request = Request {
            arm: Arm { copy: 1, ..arm.clone() }.id(),
            task: work.task(nonce),
            setting: Setting {
                run: self.run.clone(),
                tsc_khz: Some(self.tsc_khz).filter(|khz| *khz > 0),
                detachable: mode == Mode::Detach,
                cgroup_root: start.cgroup_root.clone(),
                ..Setting::at(&self.scratch.arm(arm)?)
            },
            mode,
            timeout_ms: self.timeout.as_millis() as u64,
            cpu: self.cpu,
            join: start.join.clone(),
            footprint: start.footprint,
            parent: Some(std::process::id()),
        };
        let spare = (self.timeout / 4).max(Duration::from_secs(1)); // the worker itself ends at its timeout, and says so
        Worker::start(&self.program, &request, Some(&self.run), nonce, self.timeout + spare)
    }
}

/// Whether each arm can run here, by workers that are asked at once, make nothing and have this long to answer.
pub fn probe_support(
    program: &Path,
    arms: &[Arm],
    patience: Duration,
    interrupt: &Interrupt,
) -> Result<Vec<Result<Support>>> {
    let start = |arm: &Arm| {
        let request = Request {
            arm: arm.id(),
            task: Workload::Noop.task(1),
            setting: Setting::at(Path::new("")),
            mode: Mode::Ask,
            timeout_ms: patience.as_millis() as u64,
            cpu: None,
            join: Vec::new(),
            footprint: false,
            parent: Some(std::process::id()),
        };
        Worker::start(program, &request, None, 1, patience)
    };
    let workers: Vec<Result<Worker>> = arms.iter().map(start).collect(); // all at once
    let answer = |(worker, arm): (Result<Worker>, &Arm)| match worker?.recv(interrupt) {
        Ok(Reply::Prepared { support }) => Ok(support),
        Ok(other) => Err(unexpected_reply(&other)),
        Err(error) => Err(error.try_this(said!(
            "{called} run --as {arm} -- probe noop shows it alone",
            "{called} run --as {arm} -- probe noop으로 따로 볼 수 있습니다",
            called = called_as()
        ))),
    };
    let answers = workers.into_iter().zip(arms).map(answer).collect();
    interrupt.check()?;
    Ok(answers)
}

/// Of our environment a worker gets nothing but what it needs to find its way.
fn environment(run: Option<&str>) -> Vec<(OsString, OsString)> {
    let kept = ["PATH", "HOME", "SUDO_UID", "SUDO_GID", "TMPDIR"];
    let kept = kept.iter().filter_map(|name| Some((name.into(), std::env::var_os(name)?)));
    kept.chain(run.map(|run| (ENV_RUN.into(), run.into()))).collect()
}

fn unexpected_reply(reply: &Reply) -> Error {
    Error::new(
        said!("understand a worker", "작업 프로세스의 말을 이해할 수 없습니다"),
        said!("it answered out of turn: {reply:?}", "순서에 맞지 않는 답: {reply:?}"),
    )
}

/// An instance on its way from nothing to gone.
pub struct Running {
    worker: Worker,
    arm: ArmId,
    left: Rc<LeftRunning>,
}

impl Running {
    pub fn finish(mut self, interrupt: &Interrupt, work: &Workload) -> Result<Life> {
        let life = self.worker.finish(interrupt, work)?;
        if life.done.left_running > 0 {
            *self.left.borrow_mut().entry(self.arm).or_default() += life.done.left_running;
        }
        Ok(life)
    }
}

/// An instance that is ready and holds.
pub struct HeldInstance {
    worker: Worker,
    handle: Handle,
    /// Its worker has ended, and it runs on.
    without_us: bool,
    pub timeline: Timeline,
    pub parts: Vec<Part>,
    pub ready_heard: Instant,
}

impl HeldInstance {
    /// Of the payload when it was detached, else of the worker (a VM's monitor).
    pub fn handle(&self) -> &Handle {
        &self.handle
    }

    /// Lets it go and waits until it is gone.
    pub fn end(mut self, interrupt: &Interrupt, work: &Workload) -> Result<Option<Done>> {
        self.worker.release();
        if self.without_us {
            return Ok(None); // Drop kills and reaps it
        }
        self.worker.finish(interrupt, work).map(|life| Some(life.done))
    }
}

impl Drop for HeldInstance {
    fn drop(&mut self) {
        if !self.without_us {
            return;
        }
        self.handle.kill();
        let _ = nix::sys::wait::waitpid(Pid::from_raw(self.handle.pid), None); // ours, as its subreaper
        for dir in &self.handle.cgroups {
            remove_cgroup(dir);
        }
    }
}

struct Worker {
    child: Child,
    nonce: u64,
    spawned_ns: u64,
    deadline: Instant,
    buffer: Vec<u8>,
}

impl Worker {
    fn start(program: &Path, request: &Request, run: Option<&str>, nonce: u64, patience: Duration) -> Result<Worker> {
        let request = serde_json::to_string(request).expect("a request is plain data");
        let (argv, env) = (["isolab".into(), SUBCOMMAND.into(), request.into()], environment(run));
        let spawned_ns = monotonic_ns();
        let child = Child::spawn(program, &argv, &env)?;
        Ok(Worker { child, nonce, spawned_ns, deadline: Instant::now() + patience, buffer: Vec::new() })
    }

    /// Its stdin is its payload's release channel.
    fn release(&mut self) {
        if let Some(mut control) = self.child.stdin.take() {
            let _ = control.write_all(b"r"); // a worker that is gone already says so on its own pipe
        }
    }

    /// The next line; a Failed reply becomes the error that it carries.
    fn recv(&mut self, interrupt: &Interrupt) -> Result<Reply> {
        loop {
            if let Some(end) = self.buffer.iter().position(|b| *b == b'\n') {
                let line: Vec<u8> = self.buffer.drain(..=end).collect();
                let reply = serde_json::from_slice(&line)
                    .doing(|| said!("understand a worker", "작업 프로세스의 말을 이해할 수 없습니다"))?;
                return if let Reply::Failed(error) = reply { Err(error) } else { Ok(reply) };
            }
            let stdout = &mut self.child.stdout;
            if interrupt.wait(stdout.as_fd(), self.deadline)? == Woken::TimedOut {
                return Err(Error::new(
                    said!("hear from a worker", "작업 프로세스의 답을 들을 수 없습니다"),
                    said!(
                        "it hangs: nothing came before the deadline",
                        "멈추어 있음: 제한 시간까지 아무것도 오지 않음"
                    ),
                )
                .try_this(said!(
                    "--timeout 60s gives it longer; isolab run shows it alone",
                    "--timeout 60s로 더 기다릴 수 있습니다. isolab run으로 따로 볼 수 있습니다"
                )));
            }
            let mut chunk = [0; 8192];
            match stdout.read(&mut chunk) {
                Ok(0) => return Err(self.exit_error()),
                Ok(n) => self.buffer.extend_from_slice(&chunk[..n]),
                Err(cause) => {
                    return Err(Error::new(
                        said!("hear from a worker", "작업 프로세스의 답을 들을 수 없습니다"),
                        cause,
                    ));
                }
            }
        }
    }

    fn finish(&mut self, interrupt: &Interrupt, work: &Workload) -> Result<Life> {
        let done = loop {
            match self.recv(interrupt)? {
                Reply::Done(done) => break *done,
                Reply::Ready { .. } => {}
                other => return Err(unexpected_reply(&other)),
            }
        };
        let _ = self.child.wait();
        let reaped_ns = monotonic_ns();
        if let Some(error) = out_of_memory::of(&done.outcome, &Limits::default()) {
            return Err(error);
        }
        work.check(self.nonce, &done.records, done.outcome.exit)?;
        Ok(Life { done, spawned_ns: self.spawned_ns, reaped_ns })
    }

    /// Its pipe is closed and no answer came: how it ended, and its last words.
    fn exit_error(&mut self) -> Error {
        let status = self.child.wait().map_or_else(|e| Said::verbatim(e.to_string()), Exit::in_words);
        let (en, ko) = (status.of(Lang::En), status.of(Lang::Ko));
        let mut words = String::new();
        let _ = (&mut self.child.stderr).take(4096).read_to_string(&mut words);
        let words = Some(words.trim()).filter(|words| !words.is_empty()).map_or_else(String::new, |w| format!(" {w}"));
        Error::new(
            said!("hear from a worker", "작업 프로세스의 답을 들을 수 없습니다"),
            said!("it died ({en}){words}", "작업 프로세스가 죽음({ko}){words}"),
        )
        .try_this(said!(
            "isolab run shows it alone; dmesg, whether the kernel ended it",
            "isolab run으로 따로 볼 수 있습니다. 커널이 끝냈는지는 dmesg가 알려 줍니다"
        ))
    }
}
