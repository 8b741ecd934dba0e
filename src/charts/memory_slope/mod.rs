//! `memory-slope`: host memory of N instances, and the line whose slope is the cost of one more.
//!
//! ```text
//!  private + kernel memory of all N (MiB)
//!   |                                  _-● 3
//!   |                    __--●--__--           ○ weighed, ● weighed and fitted
//!   |  ○--●--                           __-● 1
//!   |_______________________________________
//!     1   4          16               32   instances
//!  1 ─●─ process: 77.0 KiB (76.7–77.6) for one more …
//! ```

mod from_run;
#[cfg(test)]
mod tests;

use super::axis::Axis;
use super::canvas::{Area, Stroke};
use super::found::{Found, interval, whisker};
use super::legend::{self, Item};
use super::page::{Note, Page};
use super::style::{Series, Style};
use super::{Drawing, Look, words};
use crate::lang::Lang;
use crate::model::Unit;
use crate::results::derive::lines::{OneMore, Weighed};
use crate::units::Scale;

pub(super) const CHART: super::Chart = super::Chart {
    id: "memory-slope",
    sentence: "Host memory against the number of instances: the slope is the cost of one more.",
    bench: "-x memory",
    draw: |runs, look| runs.iter().find_map(|run| MemorySlope::from_run(run, look.lang)).map(|c| drawing(&c, look)),
};

/// Everything that the chart shows, in bytes.
#[derive(Debug, Clone, PartialEq)]
struct MemorySlope {
    lines: Vec<Line>,
    notes: Vec<Note>,
}

type Line = Found<OneMore>;

/// Share of the width that the plot is high.
const HEIGHT: f64 = 0.42;
const MOST_TICKS: f64 = 7.0;

fn drawing(chart: &MemorySlope, look: Look) -> Drawing {
    let style = Style::of(look);
    let lang = look.lang;
    let scale = Scale::for_axis(Unit::Bytes, chart.points().map(|p| p.bytes.median).fold(0.0, f64::max));
    let subtitle = words::SLOPE_SUBTITLE.of(lang);
    let mut page = Page::begin(&style, words::SLOPE_TITLE.of(lang), subtitle);
    if chart.points().next().is_some() {
        draw_plot(&mut page, chart, scale, lang);
    }
    let items: Vec<Item> = chart.lines.iter().enumerate().map(|(i, line)| item(&style, i, line, lang)).collect();
    legend::draw_list(&mut page, &items);
    page.finish(subtitle, chart.lines.iter().map(|line| sentence(line, lang)), &chart.notes)
}

impl MemorySlope {
    fn points(&self) -> impl Iterator<Item = &Weighed> {
        self.lines.iter().flat_map(Line::points)
    }

    fn axes(&self, scale: Scale, plot: Area) -> (Axis, Axis) {
        let most = self.points().map(|p| p.instances).fold(1.0, f64::max);
        let high = self.points().map(|p| p.bytes.span().1).fold(0.0, f64::max);
        let count = Scale::for_axis(Unit::Count, most);
        let x = Axis::linear(count, (0.0, most * 1.02), (plot.left, plot.right));
        (x, Axis::linear(scale, (0.0, high * 1.03), (plot.bottom, plot.top)))
    }
}

impl Line {
    fn points(&self) -> &[Weighed] {
        self.get().map_or(&[], |found| &found.points)
    }
}

fn draw_plot(page: &mut Page, chart: &MemorySlope, scale: Scale, lang: Lang) {
    let style = page.style;
    let (left, right) = style.inner();
    let right = right - legend::numbers_width(style, chart.lines.len());
    let height = ((right - left) * HEIGHT).max(legend::least_height(style, chart.lines.len()));
    let labels = chart.axes(scale, Area::new(left, page.y, right, page.y + height)).1.left_width(style, MOST_TICKS);
    let (_, y) = chart.axes(scale, Area::new(left, page.y, right, page.y + height));
    page.paragraph(&y.named(words::SLOPE_Y.of(lang)), style.small, style.ink);
    page.y += style.gap() / 2.0;
    let plot = Area::new(left + labels, page.y, right, page.y + height);
    let (x, y) = chart.axes(scale, plot);
    y.draw_left(page, plot, MOST_TICKS);
    page.y = x.draw_below(page, plot, words::SLOPE_X.of(lang)) + style.gap();
    let mut ends = Vec::new();
    for (i, line) in chart.lines.iter().enumerate() {
        if let Some(end) = draw_line(page, style.series(i), line, (&x, &y)) {
            ends.push((i, end, style.series(i).color));
        }
    }
    legend::draw_numbers(page, plot, &ends);
}

/// The fitted line, then the points over it. Gives where it ends.
fn draw_line(page: &mut Page, series: Series, line: &Line, (x, y): (&Axis, &Axis)) -> Option<f64> {
    let OneMore { points, slope: one_more, intercept, .. } = line.get()?;
    let (first, last) = (points.first()?, points.last()?);
    let style = page.style;
    let fitted = |n: f64| intercept.map(|b| (x.at(n), y.at(b + one_more.median * n)));
    if let Some((from, to)) = fitted(first.instances).zip(fitted(last.instances)) {
        let stroke = Stroke { dash: series.dash, ..Stroke::new(series.color, 2.0 * style.thick) };
        page.canvas.line(&[from, to], stroke);
    }
    for point in points {
        let across = x.at(point.instances);
        let whisker = whisker(y, &point.bytes, across);
        whisker.draw_up_in(&mut page.canvas, style, series.color);
        let (color, rim) = if point.fitted { (series.color, style.paper) } else { (style.paper, series.color) };
        page.canvas.marker((across, whisker.median), series.marker, 4.5 * style.thick, color, rim);
    }
    Some(y.at(last.bytes.median))
}

fn item(style: &Style, i: usize, line: &Line, lang: Lang) -> Item {
    Item {
        series: (!line.points().is_empty()).then(|| style.series(i)),
        name: line.arm.name.clone(),
        says: says(line, lang),
    }
}

/// "77.0 KiB (76.7–77.6) for one more, lack of fit 2.3 KiB, n = 7 blocks"
fn says(line: &Line, lang: Lang) -> String {
    line.says(lang, |OneMore { points, slope: one_more, lack_of_fit, .. }| {
        let scale = Scale::for_axis(Unit::Bytes, one_more.median);
        let interval = interval(scale, one_more, lang);
        let rest = lack_of_fit.map_or("–".to_owned(), |bytes| Scale::for_axis(Unit::Bytes, bytes).value(bytes));
        let word = if points.is_empty() { words::SLOPE_SAYS_ALONE } else { words::SLOPE_SAYS };
        let (value, n) = (scale.value(one_more.median), words::blocks(one_more.n, lang));
        word.with(lang, &[("value", &value), ("interval", &interval), ("rest", &rest), ("n", &n)])
    })
}

fn sentence(line: &Line, lang: Lang) -> String {
    let point = |p: &Weighed| {
        let scale = Scale::for_axis(Unit::Bytes, p.bytes.median);
        format!("N = {}: {} {}", p.instances, scale.value(p.bytes.median), interval(scale, &p.bytes, lang))
    };
    let weighed: Vec<String> = line.points().iter().map(point).collect();
    let weighed = if weighed.is_empty() { String::new() } else { format!(" {}.", weighed.join(", ")) };
    format!("{} ({}): {}.{weighed}", line.arm.name, line.arm.id, says(line, lang))
}
