//! `isolab chart`: a run's charts as files, from the results file alone.

use std::path::{Path, PathBuf};

use super::args::Chart;
use super::out::Out;
use super::{called, exit};
use crate::charts;
use crate::environments::knobs::did_you_mean;
use crate::error::{Error, Result};
use crate::results::schema::Run;
use crate::results::store;

pub(super) fn chart(mut args: Chart, out: &mut Out) -> Result<u8> {
    let charts: Vec<&str> = charts::ALL.iter().map(|c| c.id).collect();
    if !charts.contains(&args.name.as_str()) && Path::new(&args.name).exists() {
        args.file = std::mem::replace(&mut args.name, charts[0].to_owned()).into(); // `isolab chart FILE`
    }
    let later =
        ["boot-ecdf", "memory-slope", "memory-parts", "memory-configured", "cost", "inventory", "aa", "run-order"];
    if !charts.contains(&args.name.as_str()) {
        let cause = if later.contains(&args.name.as_str()) {
            "it is planned, but not in this version"
        } else {
            "there is none of that name"
        };
        return Err(Error::usage(format!("draw the chart {:?}", args.name), cause).try_this(format!(
            "{}charts: {}",
            did_you_mean(&args.name, &charts),
            charts.join(" ")
        )));
    }
    let run = store::load(&args.file)?;
    let beside = if args.file.is_dir() {
        args.file.clone()
    } else {
        args.file.parent().map_or_else(PathBuf::new, Path::to_owned)
    };
    let into = args.into.unwrap_or(beside);
    let drawn = draw(&run, &into)?;
    if drawn.is_empty() {
        return Err(Error::usage("draw the chart boot-stages", "the file has no measured start times")
            .try_this(format!("{} bench -x boot", called::called_as())));
    }
    drawn.iter().try_for_each(|path| out.line(path.display()))?;
    Ok(exit::OK)
}

/// Every chart that this run has data for, as files in `dir`.
pub(super) fn draw(run: &Run, dir: &Path) -> Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for chart in charts::ALL {
        let Some(drawing) = (chart.draw)(&[run], charts::Look::default()) else { continue };
        let path = dir.join(chart.id);
        let mut save = |ending, bytes: &[u8]| {
            files.push(path.with_extension(ending));
            store::write_atomically(&path.with_extension(ending), bytes)
        };
        save("svg", drawing.svg.as_bytes())?;
        #[cfg(feature = "png")]
        save("png", &charts::png(&drawing.svg, 2.0)?)?;
    }
    Ok(files)
}
