//! What a reader of the numbers must know: each warning has a code, a sentence with cause and next step in both languages,
//! and says whether the run is unfit for publication because of it. First what follows from the samples, then what only the
//! run itself can see.

use super::derive::drift::carry_over;
use super::query::values_of;
use super::schema::{ArmInfo, Cell, Header, NoiseFloor, Status, Summary, Warning};

use crate::lang::said::Said;
use crate::lang::{Lang, counted};
use crate::said;
use crate::units::show_ns;

/// Load of other programs, in runnable tasks, from which on a run is disturbed.
const MUCH_LOAD: f64 = 1.0;
const ENOUGH_BLOCKS: usize = 20;

/// What warnings follow from.
pub(super) struct Facts<'a> {
    pub header: &'a Header,
    pub cells: &'a [Cell],
    pub summaries: &'a [Summary],
    pub noise: &'a [NoiseFloor],
}

pub(super) fn warnings(run: &Facts) -> Vec<Warning> {
    let mut all = Vec::new();
    let mut warn =
        |code: &str, blocks_publication: bool, text: Said| all.push(Warning::new(code, blocks_publication, &text));
    if run.header.plan.mode == "quick" {
        let text = said!("a quick run (--thorough gives numbers to publish)", "빠른 실행(공개할 수치는 --thorough)");
        warn("quick", true, text);
    }
    if run.header.plan.order == "sequential" {
        let text = said!(
            "arms ran one after the other: what drifted is charged to the arm that ran then",
            "대상을 하나씩 차례로 실행: 드리프트가 그때 돈 대상의 것이 됨"
        );
        warn("sequential", true, text);
    }
    if run.header.profile != "release" {
        let text = said!(
            "isolab itself was built as {profile}; use --release",
            "isolab 자체를 {profile}(으)로 빌드함. --release를 쓰십시오",
            profile = run.header.profile
        );
        warn("profile", true, text);
    }
    if let Some(load) = run.header.host.load.map(|[minute, ..]| minute).filter(|l| *l > MUCH_LOAD) {
        let text = said!("other programs were running (load {load:.1})", "다른 프로그램이 돌고 있었음(부하 {load:.1})");
        warn("load", true, text);
    }
    let measured = |arm: &str| run.cells.iter().any(|c| c.arm == arm && c.status == Status::Measured);
    let emulated = |a: &&ArmInfo| a.backend.as_ref().is_some_and(|b| b.starts_with("software")) && measured(&a.id);
    let emulated = run.header.arms.iter().find(emulated);
    if let Some(arm) = emulated {
        let text = said!(
            "{arm} on a software KVM backend, not on hardware virtualisation",
            "{arm}이(가) 하드웨어 가상화가 아닌 소프트웨어 KVM 백엔드에서 실행됨",
            arm = arm.id
        );
        warn("software-kvm", true, text);
    }
    few_blocks(run, &mut warn);
    drifting(run, &mut warn);
    correlated(run, &mut warn);
    carried_over(run, &mut warn);
    short_batches(run, &mut warn);
    failures(run, &mut warn);
    all
}

type Warn<'a> = dyn FnMut(&str, bool, Said) + 'a;

fn few_blocks(run: &Facts, warn: &mut Warn) {
    let fewest = run.summaries.iter().map(|s| s.n).min();
    if let Some(n) = fewest.filter(|n| *n < ENOUGH_BLOCKS && run.header.plan.mode != "quick") {
        let text = said!(
            "fewest blocks in a cell: {n}; {ENOUGH_BLOCKS} or more give intervals that hold (--blocks)",
            "블록이 가장 적은 칸: {n}개. {ENOUGH_BLOCKS}개 이상이라야 신뢰구간을 믿을 수 있음(--blocks)"
        );
        warn("few-blocks", true, text);
    }
}

fn is_headline(run: &Facts, s: &Summary) -> bool {
    run.header.metrics.iter().any(|m| m.headline && m.experiment == s.cell.experiment() && m.id == s.metric)
}

fn drifting(run: &Facts, warn: &mut Warn) {
    let worst = run
        .summaries
        .iter()
        .filter(|s| is_headline(run, s))
        .filter_map(|s| Some((s.drift?, s)))
        .max_by(|a, b| a.0.abs().total_cmp(&b.0.abs()));
    if let Some((drift, s)) = worst {
        let text = said!(
            "drift: {metric} of {cell} {percent:+.0} % from the first to the last third",
            "드리프트: {cell}의 {metric}, 처음 3분의 1에서 마지막 3분의 1까지 {percent:+.0} %",
            metric = s.metric,
            cell = s.cell,
            percent = drift * 100.0,
        );
        warn("drift", true, text);
    }
}

/// Far above chance even for the worst of some hundred columns.
const Z_WORST_OF_MANY: f64 = 4.0;

/// Where each sample resembles the one before, there is less information than n says, and intervals are too narrow.
fn correlated(run: &Facts, warn: &mut Warn) {
    let z = |s: &Summary| s.lag1.unwrap_or(0.0) * (s.n as f64).sqrt();
    let worst = run.summaries.iter().filter(|s| is_headline(run, s)).max_by(|a, b| z(a).total_cmp(&z(b)));
    if let Some(s) = worst.filter(|s| z(s) > Z_WORST_OF_MANY) {
        let text = said!(
            "samples of {metric} of {cell} resemble the ones before (lag-1 autocorrelation {r:.2}): its interval is too narrow",
            "{cell}의 {metric}: 이웃 표본끼리 닮아(1차 자기상관 {r:.2}) 신뢰구간이 너무 좁음",
            metric = s.metric,
            cell = s.cell,
            r = s.lag1.unwrap_or(0.0),
        );
        warn("autocorrelation", false, text);
    }
}

/// What ran before slows what runs now, by more than the noise floor.
fn carried_over(run: &Facts, warn: &mut Warn) {
    if let Some((cell, p)) = carry_over(run.cells, run.noise) {
        let text = said!(
            "{cell} starts {percent:.0} % slower after {slower} than after {faster}: raise --settle",
            "{cell}: {slower} 뒤에는 {faster} 뒤보다 {percent:.0} % 느리게 시작함. --settle을 늘리십시오",
            cell = cell.id,
            percent = p.relative * 100.0,
            slower = p.slower_after,
            faster = p.faster_after,
        );
        warn("carry-over", false, text);
    }
}

/// Reading the timer is in every batch; below one hundredth of it nobody has to know.
const READINGS_IN_A_BATCH: f64 = 100.0;

fn short_batches(run: &Facts, warn: &mut Warn) {
    let enough_ns = READINGS_IN_A_BATCH * run.header.timer.cost_ns;
    let shortest = run.cells.iter().filter(|c| c.status == Status::Measured).flat_map(|cell| {
        run.header.metrics.iter().filter_map(move |m| {
            let calls = m.per_batch.filter(|_| m.experiment == cell.experiment)? as f64;
            let batches = cell.columns.inner.get(&m.id)?.iter().flatten();
            Some((batches.copied().reduce(f64::min)? * calls, cell, m))
        })
    });
    let worst = shortest.min_by(|a, b| a.0.total_cmp(&b.0));
    if let Some((took_ns, cell, m)) = worst.filter(|(ns, ..)| *ns < enough_ns) {
        let text = said!(
            "a batch of {metric} of {cell} took {took}, less than {READINGS_IN_A_BATCH} readings of the timer ({enough}): they are in the number",
            "{cell}의 {metric}: 묶음 하나가 {took}(으)로, 타이머를 {READINGS_IN_A_BATCH}번 읽는 시간({enough})보다 짧아 그 시간이 값에 들어 있음",
            metric = m.id,
            cell = cell.id,
            took = show_ns(took_ns),
            enough = show_ns(enough_ns),
        );
        warn("short-batch", true, text);
    }
}

fn failures(run: &Facts, warn: &mut Warn) {
    for cell in run.cells.iter().filter(|c| c.status == Status::Measured) {
        let failed = cell.columns.failed.iter().flatten().count();
        if failed > 0 {
            let all = cell.columns.failed.len();
            let (en, ko) = (cell.reason_in(Lang::En), cell.reason_in(Lang::Ko));
            let english = format!("{failed} of {} of {} failed: {en}", counted(all, "sample"), cell.id);
            let text = Said::new(english, format!("{}: 표본 {all}개 중 {failed}개 실패. {ko}", cell.id));
            warn("failures", true, text);
        }
    }
    let empty = run
        .cells
        .iter()
        .filter(|c| c.status == Status::Measured)
        .find(|c| c.columns.values.keys().all(|m| values_of(c, m).is_empty()));
    if let Some(cell) = empty {
        let text = said!("{cell} was measured but gave no value", "{cell}: 측정했지만 값이 없음", cell = cell.id);
        warn("no-values", true, text);
    }
}

impl Warning {
    /// Something that an instance left behind, as it is called, and after what.
    pub fn of_leak(when: &Said, what: &Said) -> Warning {
        let text = Said::compose(&[when, what], |lang| {
            let (when, what) = (when.of(lang), what.of(lang));
            lang.choose(format!("left behind after {when}: {what}"), format!("{when} 뒤에 남음: {what}"))
        });
        Warning::new(Warning::LEAK, true, &text)
    }

    pub fn of_left_running(arm: &str, count: usize) -> Warning {
        let text = said!(
            "processes that the program in {arm} had left running, and that were killed after the sample: {count}; an arm with a PID 1 of its own ends them within it",
            "{arm}의 프로그램이 남겨 두어 표본 뒤에 강제로 종료한 프로세스: {count}개. 자기 PID 1이 있는 대상은 그 안에서 이들을 끝냄"
        );
        Warning::new(Warning::LEFT_RUNNING, false, &text)
    }

    pub fn of_one_cpu() -> Warning {
        let text = said!(
            "only one CPU could be used: the harness and what it measures share it (taskset -pc $$)",
            "쓸 수 있는 CPU가 하나뿐: 측정기와 측정 대상이 그것을 나누어 씀(taskset -pc $$)"
        );
        Warning::new(Warning::ONE_CPU, true, &text)
    }

    /// The first line, and how many more there were.
    pub fn of_kernel_log(first: &str, more: usize) -> Warning {
        let (and, ko) = match more {
            0 => (String::new(), String::new()),
            _ => (format!(", and {more} more lines"), format!(" 외 {more}줄")),
        };
        let english = format!("the kernel logged during the run: \u{201c}{first}\u{201d}{and} (sudo dmesg)");
        let korean = format!("실행하는 동안 커널이 남긴 기록: \u{201c}{first}\u{201d}{ko}(sudo dmesg)");
        Warning::new(Warning::KERNEL_LOG, false, &Said::new(english, korean))
    }

    pub fn of_lost(broken: usize) -> Warning {
        let text = said!(
            "rebuilt from damaged raw samples: {broken} of their lines could not be read",
            "손상된 원자료에서 다시 만듦: 읽지 못한 줄 {broken}개"
        );
        Warning::new(Warning::LOST, true, &text)
    }

    pub fn of_changed() -> Warning {
        let text = said!(
            "its samples were changed after they were saved: their hashes do not fit",
            "저장한 뒤에 표본이 바뀜: 해시가 맞지 않음"
        );
        Warning::new(Warning::CHANGED, true, &text)
    }
}

#[cfg(test)]
mod tests {
    use super::super::example;
    use super::*;

    /// A run whose shortest batch of `calls` took `shortest_ns` a call; the timer costs 20 ns.
    fn with_batches(calls: Option<u64>, shortest_ns: f64) -> Vec<String> {
        let mut run = example::boot(20);
        run.header.metrics[0].per_batch = calls;
        for (place, cell) in run.cells.iter_mut().enumerate() {
            let batches = if place == 1 { vec![180.0, shortest_ns] } else { vec![200.0; 2] };
            cell.columns.inner.insert("create_to_ready".into(), vec![batches]);
        }
        let facts = Facts { header: &run.header, cells: &run.cells, summaries: &run.summaries, noise: &run.noise };
        warnings(&facts).into_iter().filter(|w| w.code == "short-batch").map(|w| w.text).collect()
    }

    #[test]
    fn a_file_keeps_what_a_warning_says_in_both_languages_with_its_values() {
        let quick = example::boot(6);
        let slow =
            Warning::of_leak(&said!("block {n}", "{n}번 블록", n = 3), &said!("process {n}", "프로세스 {n}", n = 7));
        let all = quick.warnings.iter().chain([&slow]).cloned().collect::<Vec<_>>();
        let back: Vec<Warning> = serde_json::from_str(&serde_json::to_string(&all).unwrap()).unwrap();
        assert!(back.len() > 1 && back.iter().all(|w| w.text_in(Lang::Ko) != w.text), "{back:?}");
        assert_eq!(back.last().unwrap().text_in(Lang::Ko), "3번 블록 뒤에 남음: 프로세스 7");
        let before = Warning { text_ko: None, ..slow };
        assert_eq!(before.text_in(Lang::Ko), "실행 뒤에 남은 것이 있음");
    }

    #[test]
    fn a_batch_is_long_beside_a_reading_of_the_timer_or_the_run_says_so() {
        assert!(with_batches(Some(1000), 2.1).is_empty(), "2100 ns are more than a hundred readings");
        assert!(with_batches(None, 1.9).is_empty(), "what is timed by itself has no batch");
        let told = with_batches(Some(1000), 1.9);
        assert_eq!(told.len(), 1);
        assert!(told[0].contains("boot/process#2") && told[0].contains("1.90 µs"), "{told:?}");
    }
}
