//! SVG, written by hand: a dozen shapes are all that charts need, and nothing stands between them and the file.

use std::fmt::Write as _;

use super::font;
use super::style::{Color, Marker, Style};

/// Pixels from the top left corner of the canvas.
pub(super) type Point = (f64, f64);

#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Area {
    pub left: f64,
    pub top: f64,
    pub right: f64,
    pub bottom: f64,
}

impl Area {
    pub(super) fn new(left: f64, top: f64, right: f64, bottom: f64) -> Area {
        Area { left, top, right, bottom }
    }

    pub(super) fn width(&self) -> f64 {
        self.right - self.left
    }

    pub(super) fn height(&self) -> f64 {
        self.bottom - self.top
    }

    pub(super) fn middle(&self) -> Point {
        (f64::midpoint(self.left, self.right), f64::midpoint(self.top, self.bottom))
    }
}

/// A line's colour, width in pixels, and dashes.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Stroke {
    pub color: Color,
    pub width: f64,
    /// SVG's `stroke-dasharray`; empty: no gaps.
    pub dash: &'static str,
    /// 1.0: nothing shines through.
    pub opacity: f64,
}

impl Stroke {
    pub(super) fn new(color: Color, width: f64) -> Stroke {
        Stroke { color, width, dash: "", opacity: 1.0 }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Side {
    Left,
    Center,
    Right,
}

/// One line of text at one place.
pub(super) struct Text<'a> {
    pub words: &'a str,
    /// Its left, middle or right end by `side`, half-way up.
    pub at: Point,
    pub size: f64,
    pub color: Color,
    pub side: Side,
}

/// Shapes in the order in which they were drawn.
#[derive(Debug, Default)]
pub(super) struct Canvas {
    body: String,
}

impl Canvas {
    pub(super) fn rect(&mut self, area: Area, fill: Color) {
        self.rect_through(area, fill, 1.0);
    }

    /// A rectangle that what is below shines through.
    pub(super) fn rect_through(&mut self, area: Area, fill: Color, opacity: f64) {
        let opacity = if opacity < 1.0 { format!(r#" fill-opacity="{opacity}""#) } else { String::new() };
        let [x, y, w, h] = [area.left, area.top, area.width().max(0.0), area.height().max(0.0)].map(short);
        self.add(format_args!(r#"<rect x="{x}" y="{y}" width="{w}" height="{h}" fill="{fill}"{opacity}/>"#));
    }

    pub(super) fn frame(&mut self, area: Area, color: Color, width: f64) {
        let [x, y, w, h] = [area.left, area.top, area.width().max(0.0), area.height().max(0.0)].map(short);
        let width = short(width);
        self.add(format_args!(
            r#"<rect x="{x}" y="{y}" width="{w}" height="{h}" fill="none" stroke="{color}" stroke-width="{width}"/>"#
        ));
    }

    /// Straight from point to point.
    pub(super) fn line(&mut self, points: &[Point], stroke: Stroke) {
        self.lines(&[points], stroke);
    }

    /// Several lines of one kind, as one shape.
    pub(super) fn lines(&mut self, lines: &[&[Point]], stroke: Stroke) {
        let mut path = String::new();
        for line in lines {
            for (i, (x, y)) in line.iter().enumerate() {
                let (verb, x, y) = (if i == 0 { 'M' } else { 'L' }, short(*x), short(*y));
                let _ = write!(path, "{verb}{x} {y}");
            }
        }
        let Stroke { color, width, dash, opacity } = stroke;
        let dash = if dash.is_empty() { String::new() } else { format!(r#" stroke-dasharray="{dash}""#) };
        let opacity = if opacity < 1.0 { format!(r#" stroke-opacity="{opacity}""#) } else { String::new() };
        let width = short(width);
        self.add(format_args!(
            r#"<path d="{path}" fill="none" stroke="{color}" stroke-width="{width}"{dash}{opacity}/>"#
        ));
    }

    pub(super) fn circle(&mut self, (x, y): Point, radius: f64, fill: Color) {
        let [x, y, r] = [x, y, radius].map(short);
        self.add(format_args!(r#"<circle cx="{x}" cy="{y}" r="{r}" fill="{fill}"/>"#));
    }

    /// Many dots of one kind as one shape: a line without length has round ends.
    pub(super) fn dots(&mut self, points: &[Point], radius: f64, color: Color) {
        let path: String = points.iter().map(|(x, y)| format!("M{} {}h0", short(*x), short(*y))).collect();
        let width = short(radius * 2.0);
        self.add(format_args!(
            r#"<path d="{path}" fill="none" stroke="{color}" stroke-width="{width}" stroke-linecap="round"/>"#
        ));
    }

    /// A marker of a series, with a rim of paper so that it stands out from its own line.
    pub(super) fn marker(&mut self, at: Point, marker: Marker, radius: f64, color: Color, paper: Color) {
        let ((x, y), r) = (at, radius);
        let corners: Vec<Point> = match marker {
            Marker::Circle => {
                self.circle(at, r + 1.0, paper);
                self.circle(at, r, color);
                return;
            }
            Marker::Cross | Marker::Plus => {
                let d = r * 0.8;
                let arms = match marker {
                    Marker::Plus => [[(x - r, y), (x + r, y)], [(x, y - r), (x, y + r)]],
                    _ => [[(x - d, y - d), (x + d, y + d)], [(x - d, y + d), (x + d, y - d)]],
                };
                for (color, width) in [(paper, r), (color, r * 0.55)] {
                    self.lines(&[&arms[0], &arms[1]], Stroke::new(color, width));
                }
                return;
            }
            Marker::Square => vec![(x - r, y - r), (x + r, y - r), (x + r, y + r), (x - r, y + r)],
            Marker::Triangle => vec![(x, y - r * 1.2), (x + r * 1.1, y + r * 0.8), (x - r * 1.1, y + r * 0.8)],
            Marker::Wedge => vec![(x, y + r * 1.2), (x + r * 1.1, y - r * 0.8), (x - r * 1.1, y - r * 0.8)],
            Marker::Diamond => vec![(x, y - r * 1.3), (x + r * 1.3, y), (x, y + r * 1.3), (x - r * 1.3, y)],
        };
        self.polygon(&corners, color, paper);
    }

    fn polygon(&mut self, corners: &[Point], fill: Color, rim: Color) {
        let points: Vec<String> = corners.iter().map(|(x, y)| format!("{},{}", short(*x), short(*y))).collect();
        let points = points.join(" ");
        self.add(format_args!(r#"<polygon points="{points}" fill="{fill}" stroke="{rim}" stroke-width="1"/>"#));
    }

    /// Every text says how wide it is in our font: a browser that lacks the font squeezes its own into that width, so
    /// that nothing overlaps there either.
    pub(super) fn text(&mut self, text: &Text) {
        if text.words.is_empty() {
            return;
        }
        let (x, size) = (short(text.at.0), short(text.size));
        let y = short(text.at.1 + text.size * BASELINE);
        let anchor = match text.side {
            Side::Left => "start",
            Side::Center => "middle",
            Side::Right => "end",
        };
        let width = short(font::width(text.words, text.size));
        let (color, family, words) = (text.color, font::FAMILY, escape(text.words));
        self.add(format_args!(
            r#"<text x="{x}" y="{y}" text-anchor="{anchor}" textLength="{width}" lengthAdjust="spacingAndGlyphs" font-family="{family}" font-size="{size}" fill="{color}">{words}</text>"#
        ));
    }

    fn add(&mut self, shape: std::fmt::Arguments) {
        let _ = writeln!(self.body, "{shape}");
    }

    /// The whole file, with a title and a description for those who don't see it.
    pub(super) fn svg(&self, style: &Style, height: f64, title: &str, description: &str) -> String {
        let (w, h, paper) = (short(style.width), short(height.ceil()), style.paper);
        let open =
            format!(r#"<svg width="{w}" height="{h}" viewBox="0 0 {w} {h}" xmlns="http://www.w3.org/2000/svg">"#);
        let body = &self.body;
        describe(
            &format!("{open}\n<rect width=\"{w}\" height=\"{h}\" fill=\"{paper}\"/>\n{body}</svg>\n"),
            title,
            description,
        )
    }
}

/// How far below the middle of a letter as high as "H" its foot is, in sizes of the font.
pub(super) const BASELINE: f64 = 0.36;

/// SVG's own `<title>` and `<desc>`, first in the file: screen readers tell them, and so do search engines.
pub(super) fn describe(svg: &str, title: &str, description: &str) -> String {
    let (open, rest) = svg.split_once('>').unwrap_or((svg, ""));
    let open = open.replacen("<svg ", r#"<svg role="img" aria-labelledby="title desc" "#, 1);
    let (title, description) = (escape(title), escape(description));
    format!("{open}>\n<title id=\"title\">{title}</title>\n<desc id=\"desc\">{description}</desc>{rest}")
}

/// A number with as many decimals as can be seen: one.
fn short(value: f64) -> String {
    let text = format!("{value:.1}");
    text.strip_suffix(".0").map_or(text.clone(), str::to_owned)
}

/// For text between tags. Control characters are not allowed in XML at all.
fn escape(text: &str) -> String {
    let clean: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    clean.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::charts::Look;

    #[test]
    fn a_hostile_name_stays_text() {
        let style = Style::of(Look::default());
        let mut canvas = Canvas::default();
        let words = "</text><script>&amp;";
        canvas.text(&Text { words, at: (0.0, 10.0), size: 12.0, color: style.ink, side: Side::Left });
        let drawn = canvas.svg(&style, 50.0, "<b> & \u{7}", "d");
        assert!(drawn.contains("<title id=\"title\">&lt;b&gt; &amp;  </title>"), "{drawn}");
        assert!(!drawn.contains("<script"), "{drawn}");
        assert!(drawn.contains(&format!("textLength=\"{}\"", short(font::width(words, 12.0)))), "{drawn}");
    }

    #[test]
    fn numbers_are_short() {
        assert_eq!([1.0, 1.04, 1.06, -0.5, 100.0].map(short), ["1", "1", "1.1", "-0.5", "100"]);
    }

    #[test]
    fn many_dots_are_one_shape() {
        let mut canvas = Canvas::default();
        canvas.dots(&[(1.0, 2.0), (3.5, 4.0)], 1.5, Color(1, 2, 3));
        assert_eq!(canvas.body.matches("<path").count(), 1);
        assert!(
            canvas.body.contains("M1 2h0M3.5 4h0") && canvas.body.contains("stroke-width=\"3\""),
            "{}",
            canvas.body
        );
    }
}
