//! From a results file to the chart.

use std::collections::BTreeSet;

use super::{Inventory, Objects, Row, kind};
use crate::charts::caption::Shown;
use crate::charts::page::Note;
use crate::charts::values::{arm, cells, definitions, machine_notes};
use crate::charts::words::{self, Word};
use crate::lang::Lang;
use crate::results::derive;
use crate::results::schema::{Cell, Run};

const EXPERIMENT: &str = "inventory";

impl Inventory {
    /// None: the run has no cell of `inventory`.
    pub(super) fn from_run(run: &Run, lang: Lang) -> Option<Inventory> {
        let cells = cells(run, EXPERIMENT, &[]);
        let kinds = run.header.metrics.iter().filter(|m| m.experiment == EXPERIMENT);
        let kinds: Vec<String> = kinds.map(|m| m.id.clone()).collect();
        let rows: Vec<Row> = cells.iter().map(|cell| row(run, cell, &kinds, lang)).collect();
        let notes = all_notes(run, &cells, &rows, &kinds, lang);
        (!rows.is_empty()).then_some(Inventory { rows, kinds, notes })
    }
}

fn row(run: &Run, cell: &Cell, kinds: &[String], lang: Lang) -> Row {
    let objects = Objects {
        counts: kinds.iter().map(|kind| derive::seen(run, cell, kind)).collect(),
        namespaces: seen(cell, "namespace"),
        kvm: seen(cell, "kvm"),
    };
    Row::of(arm(run, &cell.arm, lang), cell, Some(objects), words::NO_VALUES, lang)
}

/// Which namespaces and KVM objects these are, then what each column counts.
fn all_notes(run: &Run, cells: &[&Cell], rows: &[Row], kinds: &[String], lang: Lang) -> Vec<Note> {
    let mut all = Vec::new();
    all.extend(named(rows, words::INVENTORY_NAMESPACES, |namespaces, _| namespaces, lang));
    all.extend(named(rows, words::INVENTORY_KVM, |_, kvm| kvm, lang));
    all.extend(definitions(run, EXPERIMENT, kinds.iter().map(|id| (id.as_str(), kind(id, lang))), lang));
    all.extend(machine_notes(run, cells, Shown { experiment: EXPERIMENT, metric: "processes" }, lang));
    all
}

/// "Namespaces of container, container:-seccomp: ipc, mnt": arms with the same objects in one note.
fn named(
    rows: &[Row],
    word: Word,
    of: for<'a> fn(&'a [String], &'a [String]) -> &'a [String],
    lang: Lang,
) -> Vec<Note> {
    let mut groups: Vec<(String, Vec<&str>)> = Vec::new();
    for row in rows {
        let Some(Objects { namespaces, kvm, .. }) = row.get() else { continue };
        let names = of(namespaces, kvm).join(", ");
        match groups.iter_mut().find(|(n, _)| *n == names) {
            _ if names.is_empty() => {}
            Some((_, arms)) => arms.push(&row.arm.id),
            None => groups.push((names, vec![&row.arm.id])),
        }
    }
    let note = |(names, arms): &(String, Vec<&str>)| {
        Note::plain(word.with(lang, &[("arm", &arms.join(", ")), ("names", names)]))
    };
    groups.iter().map(note).collect()
}

/// Which objects of a kind were there in any sample: "net" of "namespace:net".
fn seen(cell: &Cell, kind: &str) -> Vec<String> {
    let parts = cell.columns.parts.iter().flatten().filter(|p| p.amount > 0);
    let names: BTreeSet<&str> = parts.filter_map(|p| p.sort_of(kind)).collect();
    names.into_iter().map(str::to_owned).collect()
}

#[cfg(test)]
#[allow(clippy::float_cmp, reason = "expected values are worked by hand and exact")]
mod tests {
    use super::*;
    use crate::charts::example::{cell, run, sample, skipped};
    use crate::model::Part;

    const ARMS: [(&str, &str, &str); 2] = [("container", "our container", "fd"), ("vm-bare", "bare VM", "port")];

    #[test]
    fn objects_are_counted_and_named() {
        let parts = vec![
            Part::count("namespace:net", 1, ""),
            Part::count("namespace:mnt", 1, ""),
            Part::count("kvm objects", 0, ""),
        ];
        let container = sample(&[("processes", 1.0), ("namespaces", 2.0)], &[], parts);
        let cells =
            vec![cell("inventory/container", vec![container; 6]), skipped("inventory/vm-bare", "there is no /dev/kvm")];
        let chart = Inventory::from_run(&run(&ARMS, cells), Lang::En).unwrap();
        assert_eq!(chart.kinds[..2], ["processes", "namespaces"]);
        let Ok(Objects { counts, namespaces, kvm }) = &chart.rows[0].value else { panic!("{chart:?}") };
        assert_eq!(counts[1].unwrap().median, 2.0);
        assert_eq!(counts[2], None, "mounts were not counted");
        assert_eq!((namespaces.join(" ").as_str(), kvm.len()), ("mnt net", 0));
        assert_eq!(chart.rows[1].value, Err("there is no /dev/kvm".into()));
    }
}
