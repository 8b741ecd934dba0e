//! From a results file to the chart.

use super::{Call, Cost, Row};
use crate::charts::caption::{Shown, against_machines};
use crate::charts::found::Found;
use crate::charts::page::Note;
use crate::charts::values::{arm, cells, definitions, machine_notes};
use crate::charts::words;
use crate::id::ArmId;
use crate::lang::Lang;
use crate::model::Kind;
use crate::results::derive::{kind_of, seen};
use crate::results::schema::{Cell, Run, Status};

const EXPERIMENT: &str = "syscall";
/// Only a guest has a hypervisor to leave for.
const GUESTS_ONLY: &str = "exit";

impl Cost {
    /// None: the run has no cell of `syscall`.
    pub(super) fn from_run(run: &Run, lang: Lang) -> Option<Cost> {
        let cells = cells(run, EXPERIMENT, &[]);
        if cells.is_empty() {
            return None;
        }
        let calls = run.header.metrics.iter().filter(|m| m.experiment == EXPERIMENT);
        let calls: Vec<Call> = calls.map(|m| call(run, &cells, &m.id, lang)).filter(|c| !c.rows.is_empty()).collect();
        let notes = all_notes(run, &cells, &calls, lang);
        Some(Cost { calls, notes })
    }
}

fn call(run: &Run, cells: &[&Cell], id: &str, lang: Lang) -> Call {
    let rows: Vec<Row> = cells.iter().filter_map(|cell| row(run, cell, id, lang)).collect();
    Call { id: id.to_owned(), floor: floor(run, cells, id), rows }
}

/// None: this call does not exist there.
fn row(run: &Run, cell: &Cell, call: &str, lang: Lang) -> Option<Row> {
    let guest = run.header.arms.iter().any(|a| a.id == cell.arm && a.backend.is_some());
    let (arm, value) = (arm(run, &cell.arm, lang), seen(run, cell, call));
    let found = || Found::of(arm, cell, value, words::COST_NOT_OFFERED, lang);
    (call != GUESTS_ONLY || guest).then(|| Row { found: found(), guest })
}

/// What the call costs without any isolation: in a plain process.
fn floor(run: &Run, cells: &[&Cell], call: &str) -> Option<f64> {
    let plain = |arm: &ArmId| kind_of(run, arm) == Kind::Process && !arm.has_knobs() && !arm.is_repeated();
    let cell = cells.iter().find(|cell| plain(&cell.arm) && cell.status == Status::Measured)?;
    seen(run, cell, call).map(|ns| ns.median)
}

/// First what a reader would get wrong: a guest's answer, a missing floor.
fn all_notes(run: &Run, cells: &[&Cell], calls: &[Call], lang: Lang) -> Vec<Note> {
    let mut all = Vec::new();
    let answered = |row: &Row| row.guest && row.found.value.is_ok();
    if calls.iter().any(|call| call.id != GUESTS_ONLY && call.rows.iter().any(answered)) {
        all.push(Note::plain(words::COST_GUEST.of(lang)));
    }
    if calls.iter().all(|call| call.floor.is_none()) && cells.iter().any(|c| c.status == Status::Measured) {
        all.push(Note::plain(words::COST_NO_FLOOR.of(lang)));
    }
    let defined = calls.iter().map(|call| (call.id.as_str(), call.id.as_str()));
    all.extend(definitions(run, EXPERIMENT, defined, lang));
    all.extend(against_machines(run, cells, Shown { experiment: EXPERIMENT, metric: "getppid" }, lang));
    all.extend(machine_notes(run, cells, Shown { experiment: EXPERIMENT, metric: "getppid" }, lang));
    all
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::charts::example::{cell, run, sample, skipped};

    const ARMS: [(&str, &str, &str); 3] =
        [("process", "plain process", "fd"), ("container", "our container", "fd"), ("vm-bare", "bare VM", "port")];

    #[test]
    fn each_call_has_its_own_arms_and_floor() {
        let process = sample(&[("getppid", 100.0), ("read", 136.0)], &[], Vec::new());
        let vm = sample(&[("getppid", 1100.0), ("exit", 80_000.0)], &[], Vec::new());
        let cells = vec![
            cell("syscall/process", vec![process; 8]),
            skipped("syscall/container", "no user namespaces"),
            cell("syscall/vm-bare", vec![vm; 8]),
        ];
        let chart = Cost::from_run(&run(&ARMS, cells), Lang::En).unwrap();
        let ids: Vec<&str> = chart.calls.iter().map(|c| c.id.as_str()).collect();
        assert_eq!(ids, ["getppid", "read", "write", "exit"]);
        assert_eq!(
            (chart.calls[0].floor, chart.calls[1].floor, chart.calls[3].floor),
            (Some(100.0), Some(136.0), None)
        );
        assert_eq!(chart.calls[0].rows[1].found.value, Err("no user namespaces".into()));
        let Err(reason) = &chart.calls[1].rows[2].found.value else { panic!("{chart:?}") };
        assert!(reason.contains("does not offer"), "the guest kernel has no read of a file: {reason}");
        assert!(chart.notes[0].text.contains("our guest kernel"), "{:?}", chart.notes[0]);
        let exits: Vec<&str> = chart.calls[3].rows.iter().map(|r| r.found.arm.id.as_str()).collect();
        assert_eq!(exits, ["vm-bare"], "only a guest has something to leave");
    }

    #[test]
    fn a_run_of_something_else_has_no_such_chart() {
        assert_eq!(Cost::from_run(&run(&ARMS, vec![cell("inventory/process", Vec::new())]), Lang::En), None);
    }
}
