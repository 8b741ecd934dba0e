//! `cost`: what one system call takes, a panel of dots per call.
//!
//! Calls differ by more than a hundred times, so each has an axis of its own, and arms do, so it is logarithmic: dots, as
//! a bar would begin anywhere. The dashed line of a call is the plain process: what it costs without any isolation; the
//! line from there to a dot is the factor.

mod from_run;
#[cfg(test)]
mod tests;

use super::axis::Axis;
use super::bars::{Bars, Row as BarRow};
use super::canvas::{Area, Canvas, Stroke};
use super::found::{Found, interval, whisker};
use super::marks::{is_cut, whisker_entry, widest_label};
use super::page::{Entry, Note, Page};
use super::style::{Series, Style};
use super::{Drawing, Look, words};
use crate::lang::Lang;
use crate::model::Unit;
use crate::results::derive::Estimate;
use crate::units::Scale;

pub(super) const CHART: super::Chart = super::Chart {
    id: "cost",
    sentence: "Time of one system call, a panel per call on its own logarithmic axis, with the plain process as the floor.",
    bench: "-x syscall",
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
    found: Found<Estimate>,
    /// Is the call answered inside a guest?
    guest: bool,
}

/// Answered by the host's kernel, or in a guest: told apart by colour and marker.
fn series(style: &Style, guest: bool) -> Series {
    style.series(if guest { 1 } else { 2 })
}

fn drawing(chart: &Cost, look: Look) -> Drawing {
    let style = Style::of(look);
    let lang = look.lang;
    let subtitle = words::COST_SUBTITLE.of(lang);
    let mut page = Page::begin(&style, words::COST_TITLE.of(lang), subtitle);
    page.legend(&legend(chart, &style, lang));
    let rows =
        chart.calls.iter().flat_map(|call| call.bar_rows(&style, lang).into_iter().chain([BarRow::Axis])).collect();
    let bars = Bars::place(&page, rows);
    let panels: Vec<(&Call, usize, Axis, Area)> = panels(chart, &bars);
    for (_, _, axis, plot) in &panels {
        axis.draw_below(&mut page, *plot, words::COST_AXIS.of(lang));
    }
    for (call, _, axis, plot) in &panels {
        if let Some(floor) = call.floor {
            draw_floor(&mut page.canvas, &style, axis.at(floor), (plot.top, plot.bottom));
        }
    }
    bars.draw_texts(&mut page);
    for (call, first, axis, _) in &panels {
        call.draw(&mut page, &bars, *first, axis);
    }
    page.y = bars.plot.bottom;
    page.finish(subtitle, chart.calls.iter().flat_map(|call| call.sentences(lang)), &chart.notes)
}

/// Each call with its first row, its axis, and where it is drawn.
fn panels<'a>(chart: &'a Cost, bars: &Bars) -> Vec<(&'a Call, usize, Axis, Area)> {
    let mut first = 1; // row 0 is a heading
    let mut all = Vec::new();
    for call in &chart.calls {
        let (top, bottom) = bars.span(first, first + call.rows.len() - 1);
        let plot = Area::new(bars.plot.left, top, bars.plot.right, bottom);
        all.push((call, first, call.axis(plot), plot));
        first += call.rows.len() + 2; // the axis, and the next heading
    }
    all
}

impl Cost {
    fn measured(&self) -> impl Iterator<Item = (&Row, &Estimate)> {
        self.calls.iter().flat_map(|call| &call.rows).filter_map(|row| Some((row, row.found.get()?)))
    }
}

fn legend<'a>(chart: &Cost, style: &'a Style, lang: Lang) -> Vec<Entry<'a>> {
    let dot_of = |guest: bool, text: &str| Entry {
        symbol: Box::new(move |canvas: &mut Canvas, area: Area| {
            let series = series(style, guest);
            canvas.marker(area.middle(), series.marker, 4.5 * style.thick, series.color, style.paper);
        }),
        wide: 0.9,
        text: text.to_owned(),
    };
    let any = |guest: bool| chart.measured().any(|(row, _)| row.guest == guest);
    let mut entries = Vec::new();
    entries.extend(any(false).then(|| dot_of(false, words::COST_ON_THE_HOST.of(lang))));
    entries.extend(any(true).then(|| dot_of(true, words::COST_IN_A_GUEST.of(lang))));
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

impl Call {
    /// From a tick below all to one above.
    fn axis(&self, plot: Area) -> Axis {
        let spans = || self.rows.iter().filter_map(|row| row.found.get()).map(|ns| ns.span());
        let (low, high) = spans().fold((f64::MAX, 0.0_f64), |(low, high), span| (low.min(span.0), high.max(span.1)));
        let range = if high > 0.0 { (low, high) } else { (1.0, 1000.0) };
        Axis::log_round(scale(range.1), range, (plot.left, plot.right), 6.0)
    }

    /// From the floor to each dot a line; `first`: the row of the first arm.
    fn draw(&self, page: &mut Page, bars: &Bars, first: usize, axis: &Axis) {
        let style = page.style;
        for (i, row) in self.rows.iter().enumerate() {
            let Some(ns) = row.found.get() else { continue };
            let (at, across) = (axis.at(ns.median), bars.middle(first + i));
            let series = series(style, row.guest);
            if let Some(floor) = self.floor {
                let stroke = Stroke { opacity: 0.5, ..Stroke::new(series.color, 3.0 * style.thick) };
                page.canvas.line(&[(axis.at(floor), across), (at, across)], stroke);
            }
            whisker(axis, ns, across).draw_across_in(&mut page.canvas, style, series.color);
            page.canvas.marker((at, across), series.marker, 5.0 * style.thick, series.color, style.paper);
        }
    }

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

/// Each has its own unit, as the axis spans many.
fn scale(ns: f64) -> Scale {
    Scale::for_axis(Unit::Nanoseconds, ns)
}

fn value(ns: f64) -> String {
    scale(ns).value(ns)
}

impl Row {
    fn bar_row(&self, style: &Style, lang: Lang) -> BarRow {
        // The id would only repeat the name, and with a row for each call the page would be endless.
        let mut found = self.found.clone();
        if !is_cut(style, &found.arm.name, widest_label(style)) {
            found.arm.id.clone_from(&found.arm.name);
        }
        found.bar(lang, |ns| (ns, scale(ns.median)))
    }

    fn sentence(&self, lang: Lang) -> String {
        self.found.sentence(lang, |ns| {
            format!("{} {}, {}", value(ns.median), interval(scale(ns.median), ns, lang), words::blocks(ns.n, lang))
        })
    }
}
