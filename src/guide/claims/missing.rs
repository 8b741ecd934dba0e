//! What a rule needs and the files do not hold: skipped, failed, not asked for, or not in this version.

use super::Claim;
use super::rule::Term;
use super::terms::{Named, is_of};
use crate::id::CellId;
use crate::lang::Lang;
use crate::lang::Said;
use crate::lang::particles::settled;
use crate::planned;
use crate::results::derive::is_whole;
use crate::results::schema::{Cell, Run, Status};

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Missing {
    /// The cell stands in the file without a measurement.
    Skipped { cell: CellId, reason: Said, fix: Said },
    /// Memory was measured without the kernel's part, as an ordinary user without a cgroup does.
    NoKernelMemory { experiment: String },
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
    if let Some(name) = names.into_iter().find(|name| planned::is_measured_later(name)) {
        return Missing::Later(name.to_owned());
    }
    if term.metric == "per_instance" && runs.iter().flat_map(|(_, run)| named(run, term, &groups)).any(is_alone) {
        return Missing::NoKernelMemory { experiment: term.experiment.clone() };
    }
    let mut seen_sequential = false;
    for (_, run) in runs {
        let cells = named(run, term, &groups);
        if let Some(cell) = cells.iter().find(|c| c.status != Status::Measured) {
            return Missing::Skipped {
                cell: cell.id.clone(),
                reason: Said::from_parts(cell.reason.clone(), cell.reason_ko.clone()),
                fix: Said::from_parts(cell.fix.clone(), cell.fix_ko.clone()),
            };
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
        arms: claim.arms.iter().filter(|a| !planned::is_measured_later(a)).cloned().collect::<Vec<_>>().join(","),
    }
}

/// The cells of the groups that a term names.
fn named<'a>(run: &'a Run, term: &Term, groups: &[&str]) -> Vec<&'a Cell> {
    let of_groups = |c: &&Cell| run.header.arms.iter().any(|a| a.id == c.arm && groups.iter().any(|g| is_of(g, a)));
    run.cells.iter().filter(|c| c.experiment == term.experiment).filter(of_groups).collect()
}

/// Weighed by its private memory alone?
pub(in crate::guide) fn is_alone(cell: &Cell) -> bool {
    cell.status == Status::Measured && !cell.case.contains_key("configured") && !is_whole(cell, "private")
}

impl Missing {
    pub(super) fn reason(&self, lang: Lang) -> String {
        match self {
            Missing::Skipped { cell, reason, .. } => lang.choose(
                format!("{cell} was not measured: {}.", reason.of(lang)),
                settled(&format!("{cell}을(를) 측정하지 못했습니다: {}.", reason.of(lang))),
            ),
            Missing::Sequential { experiment } => lang.choose(
                format!("{experiment} was measured one arm after the other: what drifted is charged to one of them."),
                settled(&format!(
                    "{experiment}을(를) 한 대상씩 차례로 측정했습니다. 그러면 드리프트가 한쪽에만 더해집니다."
                )),
            ),
            Missing::NoKernelMemory { .. } => no_kernel_memory(lang).into(),
            Missing::NotMeasured { experiment, metric, arm, .. } => lang.choose(
                format!("no file here holds {experiment} {metric} of {arm}."),
                format!("{arm}의 {experiment} {metric} 값이 들어 있는 파일이 없습니다."),
            ),
            Missing::Later(name) => later(std::slice::from_ref(name), lang),
        }
    }

    pub(super) fn fix(&self, lang: Lang) -> String {
        match self {
            Missing::Skipped { fix, .. } => fix.of(lang).to_owned(),
            Missing::Sequential { experiment } => format!("isolab bench -x {experiment} --order blocks"),
            Missing::NotMeasured { experiment, arms, .. } => format!("isolab bench -e {arms} -x {experiment}"),
            Missing::NoKernelMemory { experiment } => measure_kernel_memory(experiment, lang),
            Missing::Later(_) => lang.choose("a later version".into(), "다음 버전에서 할 수 있습니다".into()),
        }
    }
}

/// Why memory without the kernel's part decides nothing; chapter 7 says it too.
pub(in crate::guide) fn no_kernel_memory(lang: Lang) -> &'static str {
    lang.choose(
        "kernel memory was not counted, as no cgroup of its own could be made: private memory alone is not comparable.",
        "전용 컨트롤 그룹을 만들 수 없어 커널 메모리를 세지 못했습니다. 전용 메모리만으로는 비교할 수 없습니다.",
    )
}

pub(in crate::guide) fn measure_kernel_memory(experiment: &str, lang: Lang) -> String {
    lang.choose(
        format!("sudo isolab bench -x {experiment}, or --on reference"),
        format!("sudo isolab bench -x {experiment}, 또는 --on reference"),
    )
}

/// "needs exits: later".
pub(super) fn later(names: &[String], lang: Lang) -> String {
    let names = names.join(", ");
    lang.choose(
        format!("needs {names}: later."),
        settled(&format!("{names}이(가) 필요합니다: 다음 버전에서 다룹니다.")),
    )
}
