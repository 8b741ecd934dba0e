//! A number as a student quotes it, "1.52 ms", "×7.2", "3.1 %", and whether a value of the results file is that number.
//!
//! It must be as isolab printed it, so it is compared within the rounding of the digits that it shows.

use crate::guide::tolerances::QUOTED_DIGITS;
use crate::model::Unit;
use crate::units::{show, three_digits};

/// What kind of number it is: two kinds are never the same number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::guide) enum Kind {
    Time,
    Bytes,
    /// "×7.2", and numbers without a unit: counts, bytes per byte.
    Plain,
    Percent,
    PerSecond,
}

#[derive(Debug, Clone, PartialEq)]
pub(in crate::guide) struct Quoted {
    kind: Kind,
    /// In nanoseconds, bytes, or as it is.
    value: f64,
    /// Half of what the last digit counts.
    half: f64,
    signed: bool,
    digits: usize,
    /// Only the digits: "7.2".
    pub(in crate::guide) core: String,
    /// Without spaces, as isolab would print it.
    plain: String,
}

/// A value of the file that a card may quote.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::guide) struct Candidate {
    /// "boot/container create_to_ready median".
    pub(in crate::guide) what: String,
    pub(in crate::guide) kind: Kind,
    pub(in crate::guide) value: f64,
    /// Its 95 % interval, in the same unit; None: the number has none.
    pub(in crate::guide) interval: Option<Ends>,
    printed: String,
}

#[derive(Debug, Clone, Copy, PartialEq)]
pub(in crate::guide) struct Ends {
    low: f64,
    pub(in crate::guide) median: f64,
    high: f64,
}

const UNITS: &[(&str, Kind, f64)] = &[
    ("ns", Kind::Time, 1.0),
    ("us", Kind::Time, 1e3),
    ("ms", Kind::Time, 1e6),
    ("s", Kind::Time, 1e9),
    ("B", Kind::Bytes, 1.0),
    ("KiB", Kind::Bytes, 1024.0),
    ("MiB", Kind::Bytes, 1_048_576.0),
    ("GiB", Kind::Bytes, 1_073_741_824.0),
    ("%", Kind::Percent, 1.0),
    ("/s", Kind::PerSecond, 1.0),
    ("x", Kind::Plain, 1.0),
    ("배", Kind::Plain, 1.0),
    ("", Kind::Plain, 1.0),
];

impl Quoted {
    /// None: it is no number with a unit that isolab prints. An interval after it is not looked at.
    pub(in crate::guide) fn parse(text: &str) -> Option<Quoted> {
        let plain = plain(text.split('[').next().unwrap_or_default());
        let body = plain.trim_start_matches(['+', '-']);
        let body = body.strip_prefix('x').unwrap_or(body);
        let end = body.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(body.len());
        let (core, unit) = body.split_at(end);
        let (_, kind, scale) = UNITS.iter().find(|(name, ..)| *name == unit)?;
        let value: f64 = core.parse().ok()?;
        let decimals = core.split_once('.').map_or(0, |(_, d)| d.len()) as i32;
        let negative = plain.starts_with('-');
        Some(Quoted {
            kind: *kind,
            value: if negative { -value } else { value } * scale,
            half: 0.5 * 10f64.powi(-decimals) * scale,
            signed: plain.starts_with(['+', '-']),
            digits: core.trim_start_matches(['0', '.']).chars().filter(char::is_ascii_digit).count(),
            core: core.to_owned(),
            plain: plain.trim_start_matches(['+', '-', 'x']).to_owned(),
        })
    }

    pub(in crate::guide) fn is(&self, candidate: &Candidate) -> bool {
        if self.kind != candidate.kind {
            return false;
        }
        let value = if self.signed { candidate.value } else { candidate.value.abs() };
        self.is_near(value) && (self.digits >= QUOTED_DIGITS || self.plain == candidate.printed)
    }
}

impl Quoted {
    /// Within the rounding of its digits.
    fn is_near(&self, value: f64) -> bool {
        (value - self.value).abs() <= self.half * (1.0 + 1e-9)
    }

    /// The unit as it was typed: "ms"; "" where none was.
    pub(in crate::guide) fn unit(&self) -> &str {
        self.plain.strip_prefix(&self.core).unwrap_or_default()
    }

    pub(in crate::guide) fn is_plain(&self) -> bool {
        self.kind == Kind::Plain
    }

    /// Does one bracket of the sentence, "[1.50, 1.60]", hold these ends? They may leave out the unit of the number. Half of
    /// the width, "±0.05", says it too.
    pub(in crate::guide) fn interval_stands_in(&self, sentence: &str, ends: Ends) -> bool {
        let parse = |text: &str| {
            let text = plain(text);
            let bare = text.ends_with(|c: char| c.is_ascii_digit());
            Quoted::parse(&if bare { format!("{text}{}", self.unit()) } else { text })
        };
        let at = |text: &str, value: f64| parse(text).is_some_and(|q| q.kind == self.kind && q.is_near(value));
        let brackets = sentence.split('[').skip(1).filter_map(|rest| rest.split_once(']')).map(|(inside, _)| inside);
        let holds = |inside: &str| {
            [",", "~", "–", " to "]
                .iter()
                .filter_map(|by| inside.split_once(by))
                .any(|(a, b)| at(a, ends.low) && at(b, ends.high))
        };
        let half = (ends.median - ends.low).max(ends.high - ends.median);
        let digits = |rest: &str| -> String {
            rest.trim_start().chars().take_while(|c| c.is_ascii_digit() || *c == '.').collect()
        };
        brackets.into_iter().any(holds)
            || sentence.split('±').skip(1).any(|rest| at(digits(rest).trim_end_matches('.'), half))
    }
}

impl Candidate {
    /// With its interval, in the unit of `value`.
    pub(in crate::guide) fn within(mut self, ends: Option<(f64, f64)>, median: f64) -> Candidate {
        self.interval = ends.filter(|(low, high)| low < high).map(|(low, high)| Ends { low, median, high });
        self
    }

    pub(in crate::guide) fn of(what: String, value: f64, unit: Option<Unit>) -> Candidate {
        let kind = match unit {
            None | Some(Unit::Count | Unit::BytesPerByte) => Kind::Plain,
            Some(Unit::Nanoseconds) => Kind::Time,
            Some(Unit::Bytes) => Kind::Bytes,
            Some(Unit::PerSecond) => Kind::PerSecond,
        };
        let printed = unit.map_or_else(|| three_digits(value), |unit| show(value, unit));
        Candidate { what, kind, value, interval: None, printed: plain(&printed).trim_start_matches('-').to_owned() }
    }

    /// `share`: 0.031 is 3.1 %.
    pub(in crate::guide) fn percent(what: String, share: f64) -> Candidate {
        let value = share * 100.0;
        Candidate { what, kind: Kind::Percent, value, interval: None, printed: format!("{:.1}%", value.abs()) }
    }
}

/// One spelling for each sign, and no spaces.
pub(in crate::guide) fn plain(text: &str) -> String {
    let one = |c: char| match c {
        '×' | 'X' => 'x',
        'µ' | 'μ' => 'u',
        '−' | '–' => '-',
        other => other,
    };
    text.chars().filter(|c| !c.is_whitespace() && *c != '\u{2060}').map(one).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fits(text: &str, value: f64, unit: Option<Unit>) -> bool {
        Quoted::parse(text).is_some_and(|q| q.is(&Candidate::of(String::new(), value, unit)))
    }

    #[test]
    fn a_number_is_found_within_the_digits_that_it_shows() {
        let ns = Some(Unit::Nanoseconds);
        assert!(fits("1.59 ms", 1_587_654.0, ns) && fits("1.6ms", 1_587_654.0, ns) && fits("1588 µs", 1_587_654.0, ns));
        assert!(!fits("1.58 ms", 1_587_654.0, ns) && !fits("1.59 µs", 1_587_654.0, ns) && !fits("1.59", 1.59e6, ns));
        assert!(fits("×6.65", 6.648, None) && fits("6.65x", 6.648, None) && fits("x 6.6", 6.648, None));
        assert!(fits("227 KiB", 232_448.0, Some(Unit::Bytes)) && fits("6", 6.0, Some(Unit::Count)));
        assert!(fits("1.59 ms [1.57, 1.61]", 1_587_654.0, ns), "with its interval");
    }

    #[test]
    fn one_digit_is_too_few_unless_it_is_printed_so() {
        let ns = Some(Unit::Nanoseconds);
        assert!(!fits("2 ms", 1_587_654.0, ns) && !fits("0 ms", 1234.0, ns));
        let floor = Candidate::percent(String::new(), 0.0021);
        assert!(Quoted::parse("0.2 %").unwrap().is(&floor));
        assert!(!Quoted::parse("0 %").unwrap().is(&floor));
    }

    #[test]
    fn a_sign_counts_where_it_is_written() {
        let faster = Candidate::percent(String::new(), -0.164);
        assert!(Quoted::parse("16.4 %").unwrap().is(&faster) && Quoted::parse("−16.4 %").unwrap().is(&faster));
        assert!(!Quoted::parse("+16.4 %").unwrap().is(&faster));
    }

    #[test]
    fn what_is_no_number_is_none() {
        for text in ["", "fast", "ms 3", "1.5 parsecs", "1.5.2 ms", "×"] {
            assert_eq!(Quoted::parse(text), None, "{text:?}");
        }
    }
}
