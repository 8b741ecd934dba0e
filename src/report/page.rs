//! What a report is before it is HTML or Markdown: sections of blocks. Nothing here computes.

use crate::charts::Drawing;
use crate::lang::Lang;

#[derive(Debug, Clone, PartialEq)]
pub struct Page {
    pub lang: Lang,
    pub title: String,
    /// What stands above everything: the file was changed, the run is not for publication.
    pub alarms: Vec<String>,
    pub sections: Vec<Section>,
}

impl Page {
    /// The charts' files get names that begin with this.
    #[must_use]
    pub fn with_files_named(mut self, prefix: &str) -> Page {
        for block in self.sections.iter_mut().flat_map(|s| &mut s.blocks) {
            if let Block::Figure(figure) = block {
                figure.file = format!("{prefix}{}", figure.file);
            }
        }
        self
    }

    /// Every chart of the page, in its order.
    pub fn figures(&self) -> impl Iterator<Item = &Figure> {
        self.sections
            .iter()
            .flat_map(|s| &s.blocks)
            .filter_map(|b| if let Block::Figure(f) = b { Some(f) } else { None })
    }
}

#[derive(Debug, Clone, PartialEq)]
pub struct Section {
    /// Of links, the same in both languages.
    pub id: &'static str,
    pub title: String,
    pub blocks: Vec<Block>,
}

/// In texts, what stands between backticks is code.
#[derive(Debug, Clone, PartialEq)]
pub enum Block {
    Heading(String),
    Text(String),
    List(Vec<String>),
    Sentence(Sentence),
    Table(Table),
    Figure(Figure),
    /// Something to type, or to copy.
    Code(String),
    /// Closed until somebody opens it; not printed.
    Fold(String, Vec<Block>),
    /// Many numbers: a name, what they are, the numbers in a row.
    Raw {
        name: String,
        about: String,
        numbers: String,
    },
}

/// One sentence: "Start, …: process 0.21 ms [0.20, 0.22]; our container, … 1.52 ms [1.50, 1.55] (×7.2)."
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sentence {
    pub lead: String,
    /// One per arm.
    pub parts: Vec<String>,
    /// The last to be left out where there is no room: 0 matters most.
    pub rank: u8,
}

impl Sentence {
    pub fn text(&self) -> String {
        format!("{}: {}.", self.lead, self.parts.join("; "))
    }
}

#[derive(Debug, Clone, PartialEq)]
pub struct Figure {
    /// The chart's id; its file is `file`.
    pub id: &'static str,
    pub title: String,
    pub file: String,
    /// The SVG of that file: it says of which run it is, which the page says once for all.
    pub alone: String,
    pub drawing: Drawing,
}

#[derive(Debug, Clone, Default, PartialEq)]
pub struct Table {
    /// What it is of, in a few words; empty where the heading says it.
    pub title: String,
    pub caption: String,
    pub columns: Vec<Column>,
    pub rows: Vec<Vec<Entry>>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Column {
    pub title: String,
    /// Numbers stand to the right.
    pub number: bool,
}

/// One entry of a table. There is no empty one: what is not known or not measured says so.
#[derive(Debug, Clone, PartialEq)]
pub struct Entry {
    pub text: String,
    /// What it is sorted by; None: its text.
    pub value: Option<f64>,
    /// As the file has it, in English, whatever the language of the report.
    pub verbatim: bool,
}

impl Table {
    /// `columns`: titles; one that begins with `#` is a column of numbers.
    pub fn new(caption: impl Into<String>, columns: &[&str]) -> Table {
        let column =
            |title: &&str| Column { number: title.starts_with('#'), title: title.trim_start_matches('#').to_owned() };
        Table {
            title: String::new(),
            caption: caption.into(),
            columns: columns.iter().map(column).collect(),
            rows: Vec::new(),
        }
    }

    #[must_use]
    pub fn titled(mut self, title: impl Into<String>) -> Table {
        self.title = title.into();
        self
    }

    pub fn row(&mut self, entries: Vec<Entry>) {
        debug_assert_eq!(entries.len(), self.columns.len(), "{}", self.caption);
        self.rows.push(entries);
    }

    /// As a block, unless it has no rows.
    pub fn block(self) -> Option<Block> {
        (!self.rows.is_empty()).then_some(Block::Table(self))
    }
}

/// An entry that is words.
pub(super) fn text(text: impl Into<String>) -> Entry {
    Entry { text: text.into(), value: None, verbatim: false }
}

/// An entry that the file says, in English.
pub(super) fn verbatim(text: impl Into<String>) -> Entry {
    Entry { text: text.into(), value: None, verbatim: true }
}

/// An entry that is a number, as people read it, with what it is sorted by.
pub(super) fn number(text: impl Into<String>, value: f64) -> Entry {
    Entry { text: text.into(), value: Some(value), verbatim: false }
}

/// Between backticks, so that it is shown as it is typed; its own backticks would end it.
pub(super) fn code(text: &str) -> String {
    format!("`{}`", text.replace('`', "'"))
}
