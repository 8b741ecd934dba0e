//! Text that must fit: lines of a width, and numbers with their unit.

use super::font;

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
