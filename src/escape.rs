//! Names come from strangers: arguments, files, folders, what a program is called. Printed raw, a control character in one
//! could move the cursor, rename the window or hide a line. So all text passes here on its way out.

use std::borrow::Cow;

/// The text with each control character told as `\u001b`, which JSON reads back; line ends and tabs stay.
pub fn printable(text: &str) -> Cow<'_, str> {
    if text.contains(disturbs) { Cow::Owned(escaped(text)) } else { Cow::Borrowed(text) }
}

/// The same, but styles (`ESC [ … m`) stay too: they change how text looks, and nothing else.
pub fn printable_with_styles(text: &str) -> Cow<'_, str> {
    let mut rest = text;
    let mut shown = String::new();
    while let Some(at) = rest.find(disturbs) {
        shown += &rest[..at];
        let end = style(&rest[at..]).unwrap_or_else(|| rest[at..].chars().next().map_or(1, char::len_utf8));
        let piece = &rest[at..at + end];
        if end > 2 && piece.starts_with('\x1b') {
            shown += piece;
        } else {
            shown += &escaped(piece);
        }
        rest = &rest[at + end..];
    }
    if shown.is_empty() { Cow::Borrowed(text) } else { Cow::Owned(shown + rest) }
}

/// The length of the style that the text begins with.
fn style(text: &str) -> Option<usize> {
    let numbers = text.strip_prefix("\x1b[")?;
    let end = numbers.find(|c: char| !c.is_ascii_digit() && c != ';')?;
    numbers[end..].starts_with('m').then_some(2 + end + 1)
}

fn escaped(text: &str) -> String {
    text.chars().fold(String::with_capacity(text.len() + 8), |mut shown, c| {
        if disturbs(c) {
            c.encode_utf16(&mut [0; 2]).iter().for_each(|unit| shown += &format!("\\u{unit:04x}")); // as JSON does
        } else {
            shown.push(c);
        }
        shown
    })
}

fn disturbs(c: char) -> bool {
    is_unseen(c) && c != '\n' && c != '\t'
}

/// Control characters, and what cannot be seen and changes what is: marks that turn the direction of writing (Unicode
/// Standard Annex 9), line and paragraph separators, joiners and spaces without width, tags, annotations.
pub fn is_unseen(c: char) -> bool {
    let unseen = matches!(
        c,
        '\u{ad}'
            | '\u{61c}'
            | '\u{180e}'
            | '\u{200b}'..='\u{200f}'
            | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}'
            | '\u{feff}'
            | '\u{fff9}'..='\u{fffb}'
            | '\u{e0000}'..='\u{e007f}'
    );
    c.is_control() || unseen
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_could_disturb_is_told_and_all_else_stays() {
        for (text, shown) in [
            ("컨테이너\tµs\n", "컨테이너\tµs\n"),
            ("a\x1b]0;title\x07b\r", "a\\u001b]0;title\\u0007b\\u000d"),
            ("\u{9b}2J\x7f\u{202e}", "\\u009b2J\\u007f\\u202e"),
            ("a\u{200b}b\u{61c}c\u{2028}\u{feff}\u{200f}", "a\\u200bb\\u061cc\\u2028\\ufeff\\u200f"),
            ("\u{e0041}", "\\udb40\\udc41"),
        ] {
            assert_eq!(printable(text), shown);
            assert_eq!(printable_with_styles(text), shown);
            assert_eq!(printable(&printable(text)), shown, "once is enough");
        }
    }

    #[test]
    fn a_style_stays_where_styles_are_wanted() {
        let bold = "\x1b[1mname\x1b[0m, \x1b[38;5;9mred\x1b[m";
        assert_eq!(printable_with_styles(bold), bold);
        assert!(!printable(bold).contains('\x1b'));
        for trick in ["\x1b[2J", "\x1b[1", "\x1b[", "\x1b", "\x1b[?25lm", "\x1bc"] {
            assert!(!printable_with_styles(trick).contains('\x1b'), "{trick:?}");
        }
    }

    #[test]
    fn json_reads_it_back() {
        let name = "a\x7f\u{202e}\x1b";
        let text = serde_json::to_string(name).unwrap();
        assert_eq!(serde_json::from_str::<String>(&printable(&text)).unwrap(), name);
    }
}
