//! Rows of horizontal bars above one axis: names on the left, numbers on the right. Where the page is too narrow for
//! that, the numbers stand above their bar.

use super::canvas::{Area, Side};
use super::font;
use super::marks::{Label, reason_lines, small_lines, widest_label};
use super::page::Page;
use super::style::Style;
use super::text::wrap;

pub(super) enum Row {
    /// What the rows below have in common.
    Heading {
        name: String,
        about: String,
    },
    Bar {
        name: String,
        id: String,
        value: String,
        interval: String,
    },
    /// Room for an axis of its own below the rows before it.
    Axis,
    /// Why there is no bar.
    Hole {
        name: String,
        id: String,
        reason: String,
    },
}

/// Rows in their places.
pub(super) struct Bars {
    /// Where bars and the lines of the axis are drawn.
    pub plot: Area,
    places: Vec<Place>,
    beside: bool,
}

struct Place {
    content: Placed,
    top: f64,
    bottom: f64,
    /// Half-way up the bar.
    middle: f64,
}

enum Placed {
    Axis,
    Heading { name: String, about: Vec<String> },
    Bar { label: Label, value: String, interval: String, above: Vec<String> },
    Hole { label: Label, reason: Vec<String> },
}

/// Less of the page than this is no room for bars.
const LEAST_PLOT: f64 = 0.3;

impl Bars {
    /// From where the page has got to, downwards.
    pub(super) fn place(page: &Page, rows: Vec<Row>) -> Bars {
        let style = page.style;
        let (left, right) = style.inner();
        let labels: Vec<Option<Label>> = rows.iter().map(|row| label(style, row)).collect();
        let widest = labels.iter().flatten().map(Label::width).fold(0.0, f64::max);
        let plot_left = left + widest + style.gap();
        let column = rows.iter().map(|row| value_width(style, row)).fold(0.0, f64::max);
        let beside = right - column - style.gap() - plot_left >= (right - left) * LEAST_PLOT;
        let plot_right = if beside { right - column - style.gap() } else { right };
        let mut y = page.y;
        let mut places = Vec::new();
        for (row, label) in rows.into_iter().zip(labels) {
            let content = content(style, row, label, (plot_right - plot_left, right - left), beside);
            let height = content.height(style);
            places.push(Place { top: y, bottom: y + height, middle: y + content.middle(style, height), content });
            y += height;
        }
        Bars { plot: Area::new(plot_left, page.y, plot_right, y.max(page.y + style.label)), places, beside }
    }

    /// A bar of row `i`, from one pixel along the axis to another.
    pub(super) fn area(&self, style: &Style, i: usize, from: f64, to: f64) -> Area {
        let half = thickness(style) / 2.0;
        Area::new(from, self.middle(i) - half, to, self.middle(i) + half)
    }

    pub(super) fn middle(&self, i: usize) -> f64 {
        self.places[i].middle
    }

    /// Upper end of row `i` and lower end of row `j`.
    pub(super) fn span(&self, i: usize, j: usize) -> (f64, f64) {
        (self.places[i].top, self.places[j].bottom)
    }

    /// Names, numbers, reasons: over the lines of the axis, which don't shine through.
    pub(super) fn draw_texts(&self, page: &mut Page) {
        for place in &self.places {
            match &place.content {
                Placed::Axis => {}
                Placed::Heading { name, about } => Bars::heading(page, place, name, about),
                Placed::Bar { label, value, interval, above } => {
                    label.draw(page, self.plot.left - page.style.gap(), f64::midpoint(place.top, place.bottom));
                    self.numbers(page, place, (value, interval), above);
                }
                Placed::Hole { label, reason } => {
                    let middle = f64::midpoint(place.top, place.bottom);
                    label.draw(page, self.plot.left - page.style.gap(), middle);
                    self.clear(page, place.middle, reason);
                    small_lines(page, reason, self.plot.left + page.style.gap(), middle, page.style.faint);
                }
            }
        }
    }

    fn heading(page: &mut Page, place: &Place, name: &str, about: &[String]) {
        let style = page.style;
        let (left, right) = style.inner();
        page.canvas.rect(Area::new(left, place.top, right, place.bottom), style.paper);
        let mut y = place.top + style.gap() + Style::line(style.label) / 2.0;
        page.text(name, (left, y), style.label, style.ink, Side::Left);
        y += f64::midpoint(Style::line(style.label), Style::line(style.small));
        for line in about {
            page.text(line, (left, y), style.small, style.faint, Side::Left);
            y += Style::line(style.small);
        }
    }

    fn numbers(&self, page: &mut Page, place: &Place, (value, interval): (&str, &str), above: &[String]) {
        let style = page.style;
        if self.beside {
            let x = self.plot.right + style.gap();
            page.text(value, (x, place.middle), style.label, style.ink, Side::Left);
            let x = x + font::width(value, style.label) + style.gap() / 2.0;
            page.text(interval, (x, place.middle), style.small, style.faint, Side::Left);
            return;
        }
        let middle = place.middle - f64::midpoint(thickness(style), above.len() as f64 * Style::line(style.small));
        self.clear(page, middle, above);
        small_lines(page, above, self.plot.left, middle, style.ink);
    }

    /// Paper behind lines of text.
    fn clear(&self, page: &mut Page, middle: f64, lines: &[String]) {
        let style = page.style;
        let width = lines.iter().map(|l| font::width(l, style.small)).fold(0.0, f64::max) + style.gap();
        let half = lines.len() as f64 * Style::line(style.small) / 2.0;
        let left = self.plot.left + style.thick;
        page.canvas.rect(Area::new(left, middle - half, left + width, middle + half), style.paper);
    }
}

fn thickness(style: &Style) -> f64 {
    (style.label * 1.4).round()
}

fn label(style: &Style, row: &Row) -> Option<Label> {
    match row {
        Row::Heading { .. } | Row::Axis => None,
        Row::Bar { name, id, .. } | Row::Hole { name, id, .. } => Some(Label::of(style, name, id, widest_label(style))),
    }
}

fn value_width(style: &Style, row: &Row) -> f64 {
    match row {
        Row::Bar { value, interval, .. } => {
            font::width(value, style.label) + style.gap() / 2.0 + font::width(interval, style.small)
        }
        _ => 0.0,
    }
}

fn content(style: &Style, row: Row, label: Option<Label>, (plot, page): (f64, f64), beside: bool) -> Placed {
    match (row, label) {
        (Row::Bar { value, interval, .. }, Some(label)) => {
            let above = if beside { Vec::new() } else { wrap(&format!("{value} {interval}"), style.small, plot) };
            Placed::Bar { label, value, interval, above }
        }
        (Row::Hole { reason, .. }, Some(label)) => {
            Placed::Hole { label, reason: reason_lines(style, &reason, plot - 2.0 * style.gap()) }
        }
        (Row::Axis, _) => Placed::Axis,
        (Row::Heading { name, about }, _) => Placed::Heading { name, about: wrap(&about, style.small, page) },
        (Row::Bar { .. } | Row::Hole { .. }, None) => unreachable!("bars and holes have names"),
    }
}

impl Placed {
    fn height(&self, style: &Style) -> f64 {
        let lines = |n: usize| n as f64 * Style::line(style.small);
        match self {
            Placed::Axis => lines(4),
            Placed::Heading { about, .. } => style.gap() * 1.5 + Style::line(style.label) + lines(about.len()),
            Placed::Bar { label, above, .. } => label.height().max(thickness(style) + lines(above.len())) + style.gap(),
            Placed::Hole { label, reason } => label.height().max(lines(reason.len())) + style.gap(),
        }
    }

    /// Where the bar is in a row of this height: below its numbers, if they stand above it.
    fn middle(&self, style: &Style, height: f64) -> f64 {
        match self {
            Placed::Bar { above, .. } => f64::midpoint(height, above.len() as f64 * Style::line(style.small)),
            _ => height / 2.0,
        }
    }
}
