//! A whole results file from its raw samples. Pure: run again, it gives the same.
//!
//! samples → cells (columns) → summaries → noise floors (equal arms) → comparisons (against the first arm) → warnings

use super::cells::{Planned, Skips, cells_of, parse_id};
use super::chain::chain;
use super::derive::follows;
use super::schema::{Header, Run, SCHEMA, SampleLine};

/// The whole results file.
pub fn summarize(header: Header, planned: &[Planned], skips: &Skips, samples: &[SampleLine], ended: &str) -> Run {
    let mut cells = cells_of(planned, skips, samples);
    chain(&header, &mut cells);
    conclude(Run {
        schema: SCHEMA,
        header,
        cells,
        summaries: Vec::new(),
        comparisons: Vec::new(),
        noise: Vec::new(),
        warnings: Vec::new(),
        ended: ended.into(),
        wall_seconds: 0.0,
        harness_share: 0.0,
    })
}

/// Puts in place everything that follows from the header and the cells, whatever stood there.
pub(super) fn conclude(mut run: Run) -> Run {
    let follows = follows(&run.header, &run.cells);
    (run.summaries, run.noise) = (follows.summaries, follows.noise);
    (run.comparisons, run.warnings) = (follows.comparisons, follows.warnings);
    run
}

/// From the header and the raw samples alone. Why a cell was skipped is not in them: it has no sample, and says so.
pub fn recover(header: Header, samples: &[SampleLine]) -> Run {
    let planned: Vec<Planned> = header.plan.cells.iter().map(parse_id).collect();
    summarize(header, &planned, &Skips::new(), samples, "recovered")
}
