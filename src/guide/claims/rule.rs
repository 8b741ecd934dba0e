//! The rule of a claim, as data: terms (what is measured), tests on their intervals, and the verdict of the first rule
//! that holds. Nothing is evaluated but these few forms.
//!
//! A test is true, false, open (the interval lies on both sides) or missing (the cell was not measured). One false part
//! makes "all" false whatever else is missing, so a claim can be decided from less than everything that it names.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::value::Value;
use crate::guide::tolerances::NEAR;
use crate::results::schema::Interval;

/// What one test compares. Arms are groups: "container" is our container with or without root, "vm" every virtual
/// machine, "engine" every container engine; anything else is an environment's id, or an arm's with its knobs.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Term {
    pub kind: Kind,
    pub experiment: String,
    pub metric: String,
    /// Taken where no arm has the metric.
    #[serde(default)]
    pub or: Option<String>,
    pub arm: String,
    /// Of a ratio: what the arm is divided by.
    #[serde(default)]
    pub base: String,
    /// Of a slope: the key of the case that is varied.
    #[serde(default)]
    pub along: String,
    /// Of a slope: machines whose RAM the host backs at the start, instead of those where it does not.
    #[serde(default)]
    pub prealloc: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// Median of `arm / base` within blocks.
    Ratio,
    /// Median of the metric itself.
    Value,
    /// Median of the number of objects whose name begins with `metric`.
    Objects,
    /// Host bytes per byte of `along`, one line per block.
    Slope,
}

/// One line of a claim's rule; the first that holds gives the verdict. Without tests it always holds.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rule {
    pub verdict: super::Verdict,
    #[serde(default)]
    pub all: Vec<Test>,
    #[serde(default)]
    pub any: Vec<Test>,
}

/// `{ every = "start", is = "below", than = 1 }`: of every pair of arms that the term compares, or of some pair.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Test {
    #[serde(default)]
    pub every: Option<String>,
    #[serde(default)]
    pub some: Option<String>,
    pub is: Is,
    pub than: f64,
    /// An arm that this version does not have yet leaves the test false instead of missing.
    #[serde(default)]
    pub optional: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Is {
    /// The whole interval lies there; open when it lies on both sides.
    Below,
    Above,
    /// The same, but an interval on both sides counts as "no": for "true only if".
    ClearlyBelow,
    ClearlyAbove,
    NotClearlyBelow,
    NotClearlyAbove,
    /// No difference detectable: the interval includes it, or the distance is below the noise floor.
    Includes,
    /// The whole interval lies within [`NEAR`] of it.
    Near,
    /// Of counts: every instance has exactly so many.
    Equals,
    NotEquals,
}

/// What a test found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Truth {
    True,
    False,
    /// The interval lies on both sides, or there are too few blocks for one.
    Open,
    /// This term has no value.
    Missing(String),
}

pub(super) type Values = BTreeMap<String, Vec<Value>>;

impl Rule {
    pub(super) fn holds(&self, values: &Values) -> Truth {
        let all = all(self.all.iter().map(|test| test.holds(values)));
        if self.any.is_empty() {
            return all;
        }
        let any = any(self.any.iter().map(|test| test.holds(values)));
        self::all([all, any].into_iter())
    }
}

impl Test {
    /// The name of its term.
    pub fn term(&self) -> &str {
        self.every.as_deref().or(self.some.as_deref()).unwrap_or_default()
    }

    fn holds(&self, values: &Values) -> Truth {
        let found = values.get(self.term()).map_or(&[][..], Vec::as_slice);
        if found.is_empty() {
            return if self.optional { Truth::False } else { Truth::Missing(self.term().to_owned()) };
        }
        let each = found.iter().map(|value| self.is.holds(value, self.than));
        if self.every.is_some() { all(each) } else { any(each) }
    }
}

fn all(truths: impl Iterator<Item = Truth>) -> Truth {
    truths.fold(Truth::True, |so_far, next| match (&so_far, &next) {
        (Truth::False, _) | (_, Truth::False) => Truth::False,
        (Truth::Missing(_), _) => so_far,
        (_, Truth::Missing(_)) => next,
        (Truth::Open, _) | (_, Truth::Open) => Truth::Open,
        _ => Truth::True,
    })
}

fn any(truths: impl Iterator<Item = Truth>) -> Truth {
    truths.fold(Truth::False, |so_far, next| match (&so_far, &next) {
        (Truth::True, _) | (_, Truth::True) => Truth::True,
        (Truth::Missing(_), _) => so_far,
        (_, Truth::Missing(_)) => next,
        (Truth::Open, _) | (_, Truth::Open) => Truth::Open,
        _ => Truth::False,
    })
}

impl Is {
    fn holds(self, value: &Value, than: f64) -> Truth {
        let same = |a: f64, b: f64| (a - b).abs() < f64::EPSILON; // counts, and a constant of the data
        let equals = same(value.lowest, than) && same(value.highest, than);
        if matches!(self, Is::Equals | Is::NotEquals) {
            return yes(equals == (self == Is::Equals));
        }
        let Interval { median, low: Some(low), high: Some(high) } = value.found else { return Truth::Open };
        // "Equal" of a ratio is the one point where the noise floor counts: two equal arms differ by as much.
        let hidden = same(than, 1.0) && value.floor.is_some_and(|floor| (median - 1.0).abs() <= floor);
        let (below, above) = (high < than && !hidden, low > than && !hidden);
        match self {
            Is::Below => three(below, above),
            Is::Above => three(above, below),
            Is::ClearlyBelow => yes(below),
            Is::ClearlyAbove => yes(above),
            Is::NotClearlyBelow => yes(!below),
            Is::NotClearlyAbove => yes(!above),
            Is::Includes => yes(!below && !above),
            Is::Near => three(low >= than - NEAR && high <= than + NEAR, high < than - NEAR || low > than + NEAR),
            Is::Equals | Is::NotEquals => unreachable!("answered above"),
        }
    }
}

fn yes(is: bool) -> Truth {
    if is { Truth::True } else { Truth::False }
}

fn three(is: bool, is_not: bool) -> Truth {
    match (is, is_not) {
        (true, _) => Truth::True,
        (_, true) => Truth::False,
        _ => Truth::Open,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn value(low: f64, median: f64, high: f64, floor: Option<f64>) -> Value {
        let found = Interval { median, low: Some(low), high: Some(high) };
        Value { found, floor, lowest: low, highest: high, ..Value::default() }
    }

    #[test]
    fn an_interval_on_both_sides_is_open_or_a_plain_no() {
        let v = value(0.9, 1.0, 1.2, None);
        assert_eq!(Is::Below.holds(&v, 1.1), Truth::Open);
        assert_eq!(Is::ClearlyBelow.holds(&v, 1.1), Truth::False);
        assert_eq!(Is::NotClearlyAbove.holds(&v, 1.1), Truth::True);
        assert_eq!(Is::Includes.holds(&v, 1.0), Truth::True);
        assert_eq!(Is::Below.holds(&v, 1.3), Truth::True);
        assert_eq!(Is::Below.holds(&v, 0.8), Truth::False);
    }

    #[test]
    fn a_difference_below_the_noise_floor_is_none() {
        let v = value(1.01, 1.02, 1.03, Some(0.05));
        assert_eq!(Is::ClearlyAbove.holds(&v, 1.0), Truth::False);
        assert_eq!(Is::Includes.holds(&v, 1.0), Truth::True);
        assert_eq!(Is::ClearlyAbove.holds(&value(1.01, 1.02, 1.03, Some(0.01)), 1.0), Truth::True);
        assert_eq!(Is::ClearlyBelow.holds(&v, 1.25), Truth::True, "the floor counts only at equal");
    }

    #[test]
    fn too_few_blocks_leave_every_test_open() {
        let v = Value { found: Interval { median: 9.0, low: None, high: None }, ..Value::default() };
        for is in [Is::Below, Is::Above, Is::ClearlyBelow, Is::NotClearlyBelow, Is::Includes, Is::Near] {
            assert_eq!(is.holds(&v, 1.0), Truth::Open, "{is:?}");
        }
    }

    #[test]
    fn one_false_part_decides_whatever_is_missing() {
        let missing = || Truth::Missing("m".into());
        assert_eq!(all([missing(), Truth::False].into_iter()), Truth::False);
        assert_eq!(all([Truth::True, missing(), Truth::Open].into_iter()), missing());
        assert_eq!(any([missing(), Truth::True].into_iter()), Truth::True);
        assert_eq!(any([Truth::Open, missing()].into_iter()), missing());
        assert_eq!(any([Truth::Open, Truth::False].into_iter()), Truth::Open);
    }
}
