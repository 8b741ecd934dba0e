//! What one check of a chapter found: points, status, reason and evidence, as a reader sees it and as `--json` gives it.

use serde::{Deserialize, Serialize};

use crate::id::CellId;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Status {
    Pass,
    Fail,
    /// What it needs was not measured: leaves the total, costs nothing.
    NotDecided,
}

/// Which kind of check: each weighs its own share of the ten points.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// It exists, and is older than the run.
    Prediction,
    /// Enough blocks, an A/A arm, no leak, every proof right, summaries that follow from the samples.
    Run,
    /// Two measured things of one run stand to each other as the chapter says.
    Relation,
    /// The Make task passes its own test.
    Work,
    /// The verdict written on the card is the one that the claim's rule gives on this file.
    Card,
}

/// Where a check looked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Evidence {
    /// The file, as it was given.
    pub file: String,
    /// "boot/container", or empty where the whole file counts.
    pub cell: CellId,
    /// The cell's hash in that file, or the SHA-256 of the file.
    pub sha256: String,
    /// The numbers that were compared, in words.
    pub found: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Outcome {
    /// "ch02-card-C10": unique in a chapter, the same in every version.
    pub id: String,
    pub kind: Kind,
    pub status: Status,
    pub points: u32,
    pub possible: u32,
    /// Why this status, in one or two sentences of the reader's language.
    pub why: String,
    /// What to do next; empty after a pass.
    pub fix: String,
    /// After a pass: what it means.
    pub explanation: String,
    pub evidence: Vec<Evidence>,
}
