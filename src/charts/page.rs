//! A chart from top to bottom: title, subtitle, legend, what is drawn, notes. Each part takes the room that its words
//! need at this width, and the next one begins below it.

use super::Drawing;
use super::canvas::{Area, Canvas, Point, Side, Text};
use super::font;
use super::style::{Color, Style};
use super::text::wrap;

pub(super) struct Page<'a> {
    pub style: &'a Style,
    pub canvas: Canvas,
    /// Where the next part begins.
    pub y: f64,
    title: String,
}

/// Draws a symbol of the legend into the area that it is given.
type Symbol<'a> = Box<dyn Fn(&mut Canvas, Area) + 'a>;

/// A symbol and what it means.
pub(super) struct Entry<'a> {
    pub symbol: Symbol<'a>,
    /// How wide the symbol is, in sizes of small text.
    pub wide: f64,
    pub text: String,
}

/// A line of the foot; an alarm is seen first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Note {
    pub text: String,
    pub alarm: bool,
    /// Of the whole run: a page of several charts says it once, so there it is left out.
    pub of_run: bool,
}

impl Note {
    pub(super) fn plain(text: impl Into<String>) -> Note {
        Note { text: text.into(), alarm: false, of_run: false }
    }

    pub(super) fn of_run(text: impl Into<String>) -> Note {
        Note { of_run: true, ..Note::plain(text) }
    }
}

impl<'a> Page<'a> {
    /// With the title, where the look wants one, and the subtitle.
    pub(super) fn begin(style: &'a Style, title: &str, subtitle: &str) -> Page<'a> {
        let mut page = Page { style, canvas: Canvas::default(), y: style.margin, title: title.to_owned() };
        if style.look.title {
            page.paragraph(title, style.title, style.ink);
            page.y += style.gap() / 2.0;
        }
        page.paragraph(subtitle, style.small, style.faint);
        page.y += style.gap();
        page
    }

    pub(super) fn text(&mut self, words: &str, at: Point, size: f64, color: Color, side: Side) {
        self.canvas.text(&Text { words, at, size, color, side });
    }

    /// Lines from the left margin, as wide as the page.
    pub(super) fn paragraph(&mut self, words: &str, size: f64, color: Color) {
        self.paragraph_from(self.style.inner().0, words, size, color);
    }

    pub(super) fn paragraph_from(&mut self, left: f64, words: &str, size: f64, color: Color) {
        let right = self.style.inner().1;
        for line in wrap(words, size, right - left) {
            self.text(&line, (left, self.y + Style::line(size) / 2.0), size, color, Side::Left);
            self.y += Style::line(size);
        }
    }

    /// Entries one after the other, in as many lines as they need.
    pub(super) fn legend(&mut self, entries: &[Entry]) {
        let (left, right) = self.style.inner();
        let (size, gap) = (self.style.small, self.style.gap());
        let row = Style::line(size) * 1.15;
        let mut x = left;
        for entry in entries {
            let wide = entry.wide * size;
            let lines = wrap(&entry.text, size, right - left - wide - gap);
            let text = lines.iter().map(|l| font::width(l, size)).fold(0.0, f64::max);
            if x > left && x + wide + gap + text > right {
                (x, self.y) = (left, self.y + row);
            }
            let y = self.y + row / 2.0;
            (entry.symbol)(&mut self.canvas, Area::new(x, y - size * 0.55, x + wide, y + size * 0.55));
            for (i, line) in lines.iter().enumerate() {
                let y = y + i as f64 * Style::line(size);
                self.text(line, (x + wide + gap * 0.7, y), size, self.style.ink, Side::Left);
            }
            self.y += lines.len().saturating_sub(1) as f64 * Style::line(size);
            x += wide + gap + text + gap * 2.0;
            if lines.len() > 1 {
                (x, self.y) = (left, self.y + row);
            }
        }
        if x > left {
            self.y += row;
        }
        self.y += if entries.is_empty() { 0.0 } else { gap };
    }

    fn notes(&mut self, notes: &[Note]) {
        self.y += self.style.gap();
        for note in notes.iter().filter(|note| self.style.look.of_run || !note.of_run) {
            let color = if note.alarm { self.style.alarm } else { self.style.faint };
            self.paragraph(&note.text, self.style.small, color);
        }
    }

    /// The notes below the chart, and the alternative text: what is drawn, then a sentence per row, then the notes.
    pub(super) fn finish(mut self, subtitle: &str, rows: impl IntoIterator<Item = String>, notes: &[Note]) -> Drawing {
        self.notes(notes);
        let told = notes.iter().filter(|note| self.style.look.of_run || !note.of_run).map(|note| note.text.clone());
        let mut sentences = vec![subtitle.to_owned()];
        sentences.extend(rows);
        sentences.extend(told);
        sentences.retain(|s| !s.is_empty());
        let alt = sentences.join(" ");
        let height = self.y + self.style.margin * 0.75;
        Drawing { svg: self.canvas.svg(self.style, height, &self.title, &alt), alt }
    }
}
