//! Columns of text that align: a Korean syllable is two columns wide, an accent none.

use unicode_width::UnicodeWidthStr;

/// The text with blanks behind it, or before it, up to so many columns. What is wider stays as it is.
pub(super) fn padded(text: &str, columns: usize, to_the_right: bool) -> String {
    let blanks = " ".repeat(columns.saturating_sub(text.width()));
    if to_the_right { blanks + text } else { text.to_owned() + &blanks }
}

/// How many columns of a terminal it takes.
pub(super) fn columns(text: &str) -> usize {
    text.width()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn korean_counts_double() {
        assert_eq!([columns("arm"), columns("실험군"), columns("n개"), columns("")], [3, 6, 3, 0]);
        assert_eq!(padded("실험군", 8, false), "실험군  ");
        assert_eq!(padded("1.5 ms", 8, true), "  1.5 ms");
        assert_eq!(padded("too wide", 3, true), "too wide");
    }
}
