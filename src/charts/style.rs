//! What all charts share: canvas, colours, text, and what is done to the finished SVG.

use plotters::backend::SVGBackend;
use plotters::coord::Shift;
use plotters::prelude::{DrawingArea, IntoDrawingArea, RGBColor, WHITE};
use plotters::style::text_anchor::{HPos, Pos, VPos};
use plotters::style::{Color, IntoFont, TextStyle};

use super::font;

/// Every chart is this wide; its height follows its content.
pub(super) const WIDTH: i32 = 1000;
pub(super) const MARGIN: i32 = 24;

pub(super) const INK: RGBColor = RGBColor(0x1a, 0x1a, 0x1a);
pub(super) const FAINT_INK: RGBColor = RGBColor(0x59, 0x59, 0x59);
pub(super) const GRID: RGBColor = RGBColor(0xdd, 0xdd, 0xdd);
/// Okabe & Ito's vermilion: "not for publication".
pub(super) const ALARM: RGBColor = RGBColor(0xb8, 0x46, 0x00);

pub(super) const TITLE_SIZE: f64 = 22.0;
pub(super) const LABEL_SIZE: f64 = 14.0;
pub(super) const SMALL_SIZE: f64 = 12.0;

pub(super) type Canvas<'a> = DrawingArea<SVGBackend<'a>, Shift>;

/// Writing to a string has no way to fail, and neither has plotters when it does only that.
pub(super) const CANNOT_FAIL: &str = "drawing into a string cannot fail";

/// One text at one place.
pub(super) struct Text<'a> {
    pub words: &'a str,
    pub at: (i32, i32),
    pub size: f64,
    pub color: RGBColor,
    pub side: HPos,
}

impl Text<'_> {
    /// `at` is its left, right or middle end by `side`, half-way up.
    pub(super) fn draw(&self, canvas: &Canvas) {
        canvas.draw_text(self.words, &text_style(self.size, self.color, self.side), self.at).expect(CANNOT_FAIL);
    }
}

/// plotters divides sizes by 1.24 on their way into SVG; we mean pixels.
pub(super) fn text_style(size: f64, color: RGBColor, end: HPos) -> TextStyle<'static> {
    let font = (font::FAMILY, size * 1.24).into_font();
    TextStyle { color: color.to_backend_color(), ..TextStyle::from(font) }.pos(Pos::new(end, VPos::Center))
}

/// Draws on a white canvas of this height and gives the SVG, with a title and a description for those who don't see it.
pub(super) fn svg(height: i32, title: &str, description: &str, draw: impl FnOnce(&Canvas)) -> String {
    let mut svg = String::new();
    {
        let canvas = SVGBackend::with_string(&mut svg, (WIDTH as u32, height as u32)).into_drawing_area();
        canvas.fill(&WHITE).expect(CANNOT_FAIL);
        draw(&canvas);
        canvas.present().expect(CANNOT_FAIL);
    }
    with_description(&with_text_lengths(&svg), title, description)
}

/// SVG's own `<title>` and `<desc>`, first in the file: screen readers tell them, and so do search engines.
fn with_description(svg: &str, title: &str, description: &str) -> String {
    let (open, rest) = svg.split_once('>').unwrap_or((svg, ""));
    let open = open.replacen("<svg ", r#"<svg role="img" aria-labelledby="title desc" "#, 1);
    let (title, description) = (escape(title), escape(description));
    format!("{open}>\n<title id=\"title\">{title}</title>\n<desc id=\"desc\">{description}</desc>{rest}")
}

/// Tells every text how wide it is in our font: a browser that lacks the font squeezes its own into that width, so that
/// nothing overlaps there either.
fn with_text_lengths(svg: &str) -> String {
    let mut parts = svg.split("<text ");
    let mut out = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let content = part.split_once('>').and_then(|(_, rest)| rest.split_once("</text>")).map_or("", |(c, _)| c);
        let size = part.split_once("font-size=\"").and_then(|(_, rest)| rest.split_once('"')).map_or("0", |(s, _)| s);
        let width = font::width(unescape(content).trim(), size.parse().unwrap_or(0.0));
        out.extend([&format!("<text textLength=\"{width:.1}\" lengthAdjust=\"spacingAndGlyphs\" "), part]);
    }
    out
}

/// For text between tags. Control characters are not allowed in XML at all.
fn escape(text: &str) -> String {
    let clean: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    clean.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

fn unescape(text: &str) -> String {
    let named = [("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\""), ("&apos;", "'"), ("&amp;", "&")];
    named.iter().fold(text.to_owned(), |text, (name, c)| text.replace(name, c))
}

/// Lines no wider than `width`: broken at spaces, inside a word after `:`, `,`, `/` or `+`, and anywhere where even
/// that is too wide. Control characters become spaces.
pub(super) fn wrap(text: &str, size: f64, width: f64) -> Vec<String> {
    let clean: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    let mut lines = vec![String::new()];
    for piece in clean.split_inclusive([' ', ':', ',', '/', '+']) {
        for piece in split_to_fit(piece, size, width) {
            let line = lines.last_mut().expect("there is a first line");
            if font::width(&format!("{line}{}", piece.trim_end()), size) <= width {
                line.push_str(&piece);
            } else {
                lines.push(piece);
            }
        }
    }
    lines.iter().map(|l| l.trim().to_owned()).filter(|l| !l.is_empty()).collect()
}

/// One piece, or several where it alone is wider than a line.
fn split_to_fit(piece: &str, size: f64, width: f64) -> Vec<String> {
    let mut parts = vec![String::new()];
    for c in piece.chars() {
        let part = parts.last_mut().expect("there is a first part");
        if !part.is_empty() && font::width(&format!("{part}{c}"), size) > width {
            parts.push(c.to_string());
        } else {
            part.push(c);
        }
    }
    parts
}

/// At most this many lines; the last one tells that something is missing.
pub(super) fn at_most(mut lines: Vec<String>, most: usize) -> Vec<String> {
    if lines.len() > most {
        lines.truncate(most);
        if let Some(last) = lines.last_mut() {
            last.pop();
            last.push('…');
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_fit_and_lose_nothing_but_spaces() {
        let text = "container:-seccomp:-net:-lo with a name that goes on, and averyveryverylongwordwithoutanybreak";
        for width in [40.0, 90.0, 200.0, 2000.0] {
            let lines = wrap(text, 14.0, width);
            assert!(lines.iter().all(|l| font::width(l, 14.0) <= width), "{width}: {lines:?}");
            assert_eq!(lines.concat().replace(' ', ""), text.replace(' ', ""));
        }
        assert_eq!(wrap(text, 14.0, 2000.0).len(), 1);
    }

    #[test]
    fn what_is_left_out_shows() {
        let lines: Vec<String> = ["one", "two", "three"].map(String::from).into();
        assert_eq!(at_most(lines.clone(), 2), ["one", "tw…"]);
        assert_eq!(at_most(lines.clone(), 3), lines);
    }

    #[test]
    fn a_hostile_name_stays_text() {
        let drawn = svg(50, "<b> & \u{7}", "d", |canvas| {
            let name = "</text><script>&amp;";
            Text { words: name, at: (0, 10), size: 12.0, color: INK, side: HPos::Left }.draw(canvas);
        });
        assert!(drawn.contains("<title id=\"title\">&lt;b&gt; &amp;  </title>"), "{drawn}");
        assert!(!drawn.contains("<script"), "{drawn}");
        assert!(drawn.contains(&format!("textLength=\"{:.1}\"", font::width("</text><script>&amp;", 12.0))), "{drawn}");
    }
}
