//! Whatever works from a results file alone: charts, reports, the guide with its checks. Without KVM and without root.
#![deny(unsafe_code)]

pub mod charts;
pub mod guide;
pub mod report;

#[allow(clippy::wildcard_imports, reason = "a room has the same path in every crate")]
use isolab_base::*;
#[cfg(test)]
use isolab_lab::{container, environments, experiments}; // what can be measured here has its words and charts
