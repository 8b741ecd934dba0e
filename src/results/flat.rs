//! The results as a flat list, one object per cell and metric, for scripts: `bench --json`, `report --json`.

use serde::Serialize;

use crate::id::ArmId;

use super::derive::{Pair, Verdict, pairs, percentile};
use super::schema::{Run, Status};

#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Row {
    pub arm: ArmId,
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
    /// Only where ten samples lie beyond it; p99 too.
    pub p95: Option<f64>,
    pub p99: Option<f64>,
    /// This arm against others, within blocks.
    pub against: Vec<Against>,
    pub status: Status,
    pub reason: String,
    pub fix: String,
}

/// One arm against a base: `difference_percent` is (base − arm) / base, paired; where nothing may be said of the two,
/// the numbers are null and `verdict` says why.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Against {
    pub base: ArmId,
    pub pairs: usize,
    pub ratio: Option<f64>,
    pub ratio_low: Option<f64>,
    pub ratio_high: Option<f64>,
    pub difference_percent: Option<f64>,
    /// Of the two medians, each over its own blocks.
    pub quotient_of_medians: Option<f64>,
    /// Does that quotient lie outside of the ratio's interval, by more than the noise floor?
    pub quotient_apart: bool,
    /// Relative; the smallest difference that this run would have seen in 4 of 5 repetitions.
    pub smallest_difference: Option<f64>,
    pub noise_floor: Option<f64>,
    /// "larger", "smaller", "no difference detectable", "too few blocks to tell", "not comparable".
    pub verdict: &'static str,
}

fn against(pair: &Pair) -> Against {
    let comparable = pair.verdict != Verdict::NotComparable;
    let told = |value: Option<f64>| value.filter(|_| comparable);
    Against {
        base: pair.base.clone(),
        pairs: pair.pairs,
        ratio: told(Some(pair.ratio.median)),
        ratio_low: told(pair.ratio.low),
        ratio_high: told(pair.ratio.high),
        difference_percent: told(Some(pair.below() * 100.0)),
        quotient_of_medians: told(pair.quotient),
        quotient_apart: comparable && pair.quotient_apart().is_some(),
        smallest_difference: pair.smallest,
        noise_floor: pair.floor,
        verdict: pair.verdict.sentence(),
    }
}

pub fn rows(run: &Run) -> Vec<Row> {
    let mut rows = Vec::new();
    for cell in &run.cells {
        let environment = run.header.arms.iter().find(|a| a.id == cell.arm).map_or("", |a| a.environment.as_str());
        let empty = Row {
            arm: cell.arm.clone(),
            environment: environment.into(),
            experiment: cell.experiment.clone(),
            case: cell.case.to_string(),
            metric: None,
            unit: None,
            n: 0,
            median: None,
            ci_low: None,
            ci_high: None,
            p95: None,
            p99: None,
            against: Vec::new(),
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
                p95: percentile(s, 0.95),
                p99: percentile(s, 0.99),
                against: pairs(run, cell, &s.metric).iter().map(against).collect(),
                ..empty.clone()
            });
        }
    }
    rows
}
