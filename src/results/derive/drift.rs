//! Values in the order of time: did the machine drift while it measured?

use super::super::query::floor_of;
use super::super::schema::{Cell, NoiseFloor, Status};
use crate::stats::drift::{DRIFT_THAT_MATTERS, Drift, Predecessor, drift, predecessor};

/// Nanoseconds since the first sample of the run, and a value.
pub type Point = (f64, f64);

#[derive(Debug, Clone, PartialEq)]
pub struct Course {
    points: Vec<Point>,
    drift: Drift,
}

/// The first or the last third.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Third {
    /// When its first and its last value were measured.
    pub from: f64,
    pub to: f64,
    pub median: f64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Steadiness {
    Drifts,
    /// Large enough to matter, and within chance.
    WithinChance,
    Steady,
}

/// From the first third to the last.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Change {
    pub first: Third,
    pub last: Third,
    pub relative: f64,
    pub steadiness: Steadiness,
    /// The autocorrelation at lag 1, where neighbours are alike beyond chance.
    pub alike: Option<f64>,
}

impl Course {
    pub fn of(mut points: Vec<Point>) -> Course {
        points.sort_by(|a, b| a.0.total_cmp(&b.0));
        let values: Vec<f64> = points.iter().map(|p| p.1).collect();
        Course { drift: drift(&values), points }
    }

    /// In order of time.
    pub fn points(&self) -> &[Point] {
        &self.points
    }

    pub fn drifts(&self) -> bool {
        self.drift.drifts
    }

    /// None: too few values to tell.
    pub fn change(&self) -> Option<Change> {
        let relative = self.drift.change?;
        let third = self.points.len() / 3;
        let steadiness = match self.drift.drifts {
            true => Steadiness::Drifts,
            false if relative.abs() >= DRIFT_THAT_MATTERS => Steadiness::WithinChance,
            false => Steadiness::Steady,
        };
        Some(Change {
            first: third_of(&self.points[..third])?,
            last: third_of(&self.points[self.points.len() - third..])?,
            relative,
            steadiness,
            alike: self.drift.lag1.filter(|r| self.drift.correlated && *r > 0.0),
        })
    }
}

fn third_of(points: &[Point]) -> Option<Third> {
    Some(Third { from: points.first()?.0, to: points.last()?.0, median: median(points.iter().map(|p| p.1))? })
}

/// The one in the middle; None: there is none.
pub fn median(values: impl Iterator<Item = f64>) -> Option<f64> {
    crate::stats::median(&values.collect::<Vec<f64>>())
}

/// The start that what ran before slows the most, where that is beyond the noise floor and beyond chance.
pub fn carry_over<'a>(cells: &'a [Cell], noise: &[NoiseFloor]) -> Option<(&'a Cell, Predecessor)> {
    const METRIC: &str = "create_to_ready";
    let floor = floor_of(noise, "boot", METRIC)?;
    let boots = cells.iter().filter(|c| c.experiment == "boot" && c.status == Status::Measured);
    let flagged = boots.filter_map(|cell| Some((cell, predecessor(&after(cell, METRIC), floor)?)));
    flagged.filter(|(_, p)| p.flagged).max_by(|a, b| a.1.relative.total_cmp(&b.1.relative))
}

fn after<'a>(cell: &'a Cell, metric: &str) -> Vec<(&'a str, f64)> {
    let column = cell.columns.values.get(metric).map_or(&[][..], Vec::as_slice);
    cell.columns.before.iter().zip(column).filter_map(|(before, v)| Some((before.as_str(), (*v)?))).collect()
}
