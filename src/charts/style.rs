//! How charts look: a [`Look`] decides, and drawing code receives the [`Style`] made of it. No colour and no size stands
//! anywhere else.

use std::fmt;

use plotters::style::RGBColor;

use super::{Look, Theme};

/// Red, green, blue; shown as `#rrggbb`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Color(pub u8, pub u8, pub u8);

impl Color {
    pub(super) fn plotters(self) -> RGBColor {
        RGBColor(self.0, self.1, self.2)
    }
}

impl fmt::Display for Color {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        write!(f, "#{:02x}{:02x}{:02x}", self.0, self.1, self.2)
    }
}

pub(super) const WHITE: Color = Color(0xff, 0xff, 0xff);
pub(super) const BLACK: Color = Color(0, 0, 0);
/// On light fills, in every theme.
pub(super) const DARK_INK: Color = Color(0x1a, 0x1a, 0x1a);

/// Everything that drawing needs to know, but the data.
#[derive(Debug, Clone, Copy)]
pub(super) struct Style {
    pub look: Look,
    /// Pixels of the canvas; its height follows its content.
    pub width: f64,
    pub margin: f64,
    /// Sizes of text: the title, names and numbers, everything else.
    pub title: f64,
    pub label: f64,
    pub small: f64,
    /// How much thicker lines and marks are than on paper.
    pub thick: f64,
    pub paper: Color,
    pub ink: Color,
    pub faint: Color,
    pub grid: Color,
    /// "not for publication", and other things that must be seen.
    pub alarm: Color,
    palette: &'static [Color; 6],
}

/// One of several lines or clouds of points: told apart by colour, by dashes and by marker.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Series {
    pub color: Color,
    /// SVG's `stroke-dasharray`; empty: a line without gaps.
    pub dash: &'static str,
    pub marker: Marker,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Marker {
    Circle,
    Square,
    Triangle,
    Diamond,
    Wedge,
    Cross,
    Plus,
}

/// Okabe & Ito's hues, as dark as white paper needs (3 : 1); yellow is left out, which no line survives on white.
const ON_LIGHT: [Color; 6] = [
    Color(0x00, 0x00, 0x00),
    Color(0xc6, 0x4c, 0x00),
    Color(0x00, 0x72, 0xb2),
    Color(0x00, 0x87, 0x64),
    Color(0xb0, 0x56, 0x8c),
    Color(0x96, 0x6b, 0x00),
];

/// The same hues, as light as dark paper needs.
const ON_DARK: [Color; 6] = [
    Color(0xf2, 0xf2, 0xf2),
    Color(0xff, 0x8f, 0x4d),
    Color(0x5a, 0xb4, 0xf0),
    Color(0x2f, 0xc9, 0x9c),
    Color(0xe0, 0x9a, 0xc6),
    Color(0xf0, 0xc8, 0x4a),
];

const DASHES: [&str; 5] = ["", "7 3", "2 3", "10 3 2 3", "5 2 1 2 1 2"];
const MARKERS: [Marker; 7] =
    [Marker::Circle, Marker::Square, Marker::Triangle, Marker::Diamond, Marker::Wedge, Marker::Cross, Marker::Plus];

impl Style {
    pub(super) fn of(look: Look) -> Style {
        let dark = look.theme == Theme::Dark;
        let (title, label, small, thick) =
            if look.theme == Theme::Slide { (32.0, 21.0, 18.0, 1.5) } else { (22.0, 14.0, 12.0, 1.0) };
        let gray = |light: u8, dark_: u8| if dark { Color(dark_, dark_, dark_) } else { Color(light, light, light) };
        Style {
            look,
            width: f64::from(look.width),
            margin: small * 2.0,
            title,
            label,
            small,
            thick,
            paper: if dark { Color(0x14, 0x17, 0x1c) } else { WHITE },
            ink: gray(0x1a, 0xed),
            faint: gray(0x59, 0xae),
            grid: gray(0xdd, 0x38),
            alarm: if dark { Color(0xff, 0x9d, 0x5c) } else { Color(0xb8, 0x46, 0x00) },
            palette: if dark { &ON_DARK } else { &ON_LIGHT },
        }
    }

    /// The i-th of several: colours come round after 6, dashes after 5, markers after 7, so no two of 30 are alike.
    pub(super) fn series(&self, i: usize) -> Series {
        Series { color: self.palette[i % 6], dash: DASHES[i % 5], marker: MARKERS[i % 7] }
    }

    /// From one line of text to the next.
    pub(super) fn line(size: f64) -> f64 {
        (size * 1.4).ceil()
    }

    /// Between things that do not belong together.
    pub(super) fn gap(&self) -> f64 {
        self.small * 0.75
    }

    /// Left and right end of everything.
    pub(super) fn inner(&self) -> (f64, f64) {
        (self.margin, self.width - self.margin)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Relative luminance and contrast as WCAG 2.1 defines them.
    fn contrast(a: Color, b: Color) -> f64 {
        let channel = |c: u8| {
            let c = f64::from(c) / 255.0;
            if c <= 0.04045 { c / 12.92 } else { ((c + 0.055) / 1.055).powf(2.4) }
        };
        let luminance = |c: Color| 0.2126 * channel(c.0) + 0.7152 * channel(c.1) + 0.0722 * channel(c.2);
        let (x, y) = (luminance(a).max(luminance(b)), luminance(a).min(luminance(b)));
        (x + 0.05) / (y + 0.05)
    }

    #[test]
    fn text_and_lines_stand_out_in_every_theme() {
        for theme in Theme::ALL {
            let s = Style::of(Look { theme, ..Look::default() });
            for text in [s.ink, s.faint, s.alarm] {
                assert!(contrast(text, s.paper) >= 4.5, "{theme:?} {text}: {:.1}", contrast(text, s.paper));
            }
            for i in 0..12 {
                let color = s.series(i).color;
                assert!(contrast(color, s.paper) >= 3.0, "{theme:?} {color}: {:.1}", contrast(color, s.paper));
            }
        }
    }

    #[test]
    fn twelve_arms_are_told_apart_without_colour() {
        let style = Style::of(Look::default());
        let all: Vec<Series> = (0..12).map(|i| style.series(i)).collect();
        for (i, a) in all.iter().enumerate() {
            assert!(all[..i].iter().all(|b| (a.dash, a.marker) != (b.dash, b.marker)), "{i}: {a:?}");
        }
    }

    #[test]
    fn a_colour_is_written_as_css_does() {
        assert_eq!(Color(0, 0x87, 0x0a).to_string(), "#00870a");
    }
}
