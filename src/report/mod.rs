//! The report that is handed in: one results file in, one HTML file and one Markdown file out, in English or Korean.
//!
//! ```text
//! run.json → verify → Page (sections of blocks: sentences, tables, figures) → html, markdown
//! ```
//!
//! Everything that it says is computed from the file: the sentences that the terminal prints too ([`sentences`]), tables,
//! comparisons, which rules the run breaks ([`rules`]), what coursework asks for and the run has not (`coursework`).
//! A file that was edited by hand gets a banner with what no longer follows, and numbers computed again from its samples.

mod comparison;
mod coursework;
mod environment;
mod final_table;
mod html;
mod inventory;
mod markdown;
mod marks;
mod names;
mod page;
mod raw;
mod reach;
mod results;
pub mod rules;
mod sections;
pub mod sentences;
#[cfg(test)]
mod tests;
mod width;
mod words;

pub use html::html;
pub use markdown::markdown;
pub use marks::translated;
pub use page::{Figure, Page, Sentence};
pub use results::outliers;
pub use sections::command;

use crate::lang::Lang;
use crate::results::schema::Run;
use crate::results::verify::Mismatch;
pub use markdown::{code_span, in_table, in_text};

/// How many mismatches a banner names one by one.
const NAMED: usize = 8;

/// The whole report. `file`: the name of the results file; `mismatches`: what [`crate::results::verify::verify`] found in
/// it before its summaries were computed again.
pub fn page(run: &Run, file: &str, mismatches: &[Mismatch], lang: Lang) -> Page {
    let mut alarms = edited(run, mismatches, lang);
    alarms.extend(sections::alarms(run, lang));
    let sections = vec![
        sections::verdict(run, lang),
        environment::section(run, lang),
        sections::method(run, lang),
        results::section(run, lang),
        final_table::section(run, lang),
        comparison::section(run, lang),
        sections::discussion(run, lang),
        sections::limits(run, lang),
        sections::skipped(run, lang),
        sections::repeat(run, lang),
        coursework::section(run, lang),
        rules::section(run, lang),
        sections::provenance(run, file, lang),
        raw::section(run, lang),
    ];
    let title = words::TITLE.with(lang, &[run.header.started.get(..10).unwrap_or(&run.header.started)]);
    Page { lang, title, alarms, sections }
}

/// The final table as Markdown: for the block that is pasted.
pub fn final_table(run: &Run, lang: Lang) -> String {
    let blocks = final_table::section(run, lang).blocks.into_iter();
    let plain: Vec<_> = blocks.filter(|block| !matches!(block, page::Block::Fold(..))).collect();
    markdown::blocks(&plain)
}

/// The banner of a file that does not follow from its own samples.
fn edited(run: &Run, mismatches: &[Mismatch], lang: Lang) -> Vec<String> {
    if mismatches.is_empty() {
        return Vec::new();
    }
    let one = |m: &Mismatch| words::MISMATCH.with(lang, &[m.what, &m.place, &m.expected, &m.found]);
    let mut named: Vec<String> = mismatches.iter().take(NAMED).map(one).collect();
    if mismatches.len() > NAMED {
        named.push(words::AND_MORE.with(lang, &[&(mismatches.len() - NAMED).to_string()]));
    }
    vec![words::EDITED.with(lang, &[&run.header.version, env!("CARGO_PKG_VERSION"), &named.join("; ")])]
}
