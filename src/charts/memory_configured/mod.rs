//! `memory-configured`: does the host pay for the guest RAM that is configured, or for what is touched?
//!
//! Host memory against configured RAM, one line per touched amount, on two logarithmic axes: there a cost that follows
//! the configured size is a diagonal, and one that does not is flat.

mod from_run;
#[cfg(test)]
mod tests;

use super::axis::Axis;
use super::canvas::{Area, Side, Stroke};
use super::font;
use super::found::{interval, not_measured, whisker};
use super::legend::{self, Item};
use super::page::{Entry, Note, Page};
use super::style::{Series, Style};
use super::values::Arm;
use super::{Drawing, Look, words};
use crate::lang::Lang;
use crate::model::Unit;
use crate::results::derive::Estimate;
use crate::units::Scale;

pub(super) const CHART: super::Chart = super::Chart {
    id: "memory-configured",
    sentence: "Host memory against configured guest RAM, one line per touched amount, with the slope on each.",
    bench: "-x memory",
    draw: |runs, look| {
        runs.iter().find_map(|run| MemoryConfigured::from_run(run, look.lang)).map(|c| drawing(&c, look))
    },
};

/// Everything that the chart shows, in bytes.
#[derive(Debug, Clone, PartialEq)]
struct MemoryConfigured {
    lines: Vec<Line>,
    /// Is it private memory alone, as no kernel memory could be measured?
    private: bool,
    against_touched: Vec<TouchedSlope>,
    notes: Vec<Note>,
}

/// One arm after its guest touched one amount.
#[derive(Debug, Clone, PartialEq)]
struct Line {
    arm: Arm,
    touched: f64,
    preallocated: bool,
    /// In order of the configured size.
    points: Vec<Point>,
    /// None: fewer than two sizes.
    per_configured: Option<PerByte>,
    /// Sizes without a number, and why.
    holes: Vec<(f64, String)>,
}

#[derive(Debug, Clone, Copy, PartialEq)]
struct Point {
    configured: f64,
    host: Estimate,
}

/// Bytes of host memory per byte: the slope of each block's own line.
type PerByte = Estimate;

/// At one configured size, over what the guest touched.
#[derive(Debug, Clone, PartialEq)]
struct TouchedSlope {
    arm: Arm,
    configured: f64,
    preallocated: bool,
    per_touched: PerByte,
}

/// Share of the width that the plot is high.
const HEIGHT: f64 = 0.42;
const MOST_TICKS: f64 = 8.0;
/// Room left and right of the smallest and the largest size, as a factor.
const AROUND: f64 = 1.3;

fn drawing(chart: &MemoryConfigured, look: Look) -> Drawing {
    let style = Style::of(look);
    let lang = look.lang;
    let subtitle = words::CONFIGURED_SUBTITLE.of(lang);
    let mut page = Page::begin(&style, words::CONFIGURED_TITLE.of(lang), subtitle);
    if chart.points().next().is_some() {
        page.legend(&[diagonal_entry(&style, lang)]);
        draw_plot(&mut page, chart, lang);
    }
    let items: Vec<Item> = chart.lines.iter().enumerate().map(|(i, line)| item(&style, i, line, lang)).collect();
    legend::draw_list(&mut page, &items);
    page.y += style.gap() / 2.0;
    for touched in &chart.against_touched {
        page.paragraph(&touched.says(lang), style.small, style.ink);
    }
    let rows = chart.lines.iter().map(|line| line.sentence(lang));
    let slopes = chart.against_touched.iter().map(|t| t.says(lang));
    page.finish(subtitle, rows.chain(slopes), &chart.notes)
}

impl MemoryConfigured {
    fn points(&self) -> impl Iterator<Item = &Point> {
        self.lines.iter().flat_map(|line| &line.points)
    }

    /// Both reach from the smallest to the largest configured size, so that the diagonal is in sight.
    fn axes(&self, plot: Area) -> (Axis, Axis) {
        let sizes = self.points().map(|p| p.configured);
        let (least, most) = sizes.fold((f64::MAX, 0.0), |(a, b): (f64, f64), x| (a.min(x), b.max(x)));
        let low = self.points().map(|p| p.host.span().0.min(p.host.median)).fold(least, f64::min);
        let high = self.points().map(|p| p.host.span().1).fold(most, f64::max);
        let scale = Scale { unit: "MiB", per: 1024.0 * 1024.0 };
        let x = Axis::log(scale, (least / AROUND, most * AROUND), (plot.left, plot.right));
        (x, Axis::log(scale, (low / AROUND, high * AROUND), (plot.bottom, plot.top)))
    }
}

fn draw_plot(page: &mut Page, chart: &MemoryConfigured, lang: Lang) {
    let style = page.style;
    let (left, right) = style.inner();
    let right = right - legend::numbers_width(style, chart.lines.len());
    let height = ((right - left) * HEIGHT).max(legend::least_height(style, chart.lines.len()));
    let (_, y) = chart.axes(Area::new(left, page.y, right, page.y + height));
    page.paragraph(
        &y.named(if chart.private { words::CONFIGURED_Y_PRIVATE } else { words::CONFIGURED_Y }.of(lang)),
        style.small,
        style.ink,
    );
    page.y += style.gap() / 2.0;
    let plot = Area::new(left + y.left_width(style, MOST_TICKS), page.y, right, page.y + height);
    let (x, y) = chart.axes(plot);
    y.draw_left(page, plot, MOST_TICKS);
    page.y = sizes_below(page, chart, plot, &x, lang) + style.gap();
    let least = chart.points().map(|p| p.configured).fold(f64::MAX, f64::min);
    let most = chart.points().map(|p| p.configured).fold(0.0, f64::max);
    page.canvas.line(&[(x.at(least), y.at(least)), (x.at(most), y.at(most))], diagonal(style));
    let mut ends = Vec::new();
    for (i, line) in chart.lines.iter().enumerate() {
        if let Some(end) = draw_line(page, style.series(i), line, (&x, &y)) {
            ends.push((i, end, style.series(i).color));
        }
    }
    legend::draw_numbers(page, plot, &ends);
}

/// The sizes that were measured, where their labels have room, and the name of the axis. Gives the lower end.
fn sizes_below(page: &mut Page, chart: &MemoryConfigured, plot: Area, axis: &Axis, lang: Lang) -> f64 {
    let style = page.style;
    let mut sizes: Vec<f64> = chart.points().map(|p| p.configured).collect();
    sizes.sort_by(f64::total_cmp);
    sizes.dedup();
    let y = plot.bottom + Style::line(style.small) * 0.75;
    let mut free = 0.0;
    for size in sizes {
        let (x, label) = (axis.at(size), whole_size(size));
        let half = font::width(&label, style.small) / 2.0;
        page.canvas.line(&[(x, plot.top), (x, plot.bottom)], Stroke::new(style.grid, style.thick));
        if x - half >= free && x + half <= style.width {
            page.text(&label, (x, y), style.small, style.ink, Side::Center);
            free = x + half + style.gap();
        }
    }
    page.canvas.line(&[(plot.left, plot.bottom), (plot.right, plot.bottom)], Stroke::new(style.ink, style.thick));
    let y = y + Style::line(style.small) * 1.2;
    page.text(words::CONFIGURED_X.of(lang), (plot.middle().0, y), style.small, style.ink, Side::Center);
    y + Style::line(style.small)
}

/// "16 MiB", "1 GiB", "0": sizes that somebody chose are round.
fn whole_size(bytes: f64) -> String {
    let units = [("GiB", 30), ("MiB", 20), ("KiB", 10)];
    let fitting = units.iter().find(|(_, shift)| bytes > 0.0 && bytes % f64::from(1u32 << shift) == 0.0);
    fitting.map_or_else(|| format!("{bytes}"), |(unit, shift)| format!("{} {unit}", bytes / f64::from(1u32 << shift)))
}

fn diagonal(style: &Style) -> Stroke {
    Stroke { dash: "1 4", ..Stroke::new(style.faint, 2.0 * style.thick) }
}

fn diagonal_entry(style: &Style, lang: Lang) -> Entry<'_> {
    Entry {
        symbol: Box::new(move |canvas, area| {
            canvas.line(&[(area.left, area.bottom), (area.right, area.top)], diagonal(style));
        }),
        wide: 2.2,
        text: words::CONFIGURED_DIAGONAL.of(lang).to_owned(),
    }
}

/// Gives where it ends.
fn draw_line(page: &mut Page, series: Series, line: &Line, (x, y): (&Axis, &Axis)) -> Option<f64> {
    let style = page.style;
    let path: Vec<(f64, f64)> = line.points.iter().map(|p| (x.at(p.configured), y.at(p.host.median))).collect();
    let stroke = Stroke { dash: series.dash, ..Stroke::new(series.color, 2.0 * style.thick) };
    page.canvas.line(&path, stroke);
    for (point, (across, median)) in line.points.iter().zip(&path) {
        whisker(y, &point.host, *across).draw_up_in(&mut page.canvas, style, series.color);
        page.canvas.marker((*across, *median), series.marker, 4.5 * style.thick, series.color, style.paper);
    }
    Some(path.last()?.1)
}

fn item(style: &Style, i: usize, line: &Line, lang: Lang) -> Item {
    let series = (!line.points.is_empty()).then(|| style.series(i));
    Item { series, name: line.name(lang), says: line.says(lang) }
}

/// "bare VM, no operating system, 8 MiB touched, all RAM backed at the start".
fn named(arm: &Arm, of: String, preallocated: bool, lang: Lang) -> String {
    let mut all = vec![arm.name.clone(), of];
    all.extend(preallocated.then(|| words::PREALLOCATED.of(lang).to_owned()));
    all.join(", ")
}

impl Line {
    fn name(&self, lang: Lang) -> String {
        let touched = if self.touched > 0.0 {
            words::TOUCHED.with(lang, &[("touched", &whole_size(self.touched))])
        } else {
            words::UNTOUCHED.of(lang).to_owned()
        };
        named(&self.arm, touched, self.preallocated, lang)
    }

    /// The slope, then the holes, sizes of the same reason together.
    fn says(&self, lang: Lang) -> String {
        let mut all = Vec::new();
        if let Some(slope) = &self.per_configured {
            all.push(words::CONFIGURED_SLOPE.with(lang, &slope_values(slope, lang).each_ref().map(pair)));
        } else if !self.points.is_empty() {
            all.push(words::CONFIGURED_NO_SLOPE.of(lang).to_owned());
        }
        let mut holes: Vec<(&str, Vec<String>)> = Vec::new();
        for (size, reason) in &self.holes {
            match holes.iter_mut().find(|(r, _)| r == reason) {
                Some((_, sizes)) => sizes.push(whole_size(*size)),
                None => holes.push((reason, vec![whole_size(*size)])),
            }
        }
        all.extend(holes.iter().map(|(reason, sizes)| format!("{}: {}", sizes.join(", "), not_measured(reason, lang))));
        all.join("; ")
    }

    fn sentence(&self, lang: Lang) -> String {
        let points: Vec<String> = self
            .points
            .iter()
            .map(|p| {
                let scale = Scale::for_axis(Unit::Bytes, p.host.median);
                let interval = interval(scale, &p.host, lang);
                format!("{}: {} {interval}", whole_size(p.configured), scale.value(p.host.median))
            })
            .collect();
        let all = [points.join(", "), self.says(lang)].into_iter().filter(|s| !s.is_empty());
        format!("{} ({}): {}.", self.name(lang), self.arm.id, all.collect::<Vec<_>>().join("; "))
    }
}

impl TouchedSlope {
    fn says(&self, lang: Lang) -> String {
        let configured = words::CONFIGURED.with(lang, &[("configured", &whole_size(self.configured))]);
        let what = named(&self.arm, configured, self.preallocated, lang);
        let slope = slope_values(&self.per_touched, lang);
        let [a, b, c] = slope.each_ref().map(pair);
        words::TOUCHED_SLOPE.with(lang, &[("what", what.as_str()), a, b, c])
    }
}

fn slope_values(slope: &PerByte, lang: Lang) -> [(&'static str, String); 3] {
    let scale = Scale::of(Unit::BytesPerByte, slope.median);
    [
        ("slope", scale.number(slope.median)),
        ("interval", interval(scale, slope, lang)),
        ("n", words::blocks(slope.n, lang)),
    ]
}

fn pair<'a>((name, value): &'a (&'static str, String)) -> (&'a str, &'a str) {
    (name, value)
}
