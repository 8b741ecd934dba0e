//! The page as Markdown that code hosts and editors show: tables aligned as text too, charts as files beside it.

use super::page::{Block, Entry, Page, Table};
use super::width::{columns, padded};
use super::words;

pub fn markdown(page: &Page) -> String {
    let mut out = vec![format!("# {}", escaped(&page.title))];
    out.extend(page.alarms.iter().map(|alarm| format!("> **{}.** {}", words::BANNER.of(page.lang), escaped(alarm))));
    for section in &page.sections {
        out.push(format!("## {}", escaped(&section.title)));
        out.extend(section.blocks.iter().filter_map(|b| block(b, 3)));
    }
    out.push(words::FOOT.with(page.lang, &[env!("CARGO_PKG_VERSION")]));
    out.join("\n\n") + "\n"
}

pub(super) fn blocks(blocks: &[Block]) -> String {
    blocks.iter().filter_map(|b| block(b, 3)).collect::<Vec<_>>().join("\n\n")
}

/// None: a fold of raw numbers has no place in a text to read; `samples.csv` lies beside it.
fn block(block: &Block, level: usize) -> Option<String> {
    Some(match block {
        Block::Heading(text) => format!("{} {}", "#".repeat(level), escaped(text)),
        Block::Text(text) => escaped(text),
        Block::List(items) => items.iter().map(|i| format!("- {}", escaped(i))).collect::<Vec<_>>().join("\n"),
        Block::Sentence(s) => {
            let parts: Vec<String> = s.parts.iter().map(|p| format!("- {}", escaped(p))).collect();
            format!("**{}:**\n\n{}", escaped(&s.lead), parts.join("\n"))
        }
        Block::Table(t) => table(t),
        Block::Figure(f) => format!("![{}]({})", f.drawing.alt.replace(['[', ']', '\n'], " "), f.file),
        Block::Code(text) => format!("```sh\n{text}\n```"),
        Block::Fold(title, blocks) => {
            let inside: Vec<String> = blocks.iter().filter_map(|b| self::block(b, level + 1)).collect();
            if inside.is_empty() {
                return None;
            }
            format!("{} {}\n\n{}", "#".repeat(level), escaped(title), inside.join("\n\n"))
        }
        Block::Raw { .. } => return None,
    })
}

fn table(table: &Table) -> String {
    let titles: Vec<String> = table.columns.iter().map(|c| in_table(&c.title)).collect();
    let rows: Vec<Vec<String>> = table.rows.iter().map(|row| row.iter().map(entry).collect()).collect();
    let width = |i: usize| rows.iter().map(|r| columns(&r[i])).chain([columns(&titles[i]), 3]).max().unwrap_or(3);
    let widths: Vec<usize> = (0..titles.len()).map(width).collect();
    let line = |cells: Vec<String>| format!("| {} |", cells.join(" | "));
    let padded_row = |row: &[String]| {
        line(row.iter().enumerate().map(|(i, text)| padded(text, widths[i], table.columns[i].number)).collect())
    };
    let rule = |i: usize| {
        if table.columns[i].number { format!("{}:", "-".repeat(widths[i] - 1)) } else { "-".repeat(widths[i]) }
    };
    let mut lines =
        vec![captioned(table), String::new(), padded_row(&titles), line((0..titles.len()).map(rule).collect())];
    lines.extend(rows.iter().map(|row| padded_row(row)));
    lines.join("\n")
}

fn captioned(table: &Table) -> String {
    let title = if table.title.is_empty() { String::new() } else { format!("**{}** ", escaped(&table.title)) };
    title + &escaped(&table.caption)
}

fn entry(entry: &Entry) -> String {
    in_table(&entry.text)
}

/// A bar would end the cell, a line break the table.
fn in_table(text: &str) -> String {
    escaped(text).replace('|', "\\|").replace('\n', " ")
}

/// A results file may hold anything: outside of code nothing of it may become markup.
fn escaped(text: &str) -> String {
    let parts = text.split('`').enumerate();
    let escape = |text: &str| text.replace('<', "&lt;").replace('*', "\\*").replace("](", "]\\(").replace('\n', " ");
    parts.map(|(i, part)| if i % 2 == 0 { escape(part) } else { format!("`{part}`") }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::page::{number, text};

    #[test]
    fn tables_align_in_columns_of_a_terminal() {
        let mut t = Table::new("표", &["실험군", "#중앙값"]);
        t.row(vec![text("프로세스"), number("242 µs", 242.0)]);
        t.row(vec![text("our container"), number("1.59 ms", 1590.0)]);
        let shown = table(&t);
        let lines: Vec<&str> = shown.lines().skip(2).collect();
        assert_eq!(lines[0], "| 실험군        |  중앙값 |");
        assert!(lines.iter().all(|l| columns(l) == columns(lines[0])), "{shown}");
        assert_eq!(lines[1], "| ------------- | ------: |");
    }

    #[test]
    fn nothing_of_a_hostile_file_becomes_markup() {
        let mut t = Table::new("<script>", &["a"]);
        t.row(vec![text("x | y\n`<b>` <b> [l](javascript:x)")]);
        let shown = table(&t);
        assert!(!shown.contains("<script>") && shown.contains("x \\| y `<b>` &lt;b> [l]\\(javascript"), "{shown}");
    }
}
