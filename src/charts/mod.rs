//! Charts: a results file in, SVG and PNG out. One file per chart and a line in [`ALL`]; `style` holds what they share.
//!
//! A chart is drawn once, as SVG. The PNG is rendered from that SVG with the embedded font alone, so it looks the same
//! on every machine, whatever fonts it has.

pub mod boot_stages;
mod font;
#[cfg(feature = "png")]
mod png;
mod style;

use crate::lang::Lang;
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
    /// Draws what these runs have for it; None: they have no data for it. Most charts show the first run that has some.
    pub draw: fn(&[&Run], Look) -> Option<Drawing>,
}

/// A finished chart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Drawing {
    pub svg: String,
    /// What it shows, with the numbers, for those who don't see it.
    pub alt: String,
}

/// How charts look; the data are not changed by it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Look {
    pub lang: Lang,
    /// Pixels of the SVG.
    pub width: u32,
    /// Without one it can stand below a caption of its own.
    pub title: bool,
}

impl Default for Look {
    fn default() -> Look {
        Look { lang: Lang::En, width: 1000, title: true }
    }
}

/// Every chart of this version.
pub const ALL: &[Chart] = &[boot_stages::CHART];
