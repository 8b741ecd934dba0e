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
//! The dot is the median of the whole, the whiskers its 95 % interval. Stage lengths are medians too, each of its own,
//! so they need not add up to the dot; the caption says so.

mod from_run;
mod layout;

use plotters::chart::{ChartBuilder, ChartContext};
use plotters::coord::types::RangedCoordf64;
use plotters::element::{Circle, PathElement, Rectangle};
use plotters::prelude::{BLACK, Cartesian2d, RGBColor, WHITE};
use plotters::style::text_anchor::HPos;
use plotters::style::{Color, ShapeStyle};

use super::style::{self, ALARM, CANNOT_FAIL, Canvas, FAINT_INK, GRID, INK, LABEL_SIZE, SMALL_SIZE, TITLE_SIZE, Text};
use super::{Drawing, font};
use crate::timeline::Stage;
use layout::{Layout, Row};

pub(super) const CHART: super::Chart = super::Chart {
    id: "boot-stages",
    sentence: "Start time as stacked stages, one bar per arm, with the 95 % interval of the whole.",
    draw: |runs, _| runs.iter().find_map(|run| BootStages::from_run(run)).map(|chart| drawing(&chart)),
};

/// Everything that the chart shows.
#[derive(Debug, Clone, PartialEq)]
pub struct BootStages {
    pub title: String,
    /// What a bar, its dot and its whiskers are.
    pub subtitle: String,
    pub bars: Vec<Bar>,
    /// Definition, number of blocks, KVM backend, host, run: one paragraph each.
    pub notes: Vec<String>,
    /// "not for publication: …".
    pub unfit: Option<String>,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Bar {
    /// The fair name.
    pub name: String,
    pub arm: String,
    pub content: Content,
}

#[derive(Debug, Clone, PartialEq)]
pub enum Content {
    Measured {
        /// Median nanoseconds of each stage, in order of time.
        stages: Vec<(Stage, f64)>,
        /// Median nanoseconds of the whole.
        median_ns: f64,
        /// Its 95 % interval; None: too few blocks.
        ends_ns: Option<(f64, f64)>,
    },
    /// Why there is no bar. A hole is shown, never closed.
    Missing(String),
}

/// Blue to yellow, from dark to light: told apart with any colour vision (Okabe & Ito's hues) and in grey. The hatch and
/// the name inside a wide segment tell once more.
const STAGES: [(Stage, RGBColor, Hatch); 5] = [
    (Stage::Create, RGBColor(0x12, 0x35, 0x5b), Hatch::None),
    (Stage::Isolate, RGBColor(0x00, 0x72, 0xb2), Hatch::Rising),
    (Stage::Load, RGBColor(0x56, 0xb4, 0xe9), Hatch::None),
    (Stage::Enter, RGBColor(0xf2, 0xc1, 0x4e), Hatch::Falling),
    (Stage::Ready, RGBColor(0xfb, 0xee, 0xb8), Hatch::None),
];

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Hatch {
    None,
    Rising,
    Falling,
}

type Chart<'a, 'b> = ChartContext<'a, plotters::backend::SVGBackend<'b>, Cartesian2d<RangedCoordf64, RangedCoordf64>>;

/// Pixels on the canvas: left, top, right, bottom.
type Area = (i32, i32, i32, i32);

/// The chart with its alternative text.
fn drawing(chart: &BootStages) -> Drawing {
    Drawing { svg: draw(chart), alt: description(chart, &Layout::of(chart)) }
}

/// The chart as SVG.
pub fn draw(chart: &BootStages) -> String {
    let layout = Layout::of(chart);
    style::svg(layout.height, &chart.title, &description(chart, &layout), |canvas| {
        header(canvas, chart, &layout);
        legend(canvas, chart, &layout);
        let plot = axes(canvas, &layout);
        for (row, bar) in layout.rows.iter().zip(&chart.bars) {
            labels(canvas, row, layout.plot.1 + row.middle);
            match &bar.content {
                Content::Measured { stages, median_ns, ends_ns } => {
                    let at = |ns: f64| plot.backend_coord(&(ns / layout.unit.1, f64::from(row.middle)));
                    let (low, high) = ends_ns.unwrap_or((*median_ns, *median_ns));
                    stack(canvas, &at, at(low).0, stages);
                    whiskers(canvas, [at(low), at(*median_ns), at(high)]);
                    value(canvas, row, at(row.bar_end * layout.unit.1));
                }
                Content::Missing(_) => missing(canvas, row, &layout),
            }
        }
        notes(canvas, &layout);
    })
}

fn header(canvas: &Canvas, chart: &BootStages, layout: &Layout) {
    let text = |text, y, size, color| {
        Text { words: text, at: (style::MARGIN, y), size, color, side: HPos::Left }.draw(canvas);
    };
    text(&chart.title, style::MARGIN + 10, TITLE_SIZE, INK);
    for (i, line) in layout.subtitle.iter().enumerate() {
        text(line, style::MARGIN + 38 + i as i32 * layout::SMALL_LINE, SMALL_SIZE, FAINT_INK);
    }
}

/// In the order of the stack, only what occurs.
fn legend(canvas: &Canvas, chart: &BootStages, layout: &Layout) {
    let (mut x, y) = (layout.plot.0, layout.legend_y);
    let mut entry = |wide: i32, text: &str, symbol: &dyn Fn(i32)| {
        symbol(x);
        Text { words: text, at: (x + wide + 6, y), size: SMALL_SIZE, color: INK, side: HPos::Left }.draw(canvas);
        x += wide + 6 + font::width(text, SMALL_SIZE) as i32 + 20;
    };
    for (stage, color, hatch) in STAGES.iter().filter(|s| occurs(chart, s.0)) {
        entry(22, stage.name(), &|x| segment(canvas, (x, y - 7, x + 22, y + 7), *color, *hatch));
    }
    if chart.bars.iter().any(|b| matches!(b.content, Content::Measured { .. })) {
        entry(26, "median of the whole, 95 % interval", &|x| whiskers(canvas, [(x, y), (x + 13, y), (x + 26, y)]));
    }
}

fn occurs(chart: &BootStages, stage: Stage) -> bool {
    chart.bars.iter().any(|b| match &b.content {
        Content::Measured { stages, .. } => stages.iter().any(|(s, _)| *s == stage),
        Content::Missing(_) => false,
    })
}

/// The time axis from 0, in one unit, and a grid. The other axis is pixels, from the top.
fn axes<'a, 'b>(canvas: &'a Canvas<'b>, layout: &Layout) -> Chart<'a, 'b> {
    let (left, top, right, bottom) = layout.plot;
    let plot = canvas.clone().margin(top, layout.height - bottom - layout::AXIS, left, style::WIDTH - right);
    let mut chart = ChartBuilder::on(&plot)
        .x_label_area_size(layout::AXIS)
        .build_cartesian_2d(0.0..layout.axis_end, f64::from(bottom - top)..0.0)
        .expect(CANNOT_FAIL);
    chart
        .configure_mesh()
        .disable_y_mesh()
        .disable_y_axis()
        .x_labels(8)
        .x_max_light_lines(0)
        .bold_line_style(GRID)
        .axis_style(INK)
        .x_label_formatter(&|value| layout::tick(*value))
        .x_label_style(style::text_style(SMALL_SIZE, INK, HPos::Center))
        .draw()
        .expect(CANNOT_FAIL);
    let text = format!("time from create to ready ({})", layout.unit.0);
    let at = (i32::midpoint(left, right), bottom + layout::AXIS - 10);
    Text { words: &text, at, size: SMALL_SIZE, color: INK, side: HPos::Center }.draw(canvas);
    chart
}

fn labels(canvas: &Canvas, row: &Row, middle: i32) {
    let mut y = middle - row.label_height() / 2;
    for (line, size, color, height) in row.label_lines() {
        let at = (row.label_right, y + height / 2);
        Text { words: line, at, size, color, side: HPos::Right }.draw(canvas);
        y += height;
    }
}

/// `at`: nanoseconds to a place on the canvas, half-way up the bar. Names end before `free_until`.
fn stack(canvas: &Canvas, at: &dyn Fn(f64) -> (i32, i32), free_until: i32, stages: &[(Stage, f64)]) {
    let mut from = 0.0;
    for (stage, ns) in stages {
        let ((left, middle), (right, _)) = (at(from), at(from + ns));
        let area = (left, middle - layout::BAR / 2, right, middle + layout::BAR / 2);
        stage_segment(canvas, area, free_until, *stage);
        from += ns;
    }
}

/// A stage's part of a bar, with its name where there is room.
fn stage_segment(canvas: &Canvas, area: Area, free_until: i32, stage: Stage) {
    let Some((_, color, hatch)) = STAGES.iter().find(|s| s.0 == stage) else { return };
    segment(canvas, area, *color, *hatch);
    let (left, top, right, bottom) = area;
    let half = (font::width(stage.name(), SMALL_SIZE) / 2.0).ceil() as i32 + 5;
    let (x, y) = (i32::midpoint(left, right), i32::midpoint(top, bottom));
    if x - half < left || x + half > free_until {
        return;
    }
    let ink = if matches!(stage, Stage::Create | Stage::Isolate) { WHITE } else { INK };
    if *hatch != Hatch::None {
        plain(canvas, (x - half, y - 9, x + half, y + 9), *color);
    }
    Text { words: stage.name(), at: (x, y), size: SMALL_SIZE, color: ink, side: HPos::Center }.draw(canvas);
}

fn segment(canvas: &Canvas, area: Area, color: RGBColor, hatch: Hatch) {
    let (left, top, right, bottom) = area;
    let corners = [(left, top), (right, bottom)];
    plain(canvas, area, color);
    for line in hatch_lines(area, hatch) {
        canvas.draw(&PathElement::new(line, ShapeStyle::from(WHITE.mix(0.55)).stroke_width(1))).expect(CANNOT_FAIL);
    }
    canvas.draw(&Rectangle::new(corners, INK.stroke_width(1))).expect(CANNOT_FAIL);
}

/// Lines at 45°, clipped to the area.
fn hatch_lines(area: Area, hatch: Hatch) -> Vec<[(i32, i32); 2]> {
    const STEP: usize = 7;
    let (left, top, right, bottom) = area;
    let height = bottom - top;
    if hatch == Hatch::None || right - left < 4 {
        return Vec::new();
    }
    let lines = (left - height..right).step_by(STEP).map(|x| {
        let (a, b) = (x.max(left), (x + height).min(right));
        [(a, bottom - (a - x)), (b, bottom - (b - x))]
    });
    match hatch {
        Hatch::Falling => lines.map(|line| line.map(|(x, y)| (x, top + bottom - y))).collect(),
        _ => lines.collect(),
    }
}

/// Low end, median, high end; white below, black above: seen on light and dark segments alike.
fn whiskers(canvas: &Canvas, [low, median, high]: [(i32, i32); 3]) {
    let line = |from: (i32, i32), to: (i32, i32), color: RGBColor, wide| {
        canvas.draw(&PathElement::new([from, to], color.stroke_width(wide))).expect(CANNOT_FAIL);
    };
    let (above, below) = (|(x, y): (i32, i32)| (x, y - 7), |(x, y): (i32, i32)| (x, y + 7));
    for (color, wide, radius) in [(WHITE, 5, 5), (BLACK, 2, 3)] {
        line(low, high, color, wide);
        line(above(low), below(low), color, wide);
        line(above(high), below(high), color, wide);
        canvas.draw(&Circle::new(median, radius, color.filled())).expect(CANNOT_FAIL);
    }
}

/// The number behind the bar, and its interval; no grid line runs through them.
fn value(canvas: &Canvas, row: &Row, (x, y): (i32, i32)) {
    let width = |text, size| font::width(text, size).ceil() as i32;
    let value_x = x + layout::GAP + 4;
    let interval_x = value_x + width(&row.value, LABEL_SIZE) + layout::GAP;
    plain(canvas, (value_x - 3, y - 10, interval_x + width(&row.interval, SMALL_SIZE) + 3, y + 10), WHITE);
    Text { words: &row.value, at: (value_x, y), size: LABEL_SIZE, color: INK, side: HPos::Left }.draw(canvas);
    Text { words: &row.interval, at: (interval_x, y), size: SMALL_SIZE, color: FAINT_INK, side: HPos::Left }
        .draw(canvas);
}

fn plain(canvas: &Canvas, (left, top, right, bottom): Area, color: RGBColor) {
    canvas.draw(&Rectangle::new([(left, top), (right, bottom)], color.filled())).expect(CANNOT_FAIL);
}

fn missing(canvas: &Canvas, row: &Row, layout: &Layout) {
    let height = row.reason.len() as i32 * layout::SMALL_LINE;
    for (i, line) in row.reason.iter().enumerate() {
        let y = layout.plot.1 + row.middle - height / 2 + layout::SMALL_LINE / 2 + i as i32 * layout::SMALL_LINE;
        let at = (layout.plot.0 + layout::GAP, y);
        Text { words: line, at, size: SMALL_SIZE, color: FAINT_INK, side: HPos::Left }.draw(canvas);
    }
}

fn notes(canvas: &Canvas, layout: &Layout) {
    for (i, (line, alarm)) in layout.notes.iter().enumerate() {
        let at = (style::MARGIN, layout.notes_y + i as i32 * layout::SMALL_LINE);
        let color = if *alarm { ALARM } else { FAINT_INK };
        Text { words: line, at, size: SMALL_SIZE, color, side: HPos::Left }.draw(canvas);
    }
}

/// The numbers in words, for those who do not see the picture.
fn description(chart: &BootStages, layout: &Layout) -> String {
    let mut sentences = vec![chart.subtitle.clone()];
    for (bar, row) in chart.bars.iter().zip(&layout.rows) {
        sentences.push(match &bar.content {
            Content::Missing(reason) => format!("{} ({}): not measured, {reason}.", bar.name, bar.arm),
            Content::Measured { stages, .. } => {
                let stages: Vec<String> =
                    stages.iter().map(|(s, ns)| format!("{} {}", s.name(), layout.value(*ns))).collect();
                format!("{} ({}): {} {}; {}.", bar.name, bar.arm, row.value, row.interval, stages.join(", "))
            }
        });
    }
    sentences.extend(chart.notes.iter().cloned());
    sentences.extend(chart.unfit.clone());
    sentences.join(" ")
}

#[cfg(test)]
mod tests;
