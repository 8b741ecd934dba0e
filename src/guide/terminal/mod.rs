//! A piece of Markdown for a terminal of 80 columns: headings, paragraphs, lists, tables, quotes, code. Widths are those
//! of a terminal, where a Hangul syllable takes two columns. Code is folded so that it can be copied; what a program printed is shown as it was.

mod code;
mod table;
mod wrap;

use pulldown_cmark::{CodeBlockKind, Event, HeadingLevel, Options, Parser, Tag, TagEnd};

use wrap::{Line, Piece, Style};
pub use wrap::{Paint, wide};

/// Columns that a page uses.
pub const WIDTH: usize = 80;

/// The text, with ANSI styles where `paint` allows them; it ends with a line break unless it is empty.
pub fn render(markdown: &str, paint: Paint) -> String {
    let mut writer = Writer { paint, ..Writer::default() };
    Parser::new_ext(markdown, Options::ENABLE_TABLES).for_each(|event| writer.event(event));
    writer.flush();
    writer.out
}

/// A sentence that is no Markdown, wrapped behind an indentation; the first line begins with `first` instead.
pub fn sentence(text: &str, first: &str, indent: &str, paint: Paint) -> String {
    let mut line = Line::default();
    line.push(text, Style::default());
    wrap::lines(&line, first, indent, WIDTH, paint)
}

/// A command, to be copied: where it is too wide it goes on after a backslash.
pub fn command(text: &str, first: &str, indent: &str, paint: Paint) -> String {
    let pieces = code::folded(text, "sh", WIDTH.saturating_sub(wide(first)));
    let begins = std::iter::once(first).chain(std::iter::repeat(indent));
    pieces.iter().zip(begins).map(|(piece, begin)| format!("{begin}{}\n", paint.bold(piece))).collect()
}

#[derive(Default)]
struct Writer {
    paint: Paint,
    out: String,
    /// What is said in the current paragraph, item or heading.
    line: Line,
    style: Style,
    /// Open lists: the number of the next item, or None for bullets.
    lists: Vec<Option<u64>>,
    /// What stands before the first line of the current item.
    marker: Option<String>,
    quotes: usize,
    /// Inside a code block: what its fence said.
    code: Option<String>,
    link: Option<String>,
    table: Option<table::Table>,
}

impl Writer {
    fn event(&mut self, event: Event) {
        match event {
            Event::Start(tag) => self.start(tag),
            Event::End(tag) => self.end(tag),
            Event::Text(text) if self.code.is_some() => self.code_lines(&text),
            Event::Text(text) => self.line.push(&text, self.style),
            Event::Code(text) => {
                let shown = if self.paint.colours() { text.to_string() } else { format!("`{text}`") };
                self.line.push(&shown, Style { code: true, ..self.style });
            }
            Event::SoftBreak => self.line.push(" ", self.style),
            Event::HardBreak => self.line.break_here(),
            Event::Rule => {
                self.gap();
                self.out += &"─".repeat(20);
                self.out.push('\n');
            }
            _ => {} // HTML comments and the like say nothing in a terminal
        }
    }

    fn start(&mut self, tag: Tag) {
        match tag {
            Tag::Heading { .. } => {
                self.flush();
                self.gap();
                self.style.bold = true;
            }
            Tag::Paragraph => {
                self.flush();
                if self.marker.is_none() {
                    self.gap();
                }
            }
            Tag::List(first) => {
                self.flush();
                if self.lists.is_empty() {
                    self.gap();
                }
                self.lists.push(first);
            }
            Tag::Item => {
                self.flush();
                self.marker = Some(match self.lists.last_mut() {
                    Some(Some(number)) => {
                        *number += 1;
                        format!("{}. ", *number - 1)
                    }
                    _ => "• ".into(),
                });
            }
            Tag::BlockQuote(_) => {
                self.flush();
                self.quotes += 1;
            }
            Tag::CodeBlock(kind) => {
                self.flush();
                self.gap();
                let info = if let CodeBlockKind::Fenced(info) = kind { info.to_string() } else { String::new() };
                self.code_title(&info);
                self.code = Some(info);
            }
            Tag::Table(_) => {
                self.flush();
                self.gap();
                self.table = Some(table::Table::default());
            }
            Tag::TableHead | Tag::TableRow => self.table.iter_mut().for_each(table::Table::row),
            Tag::Strong => self.style.bold = true,
            Tag::Emphasis => self.style.italic = true,
            Tag::Link { dest_url, .. } => self.link = Some(dest_url.to_string()),
            _ => {}
        }
    }

    fn end(&mut self, tag: TagEnd) {
        match tag {
            TagEnd::Heading(level) => {
                self.flush();
                self.style.bold = false;
                self.underline(level);
            }
            TagEnd::Paragraph => self.flush(),
            TagEnd::Item => {
                self.flush();
                self.marker = None;
            }
            TagEnd::List(_) => {
                self.flush();
                self.lists.pop();
            }
            TagEnd::BlockQuote(_) => {
                self.flush();
                self.quotes -= 1;
            }
            TagEnd::CodeBlock => self.code = None,
            TagEnd::TableCell => {
                let cell = std::mem::take(&mut self.line);
                self.table.iter_mut().for_each(|t| t.cell(cell.clone()));
            }
            TagEnd::Table => {
                let table = self.table.take().unwrap_or_default();
                self.out += &table.text(WIDTH, self.paint);
            }
            TagEnd::Strong => self.style.bold = false,
            TagEnd::Emphasis => self.style.italic = false,
            TagEnd::Link => self.link_target(),
            _ => {}
        }
    }

    /// Where a link leads, when that is said nowhere else; a file of the repository is named by its text.
    fn link_target(&mut self) {
        let Some(target) = self.link.take() else { return };
        let told = self.line.pieces().last().is_some_and(|Piece { text, .. }| target.ends_with(text.as_str()));
        if target.contains("://") && !told {
            self.line.push(&format!(" ({target})"), Style::default());
        }
    }

    /// Without colours a title needs something else to stand out.
    fn underline(&mut self, level: HeadingLevel) {
        if !self.paint.colours() && level <= HeadingLevel::H2 {
            let last = self.out.trim_end_matches('\n').rsplit('\n').next().unwrap_or_default();
            let sign = if level == HeadingLevel::H1 { "=" } else { "-" };
            self.out += &format!("{}\n", sign.repeat(wide(last)));
        }
    }

    /// What kind of block it is, where its lines do not say so themselves.
    fn code_title(&mut self, info: &str) {
        let title = match info.split_once(' ') {
            Some(("sh", "later")) => "(not in this version)".to_owned(),
            Some((_, place)) if place.contains('#') => place.replacen('#', ", ", 1),
            _ => return,
        };
        let title = self.paint.dim(&title);
        self.out += &format!("{}{title}\n", self.indent());
    }

    fn code_lines(&mut self, text: &str) {
        let info = self.code.clone().unwrap_or_default();
        let indent = self.indent();
        let prompt = if info.starts_with("sh") { 2 } else { 0 };
        let room = WIDTH.saturating_sub(wide(&indent) + 2 + prompt);
        // A program's own 80 columns leave no room before them.
        let widest = text.lines().map(wide).max().unwrap_or(0);
        let gap = if info == "text" && (room + 1..=room + 2).contains(&widest) { "" } else { "  " };
        for (i, line) in text.lines().flat_map(|line| code::folded(line, &info, room).into_iter().enumerate()) {
            let sign = if i == 0 { "$ " } else { "  " };
            let shown = match info.as_str() {
                "sh" if !line.is_empty() => format!("{sign}{}", self.paint.bold(&line)),
                "sh later" if !line.is_empty() => self.paint.dim(&format!("{sign}{line}")),
                _ => line,
            };
            self.out += format!("{indent}{gap}{shown}").trim_end();
            self.out.push('\n');
        }
    }

    /// One empty line between blocks.
    fn gap(&mut self) {
        if !self.out.is_empty() && !self.out.ends_with("\n\n") {
            self.out.push('\n');
        }
    }

    fn indent(&self) -> String {
        let lists = self.lists.len().saturating_sub(usize::from(self.marker.is_some() && self.line.is_empty()));
        "│ ".repeat(self.quotes) + &"  ".repeat(lists)
    }

    /// What was gathered becomes lines.
    fn flush(&mut self) {
        if self.line.is_empty() || self.table.is_some() {
            return;
        }
        let line = std::mem::take(&mut self.line);
        let outer = "│ ".repeat(self.quotes) + &"  ".repeat(self.lists.len().saturating_sub(1));
        let (first, rest) = match self.marker.take() {
            Some(marker) => (format!("{outer}{marker}"), format!("{outer}{}", " ".repeat(wide(&marker)))),
            None if self.lists.is_empty() => (outer.clone(), outer),
            None => (format!("{outer}  "), format!("{outer}  ")),
        };
        self.out += &wrap::lines(&line, &first, &rest, WIDTH, self.paint);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PAGE: &str = "## 4. Concept\n\nA *container* is a process with `namespaces` around it, and this sentence is long \
        enough to be broken somewhere. See [the manual](https://man7.org/x).\n\n- one\n- two\n  - inner\n\n1. first\n2. second\n\n\
        ```sh\nisolab bench -x boot\n```\n\n```text\n┌──┐\n│  │  a line of a drawing that is much longer than eighty columns stays as it was drawn, whole\n```\n\n\
        | arm | start |\n|---|--:|\n| process | 1 ms |\n| 컨테이너 | 2 ms |\n\n> a quote\n";

    #[test]
    fn without_colours_it_reads_as_plain_text() {
        let text = render(PAGE, Paint::Plain);
        let expected = "4. Concept\n----------\n\nA container is a process with `namespaces` around it, and this sentence is long\n\
            enough to be broken somewhere. See the manual (https://man7.org/x).\n\n• one\n• two\n  • inner\n\n1. first\n2. second\n\n  $ isolab bench -x boot\n\n  \
            ┌──┐\n  │  │  a line of a drawing that is much longer than eighty columns stays as it was drawn, whole\n\n\
            arm       start\n────────  ─────\nprocess    1\u{a0}ms\n컨테이너   2\u{a0}ms\n\n│ a quote\n";
        assert_eq!(text, expected);
    }

    #[test]
    fn colours_change_no_width() {
        let plain = render(PAGE, Paint::Plain);
        let styled = render(PAGE, Paint::Colours);
        assert!(styled.contains("\x1b[1mConcept\x1b[0m") && !plain.contains('\x1b'));
        let too_wide = |text: &str| text.lines().filter(|l| wide(l) > WIDTH && !l.contains("drawing")).count();
        assert_eq!((too_wide(&plain), too_wide(&styled)), (0, 0));
    }

    #[test]
    fn korean_is_wrapped_by_its_width() {
        let text = render(&"가상머신은 게스트 메모리를 가진 프로세스입니다. ".repeat(5), Paint::Plain);
        let rows: Vec<usize> = text.lines().map(wide).collect();
        assert!(rows.len() == 4 && rows.iter().all(|w| *w <= WIDTH) && rows[..3].iter().all(|w| *w > 60), "{text}");
    }
}
