//! `boot-rate`: starts per second, with so many at once (`--concurrency`), a group of bars per number.

use super::caption::{self, Shown};
use super::rows::{Group, Row, Rows, draw};
use super::words;
use crate::lang::Lang;
use crate::model::Unit;
use crate::results::schema::{Cell, Run};

pub(super) const CHART: super::Chart = super::Chart {
    id: "boot-rate",
    sentence: "Starts per second with so many at once, one bar per arm.",
    bench: "-x boot --concurrency 1,2,4",
    draw: |runs, look| runs.iter().find_map(|run| rows(run, look.lang)).map(|chart| draw(&chart, look)),
};

/// The key of a cell whose samples are many starts at once.
pub(super) const AT_ONCE: &str = "concurrency";

const RATE: Shown = Shown { experiment: "boot", metric: "starts_per_second" };

/// None: the run has no such cell.
fn rows(run: &Run, lang: Lang) -> Option<Rows> {
    let cells: Vec<&Cell> =
        run.cells.iter().filter(|c| c.experiment == RATE.experiment && c.case.contains_key(AT_ONCE)).collect();
    let mut at_once: Vec<&String> = cells.iter().filter_map(|c| c.case.get(AT_ONCE)).collect();
    at_once.sort_by_key(|n| n.parse::<u64>().unwrap_or(u64::MAX));
    at_once.dedup();
    let group = |n: &&String| {
        let here = cells.iter().filter(|c| c.case.get(AT_ONCE) == Some(*n));
        let heading = Some(words::RATE_GROUP.with(lang, &[("n", n)]));
        Group { heading, rows: here.map(|cell| Row::of_cell(run, cell, RATE, lang)).collect() }
    };
    (!cells.is_empty()).then(|| Rows {
        title: words::RATE_TITLE.of(lang),
        subtitle: words::RATE_SUBTITLE.of(lang),
        axis: words::RATE_AXIS.of(lang),
        unit: Unit::PerSecond,
        groups: at_once.iter().map(group).collect(),
        notes: caption::notes(run, &cells, RATE, lang),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::charts::Look;
    use crate::charts::example::{cell, run, sample, skipped};

    #[test]
    fn each_number_at_once_has_its_group() {
        let at = |n: f64| vec![sample(&[("starts_per_second", n)], &[], Vec::new()); 8];
        let cells = vec![
            cell("boot/process{concurrency=1}", at(240.0)),
            cell("boot/process{concurrency=16}", at(460.0)),
            cell("boot/process{concurrency=2}", at(410.0)),
            skipped("boot/vm-bare{concurrency=1}", "there is no /dev/kvm here"),
        ];
        let arms = [("process", "process", "fd"), ("vm-bare", "bare VM", "port")];
        let run = run(&arms, cells);
        let drawing = (CHART.draw)(&[&run], Look::default()).expect("there are rates");
        let told = ["1 at once: process (process): 240 1/s (240–240), n = 8 blocks.", "2 at once: ", "16 at once: "];
        let at = told.map(|t| drawing.alt.find(t).unwrap_or_else(|| panic!("{t} in {}", drawing.alt)));
        assert!(at.is_sorted(), "in order of the number: {}", drawing.alt);
        assert!(drawing.alt.contains("vm-bare): not measured, there is no /dev/kvm here"), "{}", drawing.alt);
        assert!(
            (crate::charts::boot_stages::CHART.draw)(&[&run], Look::default()).is_none(),
            "these are no single starts"
        );
    }
}
