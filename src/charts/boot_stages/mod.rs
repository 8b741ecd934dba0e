//! `boot-stages`: start time as stacked stages, one bar per arm.
//!
//! ```text
//!            title, what is drawn
//!            legend of stages
//!  name      |create|isolate  |load|re-•-|  1.32 ms (1.31–1.35)
//!  arm id    |________________|___________|_____
//!            0               0.5          1.0  ms
//!            definition · n · backend · host · fit for publication?
//! ```
//!
//! The dot is the median of the whole, the whiskers its 95 % interval. The stages are those of the starts around the
//! median, so the bar ends at the dot; the subtitle says so.

mod from_run;

use super::axis::Axis;
use super::canvas::{Area, Side};
use super::caption::Shown;
use super::found::{Found, interval, whisker};
use super::marks::{FILLS, Fill, Label, reason_lines, small_lines, stack, stack_legend};
use super::page::{Note, Page};
use super::style::Style;
use super::text::wrap;
use super::{Drawing, Look, font, starts, words};
use crate::lang::Lang;
use crate::model::Unit;
use crate::results::derive::Interval;
use crate::timeline::Stage;
use crate::units::Scale;

pub(super) const CHART: super::Chart = super::Chart {
    id: "boot-stages",
    sentence: "Start time as stacked stages, one bar per arm, with the 95 % interval of the whole.",
    bench: "-x boot",
    draw: |runs, look| Some(draw(&runs.iter().find_map(|run| BootStages::from_run(run, look.lang))?, look)),
};

/// Everything that the chart shows.
#[derive(Debug, Clone, PartialEq)]
struct BootStages {
    /// Up to ready, or up to the end.
    shown: Shown,
    bars: Vec<Bar>,
    /// Definition, number of blocks, KVM backend, host, run: one paragraph each.
    notes: Vec<Note>,
}

type Bar = Found<Stages>;

#[derive(Debug, Clone, PartialEq)]
struct Stages {
    /// Nanoseconds of each stage, in order of time; they sum to the median.
    stages: Vec<(Stage, f64)>,
    /// Nanoseconds of the whole.
    whole: Interval,
}

fn fill(stage: Stage) -> Fill {
    let last = FILLS.len() - 1;
    FILLS[match stage {
        Stage::Create => 0,
        Stage::Isolate => 1,
        Stage::Load => 2,
        Stage::Enter => 3,
        Stage::Ready => 4,
        Stage::Boot | Stage::Exit | Stage::Reap => last, // never side by side
    }]
}

/// A bar with everything whose room must be known before it is drawn.
struct Row<'a> {
    bar: &'a Bar,
    label: Label,
    value: String,
    interval: String,
    reason: Vec<String>,
    height: f64,
}

/// Where rows stand, and whether there is room for numbers behind bars; else they stand below them.
struct Layout {
    plot: Area,
    beside: bool,
    axis: Axis,
}

fn draw(chart: &BootStages, look: Look) -> Drawing {
    let style = Style::of(look);
    let lang = look.lang;
    let word = |start, command| starts::word(chart.shown, start, command).of(lang);
    let subtitle = word(words::BOOT_SUBTITLE, words::BOOT_SUBTITLE_EXIT);
    let mut page = Page::begin(&style, word(words::BOOT_TITLE, words::BOOT_TITLE_EXIT), subtitle);
    legend(&mut page, chart, lang);
    let scale = Scale::for_axis(Unit::Nanoseconds, chart.bars.iter().map(end_ns).fold(0.0, f64::max));
    let mut rows: Vec<Row> = chart.bars.iter().map(|bar| row(bar, scale, &style)).collect();
    let layout = layout(&mut rows, scale, page.y, &style);
    page.y = layout.axis.draw_below(&mut page, layout.plot, starts::axis(chart.shown, lang));
    let mut top = layout.plot.top;
    for row in &rows {
        draw_row(&mut page, row, &layout, top);
        top += row.height;
    }
    page.finish(subtitle, rows.iter().map(|row| sentence(row, scale, lang)), &chart.notes)
}

/// Stages in the order of the stack, only what occurs.
fn legend(page: &mut Page, chart: &BootStages, lang: Lang) {
    let occurs = |stage: &&Stage| {
        chart.bars.iter().filter_map(Bar::get).any(|bar| bar.stages.iter().any(|(found, _)| found == *stage))
    };
    let stages = Stage::ALL.iter().filter(occurs).map(|stage| (fill(*stage), words::stage(*stage, lang)));
    page.legend(&stack_legend(page.style, stages, words::BOOT_WHOLE.of(lang)));
}

/// Where the stack, the dot and the whiskers all end.
fn end_ns(bar: &Bar) -> f64 {
    bar.get().map_or(0.0, |Stages { stages, whole }| {
        let sum: f64 = stages.iter().map(|(_, ns)| ns).sum();
        sum.max(whole.median).max(whole.span().1)
    })
}

fn row<'a>(bar: &'a Bar, scale: Scale, style: &Style) -> Row<'a> {
    let numbers = |Stages { whole, .. }: &Stages| (scale.value(whole.median), interval(scale, whole, style.look.lang));
    let (value, interval) = bar.get().map(numbers).unwrap_or_default();
    Row { bar, label: bar.label(style), value, interval, reason: Vec::new(), height: 0.0 }
}

fn bar_height(style: &Style) -> f64 {
    style.label * 2.1
}

/// How wide the numbers of a row are, with their gaps.
fn numbers_width(row: &Row, style: &Style) -> f64 {
    font::width(&row.value, style.label) + font::width(&row.interval, style.small) + style.gap() * 4.0
}

fn layout(rows: &mut [Row], scale: Scale, top: f64, style: &Style) -> Layout {
    let (left, right) = style.inner();
    let labels = rows.iter().map(|r| r.label.width()).fold(0.0, f64::max);
    let left = left + labels + style.gap();
    let widest = rows.iter().map(|r| numbers_width(r, style)).fold(0.0, f64::max);
    let beside = widest < (right - left) * 0.5;
    let mut bottom = top;
    for row in rows.iter_mut() {
        let bar = bar_height(style);
        let mut content = bar;
        if let Some(reason) = row.bar.hole(style.look.lang) {
            row.reason = reason_lines(style, &reason, right - left - style.gap() * 2.0);
            content = content.max(row.reason.len() as f64 * Style::line(style.small));
        } else if !beside {
            content += numbers_below(row, style, right - left).len() as f64 * Style::line(style.small);
        }
        row.height = row.label.height().max(content) + style.gap() * 1.8;
        bottom += row.height;
    }
    let plot = Area::new(left, top, right, bottom.max(top + bar_height(style)));
    let room = |r: &Row| if beside { numbers_width(r, style) / (right - left) } else { 0.02 };
    let end = rows.iter().map(|r| end_ns(r.bar) / (1.0 - room(r))).fold(0.0, f64::max);
    let end = if end > 0.0 { end } else { scale.per };
    Layout { plot, beside, axis: Axis::linear(scale, (0.0, end), (left, right)) }
}

fn numbers_below(row: &Row, style: &Style, width: f64) -> Vec<String> {
    wrap(&format!("{} {}", row.value, row.interval), style.small, width)
}

fn draw_row(page: &mut Page, row: &Row, layout: &Layout, top: f64) {
    let style = page.style;
    let middle = top + row.height / 2.0;
    row.label.draw(page, layout.plot.left - style.gap(), middle);
    let Some(Stages { stages, whole }) = row.bar.get() else {
        small_lines(page, &row.reason, layout.plot.left + style.gap(), middle, style.faint);
        return;
    };
    let below = if layout.beside { Vec::new() } else { numbers_below(row, style, layout.plot.width()) };
    let below_height = below.len() as f64 * Style::line(style.small);
    let across = middle - below_height / 2.0;
    let stages = stages.iter().map(|(stage, ns)| (fill(*stage), words::stage(*stage, style.look.lang), *ns));
    stack(page, stages, &layout.axis, bar_height(style) / 2.0, whisker(&layout.axis, whole, across));
    if layout.beside {
        numbers_beside(page, row, layout.axis.at(end_ns(row.bar)), across);
    } else {
        let y = across + bar_height(style) / 2.0 + below_height / 2.0 + style.gap() * 0.3;
        let wide = below.iter().map(|l| font::width(l, style.small)).fold(0.0, f64::max) + style.gap();
        let (left, half) = (layout.plot.left + 1.0, below_height / 2.0);
        page.canvas.rect(Area::new(left, y - half, left + wide, y + half), style.paper);
        small_lines(page, &below, layout.plot.left + style.gap() / 2.0, y, style.ink);
    }
}

/// The number behind the bar, and its interval; no grid line runs through them.
fn numbers_beside(page: &mut Page, row: &Row, x: f64, y: f64) {
    let style = page.style;
    let gap = style.gap();
    let value_x = x + gap * 1.5;
    let interval_x = value_x + font::width(&row.value, style.label) + gap;
    let end = interval_x + font::width(&row.interval, style.small);
    page.canvas.rect(Area::new(value_x - 3.0, y - style.label * 0.7, end + 3.0, y + style.label * 0.7), style.paper);
    page.text(&row.value, (value_x, y), style.label, style.ink, Side::Left);
    page.text(&row.interval, (interval_x, y), style.small, style.faint, Side::Left);
}

/// One bar in words.
fn sentence(row: &Row, scale: Scale, lang: Lang) -> String {
    row.bar.sentence(lang, |Stages { stages, .. }| {
        let stages: Vec<String> =
            stages.iter().map(|(s, ns)| format!("{} {}", words::stage(*s, lang), scale.value(*ns))).collect();
        format!("{} {}; {}", row.value, row.interval, stages.join(", "))
    })
}

#[cfg(test)]
mod tests;
