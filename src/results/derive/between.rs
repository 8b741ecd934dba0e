//! Two runs, side by side: the same cells, and the ratios that each has within itself.

use super::super::schema::{Cell, Interval, Run, Summary};
use super::pairs::{Pair, pairs};
use crate::id::ArmId;
use crate::stats::paired::Verdict;

/// One number in both runs.
#[derive(Debug, Clone, PartialEq)]
pub struct Both<'a> {
    pub cell: &'a Cell,
    /// Of a ratio: what the cell's arm is divided by.
    pub base: Option<ArmId>,
    pub metric: &'a str,
    pub a: Interval,
    pub b: Interval,
    /// (b − a) / a of the two medians; None for ratios.
    pub change: Option<f64>,
    /// Do the intervals overlap? Nothing is known where one is missing: then they count as overlapping.
    pub overlap: bool,
}

/// The headline medians of cells that both runs measured.
pub fn absolute<'a>(a: &'a Run, b: &Run) -> Vec<Both<'a>> {
    let row = |x: &'a Summary| {
        let cell = a.cells.iter().find(|c| c.id == x.cell)?;
        let of_metric =
            |m: &&super::super::schema::MetricInfo| m.headline && m.experiment == cell.experiment && m.id == x.metric;
        a.header.metrics.iter().find(of_metric)?;
        let y = b.summaries.iter().find(|y| y.cell == x.cell && y.metric == x.metric)?;
        let (mx, my) = (x.interval.median, y.interval.median);
        let change = Some((my - mx) / mx).filter(|change| change.is_finite());
        Some(both(cell, None, &x.metric, x.interval, y.interval, change))
    };
    a.summaries.iter().filter_map(row).collect()
}

/// Every arm against its bases, containers against virtual machines too; what is not comparable is left out.
pub fn ratios<'a>(a: &'a Run, b: &Run) -> Vec<Both<'a>> {
    let mut rows = Vec::new();
    for m in a.header.metrics.iter().filter(|m| m.headline) {
        for cell in a.cells.iter().filter(|c| c.experiment == m.experiment) {
            let Some(other) = b.cells.iter().find(|c| c.id == cell.id) else { continue };
            let theirs = pairs(b, other, &m.id);
            for x in pairs(a, cell, &m.id) {
                let comparable = |p: &&Pair| p.base == x.base && p.verdict != Verdict::NotComparable;
                let Some(y) = theirs.iter().find(comparable) else { continue };
                if x.verdict != Verdict::NotComparable {
                    rows.push(both(cell, Some(x.base.clone()), &m.id, x.ratio, y.ratio, None));
                }
            }
        }
    }
    rows
}

fn both<'a>(
    cell: &'a Cell,
    base: Option<ArmId>,
    metric: &'a str,
    a: Interval,
    b: Interval,
    change: Option<f64>,
) -> Both<'a> {
    let overlap = match (a.ends(), b.ends()) {
        (Some((a_low, a_high)), Some((b_low, b_high))) => a_low <= b_high && b_low <= a_high,
        _ => true,
    };
    Both { cell, base, metric, a, b, change, overlap }
}
