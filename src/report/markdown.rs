//! The page as Markdown that code hosts and editors show: tables aligned as text too, charts as files beside it.

use super::page::{Block, Entry, Page, Table};
use super::width::{columns, padded};
use super::words;
use crate::escape::printable;

pub fn markdown(page: &Page) -> String {
    let mut out = vec![format!("# {}", escaped(&page.title))];
    out.extend(page.alarms.iter().map(|alarm| format!("> **{}.** {}", words::BANNER.of(page.lang), escaped(alarm))));
    for section in &page.sections {
        out.push(format!("## {}", escaped(&section.title)));
        out.extend(section.blocks.iter().filter_map(|b| block(b, 3)));
    }
    out.push(words::FOOT.with(page.lang, &[env!("CARGO_PKG_VERSION")]));
    printable(&out.join("\n\n")).into_owned() + "\n"
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
        Block::Figure(f) => {
            format!("![{}]({})", escaped(&f.drawing.alt.replace(['[', ']', '`'], " ")), destination(&f.file))
        }
        Block::Code(text) => code_block(text),
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

/// One cell of a table: a bar would end it, a line break the table.
pub fn in_table(text: &str) -> String {
    inline(text).replace('|', "\\|")
}

/// Text outside of tables.
pub fn in_text(text: &str) -> String {
    escaped(text)
}

/// A span of code, whatever is in it (CommonMark 0.31, section 6.1).
pub fn code_span(text: &str) -> String {
    let fence = "`".repeat(longest_run(text) + 1);
    let room = if text.contains('`') { " " } else { "" };
    format!("{fence}{room}{text}{room}{fence}")
}

/// The name of a file beside, as a link: per cent and two digits for all that could end it (RFC 3986).
fn destination(file: &str) -> String {
    let safe = |b: u8| b.is_ascii_alphanumeric() || b"-._".contains(&b);
    file.bytes().map(|b| if safe(b) { char::from(b).to_string() } else { format!("%{b:02X}") }).collect()
}

fn longest_run(text: &str) -> usize {
    text.split(|c| c != '`').map(str::len).max().unwrap_or(0)
}

/// A fence that no line of the text can be (CommonMark 0.31, section 4.5).
fn code_block(text: &str) -> String {
    let fence = "`".repeat(longest_run(text).max(2) + 1);
    format!("{fence}sh\n{text}\n{fence}")
}

/// A results file may hold anything: outside of code nothing of it may become markup. Between a pair of backticks is code;
/// one without a partner, and a pair with nothing in it, are just signs.
fn escaped(text: &str) -> String {
    at_line_start(&inline(text))
}

/// The same, where no line begins with it.
fn inline(text: &str) -> String {
    let text = printable(&text.replace(['\n', '\r', '\t'], " ")).into_owned();
    let parts: Vec<&str> = text.split('`').collect();
    let mut out = String::with_capacity(text.len() + 16);
    for (i, part) in parts.iter().enumerate() {
        let has_partner = i + 1 < parts.len();
        match (i % 2 == 1, has_partner) {
            (true, true) if part.trim().is_empty() => out += &format!("\\`{part}\\`"),
            (true, true) => out += &format!("`{part}`"),
            (true, false) => out += &format!("\\`{}", plain(part)),
            (false, _) => out += &plain(part),
        }
    }
    out
}

/// What could begin a tag, an entity, emphasis or a link. A `_` inside a word begins nothing (CommonMark 0.31, section 6.2).
fn plain(text: &str) -> String {
    let inside = |c: Option<char>| c.is_some_and(char::is_alphanumeric);
    let mut before = None;
    let mut letters = text.chars().peekable();
    let mut marked = String::with_capacity(text.len() + 8);
    while let Some(c) = letters.next() {
        if c == '_' && !(inside(before) && inside(letters.peek().copied())) {
            marked.push(UNDERLINE);
        } else {
            marked.push(c);
        }
        before = Some(c);
    }
    marked
        .replace('\\', "\\\\")
        .replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('*', "\\*")
        .replace('~', "\\~")
        .replace("](", "]\\(")
        .replace("][", "]\\[")
        .replace("]:", "]\\:")
        .replace(UNDERLINE, "\\_")
}

/// Stands for a `_` to be escaped while backslashes are: no text has it, for it is told by its number before.
const UNDERLINE: char = '\u{1}';

/// What could begin a heading, a list, a quotation, a rule or a block of code.
fn at_line_start(text: &str) -> String {
    let text = text.trim_start();
    let digits = text.len() - text.trim_start_matches(|c: char| c.is_ascii_digit()).len();
    let number = digits > 0 && text[digits..].starts_with(['.', ')']);
    if number {
        format!("{}\\{}", &text[..digits], &text[digits..])
    } else if text.starts_with(['#', '>', '+', '-', '=']) {
        format!("\\{text}")
    } else {
        text.to_owned()
    }
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

    /// Each in every place where a text of a file may stand, as a reader of CommonMark and its tables sees it.
    #[test]
    fn no_variant_of_a_tag_or_a_link_survives() {
        for &hostile in HOSTILE {
            let mut t = Table::new(hostile, &[hostile, "b"]);
            t.row(vec![text(hostile), text(hostile)]);
            let blocks = [
                Block::Heading(hostile.into()),
                Block::Text(hostile.into()),
                Block::List(vec![hostile.into(), hostile.into()]),
                Block::Code(hostile.into()),
                Block::Table(t),
            ];
            let page = self::blocks(&blocks);
            let mut html = String::new();
            pulldown_cmark::html::push_html(
                &mut html,
                pulldown_cmark::Parser::new_ext(&page, pulldown_cmark::Options::all()),
            );
            let lower = html.to_lowercase();
            for made in
                ["<script", "<img", "<a ", "<b>", "<em>", "<strong>x", "<del>", "<blockquote", "<hr", "<h1", "<h2"]
            {
                let in_text = lower.replace("&lt;", "(").contains(made);
                assert!(!in_text, "{made} of {hostile:?}:\n{page}\n{html}");
            }
            assert_eq!(lower.matches("<table>").count(), 1, "{hostile:?}:\n{html}");
            assert_eq!(lower.matches("<td>").count() + lower.matches("<td ").count(), 2, "{hostile:?}:\n{html}");
        }
    }

    const HOSTILE: &[&str] = &[
        "<script>alert(1)</script>",
        "`<script>alert(1)</script>",
        "``<script>alert(1)</script>`",
        "``<script>alert(1)</script>``",
        "``` <script>alert(1)</script>",
        "a ` b `` <script>alert(1)</script> ` c",
        "```\n<script>alert(1)</script>\n```",
        "````\n<script>alert(1)</script>",
        "~~~\n<script>alert(1)</script>",
        "`a\n\n<script>alert(1)</script>\n\nb`",
        "\\<script>alert(1)</script>",
        "\\`<script>alert(1)</script>\\`",
        "<img src=x onerror=alert(1)>",
        "<IMG SRC=x OnError=alert(1)>",
        "<!-- <script>alert(1)</script> -->",
        "<javascript:alert(1)>",
        "[click](javascript:alert(1))",
        "[click]( <javascript:alert(1)> \"t\")",
        "![x](javascript:alert(1))",
        "[x]: javascript:alert(1) \"t\"",
        "[a][x] [x]: javascript:alert(1)",
        "&lt;script&gt; &#60;script&#62;",
        "x | y | <script>alert(1)</script> |",
        "# heading",
        "x\n===",
        "- - -",
        "> quoted",
        "1. list",
        "    <script>alert(1)</script>",
        "*x* _x_ ~~x~~ **x**",
        "<b>x</b>",
    ];
}
