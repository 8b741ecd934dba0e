//! `isolab clean`: ends and removes what runs left that were killed before they could.

use std::time::Duration;

use serde_json::json;

use super::args::Clean;
use super::exit;
use super::out::Out;
use crate::error::Result;
use crate::lab::leaks::{Leak, Places, remove, remove_empty_cgroups};
use crate::lab::{lock, scratch};

/// For what was ended to go.
const PATIENCE: Duration = Duration::from_secs(2);

pub(super) fn run(args: Clean, out: &mut Out) -> Result<u8> {
    let _alone = lock::alone()?; // a run that goes on is not stale
    let places = Places::default();
    let mut runs: Vec<(String, Option<std::path::PathBuf>)> =
        scratch::stale().into_iter().map(|(r, p)| (r, Some(p))).collect();
    for run in places.runs_with_cgroups() {
        if !runs.iter().any(|(r, _)| *r == run) && !scratch::is_alive(&run) {
            runs.push((run, None));
        }
    }
    let (mut removed, mut left_behind) = (Vec::new(), Vec::new());
    for (run, folder) in &runs {
        let mut found = places.leaks_of(run);
        let left = match folder {
            Some(_) => remove(&places, run, PATIENCE),
            None => remove_empty_cgroups(&places, run, PATIENCE), // no folder of ours proves that the run was
        };
        found.extend(folder.clone().filter(|f| std::fs::remove_dir_all(f).is_ok()).map(Leak::Folder));
        found.retain(|leak| !left.contains(leak) && (folder.is_some() || matches!(leak, Leak::Cgroup(_))));
        left_behind.extend(left);
        removed.push((run, found));
    }
    if args.json {
        let words = |leaks: &[Leak]| leaks.iter().map(ToString::to_string).collect::<Vec<_>>();
        let runs: Vec<_> = removed.iter().map(|(run, found)| json!({ "run": run, "removed": words(found) })).collect();
        out.line(json!({ "runs": runs, "left_behind": words(&left_behind) }))?;
    } else {
        tell(&removed, out)?;
    }
    left_behind.iter().for_each(|leak| out.note(format!("could not remove: {leak}")));
    Ok(if left_behind.is_empty() { exit::OK } else { exit::FAILED })
}

fn tell(removed: &[(&String, Vec<Leak>)], out: &mut Out) -> Result<()> {
    for (run, found) in removed {
        out.line(format!("run {run}: {} removed", count(found.len())))?;
        found.iter().try_for_each(|leak| out.line(format!("  {leak}")))?;
    }
    if removed.is_empty() { out.line("nothing was left behind") } else { Ok(()) }
}

fn count(n: usize) -> String {
    if n == 1 { "1 thing".into() } else { format!("{n} things") }
}
