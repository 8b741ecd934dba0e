//! The worker: a fresh isolab process that makes one instance, reports in JSON lines on stdout, and ends.
//!
//! ```text
//! bench/workers.rs                    worker                                 payload
//!    | spawn `isolab worker {…}`     |                                      |
//!    |------------------------------>| prepare, create, start               |
//!    |                               |------------------------------------->|
//!    |                               |<---- READY record (fd 3 or a port) --|
//!    |<---- {"ready": …} ------------|   (only when the payload holds)      |
//!    |---- a byte on stdin = release: the worker's stdin is the payload's fd 4 ->|
//!    |                               |<---- DONE record, exit --------------|
//!    |<---- {"done": …} -------------| destroy                              |
//! ```
//!
//! It is dispatched before the command line is parsed and starts no thread: what it touches before it clones is in the
//! sample (`fork` copies it), so it touches little.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use nix::sys::prctl::set_pdeathsig;
use nix::sys::signal::Signal;
use serde::{Deserialize, Serialize};

use super::descendants::Descendants;
use crate::any_path;
use crate::environments::life::{Ended, Life};
use crate::environments::{Arm, Handle, Outcome, Setting, Support};
use crate::error::{Context, Error, Result};
use crate::id::ArmId;
use crate::model::{Part, Record, Task};
use crate::said;
use crate::sys::clock::monotonic_ns;
use crate::sys::signals::let_writes_fail;
use crate::timeline::Timeline;

/// The hidden subcommand.
pub const SUBCOMMAND: &str = "worker";

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Request {
    pub arm: ArmId,
    pub task: Task,
    pub setting: Setting,
    pub mode: Mode,
    pub timeout_ms: u64,
    /// The CPU that the worker and its payload stay on.
    pub cpu: Option<usize>,
    /// Cgroup files (`tasks`, `cgroup.procs`) to write "0" into before anything else.
    #[serde(with = "any_path::list")]
    pub join: Vec<PathBuf>,
    /// Weigh and list what exists when the payload is ready.
    pub footprint: bool,
    /// Whose child the worker is, and with whom it ends. None: by hand.
    pub parent: Option<u32>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Mode {
    /// Say whether it can run here; make nothing.
    Ask,
    /// Make on disk what the samples will find there.
    Prepare,
    /// From nothing to gone.
    Once,
    /// Report when it is ready; it goes on until released through stdin.
    Hold,
    /// Report when it is ready, leave it running, end.
    Detach,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Reply {
    Prepared { support: Support },
    Ready { ready: Record, timeline: Timeline, detached: Option<Handle>, parts: Vec<Part> },
    Done(Box<Done>),
    Failed(Error),
}

/// Everything that one whole life of an instance gave.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Done {
    pub timeline: Timeline,
    pub records: Vec<Record>,
    pub outcome: Outcome,
    pub parts: Vec<Part>,
    pub cpu: i32,
    /// When the worker's main function began: before it is exec and the loader.
    pub worker_main_ns: u64,
    /// Anonymous memory of the worker just before create: what a fork must copy the page tables of.
    pub worker_rss_anon_kib: u64,
    /// Processes that the program had left running, and that had to be killed.
    pub left_running: usize,
}

/// The worker's whole life. Errors are reported on the pipe; the exit code only says whether there was one.
pub fn serve(request: &str) -> u8 {
    let main_ns = monotonic_ns();
    let _ = let_writes_fail();
    let mut stdout = std::io::stdout().lock();
    let mut send = |reply: &Reply| {
        let mut line = serde_json::to_vec(reply).expect("a reply is plain data");
        line.push(b'\n');
        stdout.write_all(&line).and_then(|()| stdout.flush())
    };
    let result = serde_json::from_str::<Request>(request)
        .map_err(|cause| {
            Error::usage(said!("read the worker's request", "작업 프로세스의 요청을 읽을 수 없습니다"), cause)
        })
        .and_then(|request| {
            end_with_parent(request.parent)?;
            let descendants = Descendants::adopt();
            let worked = work(request, main_ns, &descendants, &mut |reply| send(&reply));
            worked.inspect_err(|_| {
                descendants.end();
            })
        });
    match result {
        Ok(()) => 0,
        Err(error) => {
            let _ = send(&Reply::Failed(error)); // nobody to tell when the harness is gone
            1
        }
    }
}

/// Nobody would end us, and what we start, when the harness is killed. The order makes it sure: a parent that ends after
/// the first step ends us too, and one that has ended before it is no longer our parent in the second.
fn end_with_parent(parent: Option<u32>) -> Result<()> {
    let Some(parent) = parent else { return Ok(()) };
    set_pdeathsig(Signal::SIGKILL).doing(|| {
        said!("tie the worker's life to the harness", "작업 프로세스가 하네스와 함께 끝나도록 할 수 없습니다")
    })?;
    if std::os::unix::process::parent_id() == parent {
        return Ok(());
    }
    Err(Error::new(
        said!("work for the harness", "하네스를 위해 일할 수 없습니다"),
        said!("it has ended", "하네스가 끝났음"),
    ))
}

type Send<'a> = dyn FnMut(Reply) -> std::io::Result<()> + 'a;

fn work(mut request: Request, main_ns: u64, descendants: &Descendants, send: &mut Send) -> Result<()> {
    request.join.iter().try_for_each(|file| join_cgroup(file))?;
    request.cpu.map_or(Ok(()), super::pin)?;
    if matches!(request.mode, Mode::Hold | Mode::Detach) {
        request.task.release = Some(libc::STDIN_FILENO);
    }
    let arm = Arm::parse(&request.arm)?;
    if matches!(request.mode, Mode::Ask | Mode::Prepare) {
        return prepare(&arm, &request, send);
    }
    let prepared = arm.env.prepare(&arm.knobs, &request.task, &request.setting)?;
    let worker_rss_anon_kib = rss_anon_kib();
    let mut life = Life::begin(&*prepared)?;
    let deadline = Instant::now() + Duration::from_millis(request.timeout_ms);
    let mut parts = Vec::new();
    if request.mode != Mode::Once || request.footprint {
        let ready = life.until_ready(deadline)?;
        if request.footprint {
            parts = life.footprint()?;
        }
        if request.mode == Mode::Detach {
            let (detached, timeline) = life.detach()?;
            return report(send, Reply::Ready { ready, timeline, detached: Some(detached), parts });
        }
        if request.mode == Mode::Hold {
            let (timeline, parts) = (life.clock().clone(), parts.clone());
            report(send, Reply::Ready { ready, timeline, detached: None, parts })?;
        }
    }
    life.until_exit(deadline)?;
    let Ended { outcome, clock: timeline, records } = life.end()?;
    let cpu = nix::sched::sched_getcpu().map_or(-1, |c| c as i32);
    let left_running = descendants.end();
    let done =
        Done { timeline, records, outcome, parts, cpu, worker_main_ns: main_ns, worker_rss_anon_kib, left_running };
    report(send, Reply::Done(Box::new(done)))
}

/// Asked in a worker too, because an environment may have to try: the harness itself never opens /dev/kvm.
fn prepare(arm: &Arm, request: &Request, send: &mut Send) -> Result<()> {
    let support = arm.env.supports(&arm.knobs, &request.task);
    if request.mode == Mode::Prepare && !matches!(support, Support::No { .. }) {
        arm.env.prepare(&arm.knobs, &request.task, &request.setting)?;
    }
    report(send, Reply::Prepared { support })
}

fn report(send: &mut Send, reply: Reply) -> Result<()> {
    send(reply).doing(|| said!("report to the harness", "하네스에 보고할 수 없습니다"))
}

fn join_cgroup(file: &Path) -> Result<()> {
    std::fs::write(file, "0")
        .doing(|| said!("join the cgroup {file}", "컨트롤 그룹 {file}에 들어갈 수 없습니다", file = file.display()))
}

/// RssAnon of /proc/self/status (proc_pid_status(5)), in KiB.
fn rss_anon_kib() -> u64 {
    use std::io::Read;
    let mut page = [0; 4096]; // one read: std's read_to_string takes seven
    let length = std::fs::File::open("/proc/self/status").and_then(|mut f| f.read(&mut page)).unwrap_or(0);
    let status = String::from_utf8_lossy(&page[..length]); // copied only where the name is no UTF-8
    status.lines().find_map(|l| l.strip_prefix("RssAnon:")?.split_whitespace().next()?.parse().ok()).unwrap_or(0)
}
