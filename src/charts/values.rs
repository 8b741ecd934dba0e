//! What several charts read from a run in the same way.

use super::caption::{Shown, against_machines, notes};
use super::page::Note;
use super::words;
use crate::lang::Lang;
use crate::model::{Owner, Unit};
use crate::results::derive::{Estimate, seen};
use crate::results::schema::{Cell, Run, Status};
use crate::units::Scale;

/// One arm of a chart, as text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Arm {
    /// The fair name.
    pub name: String,
    pub id: String,
}

pub(super) fn arm(run: &Run, id: &str, lang: Lang) -> Arm {
    let info = run.header.arms.iter().find(|a| a.id == id);
    Arm { name: info.map_or_else(|| id.to_owned(), |a| a.name_in(lang)), id: id.to_owned() }
}

/// Cells of one experiment whose case has just these keys, in the order of the plan.
pub(super) fn cells<'a>(run: &'a Run, experiment: &str, with: &[&str]) -> Vec<&'a Cell> {
    let fits = |c: &&Cell| c.experiment == experiment && with.iter().all(|key| c.case.contains_key(*key));
    run.cells.iter().filter(fits).collect()
}

/// One more container against one more virtual machine: of the whole, or of private memory, where that is all there is.
pub(super) fn one_more_against_machines(run: &Run, cells: &[&Cell], lang: Lang) -> Vec<Note> {
    let whole = cells.iter().any(|c| c.columns.values.contains_key("per_instance"));
    let metric = if whole { "per_instance" } else { "private" };
    against_machines(run, cells, Shown { experiment: "memory", metric }, lang)
}

/// What one more instance costs, as far as these cells know it: without kernel memory where none has that.
pub(super) fn one_more(cells: &[&Cell]) -> Shown {
    let whole = cells.iter().all(|c| c.status != Status::Measured || c.columns.values.contains_key("per_instance"));
    Shown { experiment: "memory", metric: if whole { "per_instance" } else { "private" } }
}

/// What is special about the memory of these cells: where kernel memory was read, or that it was not.
pub(super) fn memory_notes(cells: &[&Cell], lang: Lang) -> Vec<Note> {
    let measured = cells.iter().filter(|c| c.status == Status::Measured);
    let mut notes = Vec::new();
    for cell in measured {
        let source = cell.columns.parts.iter().flatten().find(|p| p.what == "kernel").map_or("", |p| &p.source);
        let text = if cell.columns.values.contains_key("kernel") {
            words::KERNEL_SOURCE.with(lang, &[("source", source)])
        } else {
            words::NO_KERNEL.with(lang, &[("arm", &cell.arm)])
        };
        let note = Note::plain(text);
        if !notes.contains(&note) {
            notes.push(note);
        }
    }
    notes
}

/// "Serves all instances of an engine …: fake-engine (scripted daemon) 64.0 MiB": what no stack and no slope holds.
pub(super) fn daemons(run: &Run, cells: &[&Cell], lang: Lang) -> Option<Note> {
    let told = |cell: &&Cell| {
        let bytes = seen(run, cell, "daemon")?.median;
        let parts = cell.columns.parts.iter().find(|parts| parts.iter().any(|p| p.owner == Owner::Daemon));
        let names = parts.into_iter().flatten().filter(|p| p.owner == Owner::Daemon).map(|p| p.what.as_str());
        let names = names.collect::<Vec<_>>().join(" + ");
        Some(format!("{} ({names}) {}", cell.arm, Scale::for_axis(Unit::Bytes, bytes).value(bytes)))
    };
    let list: Vec<String> = cells.iter().filter_map(told).collect();
    (!list.is_empty()).then(|| Note::plain(words::DAEMONS.with(lang, &[("list", &list.join("; "))])))
}

/// Where marks may cover intervals; None: there is no interval at all.
pub(super) fn hidden_interval<'a>(mut shown: impl Iterator<Item = &'a Estimate>, lang: Lang) -> Option<Note> {
    shown.any(|i| i.ends().is_some()).then(|| Note::plain(words::INTERVAL_HIDDEN.of(lang)))
}

/// What metrics mean, a note each; `metrics` are ids, and how the chart calls them.
pub(super) fn definitions<'a>(
    run: &Run,
    experiment: &str,
    metrics: impl Iterator<Item = (&'a str, &'a str)>,
    lang: Lang,
) -> Vec<Note> {
    let info = |id: &str| run.header.metrics.iter().find(|m| m.experiment == experiment && m.id == id);
    let note = |(id, name): (&str, &str)| Some(Note::plain(format!("{name}: {}", info(id)?.definition_in(lang))));
    metrics.filter_map(note).collect()
}

/// What stands below a chart of several metrics: all of [`notes`] but the definition of this one.
pub(super) fn machine_notes(run: &Run, cells: &[&Cell], shown: Shown, lang: Lang) -> Vec<Note> {
    let defined = usize::from(shown.info(run).is_some());
    notes(run, cells, shown, lang).split_off(defined)
}
