//! Start time: in every start the marks come in order, and the stages sum to the total.

use super::{Case, Found, evidence};
use crate::guide::tolerances::READINGS_PER_MARK;
use crate::lang::counted;
use crate::results::schema::{Cell, Run};
use crate::timeline::Stage;

const RUN: &str = "isolab bench -e process,container,vm-bare -x boot -o boot.json";

/// The marks of one sample.
struct Row {
    ready: f64,
    exit: Option<f64>,
    reap: Option<f64>,
    /// The latest of the marks that end a stage before ready.
    before: f64,
    total: Option<f64>,
    until_exit: Option<f64>,
    ending: Option<f64>,
}

pub(super) fn stages(case: &Case) -> Found {
    let mut seen = Vec::new();
    let mut wrong = Vec::new();
    let mut samples = 0;
    for (file, run, cell) in case.cells("boot") {
        let slack = run.header.timer.cost_ns * READINGS_PER_MARK + run.header.timer.resolution_ns as f64;
        let rows: Vec<(usize, Row)> = (0..cell.columns.block.len()).filter_map(|i| Some((i, row(cell, i)?))).collect();
        let fault = rows.iter().find_map(|(i, row)| Some((i, fault(row, slack)?)));
        samples += rows.len();
        if !rows.is_empty() {
            seen.push(evidence(file, cell, told(run, rows.len(), slack)));
        }
        wrong.extend(fault.map(|(i, fault)| format!("{} #{i}: {fault}", cell.id)));
    }
    if samples == 0 {
        return case.not_measured("boot", RUN);
    }
    let (arms, faults) = (seen.len(), wrong.join("; "));
    let why = if wrong.is_empty() {
        (
            format!(
                "in {} of {} the stages are in order and sum to the total.",
                counted(samples, "start"),
                counted(arms, "cell")
            ),
            format!("셀 {arms}개의 시작 {samples}번에서 단계가 순서대로이고 그 합이 전체와 같습니다."),
        )
    } else {
        (format!("stages do not sum to the total: {faults}."), format!("단계의 합이 전체와 다릅니다. {faults}."))
    };
    let fix = (format!("Measure again: {RUN}"), format!("다시 측정하십시오. {RUN}"));
    case.decide(wrong.is_empty(), why, fix, seen)
}

fn told(run: &Run, rows: usize, slack: f64) -> String {
    format!("{rows} starts, within {slack:.0} ns (timer cost {:.0} ns)", run.header.timer.cost_ns)
}

/// None: this sample failed, or has no ready mark.
fn row(cell: &Cell, i: usize) -> Option<Row> {
    let at = |stage: Stage| {
        let columns = cell.columns.stages.iter().filter(move |c| c.stage == stage);
        columns.filter_map(|c| c.at_ns.get(i).copied().flatten()).max().map(|ns| ns as f64)
    };
    let value = |metric: &str| cell.columns.values.get(metric).and_then(|column| column.get(i).copied().flatten());
    let earlier = [Stage::Create, Stage::Isolate, Stage::Load, Stage::Enter];
    Some(Row {
        ready: at(Stage::Ready)?,
        exit: at(Stage::Exit),
        reap: at(Stage::Reap),
        before: earlier.into_iter().filter_map(at).fold(0.0, f64::max),
        total: value("create_to_ready"),
        until_exit: value("create_to_exit"),
        ending: value("exit_to_reaped"),
    })
}

fn fault(row: &Row, slack: f64) -> Option<String> {
    let later = |a: f64, b: Option<f64>| b.is_some_and(|b| a > b + slack);
    let apart = |a: Option<f64>, b: Option<f64>| a.zip(b).is_some_and(|(a, b)| (a - b).abs() > slack);
    let checks = [
        (row.before > row.ready + slack, "a stage ends after ready"),
        (later(row.ready, row.exit), "exit before ready"),
        (row.exit.is_some_and(|exit| later(exit, row.reap)), "reap before exit"),
        (row.total.is_none() || apart(row.total, Some(row.ready)), "create_to_ready is not the sum of its stages"),
        (apart(row.until_exit, row.exit), "create_to_exit is not the sum of its stages"),
        (apart(row.ending, row.reap.zip(row.exit).map(|(r, e)| r - e)), "exit_to_reaped is not its stage"),
    ];
    checks.into_iter().find(|(wrong, _)| *wrong).map(|(_, what)| what.to_owned())
}
