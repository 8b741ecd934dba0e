//! `cpu`: does isolation slow plain computation? One bar per arm; all alike is the expected answer.

use super::caption::{self, Shown};
use super::page::Note;
use super::rows::{Group, Row, Rows, draw};
use super::words;
use crate::lang::Lang;
use crate::results::schema::{Cell, Comparison, Run};
use crate::units::three_digits;

pub(super) const CHART: super::Chart = super::Chart {
    id: "cpu",
    sentence: "Time of one unit of plain computation, one bar per arm: the control, where all should be alike.",
    bench: "-x cpu",
    draw: |runs, look| runs.iter().find_map(|run| rows(run, look.lang)).map(|chart| draw(&chart, look)),
};

const SPIN: Shown = Shown { experiment: "cpu", metric: "spin_unit" };

/// None: the run has no cell of `cpu`.
fn rows(run: &Run, lang: Lang) -> Option<Rows> {
    let cells: Vec<&Cell> = run.cells.iter().filter(|c| c.experiment == SPIN.experiment).collect();
    let mut notes: Vec<Note> = against(run, lang).map(Note::plain).into_iter().collect();
    notes.extend(caption::notes(run, &cells, SPIN, lang));
    (!cells.is_empty()).then(|| Rows {
        title: words::CPU_TITLE.of(lang),
        subtitle: words::CPU_SUBTITLE.of(lang),
        axis: words::CPU_AXIS.of(lang),
        unit: crate::model::Unit::Nanoseconds,
        groups: vec![Group { heading: None, rows: cells.iter().map(|c| Row::of_cell(run, c, SPIN, lang)).collect() }],
        notes,
    })
}

/// "Against process, paired within blocks: vm-bare ×1.03 (1.02–1.04); no difference detectable: process#2, container."
fn against(run: &Run, lang: Lang) -> Option<String> {
    let of_cpu = |c: &&Comparison| c.experiment == SPIN.experiment && c.metric == SPIN.metric;
    let base = &run.comparisons.iter().find(of_cpu)?.base;
    let compared = || run.comparisons.iter().filter(of_cpu).filter(|c| c.base == *base);
    let differ = compared().filter(|c| c.detectable).map(|c| {
        let (low, high) = (c.ratio.low.map(three_digits), c.ratio.high.map(three_digits));
        let interval = low.zip(high).map(|(low, high)| format!(" ({low}–{high})")).unwrap_or_default();
        format!("{} ×{}{interval}", c.arm, three_digits(c.ratio.median))
    });
    let alike: Vec<&str> = compared().filter(|c| !c.detectable).map(|c| c.arm.as_str()).collect();
    let alike = (!alike.is_empty()).then(|| words::CPU_NO_DIFFERENCE.with(lang, &[("arms", &alike.join(", "))]));
    let said: Vec<String> = differ.chain(alike).collect();
    Some(words::CPU_AGAINST.with(lang, &[("base", base), ("list", &said.join("; "))]))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::charts::Look;
    use crate::charts::example::{cell, run, sample};

    #[test]
    fn what_is_alike_is_said_to_be_and_what_is_not_by_how_much() {
        let at =
            |ns: f64| (0..8).map(|i| sample(&[("spin_unit", ns + f64::from(i))], &[], Vec::new())).collect::<Vec<_>>();
        let cells = vec![
            cell("cpu/process", at(2300.0)),
            cell("cpu/process#2", at(2300.0)),
            cell("cpu/container", at(2300.0)),
            cell("cpu/vm-bare", at(4600.0)),
        ];
        let arms = [("process", "process", "fd"), ("container", "our container", "fd"), ("vm-bare", "bare VM", "port")];
        let drawing = (CHART.draw)(&[&run(&arms, cells)], Look::default()).expect("there are values");
        assert!(drawing.alt.contains("no difference detectable: process#2, container."), "{}", drawing.alt);
        assert!(drawing.alt.contains("vm-bare ×2.00 (2.00–2.00); "), "{}", drawing.alt);
        assert!(drawing.alt.contains("bare VM (vm-bare): 4.60 µs"), "{}", drawing.alt);
    }
}
