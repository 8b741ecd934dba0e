//! From a results file to the chart.

use super::{BootStages, Stages};
use crate::charts::caption;
use crate::charts::starts;
use crate::lang::Lang;
use crate::results::derive::parts;
use crate::results::schema::{Cell, Run};

impl BootStages {
    /// None: the run has no start. Cells that were not measured become bars with their reason.
    pub(super) fn from_run(run: &Run, lang: Lang) -> Option<BootStages> {
        let (shown, cells) = (starts::shown(run), starts::cells(run));
        if cells.is_empty() {
            return None;
        }
        let stages = |cell: &Cell| {
            let whole = shown.summary(run, cell)?.interval;
            Some(Stages { stages: parts::stages(cell, shown.metric, starts::last(shown)), whole })
        };
        let bar = |cell: &&Cell| starts::found(run, cell, stages(cell), lang);
        let mut notes = caption::against_machines(run, &cells, shown, lang);
        notes.extend(caption::notes(run, &cells, shown, lang));
        Some(BootStages { shown, bars: cells.iter().map(bar).collect(), notes })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::error::Error;
    use crate::id::CellId;
    use crate::results::cells::{Planned, Skips};
    use crate::results::chain::chain_holds;
    use crate::results::derive::Interval;
    use crate::results::schema::{Header, Sample, SampleLine, SampleOutcome};
    use crate::results::summarize::summarize;
    use crate::timeline::{Mark, Stage, Timeline};

    /// What a run of eight blocks on two arms leaves, when the machine can't run the second.
    fn run() -> Run {
        let skip = Error::unavailable("open /dev/kvm", "there is no /dev/kvm here").try_this("isolab doctor vm");
        let planned = ["process", "vm-bare"].map(|arm| Planned {
            id: format!("boot/{arm}").into(),
            experiment: "boot".into(),
            arm: arm.into(),
            case: crate::id::Case::default(),
        });
        let samples: Vec<SampleLine> = (0..8).map(sample_line).collect();
        let skips: Skips = [("boot/vm-bare".into(), skip)].into();
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
        let (cell, before) = ("boot/process".into(), CellId::default());
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
    fn stages_end_at_ready() {
        let chart = BootStages::from_run(&run(), Lang::En).unwrap();
        let Ok(Stages { stages, whole: Interval { median: median_ns, .. } }) = &chart.bars[0].value else {
            panic!("{chart:?}")
        };
        let ends_ns = chart.bars[0].value.as_ref().unwrap().whole.ends();
        let expected =
            [(Stage::Create, 103_500.0), (Stage::Load, 20_000.0), (Stage::Enter, 30_000.0), (Stage::Ready, 50_000.0)];
        let near = |(a, b): (&(Stage, f64), &(Stage, f64))| a.0 == b.0 && (a.1 - b.1).abs() < 1e-6;
        let alike = stages.len() == expected.len() && stages.iter().zip(&expected).all(near);
        assert!(alike, "the exit is no part of the start: {stages:?}");
        assert!((median_ns - 203_500.0).abs() < 1e-6);
        assert!(ends_ns.is_some_and(|(low, high)| low >= 200_000.0 && high <= 207_000.0), "{ends_ns:?}");
    }

    #[test]
    fn what_was_skipped_is_shown_with_its_reason() {
        let chart = BootStages::from_run(&run(), Lang::En).unwrap();
        assert_eq!(chart.bars[1].arm.name, "bare VM, no operating system");
        assert_eq!(chart.bars[1].value, Err("there is no /dev/kvm here".into()));
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

    /// What is slow is now one stage, now another: their medians are those of fast ones, and that of the whole is not.
    #[test]
    fn stages_add_up_to_the_median_that_stands_beside_them() {
        let mut samples: Vec<SampleLine> = (0..9).map(sample_line).collect();
        for (i, line) in samples.iter_mut().enumerate() {
            let SampleOutcome::Ok(sample) = &mut line.outcome else { continue };
            let marks = &mut sample.timeline.as_mut().unwrap().marks;
            marks.iter_mut().skip([0, 3, 4][i % 3]).for_each(|mark| mark.at_ns += 1_000_000);
            let ready = marks[4].at_ns - 5_000_000;
            sample.values.insert("create_to_ready".into(), ready as f64);
        }
        let planned = [crate::charts::fixture::planned("boot/process")];
        let run = summarize(header(), &planned, &Skips::new(), &samples, "complete");
        let chart = BootStages::from_run(&run, Lang::En).unwrap();
        let Ok(Stages { stages, whole: Interval { median: median_ns, .. } }) = &chart.bars[0].value else {
            panic!("{chart:?}")
        };
        let sum: f64 = stages.iter().map(|(_, ns)| ns).sum();
        assert!((sum - median_ns).abs() < 1.0 && *median_ns > 1.2e6, "{sum} {median_ns}: {stages:?}");
    }

    /// The user's own command: nothing says that it is ready, and the chart is of its whole life.
    #[test]
    fn a_command_is_drawn_up_to_its_end() {
        let mut run = run();
        let cell = &mut run.cells[0];
        cell.columns.stages.retain(|c| c.stage != Stage::Ready);
        let ready = cell.columns.values.remove("create_to_ready").unwrap();
        cell.columns.values.insert("create_to_exit".into(), ready.iter().map(|ns| ns.map(|ns| ns + 7e5)).collect());
        run.summaries[0].metric = "create_to_exit".into();
        run.summaries[0].interval.median += 7e5;
        let chart = BootStages::from_run(&run, Lang::En).unwrap();
        let Ok(Stages { stages, whole: Interval { median: median_ns, .. } }) = &chart.bars[0].value else {
            panic!("{chart:?}")
        };
        assert_eq!(stages.last().unwrap().0, Stage::Exit);
        assert!((stages.iter().map(|(_, ns)| ns).sum::<f64>() - median_ns).abs() < 1.0, "{stages:?}");
        let drawn = super::super::draw(&chart, crate::charts::Look::default()).svg;
        assert!(drawn.contains("time from create to the end of the command"));
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
            case: crate::id::Case::default(),
        };
        let run = summarize(header(), &[planned("boot/process")], &Skips::new(), &samples, "complete");
        let mut read: Run = serde_json::from_slice(&serde_json::to_vec(&run).unwrap()).unwrap();
        assert!(chain_holds(&read), "every number survives the file");
        read.cells[0].columns.values.get_mut("create_to_ready").unwrap()[4] = Some(1.0);
        assert!(!chain_holds(&read));
    }
}
