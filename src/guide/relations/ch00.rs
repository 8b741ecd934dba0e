//! Honest numbers: more blocks narrow the interval, and blocks interleave what "sequential" keeps apart.

use super::{Case, Found, evidence};
use crate::guide::tolerances::{FEW_BLOCKS, MORE_BLOCKS};
use crate::lang::counted;
use crate::results::query::values_of;
use crate::results::schema::{Cell, Run};
use crate::stats::paired::{compare, pair};
use crate::stats::{median, median_interval};

const METRIC: &str = "create_to_ready";

/// Two equal arms of one file.
struct Twins<'a> {
    file: &'a str,
    run: &'a Run,
    first: &'a Cell,
    second: &'a Cell,
}

impl Twins<'_> {
    fn is_sequential(&self) -> bool {
        self.run.header.plan.order == "sequential"
    }

    /// second ÷ first, one per block.
    fn ratios(&self) -> Vec<f64> {
        let pairs = pair(&values_of(self.first, METRIC), &values_of(self.second, METRIC));
        pairs.into_iter().filter(|(a, _)| *a > 0.0).map(|(a, b)| b / a).collect()
    }
}

fn twins<'a>(case: &'a Case) -> Vec<Twins<'a>> {
    let seconds = case.cells("boot").filter(|(_, _, c)| c.arm.ends_with("#2"));
    let with_first = |(file, run, second): (&'a str, &'a Run, &'a Cell)| {
        let arm = second.arm.strip_suffix("#2")?;
        let first = run.cells.iter().find(|c| c.experiment == "boot" && c.arm == arm && c.case == second.case)?;
        Some(Twins { file, run, first, second })
    };
    seconds.filter_map(with_first).collect()
}

/// The interval over all blocks of the longest run is narrower than over a few of them.
pub(super) fn width(case: &Case) -> Found {
    let all = twins(case);
    let interleaved = all.iter().filter(|t| !t.is_sequential());
    let Some(longest) = interleaved.max_by_key(|t| t.ratios().len()) else {
        return case.not_measured("boot process, process#2 (--order blocks)", RUN);
    };
    let ratios = longest.ratios();
    if ratios.len() < FEW_BLOCKS * MORE_BLOCKS {
        let (n, least) = (ratios.len(), FEW_BLOCKS * MORE_BLOCKS);
        let why = case.say(
            format!("the longest run here has {}; {least} are needed to compare.", counted(n, "block")),
            format!("가장 긴 실행의 블록이 {n}개입니다. 비교하려면 {least}개가 필요합니다."),
        );
        return case.open(why, RUN.into());
    }
    let few: Vec<f64> = ratios.chunks_exact(FEW_BLOCKS).filter_map(width_of).collect();
    let (Some(few), Some(whole)) = (median(&few), width_of(&ratios)) else {
        return case.not_measured("boot process, process#2", RUN);
    };
    let (n, few_percent, percent) = (ratios.len(), few * 100.0, whole * 100.0);
    let why = (
        format!(
            "interval of process#2 ÷ process: {percent:.1} % wide over {n} blocks, {few_percent:.1} % over {FEW_BLOCKS}."
        ),
        format!(
            "process#2 ÷ process의 신뢰구간 너비는 블록 {n}개에서 {percent:.1} %, {FEW_BLOCKS}개에서 {few_percent:.1} %입니다."
        ),
    );
    let fix = (
        "The machine changed while it measured: close other programs, then measure again.".into(),
        "측정하는 동안 기계의 상태가 바뀌었습니다. 다른 프로그램을 닫고 다시 측정하십시오.".into(),
    );
    let seen = all.iter().map(|t| {
        let width = width_of(&t.ratios()).map_or("no interval".into(), |w| format!("{:.1} % wide", w * 100.0));
        evidence(
            t.file,
            t.second,
            format!("{}, {}: {width}", counted(t.ratios().len(), "block"), t.run.header.plan.order),
        )
    });
    case.decide(whole < few, why, fix, seen.collect())
}

const RUN: &str = "isolab bench -e process,process -x boot --order blocks --blocks 100 -o blk100.json";

/// Of the interval of the median; None: too few values for one.
fn width_of(ratios: &[f64]) -> Option<f64> {
    let (low, high) = median_interval(ratios)?.ends()?;
    Some(high - low)
}

/// In one file the second arm ran after the first, in another both met every block, in changing order.
pub(super) fn order(case: &Case) -> Found {
    let all = twins(case);
    let find = |sequential: bool| all.iter().find(|t| t.is_sequential() == sequential);
    let Some(apart) = find(true) else {
        return case.not_measured("boot process, process#2 (--order sequential)", RUN_SEQUENTIAL);
    };
    let Some(mixed) = find(false) else {
        return case.not_measured("boot process, process#2 (--order blocks)", RUN);
    };
    let holds = one_after_the_other(apart) && both_come_first(mixed);
    let (a, b) = (difference(apart), difference(mixed));
    let why = (
        format!("equal arms differ by {a} one after the other, by {b} in blocks."),
        format!("같은 대상이 차례로 측정하면 {a}, 블록으로 측정하면 {b}만큼 다릅니다."),
    );
    let fix = (
        format!("The order of the samples is not what the files say: {RUN_SEQUENTIAL}"),
        format!("표본의 순서가 파일에 적힌 것과 다릅니다. {RUN_SEQUENTIAL}"),
    );
    let seen = [(apart, a), (mixed, b)].map(|(t, found)| evidence(t.file, t.second, found));
    case.decide(holds, why, fix, seen.into())
}

const RUN_SEQUENTIAL: &str = "isolab bench -e process,process -x boot --order sequential --blocks 30 -o seq.json";

fn one_after_the_other(t: &Twins) -> bool {
    let ends = |cell: &Cell| cell.columns.at_ns.iter().max().copied();
    let begins = |cell: &Cell| cell.columns.at_ns.iter().min().copied();
    ends(t.first) < begins(t.second) || ends(t.second) < begins(t.first)
}

/// In some blocks the first arm came first, in some the second.
fn both_come_first(t: &Twins) -> bool {
    let at = |cell: &Cell| -> std::collections::BTreeMap<u32, u64> {
        cell.columns.block.iter().copied().zip(cell.columns.at_ns.iter().copied()).collect()
    };
    let second = at(t.second);
    let first_came_first: Vec<bool> =
        at(t.first).into_iter().filter_map(|(block, ns)| Some(ns < *second.get(&block)?)).collect();
    first_came_first.contains(&true) && first_came_first.contains(&false)
}

/// "−3.1 % [−5.0, 1.2]": of the medians within blocks; of whole arms where they ran apart.
fn difference(t: &Twins) -> String {
    let middle = |cell: &Cell| median(&values_of(cell, METRIC).into_iter().map(|(_, v)| v).collect::<Vec<_>>());
    if t.is_sequential() {
        let (Some(a), Some(b)) = (middle(t.first), middle(t.second)) else { return "–".into() };
        return format!("{:+.1} %", (b / a - 1.0) * 100.0);
    }
    let found = compare(&pair(&values_of(t.first, METRIC), &values_of(t.second, METRIC))).and_then(|c| c.ratio);
    found.map_or("–".into(), |r| {
        let percent = |v: f64| format!("{:+.1}", (v - 1.0) * 100.0);
        let ends = r.ends().map_or(String::new(), |(low, high)| format!(" [{}, {}]", percent(low), percent(high)));
        format!("{} %{ends}", percent(r.median))
    })
}
