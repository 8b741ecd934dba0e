//! `boot-ecdf`: the share of starts that took no longer than …, one line per arm, on a logarithmic axis of time.
//!
//! ```text
//!  100 |        ____•————        _____
//!   50 |      __•_/         ___•__/
//!    0 |_____/_____________/___________
//!         0.1          1           10  ms
//! ```

use super::axis::Axis;
use super::canvas::{Area, Point, Stroke};
use super::caption;
use super::found::{Found, interval, not_measured, whisker};
use super::page::{Entry, Note, Page};
use super::style::Style;
use super::{Drawing, Look, starts, words};
use crate::lang::Lang;
use crate::model::Unit;
use crate::results::derive::percentile;
use crate::results::derive::spread::Spread;
use crate::results::schema::{Cell, Run, Summary};
use crate::units::Scale;

pub(super) const CHART: super::Chart = super::Chart {
    id: "boot-ecdf",
    sentence: "Start times as a cumulative distribution, one line per arm, on a logarithmic axis.",
    bench: "-x boot",
    draw: |runs, look| runs.iter().find_map(|run| Some(draw(&curves(run, look.lang)?, run, look))),
};

/// Starts in order of size, with their summary.
type Curve<'a> = Found<(Spread, &'a Summary)>;

/// None: the run has no cell of `boot`.
fn curves(run: &Run, lang: Lang) -> Option<Vec<Curve<'_>>> {
    let shown = starts::shown(run);
    let curve = |cell: &&Cell| {
        let found = Spread::of(cell, shown.metric).zip(shown.summary(run, cell));
        starts::found(run, cell, found, lang)
    };
    let curves: Vec<Curve> = starts::cells(run).iter().map(curve).collect();
    (!curves.is_empty()).then_some(curves)
}

fn draw(curves: &[Curve], run: &Run, look: Look) -> Drawing {
    let style = Style::of(look);
    let lang = look.lang;
    let all = || curves.iter().filter_map(Curve::get).flat_map(|(spread, _)| spread.values());
    let (low, high) = all().fold((f64::MAX, 0.0_f64), |(low, high), v| (low.min(*v), high.max(*v)));
    let scale = Scale::for_axis(Unit::Nanoseconds, high);
    let shown = starts::shown(run);
    let title = starts::word(shown, words::ECDF_TITLE, words::ECDF_TITLE_EXIT).of(lang);
    let mut page = Page::begin(&style, title, words::ECDF_SUBTITLE.of(lang));
    legend(&mut page, curves, scale, lang);
    let mut notes = vec![Note::plain(words::ECDF_MARKS.of(lang))];
    if high > 0.0 {
        let thinned = plot(&mut page, curves, scale, (low * 0.95, high * 1.05), starts::axis(shown, lang));
        notes.extend(thinned.then(|| Note::plain(words::ECDF_THINNED.of(lang))));
    }
    notes.extend(caption::against_machines(run, &starts::cells(run), shown, lang));
    notes.extend(caption::notes(run, &starts::cells(run), shown, lang));
    let sentences = curves.iter().map(|curve| sentence(curve, scale, lang));
    page.finish(words::ECDF_SUBTITLE.of(lang), sentences, &notes)
}

fn legend(page: &mut Page, curves: &[Curve], scale: Scale, lang: Lang) {
    let style = page.style;
    let entry = |(i, curve): (usize, &Curve)| {
        let measured = curve.value.is_ok();
        let series = style.series(i);
        Entry {
            symbol: Box::new(move |canvas, area| {
                if measured {
                    let (x, y) = area.middle();
                    let stroke = Stroke { dash: series.dash, ..Stroke::new(series.color, 2.0 * style.thick) };
                    canvas.line(&[(area.left, y), (area.right, y)], stroke);
                    canvas.marker((x, y), series.marker, 4.0 * style.thick, series.color, style.paper);
                }
            }),
            wide: 3.2,
            text: match &curve.value {
                Err(reason) => format!("{}: {}", curve.arm.name, not_measured(reason, lang)),
                Ok((_, summary)) => {
                    let interval = interval(scale, &summary.interval, lang);
                    let (value, n) = (scale.value(summary.interval.median), summary.n.to_string());
                    let values = [("name", &*curve.arm.name), ("value", &value), ("interval", &interval), ("n", &n)];
                    words::ECDF_ENTRY.with(lang, &values)
                }
            },
        }
    };
    page.legend(&curves.iter().enumerate().map(entry).collect::<Vec<Entry>>());
}

/// Were lines thinned?
fn plot(page: &mut Page, curves: &[Curve], scale: Scale, range: (f64, f64), name: &str) -> bool {
    let style = page.style;
    let (left, right) = style.inner();
    page.paragraph(words::ECDF_SHARE.of(style.look.lang), style.small, style.ink);
    page.y += style.gap();
    let height = (style.width * 0.42).clamp(style.label * 18.0, style.label * 34.0);
    let share = Scale { unit: "%", per: 0.01 };
    let up = |bottom: f64, top: f64| Axis::linear(share, (0.0, 1.0), (bottom, top));
    let left = left + up(height, 0.0).left_width(style, 6.0);
    let area = Area::new(left, page.y, right, page.y + height);
    let (x, y) = (Axis::log(scale, range, (area.left, area.right)), up(area.bottom, area.top));
    y.draw_left(page, area, 6.0);
    page.y = x.draw_below(page, area, name);
    let mut thinned = false;
    let below = below(curves, &x);
    for (i, (spread, summary)) in curves.iter().enumerate().filter_map(|(i, c)| Some((i, c.get()?))) {
        let series = style.series(i);
        let (points, left_out) = steps(spread.values(), &x, &y);
        thinned |= left_out;
        let wider = below[i] as f64 * style.thick;
        let stroke = Stroke { dash: series.dash, ..Stroke::new(series.color, 2.0 * style.thick + 3.0 * wider) };
        page.canvas.line(&points, stroke);
        for p in [0.08, 0.25, 0.7, 0.86].map(|p| p + 0.03 * (i % 4) as f64) {
            let at = (x.at(spread.at(p)), y.at(p));
            page.canvas.marker(at, series.marker, 3.2 * style.thick + 1.5 * wider, series.color, style.paper);
        }
        let whisker = whisker(&x, &summary.interval, y.at(0.5));
        whisker.draw_across_in(&mut page.canvas, style, series.color);
        let size = 4.5 * style.thick + 4.0 * wider;
        page.canvas.marker((whisker.median, y.at(0.5)), series.marker, size, series.color, style.paper);
    }
    thinned
}

/// For each curve, how many later ones lie on it (0 to 3): it is drawn so much wider, and looks out on both sides.
fn below(curves: &[Curve], x: &Axis) -> Vec<usize> {
    const ON_IT: f64 = 5.0;
    let places: Vec<Option<[f64; 5]>> =
        curves.iter().map(|c| c.get().map(|(s, _)| [0.1, 0.3, 0.5, 0.7, 0.9].map(|p| x.at(s.at(p))))).collect();
    let alike = |a: &[f64; 5], b: &[f64; 5]| a.iter().zip(b).filter(|(a, b)| (*a - *b).abs() < ON_IT).count() >= 3;
    let on = |i: usize, a: &[f64; 5]| places[i + 1..].iter().flatten().filter(|b| alike(a, b)).count().min(3);
    places.iter().enumerate().map(|(i, place)| place.as_ref().map_or(0, |a| on(i, a))).collect()
}

/// The corners of the staircase; one that is closer than half a pixel to the one before, both ways, is left out.
fn steps(sorted: &[f64], x: &Axis, y: &Axis) -> (Vec<Point>, bool) {
    const SEEN: f64 = 0.5;
    let n = sorted.len() as f64;
    let mut points: Vec<Point> = sorted.first().map(|v| (x.at(*v), y.at(0.0))).into_iter().collect();
    let mut left_out = false;
    for (i, value) in sorted.iter().enumerate() {
        let (at_x, at_y) = (x.at(*value), y.at((i + 1) as f64 / n));
        let Some(&(last_x, last_y)) = points.last() else { continue };
        let is_last = i + 1 == sorted.len();
        if !is_last && at_x - last_x < SEEN && last_y - at_y < SEEN {
            left_out = true;
            continue;
        }
        if at_x > last_x {
            points.push((at_x, last_y));
        }
        points.push((at_x, at_y));
    }
    (points, left_out)
}

fn sentence(curve: &Curve, scale: Scale, lang: Lang) -> String {
    curve.alt(lang, |arm, (_, s)| {
        let interval = interval(scale, &s.interval, lang);
        let (median, n) = (scale.value(s.interval.median), s.n.to_string());
        let values =
            [("name", &*arm.name), ("arm", &*arm.id), ("median", &*median), ("interval", &interval), ("n", &n)];
        let tails = [0.05, 0.95].map(|q| percentile(s, q).map(|v| scale.value(v)));
        match tails {
            [Some(p5), Some(p95)] => words::ECDF_ALT.with(lang, &[&values[..], &[("p5", &p5), ("p95", &p95)]].concat()),
            _ => words::ECDF_ALT_FEW.with(lang, &values),
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::charts::fixture;

    const NS: Scale = Scale { unit: "ns", per: 1.0 };

    #[test]
    fn a_staircase_rises_by_one_nth_at_every_start() {
        let x = Axis::log(NS, (1.0, 100.0), (0.0, 200.0));
        let y = Axis::linear(Scale { unit: "%", per: 0.01 }, (0.0, 1.0), (100.0, 0.0));
        let (points, left_out) = steps(&[1.0, 10.0, 10.0, 100.0], &x, &y);
        assert!(!left_out);
        let expected =
            [(0.0, 100.0), (0.0, 75.0), (100.0, 75.0), (100.0, 50.0), (100.0, 25.0), (200.0, 25.0), (200.0, 0.0)];
        assert_eq!(points.len(), expected.len(), "{points:?}");
        for (a, b) in points.iter().zip(expected) {
            assert!((a.0 - b.0).abs() < 1e-9 && (a.1 - b.1).abs() < 1e-9, "{points:?}");
        }
    }

    #[test]
    fn thinning_moves_no_corner_by_more_than_half_a_pixel() {
        let sorted: Vec<f64> = (0..100_000).map(|i| 10f64.powf(2.0 * f64::from(i) / 1e5)).collect();
        let x = Axis::log(NS, (1.0, 100.0), (0.0, 900.0));
        let y = Axis::linear(Scale { unit: "%", per: 0.01 }, (0.0, 1.0), (400.0, 0.0));
        let (points, left_out) = steps(&sorted, &x, &y);
        assert!(left_out && points.len() < 5_000, "{}", points.len());
        for (x, y) in points {
            let line = 400.0 - 400.0 * x / 900.0;
            assert!((y - line).abs() <= 0.8, "{x} {y} is off the straight line {line}");
        }
    }

    #[test]
    fn the_median_and_its_interval_are_told_and_drawn() {
        let run = fixture::run(3, 20);
        let drawing = (CHART.draw)(&[&run], Look::default()).unwrap();
        let s = starts::shown(&run).summary(&run, &run.cells[2]).unwrap();
        let us = |v: f64| crate::units::three_digits(v / 1e3);
        let (low, high) = s.interval.ends().unwrap();
        let told = format!("{} µs ({}–{})", us(s.interval.median), us(low), us(high));
        assert!(drawing.alt.contains(&told), "{told} in {}", drawing.alt);
        assert!(drawing.svg.contains(&format!("our container, no image, no engine: {told}, n = 20")));
    }

    #[test]
    fn a_curve_that_another_lies_on_is_wider_and_both_are_seen() {
        let mut run = fixture::run(4, 20);
        let starts = run.cells[0].columns.values["create_to_ready"].clone();
        run.cells[1].columns.values.insert("create_to_ready".into(), starts);
        run.summaries.iter_mut().filter(|s| s.cell == "boot/process#2").for_each(|s| s.metric = "x".into());
        let of_first =
            run.summaries.iter().find(|s| s.cell == "boot/process" && s.metric == "create_to_ready").cloned();
        run.summaries.extend(of_first.map(|s| Summary { cell: "boot/process#2".into(), ..s }));
        let svg = (CHART.draw)(&[&run], Look::default()).unwrap().svg;
        let paths: Vec<&str> = svg.lines().filter(|l| l.contains("<path") && l.matches('L').count() > 10).collect();
        assert_eq!(paths.len(), 4, "one staircase each");
        assert!(paths[0].contains("stroke-width=\"5\"") && paths[1].contains("stroke-width=\"2\""), "{paths:?}");
        assert!(paths[2].contains("stroke-width=\"2\""), "nothing lies on that one");
    }

    #[test]
    fn one_start_has_no_interval_and_says_so() {
        let drawing = (CHART.draw)(&[&fixture::run(1, 1)], Look::default()).unwrap();
        assert!(drawing.svg.contains("(too few blocks for an interval), n = 1"), "{}", drawing.svg);
    }
}
