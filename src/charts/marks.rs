//! What several charts draw: the name of a row, a bar's segment, an interval.

use super::axis::Axis;
use super::canvas::{Area, Canvas, Point, Side, Stroke};
use super::font;
use super::page::{Entry, Page};
use super::style::{BLACK, Color, DARK_INK, Style, WHITE};
use super::text::{at_most, wrap};

/// Lines that a name, an arm's id or a reason may take before it is cut with "…".
const MOST_LINES: usize = 4;

/// The name of a row, and below it, smaller, the id that is typed.
pub(super) struct Label {
    name: Vec<String>,
    id: Vec<String>,
    name_size: f64,
    id_size: f64,
}

impl Label {
    pub(super) fn of(style: &Style, name: &str, id: &str, most: f64) -> Label {
        let lines = |text: &str, size| at_most(wrap(text, size, most), MOST_LINES);
        let id = if id == name { Vec::new() } else { lines(id, style.small) };
        Label { name: lines(name, style.label), id, name_size: style.label, id_size: style.small }
    }

    pub(super) fn width(&self) -> f64 {
        let of = |lines: &[String], size| lines.iter().map(|l| font::width(l, size)).fold(0.0, f64::max);
        of(&self.name, self.name_size).max(of(&self.id, self.id_size)).ceil()
    }

    pub(super) fn height(&self) -> f64 {
        self.name.len() as f64 * Style::line(self.name_size) + self.id.len() as f64 * Style::line(self.id_size)
    }

    /// Ends at `right`, half-way up at `middle`.
    pub(super) fn draw(&self, page: &mut Page, right: f64, middle: f64) {
        let mut y = middle - self.height() / 2.0;
        let (ink, faint) = (page.style.ink, page.style.faint);
        let names = self.name.iter().map(|l| (l, self.name_size, ink));
        for (line, size, color) in names.chain(self.id.iter().map(|l| (l, self.id_size, faint))) {
            page.text(line, (right, y + Style::line(size) / 2.0), size, color, Side::Right);
            y += Style::line(size);
        }
    }
}

/// Does this name lose its end in a [`Label`] that wide?
pub(super) fn is_cut(style: &Style, name: &str, most: f64) -> bool {
    wrap(name, style.label, most).len() > MOST_LINES
}

/// How wide the column of names may be: a third of the page, and not more than reads well.
pub(super) fn widest_label(style: &Style) -> f64 {
    (style.width * 0.34).min(style.label * 22.0)
}

/// Lines of small text from `left`, half-way up at `middle`: why there is nothing to see, for example.
pub(super) fn small_lines(page: &mut Page, lines: &[String], left: f64, middle: f64, color: Color) {
    let height = Style::line(page.style.small);
    let top = middle - lines.len() as f64 * height / 2.0;
    for (i, line) in lines.iter().enumerate() {
        page.text(line, (left, top + (i as f64 + 0.5) * height), page.style.small, color, Side::Left);
    }
}

/// A reason, cut to what a hole in a chart has room for.
pub(super) fn reason_lines(style: &Style, reason: &str, width: f64) -> Vec<String> {
    at_most(wrap(reason, style.small, width), MOST_LINES)
}

/// What a segment of a bar is filled with.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Fill {
    pub color: Color,
    pub hatch: Hatch,
    /// Of a name inside.
    pub ink: Color,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Hatch {
    None,
    Rising,
    Falling,
}

/// For bars whose segments follow each other: from dark to light, so they are told apart with any colour vision (Okabe &
/// Ito's hues) and in grey. The hatch tells once more.
pub(super) const FILLS: [Fill; 6] = [
    Fill { color: Color(0x12, 0x35, 0x5b), hatch: Hatch::None, ink: WHITE },
    Fill { color: Color(0x00, 0x72, 0xb2), hatch: Hatch::Rising, ink: WHITE },
    Fill { color: Color(0x56, 0xb4, 0xe9), hatch: Hatch::None, ink: DARK_INK },
    Fill { color: Color(0xf2, 0xc1, 0x4e), hatch: Hatch::Falling, ink: DARK_INK },
    Fill { color: Color(0xfb, 0xee, 0xb8), hatch: Hatch::None, ink: DARK_INK },
    Fill { color: Color(0xb4, 0xb4, 0xb4), hatch: Hatch::Rising, ink: DARK_INK },
];

/// A filled, hatched box with a rim.
pub(super) fn segment(canvas: &mut Canvas, style: &Style, area: Area, fill: Fill) {
    canvas.rect(area, fill.color);
    let lines = hatch_lines(area, fill.hatch, style.small * 0.6);
    if !lines.is_empty() {
        let lines: Vec<&[Point]> = lines.iter().map(<[Point; 2]>::as_slice).collect();
        canvas.lines(&lines, Stroke { opacity: 0.55, ..Stroke::new(WHITE, style.thick) });
    }
    canvas.frame(area, style.ink, style.thick);
}

/// Segments that follow each other from 0 on, each with its name where that has room left of the whisker.
pub(super) fn stack<'a>(
    page: &mut Page,
    parts: impl Iterator<Item = (Fill, &'a str, f64)>,
    axis: &Axis,
    half: f64,
    whisker: Whisker,
) {
    let style = page.style;
    let free_until = whisker.ends.map_or(whisker.median, |(low, _)| low) - 6.0 * style.thick;
    let mut from = 0.0;
    for (fill, name, value) in parts {
        let (left, right) = (axis.at(from), axis.at(from + value));
        let area = Area::new(left, whisker.across - half, right, whisker.across + half);
        segment(&mut page.canvas, style, area, fill);
        segment_name(page, area, fill, name, free_until);
        from += value;
    }
    whisker.draw_across(&mut page.canvas, style);
}

/// What each segment means, and the whisker of the whole; nothing where there is no segment.
pub(super) fn stack_legend<'a>(
    style: &'a Style,
    parts: impl Iterator<Item = (Fill, &'static str)>,
    whole: &str,
) -> Vec<Entry<'a>> {
    let mut entries: Vec<Entry> = parts
        .map(|(fill, text)| Entry {
            symbol: Box::new(move |canvas, area| segment(canvas, style, area, fill)),
            wide: 1.8,
            text: text.to_owned(),
        })
        .collect();
    if !entries.is_empty() {
        entries.push(whisker_entry(style, whole));
    }
    entries
}

/// The name of a segment in its middle, where it fits left of `free_until`.
fn segment_name(page: &mut Page, area: Area, fill: Fill, name: &str, free_until: f64) {
    let size = page.style.small;
    let half = font::width(name, size) / 2.0 + size * 0.4;
    let (x, y) = area.middle();
    if x - half < area.left || x + half > area.right.min(free_until) {
        return;
    }
    if fill.hatch != Hatch::None {
        page.canvas.rect(Area::new(x - half, y - size * 0.7, x + half, y + size * 0.7), fill.color);
    }
    page.text(name, (x, y), size, fill.ink, Side::Center);
}

/// Lines at 45°, clipped to the area.
fn hatch_lines(area: Area, hatch: Hatch, step: f64) -> Vec<[Point; 2]> {
    let height = area.height();
    if hatch == Hatch::None || area.width() < 4.0 {
        return Vec::new();
    }
    let count = ((area.width() + height) / step) as usize;
    let lines = (0..=count).map(|i| area.left - height + i as f64 * step).filter(|x| *x < area.right).map(|x| {
        let (a, b) = (x.max(area.left), (x + height).min(area.right));
        [(a, area.bottom - (a - x)), (b, area.bottom - (b - x))]
    });
    match hatch {
        Hatch::Falling => lines.map(|line| line.map(|(x, y)| (x, area.top + area.bottom - y))).collect(),
        _ => lines.collect(),
    }
}

/// The median as a dot, and its interval as a line between two caps; None: too few blocks, so no line is drawn. Pixels
/// along the axis; `across` is where it stands on the other one. White below, black above: seen on every fill.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Whisker {
    pub median: f64,
    pub ends: Option<(f64, f64)>,
    pub across: f64,
}

impl Whisker {
    /// Along a horizontal axis.
    pub(super) fn draw_across(self, canvas: &mut Canvas, style: &Style) {
        self.draw(canvas, style, 6.0, &|along, off| (along, self.across + off), (WHITE, BLACK));
    }

    /// In the colour of a series, on paper; its ends look out from behind a marker.
    pub(super) fn draw_across_in(self, canvas: &mut Canvas, style: &Style, color: Color) {
        self.draw(canvas, style, 9.0, &|along, off| (along, self.across + off), (style.paper, color));
    }

    /// Along a vertical axis, in the colour of a series, on paper.
    pub(super) fn draw_up_in(self, canvas: &mut Canvas, style: &Style, color: Color) {
        self.draw(canvas, style, 9.0, &|along, off| (self.across + off, along), (style.paper, color));
    }

    /// `cap`: half the length of the line at each end.
    fn draw(
        self,
        canvas: &mut Canvas,
        style: &Style,
        cap: f64,
        at: &dyn Fn(f64, f64) -> Point,
        (rim, color): (Color, Color),
    ) {
        let cap = cap * style.thick;
        for (color, wide, radius) in [(rim, 5.0, 5.0), (color, 2.0, 3.0)] {
            if let Some((low, high)) = self.ends {
                let across = [at(low, 0.0), at(high, 0.0)];
                let [first, last] = [low, high].map(|end| [at(end, -cap), at(end, cap)]);
                canvas.lines(&[&across, &first, &last], Stroke::new(color, wide * style.thick));
            }
            canvas.circle(at(self.median, 0.0), radius * style.thick, color);
        }
    }
}

/// What a [`Whisker`] means.
pub(super) fn whisker_entry<'a>(style: &'a Style, text: &str) -> Entry<'a> {
    let symbol = move |canvas: &mut Canvas, area: Area| {
        let (x, across) = area.middle();
        let whisker = Whisker { median: x, ends: Some((area.left, area.right)), across };
        whisker.draw_across(canvas, style);
    };
    Entry { symbol: Box::new(symbol), wide: 2.2, text: text.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hatches_stay_inside() {
        let area = Area::new(10.0, 20.0, 45.0, 50.0);
        for hatch in [Hatch::Rising, Hatch::Falling] {
            let lines = hatch_lines(area, hatch, 7.0);
            assert!(lines.len() > 5);
            for (x, y) in lines.into_iter().flatten() {
                assert!((10.0..=45.0).contains(&x) && (20.0..=50.0).contains(&y), "{x} {y}");
            }
        }
        assert!(hatch_lines(area, Hatch::None, 7.0).is_empty());
    }

    #[test]
    fn fills_that_follow_each_other_differ_in_grey() {
        let grey = |c: Color| 0.299 * f64::from(c.0) + 0.587 * f64::from(c.1) + 0.114 * f64::from(c.2);
        for pair in FILLS.windows(2) {
            let differ = (grey(pair[0].color) - grey(pair[1].color)).abs();
            assert!(differ > 12.0 && (differ > 30.0 || pair[0].hatch != pair[1].hatch), "{pair:?}: {differ}");
        }
    }

    #[test]
    fn without_an_interval_there_is_a_dot_and_no_line() {
        let style = Style::of(crate::charts::Look::default());
        let drawn = |ends| {
            let mut canvas = Canvas::default();
            Whisker { median: 50.0, ends, across: 20.0 }.draw_across(&mut canvas, &style);
            canvas.svg(&style, 40.0, "", "")
        };
        assert!(!drawn(None).contains("<path") && drawn(None).contains("<circle"));
        assert!(drawn(Some((40.0, 60.0))).contains("M40 20L60 20"));
    }
}
