//! Values in the order of time, as dots along a strip, with the medians of the first and of the last third: what shows
//! whether a machine drifts while it measures.

use super::axis::Axis;
use super::canvas::{Area, Point, Stroke};
use super::page::{Entry, Page};
use super::style::{Series, Style};
use super::text::percent;
use super::words;
use crate::lang::Lang;
use crate::results::derive::drift::{Course, Steadiness, Third, median};
use crate::units::Scale;

/// More dots than this cover each other: then every two pixels show lowest, median and highest.
const MOST_DOTS: usize = 1500;

#[derive(Debug, Clone, PartialEq)]
pub(super) struct Strip(Course);

impl Strip {
    pub(super) fn of(points: Vec<(f64, f64)>) -> Strip {
        Strip(Course::of(points))
    }

    pub(super) fn times(&self) -> impl Iterator<Item = f64> {
        self.0.points().iter().map(|p| p.0)
    }

    pub(super) fn values(&self) -> impl Iterator<Item = f64> {
        self.0.points().iter().map(|p| p.1)
    }

    /// Were the dots too many to draw one by one?
    pub(super) fn crowded(&self) -> bool {
        self.0.points().len() > MOST_DOTS
    }

    pub(super) fn flagged(&self) -> bool {
        self.0.drifts()
    }

    /// "0.199 ms → 0.203 ms: +2.0 %, no drift that matters".
    pub(super) fn verdict(&self, scale: Scale, lang: Lang) -> String {
        let Some(change) = self.0.change() else { return words::ORDER_FEW.of(lang).to_owned() };
        let [first, last] = [change.first, change.last].map(|third| scale.value(third.median));
        let values = [("first", &*first), ("last", &last), ("change", &percent(change.relative))];
        let steadiness = match change.steadiness {
            Steadiness::Drifts => words::ORDER_DRIFTS,
            Steadiness::WithinChance => words::ORDER_CHANCE,
            Steadiness::Steady => words::ORDER_STEADY,
        };
        let mut parts = vec![words::ORDER_CHANGE.with(lang, &values), steadiness.of(lang).to_owned()];
        if let Some(r) = change.alike {
            parts.push(words::ORDER_ALIKE.with(lang, &[("r", &format!("{r:.2}"))]));
        }
        parts.join(", ")
    }

    /// Dots and thirds, over the grid that is already there.
    pub(super) fn draw(&self, page: &mut Page, x: &Axis, y: &Axis, series: Series) {
        let style = page.style;
        let at = |p: &(f64, f64)| (x.at(p.0), y.at(p.1));
        if self.crowded() {
            self.columns(page, x, y, series);
        } else {
            let radius = if self.0.points().len() > 300 { 1.1 } else { 1.9 } * style.thick;
            page.canvas.dots(&self.0.points().iter().map(at).collect::<Vec<Point>>(), radius, series.color);
        }
        let width = if self.flagged() { 3.5 } else { 2.0 }; // not by colour: that is lost in grey, among the dots
        for Third { from, to, median } in self.0.change().into_iter().flat_map(|c| [c.first, c.last]) {
            let (from, to) = (x.at(from), x.at(to).max(x.at(from) + 2.0));
            let line = [(from, y.at(median)), (to, y.at(median))];
            page.canvas.line(&line, Stroke::new(style.ink, width * style.thick));
        }
    }

    /// For every two pixels a line from the lowest to the highest, and a dot at the median.
    fn columns(&self, page: &mut Page, x: &Axis, y: &Axis, series: Series) {
        let column = |p: &(f64, f64)| (x.at(p.0) / 2.0).floor();
        let (mut lines, mut dots) = (Vec::new(), Vec::new());
        for same in self.0.points().chunk_by(|a, b| column(a) as i64 == column(b) as i64) {
            let place = column(&same[0]) * 2.0 + 1.0;
            let ends = same.iter().fold((f64::MAX, f64::MIN), |(low, high), p| (low.min(p.1), high.max(p.1)));
            lines.push([(place, y.at(ends.0)), (place, y.at(ends.1))]);
            dots.extend(median(same.iter().map(|p| p.1)).map(|m| (place, y.at(m))));
        }
        let lines: Vec<&[Point]> = lines.iter().map(<[Point; 2]>::as_slice).collect();
        page.canvas.lines(&lines, Stroke { opacity: 0.35, ..Stroke::new(series.color, 1.0) });
        page.canvas.dots(&dots, 1.1 * page.style.thick, series.color);
    }
}

/// Of the bars over the first and the last third.
pub(super) fn thirds_entry(style: &Style, lang: Lang) -> Entry<'_> {
    Entry {
        symbol: Box::new(move |canvas, area| {
            let y = area.middle().1;
            canvas.line(&[(area.left, y), (area.right, y)], Stroke::new(style.ink, 2.0 * style.thick));
        }),
        wide: 1.8,
        text: words::ORDER_THIRDS.of(lang).to_owned(),
    }
}

/// How high each of so many strips is.
pub(super) fn height(style: &Style, strips: usize) -> f64 {
    style.label
        * match strips {
            0..=3 => 8.0,
            4..=6 => 6.2,
            _ => 4.6,
        }
}

/// Ticks of an axis of values.
pub(super) const TICKS: f64 = 4.0;

/// A logarithmic axis upwards in `plot` over all these strips, from a tick below all to one above.
pub(super) fn value_axis<'a>(strips: impl Iterator<Item = &'a Strip>, scale: Scale, plot: Area) -> Axis {
    let ends = strips.flat_map(Strip::values).fold((f64::MAX, f64::MIN), |(low, high), v| (low.min(v), high.max(v)));
    let (low, high) = if ends.0 <= ends.1 { ends } else { (scale.per, scale.per) };
    Axis::log_round(scale, (low, high), (plot.bottom, plot.top), TICKS)
}

/// The axis of time under all these strips.
pub(super) fn time_axis<'a>(strips: impl Iterator<Item = &'a Strip>, plot: Area) -> Axis {
    let ends = strips.flat_map(Strip::times).fold((f64::MAX, f64::MIN), |(low, high), t| (low.min(t), high.max(t)));
    let (low, high) = if ends.0 < ends.1 { ends } else { (0.0, 1e9) };
    let scale = if high < 1e9 { Scale { unit: "ms", per: 1e6 } } else { Scale { unit: "s", per: 1e9 } };
    let room = (high - low) * 0.01;
    Axis::linear(scale, ((low - room).max(0.0), high + room), (plot.left, plot.right))
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: Scale = Scale { unit: "ms", per: 1e6 };

    fn strip(n: u32, slope: f64) -> Strip {
        Strip::of(
            (0..n).map(|i| (f64::from(i) * 1e8, 1e6 + f64::from(i * 7 % 31) * 1e3 + slope * f64::from(i))).collect(),
        )
    }

    #[test]
    fn a_strip_that_rises_says_so() {
        let rising = strip(60, 4e3);
        assert!(rising.flagged());
        let said = rising.verdict(MS, Lang::En);
        assert!(said.starts_with("1.05 ms → 1.21 ms: +15") && said.contains("drifts"), "{said}");
        let steady = strip(60, 0.0).verdict(MS, Lang::En);
        assert!(steady.contains("no drift that matters"), "{steady}");
        let noisy = Strip::of((0..9).map(|i| (f64::from(i), f64::from(i * 7 % 9 + 1))).collect());
        assert!(noisy.verdict(MS, Lang::En).contains("within chance"), "{}", noisy.verdict(MS, Lang::En));
        assert_eq!(strip(5, 0.0).verdict(MS, Lang::En), "too few samples to tell drift");
    }

    #[test]
    fn many_points_are_drawn_as_columns_and_few_as_dots() {
        let style = Style::of(crate::charts::Look::default());
        let drawn = |n: u32| {
            let strip = strip(n, 0.0);
            let plot = Area::new(100.0, 0.0, 900.0, 60.0);
            let mut page = Page::begin(&style, "", "");
            let (x, y) = (time_axis([&strip].into_iter(), plot), value_axis([&strip].into_iter(), MS, plot));
            strip.draw(&mut page, &x, &y, style.series(0));
            page.finish("", [], &[]).svg
        };
        let dots = |svg: &str| svg.matches("h0").count();
        assert_eq!(dots(&drawn(1000)), 1000);
        let many = drawn(100_000);
        assert!((300..=401).contains(&dots(&many)), "one median per column: {}", dots(&many));
        assert!(many.len() < 40_000, "{} bytes", many.len());
    }

    #[test]
    fn points_are_put_in_order_of_time() {
        let strip = Strip::of(vec![(3.0, 30.0), (1.0, 10.0), (2.0, 20.0)]);
        assert_eq!(strip.values().collect::<Vec<f64>>(), [10.0, 20.0, 30.0]);
    }
}
