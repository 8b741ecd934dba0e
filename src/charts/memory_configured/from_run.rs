//! From a results file to the chart.

use super::{Line, MemoryConfigured, PerByte, Point, TouchedSlope};
use crate::charts::caption::{Shown, hole, notes};
use crate::charts::page::Note;
use crate::charts::values::{arm, cells, hidden_interval, memory_notes};
use crate::charts::words;
use crate::lang::Lang;
use crate::results::derive::lines::{self, host_bytes};
use crate::results::derive::seen;
use crate::results::schema::{Cell, Run};

/// A cell with its two sizes in bytes.
struct Sized<'a> {
    cell: &'a Cell,
    configured: f64,
    touched: f64,
    preallocated: bool,
}

impl MemoryConfigured {
    /// None: the run has no cell of `memory` with a configured size.
    pub(super) fn from_run(run: &Run, lang: Lang) -> Option<MemoryConfigured> {
        let cells = cells(run, "memory", &["configured", "touch"]);
        let sized: Vec<Sized> = cells.iter().copied().filter_map(sizes).collect();
        if sized.is_empty() {
            return None;
        }
        let lines = grouped(&sized, |s| (&s.cell.arm, s.touched, s.preallocated));
        let lines: Vec<Line> = lines.into_iter().map(|g| line(run, &g, lang)).collect();
        let touched = grouped(&sized, |s| (&s.cell.arm, s.configured, s.preallocated));
        let against_touched = touched.into_iter().filter_map(|g| touched_slope(run, &g, lang)).collect();
        let mut all: Vec<Note> =
            hidden_interval(lines.iter().flat_map(|l| &l.points).map(|p| &p.host), lang).into_iter().collect();
        all.extend(memory_notes(&cells, lang));
        all.extend(notes(run, &cells, Shown { experiment: "memory", metric: "host_bytes" }, lang));
        let private = cells.iter().any(|c| hole(c, lang).is_none() && host_bytes(c) == "private");
        Some(MemoryConfigured { lines, private, against_touched, notes: all })
    }
}

fn sizes(cell: &Cell) -> Option<Sized<'_>> {
    let bytes = |key: &str| cell.case.bytes(key).map(|bytes| bytes as f64);
    let preallocated = cell.case.contains_key("prealloc");
    Some(Sized { cell, configured: bytes("configured")?, touched: bytes("touch")?, preallocated })
}

/// Cells with the same key together, in the order in which the keys first occur.
fn grouped<'a, 'b, K: PartialEq>(cells: &'b [Sized<'a>], key: impl Fn(&'b Sized<'a>) -> K) -> Vec<Vec<&'b Sized<'a>>> {
    let mut groups: Vec<(K, Vec<&Sized>)> = Vec::new();
    for cell in cells {
        let key = key(cell);
        match groups.iter_mut().find(|(k, _)| *k == key) {
            Some((_, group)) => group.push(cell),
            None => groups.push((key, vec![cell])),
        }
    }
    groups.into_iter().map(|(_, group)| group).collect()
}

fn line(run: &Run, group: &[&Sized], lang: Lang) -> Line {
    let measured = |s: &&Sized| Some(Point { configured: s.configured, host: seen(run, s.cell, host_bytes(s.cell))? });
    let mut points: Vec<Point> = group.iter().filter_map(measured).collect();
    points.sort_by(|a, b| a.configured.total_cmp(&b.configured));
    let holes = group.iter().filter(|s| measured(s).is_none());
    Line {
        arm: arm(run, &group[0].cell.arm, lang),
        touched: group[0].touched,
        preallocated: group[0].preallocated,
        points,
        per_configured: per_byte(group, "configured"),
        holes: holes
            .map(|s| (s.configured, hole(s.cell, lang).unwrap_or(words::NO_VALUES.of(lang)).to_owned()))
            .collect(),
    }
}

fn touched_slope(run: &Run, group: &[&Sized], lang: Lang) -> Option<TouchedSlope> {
    Some(TouchedSlope {
        arm: arm(run, &group[0].cell.arm, lang),
        configured: group[0].configured,
        preallocated: group[0].preallocated,
        per_touched: per_byte(group, "touch")?,
    })
}

fn per_byte(group: &[&Sized], key: &str) -> Option<PerByte> {
    let cells: Vec<&Cell> = group.iter().map(|s| s.cell).collect();
    lines::per_byte(&cells, key, host_bytes(cells.first()?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::charts::example::{MadeUp, cell, run, sample, skipped};

    const ARMS: [(&str, &str, &str); 1] = [("vm-bare", "bare VM, no operating system", "port")];
    const MIB: f64 = 1024.0 * 1024.0;

    fn sized(configured: f64, touched: f64) -> MadeUp {
        let host = |block: u32| 5000.0 + 0.002 * configured * MIB + 1.01 * touched * MIB + f64::from(block);
        let samples = (0..8).map(|b| sample(&[("host_bytes", host(b))], &[], Vec::new())).collect();
        cell(&format!("memory/vm-bare{{configured={configured}M;touch={touched}M}}"), samples)
    }

    #[test]
    fn slopes_are_those_of_the_blocks() {
        let cells = vec![sized(16.0, 0.0), sized(16.0, 8.0), sized(128.0, 0.0), sized(128.0, 8.0), sized(1024.0, 8.0)];
        let chart = MemoryConfigured::from_run(&run(&ARMS, cells), Lang::En).unwrap();
        assert_eq!(
            chart.lines.iter().map(|l| (l.touched / MIB, l.points.len())).collect::<Vec<_>>(),
            [(0.0, 2), (8.0, 3)]
        );
        let flat = chart.lines[1].per_configured.unwrap();
        assert!((flat.median - 0.002).abs() < 1e-9 && flat.n == 8 && flat.ends().is_some(), "{flat:?}");
        let steep: Vec<(f64, f64)> = chart
            .against_touched
            .iter()
            .map(|t| (t.configured / MIB, (t.per_touched.median * 1e6).round() / 1e6))
            .collect();
        assert_eq!(steep, [(16.0, 1.01), (128.0, 1.01)], "at 1 GiB only one amount was touched");
    }

    #[test]
    fn a_size_that_was_skipped_is_a_hole_with_its_reason() {
        let cells = vec![sized(16.0, 0.0), skipped("memory/vm-bare{configured=64G;touch=0M}", "not so much RAM")];
        let chart = MemoryConfigured::from_run(&run(&ARMS, cells), Lang::En).unwrap();
        assert_eq!(chart.lines[0].holes, [(65536.0 * MIB, "not so much RAM".into())]);
        assert_eq!((chart.lines[0].points.len(), chart.lines[0].per_configured), (1, None));
    }

    #[test]
    fn without_kernel_memory_what_is_private_is_drawn() {
        let private = |configured: u32| {
            let samples = vec![sample(&[("private", 5000.0)], &[], Vec::new()); 12];
            cell(&format!("memory/vm-bare{{configured={configured}M;touch=0M}}"), samples)
        };
        let chart = MemoryConfigured::from_run(&run(&ARMS, vec![private(16), private(128)]), Lang::En).unwrap();
        assert_eq!((chart.lines[0].points.len(), chart.private), (2, true));
        let drawing = super::super::drawing(&chart, crate::charts::Look::default());
        assert!(drawing.svg.contains("host memory, private alone (MiB)") && drawing.alt.contains("n = 12 blocks."));
    }
}
