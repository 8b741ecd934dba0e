//! Axes: from a value to a place, and as many ticks as their labels have room for.

use plotters::coord::combinators::{IntoLogRange, LogCoord};
use plotters::coord::ranged1d::Ranged;
use plotters::coord::types::RangedCoordf64;

use super::canvas::{Area, Side, Stroke};
use super::font;
use super::page::Page;
use super::style::Style;
use super::text::{tick, wrap};
use crate::units::Scale;

/// plotters places values on whole units; so many are a pixel.
const FINE: f64 = 100.0;

/// More lines than this do not help the eye.
const MOST_TICKS: f64 = 11.0;

#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Axis {
    scale: Scale,
    /// In the scale's unit.
    low: f64,
    high: f64,
    log: bool,
    /// Pixels where `low` and `high` stand.
    from: f64,
    to: f64,
}

/// How small a value may be beside the largest to have a place of its own on a logarithmic axis; what is smaller stands at
/// its end. Fifteen decades are more than any two clocks are apart, and their quotient is finite.
const LEAST_SHARE: f64 = 1e-15;
/// Divided by any unit it is still above 0.
const LEAST: f64 = 1e-200;

impl Axis {
    /// `low` and `high` in the unit of the data. An empty range is widened.
    pub(super) fn linear(scale: Scale, (low, high): (f64, f64), (from, to): (f64, f64)) -> Axis {
        let (low, high) = (low / scale.per, high / scale.per);
        let high = if high > low { high } else { low + 1.0 };
        Axis { scale, low, high, log: false, from, to }
    }

    /// `low` must be above 0: what is not is drawn at the smallest place. An empty range is widened.
    pub(super) fn log(scale: Scale, (low, high): (f64, f64), (from, to): (f64, f64)) -> Axis {
        let low = if low > 0.0 { low.max(high * LEAST_SHARE).max(LEAST) / scale.per } else { 1e-3 };
        let high = (high / scale.per).max(low);
        let (low, high) = if high / low < 1.2 { (low / 1.2, high * 1.2) } else { (low, high) };
        Axis { scale, low, high, log: true, from, to }
    }

    /// A logarithmic axis whose ends are ticks, with a little room beyond all values: the eye finds the lowest of them at a
    /// number. `most` ticks at the most.
    pub(super) fn log_round(scale: Scale, (low, high): (f64, f64), place: (f64, f64), most: f64) -> Axis {
        let low = if low > 0.0 { low.max(high * LEAST_SHARE).max(LEAST) } else { scale.per * 1e-3 };
        let room = (high / low).max(1.01).powf(0.04);
        let (low, high) = (low / room, high.max(low) * room);
        let (a, b) = round_ends(low / scale.per, high / scale.per, most);
        Axis { scale, low: a, high: b, log: true, from: place.0, to: place.1 }
    }

    /// Where a value of the data stands, in pixels; what lies outside stands at the end.
    pub(super) fn at(&self, value: f64) -> f64 {
        let value = (value / self.scale.per).clamp(self.low, self.high);
        let ends = [self.from, self.to].map(|end| (end * FINE).round() as i32);
        let place = if self.log {
            LogCoord::from((self.low..self.high).log_scale()).map(&value, ends.into())
        } else {
            RangedCoordf64::from(self.low..self.high).map(&value, ends.into())
        };
        f64::from(place) / FINE
    }

    /// The densest ticks whose labels keep apart: value in the unit of the data, and label. `extent`: how many pixels a
    /// label takes along the axis.
    fn ticks(&self, extent: &dyn Fn(&str) -> f64, most: f64) -> Vec<(f64, String)> {
        let label = |v: f64| (v * self.scale.per, tick(v));
        let apart = |ticks: &[(f64, String)]| {
            ticks.windows(2).all(|pair| {
                let distance = (self.at(pair[1].0) - self.at(pair[0].0)).abs();
                distance >= f64::midpoint(extent(&pair[0].1), extent(&pair[1].1))
            })
        };
        let candidates = if self.log { self.log_candidates() } else { self.linear_candidates(most) };
        let labelled = candidates.into_iter().map(|c| c.into_iter().map(label).collect::<Vec<_>>());
        let mut fitting = labelled.filter(|c| apart(c) && c.len() as f64 <= most);
        fitting.next().unwrap_or_default()
    }

    /// Steps of 1, 2 and 5, from dense to sparse.
    fn linear_candidates(&self, most: f64) -> Vec<Vec<f64>> {
        let span = self.high - self.low;
        let least = 10f64.powf((span / most).log10().floor());
        let steps = [1.0, 2.0, 5.0, 10.0, 20.0, 50.0, 100.0].map(|s| s * least);
        let inside = |step: f64| {
            let first = (self.low / step - 1e-9).ceil() as i64;
            let last = (self.high / step + 1e-9).floor() as i64;
            (first..=last).map(|i| i as f64 * step).collect()
        };
        steps.into_iter().filter(|s| span / s <= most + 1e-9).map(inside).collect()
    }

    /// 1, 2, 5 in every decade; decades; every second, third … decade. Within one decade steps as on a linear axis.
    fn log_candidates(&self) -> Vec<Vec<f64>> {
        let (first, last) = (self.low.log10().floor() as i32, self.high.log10().ceil() as i32);
        let inside = |values: Vec<f64>| {
            let within = |v: &f64| *v >= self.low * 0.999_999 && *v <= self.high * 1.000_001;
            values.into_iter().filter(within).collect::<Vec<f64>>()
        };
        let decades = |every: i32, of: &[f64]| {
            let powers = (first..=last).filter(|p| p.rem_euclid(every) == 0);
            inside(powers.flat_map(|p| of.iter().map(move |m| m * 10f64.powi(p))).collect())
        };
        let mut all = Vec::new();
        if self.high / self.low <= 5.0 {
            all.extend(self.linear_candidates(8.0).into_iter().map(inside));
        }
        all.extend([decades(1, &[1.0, 2.0, 5.0]), decades(1, &[1.0, 3.0]), decades(1, &[1.0])]);
        all.extend((2..8).map(|every| decades(every, &[1.0])));
        if all.iter().all(|c| c.len() < 2) {
            all = vec![inside(vec![self.low, self.high])];
        }
        all.retain(|c| !c.is_empty());
        all
    }

    /// Lines up and down through `plot`, labels below it, and the name of the axis with its unit, wrapped to the plot.
    /// Gives the lower end of it all.
    pub(super) fn draw_below(&self, page: &mut Page, plot: Area, name: &str) -> f64 {
        let style = *page.style;
        let extent = |label: &str| font::width(label, style.small) + style.gap();
        let y = plot.bottom + Style::line(style.small) * 0.75;
        for (value, label) in self.ticks(&extent, MOST_TICKS) {
            let x = self.at(value);
            page.canvas.line(&[(x, plot.top), (x, plot.bottom)], Stroke::new(style.grid, style.thick));
            let half = font::width(&label, style.small) / 2.0;
            if x - half >= 0.0 && x + half <= style.width {
                page.text(&label, (x, y), style.small, style.ink, Side::Center);
            }
        }
        page.canvas.line(&[(plot.left, plot.bottom), (plot.right, plot.bottom)], Stroke::new(style.ink, style.thick));
        let mut y = y + Style::line(style.small) * 1.2;
        for line in wrap(&self.named(name), style.small, plot.width()) {
            page.text(&line, (plot.middle().0, y), style.small, style.ink, Side::Center);
            y += Style::line(style.small);
        }
        y
    }

    /// Lines across `plot`, labels left of it.
    pub(super) fn draw_left(&self, page: &mut Page, plot: Area, most: f64) {
        let style = *page.style;
        for (value, label) in self.ticks(&|_| Style::line(style.small), most) {
            let y = self.at(value);
            page.canvas.line(&[(plot.left, y), (plot.right, y)], Stroke::new(style.grid, style.thick));
            page.text(&label, (plot.left - style.gap() / 2.0, y), style.small, style.ink, Side::Right);
        }
        page.canvas.line(&[(plot.left, plot.top), (plot.left, plot.bottom)], Stroke::new(style.ink, style.thick));
    }

    /// How much room the labels of [`Axis::draw_left`] need.
    pub(super) fn left_width(&self, style: &Style, most: f64) -> f64 {
        let ticks = self.ticks(&|_| Style::line(style.small), most);
        ticks.iter().map(|t| font::width(&t.1, style.small)).fold(0.0, f64::max) + style.gap()
    }

    /// "time from create to ready (ms)".
    pub(super) fn named(&self, name: &str) -> String {
        if self.scale.unit.is_empty() { name.to_owned() } else { format!("{name} ({})", self.scale.unit) }
    }
}

/// The closest round numbers around both whose ticks are few enough: steps of a linear axis where the two are close, else
/// 1, 2 and 5, or 1 and 3, of every decade, or decades.
fn round_ends(low: f64, high: f64, most: f64) -> (f64, f64) {
    if high / low <= 5.0 {
        let least = 10f64.powf(((high - low) / most).log10().floor());
        let steps = [1.0, 2.0, 5.0, 10.0, 20.0, 50.0].map(|step| step * least);
        let ends = steps.map(|step| ((low / step).floor() * step, (high / step).ceil() * step, step));
        if let Some((a, b, _)) = ends.into_iter().find(|(a, b, step)| *a > 0.0 && (b - a) / step < most - 0.5) {
            return (a, b);
        }
    }
    let (first, last) = (low.log10().floor() as i32 - 1, high.log10().ceil() as i32 + 1);
    let families =
        [(1, &[1.0, 2.0, 5.0][..]), (1, &[1.0, 3.0])].into_iter().chain((1..8).map(|every| (every, &[1.0][..])));
    for (every, of) in families {
        let powers = (first - every..=last + every).filter(|p| p.rem_euclid(every) == 0);
        let all: Vec<f64> = powers.flat_map(|p| of.iter().map(move |m| m * 10f64.powi(p))).collect();
        let below = all.iter().rposition(|v| *v <= low);
        let above = all.iter().position(|v| *v >= high);
        if let (Some(from), Some(to)) = (below, above)
            && (to - from + 1) as f64 <= most
        {
            return (all[from], all[to]);
        }
    }
    (low, high)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Unit;

    const MS: Scale = Scale { unit: "ms", per: 1e6 };

    fn labels(axis: Axis, extent: f64) -> Vec<String> {
        axis.ticks(&|_| extent, MOST_TICKS).into_iter().map(|t| t.1).collect()
    }

    #[test]
    fn the_smallest_number_there_is_does_not_make_an_axis_without_end() {
        for axis in [
            Axis::log(MS, (5e-324, 1e6), (0.0, 400.0)),
            Axis::log_round(MS, (5e-324, 1e6), (0.0, 400.0), 6.0),
            Axis::log_round(MS, (5e-324, 5e-324), (0.0, 400.0), 6.0),
            Axis::log(MS, (5e-324, 9e17), (0.0, 400.0)),
        ] {
            assert!(axis.low > 0.0 && axis.high.is_finite(), "{axis:?}");
            assert!(labels(axis, 20.0).len() < 40);
        }
    }

    #[test]
    fn values_stand_where_they_belong() {
        let linear = Axis::linear(MS, (0.0, 4e6), (100.0, 500.0));
        let equal = |a: f64, b: f64| assert!((a - b).abs() < 1e-9, "{a} {b}");
        [(0.0, 100.0), (1e6, 200.0), (4e6, 500.0), (9e6, 500.0)].into_iter().for_each(|(v, x)| equal(linear.at(v), x));
        let log = Axis::log(MS, (1e4, 1e8), (0.0, 400.0));
        [(1e4, 0.0), (1e5, 100.0), (1e6, 200.0), (1e8, 400.0)].into_iter().for_each(|(v, x)| equal(log.at(v), x));
        let up = Axis::linear(MS, (0.0, 1e6), (300.0, 100.0));
        equal(up.at(0.5e6), 200.0); // a vertical axis grows upwards
    }

    #[test]
    fn ticks_are_round_and_as_many_as_fit() {
        let axis = Axis::linear(MS, (0.0, 1.7e6), (0.0, 700.0));
        assert_eq!(labels(axis, 30.0), ["0", "0.2", "0.4", "0.6", "0.8", "1", "1.2", "1.4", "1.6"]);
        assert_eq!(labels(axis, 90.0), ["0", "0.5", "1", "1.5"]);
        let log = Axis::log(MS, (0.15e6, 40e6), (0.0, 700.0));
        assert_eq!(labels(log, 40.0), ["0.2", "0.5", "1", "2", "5", "10", "20"]);
        assert_eq!(labels(log, 200.0), ["1", "10"]);
        let narrow = Axis::log(MS, (0.21e6, 0.24e6), (0.0, 700.0));
        assert!(labels(narrow, 40.0).len() >= 3, "{:?}", labels(narrow, 40.0));
    }

    /// Most starts at 0.2 ms and a few at 1: an axis from the lowest start on has its lowest tick above it.
    #[test]
    fn a_round_axis_begins_and_ends_at_a_tick() {
        for (low, high) in [(0.14e6, 1.1e6), (1.98e6, 2.12e6), (0.2e6, 0.2e6), (3e6, 40e6), (1e4, 9e8), (0.9e6, 4e6)] {
            for height in [64.0, 112.0] {
                let axis = Axis::log_round(MS, (low, high), (height, 0.0), 4.0);
                let ticks = axis.ticks(&|_| 17.0, 4.0);
                let at = |i: usize| axis.at(ticks[i].0);
                assert!(ticks.len() >= 2, "{axis:?}: {ticks:?}");
                assert!((at(0) - height).abs() < 0.1, "the lowest tick is the lower end, {axis:?}: {ticks:?}");
                assert!(axis.at(low) < height - 1.0 && axis.at(high) > 1.0, "room beyond {low} and {high}: {axis:?}");
            }
        }
    }

    #[test]
    fn nothing_and_one_value_still_have_an_axis() {
        for axis in [
            Axis::linear(MS, (0.0, 0.0), (0.0, 100.0)),
            Axis::log(MS, (0.0, 0.0), (0.0, 100.0)),
            Axis::log(MS, (5e6, 5e6), (0.0, 100.0)),
        ] {
            assert!(axis.at(3.0).is_finite() && !labels(axis, 5.0).is_empty(), "{axis:?}");
        }
        assert_eq!(Axis::linear(Scale::for_axis(Unit::Count, 2.0), (0.0, 2.0), (0.0, 9.0)).named("objects"), "objects");
    }
}
