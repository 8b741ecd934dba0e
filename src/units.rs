//! Sizes and times as people type and read them.

use std::time::Duration;

use crate::error::{Error, Result};
use crate::lang::Said;
use crate::model::Unit;
use crate::said;

/// "64M" = 64 MiB; K, M, G and T are powers of 1024, a bare number is bytes.
pub fn parse_bytes(text: &str) -> Result<u64> {
    let bad = |why: Said| {
        Error::usage(said!("read the size {text:?}", "크기 {text:?}을(를) 읽을 수 없습니다"), why).try_this(said!(
            "a number with K, M, G or T: 64M is 64 MiB",
            "K, M, G, T를 붙인 수를 적으십시오. 64M은 64 MiB입니다"
        ))
    };
    let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let unit = text[digits.len()..].trim_end_matches("iB").trim_end_matches('B');
    let shift = match unit.to_ascii_uppercase().as_str() {
        "" => 0,
        "K" => 10,
        "M" => 20,
        "G" => 30,
        "T" => 40,
        _ => return Err(bad(said!("there is no such unit", "그런 단위가 없음"))),
    };
    let number: u64 = digits.parse().map_err(|_| bad(said!("it is no whole number", "정수가 아님")))?;
    number.checked_mul(1 << shift).ok_or_else(|| bad(said!("it does not fit in 64 bits", "64비트에 들어가지 않음")))
}

/// "30s", "5m", "250ms"; a bare number is seconds. Zero is refused: nothing could be measured.
pub fn parse_time(text: &str) -> Result<Duration> {
    let bad = |why: Said| {
        Error::usage(said!("read the time {text:?}", "시간 {text:?}을(를) 읽을 수 없습니다"), why)
            .try_this(said!("a number with s, m or ms: 30s", "s, m, ms를 붙인 수를 적으십시오: 30s"))
    };
    let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let number: f64 = digits.parse().map_err(|_| bad(said!("it is no number", "수가 아님")))?;
    let seconds = match &text[digits.len()..] {
        "" | "s" => number,
        "ms" => number / 1e3,
        "m" | "min" => number * 60.0,
        "h" => number * 3600.0,
        _ => return Err(bad(said!("there is no such unit", "그런 단위가 없음"))),
    };
    if !seconds.is_finite() || seconds <= 0.0 || seconds > 7.0 * 86400.0 {
        return Err(bad(said!("it must be more than 0 and at most a week", "0보다 크고 일주일을 넘지 않아야 함")));
    }
    Ok(Duration::from_secs_f64(seconds))
}

/// The unit in which numbers that belong together are shown: a value with its interval, an axis with what stands at it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Scale {
    /// "ms"; empty for counts.
    pub unit: &'static str,
    /// How much of the unit of the data that is.
    pub per: f64,
}

const KIB: f64 = 1024.0;
const MIB: f64 = 1024.0 * KIB;
const GIB: f64 = 1024.0 * MIB;

impl Scale {
    /// The one that suits a value of this size.
    pub fn of(unit: Unit, size: f64) -> Scale {
        Scale::until(unit, size, 1e9, GIB)
    }

    /// The one that suits values up to about this size, of which the smaller ones shall still tell something: seconds begin
    /// at 10, GiB at 10,000 MiB.
    pub fn for_axis(unit: Unit, largest: f64) -> Scale {
        Scale::until(unit, largest, 1e10, 1e4 * MIB)
    }

    fn until(unit: Unit, size: f64, seconds: f64, gib: f64) -> Scale {
        let (unit, per) = match (unit, size.abs()) {
            (Unit::Nanoseconds, x) if x < 1e3 => ("ns", 1.0),
            (Unit::Nanoseconds, x) if x < 1e6 => ("µs", 1e3),
            (Unit::Nanoseconds, x) if x < seconds => ("ms", 1e6),
            (Unit::Nanoseconds, _) => ("s", 1e9),
            (Unit::Bytes, x) if x < KIB => ("B", 1.0),
            (Unit::Bytes, x) if x < MIB => ("KiB", KIB),
            (Unit::Bytes, x) if x < gib => ("MiB", MIB),
            (Unit::Bytes, _) => ("GiB", GIB),
            (Unit::PerSecond, _) => ("1/s", 1.0),
            (Unit::Count | Unit::BytesPerByte, _) => ("", 1.0),
        };
        Scale { unit, per }
    }

    /// Three digits, without the unit.
    pub fn number(self, value: f64) -> String {
        three_digits(value / self.per)
    }

    /// "0.153 ms".
    pub fn value(self, value: f64) -> String {
        format!("{} {}", self.number(value), self.unit).trim_end().to_owned()
    }

    /// "(0.150–0.160)"; None for the ends: `without` says why there is no interval.
    pub fn interval(self, ends: Option<(f64, f64)>, without: &str) -> String {
        match ends {
            Some((low, high)) => format!("({}–{})", self.number(low), self.number(high)),
            None => format!("({without})"),
        }
    }
}

/// A number as people read it in its unit: "1.31 ms", "217 KiB", "138/s".
pub fn show(value: f64, unit: Unit) -> String {
    match unit {
        Unit::Nanoseconds => show_ns(value),
        Unit::Bytes => show_bytes(value),
        Unit::Count => show_count(value),
        Unit::PerSecond => format!("{}/s", three_digits(value)),
        Unit::BytesPerByte => three_digits(value),
    }
}

/// A number beside `median` as [`show`] shows that: in the same unit, unnamed, and with the same decimals.
pub fn beside(median: f64, value: f64, unit: Unit) -> String {
    let per = Scale::of(unit, median).per;
    let decimals = if unit == Unit::Count { count_decimals(median) } else { decimals(median / per) };
    format!("{:.decimals$}", value / per)
}

/// Three significant digits and a unit: "1.31 ms", "84.2 ns".
pub fn show_ns(ns: f64) -> String {
    Scale::of(Unit::Nanoseconds, ns).value(ns)
}

/// Less than a thousandth of a byte is what rounding left of none.
pub fn show_bytes(bytes: f64) -> String {
    let bytes = if bytes.abs() < 1e-3 { 0.0 } else { bytes };
    Scale::of(Unit::Bytes, bytes).value(bytes)
}

/// Three significant digits, never in exponent form.
pub fn three_digits(value: f64) -> String {
    let decimals = decimals(value);
    if value.abs() < NOTHING { "0".into() } else { format!("{value:.decimals$}") }
}

/// What rounding left of none.
const NOTHING: f64 = 1e-9;

/// How many decimals three significant digits of it take.
fn decimals(value: f64) -> usize {
    match value.abs() {
        x if x >= 100.0 => 0,
        x if x >= 10.0 => 1,
        x if x >= 1.0 => 2,
        x if x < NOTHING => 0,
        x => 2 + (-x.log10()).ceil().min(9.0) as usize,
    }
}

/// A count, or the median of counts: "4", "100", "1.5".
pub fn show_count(count: f64) -> String {
    let decimals = count_decimals(count);
    format!("{count:.decimals$}")
}

fn count_decimals(count: f64) -> usize {
    usize::from(count.fract() != 0.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_read_as_people_write_them() {
        for (text, bytes) in
            [("0", 0), ("512", 512), ("64K", 65536), ("16MiB", 16 << 20), ("1g", 1 << 30), ("2TB", 2 << 40)]
        {
            assert_eq!(parse_bytes(text).unwrap(), bytes, "{text}");
        }
        for bad in ["", "-1", "1X", "1.5G", "99999999999T", "M"] {
            assert!(parse_bytes(bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn times_are_positive_and_finite() {
        assert_eq!(parse_time("250ms").unwrap(), Duration::from_millis(250));
        assert_eq!(parse_time("2m").unwrap(), Duration::from_secs(120));
        for bad in ["0", "-5s", "1y", "", "inf", "NaN", "1e30"] {
            assert!(parse_time(bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn numbers_show_three_digits() {
        assert_eq!(show_ns(1_312_345.0), "1.31 ms");
        assert_eq!(show_ns(84.23), "84.2 ns");
        assert_eq!(show_bytes(222_208.0), "217 KiB");
        assert_eq!(show_bytes(-1.8e-12), "0 B");
        let texts: Vec<String> = [-2e-12, 0.0035, 0.0999, 0.5, 1.0, 272.3].into_iter().map(three_digits).collect();
        assert_eq!(texts, ["0", "0.00350", "0.0999", "0.500", "1.00", "272"]);
    }

    #[test]
    fn the_end_of_an_interval_is_not_bent_by_the_rounding_of_its_median() {
        assert_eq!(beside(1_587_600.0, 1_564_900.0, Unit::Nanoseconds), "1.56");
        assert_eq!(beside(0.9997, 0.9972, Unit::BytesPerByte), "0.997");
        assert_eq!(beside(232_448.0, 232_000.0, Unit::Bytes), "227");
        assert_eq!((beside(3.0, 2.5, Unit::Count), beside(2.5, 3.0, Unit::Count)), ("2".into(), "3.0".into()));
        assert_eq!(beside(0.0, 3.0, Unit::Bytes), "3");
    }

    #[test]
    fn a_chart_has_one_unit() {
        let units = [900.0, 153e3, 1.3e6, 4.2e9, 45e9].map(|ns| Scale::for_axis(Unit::Nanoseconds, ns).unit);
        assert_eq!(units, ["ns", "µs", "ms", "ms", "s"]);
        assert_eq!(Scale::of(Unit::Nanoseconds, 4.2e9).unit, "s");
        let scale = Scale::for_axis(Unit::Bytes, 3e6);
        assert_eq!((scale.unit, scale.number(1_572_864.0)), ("MiB", "1.50".into()));
        assert_eq!(scale.interval(Some((0.0, 1024.0 * 1024.0)), ""), "(0–1.00)");
        assert_eq!(Scale::of(Unit::Count, 3.0).value(3.0), "3.00");
    }

    #[test]
    fn counts_keep_their_zeros() {
        assert_eq!([100.0, 4.0, 1.5].map(show_count), ["100", "4", "1.5"]);
    }
}
