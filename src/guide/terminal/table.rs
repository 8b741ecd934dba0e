//! A table in columns; where it is too wide, its widest columns are wrapped.

use super::wide;
use super::wrap::{Line, Paint, painted, rows};

const BETWEEN: usize = 2;

#[derive(Default)]
pub(super) struct Table {
    rows: Vec<Vec<Line>>,
}

impl Table {
    pub(super) fn row(&mut self) {
        self.rows.push(Vec::new());
    }

    pub(super) fn cell(&mut self, cell: Line) {
        self.rows.iter_mut().last().into_iter().for_each(|row| row.push(cell.clone()));
    }

    pub(super) fn text(&self, width: usize, paint: Paint) -> String {
        let widths = self.widths(width);
        let mut out = String::new();
        for (i, row) in self.rows.iter().enumerate() {
            out += &row_text(row, &widths, &self.right(), paint, i == 0);
            if i == 0 {
                let rule: Vec<String> = widths.iter().map(|w| "─".repeat(*w)).collect();
                out += &(rule.join("  ") + "\n");
            }
        }
        out
    }

    fn columns(&self) -> usize {
        self.rows.iter().map(Vec::len).max().unwrap_or(0)
    }

    /// A column of numbers stands to the right: each of its cells begins with a digit or a sign.
    fn right(&self) -> Vec<bool> {
        let number = |line: &Line| {
            let first = line.pieces().next().and_then(|p| p.text.chars().next());
            first.is_none_or(|c| c.is_ascii_digit() || "×±−–+<>≤≥≈".contains(c))
        };
        (0..self.columns())
            .map(|c| self.rows.len() > 1 && self.rows[1..].iter().filter_map(|row| row.get(c)).all(number))
            .collect()
    }

    /// As wide as the text, unless that is too wide for the terminal: then the widest give way first.
    fn widths(&self, width: usize) -> Vec<usize> {
        let of = |column: usize, measure: fn(&Line) -> usize| {
            self.rows.iter().filter_map(|row| row.get(column)).map(measure).max().unwrap_or(0)
        };
        let mut widths: Vec<usize> = (0..self.columns()).map(|c| of(c, Line::width)).collect();
        let least: Vec<usize> = (0..self.columns()).map(|c| of(c, Line::widest_word).min(20)).collect();
        let room = width.saturating_sub(BETWEEN * self.columns().saturating_sub(1));
        while widths.iter().sum::<usize>() > room {
            let shrinkable = (0..widths.len()).filter(|c| widths[*c] > least[*c]).max_by_key(|c| widths[*c]);
            let Some(widest) = shrinkable else { break };
            widths[widest] -= 1;
        }
        widths
    }
}

fn row_text(row: &[Line], widths: &[usize], right: &[bool], paint: Paint, head: bool) -> String {
    let cells: Vec<Vec<String>> = widths
        .iter()
        .enumerate()
        .map(|(c, width)| {
            let lines = row.get(c).map(|cell| rows(cell, *width, 0, 0)).unwrap_or_default();
            lines.iter().map(|words| words.iter().map(|w| painted(w, paint)).collect::<Vec<_>>().join(" ")).collect()
        })
        .collect();
    let height = cells.iter().map(Vec::len).max().unwrap_or(0);
    let mut out = String::new();
    for line in 0..height {
        let mut text = String::new();
        for (c, cell) in cells.iter().enumerate() {
            let words = cell.get(line).map_or("", String::as_str);
            let space = " ".repeat(widths[c].saturating_sub(wide(words)));
            let words = if head { paint.bold(words) } else { words.to_owned() };
            text += &if right[c] { format!("{space}{words}") } else { format!("{words}{space}") };
            text += &" ".repeat(BETWEEN);
        }
        out += text.trim_end();
        out.push('\n');
    }
    out
}

#[cfg(test)]
mod tests {
    use super::super::{WIDTH, render};
    use super::*;

    #[test]
    fn a_wide_table_is_wrapped_and_stays_in_columns() {
        let long = "a sentence that is far too long to stand in one line of a table with three columns in it";
        let text = render(&format!("| a | b | c |\n|---|---|---|\n| x | {long} | {long} |\n"), Paint::Plain);
        assert!(text.lines().all(|l| wide(l) <= WIDTH), "{text}");
        assert!(text.lines().count() > 3 && text.starts_with("a  b"), "{text}");
    }
}
