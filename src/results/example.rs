//! Whole runs for tests, made of a formula: what a bench on the arms would leave, without measuring anything.

use std::collections::BTreeMap;

use serde_json::json;

use super::cells::{Planned, Skips, parse_id};
use super::schema::{Header, Run, Sample, SampleLine, SampleOutcome};
use super::summarize::summarize;
use crate::error::Error;
use crate::id::{ArmId, CellId};

/// An arm: id, fair name, KVM backend.
pub type ExampleArm<'a> = (&'a str, &'a str, Option<&'a str>);

/// A metric: experiment, id, unit, which is better.
pub type ExampleMetric<'a> = (&'a str, &'a str, &'a str, &'a str);

/// A plain process, its twin and a container that starts seven times slower.
pub fn boot(blocks: u32) -> Run {
    let arms = [
        ("process", "plain process", None),
        ("process#2", "plain process", None),
        ("container", "our container, no image, no engine", None),
    ];
    run(&arms, &[("boot", "create_to_ready", "ns", "lower")], blocks, |arm, _, block| {
        Some(if arm == "container" { 1_400_000.0 } else { 200_000.0 } * noise(arm, block))
    })
}

/// A few per cent that differ from block to block and from arm to arm, always the same.
pub fn noise(arm: &str, block: u32) -> f64 {
    let salt: u32 = arm.bytes().map(u32::from).sum();
    1.0 + f64::from((block * 7919 + salt * 31) % 101) / 2000.0
}

/// Every experiment on every arm; `value(arm, metric, block)`. An arm with a case is written "vm-bare{touch=0}".
/// An arm without any value for an experiment was skipped.
pub fn run(
    arms: &[ExampleArm],
    metrics: &[ExampleMetric],
    blocks: u32,
    value: impl Fn(&str, &str, u32) -> Option<f64>,
) -> Run {
    let mut experiments: Vec<&str> = metrics.iter().map(|m| m.0).collect();
    experiments.dedup();
    let planned: Vec<Planned> = experiments
        .iter()
        .flat_map(|x| arms.iter().map(move |arm| parse_id(&format!("{x}/{}", arm.0).into())))
        .collect();
    let mut samples = Vec::new();
    let mut skips = Skips::new();
    for plan in &planned {
        let arm = plan.id.within_experiment();
        let of = |block| -> BTreeMap<String, f64> {
            let mine = metrics.iter().filter(|m| m.0 == plan.experiment);
            mine.filter_map(|m| Some((m.1.to_owned(), value(arm, m.1, block)?))).collect()
        };
        let mine: Vec<SampleLine> = (0..blocks)
            .map(|b| (b, of(b)))
            .filter(|(_, v)| !v.is_empty())
            .map(|(b, v)| sample(&plan.id, b, v))
            .collect();
        if mine.is_empty() {
            let skip = Error::unavailable("open /dev/kvm", "there is no /dev/kvm here").try_this("isolab doctor");
            skips.insert(plan.id.clone(), skip);
        }
        samples.extend(mine);
    }
    summarize(header(arms, metrics, &planned), &planned, &skips, &samples, "complete")
}

/// A sample of the metric "m".
pub fn line(cell: &str, block: u32, value: f64) -> SampleLine {
    sample(cell, block, [("m".to_owned(), value)].into())
}

fn sample(cell: &str, block: u32, values: BTreeMap<String, f64>) -> SampleLine {
    let outcome = SampleOutcome::Ok(Sample { values, ..Sample::default() });
    let at_ns = u64::from(block) * 10_000_000;
    SampleLine { cell: cell.into(), block, place: 0, before: CellId::default(), at_ns, cpu: 1, outcome }
}

/// A quick run of isolab on a machine of which nothing is known.
fn header(arms: &[ExampleArm], metrics: &[ExampleMetric], planned: &[Planned]) -> Header {
    let host = crate::host::Host::read(std::path::Path::new("/there/is/nothing/here"), "0123".into());
    let mut arms: Vec<ExampleArm> =
        arms.iter().map(|(id, name, backend)| (id.split('{').next().unwrap_or(id), *name, *backend)).collect();
    arms.dedup();
    let arms: Vec<_> = arms
        .iter()
        .map(|(id, name, backend)| json!({ "id": id, "environment": ArmId::from(*id).environment(), "name": name, "channel": "fd", "t0": "before the first system call", "backend": backend, "limited": null }))
        .collect();
    let metrics: Vec<_> = metrics
        .iter()
        .map(|(experiment, id, unit, better)| json!({ "experiment": experiment, "id": id, "unit": unit, "definition": format!("{id}, from here to there."), "better": better, "headline": true }))
        .collect();
    let cells: Vec<&str> = planned.iter().map(|p| p.id.as_str()).collect();
    let header = json!({
        "id": "ab12", "started": "2026-01-02T03:04:05Z", "argv": ["isolab", "bench"], "called_as": "isolab", "version": "0.1.0",
        "commit": "c0ffee", "profile": "release", "binary_sha256": "b1", "probe_sha256": "9e", "prediction_sha256": null,
        "plan": { "mode": "quick", "seed": 7, "order": "blocks", "cpu": 1, "warmup_blocks": { "boot": 3 }, "settle_ms": 5,
                  "experiments": ["boot"], "cells": cells, "command": null },
        "arms": arms, "metrics": metrics, "host": host, "root": true,
        "timer": { "resolution_ns": 1, "cost_ns": 20.0, "tsc_khz": 2_000_000 },
    });
    serde_json::from_value(header).expect("every field of a header is here")
}
