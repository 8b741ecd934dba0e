//! Made-up runs for the tests of charts: everything that a results file can hold, in numbers that are easy to follow.

mod others;

use serde_json::json;

use crate::error::Error;
use crate::id::CellId;
use crate::results::cells::{Planned, Skips};
use crate::results::schema::{Header, Run, Sample, SampleLine, SampleOutcome};
use crate::results::summarize::summarize;
use crate::timeline::{Mark, Stage, Timeline};

/// Arms from the first on: id, fair name, KVM backend. The eighth can't run on this made-up machine.
pub(super) const ARMS: [(&str, &str, Option<&str>); 12] = [
    ("process", "process", None),
    ("process#2", "process, once more", None),
    ("container", "our container, no image, no engine", None),
    ("vm-bare", "bare VM, no operating system", Some("software, nested")),
    (
        "container:-seccomp:-dev:-mask:-lo:-cgroup:+user:ram=64M:x=12",
        "our container, no image, no engine (-seccomp -dev -mask -lo -cgroup +user ram=64M x=12)",
        None,
    ),
    ("container-rootless", "our container, made without root", None),
    ("vm-bare:ram=1G", "bare VM, no operating system (ram=1G)", Some("software, nested")),
    ("vm-linux", "Linux VM", Some("software, nested")),
    (
        "docker",
        "docker run, 이미지가 있고 엔진이 있는 컨테이너이며 이름이 아주 길어서 여러 줄로 나누어야 하는 대상",
        None,
    ),
    ("mmmm", "mmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmm", None),
    ("container:-net", "our container, no image, no engine (-net)", None),
    ("vm-bare:populate", "bare VM, no operating system (populate)", Some("software, nested")),
];
/// The arm that is skipped where there are so many.
pub(super) const SKIPPED: &str = "vm-linux";

/// A quick run of all experiments with the first `arms` of [`ARMS`] and this many blocks.
pub(super) fn run(arms: usize, blocks: u32) -> Run {
    let mut cells: Vec<Planned> = ARMS[..arms].iter().map(|(id, ..)| planned(&format!("boot/{id}"))).collect();
    let starts = cells.len();
    cells.extend(others::planned(arms));
    let (left_out, runs): (Vec<_>, Vec<_>) = cells.iter().enumerate().partition(|(_, c)| c.arm == SKIPPED);
    let mut samples = Vec::new();
    let mut random = oorandom::Rand64::new(7);
    for block in 0..blocks {
        for (place, cell) in &runs {
            let weather = 0.9 + 0.2 * random.rand_float();
            samples.push(if *place < starts {
                start(&cell.id, block, *place as u32, weather)
            } else {
                line(&cell.id, block, *place as u32, others::sample(cell, weather))
            });
        }
    }
    let skips: Skips = left_out.iter().map(|(_, cell)| (cell.id.clone(), skip())).collect();
    summarize(header(arms), &cells, &skips, &samples, "complete")
}

fn skip() -> Error {
    let reason = "the guest kernel needs an instruction that this software KVM backend can't run; see isolab doctor vm";
    Error::unavailable("boot a kernel", reason).try_this("isolab doctor vm")
}

pub(super) fn planned(id: &str) -> Planned {
    let id = CellId::from(id);
    Planned { experiment: id.experiment().to_owned(), arm: id.arm(), case: id.case(), id }
}

/// One start: 0.2 ms for a process, 0.3 ms more for every further place, times `weather`.
fn start(cell: &str, block: u32, place: u32, weather: f64) -> SampleLine {
    let whole_ns = (200.0 + 300.0 * f64::from(place.saturating_sub(1))) * 1000.0 * weather;
    let shares = [
        (Stage::Create, "clone3 returned", 0.4),
        (Stage::Isolate, "namespaces", 0.6),
        (Stage::Load, "rootfs", 0.7),
        (Stage::Enter, "exec", 0.85),
        (Stage::Ready, "record read", 1.0),
        (Stage::Exit, "pidfd", 1.5),
    ];
    let mark = |(stage, label, share): (Stage, &'static str, f64)| Mark {
        stage,
        label: label.into(),
        at_ns: 5_000_000 + (whole_ns * share) as u64,
    };
    let sample = Sample {
        values: [("create_to_ready".to_owned(), whole_ns.floor())].into(),
        timeline: Some(Timeline { t0_ns: 5_000_000, marks: shares.map(mark).into() }),
        ..Sample::default()
    };
    line(cell, block, place, sample)
}

fn line(cell: &str, block: u32, place: u32, sample: Sample) -> SampleLine {
    let at_ns = u64::from(block) * 100_000_000 + u64::from(place) * 7_000_000;
    let (cell, before, outcome) = (cell.into(), CellId::default(), SampleOutcome::Ok(sample));
    SampleLine { cell, block, place, before, at_ns, cpu: 0, outcome }
}

pub(super) fn header(arms: usize) -> Header {
    let host = crate::host::Host::read(std::path::Path::new("/there/is/nothing/here"), "0123".into());
    let arm = |(id, name, backend): &(&str, &str, Option<&str>)| json!({ "id": id, "environment": id.split([':', '#']).next(), "name": name, "channel": "fd", "t0": "", "backend": backend, "limited": null });
    let questions = || crate::experiments::ALL.iter().map(|e| e.about());
    let metric = |(question, m): (&str, &crate::experiments::MetricAbout)| json!({ "experiment": question, "id": m.id, "unit": m.unit, "definition": m.definition, "better": "lower", "headline": m.headline });
    let metrics = questions().flat_map(|q| q.metrics.iter().map(|m| (q.id, m))).map(metric);
    let header = json!({
        "id": "ab12", "started": "2026-01-02T03:04:05Z", "argv": [], "called_as": "isolab", "version": "0.1.0",
        "commit": "c0ffee", "profile": "release", "binary_sha256": "", "probe_sha256": "", "prediction_sha256": null,
        "plan": { "mode": "quick", "seed": 7, "order": "blocks", "cpu": null, "warmup_blocks": { "boot": 3 }, "settle_ms": 5,
                  "experiments": ["boot"], "cells": [], "command": null },
        "arms": ARMS[..arms].iter().map(arm).collect::<Vec<_>>(),
        "metrics": metrics.collect::<Vec<_>>(),
        "host": host, "root": true, "timer": { "resolution_ns": 1, "cost_ns": 20.0, "tsc_khz": 2_000_000 },
    });
    serde_json::from_value(header).expect("every field of a header is here")
}
