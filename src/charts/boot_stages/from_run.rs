//! From a results file to the chart.

use super::{Bar, BootStages, Content, START};
use crate::charts::caption::{self, ends, hole, name_of};
use crate::charts::page::Note;
use crate::charts::words;
use crate::lang::Lang;
use crate::results::schema::{Cell, Columns, Run, StageColumn};
use crate::stats;
use crate::timeline::Stage;

impl BootStages {
    /// None: the run has no cell of `boot`. Cells that were not measured become bars with their reason.
    pub(super) fn from_run(run: &Run, lang: Lang) -> Option<BootStages> {
        let cells = START.cells(run);
        if cells.is_empty() {
            return None;
        }
        let bars: Vec<Bar> = cells.iter().map(|cell| bar(run, cell, lang)).collect();
        let mut notes = caption::notes(run, &cells, START, lang);
        let last = notes.iter().position(|n| n.alarm).unwrap_or(notes.len());
        notes.splice(last..last, bars.iter().filter_map(|bar| more_than_one_kind(bar, lang)).map(Note::plain));
        Some(BootStages { bars, notes })
    }
}

fn bar(run: &Run, cell: &Cell, lang: Lang) -> Bar {
    Bar { name: name_of(run, cell, lang), arm: cell.arm.clone(), content: content(run, cell, lang) }
}

fn content(run: &Run, cell: &Cell, lang: Lang) -> Content {
    match (hole(cell), START.summary(run, cell)) {
        (Some(reason), _) => Content::Missing(reason.to_owned()),
        (None, None) => Content::Missing(words::NO_SAMPLE.of(lang).to_owned()),
        (None, Some(s)) => Content::Measured {
            stages: stages(&cell.columns),
            median_ns: s.interval.median,
            ends_ns: ends(&s.interval),
        },
    }
}

/// Median of each stage up to Ready, over samples.
fn stages(columns: &Columns) -> Vec<(Stage, f64)> {
    let samples: Vec<Vec<(Stage, f64)>> = (0..columns.block.len()).filter_map(|i| sample(columns, i)).collect();
    let ended = &Stage::ALL[..=Stage::Ready as usize];
    let median = |stage: Stage| {
        let took: Vec<f64> =
            samples.iter().map(|s| s.iter().filter(|(of, _)| *of == stage).map(|(_, ns)| ns).sum()).collect();
        stats::median(&took).filter(|ns| *ns > 0.0).map(|ns| (stage, ns))
    };
    ended.iter().filter_map(|stage| median(*stage)).collect()
}

/// Steps of one sample: each mark ends the time since the one before it. None: it never became ready.
fn sample(columns: &Columns, row: usize) -> Option<Vec<(Stage, f64)>> {
    let column = |c: &StageColumn| Some((c.at_ns.get(row).copied().flatten()?, c.stage));
    let mut marks: Vec<(u64, Stage)> = columns.stages.iter().filter_map(column).collect();
    marks.sort_by_key(|(at, stage)| (*at, *stage));
    let ready = marks.iter().rposition(|(_, stage)| *stage == Stage::Ready)?;
    let mut before = 0;
    let steps = marks[..=ready].iter().map(|(at, stage)| {
        let took = at - before;
        before = *at;
        (*stage, took as f64)
    });
    Some(steps.collect())
}

/// Where starts come in two kinds, fast and slow, the medians of stages and that of the whole can be of different kinds.
fn more_than_one_kind(bar: &Bar, lang: Lang) -> Option<String> {
    const MUCH: f64 = 0.1;
    let Content::Measured { stages, median_ns, .. } = &bar.content else { return None };
    let apart = stages.iter().map(|(_, ns)| ns).sum::<f64>() / median_ns - 1.0;
    let word = if apart < 0.0 { words::BOOT_MIXED_LESS } else { words::BOOT_MIXED_MORE };
    let percent = format!("{:.0}", apart.abs() * 100.0);
    (apart.abs() > MUCH).then(|| word.with(lang, &[("arm", &bar.arm), ("percent", &percent)]))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::error::Error;
    use crate::results::schema::{Header, Sample, SampleLine, SampleOutcome};
    use crate::results::summarize::{Planned, Skips, chain_holds, summarize};
    use crate::timeline::{Mark, Timeline};

    /// What a run of eight blocks on two arms leaves, when the machine can't run the second.
    fn run() -> Run {
        let skip = Error::unavailable("open /dev/kvm", "there is no /dev/kvm here").try_this("isolab doctor vm");
        let planned = ["process", "vm-bare"].map(|arm| Planned {
            id: format!("boot/{arm}"),
            experiment: "boot".into(),
            arm: arm.into(),
            case: std::collections::BTreeMap::new(),
        });
        let samples: Vec<SampleLine> = (0..8).map(sample_line).collect();
        let skips: Skips = [("boot/vm-bare".to_owned(), skip)].into();
        summarize(header(), &planned, &skips, &samples, "complete")
    }

    /// Block n is n µs slower in Create; Load is told in two marks.
    fn sample_line(block: u32) -> SampleLine {
        let mark = |stage, label: &'static str, at_us: u32| Mark {
            stage,
            label: label.into(),
            at_ns: 5_000_000 + 1000 * u64::from(at_us + block),
        };
        let marks = vec![
            mark(Stage::Create, "clone3 returned", 100),
            mark(Stage::Load, "first half", 110),
            mark(Stage::Load, "second half", 120),
            mark(Stage::Enter, "exec", 150),
            mark(Stage::Ready, "record read", 200),
            mark(Stage::Exit, "pidfd", 900),
        ];
        let ready = f64::from(200 + block) * 1000.0;
        let outcome = SampleOutcome::Ok(Sample {
            values: [("create_to_ready".to_owned(), ready)].into(),
            timeline: Some(Timeline { t0_ns: 5_000_000, marks }),
            ..Sample::default()
        });
        let (cell, before) = ("boot/process".into(), String::new());
        SampleLine { cell, block, place: 0, before, at_ns: u64::from(block), cpu: 0, outcome }
    }

    fn header() -> Header {
        let host = crate::host::Host::read(std::path::Path::new("/there/is/nothing/here"), "0123".into());
        let arm = |id: &str, name: &str, backend: Option<&str>| json!({ "id": id, "environment": id, "name": name, "channel": "fd", "t0": "", "backend": backend, "limited": null });
        let header = json!({
            "id": "ab12", "started": "2026-01-02T03:04:05Z", "argv": [], "called_as": "isolab", "version": "0.1.0",
            "commit": "c0ffee", "profile": "release", "binary_sha256": "", "probe_sha256": "", "prediction_sha256": null,
            "plan": { "mode": "quick", "seed": 7, "order": "blocks", "cpu": null, "warmup_blocks": { "boot": 3 }, "settle_ms": 5,
                      "experiments": ["boot"], "cells": [], "command": null },
            "arms": [arm("process", "plain process", None), arm("vm-bare", "bare VM, no operating system", Some("software"))],
            "metrics": [{ "experiment": "boot", "id": "create_to_ready", "unit": "ns", "definition": "From here to there.",
                          "better": "lower", "headline": true }],
            "host": host, "root": true, "timer": { "resolution_ns": 1, "cost_ns": 20.0, "tsc_khz": 2_000_000 },
        });
        serde_json::from_value(header).expect("every field of a header is here")
    }

    #[test]
    fn stages_are_medians_up_to_ready() {
        let chart = BootStages::from_run(&run(), Lang::En).unwrap();
        let Content::Measured { stages, median_ns, ends_ns } = &chart.bars[0].content else { panic!("{chart:?}") };
        let expected =
            [(Stage::Create, 103_500.0), (Stage::Load, 20_000.0), (Stage::Enter, 30_000.0), (Stage::Ready, 50_000.0)];
        assert_eq!(stages, &expected, "the exit is no part of the start");
        assert!((median_ns - 203_500.0).abs() < 1e-6);
        assert!(ends_ns.is_some_and(|(low, high)| low >= 200_000.0 && high <= 207_000.0), "{ends_ns:?}");
    }

    #[test]
    fn what_was_skipped_is_shown_with_its_reason() {
        let chart = BootStages::from_run(&run(), Lang::En).unwrap();
        assert_eq!(chart.bars[1].name, "bare VM, no operating system");
        assert_eq!(chart.bars[1].content, Content::Missing("there is no /dev/kvm here".into()));
    }

    #[test]
    fn notes_say_what_the_numbers_mean() {
        let chart = BootStages::from_run(&run(), Lang::En).unwrap();
        let notes: Vec<&str> = chart.notes.iter().map(|n| n.text.as_str()).collect();
        let notes = notes.join("\n");
        for said in ["From here to there.", "n = 8 blocks", "Seed 7", "random order", "run ab12", "c0ffee", "Host: "] {
            assert!(notes.contains(said), "{said} in {notes}");
        }
        assert!(!notes.contains("KVM backend"), "nothing was measured on it");
        let last = chart.notes.last().unwrap();
        assert!(last.alarm && last.text.starts_with("not for publication: a quick run"), "{last:?}");
    }

    #[test]
    fn stages_that_do_not_add_up_are_told() {
        let bar = |sum: f64, median_ns: f64| Bar {
            name: String::new(),
            arm: "container".into(),
            content: Content::Measured { stages: vec![(Stage::Create, sum)], median_ns, ends_ns: None },
        };
        assert_eq!(more_than_one_kind(&bar(95.0, 100.0), Lang::En), None);
        let told = more_than_one_kind(&bar(54.0, 100.0), Lang::En).unwrap();
        assert!(told.starts_with("container: its stages add up to 46 % less"), "{told}");
        assert!(more_than_one_kind(&bar(130.0, 100.0), Lang::En).is_some_and(|t| t.contains("30 % more")));
    }

    #[test]
    fn a_run_without_boot_has_no_such_chart() {
        let mut other = run();
        other.cells.iter_mut().for_each(|c| c.experiment = "syscall".into());
        assert_eq!(BootStages::from_run(&other, Lang::En), None);
    }

    /// Here and not in `results`, because a whole run is at hand here.
    #[test]
    fn changed_samples_are_found_out_and_saved_ones_are_not() {
        let mut samples: Vec<SampleLine> = (0..9).map(sample_line).collect();
        for (i, line) in samples.iter_mut().enumerate() {
            let SampleOutcome::Ok(sample) = &mut line.outcome else { continue };
            sample.values.insert("create_to_ready".into(), 1e6 / (i as f64 + 3.0)); // no end in binary
        }
        let planned = |cell: &str| Planned {
            id: cell.into(),
            experiment: "boot".into(),
            arm: "process".into(),
            case: std::collections::BTreeMap::new(),
        };
        let run = summarize(header(), &[planned("boot/process")], &Skips::new(), &samples, "complete");
        let mut read: Run = serde_json::from_slice(&serde_json::to_vec(&run).unwrap()).unwrap();
        assert!(chain_holds(&read), "every number survives the file");
        read.cells[0].columns.values.get_mut("create_to_ready").unwrap()[4] = Some(1.0);
        assert!(!chain_holds(&read));
    }
}
