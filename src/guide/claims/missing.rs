//! What a rule needs and the files do not hold: skipped, failed, not asked for, or not in this version.

use super::rule::Term;
use super::terms::{Named, is_of};
use super::{Claim, not_yet};
use crate::lang::Lang;
use crate::results::schema::{Cell, Status};

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Missing {
    /// The cell stands in the file without a measurement.
    Skipped { cell: String, reason: String, fix: String },
    /// It was measured one arm after the other, so that nothing may be said of two arms.
    Sequential { experiment: String },
    /// No file has such a cell.
    NotMeasured { experiment: String, metric: String, arm: String, arms: String },
    /// This version has no such environment or experiment.
    Later(String),
}

pub(super) fn of(claim: &Claim, term: &Term, runs: &[Named]) -> Missing {
    let groups: Vec<&str> = [term.arm.as_str(), term.base.as_str()].into_iter().filter(|g| !g.is_empty()).collect();
    let names = groups.iter().copied().chain([term.experiment.as_str()]);
    if let Some(name) = names.into_iter().find(|name| not_yet().iter().any(|later| later == name)) {
        return Missing::Later(name.to_owned());
    }
    let mut seen_sequential = false;
    for (_, run) in runs {
        let cells: Vec<&Cell> = run
            .cells
            .iter()
            .filter(|c| c.experiment == term.experiment)
            .filter(|c| run.header.arms.iter().any(|a| a.id == c.arm && groups.iter().any(|g| is_of(g, a))))
            .collect();
        if let Some(cell) = cells.iter().find(|c| c.status != Status::Measured) {
            return Missing::Skipped { cell: cell.id.clone(), reason: cell.reason.clone(), fix: cell.fix.clone() };
        }
        seen_sequential |= run.header.plan.order == "sequential" && !cells.is_empty();
    }
    if seen_sequential {
        return Missing::Sequential { experiment: term.experiment.clone() };
    }
    Missing::NotMeasured {
        experiment: term.experiment.clone(),
        metric: term.metric.clone(),
        arm: groups.join(" + "),
        arms: claim.arms.iter().filter(|a| !not_yet().contains(a)).cloned().collect::<Vec<_>>().join(","),
    }
}

impl Missing {
    pub(super) fn reason(&self, lang: Lang) -> String {
        match self {
            Missing::Skipped { cell, reason, .. } => lang.choose(
                format!("{cell} was not measured: {reason}."),
                format!("{cell}을(를) 측정하지 못했습니다: {reason}."),
            ),
            Missing::Sequential { experiment } => lang.choose(
                format!("{experiment} was measured one arm after the other: what drifted is charged to one of them."),
                format!("{experiment}을(를) 한 대상씩 차례로 측정했습니다. 그러면 드리프트가 한쪽에만 더해집니다."),
            ),
            Missing::NotMeasured { experiment, metric, arm, .. } => lang.choose(
                format!("no file here holds {experiment} {metric} of {arm}."),
                format!("{arm}의 {experiment} {metric} 값이 들어 있는 파일이 없습니다."),
            ),
            Missing::Later(name) => later(std::slice::from_ref(name), lang),
        }
    }

    pub(super) fn fix(&self, lang: Lang) -> String {
        match self {
            Missing::Skipped { fix, .. } => fix.clone(),
            Missing::Sequential { experiment } => format!("isolab bench -x {experiment} --order blocks"),
            Missing::NotMeasured { experiment, arms, .. } => format!("isolab bench -e {arms} -x {experiment}"),
            Missing::Later(_) => lang.choose("a later version".into(), "다음 버전에서 할 수 있습니다".into()),
        }
    }
}

/// "needs exits: later".
pub(super) fn later(names: &[String], lang: Lang) -> String {
    let names = names.join(", ");
    lang.choose(format!("needs {names}: later."), format!("{names}이(가) 필요합니다: 다음 버전에서 다룹니다."))
}
