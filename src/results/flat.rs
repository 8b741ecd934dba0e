//! The results as a flat list, one object per cell and metric, for scripts: `bench --json`, `report --json`.

use serde::Serialize;

use super::schema::{Run, Status};

#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Row {
    pub arm: String,
    pub environment: String,
    pub experiment: String,
    /// "configured=64M,touch=16M", or empty.
    pub case: String,
    /// None where a cell was not measured: then there is one row for all of its metrics.
    pub metric: Option<String>,
    pub unit: Option<String>,
    pub n: usize,
    pub median: Option<f64>,
    pub ci_low: Option<f64>,
    pub ci_high: Option<f64>,
    pub status: Status,
    pub reason: String,
    pub fix: String,
}

pub fn rows(run: &Run) -> Vec<Row> {
    let mut rows = Vec::new();
    for cell in &run.cells {
        let environment = run.header.arms.iter().find(|a| a.id == cell.arm).map_or("", |a| a.environment.as_str());
        let case: Vec<String> = cell.case.iter().map(|(k, v)| format!("{k}={v}")).collect();
        let empty = Row {
            arm: cell.arm.clone(),
            environment: environment.into(),
            experiment: cell.experiment.clone(),
            case: case.join(","),
            metric: None,
            unit: None,
            n: 0,
            median: None,
            ci_low: None,
            ci_high: None,
            status: cell.status,
            reason: cell.reason.clone(),
            fix: cell.fix.clone(),
        };
        let mine: Vec<_> = run.summaries.iter().filter(|s| s.cell == cell.id).collect();
        if mine.is_empty() {
            rows.push(empty);
            continue;
        }
        for s in mine {
            let info = run.header.metrics.iter().find(|m| m.experiment == cell.experiment && m.id == s.metric);
            rows.push(Row {
                metric: Some(s.metric.clone()),
                unit: info.map(|m| m.unit.name().to_owned()),
                n: s.n,
                median: Some(s.interval.median),
                ci_low: s.interval.low,
                ci_high: s.interval.high,
                ..empty.clone()
            });
        }
    }
    rows
}
