//! Straight lines: the memory of one instance more, and of one byte more.

use std::collections::BTreeMap;

use super::super::query::{seen, values_of};
use super::super::schema::{Cell, Columns, Run};
use crate::id::Case;
use crate::stats::Estimate;
use crate::stats::paired::by_block;
use crate::stats::slope::{Line, fit};

/// A line over the number of instances is laid through so many points, the last ones: what the first instance pays for all
/// lies in none of them.
const FITTED: usize = 3;

/// `points`: (N, bytes of all N), in order of N.
pub fn one_more(points: &[(f64, f64)]) -> Option<Line> {
    fit(&points[points.len().saturating_sub(FITTED)..])
}

/// What one more instance costs, of a cell that weighed several numbers of them.
#[derive(Debug, Clone, PartialEq)]
pub struct OneMore {
    /// Empty: the file is of an isolab that kept the slope alone.
    pub points: Vec<Weighed>,
    /// The slope, over blocks.
    pub slope: Estimate,
    /// Where the line meets N = 0. None without points.
    pub intercept: Option<f64>,
    /// Median of the farthest distance of a point from its block's line.
    pub lack_of_fit: Option<f64>,
}

#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Weighed {
    pub instances: f64,
    /// Of all of them together.
    pub bytes: Estimate,
    /// Is the line laid through it?
    pub fitted: bool,
}

/// The metric that tells it: without the kernel's part where that was not counted.
pub fn per_instance(cell: &Cell) -> &'static str {
    if cell.columns.values.contains_key("per_instance") { "per_instance" } else { "private" }
}

impl OneMore {
    /// None: the cell has no value.
    pub fn of(run: &Run, cell: &Cell) -> Option<OneMore> {
        let slope = seen(run, cell, per_instance(cell))?;
        let counts = cell.case.numbers("n");
        let rows: Vec<Vec<(f64, f64)>> =
            (0..cell.columns.block.len()).filter_map(|row| weighed(cell, &counts, row)).collect();
        let intercepts = rows.iter().filter_map(|points| one_more(points)).map(|line| line.intercept);
        let point = |i: usize| {
            let bytes: Vec<f64> = rows.iter().map(|points| points[i].1).collect();
            let fitted = i + FITTED >= counts.len();
            Some(Weighed { instances: counts[i], bytes: Estimate::of(&bytes)?, fitted })
        };
        Some(OneMore {
            intercept: super::drift::median(intercepts),
            points: (0..counts.len()).filter_map(point).collect(),
            slope,
            lack_of_fit: seen(run, cell, "lack_of_fit").map(|lack| lack.median),
        })
    }
}

/// (N, bytes of all N) in one block. None: its sample failed, or the file is of an isolab that did not keep them.
fn weighed(cell: &Cell, counts: &[f64], row: usize) -> Option<Vec<(f64, f64)>> {
    let Columns { inner, .. } = &cell.columns;
    let column = |name: &str| inner.get(name)?.get(row).filter(|c| c.len() == counts.len());
    let mut bytes = column("private")?.clone();
    if per_instance(cell) == "per_instance" {
        bytes.iter_mut().zip(column("kernel")?).for_each(|(private, kernel)| *private += kernel);
    }
    Some(counts.iter().copied().zip(bytes).collect())
}

/// Host memory of a machine of a size; without the kernel's part where that was not counted.
pub fn host_bytes(cell: &Cell) -> &'static str {
    if cell.columns.values.contains_key("host_bytes") { "host_bytes" } else { "private" }
}

/// `metric` per byte of what the cases have under `key`: a line in each block, then the median of the slopes. Cells whose
/// other values are equal lie on one line; all lines share their slope. A block that lacks a point is left out.
pub fn per_byte(cells: &[&Cell], key: &str, metric: &str) -> Option<Estimate> {
    let mut points: BTreeMap<u32, Vec<Point>> = BTreeMap::new();
    let mut columns = 0;
    for cell in cells {
        let Some(x) = cell.case.bytes(key) else { continue };
        let mut group = cell.case.clone();
        group.remove(key);
        let values = by_block(&values_of(cell, metric));
        columns += usize::from(!values.is_empty());
        for (block, y) in values {
            points.entry(block).or_default().push(Point { group: group.clone(), x: x as f64, y });
        }
    }
    let whole = points.into_values().filter(|points| points.len() == columns);
    let slopes: Vec<f64> = whole.filter_map(|points| common_slope(&points)).collect();
    Estimate::of(&slopes)
}

struct Point {
    group: Case,
    x: f64,
    y: f64,
}

/// Each group is moved so that its means are 0; then one line fits them all. Groups of one point say nothing.
fn common_slope(points: &[Point]) -> Option<f64> {
    let mut groups: BTreeMap<&Case, Vec<(f64, f64)>> = BTreeMap::new();
    for p in points {
        groups.entry(&p.group).or_default().push((p.x, p.y));
    }
    let mut centred = Vec::new();
    for group in groups.into_values().filter(|g| g.len() > 1) {
        let n = group.len() as f64;
        let (x, y) = (group.iter().map(|p| p.0).sum::<f64>() / n, group.iter().map(|p| p.1).sum::<f64>() / n);
        centred.extend(group.into_iter().map(|p| (p.0 - x, p.1 - y)));
    }
    fit(&centred).map(|line| line.slope)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn groups_share_their_slope_and_keep_their_heights() {
        let point = |group: &str, x: f64, y: f64| Point {
            group: std::collections::BTreeMap::from([("touch".into(), group.into())]).into(),
            x,
            y,
        };
        let points = [point("a", 0.0, 5.0), point("a", 8.0, 13.0), point("b", 0.0, 100.0), point("b", 8.0, 108.0)];
        assert!((common_slope(&points).unwrap() - 1.0).abs() < 1e-12);
        assert_eq!(common_slope(&[point("a", 0.0, 1.0), point("b", 8.0, 9.0)]), None, "nothing differs in x alone");
    }
}
