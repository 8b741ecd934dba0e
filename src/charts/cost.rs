//! `cost`: what one system call takes, a group of bars per call.
//!
//! Calls differ by more than a hundred times, so the axis is logarithmic: where a bar ends counts, not how long it is.
//! The dashed line of a group is the same call in the plain process: what it costs without any isolation.

mod from_run;
#[cfg(test)]
mod tests;

use super::axis::Axis;
use super::bars::{Bars, Row as BarRow};
use super::canvas::{Area, Canvas, Stroke};
use super::marks::{FILLS, Fill, Whisker, is_cut, segment, widest_label};
use super::page::{Entry, Note, Page, alt};
use super::style::Style;
use super::text::Scale;
use super::values::{Arm, whisker_entry};
use super::{Drawing, Look, words};
use crate::lang::Lang;
use crate::model::Unit;
use crate::stats::interval::MedianInterval;

pub(super) const CHART: super::Chart = super::Chart {
    id: "cost",
    sentence: "Time of one system call on a logarithmic axis, call by call, with the plain process as the floor.",
    draw: |runs, look| runs.iter().find_map(|run| Cost::from_run(run, look.lang)).map(|c| drawing(&c, look)),
};

/// Everything that the chart shows, in nanoseconds.
#[derive(Debug, Clone, PartialEq)]
struct Cost {
    calls: Vec<Call>,
    notes: Vec<Note>,
}

#[derive(Debug, Clone, PartialEq)]
struct Call {
    /// "getppid".
    id: String,
    /// Of the plain process. None: it was not measured.
    floor: Option<f64>,
    rows: Vec<Row>,
}

#[derive(Debug, Clone, PartialEq)]
struct Row {
    arm: Arm,
    /// Is the call answered inside a guest?
    guest: bool,
    content: Content,
}

#[derive(Debug, Clone, PartialEq)]
enum Content {
    Measured(MedianInterval),
    Missing(String),
}

const ON_THE_HOST: Fill = FILLS[2];
const IN_A_GUEST: Fill = FILLS[3];

fn drawing(chart: &Cost, look: Look) -> Drawing {
    let style = Style::of(look);
    let lang = look.lang;
    let scale = Scale::of(Unit::Nanoseconds, 1.0);
    let subtitle = words::COST_SUBTITLE.of(lang);
    let mut page = Page::begin(&style, words::COST_TITLE.of(lang), subtitle);
    page.legend(&legend(chart, &style, lang));
    let rows = chart.calls.iter().flat_map(|call| call.bar_rows(&style, lang)).collect();
    let bars = Bars::place(&page, rows);
    let axis = chart.axis(scale, bars.plot);
    page.y = axis.draw_below(&mut page, bars.plot, words::COST_AXIS.of(lang));
    let rows = || chart.calls.iter().flat_map(|call| [None].into_iter().chain(call.rows.iter().map(Some))).enumerate();
    for (i, row) in rows() {
        draw_bar(&mut page, &bars, i, row, &axis);
    }
    draw_floors(&mut page, chart, &bars, &axis);
    bars.draw_texts(&mut page);
    for (i, row) in rows() {
        draw_whisker(&mut page, &bars, i, row, &axis);
    }
    page.notes(&chart.notes);
    page.finish(alt(subtitle, chart.calls.iter().flat_map(|call| call.sentences(lang)), &chart.notes))
}

impl Cost {
    fn measured(&self) -> impl Iterator<Item = (&Row, &MedianInterval)> {
        self.calls.iter().flat_map(|call| &call.rows).filter_map(|row| match &row.content {
            Content::Measured(ns) => Some((row, ns)),
            Content::Missing(_) => None,
        })
    }

    /// Whole decades around everything, so that bars begin at a round number.
    fn axis(&self, scale: Scale, plot: Area) -> Axis {
        let low = self.measured().map(|(_, ns)| ns.ends.map_or(ns.median, |e| e.0)).fold(f64::MAX, f64::min);
        let high = self.measured().map(|(_, ns)| ns.ends.map_or(ns.median, |e| e.1)).fold(0.0, f64::max);
        let decade = |ns: f64, up: bool| {
            let power = ns.max(1.0).log10();
            10f64.powf(if up { power.ceil() } else { (power - 0.05).floor() })
        };
        let range = if high > 0.0 { (decade(low, false), decade(high, true)) } else { (1.0, 1000.0) };
        Axis::log(scale, range, (plot.left, plot.right))
    }
}

fn legend<'a>(chart: &Cost, style: &'a Style, lang: Lang) -> Vec<Entry<'a>> {
    let box_of = |fill: Fill, text: &str| Entry {
        symbol: Box::new(move |canvas: &mut Canvas, area| segment(canvas, style, area, fill)),
        wide: 1.8,
        text: text.to_owned(),
    };
    let any = |guest: bool| chart.measured().any(|(row, _)| row.guest == guest);
    let mut entries = Vec::new();
    entries.extend(any(false).then(|| box_of(ON_THE_HOST, words::COST_ON_THE_HOST.of(lang))));
    entries.extend(any(true).then(|| box_of(IN_A_GUEST, words::COST_IN_A_GUEST.of(lang))));
    entries.extend(chart.calls.iter().any(|c| c.floor.is_some()).then(|| Entry {
        symbol: Box::new(move |canvas: &mut Canvas, area: Area| {
            draw_floor(canvas, style, area.middle().0, (area.top - 2.0, area.bottom + 2.0));
        }),
        wide: 1.0,
        text: words::COST_FLOOR.of(lang).to_owned(),
    }));
    entries.extend(chart.measured().next().map(|_| whisker_entry(style, words::MEDIAN_AND_INTERVAL.of(lang))));
    entries
}

fn draw_floor(canvas: &mut Canvas, style: &Style, x: f64, (top, bottom): (f64, f64)) {
    canvas.line(&[(x, top), (x, bottom)], Stroke::new(style.paper, 4.0 * style.thick));
    canvas.line(&[(x, top), (x, bottom)], Stroke { dash: "4 3", ..Stroke::new(style.alarm, 2.0 * style.thick) });
}

/// Above the bars, below names and whiskers.
fn draw_floors(page: &mut Page, chart: &Cost, bars: &Bars, axis: &Axis) {
    let mut first = 1; // row 0 is a heading
    for call in &chart.calls {
        if let Some(floor) = call.floor {
            let span = bars.span(first, first + call.rows.len() - 1);
            draw_floor(&mut page.canvas, page.style, axis.at(floor), span);
        }
        first += call.rows.len() + 1;
    }
}

/// None: a heading.
fn draw_bar(page: &mut Page, bars: &Bars, i: usize, row: Option<&Row>, axis: &Axis) {
    let Some(Row { guest, content: Content::Measured(ns), .. }) = row else { return };
    let style = page.style;
    let area = bars.area(style, i, bars.plot.left, axis.at(ns.median));
    segment(&mut page.canvas, style, area, if *guest { IN_A_GUEST } else { ON_THE_HOST });
}

fn draw_whisker(page: &mut Page, bars: &Bars, i: usize, row: Option<&Row>, axis: &Axis) {
    let Some(Row { content: Content::Measured(ns), .. }) = row else { return };
    let ends = ns.ends.map(|(low, high)| (axis.at(low), axis.at(high)));
    let style = page.style;
    Whisker { median: axis.at(ns.median), ends, across: bars.middle(i) }.draw_across(&mut page.canvas, style);
}

impl Call {
    fn bar_rows(&self, style: &Style, lang: Lang) -> Vec<BarRow> {
        let heading = BarRow::Heading { name: self.id.clone(), about: about(&self.id, lang).to_owned() };
        [heading].into_iter().chain(self.rows.iter().map(|row| row.bar_row(style, lang))).collect()
    }

    fn sentences(&self, lang: Lang) -> Vec<String> {
        let floor = self.floor.map(|ns| words::COST_FLOOR_ALT.with(lang, &[("floor", &value(ns))]));
        let head = [Some(format!("{}: {}.", self.id, about(&self.id, lang))), floor];
        head.into_iter().flatten().chain(self.rows.iter().map(|row| row.sentence(lang))).collect()
    }
}

fn about(call: &str, lang: Lang) -> &'static str {
    match call {
        "getppid" => words::CALL_GETPPID.of(lang),
        "read" => words::CALL_READ.of(lang),
        "write" => words::CALL_WRITE.of(lang),
        "exit" => words::CALL_EXIT.of(lang),
        _ => "",
    }
}

/// "27.4 µs": each in its own unit, as the axis spans many.
fn value(ns: f64) -> String {
    Scale::of(Unit::Nanoseconds, ns).value(ns)
}

impl Row {
    fn bar_row(&self, style: &Style, lang: Lang) -> BarRow {
        // The id would only repeat the name, and with a row for each call the page would be endless.
        let cut = is_cut(style, &self.arm.name, widest_label(style));
        let (name, id) = (self.arm.name.clone(), if cut { &self.arm.id } else { &self.arm.name }.clone());
        match &self.content {
            Content::Missing(reason) => {
                BarRow::Hole { name, id, reason: words::NOT_MEASURED.with(lang, &[("reason", reason)]) }
            }
            Content::Measured(ns) => BarRow::Bar { name, id, value: value(ns.median), interval: interval(ns, lang) },
        }
    }

    fn sentence(&self, lang: Lang) -> String {
        let (name, arm) = (("name", self.arm.name.as_str()), ("arm", self.arm.id.as_str()));
        match &self.content {
            Content::Missing(reason) => words::NOT_MEASURED_ALT.with(lang, &[name, arm, ("reason", reason)]),
            Content::Measured(ns) => {
                let n = words::blocks(ns.n, lang);
                format!("{} ({}): {} {}, {n}.", name.1, arm.1, value(ns.median), interval(ns, lang))
            }
        }
    }
}

fn interval(ns: &MedianInterval, lang: Lang) -> String {
    Scale::of(Unit::Nanoseconds, ns.median).interval(ns.ends, words::NO_INTERVAL.of(lang))
}
