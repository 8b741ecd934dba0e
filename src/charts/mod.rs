//! Charts: a results file in, SVG and PNG out. One file per chart; `style` holds what they share.
//!
//! A chart is drawn once, as SVG. The PNG is rendered from that SVG with the embedded font alone, so it looks the same
//! on every machine, whatever fonts it has.

pub mod boot_stages;
mod font;
#[cfg(feature = "png")]
mod png;
mod style;

#[cfg(feature = "png")]
pub use png::png;
