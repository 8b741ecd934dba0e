//! Statistics: pure functions on samples, one value per block.
//!
//! ```text
//! one cell     summary  (what was seen)   interval (where the true median is)   outliers, drift (can it be trusted?)
//! two arms     paired   (within blocks)   noise    (what two equal arms differ by)
//! many sizes   slope    (cost of one more)
//! ```
//!
//! Everywhere: values are finite; the median comes first, because start times have a long right tail; no value is
//! dropped. The unit of repetition is the *block*: inner iterations of one sample are alike for reasons of their own
//! (same process, same memory), so an interval over them is too narrow (Kalibera & Jones, "Rigorous Benchmarking in
//! Reasonable Time", ISMM 2013; Georges et al., OOPSLA 2007).

#![cfg_attr(test, allow(clippy::float_cmp, reason = "expected values are worked by hand and exact"))]

pub mod composition;
pub mod drift;
pub mod interval;
pub mod noise;
pub mod outliers;
pub mod paired;
mod ranks;
pub mod slope;
pub mod summary;

pub use interval::{Estimate, Interval, Method, median_interval};
pub use paired::{Comparison, compare, pair};
pub use summary::{Summary, median, quantile, summarize};

/// The values in order of size.
fn sorted(values: &[f64]) -> Vec<f64> {
    let mut sorted = values.to_vec();
    sorted.sort_unstable_by(f64::total_cmp);
    sorted
}

#[cfg(test)]
mod simulation;
