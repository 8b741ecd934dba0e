//! `aa`: the same program twice in one run. What differs between the two is noise, and shows how small a difference the
//! machine can see. Takes several runs, to compare orders of measuring.
//!
//! ```text
//!  Run ab12, one after the other
//!  process            | . . . .
//!  process, once more |         . : . '
//!  Run cd34, interleaved in random order
//!  …
//!  difference of the twin within blocks (%)
//!  Run ab12           |        |---•---|   +8.1 % (+5.0–+11 %), noise floor 11 %
//!  Run cd34           |  |•|               +0.2 % (−0.9–+1.0 %), noise floor 1.0 %
//!                       0
//! ```

use super::axis::Axis;
use super::canvas::{Area, Stroke};
use super::caption::{self, Shown, name_of};
use super::found::{not_measured, whisker};
use super::marks::{Label, Whisker, reason_lines, small_lines, widest_label};
use super::page::{Entry, Note, Page};
use super::strip::{self, Strip};
use super::style::Style;
use super::text::percent;
use super::{Drawing, Look, words};
use crate::lang::Lang;
use crate::model::Unit;
use crate::results::derive::{self, Interval, Twins, drift, values_by_block};
use crate::results::schema::{Cell, Run, Status};
use crate::units::Scale;

pub(super) const CHART: super::Chart = super::Chart {
    id: "aa",
    sentence: "The same program twice in one run: block medians, and the difference that is only noise. Takes several files.",
    bench: "-e process,process -x boot",
    draw: |runs, look| {
        let shown = METRICS.iter().find(|shown| runs.iter().any(|run| twins(run, **shown).is_some()))?;
        let twice: Vec<Twice> = runs.iter().filter_map(|run| Twice::of(run, *shown, look.lang)).collect();
        Some(draw(&twice, runs, *shown, look))
    },
};

/// The first of these that an arm has twice is shown.
const METRICS: [Shown; 4] = [
    Shown { experiment: "boot", metric: "create_to_ready" },
    Shown { experiment: "boot", metric: "create_to_exit" },
    Shown { experiment: "syscall", metric: "getppid" },
    Shown { experiment: "cpu", metric: "spin_unit" },
];

/// One run's pair.
struct Twice<'a> {
    run: &'a Run,
    /// "Run ab12, interleaved in random order".
    heading: String,
    /// First and twin: fair name and id.
    names: [(String, String); 2],
    strips: [Strip; 2],
    /// (twin − first) / first within blocks: median, interval; None: no block has both.
    difference: Option<Interval>,
    floor: Option<f64>,
    pairs: usize,
    /// Why there is nothing to compare.
    hole: Option<String>,
}

/// An arm and its twin that have samples of this metric.
fn twins(run: &Run, shown: Shown) -> Option<Twins<'_>> {
    let measured = |c: &Cell| c.experiment == shown.experiment && c.columns.values.contains_key(shown.metric);
    derive::twins(&run.cells).find(|twins| measured(twins.first) && measured(twins.second))
}

impl<'a> Twice<'a> {
    /// None: the run has no such experiment at all.
    fn of(run: &'a Run, shown: Shown, lang: Lang) -> Option<Twice<'a>> {
        let order = match run.header.plan.order.as_str() {
            "sequential" => words::AA_ORDER_SEQUENTIAL.of(lang),
            _ => words::AA_ORDER_BLOCKS.of(lang),
        };
        let heading = words::AA_RUN.with(lang, &[("id", &run.header.id), ("order", order)]);
        let Some(both) = twins(run, shown) else {
            let cell = run.cells.iter().find(|c| c.experiment == shown.experiment)?;
            let lacks = || words::AA_NO_TWIN.of(lang).to_owned();
            let hole = if cell.status == Status::Measured { lacks() } else { cell.reason_in(lang).to_owned() };
            let none = || (String::new(), String::new());
            let strips = [Strip::of(Vec::new()), Strip::of(Vec::new())];
            let hole = Some(hole);
            return Some(Twice {
                run,
                heading,
                names: [none(), none()],
                strips,
                difference: None,
                floor: None,
                pairs: 0,
                hole,
            });
        };
        Some(Twice {
            run,
            heading,
            names: [both.first, both.second].map(|cell| (name_of(run, cell, lang), cell.arm.to_string())),
            strips: [both.first, both.second].map(|cell| Strip::of(blocks(cell, shown.metric))),
            difference: both.difference(shown.metric),
            floor: both.floor(shown.metric),
            pairs: both.blocks(shown.metric),
            hole: None,
        })
    }

    /// "+0.2 % (−0.9 to +1.0 %), noise floor 1.0 %, n = 60".
    fn says(&self, lang: Lang) -> String {
        let n = self.pairs.to_string();
        match (self.difference.map(|d| (d.median, d.ends())), self.floor) {
            (Some((median, Some((low, high)))), Some(floor)) => {
                let ends = [("low", &*percent(low)), ("high", &percent(high))];
                let interval = words::AA_INTERVAL.with(lang, &ends);
                let floor = percent(floor).trim_start_matches('+').to_owned();
                let values = [("difference", &*percent(median)), ("interval", &interval), ("floor", &floor), ("n", &n)];
                words::AA_SAYS.with(lang, &values)
            }
            (Some((median, _)), _) => words::AA_SAYS_FEW.with(lang, &[("difference", &percent(median)), ("n", &n)]),
            (None, _) => {
                let reason = self.hole.clone().unwrap_or_else(|| words::NO_VALUES.of(lang).to_owned());
                not_measured(&reason, lang)
            }
        }
    }
}

/// The median of each block, at the time of its first sample.
fn blocks(cell: &Cell, metric: &str) -> Vec<(f64, f64)> {
    let medians = values_by_block(cell, metric);
    let began = |block: u32| {
        let at = cell.columns.block.iter().position(|b| *b == block)?;
        cell.columns.at_ns.get(at).map(|ns| *ns as f64)
    };
    medians.into_iter().filter_map(|(block, median)| Some((began(block)?, median))).collect()
}

fn draw(all: &[Twice], runs: &[&Run], shown: Shown, look: Look) -> Drawing {
    let style = Style::of(look);
    let lang = look.lang;
    let subtitle = words::AA_SUBTITLE.of(lang);
    let values = || all.iter().flat_map(|t| &t.strips).flat_map(Strip::values);
    let unit = runs.iter().find_map(|r| shown.info(r)).map_or(Unit::Nanoseconds, |m| m.unit);
    let scale = Scale::for_axis(unit, drift::median(values()).unwrap_or(0.0));
    let mut page = Page::begin(&style, words::AA_TITLE.of(lang), subtitle);
    legend(&mut page, all, lang);
    for twice in all {
        run_panel(&mut page, twice, scale, lang);
    }
    differences(&mut page, all, lang);
    let notes = notes(all, shown, lang);
    page.finish(subtitle, all.iter().map(|t| sentence(t, scale, lang)), &notes)
}

fn legend(page: &mut Page, all: &[Twice], lang: Lang) {
    if all.iter().all(|t| t.difference.is_none()) {
        return;
    }
    let style = page.style;
    page.legend(&[
        Entry {
            symbol: Box::new(move |canvas, area| {
                canvas.dots(&[area.middle()], 1.9 * style.thick, style.series(1).color);
            }),
            wide: 0.6,
            text: words::AA_BLOCK.of(lang).to_owned(),
        },
        strip::thirds_entry(style, lang),
        Entry {
            symbol: Box::new(move |canvas, area| {
                let (median, across) = area.middle();
                let ends = Some((area.left, area.right));
                Whisker { median, ends, across }.draw_across_in(canvas, style, style.ink);
            }),
            wide: 2.2,
            text: words::MEDIAN_AND_INTERVAL.of(lang).to_owned(),
        },
        Entry {
            symbol: Box::new(move |canvas, area| canvas.rect(area, style.grid)),
            wide: 1.8,
            text: words::AA_FLOOR.of(lang).to_owned(),
        },
    ]);
}

/// Two strips with one axis of values and one of time.
fn run_panel(page: &mut Page, twice: &Twice, scale: Scale, lang: Lang) {
    let style = page.style;
    page.paragraph(&twice.heading, style.label, style.ink);
    if let Some(reason) = &twice.hole {
        page.paragraph(&not_measured(reason, lang), style.small, style.faint);
        page.y += style.gap();
        return;
    }
    let labels: Vec<Label> =
        twice.names.iter().map(|(name, id)| Label::of(style, name, id, widest_label(style))).collect();
    let (left, right) = style.inner();
    let label_right = left + labels.iter().map(Label::width).fold(0.0, f64::max);
    let any = Area::new(0.0, 0.0, 1.0, strip::height(style, 2));
    let ticks = strip::value_axis(twice.strips.iter(), scale, any).left_width(style, strip::TICKS);
    let left = label_right + style.gap() + ticks;
    let name = format!("{} ({})", words::ORDER_VALUE.of(lang), scale.unit);
    page.paragraph_from(left, &name, style.small, style.ink);
    let time = strip::time_axis(twice.strips.iter(), Area::new(left, page.y, right, page.y));
    for (i, (strip, label)) in twice.strips.iter().zip(&labels).enumerate() {
        let said = reason_lines(style, &strip.verdict(scale, lang), right - left);
        let said_height = said.len() as f64 * Style::line(style.small);
        let height = label.height().max(said_height + strip::height(style, 2)) + style.gap();
        label.draw(page, label_right, page.y + height / 2.0);
        let top = page.y + (height - said_height - strip::height(style, 2)) / 2.0;
        let color = if strip.flagged() { style.alarm } else { style.faint };
        small_lines(page, &said, left, top + said_height / 2.0, color);
        let plot = Area::new(left, top + said_height, right, top + said_height + strip::height(style, 2));
        let values = strip::value_axis(twice.strips.iter(), scale, plot);
        values.draw_left(page, plot, strip::TICKS);
        strip.draw(page, &time, &values, style.series(1 + i));
        page.y += height;
    }
    let foot = Area::new(left, page.y, right, page.y);
    page.y = time.draw_below(page, foot, words::ORDER_AXIS.of(lang)) + style.gap();
}

/// One row per run on a common axis of percent, with 0 and each run's noise floor.
fn differences(page: &mut Page, all: &[Twice], lang: Lang) {
    let known: Vec<&Twice> = all.iter().filter(|t| t.difference.is_some()).collect();
    if known.is_empty() {
        return;
    }
    let style = page.style;
    let (left, right) = style.inner();
    let reach = known.iter().filter_map(|t| t.difference.map(|d| d.median.abs().max(t.floor.unwrap_or(0.0))));
    let reach = reach.fold(0.0, f64::max).max(0.001) * 1.1;
    let axis = Axis::linear(Scale { unit: "%", per: 0.01 }, (-reach, reach), (left + style.gap(), right - style.gap()));
    let mut area = Area::new(left, page.y, right, page.y);
    let bar = style.label * 1.6;
    let mut rows = Vec::new();
    for twice in &known {
        let text = format!("{}: {}", twice.heading, twice.says(lang));
        let lines = reason_lines(style, &text, right - left - style.gap());
        let height = lines.len() as f64 * Style::line(style.small);
        rows.push((
            twice,
            lines,
            area.bottom + style.gap() + height / 2.0,
            area.bottom + style.gap() + height + bar / 2.0,
        ));
        area.bottom += style.gap() + height + bar;
    }
    for (twice, _, _, across) in &rows {
        let floor = twice.floor.unwrap_or(0.0);
        let band = Area::new(axis.at(-floor), across - bar / 2.0, axis.at(floor), across + bar / 2.0);
        page.canvas.rect_through(band, style.grid, 0.6);
    }
    page.y = axis.draw_below(page, area, words::AA_DIFFERENCE.of(lang));
    let zero = [(axis.at(0.0), area.top), (axis.at(0.0), area.bottom)];
    page.canvas.line(&zero, Stroke::new(style.ink, 1.5 * style.thick));
    for (twice, lines, middle, across) in rows {
        let height = lines.len() as f64 * Style::line(style.small) / 2.0;
        page.canvas.rect(Area::new(left, middle - height, right, middle + height), style.paper);
        small_lines(page, &lines, left, middle, style.ink);
        let Some(difference) = twice.difference else { continue };
        whisker(&axis, &difference, across).draw_across_in(&mut page.canvas, style, style.ink);
    }
}

/// Definition once; what belongs to each run with its id; warnings when the runs are of different hosts or backends.
fn notes(all: &[Twice], shown: Shown, lang: Lang) -> Vec<Note> {
    let mut notes = vec![Note::plain(words::AA_PAIRED.of(lang)), Note::plain(words::ORDER_RULE.of(lang))];
    let differ = |of: fn(&Run) -> &str| all.windows(2).any(|w| of(w[0].run) != of(w[1].run));
    if differ(|run| &run.header.host.id) {
        notes.push(Note { alarm: true, ..Note::plain(words::TWO_HOSTS.of(lang)) });
    } else if differ(|run| &run.header.host.kvm_backend) {
        notes.push(Note { alarm: true, ..Note::plain(words::TWO_BACKENDS.of(lang)) });
    }
    let of_run = |twice: &Twice| {
        let cells: Vec<&Cell> = twins(twice.run, shown).map_or_else(Vec::new, |both| vec![both.first, both.second]);
        caption::notes(twice.run, &cells, shown, lang)
    };
    let of_runs: Vec<Vec<Note>> = all.iter().map(of_run).collect();
    let common = |note: &Note| of_runs.iter().all(|notes| notes.contains(note));
    notes.extend(of_runs.iter().take(1).flatten().filter(|n| common(n)).cloned());
    for (twice, of_run) in all.iter().zip(&of_runs) {
        let own = of_run.iter().filter(|n| !common(n));
        let id = &twice.run.header.id;
        notes.extend(own.map(|n| Note { text: format!("{id}: {}", n.text), ..(*n).clone() }));
    }
    notes.sort_by_key(|note| note.alarm);
    notes
}

fn sentence(twice: &Twice, scale: Scale, lang: Lang) -> String {
    let heading = &twice.heading;
    if twice.hole.is_some() {
        return format!("{heading}: {}.", twice.says(lang));
    }
    let drifts: Vec<String> = twice
        .names
        .iter()
        .zip(&twice.strips)
        .map(|((_, arm), strip)| format!("{arm}: {}.", strip.verdict(scale, lang)))
        .collect();
    let values = [
        ("heading", &**heading),
        ("name", &twice.names[0].0),
        ("says", &twice.says(lang)),
        ("drift", &drifts.join(" ")),
    ];
    words::AA_ALT.with(lang, &values)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::charts::fixture;

    #[test]
    fn the_difference_and_the_floor_are_those_of_the_file() {
        let run = fixture::run(2, 20);
        let drawing = (CHART.draw)(&[&run], Look::default()).unwrap();
        let c = &run.comparisons[0];
        let floor = run.noise[0].relative;
        let told = format!("noise floor {}, n = 20", percent(floor).trim_start_matches('+'));
        assert!(drawing.alt.contains(&told), "{told} in {}", drawing.alt);
        assert!(drawing.alt.contains(&percent(c.ratio.median - 1.0)), "{}", drawing.alt);
    }

    #[test]
    fn each_file_has_its_strips_and_its_order() {
        let blocks = fixture::run(2, 20);
        let mut sequential = fixture::run(2, 20);
        sequential.header.id = "cd34".into();
        sequential.header.plan.order = "sequential".into();
        let drawing = (CHART.draw)(&[&sequential, &blocks], Look::default()).unwrap();
        assert!(drawing.alt.contains("Run cd34, one after the other: process against itself"), "{}", drawing.alt);
        assert!(drawing.alt.contains("Run ab12, interleaved in random order: process against itself"));
        assert_eq!(
            drawing.svg.matches("h0").count(),
            80 + 1,
            "two arms of two runs, 20 blocks each, and one in the legend"
        );
    }

    #[test]
    fn a_run_without_a_twin_is_shown_as_a_hole_beside_one_that_has_it() {
        let (with, without) = (fixture::run(2, 20), fixture::run(1, 20));
        assert!((CHART.draw)(&[&without], Look::default()).is_none());
        let alt = (CHART.draw)(&[&with, &without], Look::default()).unwrap().alt;
        assert!(alt.contains("not measured: no arm stands twice in this run"), "{alt}");
    }

    #[test]
    fn runs_of_two_hosts_get_a_banner() {
        let a = fixture::run(2, 20);
        let mut b = a.clone();
        b.header.host.id = "another".into();
        let alt = (CHART.draw)(&[&a, &b], Look::default()).unwrap().alt;
        assert!(alt.contains("different hosts"), "{alt}");
        b.header.host.id.clone_from(&a.header.host.id);
        assert!(!(CHART.draw)(&[&a, &b], Look::default()).unwrap().alt.contains("different hosts"));
    }
}
