//! Where everything stands, in pixels. Pure: computed from the data and the widths of the texts, before drawing.

use plotters::prelude::RGBColor;

use super::{Bar, BootStages, Content};
use crate::charts::font;
use crate::charts::style::{self, FAINT_INK, INK, LABEL_SIZE, SMALL_SIZE, at_most, wrap};

pub(super) const BAR: i32 = 30;
pub(super) const GAP: i32 = 8;
/// Tick labels and the name of the axis.
pub(super) const AXIS: i32 = 48;
pub(super) const SMALL_LINE: i32 = 17;
const LABEL_LINE: i32 = 18;
const ROW_PADDING: i32 = 16;
/// The widest that the column of names may be.
const LABELS: f64 = 300.0;
/// Of which at most this many lines each for the name and the arm id.
const MOST_LINES: usize = 3;

pub(super) struct Layout {
    pub height: i32,
    pub subtitle: Vec<String>,
    pub legend_y: i32,
    /// Left, top, right, bottom of the bars' area.
    pub plot: (i32, i32, i32, i32),
    pub rows: Vec<Row>,
    /// Name, and how many nanoseconds it is.
    pub unit: (&'static str, f64),
    pub axis_end: f64,
    pub notes_y: i32,
    /// Lines, and whether each is an alarm.
    pub notes: Vec<(String, bool)>,
}

pub(super) struct Row {
    name: Vec<String>,
    arm: Vec<String>,
    pub label_right: i32,
    /// Half-way up the row, from the top of the bars' area.
    pub middle: i32,
    pub value: String,
    pub interval: String,
    /// Right end of bar and whiskers, in units of the axis.
    pub bar_end: f64,
    pub reason: Vec<String>,
}

impl Row {
    pub(super) fn label_lines(&self) -> impl Iterator<Item = (&str, f64, RGBColor, i32)> {
        let names = self.name.iter().map(|l| (l.as_str(), LABEL_SIZE, INK, LABEL_LINE));
        names.chain(self.arm.iter().map(|l| (l.as_str(), SMALL_SIZE, FAINT_INK, SMALL_LINE)))
    }

    pub(super) fn label_height(&self) -> i32 {
        self.label_lines().map(|l| l.3).sum()
    }

    fn height(&self) -> i32 {
        let reason = self.reason.len() as i32 * SMALL_LINE;
        ROW_PADDING + self.label_height().max(reason).max(BAR)
    }
}

impl Layout {
    pub(super) fn of(chart: &BootStages) -> Layout {
        let inner = f64::from(style::WIDTH - 2 * style::MARGIN);
        let unit = unit(longest_ns(chart));
        let mut rows: Vec<Row> = chart.bars.iter().map(|b| row(b, unit)).collect();
        let labels = rows.iter().flat_map(Row::label_lines).map(|l| font::width(l.0, l.1)).fold(0.0, f64::max);
        let subtitle = wrap(&chart.subtitle, SMALL_SIZE, inner);
        let left = style::MARGIN + labels.ceil() as i32 + GAP;
        let right = style::WIDTH - style::MARGIN;
        let mut bars_height = 0;
        for (row, bar) in rows.iter_mut().zip(&chart.bars) {
            row.label_right = left - GAP;
            row.reason = reason(bar, f64::from(right - left - 2 * GAP));
            row.middle = bars_height + row.height() / 2;
            bars_height += row.height();
        }
        let legend_y = style::MARGIN + 38 + subtitle.len() as i32 * SMALL_LINE + 12;
        let top = legend_y + 18;
        let bottom = top + bars_height.max(BAR);
        let notes_y = bottom + AXIS + 22;
        let notes = notes(chart, inner);
        Layout {
            height: notes_y + notes.len() as i32 * SMALL_LINE + style::MARGIN - SMALL_LINE / 2,
            subtitle,
            legend_y,
            plot: (left, top, right, bottom),
            axis_end: axis_end(&rows, f64::from(right - left)),
            rows,
            unit,
            notes_y,
            notes,
        }
    }

    /// "0.153 ms", in the unit of the axis.
    pub(super) fn value(&self, ns: f64) -> String {
        format!("{} {}", number(ns / self.unit.1), self.unit.0)
    }
}

/// One unit for the whole chart, so that bars and labels compare.
fn unit(longest_ns: f64) -> (&'static str, f64) {
    match longest_ns {
        ns if ns < 1e3 => ("ns", 1.0),
        ns if ns < 1e6 => ("µs", 1e3),
        ns if ns < 1e10 => ("ms", 1e6),
        _ => ("s", 1e9),
    }
}

fn longest_ns(chart: &BootStages) -> f64 {
    chart.bars.iter().map(|b| end_ns(&b.content)).fold(0.0, f64::max)
}

/// Where the stack, the dot and the whiskers all end.
fn end_ns(content: &Content) -> f64 {
    match content {
        Content::Missing(_) => 0.0,
        Content::Measured { stages, median_ns, ends_ns } => {
            let sum: f64 = stages.iter().map(|(_, ns)| ns).sum();
            sum.max(*median_ns).max(ends_ns.map_or(0.0, |(_, high)| high))
        }
    }
}

fn row(bar: &Bar, unit: (&'static str, f64)) -> Row {
    let (value, interval) = match &bar.content {
        Content::Missing(_) => (String::new(), String::new()),
        Content::Measured { median_ns, ends_ns, .. } => {
            let interval = match ends_ns {
                Some((low, high)) => format!("({}–{})", number(low / unit.1), number(high / unit.1)),
                None => "(too few blocks for an interval)".into(),
            };
            (format!("{} {}", number(median_ns / unit.1), unit.0), interval)
        }
    };
    let lines = |text: &str, size| at_most(wrap(text, size, LABELS), MOST_LINES);
    let arm = if bar.arm == bar.name { Vec::new() } else { lines(&bar.arm, SMALL_SIZE) };
    let name = lines(&bar.name, LABEL_SIZE);
    let bar_end = end_ns(&bar.content) / unit.1;
    Row { name, arm, label_right: 0, middle: 0, value, interval, bar_end, reason: Vec::new() }
}

fn reason(bar: &Bar, width: f64) -> Vec<String> {
    match &bar.content {
        Content::Missing(reason) => at_most(wrap(&format!("not measured: {reason}"), SMALL_SIZE, width), MOST_LINES),
        Content::Measured { .. } => Vec::new(),
    }
}

/// So that behind the longest bar there is room for its label: `end · (1 − label / width)` is where a bar may end.
fn axis_end(rows: &[Row], width: f64) -> f64 {
    let needed = rows.iter().map(|r| {
        let texts = font::width(&r.value, LABEL_SIZE) + font::width(&r.interval, SMALL_SIZE);
        let label = texts + f64::from(4 * GAP);
        r.bar_end / (1.0 - label / width).max(0.2)
    });
    let end = needed.fold(0.0, f64::max);
    if end > 0.0 { end } else { 1.0 }
}

fn notes(chart: &BootStages, width: f64) -> Vec<(String, bool)> {
    let plain = chart.notes.iter().map(|n| (n, false));
    let all = plain.chain(chart.unfit.iter().map(|u| (u, true)));
    all.flat_map(|(note, alarm)| wrap(note, SMALL_SIZE, width).into_iter().map(move |l| (l, alarm))).collect()
}

/// Three digits that count: 0.153, 1.32, 13.2, 132, 1320.
pub(super) fn number(value: f64) -> String {
    let decimals = match value.abs() {
        v if v >= 99.95 => 0,
        v if v >= 9.995 => 1,
        v if v >= 0.9995 => 2,
        v if v >= 0.09995 || v <= 0.0 => 3,
        _ => 4,
    };
    format!("{value:.decimals$}")
}

/// A number on the axis: as few digits as tell it.
pub(super) fn tick(value: f64) -> String {
    let text = format!("{value:.4}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn three_digits_that_count() {
        for (value, text) in [
            (0.1534, "0.153"),
            (0.99951, "1.00"),
            (1.3249, "1.32"),
            (99.96, "100"),
            (4021.4, "4021"),
            (0.012_34, "0.0123"),
            (0.0, "0.000"),
        ] {
            assert_eq!(number(value), text);
        }
    }

    #[test]
    fn ticks_have_no_idle_zeros() {
        for (value, text) in [(0.0, "0"), (0.5, "0.5"), (0.1 + 0.2, "0.3"), (20.0, "20")] {
            assert_eq!(tick(value), text);
        }
    }

    #[test]
    fn the_unit_follows_the_longest() {
        assert_eq!([900.0, 153e3, 1.3e6, 4.2e9, 45e9].map(|ns| unit(ns).0), ["ns", "µs", "ms", "ms", "s"]);
    }
}
