//! `isolab recover DIR`: run.json and samples.csv again, from the raw samples of a run that did not end by itself.

use super::args::Recover;
use super::exit;
use super::out::Out;
use crate::error::Result;
use crate::results::store::{read_samples, save_run};
use crate::results::summarize::recover;

pub(super) fn run(args: Recover, out: &mut Out) -> Result<u8> {
    let (header, samples, cut_off) = read_samples(&args.dir)?;
    let count = samples.len();
    let run = recover(header, &samples);
    let dir = if args.dir.is_dir() { args.dir.clone() } else { args.dir.parent().unwrap_or(&args.dir).to_owned() };
    save_run(&dir, &run)?;
    let cells = run.cells.len();
    let file = dir.join("run.json");
    if args.json {
        let json = serde_json::json!({ "file": file, "samples": count, "cells": cells, "last_line_cut_off": cut_off });
        out.line(json)?;
        return Ok(exit::OK);
    }
    let lost = if cut_off { " (the last line was cut off and is left out)" } else { "" };
    out.line(format!("recovered {count} samples of {cells} cells{lost}: {}", file.display()))?;
    Ok(exit::OK)
}
