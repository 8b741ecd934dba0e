//! Sizes and times as people type and read them.

use std::time::Duration;

use crate::error::{Error, Result};
use crate::model::Unit;

/// "64M" = 64 MiB; K, M, G and T are powers of 1024, a bare number is bytes.
pub fn parse_bytes(text: &str) -> Result<u64> {
    let bad = |why: &str| {
        Error::usage(format!("read the size {text:?}"), why).try_this("a number with K, M, G or T: 64M is 64 MiB")
    };
    let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let unit = text[digits.len()..].trim_end_matches("iB").trim_end_matches('B');
    let shift = match unit.to_ascii_uppercase().as_str() {
        "" => 0,
        "K" => 10,
        "M" => 20,
        "G" => 30,
        "T" => 40,
        _ => return Err(bad("there is no such unit")),
    };
    let number: u64 = digits.parse().map_err(|_| bad("it is no whole number"))?;
    number.checked_mul(1 << shift).ok_or_else(|| bad("it does not fit in 64 bits"))
}

/// "30s", "5m", "250ms"; a bare number is seconds. Zero is refused: nothing could be measured.
pub fn parse_time(text: &str) -> Result<Duration> {
    let bad =
        |why: &str| Error::usage(format!("read the time {text:?}"), why).try_this("a number with s, m or ms: 30s");
    let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let number: f64 = digits.parse().map_err(|_| bad("it is no number"))?;
    let seconds = match &text[digits.len()..] {
        "" | "s" => number,
        "ms" => number / 1e3,
        "m" | "min" => number * 60.0,
        "h" => number * 3600.0,
        _ => return Err(bad("there is no such unit")),
    };
    if !seconds.is_finite() || seconds <= 0.0 || seconds > 7.0 * 86400.0 {
        return Err(bad("it must be more than 0 and at most a week"));
    }
    Ok(Duration::from_secs_f64(seconds))
}

/// A number as people read it in its unit.
pub fn show(value: f64, unit: Unit) -> String {
    match unit {
        Unit::Nanoseconds => show_ns(value),
        Unit::Bytes => show_bytes(value),
        Unit::Count => show_count(value),
        Unit::PerSecond => format!("{}/s", three_digits(value)),
        Unit::BytesPerByte => three_digits(value),
    }
}

/// Three significant digits and a unit: "1.31 ms", "84.2 ns".
pub fn show_ns(ns: f64) -> String {
    let (value, unit) = match ns.abs() {
        x if x < 1e3 => (ns, "ns"),
        x if x < 1e6 => (ns / 1e3, "µs"),
        x if x < 1e9 => (ns / 1e6, "ms"),
        _ => (ns / 1e9, "s"),
    };
    format!("{} {unit}", three_digits(value))
}

/// Less than a thousandth of a byte is what rounding left of none.
pub fn show_bytes(bytes: f64) -> String {
    let bytes = if bytes.abs() < 1e-3 { 0.0 } else { bytes };
    let (value, unit) = match bytes.abs() {
        x if x < 1024.0 => (bytes, "B"),
        x if x < 1024.0 * 1024.0 => (bytes / 1024.0, "KiB"),
        x if x < 1024.0 * 1024.0 * 1024.0 => (bytes / 1024.0 / 1024.0, "MiB"),
        _ => (bytes / 1024.0 / 1024.0 / 1024.0, "GiB"),
    };
    format!("{} {unit}", three_digits(value))
}

/// Three significant digits, never in exponent form.
pub fn three_digits(value: f64) -> String {
    match value.abs() {
        x if x < 1e-9 => "0".into(), // what rounding left of none
        x if x >= 100.0 => format!("{value:.0}"),
        x if x >= 10.0 => format!("{value:.1}"),
        x if x >= 1.0 => format!("{value:.2}"),
        x => format!("{value:.0$}", 2 + (-x.log10()).ceil().min(9.0) as usize),
    }
}

/// A count, or the median of counts: "4", "100", "1.5".
pub fn show_count(count: f64) -> String {
    if count.fract() == 0.0 { format!("{count:.0}") } else { format!("{count:.1}") }
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
    fn counts_keep_their_zeros() {
        assert_eq!([100.0, 4.0, 1.5].map(show_count), ["100", "4", "1.5"]);
    }
}
