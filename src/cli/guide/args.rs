//! Subcommands and options of `isolab guide`.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use crate::error::Result;
use crate::said;

#[derive(Debug, Args)]
pub(in crate::cli) struct Guide {
    #[command(subcommand)]
    pub what: What,
}

#[derive(Debug, Subcommand)]
pub(in crate::cli) enum What {
    /// List the chapters
    List {
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Show the next part of a chapter; stops at the prediction until one is stored
    Show(Show),
    /// Store a prediction, once and for all
    Predict(Predict),
    /// Check a chapter: prediction, run, relations, task, cards
    Check(Check),
    /// Give a hint, one step further each time
    Hint {
        /// Number of the chapter
        chapter: u32,
        /// The check, as `guide check` names it [default: the first that fails]
        check: Option<String>,
    },
    /// The verdict of every claim's rule on results files, with its numbers
    Claims {
        /// Results files, or folders of runs [default: results/latest]
        files: Vec<PathBuf>,
        /// One claim: C10
        #[arg(long, value_name = "ID")]
        claim: Option<String>,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// How far you have come
    Progress {
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Put a task back as it was shipped; your own file is kept beside it
    Reset {
        /// Number of the chapter
        #[arg(required_unless_present = "all")]
        chapter: Option<u32>,
        /// Every chapter's task
        #[arg(long, conflicts_with = "chapter")]
        all: bool,
    },
    /// What to do now
    Next,
}

#[derive(Debug, Args)]
pub(in crate::cli) struct Show {
    /// Number of the chapter
    pub chapter: u32,
    /// Everything that is unlocked
    #[arg(long)]
    pub all: bool,
    /// One section, from 1 to 15
    #[arg(long, value_name = "K", conflicts_with = "all", value_parser = clap::value_parser!(u32).range(1..=15))]
    pub section: Option<u32>,
}

#[derive(Debug, Args)]
pub(in crate::cli) struct Predict {
    /// Number of the chapter
    pub chapter: u32,
    /// An answer without being asked: --answer factor=7
    #[arg(long = "answer", value_name = "ID=VALUE")]
    pub answers: Vec<String>,
}

#[derive(Debug, Args)]
pub(in crate::cli) struct Check {
    /// Number of the chapter
    #[arg(required_unless_present = "all")]
    pub chapter: Option<u32>,
    /// Results files [default: the newest in results/ and here that hold what the chapter needs]
    pub files: Vec<PathBuf>,
    /// Every chapter
    #[arg(long, conflicts_with_all = ["chapter", "files"])]
    pub all: bool,
    /// On a reference machine's runs instead of your own: reference, or reference=HOST
    #[arg(long, value_name = "reference[=HOST]", value_parser = parse_on, conflicts_with = "files")]
    pub on: Option<On>,
    /// Print JSON: points, status, reason and evidence of each check
    #[arg(long)]
    pub json: bool,
}

/// `--on`: the host, when one is named.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::cli) struct On(pub Option<String>);

fn parse_on(text: &str) -> Result<On> {
    match text.split_once('=') {
        None if text == "reference" => Ok(On(None)),
        Some(("reference", host)) if !host.is_empty() => Ok(On(Some(host.to_owned()))),
        _ => Err(crate::error::Error::usage(
            said!("check on {text:?}", "{text:?}(으)로 검사할 수 없습니다"),
            said!("it names no data", "데이터를 가리키지 않음"),
        )
        .try_this(said!("--on reference, or --on reference=HOST", "--on reference 또는 --on reference=HOST"))),
    }
}
