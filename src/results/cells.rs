//! What was planned, and the columns that its samples become.

use std::collections::BTreeMap;

use super::schema::{Cell, Columns, SampleLine, SampleOutcome, StageColumn, Status};
use crate::error::{Error, Kind};
use crate::id::{ArmId, Case, CellId};
use crate::lang::Said;
use crate::said;

/// Cells that were not measured, by id, and why.
pub type Skips = BTreeMap<CellId, Error>;

/// A cell before anything was measured in it.
#[derive(Debug, Clone, PartialEq)]
pub struct Planned {
    pub id: CellId,
    pub experiment: String,
    pub arm: ArmId,
    pub case: Case,
}

/// What the id of a cell says.
pub(super) fn parse_id(id: &CellId) -> Planned {
    Planned { id: id.clone(), experiment: id.experiment().to_owned(), arm: id.arm(), case: id.case() }
}

/// Each planned cell with its samples in columns, or with the reason why it has none.
pub fn cells_of(planned: &[Planned], skips: &Skips, samples: &[SampleLine]) -> Vec<Cell> {
    planned
        .iter()
        .map(|plan| {
            let mine: Vec<&SampleLine> = samples.iter().filter(|s| s.cell == plan.id).collect();
            let columns = columns_of(&mine);
            let (status, error) = status_of(skips.get(&plan.id), &columns);
            let reason = error.as_ref().map(reason).unwrap_or_default();
            let fix = error.map(|e| e.try_this).unwrap_or_default();
            Cell {
                id: plan.id.clone(),
                experiment: plan.experiment.clone(),
                arm: plan.arm.clone(),
                case: plan.case.clone(),
                status,
                reason: reason.to_string(),
                fix: fix.to_string(),
                reason_ko: reason.korean().map(str::to_owned),
                fix_ko: fix.korean().map(str::to_owned),
                columns,
                hash: String::new(),
            }
        })
        .collect()
}

/// Why a cell cannot be is a sentence of its own; why something broke needs what was being done.
fn reason(error: &Error) -> Said {
    match error.kind {
        Kind::Failed => error.reason(),
        _ => error.cause.clone(),
    }
}

/// Measured with at least one good sample; a cell with both kinds counts as measured, and its failures stay visible.
fn status_of(skip: Option<&Error>, columns: &Columns) -> (Status, Option<Error>) {
    let failed = columns.failed.iter().flatten().next().cloned();
    match (skip, failed) {
        (Some(e), _) if e.kind == Kind::Failed => (Status::Failed, Some(e.clone())),
        (Some(e), _) => (Status::Skipped, Some(e.clone())),
        (None, failed) if columns.failed.iter().any(Option::is_none) => (Status::Measured, failed),
        (None, Some(e)) if e.kind == Kind::Unavailable => (Status::Skipped, Some(e)),
        (None, Some(e)) => (Status::Failed, Some(e)),
        (None, None) => {
            let error = Error::unavailable(
                said!("measure it", "측정할 수 없습니다"),
                said!("the run ended before its turn", "차례가 오기 전에 실행이 끝남"),
            )
            .try_this(said!("give the run more --time", "--time을 늘리십시오"));
            (Status::Skipped, Some(error))
        }
    }
}

fn columns_of(samples: &[&SampleLine]) -> Columns {
    let mut c = Columns::default();
    for (row, line) in samples.iter().enumerate() {
        c.block.push(line.block);
        c.place.push(line.place);
        c.before.push(line.before.clone());
        c.at_ns.push(line.at_ns);
        c.cpu.push(line.cpu);
        c.failed.push(match &line.outcome {
            SampleOutcome::Ok(_) => None,
            SampleOutcome::Failed(error) => Some(error.clone()),
        });
        if let SampleOutcome::Ok(sample) = &line.outcome {
            for (metric, value) in &sample.values {
                padded(c.values.entry(metric.clone()).or_default(), row).push(Some(*value));
            }
            for (metric, batches) in &sample.inner {
                padded(c.inner.entry(metric.clone()).or_default(), row).push(batches.clone());
            }
            stages(&mut c.stages, row, sample.timeline.as_ref());
            if !sample.parts.is_empty() {
                padded(&mut c.parts, row).push(sample.parts.clone());
            }
        }
    }
    let rows = samples.len();
    c.values.values_mut().for_each(|column| {
        padded(column, rows);
    });
    c.inner.values_mut().for_each(|column| {
        padded(column, rows);
    });
    c.stages.iter_mut().for_each(|column| {
        padded(&mut column.at_ns, rows);
    });
    c
}

/// The column, filled with nothing up to this row.
fn padded<T: Default + Clone>(column: &mut Vec<T>, rows: usize) -> &mut Vec<T> {
    column.resize(rows, T::default());
    column
}

fn stages(columns: &mut Vec<StageColumn>, row: usize, timeline: Option<&crate::timeline::Timeline>) {
    let Some(timeline) = timeline else { return };
    for mark in &timeline.marks {
        let at_ns = Some(mark.at_ns.saturating_sub(timeline.t0_ns));
        let found = columns.iter().position(|c| c.stage == mark.stage && c.label == mark.label && c.at_ns.len() <= row);
        let i = found.unwrap_or_else(|| {
            columns.push(StageColumn { stage: mark.stage, label: mark.label.to_string(), at_ns: Vec::new() });
            columns.len() - 1
        });
        padded(&mut columns[i].at_ns, row).push(at_ns);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::results::example::line;

    #[test]
    fn a_failed_sample_leaves_a_hole_and_is_counted() {
        let mut samples = vec![line("x/a", 0, 1.0), line("x/a", 1, 2.0), line("x/a", 2, 3.0)];
        samples[1].outcome = SampleOutcome::Failed(Error::new("run", "it broke"));
        let cells = cells_of(&[parse_id(&"x/a".into()), parse_id(&"x/b".into())], &Skips::new(), &samples);
        assert_eq!(cells[0].columns.values["m"], [Some(1.0), None, Some(3.0)]);
        assert_eq!((cells[0].status, cells[0].reason.as_str()), (Status::Measured, "could not run: it broke"));
        assert_eq!(cells[1].status, Status::Skipped, "no silent hole");
        assert!(!cells[1].fix.is_empty());
    }
}
