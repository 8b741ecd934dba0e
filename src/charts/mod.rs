//! Charts: a results file in, SVG and PNG out. One file per chart and a line in [`ALL`]; the rest is what they share.
//!
//! ```text
//! run → what the chart shows (plain data) → a Page, from top to bottom → Drawing { svg, alt }
//!
//! style    colours and sizes, made of a Look      words    every word, English and Korean
//! canvas   SVG                                    font     how wide a text is
//! page     title, legend, notes                   caption  what the foot of a chart says
//! axis     from a value to a place                marks    names of rows, segments, intervals
//! bars     rows of bars above one axis            rows     one number per arm
//! starts   which cells are single starts         key      numbered lines, and the list of what they mean
//! ```
//!
//! [plotters](https://docs.rs/plotters) draws; what it cannot, is ours. Read in plotters 0.3.7:
//!
//! | | plotters | ours, and why |
//! |---|---|---|
//! | shapes, text, their styles | elements on a drawing area | – |
//! | from a value to a place | `RangedCoordf64`, `LogCoord` | – |
//! | fractions of a pixel | coordinates are `i32` | `canvas`, `axis`: units that are a part of a pixel |
//! | SVG | a backend of whole pixels | `svg`: a backend with fractions |
//! | dashes, many dots | one short path for each | `svg`: one path, `stroke-dasharray` and round ends |
//! | how wide a text is | a guess by its number of bytes, three times too wide in Korean | `font`: the embedded font's own widths |
//! | ticks | key points by their number; a mesh draws all their labels | `axis`: as many as their labels have room for |
//! | title, legend, notes | one line each, as wide as it comes | `page`, `caption`: lines that are wrapped, a page as high as they need |
//!
//! A chart is drawn once, as SVG. The PNG is rendered from that SVG with the embedded font alone, so it looks the same
//! on every machine, whatever fonts it has.

mod aa;
mod axis;
mod bars;
mod boot_ecdf;
mod boot_stages;
mod canvas;
mod caption;
mod cost;
mod cpu;
#[cfg(test)]
mod example;
#[cfg(test)]
mod fixture;
mod font;
mod found;
mod inventory;
mod legend;
mod marks;
mod memory_configured;
mod memory_parts;
mod memory_slope;
mod page;
#[cfg(feature = "png")]
mod png;
mod rate;
mod rows;
mod run_order;
mod starts;
mod strip;
mod style;
mod svg;
#[cfg(test)]
mod tests;
mod text;
mod values;
mod words;

use crate::lang::Lang;
use crate::results::schema::Run;
#[cfg(feature = "png")]
pub use png::{outlines, png};
pub use words::{stage, versus};

/// One kind of chart.
#[derive(Debug)]
pub struct Chart {
    /// The name that is typed, and that its files have.
    pub id: &'static str,
    /// What it shows, in one sentence that ends with a full stop.
    pub sentence: &'static str,
    /// What `bench` measures for it, as it is typed.
    pub bench: &'static str,
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
    /// Pixels of the SVG, [`NARROWEST`] to [`WIDEST`].
    pub width: u32,
    /// Without one it can stand below a caption of its own.
    pub title: bool,
    /// Host, run, seed and whether it may be published, below the chart: a page of several charts says it once itself.
    pub of_run: bool,
    pub theme: Theme,
}

/// Narrower, names and numbers have no room; wider, the eye loses the line.
pub const NARROWEST: u32 = 480;
pub const WIDEST: u32 = 2400;

impl Default for Look {
    fn default() -> Look {
        Look { lang: Lang::En, width: 1000, title: true, of_run: true, theme: Theme::Light }
    }
}

impl Look {
    /// The name of this chart's file without its ending: what is not as usual is in it, "boot-stages.ko.dark.w800", so that
    /// one look never overwrites another.
    pub fn file_stem(&self, chart: &str) -> String {
        let usual = Look::default();
        let mut name = chart.to_owned();
        if self.lang != usual.lang {
            name += &format!(".{}", self.lang.code());
        }
        if self.theme != usual.theme {
            name += &format!(".{}", self.theme.name());
        }
        if self.width != usual.width {
            name += &format!(".w{}", self.width);
        }
        if !self.title {
            name += ".no-title";
        }
        name
    }
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Theme {
    /// For paper.
    #[default]
    Light,
    Dark,
    /// Large letters and thick lines, to be read from the last row.
    Slide,
}

impl Theme {
    pub const ALL: [Theme; 3] = [Theme::Light, Theme::Dark, Theme::Slide];

    pub fn name(self) -> &'static str {
        match self {
            Theme::Light => "light",
            Theme::Dark => "dark",
            Theme::Slide => "slide",
        }
    }
}

/// Every chart of this version.
pub const ALL: &[Chart] = &[
    boot_stages::CHART,
    boot_ecdf::CHART,
    rate::CHART,
    memory_slope::CHART,
    memory_parts::CHART,
    memory_configured::CHART,
    cost::CHART,
    cpu::CHART,
    inventory::CHART,
    aa::CHART,
    run_order::CHART,
];
