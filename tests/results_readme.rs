//! `results/README.md` names every field of the results file and no other, each with its type.
//!
//! The types are asked, not the source: one run is written down here with every field filled in (the compiler knows when
//! one is missing), made JSON, and its paths are compared with those of the README's tables.
use std::collections::{BTreeMap, BTreeSet};

use isolab::error::Error;
use isolab::host::{Cache, CgroupMode, Cgroups, Host, Tuning};
use isolab::lang::Said;
use isolab::model::{AnsweredBy, FileTree, GuestKernel, Kind, Network, Part, Reach, Unit};
use isolab::results::schema::{
    ArmInfo, Cell, Columns, Comparison, ExperimentInfo, Header, Interval, MetricInfo, NoiseFloor, Outliers, Plan, Run,
    SCHEMA, Sample, SampleLine, SampleOutcome, StageColumn, Status, Summary, Timer, Warning,
};
use isolab::timeline::{Mark, Stage, Timeline};
use serde_json::Value;

fn text() -> String {
    "text".into()
}

/// Maps have keys in capitals, which the README uses too: `values.METRIC[]`.
fn map<T>(key: &str, value: T) -> BTreeMap<String, T> {
    BTreeMap::from([(key.to_owned(), value)])
}

fn interval() -> Interval {
    Interval { median: 1.0, low: Some(1.0), high: Some(1.0) }
}

fn host() -> Host {
    Host {
        id: text(),
        cpu_model: text(),
        logical_cores: 1,
        physical_cores: Some(1),
        usable_cores: Some(1),
        caches: vec![Cache { level: 1, kind: text(), bytes: 1, shared_by: 1 }],
        ram_bytes: Some(1),
        swap_bytes: Some(1),
        distribution: text(),
        kernel: text(),
        mitigations: map("NAME", text()),
        governor: text(),
        load: Some([1.0; 3]),
        thp: text(),
        cgroups: Cgroups { mode: CgroupMode::V2, controllers: vec![text()] },
        virtualised_by: Some(text()),
        wsl2: true,
        container: Some(text()),
        kvm_backend: text(),
        tuning: Some(Tuning {
            aslr: text(),
            rcu: text(),
            tick_hz: Some(1),
            turbo: text(),
            isolated_cpus: text(),
            nohz_full: text(),
            ksm: text(),
            cpu_celsius: Some(1.0),
            mounts: Some(1),
        }),
        tools: map("NAME", text()),
    }
}

fn header() -> Header {
    Header {
        id: text().into(),
        started: text(),
        argv: vec![text()],
        called_as: text(),
        version: text(),
        commit: text(),
        profile: text(),
        binary_sha256: text(),
        probe_sha256: text(),
        prediction_sha256: Some(text()),
        plan: Plan {
            mode: text(),
            seed: 1,
            order: text(),
            cpu: Some(1),
            warmup_blocks: map("EXPERIMENT", 1),
            settle_ms: 1,
            experiments: vec![text()],
            cells: vec![text().into()],
            command: Some(vec![text()]),
            base: Some(text().into()),
        },
        arms: vec![ArmInfo {
            id: text().into(),
            environment: text(),
            name: text(),
            channel: text(),
            t0: text(),
            backend: Some(text()),
            limited: Some(text()),
            limited_fix: Some(text()),
            kind: Some(Kind::Process),
            answered_by: Some(AnsweredBy::HostKernel),
            reach: Some(Reach { guest_ram: Some(text()), files: FileTree::Own, network: Network::Loopback }),
            guest_kernel: Some(GuestKernel { version: Some(text()), sha256: text(), format: text() }),
            limited_ko: Some(text()),
            limited_fix_ko: Some(text()),
            name_ko: Some(text()),
            t0_ko: Some(text()),
        }],
        experiments: vec![ExperimentInfo { id: text(), question: text(), question_ko: Some(text()) }],
        metrics: vec![MetricInfo {
            experiment: text(),
            id: text(),
            unit: Unit::Count,
            definition: text(),
            definition_ko: Some(text()),
            title: Some(text()),
            title_ko: Some(text()),
            better: text(),
            headline: true,
            per_batch: Some(1),
        }],
        host: host(),
        root: true,
        timer: Timer { resolution_ns: 1, cost_ns: 1.0, tsc_khz: 1 },
    }
}

fn error() -> Error {
    let said = || Said::fixed("do", "하기");
    Error::new(said(), said()).try_this(said())
}

fn cell() -> Cell {
    Cell {
        id: text().into(),
        experiment: text(),
        arm: text().into(),
        case: map("KEY", text()).into(),
        status: Status::Measured,
        reason: text(),
        fix: text(),
        reason_ko: Some(text()),
        fix_ko: Some(text()),
        columns: Columns {
            block: vec![1],
            place: vec![1],
            before: vec![text().into()],
            at_ns: vec![1],
            cpu: vec![1],
            failed: vec![Some(error())],
            values: map("METRIC", vec![Some(1.0)]),
            stages: vec![StageColumn { stage: Stage::Ready, label: text(), at_ns: vec![Some(1)] }],
            inner: map("METRIC", vec![vec![1.0]]),
            parts: vec![vec![Part::of_daemon("what", 1, "source")]],
        },
        hash: text(),
    }
}

fn run() -> Run {
    Run {
        schema: SCHEMA,
        header: header(),
        cells: vec![cell()],
        summaries: vec![Summary {
            cell: text().into(),
            metric: text(),
            n: 1,
            interval: interval(),
            method: text(),
            mean: 1.0,
            std: 1.0,
            min: 1.0,
            max: 1.0,
            p5: 1.0,
            p95: 1.0,
            p99: Some(1.0),
            outliers: Outliers { low_severe: 1, low_mild: 1, high_mild: 1, high_severe: 1 },
            drift: Some(1.0),
            lag1: Some(1.0),
        }],
        comparisons: vec![Comparison {
            experiment: text(),
            metric: text(),
            case: map("KEY", text()).into(),
            base: text().into(),
            arm: text().into(),
            pairs: 1,
            ratio: interval(),
            difference: interval(),
            detectable: true,
        }],
        noise: vec![NoiseFloor { experiment: text(), metric: text(), arm: text().into(), relative: 1.0 }],
        warnings: vec![Warning { code: text(), text: text(), text_ko: Some(text()), blocks_publication: true }],
        ended: text(),
        wall_seconds: 1.0,
        harness_share: 1.0,
    }
}

/// A line of samples.jsonl.
fn line(outcome: SampleOutcome) -> SampleLine {
    SampleLine { cell: text().into(), block: 1, place: 1, before: text().into(), at_ns: 1, cpu: 1, outcome }
}

fn good() -> SampleOutcome {
    SampleOutcome::Ok(Sample {
        values: map("METRIC", 1.0),
        timeline: Some(Timeline { t0_ns: 1, marks: vec![Mark { stage: Stage::Ready, label: "x".into(), at_ns: 1 }] }),
        inner: map("METRIC", vec![1.0]),
        parts: vec![Part::of_daemon("what", 1, "source")],
    })
}

/// Every leaf with its type: "cells[].columns.block[]" is a number.
fn leaves(path: &str, value: &Value, found: &mut BTreeMap<String, &'static str>) {
    match value {
        Value::Object(fields) => {
            assert!(!fields.is_empty(), "{path} is empty in the run above");
            let dot = if path.is_empty() { "" } else { "." };
            fields.iter().for_each(|(name, value)| leaves(&format!("{path}{dot}{name}"), value, found));
        }
        Value::Array(items) => {
            assert!(!items.is_empty(), "{path} is empty in the run above");
            items.iter().for_each(|item| leaves(&format!("{path}[]"), item, found));
        }
        Value::Null => panic!("{path} is null in the run above"),
        Value::Bool(_) => drop(found.insert(path.into(), "bool")),
        Value::Number(_) => drop(found.insert(path.into(), "number")),
        Value::String(_) => drop(found.insert(path.into(), "text")),
    }
}

/// The rows of the README's tables below a heading that begins with this word: path → type. The path is the heading's
/// backquoted prefix and the row's first column.
fn told(file: &str) -> BTreeMap<String, String> {
    let readme = std::fs::read_to_string("results/README.md").unwrap();
    let chapter = readme.split("\n## ").find(|c| c.starts_with(&format!("`{file}`"))).unwrap();
    let (mut prefix, mut found) = ("", BTreeMap::new());
    for line in chapter.lines() {
        if let Some(heading) = line.strip_prefix("### ") {
            prefix = heading.split('`').nth(1).unwrap_or_default();
        }
        let mut columns = line.split('|').map(str::trim).skip(1);
        let (Some(name), Some(kind), Some(meaning)) = (columns.next(), columns.next(), columns.next()) else {
            continue;
        };
        let Some(name) = name.strip_prefix('`').and_then(|n| n.strip_suffix('`')) else { continue };
        assert!(meaning.len() > 3, "{prefix}{name} is not explained");
        let twice = found.insert(format!("{prefix}{name}"), kind.to_owned());
        assert!(twice.is_none(), "{prefix}{name} stands twice");
    }
    found
}

#[track_caller]
fn same(file: &str, values: &[Value]) {
    let mut real = BTreeMap::new();
    values.iter().for_each(|value| leaves("", value, &mut real));
    let told = told(file);
    let missing: Vec<_> = real.iter().filter(|(path, _)| !told.contains_key(*path)).collect();
    assert!(missing.is_empty(), "results/README.md does not explain, of {file}: {missing:#?}");
    for (path, kind) in &told {
        let real =
            real.get(path).unwrap_or_else(|| panic!("results/README.md names {path}, which {file} does not have"));
        assert_eq!(kind, real, "{file}: the type of {path}");
    }
}

fn the_readme_names_every_field_of_the_results_file_and_no_other() {
    same("run.json", &[serde_json::to_value(run()).unwrap()]);
}

fn the_readme_names_every_field_of_a_raw_sample_and_no_other() {
    let failed = SampleOutcome::Failed(error());
    same("samples.jsonl", &[good(), failed].map(|outcome| serde_json::to_value(line(outcome)).unwrap()));
}

fn the_readme_names_the_columns_of_the_table() {
    let readme = std::fs::read_to_string("results/README.md").unwrap();
    let csv = isolab::results::csv::samples(&run());
    let columns = csv.lines().next().unwrap();
    assert!(readme.contains(&format!("`{columns}`")), "{columns}");
}

/// The JSON of `bench --json` and `report --json`.
fn the_readme_names_every_field_of_the_flat_list() {
    let rows = serde_json::to_value(isolab::results::flat::rows(&run())).unwrap();
    let real: BTreeSet<String> = rows[0].as_object().unwrap().keys().cloned().collect();
    let told: BTreeSet<String> = told("report --json").into_keys().collect();
    assert_eq!(told, real);
}

fn the_readme_tells_the_version() {
    let readme = std::fs::read_to_string("results/README.md").unwrap();
    assert!(readme.contains(&format!("schema version {SCHEMA}")));
}

crate::runner::tests!(
    the_readme_names_every_field_of_the_results_file_and_no_other,
    the_readme_names_every_field_of_a_raw_sample_and_no_other,
    the_readme_names_the_columns_of_the_table,
    the_readme_names_every_field_of_the_flat_list,
    the_readme_tells_the_version
);
