//! Charts: a results file in, SVG and PNG out. One file per chart and a line in [`ALL`]; `style` holds what they share.
//!
//! A chart is drawn once, as SVG. The PNG is rendered from that SVG with the embedded font alone, so it looks the same
//! on every machine, whatever fonts it has.

pub mod boot_stages;
mod font;
#[cfg(feature = "png")]
mod png;
mod style;

use crate::results::schema::Run;
#[cfg(feature = "png")]
pub use png::png;

/// One kind of chart.
#[derive(Debug)]
pub struct Chart {
    /// The name that is typed, and that its files have.
    pub id: &'static str,
    /// What it shows, in one sentence that ends with a full stop.
    pub sentence: &'static str,
    /// SVG; None: this run has no data for it.
    pub draw: fn(&Run) -> Option<String>,
}

/// Every chart of this version.
pub const ALL: &[Chart] = &[boot_stages::CHART];
