//! `isolab bench`: options → plan → run → what the terminal shows.

use std::collections::BTreeSet;
use std::path::Path;

use super::args::{Bench, Order};
use super::list::wrap;
use super::live::Terminal;
use super::out::Out;
use super::{chart, exit, report, summary};
use crate::bench::header::{Invocation, text};
use crate::bench::plan::{Options, Plan};
use crate::bench::runner::{Finished, RunConfig, run as measure};
use crate::environments::caution;
use crate::error::{Error, Kind, Result};
use crate::experiments::Sets;
use crate::guide::predictions::Log;
use crate::host;
use crate::lang::{Lang, Said, counted};
use crate::results::files::RUN;
use crate::results::schema::{Status, Warning};
use crate::results::store;
use crate::said;
use crate::shell::{called_as, quoted_path};

pub(super) fn run(args: Bench, out: &mut Out) -> Result<u8> {
    let root = nix::unistd::Uid::effective().is_root();
    let options = options(&args)?;
    let plan = Plan::make(&options, root, random_seed())?;
    let how = how(&args, &options.sets, root)?;
    if args.thorough {
        let minutes = plan.total_time().as_secs().div_ceil(60);
        let time = counted(minutes as usize, "minute");
        out.note(out.say(
            format!("This takes about {time}; Ctrl-C ends it early and keeps what was measured."),
            format!("약 {minutes}분 걸립니다. Ctrl-C로 일찍 끝낼 수 있고, 그때까지 측정한 것은 남습니다."),
        ));
    }
    if let Some(file) = &args.out {
        store::check_writable(file)?; // told now, not after a minute of measuring
    }
    if !args.command.is_empty() {
        let cautions: BTreeSet<String> = (plan.arms.iter())
            .flat_map(|arm| caution::of_run(arm, Some(Path::new("/"))))
            .map(|text| text.of(out.lang()).to_owned())
            .collect();
        cautions.into_iter().for_each(|text| out.note(text));
    }
    for cells in &plan.left_out {
        out.note(wrap(cells.of(out.lang()), out.width(), "  ").trim_start());
    }
    if let Some(aside) = host::callers_state_dir().ok().and_then(|state| host::aside_of_damaged(&state)) {
        let aside = aside.display();
        out.note(out.say(
            format!("note: the host-id was damaged; it is kept as {aside}, and a new one is made: to compare, this is another host now"),
            format!("알림: host-id가 손상되어 {aside}에 보관하고 새로 만듭니다. compare에는 이제 다른 호스트로 보입니다"),
        ));
    }
    let mut terminal = Terminal::new(out, args.json || args.md);
    let finished = measure(&plan, how, &mut terminal)?;
    terminal.end();
    let shown = show(&args, &finished, out);
    if let Some(why) = &finished.not_latest {
        out.note(format!("{}: {}", out.say("warning", "경고"), why.told(out.lang())));
    }
    if let Some(file) = &args.out {
        let text = serde_json::to_vec(&finished.run).expect("a run is plain data");
        store::write_out(file, &text).map_err(|e| kept_elsewhere(e, &finished, file))?;
    }
    if let Some(error) = finished.unsaved {
        return Err(error); // it says what is kept, and how to make the rest of it
    }
    shown?; // only now: a reader of stdout who left early still gets the file
    code(&finished)
}

/// A chart found no room.
fn without_charts(error: Error, dir: &Path) -> Error {
    let again = format!("{} chart {}", called_as(), quoted_path(dir));
    let advice = Said::compose(&[&error.try_this], |lang| {
        format!("{}{}{again}", error.try_this.of(lang), lang.choose(", then: ", ". 그다음: "))
    });
    kept_in(error, dir).try_this(advice)
}

/// `-o` found no room: the run is in its own folder all the same.
fn kept_elsewhere(error: Error, finished: &Finished, file: &Path) -> Error {
    if finished.unsaved.is_some() {
        return error;
    }
    let run = finished.dir.join(RUN);
    kept_in(error, &finished.dir).try_this(Said::verbatim(format!("cp {} {}", quoted_path(&run), quoted_path(file))))
}

fn kept_in(error: Error, dir: &Path) -> Error {
    let cause = said!(
        "{en}; the run is kept in {dir}",
        "{ko}. 실행은 {dir}에 남아 있습니다",
        en = error.cause.of(Lang::En),
        ko = error.cause.of(Lang::Ko),
        dir = dir.display()
    );
    Error { cause, ..error }
}

fn options(args: &Bench) -> Result<Options> {
    let mut sets = parse_sets(&args.sets)?;
    for (key, list) in [("n", &args.n), ("concurrency", &args.concurrency)] {
        if let Some(list) = list {
            sets.insert(key.into(), split(list));
        }
    }
    let experiments = match (&args.experiments, sets.contains_key("concurrency")) {
        (None, true) => Some("boot".to_owned()), // that key belongs to boot alone
        (named, _) => named.clone(),
    };
    Ok(Options {
        arms: args.arms.clone(),
        experiments,
        sets,
        thorough: args.thorough,
        blocks: args.blocks,
        time: args.time,
        seed: args.seed,
        sequential: args.order == Order::Sequential,
        command: (!args.command.is_empty()).then(|| args.command.clone()),
        base: args.base.clone(),
    })
}

fn parse_sets(texts: &[String]) -> Result<Sets> {
    let mut sets = Sets::new();
    for text in texts {
        let Some((key, list)) = text.split_once('=').filter(|(k, l)| !k.is_empty() && !l.is_empty()) else {
            return Err(Error::usage(
                said!("read --set {text}", "--set {text}을(를) 읽을 수 없습니다"),
                said!("it is written KEY=LIST", "KEY=LIST로 적어야 함"),
            )
            .try_this(Said::english("--set configured=64M,1G")));
        };
        if sets.insert(key.to_owned(), split(list)).is_some() {
            return Err(Error::usage(
                said!("read --set {text}", "--set {text}을(를) 읽을 수 없습니다"),
                said!("{key} is set twice", "{key}을(를) 두 번 정함"),
            ));
        }
    }
    Ok(sets)
}

fn split(list: &str) -> Vec<String> {
    list.split(',').map(str::to_owned).collect()
}

fn random_seed() -> u64 {
    u64::from(std::process::id()) << 20 ^ crate::sys::clock::monotonic_ns() & 0xffff_ffff
}

fn how(args: &Bench, sets: &Sets, root: bool) -> Result<RunConfig> {
    let cpu = match args.pin.as_deref() {
        Some("none") => None,
        None if sets.contains_key("concurrency") => None, // many at once want every CPU
        None => crate::bench::last_cpu(),
        Some(text) => Some(text.parse().map_err(|_| {
            Error::usage(
                said!("pin workers to {text:?}", "작업 프로세스를 {text:?}에 고정할 수 없습니다"),
                said!("it is no CPU number", "CPU 번호가 아님"),
            )
            .try_this(said!("--pin 0, or --pin none", "--pin 0 또는 --pin none"))
        })?),
    };
    if let Some(cpu) = cpu {
        check_cpu(cpu)?;
    }
    Ok(RunConfig {
        called: Invocation {
            argv: text(&std::env::args_os().collect::<Vec<_>>()),
            called_as: called_as(),
            prediction_sha256: prediction(),
            build: crate::BUILD,
        },
        results: args.results.clone(),
        cpu,
        settle: args.settle,
        timeout: args.timeout,
        wait: args.wait,
        root,
        backend: crate::vm::backend::Backend::here().map(|b| b.to_string()),
    })
}

/// The head of the guide's predictions, so that a check can tell that they are older than this run.
fn prediction() -> Option<String> {
    let log = crate::guide::state::folder().and_then(|state| Log::load(&state)).ok()?;
    log.head().map(str::to_owned)
}

fn check_cpu(cpu: usize) -> Result<()> {
    let allowed = nix::sched::sched_getaffinity(nix::unistd::Pid::from_raw(0));
    if allowed.is_ok_and(|set| set.is_set(cpu).unwrap_or(false)) {
        return Ok(());
    }
    Err(Error::usage(
        said!("pin workers to CPU {cpu}", "작업 프로세스를 CPU {cpu}에 고정할 수 없습니다"),
        said!("this process may not use that CPU", "이 프로세스는 그 CPU를 쓸 수 없음"),
    )
    .try_this(said!("--pin 0, or --pin none", "--pin 0 또는 --pin none")))
}

fn show(args: &Bench, finished: &Finished, out: &mut Out) -> Result<()> {
    let has_values = finished.run.cells.iter().any(|c| c.status == Status::Measured);
    let drawn = if has_values && finished.unsaved.is_none() {
        chart::draw_all(&finished.run, &finished.dir)
    } else {
        Ok(Vec::new())
    };
    let charts = drawn.as_deref().unwrap_or_default();
    if args.json {
        report::json(&finished.run, out)?;
    } else if args.md {
        report::markdown(&finished.run, out)?;
    } else {
        summary::print(&finished.run, &finished.dir, charts, out)?;
    }
    drawn.map(drop).map_err(|e| without_charts(e, &finished.dir)) // it does not hide the numbers
}

/// 0: nothing failed. A signal, or an error that stopped the run, comes before what the cells say.
fn code(finished: &Finished) -> Result<u8> {
    if let Some(signal) = finished.signal {
        return Ok(128 + signal as u8);
    }
    if let Some(error) = &finished.stopped_by {
        return if error.kind == Kind::BrokenPipe { Ok(exit::OK) } else { Err(error.clone()) };
    }
    let any = |status| finished.run.cells.iter().any(|c| c.status == status);
    let failed_samples = finished.run.cells.iter().any(|c| c.columns.failed.iter().any(Option::is_some));
    let leaks = finished.run.warnings.iter().any(|w| w.code == Warning::LEAK);
    Ok(if any(Status::Failed) || failed_samples || leaks {
        exit::FAILED
    } else if any(Status::Measured) {
        exit::OK
    } else {
        exit::NOTHING_RAN
    })
}
