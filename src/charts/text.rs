//! Text that must fit: lines of a width, and numbers with their unit.

use super::font;
use crate::model::Unit;
use crate::units::three_digits;

/// Lines no wider than `width`: broken at spaces, inside a word after `:`, `,`, `/` or `+`, and anywhere where even
/// that is too wide. Control characters become spaces.
pub(super) fn wrap(text: &str, size: f64, width: f64) -> Vec<String> {
    let clean: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    let clean = clean.replace(" = ", "\u{a0}=\u{a0}"); // "n = 20" stays together
    let mut lines = vec![String::new()];
    for piece in clean.split_inclusive([' ', ':', ',', '/', '+']) {
        for piece in split_to_fit(piece, size, width) {
            let line = lines.last_mut().expect("there is a first line");
            if font::width(&format!("{line}{}", piece.trim_end()), size) <= width {
                line.push_str(&piece);
            } else {
                lines.push(piece);
            }
        }
    }
    let lines = lines.iter().map(|l| l.replace("\u{a0}=\u{a0}", " = ").trim().to_owned());
    lines.filter(|l| !l.is_empty()).collect()
}

/// One piece, or several where it alone is wider than a line.
fn split_to_fit(piece: &str, size: f64, width: f64) -> Vec<String> {
    let mut parts = vec![String::new()];
    for c in piece.chars() {
        let part = parts.last_mut().expect("there is a first part");
        if !part.is_empty() && font::width(&format!("{part}{c}"), size) > width {
            parts.push(c.to_string());
        } else {
            part.push(c);
        }
    }
    parts
}

/// At most this many lines; the last one tells that something is missing.
pub(super) fn at_most(mut lines: Vec<String>, most: usize) -> Vec<String> {
    if lines.len() > most {
        lines.truncate(most);
        if let Some(last) = lines.last_mut() {
            last.pop();
            last.push('…');
        }
    }
    lines
}

/// One unit for a whole chart, so that its axis and its numbers compare.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Scale {
    /// "ms"; empty for counts.
    pub unit: &'static str,
    /// How much of the unit of the data that is.
    pub per: f64,
}

impl Scale {
    /// The one that suits values of about this size.
    pub(super) fn of(unit: Unit, size: f64) -> Scale {
        let (unit, per) = match (unit, size.abs()) {
            (Unit::Nanoseconds, x) if x < 1e3 => ("ns", 1.0),
            (Unit::Nanoseconds, x) if x < 1e6 => ("µs", 1e3),
            (Unit::Nanoseconds, x) if x < 1e10 => ("ms", 1e6),
            (Unit::Nanoseconds, _) => ("s", 1e9),
            (Unit::Bytes, x) if x < 1024.0 => ("B", 1.0),
            (Unit::Bytes, x) if x < 1024.0 * 1024.0 => ("KiB", 1024.0),
            (Unit::Bytes, x) if x < 1e4 * 1024.0 * 1024.0 => ("MiB", 1024.0 * 1024.0),
            (Unit::Bytes, _) => ("GiB", 1024.0 * 1024.0 * 1024.0),
            (Unit::PerSecond, _) => ("1/s", 1.0),
            (Unit::Count | Unit::BytesPerByte, _) => ("", 1.0),
        };
        Scale { unit, per }
    }

    /// Three digits, without the unit.
    pub(super) fn number(self, value: f64) -> String {
        three_digits(value / self.per)
    }

    /// "0.153 ms".
    pub(super) fn value(self, value: f64) -> String {
        format!("{} {}", self.number(value), self.unit).trim_end().to_owned()
    }

    /// "0.153 ms (0.150–0.160)"; None for the ends: `without` says why there is no interval.
    pub(super) fn interval(self, ends: Option<(f64, f64)>, without: &str) -> String {
        match ends {
            Some((low, high)) => format!("({}–{})", self.number(low), self.number(high)),
            None => format!("({without})"),
        }
    }
}

/// "+1.2 %", with a real minus.
pub(super) fn percent(share: f64) -> String {
    let digits = usize::from(share.abs() < 0.0995);
    format!("{:+.digits$}\u{a0}%", share * 100.0).replace('-', "−")
}

/// A number on an axis: as few digits as tell it, thousands apart.
pub(super) fn tick(value: f64) -> String {
    let text = format!("{value:.6}");
    let text = text.trim_end_matches('0').trim_end_matches('.');
    let (whole, rest) = text.split_once('.').map_or((text, String::new()), |(w, r)| (w, format!(".{r}")));
    let grouped: String = whole.chars().rev().enumerate().fold(String::new(), |all, (i, c)| {
        let thin = if i > 0 && i % 3 == 0 && whole.len() > 4 && c != '-' { "\u{a0}" } else { "" };
        format!("{all}{thin}{c}")
    });
    grouped.chars().rev().collect::<String>().replace('-', "−") + &rest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_fit_and_lose_nothing_but_spaces() {
        let text =
            "container:-seccomp:-net:-lo with a name that goes on, and averyveryverylongwordwithoutanybreak 가상머신";
        for width in [40.0, 90.0, 200.0, 2000.0] {
            let lines = wrap(text, 14.0, width);
            assert!(lines.iter().all(|l| font::width(l, 14.0) <= width), "{width}: {lines:?}");
            assert_eq!(lines.concat().replace(' ', ""), text.replace(' ', ""));
        }
        assert_eq!(wrap(text, 14.0, 2000.0).len(), 1);
        assert_eq!(wrap("of all, n = 20", 14.0, 75.0), ["of all,", "n = 20"]);
    }

    #[test]
    fn what_is_left_out_shows() {
        let lines: Vec<String> = ["one", "two", "three"].map(String::from).into();
        assert_eq!(at_most(lines.clone(), 2), ["one", "tw…"]);
        assert_eq!(at_most(lines.clone(), 3), lines);
    }

    #[test]
    fn the_unit_follows_the_longest() {
        let units = [900.0, 153e3, 1.3e6, 4.2e9, 45e9].map(|ns| Scale::of(Unit::Nanoseconds, ns).unit);
        assert_eq!(units, ["ns", "µs", "ms", "ms", "s"]);
        let scale = Scale::of(Unit::Bytes, 3e6);
        assert_eq!(scale.value(1.5 * 1024.0 * 1024.0), "1.50 MiB");
        assert_eq!(scale.interval(Some((0.0, 1024.0 * 1024.0)), ""), "(0–1.00)");
        assert_eq!(Scale::of(Unit::Count, 3.0).value(3.0), "3.00");
    }

    #[test]
    fn ticks_have_no_idle_zeros() {
        for (value, text) in [
            (0.0, "0"),
            (0.5, "0.5"),
            (0.1 + 0.2, "0.3"),
            (20.0, "20"),
            (-5.0, "−5"),
            (0.000_02, "0.00002"),
            (1500.0, "1500"),
            (1_500_000.0, "1\u{a0}500\u{a0}000"),
        ] {
            assert_eq!(tick(value), text);
        }
    }

    #[test]
    fn shares_have_a_sign() {
        assert_eq!([0.0123, -0.5, 5.8].map(percent), ["+1.2\u{a0}%", "−50\u{a0}%", "+580\u{a0}%"]);
    }
}
