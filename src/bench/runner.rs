//! Runs a plan: prepares, measures block after block, saves every sample, and leaves nothing behind on any path.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use super::header::{HeaderInput, Invocation, Limited, header, timer};
use super::plan::{Part, Plan};
use crate::bench::descendants::Descendants;
use crate::bench::interrupt::Interrupt;
use crate::bench::kernel_log::KernelLog;
use crate::bench::leaks::{self, Places};
use crate::bench::scratch::{self, Scratch, Stale};
use crate::bench::{Workers, cleaning, inherited_mark, lock, pin, usable_cpus};
use crate::environments::Support;
use crate::error::{Error, Result, shortage};
use crate::experiments::CellPlan;
use crate::id::{CellId, RunId};
use crate::lang::said::Said;
use crate::results::cells::{Planned, Skips, cells_of};
use crate::results::schema::{Cell, Header, Run, SampleLine, SampleOutcome, Warning};
use crate::results::store::Store;
use crate::results::summarize::summarize;
use crate::said;

/// How a run is carried out, beside its plan.
#[derive(Debug, Clone)]
pub struct RunConfig {
    pub called: Invocation,
    pub results: PathBuf,
    pub cpu: Option<usize>,
    pub settle: Duration,
    pub timeout: Duration,
    /// Behind another run, instead of refusing.
    pub wait: bool,
    pub root: bool,
    pub backend: Option<String>,
}

/// Who looks on: the terminal, or nobody. Nothing that measures prints.
pub trait Observer {
    /// Another run measures, and we wait for its end; its process, where it can be seen.
    fn waiting(&mut self, holder: Option<u32>);
    fn planned(&mut self, header: &Header, skipped: &Skips, stale: &[(RunId, bool)]);
    /// `done` of `of` blocks of this experiment; `left`: time that the run may still take, as far as it is known.
    fn progress(&mut self, experiment: &str, done: usize, of: usize, left: Option<Duration>);
    /// All blocks of an experiment are done. Err: nobody can read it any more.
    fn measured(&mut self, cells: &[Cell], header: &Header) -> Result<()>;
    /// Nothing was told for a while: this is what there is.
    fn so_far(&mut self, cells: &[Cell], header: &Header) -> Result<()>;
}

/// What a run gave, and where it lies.
pub struct Finished {
    pub run: Run,
    pub dir: PathBuf,
    /// Why the link to the last run does not point at it.
    pub not_latest: Option<Error>,
    /// Why its folder has the samples alone.
    pub unsaved: Option<Error>,
    /// The signal that ended it early.
    pub signal: Option<i32>,
    /// The error that ended it early, with the samples before it saved.
    pub stopped_by: Option<Error>,
}

pub fn run(plan: &Plan, how: RunConfig, observer: &mut dyn Observer) -> Result<Finished> {
    needs_proc()?;
    let interrupt = Interrupt::listen()?;
    let mut waited = || lock::wait(&interrupt, |holder| observer.waiting(holder));
    let _alone = if how.wait { waited() } else { lock::alone() }?;
    let began = Instant::now();
    let kernel_log = KernelLog::open();
    let usable_cpus = usable_cpus(); // before we stay on one
    how.cpu.map_or(Ok(()), pin)?; // before any worker: one that moves itself waits for the move
    let descendants = Descendants::adopt(); // orphans of our workers come to us, to be ended and reaped
    let mut random = oorandom::Rand64::new(u128::from(crate::sys::clock::monotonic_ns()) ^ u128::from(plan.seed) << 64);
    let id = RunId::from(format!("{:08x}", random.rand_u64() as u32 ^ std::process::id()));
    let stale = clean_stale();
    let scratch = Scratch::create(&id)?;
    inherited_mark::carry(&id);
    let timer = timer();
    let mut workers = Workers {
        cpu: how.cpu,
        settle_time: how.settle,
        timeout: how.timeout,
        nonces: random,
        ..Workers::new(&interrupt, &scratch, "/proc/self/exe".into(), timer.tsc_khz)
    };
    let (skips, limited) = prepare(plan, &mut workers)?;
    let setting = HeaderInput {
        id: &id,
        called: how.called,
        cpu: how.cpu,
        settle_ms: how.settle.as_millis() as u64,
        timer,
        root: how.root,
        backend: how.backend,
    };
    let mut header = header(plan, setting, &limited)?;
    header.host.usable_cores = usable_cpus.or(header.host.usable_cores);
    let mut store = Store::create(&how.results, &header)?;
    observer.planned(&header, &skips, &stale);

    let mut session = Session::new(&header, &mut store, descendants, began + plan.total_time());
    let stopped = session.all(plan, &skips, &mut workers, observer).err();
    session.look_for_leaks(&said!("the end of the run", "실행이 끝난"), &id);
    let Session { samples, leaks, given_up, .. } = session;
    let skips: Skips = skips.into_iter().chain(given_up).collect();
    let at_work = workers.in_workers + workers.settling;
    let left_running = workers.left_running.take();
    drop(scratch);
    let measuring = began.elapsed();
    let ended = if stopped.is_some() { "interrupted" } else { "complete" };
    let mut run = summarize(header, &planned(plan), &skips, &samples, ended);
    run.warnings.extend((usable_cpus == Some(1)).then(Warning::of_one_cpu));
    run.warnings.extend(kernel_log.and_then(kernel_logged));
    run.warnings.extend(leaks);
    run.warnings.extend(left_running.into_iter().map(|(arm, count)| Warning::of_left_running(&arm, count)));
    run.wall_seconds = began.elapsed().as_secs_f64();
    run.harness_share = (1.0 - at_work.as_secs_f64() / measuring.as_secs_f64()).max(0.0);
    let (not_latest, unsaved) = match (store.finish(&run), &stopped) {
        (Ok(not_latest), _) => (not_latest, None),
        (Err(_), Some(first)) if !first.is_signal() => (None, Some(first.clone())), // the same full disk, told by the first
        (Err(error), _) => (None, Some(error)),
    };
    Ok(Finished { run, dir: store.dir, not_latest, unsaved, signal: interrupt.signal.get(), stopped_by: stopped })
}

/// Our own binary, which every sample runs, is found there.
fn needs_proc() -> Result<()> {
    if Path::new("/proc/self/exe").exists() {
        return Ok(());
    }
    Err(Error::unavailable(said!("start to measure", "측정을 시작할 수 없습니다"), shortage::NO_PROC)
        .try_this(shortage::PROC))
}

fn kernel_logged(mut log: KernelLog) -> Option<Warning> {
    let lines = log.lines();
    let first = lines.first()?;
    Some(Warning::of_kernel_log(first, lines.len() - 1))
}

fn rounds_of(part: &Part) -> usize {
    (part.blocks + part.experiment.about().warmup_blocks) as usize
}

/// How many rounds there is time for, at the pace so far.
fn rounds_in(ends: Instant, used: Duration, done: usize) -> usize {
    let left = ends.saturating_duration_since(Instant::now()).as_secs_f64();
    (left * done as f64 / used.as_secs_f64().max(1e-9)).ceil().max(1.0) as usize
}

fn planned(plan: &Plan) -> Vec<Planned> {
    plan.parts.iter().flat_map(|p| p.cells.iter().map(|c| planned_cell(p.experiment.about().id, c))).collect()
}

fn planned_cell(experiment: &str, cell: &CellPlan) -> Planned {
    Planned { id: cell.id(experiment), experiment: experiment.into(), arm: cell.arm.id(), case: cell.case.clone() }
}

/// Everything untimed that the samples need. What cannot run is told here, with its reason, not in the middle; so is
/// what runs with less than asked for: the limits, by arm.
fn prepare(plan: &Plan, workers: &mut Workers) -> Result<(Skips, Limited)> {
    let (mut skips, mut limited) = (Skips::new(), Limited::new());
    for part in &plan.parts {
        for cell in &part.cells {
            match part.experiment.workload(cell).and_then(|work| workers.prepare(&cell.arm, &work)) {
                Ok(Support::Limited { reason, fix }) => {
                    limited.insert(cell.arm.id(), (reason, fix));
                }
                Ok(_) => {}
                Err(error) if error.is_signal() => return Err(error),
                Err(error) => {
                    skips.insert(cell.id(part.experiment.about().id), error);
                }
            }
        }
    }
    Ok((skips, limited))
}

/// Names what dead runs left, and removes it; false: not all of it.
fn clean_stale() -> Vec<(RunId, bool)> {
    let clean_up = |stale: &Stale| cleaning::clean_up(stale, Duration::from_secs(1));
    scratch::stale().iter().map(clean_up).map(|cleaned| (cleaned.run, cleaned.left.is_empty())).collect()
}

/// A cell that failed this often in a row is not tried again in this run.
const FAILURES_TO_GIVE_UP: u32 = 3;
/// Teardown goes on after a process has been reaped; what is left after this is a leak.
const LEAK_PATIENCE: Duration = Duration::from_secs(2);
/// So long without a line on the terminal, and what is there so far is shown.
const FIRST_NEWS: Duration = Duration::from_secs(4);

/// What grows while a run goes on.
struct Session<'a> {
    header: &'a Header,
    store: &'a mut Store,
    samples: Vec<SampleLine>,
    first_ns: u64,
    /// The cell that was sampled last.
    before: CellId,
    /// Failures in a row, by cell.
    failures: BTreeMap<CellId, u32>,
    /// Cells that failed before anything of them was measured.
    given_up: Skips,
    /// What was left behind, in words.
    leaks: Vec<Warning>,
    descendants: Descendants,
    /// Files that we have open between blocks.
    fds: usize,
    began: Instant,
    deadline: Instant,
    told: bool,
}

impl<'a> Session<'a> {
    fn new(header: &'a Header, store: &'a mut Store, descendants: Descendants, deadline: Instant) -> Session<'a> {
        Session {
            header,
            store,
            samples: Vec::new(),
            first_ns: crate::sys::clock::monotonic_ns(),
            before: CellId::default(),
            failures: BTreeMap::new(),
            given_up: Skips::new(),
            leaks: Vec::new(),
            descendants,
            fds: leaks::own_fds(),
            began: Instant::now(),
            deadline,
            told: false,
        }
    }

    fn all(&mut self, plan: &Plan, skips: &Skips, workers: &mut Workers, observer: &mut dyn Observer) -> Result<()> {
        let mut ends = self.began;
        for (index, part) in plan.parts.iter().enumerate() {
            // Time that an experiment did not need goes to the next one.
            ends += part.time.unwrap_or(Duration::ZERO);
            self.experiment(plan, index, part, part.time.map(|_| ends), skips, workers, observer)?;
            observer.measured(&self.cells(part, skips), self.header)?;
            self.told = true;
        }
        Ok(())
    }

    #[allow(clippy::too_many_arguments, reason = "the loop of the run needs all of the run")]
    fn experiment(
        &mut self,
        plan: &Plan,
        index: usize,
        part: &Part,
        ends: Option<Instant>,
        skips: &Skips,
        workers: &mut Workers,
        observer: &mut dyn Observer,
    ) -> Result<()> {
        let name = part.experiment.about().id;
        let ids: Vec<CellId> = part.cells.iter().map(|c| c.id(name)).collect();
        let rounds = plan.rounds(index);
        let of = rounds_of(part) * if plan.sequential { ids.len() } else { 1 };
        let began = Instant::now();
        for (number, round) in rounds.enumerate() {
            let places: Vec<usize> = round.places.into_iter().filter(|i| self.alive(&ids[*i], skips)).collect();
            if places.is_empty() {
                continue;
            }
            let over = ends.is_some_and(|e| Instant::now() >= e) && round.block.is_some_and(|b| b > 0);
            if over && !plan.sequential {
                break;
            }
            let by_rate = || began.elapsed().mul_f64((of - number) as f64 / number as f64);
            let by_clock = ends.map(|_| self.deadline.saturating_duration_since(Instant::now()));
            let left = by_clock.or_else(|| (number > 0).then(by_rate));
            let rounds_left = ends.map_or(of, |e| rounds_in(e, began.elapsed(), number));
            observer.progress(name, number, of.min(number + rounds_left), left);
            self.block(part, &ids, &places, round.block, workers)?;
            if !self.told && self.began.elapsed() > FIRST_NEWS {
                observer.so_far(&self.cells(part, skips), self.header)?;
                self.told = true;
            }
        }
        Ok(())
    }

    fn alive(&self, cell: &str, skips: &Skips) -> bool {
        !skips.contains_key(cell) && self.failures.get(cell).is_none_or(|n| *n < FAILURES_TO_GIVE_UP)
    }

    /// One block; `number` None: a warm-up, measured and thrown away.
    fn block(
        &mut self,
        part: &Part,
        ids: &[CellId],
        places: &[usize],
        number: Option<u32>,
        workers: &mut Workers,
    ) -> Result<()> {
        let cells: Vec<&CellPlan> = places.iter().map(|i| &part.cells[*i]).collect();
        let cpu = workers.cpu.map_or(-1, |c| c as i32);
        part.experiment.block(&cells, workers, &mut |place, at_ns, sample| {
            let id = &ids[places[place]];
            let before = std::mem::replace(&mut self.before, id.clone());
            let count = self.failures.entry(id.clone()).or_default();
            *count = if sample.is_err() { *count + 1 } else { 0 };
            let Some(block) = number else {
                if let (Err(error), true) = (sample, *count >= FAILURES_TO_GIVE_UP) {
                    self.given_up.insert(id.clone(), error);
                }
                return Ok(());
            };
            let outcome = match sample {
                Ok(sample) => SampleOutcome::Ok(sample),
                Err(error) => SampleOutcome::Failed(error),
            };
            let at_ns = at_ns.saturating_sub(self.first_ns);
            let line = SampleLine { cell: id.clone(), block, place: place as u32, before, at_ns, cpu, outcome };
            self.store.append(&line)?;
            self.samples.push(line);
            Ok(())
        })?;
        let name = part.experiment.about().id;
        let when = number.map_or_else(
            || said!("a warm-up of {name}", "{name}의 예열"),
            |n| said!("block {n} of {name}", "{name}의 {n}번 블록"),
        );
        self.look_for_leaks(&when, &workers.run);
        self.store.sync()
    }

    /// What carries our name and is still there after its time; it is told, and removed.
    fn look_for_leaks(&mut self, when: &Said, run: &RunId) {
        for leak in leaks::overdue(&Places::default(), run, &self.descendants, LEAK_PATIENCE) {
            self.leaks.push(Warning::of_leak(when, &leak.said()));
        }
        let fds = leaks::own_fds();
        if fds > self.fds {
            let more = fds - self.fds;
            let what = said!("{more} open files of isolab itself", "isolab 자신이 연 파일 {more}개");
            self.leaks.push(Warning::of_leak(when, &what));
            self.fds = fds; // each is told once
        }
    }

    fn cells(&self, part: &Part, skips: &Skips) -> Vec<Cell> {
        let name = part.experiment.about().id;
        let planned: Vec<Planned> = part.cells.iter().map(|c| planned_cell(name, c)).collect();
        let skips: Skips = skips.iter().chain(&self.given_up).map(|(id, e)| (id.clone(), e.clone())).collect();
        cells_of(&planned, &skips, &self.samples)
    }
}
