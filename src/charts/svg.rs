//! Where plotters' drawing becomes SVG. Its own SVG backend rounds to whole pixels, and a dashed line comes to it as many
//! short ones; this one has fractions, and one path for them.

use std::convert::Infallible;
use std::fmt::Write as _;

use plotters_backend::text_anchor::HPos;
use plotters_backend::{BackendColor, BackendCoord, BackendStyle, BackendTextStyle, DrawingBackend, DrawingErrorKind};

use super::font;
use crate::escape::is_unseen;

/// So many of plotters' units are one pixel.
pub(super) const PER_PIXEL: i32 = 10;

/// What a path is drawn with, beside what plotters knows.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Pen {
    /// SVG's `stroke-dasharray`; empty: no gaps.
    pub dash: &'static str,
    /// Round ends: a path of one point is a dot.
    pub round: bool,
}

/// Shapes in the order in which they were drawn.
#[derive(Debug, Default)]
pub(super) struct Svg {
    body: String,
    pen: Pen,
    /// The paths of the shape that is being drawn, and its stroke.
    path: String,
    stroke: String,
}

type Done = Result<(), DrawingErrorKind<Infallible>>;

impl Svg {
    /// From here on paths join into one shape, until [`Svg::put_down`].
    pub(super) fn take(&mut self, pen: Pen) {
        self.pen = pen;
    }

    pub(super) fn put_down(&mut self) {
        let (path, stroke) = (std::mem::take(&mut self.path), std::mem::take(&mut self.stroke));
        let Pen { dash, round } = std::mem::take(&mut self.pen);
        let dash = if dash.is_empty() { String::new() } else { format!(r#" stroke-dasharray="{dash}""#) };
        let ends = if round { r#" stroke-linecap="round""# } else { "" };
        self.add(format_args!(r#"<path d="{path}" fill="none"{stroke}{dash}{ends}/>"#));
    }

    pub(super) fn body(&self) -> &str {
        &self.body
    }

    fn add(&mut self, shape: std::fmt::Arguments) {
        let _ = writeln!(self.body, "{shape}");
    }
}

impl DrawingBackend for Svg {
    type ErrorType = Infallible;

    /// The page grows with what is drawn on it.
    fn get_size(&self) -> (u32, u32) {
        (u32::from(u16::MAX), u32::from(u16::MAX))
    }

    fn ensure_prepared(&mut self) -> Done {
        Ok(())
    }

    fn present(&mut self) -> Done {
        Ok(())
    }

    fn draw_pixel(&mut self, (x, y): BackendCoord, color: BackendColor) -> Done {
        self.draw_rect((x, y), (x + PER_PIXEL, y + PER_PIXEL), &color, true)
    }

    fn draw_rect<S: BackendStyle>(&mut self, from: BackendCoord, to: BackendCoord, style: &S, fill: bool) -> Done {
        let ([x, y], [w, h]) = ([from.0, from.1].map(tenths), [to.0 - from.0, to.1 - from.1].map(tenths));
        let paint = if fill { filling(style.color()) } else { format!(r#" fill="none"{}"#, stroke(style)) };
        self.add(format_args!(r#"<rect x="{x}" y="{y}" width="{w}" height="{h}"{paint}/>"#));
        Ok(())
    }

    fn draw_line<S: BackendStyle>(&mut self, from: BackendCoord, to: BackendCoord, style: &S) -> Done {
        self.draw_path([from, to], style)
    }

    fn draw_path<S: BackendStyle, I: IntoIterator<Item = BackendCoord>>(&mut self, path: I, style: &S) -> Done {
        let mut points = 0;
        for (x, y) in path {
            let verb = if points == 0 { 'M' } else { 'L' };
            let _ = write!(self.path, "{verb}{} {}", tenths(x), tenths(y));
            points += 1;
        }
        if points == 1 {
            self.path += "h0";
        }
        self.stroke = stroke(style);
        Ok(())
    }

    fn draw_circle<S: BackendStyle>(&mut self, (x, y): BackendCoord, radius: u32, style: &S, fill: bool) -> Done {
        let [x, y, r] = [x, y, radius as i32].map(tenths);
        let paint = if fill { filling(style.color()) } else { format!(r#" fill="none"{}"#, stroke(style)) };
        self.add(format_args!(r#"<circle cx="{x}" cy="{y}" r="{r}"{paint}/>"#));
        Ok(())
    }

    fn fill_polygon<S: BackendStyle, I: IntoIterator<Item = BackendCoord>>(&mut self, corners: I, style: &S) -> Done {
        let points: Vec<String> = corners.into_iter().map(|(x, y)| format!("{},{}", tenths(x), tenths(y))).collect();
        self.add(format_args!(r#"<polygon points="{}"{}/>"#, points.join(" "), filling(style.color())));
        Ok(())
    }

    /// Every text says how wide it is in our font: a browser that lacks the font squeezes its own into that width, so
    /// that nothing overlaps there either.
    fn draw_text<S: BackendTextStyle>(&mut self, text: &str, style: &S, (x, y): BackendCoord) -> Done {
        let (size, family) = (style.size(), style.family());
        let y = short(f64::from(y) / f64::from(PER_PIXEL) + size * BASELINE);
        let anchor = match style.anchor().h_pos {
            HPos::Left => "start",
            HPos::Center => "middle",
            HPos::Right => "end",
        };
        let (x, width, size) = (tenths(x), short(font::width(text, size)), short(size));
        let (paint, family, words) = (filling(style.color()), family.as_str(), escape(text));
        self.add(format_args!(
            r#"<text x="{x}" y="{y}" text-anchor="{anchor}" textLength="{width}" lengthAdjust="spacingAndGlyphs" font-family="{family}" font-size="{size}"{paint}>{words}</text>"#
        ));
        Ok(())
    }
}

fn filling(color: BackendColor) -> String {
    let opacity = if color.alpha < 1.0 { format!(r#" fill-opacity="{}""#, color.alpha) } else { String::new() };
    format!(r#" fill="{}"{opacity}"#, hex(color))
}

fn stroke(style: &impl BackendStyle) -> String {
    let (color, width) = (style.color(), tenths(style.stroke_width() as i32));
    let opacity = if color.alpha < 1.0 { format!(r#" stroke-opacity="{}""#, color.alpha) } else { String::new() };
    format!(r#" stroke="{}" stroke-width="{width}"{opacity}"#, hex(color))
}

fn hex(color: BackendColor) -> String {
    let (r, g, b) = color.rgb;
    format!("#{r:02x}{g:02x}{b:02x}")
}

/// plotters' units in pixels.
fn tenths(units: i32) -> String {
    short(f64::from(units) / f64::from(PER_PIXEL))
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
pub(super) fn short(value: f64) -> String {
    let text = format!("{value:.1}");
    text.strip_suffix(".0").map_or(text.clone(), str::to_owned)
}

/// For text between tags. Control characters are not allowed in XML at all, and what cannot be seen may turn the rest around.
fn escape(text: &str) -> String {
    let clean: String = text.chars().map(|c| if is_unseen(c) { ' ' } else { c }).collect();
    clean.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
