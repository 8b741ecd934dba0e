//! `run-order`: every start at the time when it was measured, one strip per arm.
//!
//! ```text
//!            0.199 ms → 0.203 ms: +2.0 %, no drift that matters
//!  name    2 |  . .:. ==== .:.   .. : . ==== ..
//!  arm id  1 |__________________________________
//!            0              10             20  s
//! ```

use super::canvas::{Area, Stroke};
use super::caption::{self, Shown};
use super::found::{Found, not_measured};
use super::marks::{Label, reason_lines, small_lines};
use super::page::{Entry, Note, Page};
use super::strip::{self, Strip};
use super::style::Style;
use super::{Drawing, Look, starts, words};
use crate::lang::Lang;
use crate::model::Unit;
use crate::results::schema::{Cell, Run};
use crate::units::Scale;

pub(super) const CHART: super::Chart = super::Chart {
    id: "run-order",
    sentence: "Every start in the order of measuring, one strip per arm: drift, first against last third.",
    bench: "-x boot",
    draw: |runs, look| runs.iter().find_map(|run| Some(draw(&rows(run, look.lang)?, run, look))),
};

struct Row {
    strip: Found<Strip>,
    failed: usize,
}

/// None: the run has no cell of `boot`.
fn rows(run: &Run, lang: Lang) -> Option<Vec<Row>> {
    let shown = starts::shown(run);
    let row = |cell: &&Cell| {
        let strip = Some(points(cell, shown)).filter(|points| !points.is_empty()).map(Strip::of);
        Row { strip: starts::found(run, cell, strip, lang), failed: cell.columns.failed.iter().flatten().count() }
    };
    let rows: Vec<Row> = starts::cells(run).iter().map(row).collect();
    (!rows.is_empty()).then_some(rows)
}

/// When, and how long it took.
fn points(cell: &Cell, shown: Shown) -> Vec<(f64, f64)> {
    let values = cell.columns.values.get(shown.metric).map_or(&[][..], Vec::as_slice);
    cell.columns.at_ns.iter().zip(values).filter_map(|(at, v)| Some((*at as f64, (*v)?))).collect()
}

fn strips(rows: &[Row]) -> impl Iterator<Item = &Strip> {
    rows.iter().filter_map(|row| row.strip.get())
}

/// One strip in words, and whether it is an alarm.
fn says(row: &Row, scale: Scale, lang: Lang) -> (String, bool) {
    match &row.strip.value {
        Err(reason) => (not_measured(reason, lang), false),
        Ok(strip) => {
            let failed = words::ORDER_FAILED.with(lang, &[("failed", &row.failed.to_string())]);
            let failed = if row.failed > 0 { format!(", {failed}") } else { String::new() };
            let n = format!(", n = {}", strip.values().count());
            (strip.verdict(scale, lang) + &n + &failed, strip.flagged() || row.failed > 0)
        }
    }
}

fn draw(rows: &[Row], run: &Run, look: Look) -> Drawing {
    let style = Style::of(look);
    let lang = look.lang;
    let subtitle = words::ORDER_SUBTITLE.of(lang);
    let scale = Scale::for_axis(Unit::Nanoseconds, strips(rows).flat_map(Strip::values).fold(0.0, f64::max));
    let mut page = Page::begin(&style, words::ORDER_TITLE.of(lang), subtitle);
    legend(&mut page, rows, lang);
    let shown = starts::shown(run);
    let value = starts::word(shown, words::ORDER_VALUE, words::ORDER_VALUE_EXIT).of(lang);
    panels(&mut page, rows, scale, value);
    let mut notes = vec![Note::plain(words::ORDER_RULE.of(lang))];
    notes.extend(caption::notes(run, &starts::cells(run), shown, lang));
    let sentence = |row: &Row| format!("{} ({}): {}.", row.strip.arm.name, row.strip.arm.id, says(row, scale, lang).0);
    page.finish(subtitle, rows.iter().map(sentence), &notes)
}

fn legend(page: &mut Page, rows: &[Row], lang: Lang) {
    if strips(rows).next().is_none() {
        return;
    }
    let style = page.style;
    let crowded = strips(rows).any(Strip::crowded);
    let color = style.series(2).color;
    page.legend(&[
        Entry {
            symbol: Box::new(move |canvas, area| {
                let (x, y) = area.middle();
                if crowded {
                    let line = [(x, area.top), (x, area.bottom)];
                    canvas.line(&line, Stroke { opacity: 0.35, ..Stroke::new(color, 1.0) });
                }
                canvas.dots(&[(x, y)], 1.9 * style.thick, color);
            }),
            wide: 0.6,
            text: if crowded { words::ORDER_COLUMN } else { words::ORDER_SAMPLE }.of(lang).to_owned(),
        },
        strip::thirds_entry(style, lang),
    ]);
}

fn panels(page: &mut Page, rows: &[Row], scale: Scale, value: &str) {
    let style = page.style;
    let lang = style.look.lang;
    let labels: Vec<Label> = rows.iter().map(|row| row.strip.label(style)).collect();
    let of_strip = |strip: &Strip| {
        let any = Area::new(0.0, 0.0, 1.0, strip::height(style, rows.len()));
        strip::value_axis([strip].into_iter(), scale, any).left_width(style, strip::TICKS)
    };
    let ticks = strips(rows).map(of_strip).fold(0.0, f64::max);
    let (left, right) = style.inner();
    let label_right = left + labels.iter().map(Label::width).fold(0.0, f64::max);
    let left = label_right + style.gap() + ticks;
    let mut whole = Area::new(left, page.y, right, page.y);
    if !scale.unit.is_empty() && ticks > 0.0 {
        let name = format!("{value} ({})", scale.unit);
        page.paragraph_from(left, &name, style.small, style.ink);
        page.y += style.gap() / 2.0;
    }
    let time = strip::time_axis(strips(rows), whole);
    for (row, label) in rows.iter().zip(&labels) {
        let (said, alarm) = says(row, scale, lang);
        let said = reason_lines(style, &said, right - left);
        let said_height = said.len() as f64 * Style::line(style.small);
        let strip_height = if row.strip.get().is_some() { strip::height(style, rows.len()) } else { 0.0 };
        let height = label.height().max(said_height + strip_height) + style.gap() * 1.6;
        label.draw(page, label_right, page.y + height / 2.0);
        let color = if alarm { style.alarm } else { style.faint };
        let top = page.y + (height - said_height - strip_height) / 2.0;
        small_lines(page, &said, left, top + said_height / 2.0, color);
        let plot = Area::new(left, top + said_height, right, top + said_height + strip_height);
        if let Some(strip) = row.strip.get() {
            let values = strip::value_axis([strip].into_iter(), scale, plot);
            values.draw_left(page, plot, strip::TICKS);
            strip.draw(page, &time, &values, style.series(2));
        }
        page.y += height;
        whole.bottom = page.y;
    }
    let foot = Area::new(whole.left, whole.bottom, whole.right, whole.bottom);
    page.y = time.draw_below(page, foot, words::ORDER_AXIS.of(lang));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::charts::fixture;

    #[test]
    fn every_sample_is_a_dot() {
        let run = fixture::run(3, 20);
        let svg = (CHART.draw)(&[&run], Look::default()).unwrap().svg;
        assert_eq!(svg.matches("h0").count(), 3 * 20 + 1, "60 starts, and one dot in the legend");
    }

    #[test]
    fn a_drift_is_told_in_the_alarm_colour_and_in_words() {
        let mut run = fixture::run(1, 60);
        let values = run.cells[0].columns.values.get_mut("create_to_ready").unwrap();
        for (i, value) in values.iter_mut().enumerate() {
            *value = Some(1e6 + 1e4 * i as f64);
        }
        let drawing = (CHART.draw)(&[&run], Look::default()).unwrap();
        assert!(drawing.alt.contains("process (process): 1.09 ms → 1.50 ms: +37\u{a0}%, drifts"), "{}", drawing.alt);
        let bars = drawing.svg.lines().filter(|l| l.contains("stroke-width=\"3.5\"")).count();
        assert_eq!(bars, 2, "both thirds");
        let alarm = Style::of(Look::default()).alarm.to_string();
        assert!(drawing.svg.lines().any(|l| l.contains(&alarm) && l.contains("drifts")));
    }

    #[test]
    fn failed_samples_are_counted() {
        let mut run = fixture::run(1, 20);
        run.cells[0].columns.values.get_mut("create_to_ready").unwrap()[3] = None;
        run.cells[0].columns.failed[3] = Some(crate::error::Error::new("start it", "it broke"));
        let alt = (CHART.draw)(&[&run], Look::default()).unwrap().alt;
        assert!(alt.contains("n = 19, 1 failed"), "{alt}");
    }
}
