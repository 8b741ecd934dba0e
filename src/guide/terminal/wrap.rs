//! Styled text broken into lines of a width.

use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

/// Does the terminal take styles? NO_COLOR, a pipe and a dumb terminal do not.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Paint {
    #[default]
    Plain,
    Colours,
}

impl Paint {
    pub fn colours(self) -> bool {
        self == Paint::Colours
    }

    pub fn bold(self, text: &str) -> String {
        self.styled(text, "1")
    }

    pub fn dim(self, text: &str) -> String {
        self.styled(text, "2")
    }

    pub fn green(self, text: &str) -> String {
        self.styled(text, "32")
    }

    pub fn red(self, text: &str) -> String {
        self.styled(text, "31")
    }

    fn styled(self, text: &str, code: &str) -> String {
        if self.colours() { format!("\x1b[{code}m{text}\x1b[0m") } else { text.to_owned() }
    }
}

/// Columns that a text takes in a terminal, styles left out.
pub fn wide(text: &str) -> usize {
    let mut columns = 0;
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('\x1b') {
        columns += before.width();
        rest = after.split_once('m').map_or("", |(_, rest)| rest);
    }
    columns + rest.width()
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Style {
    pub(super) bold: bool,
    pub(super) italic: bool,
    pub(super) code: bool,
}

impl Style {
    fn paint(self, text: &str, paint: Paint) -> String {
        let codes = [(self.bold, "1"), (self.italic, "3"), (self.code, "36")];
        let codes: Vec<&str> = codes.iter().filter(|(on, _)| *on).map(|(_, code)| *code).collect();
        if codes.is_empty() { text.to_owned() } else { paint.styled(text, &codes.join(";")) }
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Piece {
    pub(super) text: String,
    pub(super) style: Style,
}

/// Words of a paragraph: each is a list of pieces without a space between them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Line {
    words: Vec<Vec<Piece>>,
    /// Does the next piece belong to the last word?
    open: bool,
    /// Lines begin anew before these words.
    breaks: Vec<usize>,
}

impl Line {
    pub(super) fn is_empty(&self) -> bool {
        self.words.is_empty()
    }

    pub(super) fn pieces(&self) -> impl DoubleEndedIterator<Item = &Piece> {
        self.words.iter().flatten()
    }

    /// Text that may be broken at its spaces.
    pub(super) fn push(&mut self, text: &str, style: Style) {
        for (i, word) in text.split([' ', '\n']).enumerate() {
            let unit =
                i > 0 && UNITS.contains(&word.trim_end_matches([',', '.', ';', ')', ':'])) && self.ends_in_digit();
            if unit {
                self.glue(&format!("\u{a0}{word}"), style);
                continue;
            }
            if i > 0 {
                self.open = false;
            }
            self.glue(word, style);
        }
    }

    fn ends_in_digit(&self) -> bool {
        self.open && self.pieces().next_back().is_some_and(|p| p.text.ends_with(|c: char| c.is_ascii_digit()))
    }

    /// Text that is not broken.
    pub(super) fn glue(&mut self, text: &str, style: Style) {
        if text.is_empty() {
            return;
        }
        let piece = Piece { text: text.to_owned(), style };
        match self.words.last_mut() {
            Some(word) if self.open => word.push(piece),
            _ => self.words.push(vec![piece]),
        }
        self.open = true;
    }

    pub(super) fn break_here(&mut self) {
        self.open = false;
        self.breaks.push(self.words.len());
    }

    /// Columns of the whole on one line.
    pub(super) fn width(&self) -> usize {
        self.words.iter().map(|w| width_of(w)).sum::<usize>() + self.words.len().saturating_sub(1)
    }

    /// The widest word.
    pub(super) fn widest_word(&self) -> usize {
        self.words.iter().map(|w| width_of(w)).max().unwrap_or(0)
    }
}

/// A line does not begin with one of these when a number stands before it.
const UNITS: &[&str] = &["%", "ns", "µs", "ms", "s", "min", "B", "KiB", "MiB", "GiB", "×"];

fn width_of(word: &[Piece]) -> usize {
    word.iter().map(|p| p.text.width()).sum()
}

/// The words as lines that end with a line break; the first begins with `first`, the others with `indent`.
pub(super) fn lines(line: &Line, first: &str, indent: &str, width: usize, paint: Paint) -> String {
    let mut out = String::new();
    let mut begin = first;
    for row in rows(line, width, wide(first), wide(indent)) {
        out += begin;
        out += &row.iter().map(|word| painted(word, paint)).collect::<Vec<_>>().join(" ");
        out.push('\n');
        begin = indent;
    }
    out
}

pub(super) fn painted(word: &[Piece], paint: Paint) -> String {
    word.iter().map(|p| p.style.paint(&p.text, paint)).collect()
}

/// The words in rows: greedy, and a word that is wider than a row is cut.
pub(super) fn rows(line: &Line, width: usize, first: usize, indent: usize) -> Vec<Vec<Vec<Piece>>> {
    let mut rows: Vec<Vec<Vec<Piece>>> = vec![Vec::new()];
    let mut used = first;
    for (i, word) in line.words.iter().enumerate() {
        for (j, part) in cut(word, width.saturating_sub(indent).max(2)).into_iter().enumerate() {
            let needs = width_of(&part);
            let row = rows.last_mut().expect("there is always a row");
            let space = usize::from(!row.is_empty());
            if j > 0 || (i > 0 && line.breaks.contains(&i)) || (!row.is_empty() && used + space + needs > width) {
                rows.push(vec![part]);
                used = indent + needs;
            } else {
                row.push(part);
                used += space + needs;
            }
        }
    }
    rows
}

/// A word in parts that fit: a long path or a Korean compound has no space to break at.
fn cut(word: &[Piece], width: usize) -> Vec<Vec<Piece>> {
    if width_of(word) <= width {
        return vec![word.to_vec()];
    }
    let (mut parts, mut used) = (vec![Vec::<Piece>::new()], 0);
    for piece in word {
        for c in piece.text.chars() {
            let columns = c.width().unwrap_or(0);
            if used + columns > width {
                parts.push(Vec::new());
                used = 0;
            }
            used += columns;
            let part = parts.last_mut().expect("there is always a part");
            match part.last_mut() {
                Some(last) if last.style == piece.style => last.text.push(c),
                _ => part.push(Piece { text: c.to_string(), style: piece.style }),
            }
        }
    }
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_syllable_takes_two_columns_and_a_style_none() {
        assert_eq!((wide("abc"), wide("컨테이너"), wide("\x1b[1mab\x1b[0m")), (3, 8, 2));
    }

    #[test]
    fn a_number_keeps_its_unit() {
        let mut line = Line::default();
        line.push("it was 2.5 %, or 110 ms more", Style::default());
        assert_eq!(lines(&line, "", "", 10, Paint::Plain), "it was\n2.5\u{a0}%, or\n110\u{a0}ms\nmore\n");
    }

    #[test]
    fn words_stay_whole_unless_they_cannot() {
        let mut line = Line::default();
        line.push("one two", Style::default());
        line.glue("three", Style { code: true, ..Style::default() });
        line.push(" ", Style::default());
        line.push(&"x".repeat(25), Style::default());
        assert_eq!(
            lines(&line, "- ", "  ", 12, Paint::Plain),
            "- one\n  twothree\n  xxxxxxxxxx\n  xxxxxxxxxx\n  xxxxx\n"
        );
    }
}
