//! For tests of one chart: small runs with any cells, made as the harness makes them, by [`summarize`] on samples.
//! (`fixture` has whole runs for what holds for all charts.)

use super::fixture;
use crate::error::Error;
use crate::id::CellId;
use crate::model::Part;
use crate::results::cells::{Planned, Skips};
use crate::results::schema::{ArmInfo, Header, Run, Sample, SampleLine, SampleOutcome};
use crate::results::summarize::summarize;

/// A cell and its samples, one per block; an error: why it was skipped.
pub(super) struct MadeUp {
    pub id: String,
    pub samples: Result<Vec<Sample>, Error>,
}

/// "memory/vm-bare{n=1,4}" with these samples.
pub(super) fn cell(id: &str, samples: Vec<Sample>) -> MadeUp {
    MadeUp { id: id.into(), samples: Ok(samples) }
}

pub(super) fn skipped(id: &str, reason: &str) -> MadeUp {
    MadeUp { id: id.into(), samples: Err(Error::unavailable("start it", reason).try_this("isolab doctor")) }
}

pub(super) fn sample(values: &[(&str, f64)], inner: &[(&str, &[f64])], parts: Vec<Part>) -> Sample {
    Sample {
        values: values.iter().map(|(k, v)| ((*k).to_owned(), *v)).collect(),
        inner: inner.iter().map(|(k, v)| ((*k).to_owned(), v.to_vec())).collect(),
        parts,
        timeline: None,
    }
}

/// The finished run: `arms` are (id, fair name, channel).
pub(super) fn run(arms: &[(&str, &str, &str)], cells: Vec<MadeUp>) -> Run {
    let planned: Vec<Planned> = cells.iter().map(|c| plan(&c.id)).collect();
    let mut skips = Skips::new();
    let mut lines = Vec::new();
    for cell in cells {
        match cell.samples {
            Ok(samples) => lines.extend(samples.into_iter().enumerate().map(|(i, s)| line(&cell.id, i as u32, s))),
            Err(error) => drop(skips.insert(cell.id.into(), error)),
        }
    }
    summarize(header(arms), &planned, &skips, &lines, "complete")
}

/// "experiment/arm{key=value;key=value}", where a value may hold commas.
fn plan(id: &str) -> Planned {
    let (name, case) = id.split_once('{').unwrap_or((id, ""));
    let (experiment, arm) = name.split_once('/').expect("a made-up cell has an arm");
    let pairs = case.trim_end_matches('}').split(';').filter_map(|pair| pair.split_once('='));
    let case = pairs.map(|(k, v)| (k.to_owned(), v.to_owned())).collect();
    Planned { id: id.into(), experiment: experiment.into(), arm: arm.into(), case }
}

fn line(cell: &str, block: u32, sample: Sample) -> SampleLine {
    let (cell, before) = (cell.into(), CellId::default());
    SampleLine { cell, block, place: 0, before, at_ns: 0, cpu: 0, outcome: SampleOutcome::Ok(sample) }
}

fn header(arms: &[(&str, &str, &str)]) -> Header {
    let one = fixture::header(1);
    let arm = |(id, name, channel): &(&str, &str, &str)| ArmInfo {
        id: (*id).into(),
        name: (*name).to_owned(),
        channel: (*channel).to_owned(),
        backend: (*channel == "port").then(|| "software".to_owned()),
        ..one.arms[0].clone()
    };
    Header { arms: arms.iter().map(arm).collect(), ..one.clone() }
}
