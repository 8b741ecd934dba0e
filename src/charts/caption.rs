//! The foot of a chart: what the numbers mean, how many, on which machine, and whether they may be published.

use std::collections::BTreeSet;

use super::page::Note;
use super::words;
use crate::lang::Lang;
use crate::model::Kind;
use crate::results::derive::{kind_of, pairs};
use crate::results::schema::{ArmInfo, Cell, MetricInfo, Run, Status, Summary};

/// One metric of one experiment, as a chart shows it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Shown {
    pub experiment: &'static str,
    pub metric: &'static str,
}

impl Shown {
    pub(super) fn info(self, run: &Run) -> Option<&MetricInfo> {
        run.header.metrics.iter().find(|m| m.experiment == self.experiment && m.id == self.metric)
    }

    pub(super) fn summary<'a>(self, run: &'a Run, cell: &Cell) -> Option<&'a Summary> {
        run.summaries.iter().find(|s| s.cell == cell.id && s.metric == self.metric)
    }
}

/// The fair name of a cell's arm.
pub(super) fn name_of(run: &Run, cell: &Cell, lang: Lang) -> String {
    let info = run.header.arms.iter().find(|a| a.id == cell.arm);
    info.map_or_else(|| cell.arm.to_string(), |arm| arm.name_in(lang))
}

/// Why there is nothing to show of this cell; None: it was measured.
pub(super) fn hole(cell: &Cell, lang: Lang) -> Option<&str> {
    (cell.status != Status::Measured).then_some(cell.reason_in(lang))
}

/// Definition, number of blocks, order, KVM backend, what was limited, host, run; last, why not to publish it.
pub(super) fn notes(run: &Run, cells: &[&Cell], shown: Shown, lang: Lang) -> Vec<Note> {
    let mut notes: Vec<Note> =
        shown.info(run).map(|m| Note::plain(m.definition_in(lang).to_owned())).into_iter().collect();
    let plan = &run.header.plan;
    notes.push(Note::plain(format!("{}.", samples(run, cells, shown, lang))));
    let values = [("seed", &*plan.seed.to_string()), ("order", order(&plan.order, lang))];
    notes.push(Note::of_run(words::SEED_AND_ORDER.with(lang, &values)));
    notes.extend(machine(run, cells, lang));
    notes
}

/// Each container as it is by default against each virtual machine: the question that the chart is opened with.
pub(super) fn against_machines(run: &Run, cells: &[&Cell], shown: Shown, lang: Lang) -> Vec<Note> {
    let Some(m) = shown.info(run) else { return Vec::new() };
    let containers = cells.iter().filter(|c| !c.arm.has_knobs() && kind_of(run, &c.arm).is_container());
    let all = containers.flat_map(|cell| pairs(run, cell, shown.metric));
    let machines = all.filter(|p| !p.base.has_knobs() && kind_of(run, &p.base) == Kind::Machine);
    machines.map(|p| Note::plain(words::versus::note(run, &p, m, lang))).collect()
}

/// What [`notes`] says after the definition and the number of blocks: the same for every chart of these cells.
pub(super) fn machine(run: &Run, cells: &[&Cell], lang: Lang) -> Vec<Note> {
    let header = &run.header;
    let shown = |arm: &&ArmInfo| cells.iter().any(|c| c.arm == arm.id && c.status == Status::Measured);
    let backends: BTreeSet<&str> = header.arms.iter().filter(shown).filter_map(|a| a.backend.as_deref()).collect();
    let backends: Vec<&str> = backends.into_iter().collect();
    let mut notes = Vec::new();
    if !backends.is_empty() {
        notes.push(Note::plain(words::BACKEND.with(lang, &[("backends", &backends.join(", "))])));
    }
    for arm in header.arms.iter().filter(shown) {
        let lacks = arm.limited.as_ref();
        notes.extend(lacks.map(|l| Note::plain(words::LIMITED.with(lang, &[("arm", &arm.id), ("lacks", l)]))));
    }
    notes.push(Note::of_run(words::HOST.with(lang, &[("host", &header.host.line())])));
    let values = [
        ("version", header.version.as_str()),
        ("commit", &header.commit),
        ("profile", &header.profile),
        ("id", &header.id),
        ("started", &header.started),
    ];
    notes.push(Note::of_run(words::RUN.with(lang, &values)));
    notes.extend(blocks_publication(run, lang));
    notes
}

/// "n = 60 blocks", or from the fewest to the most; of a cell that lacks this metric, what it has instead.
pub(super) fn samples(run: &Run, cells: &[&Cell], shown: Shown, lang: Lang) -> String {
    let of_any = |cell: &Cell| run.summaries.iter().filter(|s| s.cell == cell.id).map(|s| s.n).max();
    let n = |cell: &&Cell| shown.summary(run, cell).map(|s| s.n).or_else(|| of_any(cell));
    let counts: Vec<usize> = cells.iter().filter_map(n).collect();
    match (counts.iter().min(), counts.iter().max()) {
        (Some(fewest), Some(most)) if fewest == most => words::blocks(*most, lang),
        (Some(fewest), Some(most)) => {
            words::N_FROM_TO.with(lang, &[("from", &fewest.to_string()), ("to", &most.to_string())])
        }
        _ => words::NOTHING_MEASURED.of(lang).to_owned(),
    }
}

fn order(order: &str, lang: Lang) -> &str {
    match order {
        "blocks" => words::ORDER_BLOCKS.of(lang),
        "sequential" => words::ORDER_SEQUENTIAL.of(lang),
        other => other,
    }
}

/// "not for publication: …", the same reason once.
fn blocks_publication(run: &Run, lang: Lang) -> Option<Note> {
    let mut reasons: Vec<&str> = Vec::new();
    for reason in run.warnings.iter().filter(|w| w.blocks_publication).map(|w| w.text_in(lang).trim_end_matches('.')) {
        if !reasons.contains(&reason) {
            reasons.push(reason);
        }
    }
    let text = || words::UNFIT.with(lang, &[("reasons", &reasons.join("; "))]);
    (!reasons.is_empty()).then(|| Note { alarm: true, ..Note::of_run(text()) })
}
