//! The harness: one plan, every cell once per block in random order, every sample on disk before the next.
//!
//! ```text
//! options → plan (pure) → runner: blocks × cells → lab: a fresh worker each → samples.jsonl → summary → run.json
//! ```

pub mod header;
pub mod plan;
pub mod runner;
