//! One number per arm as bars on a linear axis from 0, in one group or several, with intervals: for charts of one metric.

use super::axis::Axis;
use super::bars::{Bars, Row as BarRow};
use super::caption::Shown;
use super::found::{Found, interval, whisker};
use super::marks::{FILLS, segment, whisker_entry};
use super::page::{Note, Page};
use super::style::Style;
use super::values::arm;
use super::{Drawing, Look, words};
use crate::lang::Lang;
use crate::model::Unit;
use crate::results::derive::{Estimate, seen};
use crate::results::schema::{Cell, Run};
use crate::units::Scale;

/// What is drawn, from top to bottom.
pub(super) struct Rows {
    pub title: &'static str,
    pub subtitle: &'static str,
    pub axis: &'static str,
    pub unit: Unit,
    pub groups: Vec<Group>,
    pub notes: Vec<Note>,
}

pub(super) struct Group {
    /// None: there is one group only, and nothing to say of it.
    pub heading: Option<String>,
    pub rows: Vec<Row>,
}

pub(super) type Row = Found<Estimate>;

impl Row {
    pub(super) fn of_cell(run: &Run, cell: &Cell, shown: Shown, lang: Lang) -> Row {
        Found::of(arm(run, &cell.arm, lang), cell, seen(run, cell, shown.metric), words::NO_VALUES, lang)
    }
}

/// The farthest that a value or its interval reaches.
fn end(groups: &[Group]) -> f64 {
    groups.iter().flat_map(|g| &g.rows).filter_map(Row::get).map(|v| v.span().1.max(v.median)).fold(0.0, f64::max)
}

pub(super) fn draw(chart: &Rows, look: Look) -> Drawing {
    let style = Style::of(look);
    let lang = look.lang;
    let scale = Scale::for_axis(chart.unit, end(&chart.groups));
    let mut page = Page::begin(&style, chart.title, chart.subtitle);
    if end(&chart.groups) > 0.0 {
        page.legend(&[whisker_entry(&style, words::MEDIAN_AND_INTERVAL.of(lang))]);
    }
    let mut rows = Vec::new();
    let mut values = Vec::new();
    for group in &chart.groups {
        let heading = group.heading.iter().map(|name| BarRow::Heading { name: name.clone(), about: String::new() });
        values.extend(group.heading.iter().map(|_| None));
        rows.extend(heading.chain(group.rows.iter().map(|row| row.bar(lang, |v| (v, scale)))));
        values.extend(group.rows.iter().map(Row::get));
    }
    let bars = Bars::place(&page, rows);
    let axis = Axis::linear(scale, (0.0, end(&chart.groups) * 1.03), (bars.plot.left, bars.plot.right));
    page.y = axis.draw_below(&mut page, bars.plot, chart.axis);
    let values: Vec<(usize, &Estimate)> = values.into_iter().enumerate().filter_map(|(i, v)| Some((i, v?))).collect();
    bars.draw_texts(&mut page);
    for (i, value) in values {
        let area = bars.area(&style, i, bars.plot.left, axis.at(value.median));
        segment(&mut page.canvas, &style, area, FILLS[2]);
        whisker(&axis, value, bars.middle(i)).draw_across(&mut page.canvas, &style);
    }
    let says =
        |v: &Estimate| format!("{} {}, {}", scale.value(v.median), interval(scale, v, lang), words::blocks(v.n, lang));
    let sentences = chart.groups.iter().flat_map(|group| {
        let heading = group.heading.iter().map(|name| format!("{name}:"));
        heading.chain(group.rows.iter().map(|row| row.sentence(lang, says))).collect::<Vec<String>>()
    });
    page.finish(chart.subtitle, sentences, &chart.notes)
}
