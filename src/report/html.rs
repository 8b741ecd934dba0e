//! The page as one HTML file that needs nothing else: no network, no library, no font; it works without its script too.

use base64::prelude::{BASE64_STANDARD, Engine};
use maud::{DOCTYPE, Markup, PreEscaped, html as markup};

use super::page::{Block, Entry, Figure, Page, Section, Table};
use super::words;
use crate::escape::printable;
use crate::lang::Lang;
use crate::results::hash::sha256_bytes;

const STYLE: &str = include_str!("style.css");
const SCRIPT: &str = include_str!("sort.js");
/// The browser itself is told to load nothing, and to run no script but ours, which it knows by its hash (Content Security
/// Policy Level 3, section 2.3.1).
fn policy() -> String {
    let script = BASE64_STANDARD.encode(sha256_bytes(SCRIPT.as_bytes()));
    format!("default-src 'none'; style-src 'unsafe-inline'; script-src 'sha256-{script}'; img-src data:")
}

pub fn html(page: &Page) -> String {
    let lang = page.lang;
    let body = markup! {
        (DOCTYPE)
        html lang=(lang.code()) {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                meta http-equiv="Content-Security-Policy" content=(policy());
                meta name="generator" content={ "isolab " (env!("CARGO_PKG_VERSION")) };
                link rel="icon" href="data:,";
                title { (page.title) }
                style { (PreEscaped(STYLE)) }
            }
            body {
                a.skip href="#verdict" { (words::TO_CONTENT.of(lang)) }
                header { h1 { (page.title) } (alarms(page)) }
                nav aria-label=(words::CONTENTS.of(lang)) {
                    ol { @for s in &page.sections { li { a href={ "#" (s.id) } { (s.title) } } } }
                }
                main { @for s in &page.sections { (section(s, lang)) } }
                footer { p { (words::FOOT.with(lang, &[env!("CARGO_PKG_VERSION")])) } }
                script { (PreEscaped(SCRIPT)) }
            }
        }
    };
    printable(&body.into_string()).into_owned()
}

fn alarms(page: &Page) -> Markup {
    markup! {
        @if !page.alarms.is_empty() {
            div.alarm role="note" aria-label=(words::BANNER.of(page.lang)) {
                @for alarm in &page.alarms { p { (inline(alarm)) } }
            }
        }
    }
}

fn section(s: &Section, lang: Lang) -> Markup {
    markup! {
        section #(s.id) aria-labelledby={ (s.id) "-title" } {
            h2 #{ (s.id) "-title" } { (s.title) }
            @if s.id == "results" { p.hint { (words::SORT.of(lang)) } }
            (blocks(&s.blocks, s.id, lang))
        }
    }
}

/// `path` makes ids unique: "results-3", "results-3-0".
fn blocks(blocks: &[Block], path: &str, lang: Lang) -> Markup {
    markup! { @for (i, b) in blocks.iter().enumerate() { (block(b, &format!("{path}-{i}"), lang)) } }
}

fn block(block: &Block, id: &str, lang: Lang) -> Markup {
    match block {
        Block::Heading(text) => markup! { h3 { (inline(text)) } },
        Block::Text(text) => markup! { p { (inline(text)) } },
        Block::List(items) => markup! { ul { @for item in items { li { (inline(item)) } } } },
        Block::Sentence(s) => markup! {
            p.lead { strong { (inline(&s.lead)) } }
            ul.said { @for part in &s.parts { li { (inline(part)) } } }
        },
        Block::Table(t) => table(t, id),
        Block::Figure(f) => figure(f, lang),
        Block::Code(text) => markup! { pre tabindex="0" { code { (text) } } },
        Block::Fold(title, inside) => markup! { details { summary { (inline(title)) } (blocks(inside, id, lang)) } },
        Block::Raw { name, about, numbers } => markup! {
            h4 { (inline(name)) }
            p { (about) }
            p.raw { (numbers) }
        },
    }
}

fn table(t: &Table, id: &str) -> Markup {
    let caption = format!("{id}-caption");
    markup! {
        div.scroll role="region" tabindex="0" aria-labelledby=(caption) {
            table.sortable[t.rows.len() > 1] {
                caption #(caption) { @if !t.title.is_empty() { strong { (inline(&t.title)) } " " } (inline(&t.caption)) }
                thead { tr { @for c in &t.columns { th scope="col" .n[c.number] { (c.title) } } } }
                tbody { @for row in &t.rows { tr {
                    @for (i, e) in row.iter().enumerate() { (entry(e, i == 0, t.columns[i].number)) }
                } } }
            }
        }
    }
}

fn entry(e: &Entry, head: bool, number: bool) -> Markup {
    let value = e.value.map(|v| v.to_string());
    let lang = e.verbatim.then_some("en");
    markup! {
        @if head { th scope="row" .n[number] data-v=[value] lang=[lang] { (inline(&e.text)) } }
        @else { td .n[number] data-v=[value] lang=[lang] { (inline(&e.text)) } }
    }
}

/// The chart in the page itself, with ids of its own. A narrow screen scrolls it sideways, in its own frame.
fn figure(f: &Figure, lang: Lang) -> Markup {
    markup! {
        figure {
            p.swipe aria-hidden="true" { (words::SWIPE.of(lang)) }
            div.scroll.chart role="region" tabindex="0" aria-label=(f.title.replace('`', "")) {
                (PreEscaped(with_own_ids(&f.drawing.svg, f.id)))
            }
            figcaption { (inline(&f.title)) }
        }
    }
}

/// What stands between backticks is code; everything is escaped.
fn inline(text: &str) -> Markup {
    markup! {
        @for (i, part) in text.split('`').enumerate() {
            @if i % 2 == 1 { code { (part) } } @else { (part) }
        }
    }
}

/// Several drawings in one page must not share ids: each gets its chart's name before it, wherever it is defined or used.
fn with_own_ids(svg: &str, chart: &str) -> String {
    let body = svg.find("<svg").map_or(svg, |start| &svg[start..]);
    let mut ids: Vec<&str> = body.split(" id=\"").skip(1).filter_map(|rest| rest.split('"').next()).collect();
    ids.sort_by_key(|id| std::cmp::Reverse(id.len()));
    ids.dedup();
    let mut out = body.to_owned();
    for id in &ids {
        let new = format!("{chart}--{id}");
        for (before, after) in [(" id=\"", "\""), ("url(#", ")"), ("href=\"#", "\"")] {
            out = out.replace(&format!("{before}{id}{after}"), &format!("{before}{new}{after}"));
        }
    }
    for attribute in ["aria-labelledby", "aria-describedby"] {
        out = with_own_references(&out, attribute, &ids, chart);
    }
    out
}

/// `aria-labelledby="title desc"`: a list of ids.
fn with_own_references(svg: &str, attribute: &str, ids: &[&str], chart: &str) -> String {
    let opening = format!(" {attribute}=\"");
    let mut parts = svg.split(opening.as_str());
    let mut out = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let (list, rest) = part.split_once('"').unwrap_or((part, ""));
        let own = |id: &str| if ids.contains(&id) { format!("{chart}--{id}") } else { id.to_owned() };
        let list: Vec<String> = list.split(' ').map(own).collect();
        out += &format!("{opening}{}\"{rest}", list.join(" "));
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_drawing_has_its_own_ids() {
        let svg = r##"<?xml version="1.0"?><svg role="img" aria-labelledby="title desc"><title id="title">T</title><desc id="desc"/><clipPath id="c"/><g clip-path="url(#c)"/><use href="#c"/></svg>"##;
        let own = with_own_ids(svg, "aa");
        assert_eq!(
            own,
            r##"<svg role="img" aria-labelledby="aa--title aa--desc"><title id="aa--title">T</title><desc id="aa--desc"/><clipPath id="aa--c"/><g clip-path="url(#aa--c)"/><use href="#aa--c"/></svg>"##
        );
    }

    #[test]
    fn what_a_file_says_is_text() {
        assert_eq!(inline("a <b> `<i>` c").into_string(), "a &lt;b&gt; <code>&lt;i&gt;</code> c");
    }
}
