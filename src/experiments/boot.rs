//! `boot`: how long until the program runs, and until all is gone?
//!
//! One sample is one whole life of a `noop`, in a worker of its own. With `--concurrency` it is many lives at once, and
//! what counts is starts per second.

use std::time::Instant;

use super::{Better, CellPlan, Experiment, MetricAbout, Question, SetAbout, Sets, a_cell_each, values};
use crate::bench::workers::Running;
use crate::bench::{Start, Workers, Workload, leaks, scratch};
use crate::environments::{Arm, Clocks};
use crate::error::{Error, Result};
use crate::lang::Said;
use crate::model::Unit;
use crate::results::schema::Sample;
use crate::said;
use crate::sys::clock::monotonic_ns;
use crate::timeline::Stage;

pub(super) struct Boot;

static ABOUT: Question = Question {
    id: "boot",
    question: Said::fixed(
        "How long until the program runs, and until all is gone?",
        "프로그램이 돌기까지, 그리고 모두 사라지기까지 얼마나 걸리는가?",
    ),
    metrics: &[
        metric(
            "create_to_ready",
            Said::fixed("create→ready", "생성→준비"),
            true,
            Said::fixed(
                "From just before the first system call that creates the environment until its host has read the program's ready record.",
                "환경을 만드는 첫 시스템 콜 직전부터, 호스트가 프로그램의 준비 기록을 읽을 때까지입니다.",
            ),
        ),
        metric(
            "command_to_ready",
            Said::fixed("command→ready", "명령→준비"),
            true,
            Said::fixed(
                "From just before a fresh isolab process, or the own command of somebody else's engine, is spawned until its host has read the program's ready record.",
                "새 isolab 프로세스를, 남의 엔진이면 그 엔진의 명령을 띄우기 직전부터 호스트가 프로그램의 준비 기록을 읽을 때까지입니다.",
            ),
        ),
        metric(
            "create_to_exit",
            Said::fixed("create→exit", "생성→종료"),
            true,
            Said::fixed(
                "From just before the first system call that creates the environment until its host sees the program's end. In a container an own command has a small PID 1 before it (knob -init: none).",
                "환경을 만드는 첫 시스템 콜 직전부터, 호스트가 프로그램의 끝을 볼 때까지입니다. 직접 지정한 명령 앞에는 컨테이너 안에서 작은 PID 1이 섭니다(-init을 주면 서지 않습니다).",
            ),
        ),
        metric(
            "exit_to_reaped",
            Said::fixed("exit→reaped", "종료→회수"),
            false,
            Said::fixed(
                "From the program's end, as its host sees it, until it is waited for and everything made for it is closed and removed.",
                "호스트가 프로그램의 종료를 본 때부터 종료 상태를 거두고 그것을 위해 만든 모든 것을 닫고 지울 때까지입니다.",
            ),
        ),
        metric(
            "create_to_settled",
            Said::fixed("create→settled", "생성→정리 끝"),
            false,
            Said::fixed(
                "From just before the first system call until nothing that carries the run's name is left: worker reaped, cgroups gone. What the kernel tears down later, unseen, is not in it.",
                "첫 시스템 콜 직전부터 이 실행의 이름을 가진 것이 남지 않을 때까지입니다(작업 프로세스 회수, 컨트롤 그룹 삭제). 커널이 나중에 보이지 않게 정리하는 것은 들어 있지 않습니다.",
            ),
        ),
        metric(
            "signal_delay",
            Said::fixed("delay of the ready record", "준비 기록의 지연"),
            false,
            Said::fixed(
                "From the time stamp inside the ready record until its host has read it.",
                "준비 기록 안의 시각부터 호스트가 그 기록을 읽을 때까지입니다.",
            ),
        ),
        metric(
            "worker_overhead",
            Said::fixed("the worker's own time", "작업 프로세스 자체의 시간"),
            false,
            Said::fixed(
                "Of a worker's life, what is not the instance's: from its spawn to t0, and from the last mark until the harness has reaped it.",
                "작업 프로세스의 일생에서 인스턴스의 몫이 아닌 시간입니다. 띄운 때부터 t0까지, 그리고 마지막 표시부터 측정기가 회수할 때까지입니다.",
            ),
        ),
        MetricAbout {
            id: "worker_rss_anon",
            title: Said::fixed("the worker's anonymous memory", "작업 프로세스의 익명 메모리"),
            unit: Unit::Bytes,
            definition: Said::fixed(
                "Anonymous memory of the worker just before create, which a fork must copy the page tables of.",
                "만들기 직전 작업 프로세스의 익명 메모리입니다. fork는 이 메모리의 페이지 테이블을 복사해야 합니다.",
            ),
            better: Better::Lower,
            headline: false,
            per_batch: None,
        },
        MetricAbout {
            id: "starts_per_second",
            title: Said::fixed("starts per second", "초당 시작 횟수"),
            unit: Unit::PerSecond,
            definition: Said::fixed(
                "Whole lives of fresh workers per second of wall time, with that many at once.",
                "그만큼을 동시에 돌릴 때, 실제 시간 1초에 끝나는 새 작업 프로세스의 일생 수입니다.",
            ),
            better: Better::Higher,
            headline: true,
            per_batch: None,
        },
    ],
    sets: &[
        SetAbout {
            key: "concurrency",
            default: "",
            sentence: Said::fixed(
                "How many instances are started at once; gives starts per second.",
                "인스턴스 몇 개를 한꺼번에 시작할지. 초당 시작 수를 잽니다.",
            ),
        },
        SetAbout {
            key: "cache",
            default: "",
            sentence: Said::fixed(
                "warm, cold: cold puts the program's files out of the page cache before each start.",
                "warm, cold: cold는 시작할 때마다 먼저 프로그램의 파일을 페이지 캐시에서 내보냅니다.",
            ),
        },
    ],
    quick_percent: 32,
    quick_blocks: 100,
    warmup_blocks: 3,
};

const fn metric(id: &'static str, title: Said, headline: bool, definition: Said) -> MetricAbout {
    MetricAbout { id, title, unit: Unit::Nanoseconds, definition, better: Better::Lower, headline, per_batch: None }
}

/// Lives per thread and sample with `--concurrency`.
const LIVES_AT_ONCE: u64 = 8;

impl Experiment for Boot {
    fn about(&self) -> &'static Question {
        &ABOUT
    }

    fn workload(&self, cell: &CellPlan) -> Result<Workload> {
        Ok(cell.command.clone().map_or(Workload::Noop, Workload::Command))
    }

    fn cells(&self, arms: &[Arm], sets: &Sets) -> Result<Vec<CellPlan>> {
        let mut cells = a_cell_each(arms);
        for (key, check) in [("concurrency", at_once as fn(&str) -> Result<()>), ("cache", cache)] {
            let Some(values) = sets.get(key) else { continue };
            values.iter().try_for_each(|v| check(v))?;
            cells = cells.iter().flat_map(|cell| values.iter().map(|v| cell.clone().with(key, v))).collect();
        }
        Ok(cells)
    }

    fn sample(&self, cell: &CellPlan, workers: &mut Workers) -> Result<Sample> {
        if cell.case.get("cache").is_some_and(|c| c == "cold") {
            scratch::make_cold(&workers.scratch.arm(&cell.arm)?)?;
        }
        match cell.case.get("concurrency").and_then(|c| c.parse().ok()) {
            Some(at_once) => many(cell, workers, at_once),
            None => one(cell, workers, &self.workload(cell)?),
        }
    }

    fn takes_command(&self) -> bool {
        true
    }
}

fn at_once(text: &str) -> Result<()> {
    if text.parse().is_ok_and(|n: u64| (1..=256).contains(&n)) {
        return Ok(());
    }
    Err(Error::usage(
        said!("start {text:?} at once", "{text:?}개를 한꺼번에 시작할 수 없습니다"),
        said!("it is no number from 1 to 256", "1부터 256까지의 수가 아님"),
    )
    .try_this(Said::english("--concurrency 1,2,4")))
}

fn cache(text: &str) -> Result<()> {
    if ["warm", "cold"].contains(&text) {
        return Ok(());
    }
    Err(Error::usage(
        said!("use cache={text}", "cache={text}을(를) 쓸 수 없습니다"),
        said!("it is warm or cold", "warm이나 cold여야 함"),
    )
    .try_this(Said::english("--set cache=warm,cold")))
}

fn one(cell: &CellPlan, workers: &mut Workers, work: &Workload) -> Result<Sample> {
    let life = workers.once(&cell.arm, work, &Start::default())?;
    leaks::settled(&leaks::Places::default(), &workers.run, std::time::Duration::from_secs(2));
    let settled_ns = monotonic_ns();
    let t = &life.done.timeline;
    let ready = t.until_ns(Stage::Ready);
    let as_f64 = |ns: Option<u64>| ns.map(|ns| ns as f64);
    if cell.arm.env.about().clocks == Clocks::CommandOnly {
        // Its t0 is the start of its own command: what it creates, and when, nobody else sees.
        let values = values([
            ("command_to_ready", as_f64(ready)),
            ("exit_to_reaped", as_f64(t.between_ns(Stage::Exit, Stage::Reap))),
        ]);
        return Ok(Sample { values, ..Sample::default() });
    }
    Ok(Sample {
        values: values([
            ("create_to_ready", as_f64(ready)),
            ("command_to_ready", as_f64(ready.map(|r| t.t0_ns + r - life.spawned_ns))),
            ("create_to_exit", as_f64(t.until_ns(Stage::Exit))),
            ("exit_to_reaped", as_f64(t.between_ns(Stage::Exit, Stage::Reap))),
            ("create_to_settled", as_f64(Some(settled_ns.saturating_sub(t.t0_ns)))),
            ("signal_delay", as_f64(life.done.outcome.signal_delay_ns)),
            ("worker_overhead", as_f64(worker_overhead(&life))),
            ("worker_rss_anon", Some(life.done.worker_rss_anon_kib as f64 * 1024.0)),
        ]),
        timeline: Some(life.done.timeline),
        ..Sample::default()
    })
}

/// Of a worker's life, what is not the instance's: from the spawn to t0, and from the last mark to the reaping.
fn worker_overhead(life: &crate::bench::Life) -> Option<u64> {
    let t = &life.done.timeline;
    let last = t.marks.last()?.at_ns;
    Some((t.t0_ns - life.spawned_ns) + life.reaped_ns.saturating_sub(last))
}

/// Keeps `at_once` workers alive until each place has had its lives.
fn many(cell: &CellPlan, workers: &mut Workers, at_once: u64) -> Result<Sample> {
    let work = Workload::Noop;
    let start = Start::default();
    let total = at_once * LIVES_AT_ONCE;
    let began = Instant::now();
    let mut running = std::collections::VecDeque::new();
    for _ in 0..total {
        if running.len() as u64 == at_once {
            let oldest: Running = running.pop_front().expect("as many as at once");
            oldest.finish(workers.interrupt, &work)?;
        }
        running.push_back(workers.begin(&cell.arm, &work, &start)?);
    }
    running.into_iter().try_for_each(|r| r.finish(workers.interrupt, &work).map(|_| ()))?;
    workers.in_workers += began.elapsed();
    let seconds = began.elapsed().as_secs_f64();
    Ok(Sample { values: values([("starts_per_second", Some(total as f64 / seconds))]), ..Sample::default() })
}
