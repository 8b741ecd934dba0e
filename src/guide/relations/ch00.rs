//! Honest numbers: more blocks narrow the interval, and blocks interleave what "sequential" keeps apart.

use super::{Case, Found, evidence};
use crate::guide::tolerances::{FEW_BLOCKS, MORE_BLOCKS};
use crate::lang::counted;
use crate::results::derive::{Twins, twins};
use crate::results::schema::{Cell, Run, Status};

const METRIC: &str = "create_to_ready";

/// Two equal arms of one file.
struct Twice<'a> {
    file: &'a str,
    run: &'a Run,
    cells: Twins<'a>,
}

impl Twice<'_> {
    fn is_sequential(&self) -> bool {
        self.run.header.plan.order == "sequential"
    }

    fn blocks(&self) -> usize {
        self.cells.blocks(METRIC)
    }
}

fn twice<'a>(case: &'a Case) -> Vec<Twice<'a>> {
    let of_run = |(file, run): &'a (String, &'a Run)| {
        let of_boot = twins(&run.cells)
            .filter(|twins| twins.second.experiment == "boot" && twins.second.status == Status::Measured);
        of_boot.map(move |cells| Twice { file, run, cells })
    };
    case.runs.iter().flat_map(of_run).collect()
}

/// The interval over all blocks of the longest run is narrower than over a few of them.
pub(super) fn width(case: &Case) -> Found {
    let all = twice(case);
    let interleaved = all.iter().filter(|t| !t.is_sequential());
    let Some(longest) = interleaved.max_by_key(|t| t.blocks()) else {
        return case.not_measured("boot process, process#2 (--order blocks)", RUN);
    };
    let (n, least) = (longest.blocks(), FEW_BLOCKS * MORE_BLOCKS);
    if n < least {
        let why = case.say(
            format!("the longest run here has {}; {least} are needed to compare.", counted(n, "block")),
            format!("가장 긴 실행의 블록이 {n}개입니다. 비교하려면 {least}개가 필요합니다."),
        );
        return case.open(why, RUN.into());
    }
    let Some((whole, few)) = longest.cells.widths(METRIC, FEW_BLOCKS) else {
        return case.not_measured("boot process, process#2", RUN);
    };
    let (few_percent, percent) = (few * 100.0, whole * 100.0);
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
        let width = t.cells.width(METRIC).map_or("no interval".into(), |w| format!("{:.1} % wide", w * 100.0));
        evidence(
            t.file,
            t.cells.second,
            format!("{}, {}: {width}", counted(t.blocks(), "block"), t.run.header.plan.order),
        )
    });
    case.decide(whole < few, why, fix, seen.collect())
}

const RUN: &str = "isolab bench -e process,process -x boot --order blocks --blocks 100 -o blk100.json";

/// In one file the second arm ran after the first, in another both met every block, in changing order.
pub(super) fn order(case: &Case) -> Found {
    let all = twice(case);
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
    let seen = [(apart, a), (mixed, b)].map(|(t, found)| evidence(t.file, t.cells.second, found));
    case.decide(holds, why, fix, seen.into())
}

const RUN_SEQUENTIAL: &str = "isolab bench -e process,process -x boot --order sequential --blocks 30 -o seq.json";

fn one_after_the_other(t: &Twice) -> bool {
    let ends = |cell: &Cell| cell.columns.at_ns.iter().max().copied();
    let begins = |cell: &Cell| cell.columns.at_ns.iter().min().copied();
    ends(t.cells.first) < begins(t.cells.second) || ends(t.cells.second) < begins(t.cells.first)
}

/// In some blocks the first arm came first, in some the second.
fn both_come_first(t: &Twice) -> bool {
    let at = |cell: &Cell| -> std::collections::BTreeMap<u32, u64> {
        cell.columns.block.iter().copied().zip(cell.columns.at_ns.iter().copied()).collect()
    };
    let second = at(t.cells.second);
    let first_came_first: Vec<bool> =
        at(t.cells.first).into_iter().filter_map(|(block, ns)| Some(ns < *second.get(&block)?)).collect();
    first_came_first.contains(&true) && first_came_first.contains(&false)
}

/// "−3.1 % [−5.0, 1.2]": of the medians within blocks; of whole arms where they ran apart.
fn difference(t: &Twice) -> String {
    if t.is_sequential() {
        return t.cells.apart(METRIC).map_or("–".into(), |share| format!("{:+.1} %", share * 100.0));
    }
    let found = t.cells.difference(METRIC);
    found.map_or("–".into(), |r| {
        let percent = |v: f64| format!("{:+.1}", v * 100.0);
        let ends = r.ends().map_or(String::new(), |(low, high)| format!(" [{}, {}]", percent(low), percent(high)));
        format!("{} %{ends}", percent(r.median))
    })
}
