//! The table that coursework asks for: each container beside each virtual machine and the plain process, metric by metric.
//! Facts only, without words.

use crate::id::Case;
use crate::model::Kind;

use super::derive::{Pair, pairs, summary};
use super::schema::{ArmInfo, Cell, MetricInfo, Run, Status, Summary};

/// One container and one virtual machine; one of the two may not have been measured.
#[derive(Debug, Clone, PartialEq)]
pub struct Contest<'a> {
    pub container: Option<&'a ArmInfo>,
    pub machine: Option<&'a ArmInfo>,
    pub lines: Vec<Line<'a>>,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Line<'a> {
    pub metric: &'a MetricInfo,
    pub case: &'a Case,
    pub machine: Option<&'a Summary>,
    pub container: Option<&'a Summary>,
    pub process: Option<&'a Summary>,
    /// The container against the machine, within blocks.
    pub pair: Option<Pair>,
}

impl Contest<'_> {
    pub fn has_knobs(&self) -> bool {
        [self.container, self.machine].into_iter().flatten().any(|arm| arm.id.has_knobs())
    }
}

impl Line<'_> {
    /// Of the pairs; without a pair, of the arm that was measured.
    pub fn n(&self) -> usize {
        let alone = self.container.or(self.machine).map_or(0, |s| s.n);
        self.pair.as_ref().map_or(alone, |p| p.pairs)
    }
}

/// Arms as they are by default come first. Empty: neither a container nor a machine was measured.
pub fn contests(run: &Run) -> Vec<Contest<'_>> {
    let measured =
        |a: &&ArmInfo| !a.id.is_repeated() && run.cells.iter().any(|c| c.arm == a.id && c.status == Status::Measured);
    let of = |wanted: fn(Kind) -> bool| -> Vec<Option<&ArmInfo>> {
        let arms = run.header.arms.iter().filter(measured).filter(|a| wanted(a.kind()));
        let found: Vec<_> = arms.map(Some).collect();
        if found.is_empty() { vec![None] } else { found }
    };
    let machines = of(|kind| kind == Kind::Machine);
    let both = of(Kind::is_container).into_iter().flat_map(|c| machines.iter().map(move |m| (c, *m)));
    let mut all: Vec<Contest> = both
        .map(|(container, machine)| Contest { container, machine, lines: lines(run, container, machine) })
        .collect();
    all.retain(|contest| !contest.lines.is_empty());
    all.sort_by_key(Contest::has_knobs);
    all
}

fn lines<'a>(run: &'a Run, container: Option<&ArmInfo>, machine: Option<&ArmInfo>) -> Vec<Line<'a>> {
    let is_plain = |arm: &&ArmInfo| arm.kind() == Kind::Process && !arm.id.has_knobs() && !arm.id.is_repeated();
    let process = run.header.arms.iter().find(is_plain);
    let mut all: Vec<Line> = Vec::new();
    for metric in run.header.metrics.iter().filter(|m| m.headline && m.better != "none" && !is_part(run, m)) {
        let cell = |arm: &str, case: &Case| -> Option<&'a Cell> {
            run.cells.iter().find(|c| c.experiment == metric.experiment && c.arm == arm && c.case == *case)
        };
        for case in cases(run, metric, container.or(machine)) {
            let value = |arm: Option<&ArmInfo>| summary(run, cell(&arm?.id, case)?, &metric.id);
            let (of_container, of_machine) = (value(container), value(machine));
            let known = all
                .iter()
                .any(|l| l.metric.id == metric.id && l.metric.experiment == metric.experiment && l.case == case);
            if known || (of_container.is_none() && of_machine.is_none()) {
                continue;
            }
            let against =
                container.and_then(|c| cell(&c.id, case)).map(|c| pairs(run, c, &metric.id)).unwrap_or_default();
            all.push(Line {
                metric,
                case,
                machine: of_machine,
                container: of_container,
                process: value(process),
                pair: against.into_iter().find(|p| machine.is_some_and(|m| m.id == p.base)),
            });
        }
    }
    all
}

/// A number that is told better by another: private memory, where the whole was weighed; one machine's size has no rival.
fn is_part(run: &Run, m: &MetricInfo) -> bool {
    let whole = run.summaries.iter().any(|s| s.metric == "per_instance");
    m.id == "host_bytes" || (m.id == "private" && whole)
}

/// What was varied, as one of the arms has it.
fn cases<'a>(run: &'a Run, m: &MetricInfo, arm: Option<&ArmInfo>) -> Vec<&'a Case> {
    let cells = run.cells.iter().filter(|c| c.experiment == m.experiment && arm.is_some_and(|a| a.id == c.arm));
    cells.map(|c| &c.case).filter(|case| !case.contains_key("configured")).collect()
}
