//! What the files of a run are called, and how a lost one is made again.

use std::path::Path;

use crate::shell::{called_as, quoted_path};

pub const SAMPLES: &str = "samples.jsonl";
pub const RUN: &str = "run.json";
pub const CSV: &str = "samples.csv";
/// The link to the last run, in the folder of all runs.
pub const LATEST: &str = "latest";

/// What the names of all that is made of this file begin with, where it is made beside it: nothing for a run's own file. Another
/// file must not overwrite what belongs to that run, nor two others what belongs to each.
pub fn prefix_beside(file: &Path) -> String {
    let own = file.with_file_name(RUN);
    let same = |a: &Path, b: &Path| a.canonicalize().ok().zip(b.canonicalize().ok()).is_some_and(|(a, b)| a == b);
    if file.is_dir() || same(file, &own) {
        String::new()
    } else {
        format!("{}.", file.file_stem().unwrap_or_default().to_string_lossy())
    }
}

/// The command that makes the results file of this folder again.
pub fn recover_command(dir: &Path) -> String {
    format!("{} recover {}", called_as(), quoted_path(dir))
}
