//! `isolab clean`: ends and removes what runs left that were killed before they could.

use std::time::Duration;

use serde_json::json;

use super::args::Clean;
use super::exit;
use super::out::Out;
use crate::bench::cleaning::{self, Cleaned};
use crate::bench::leaks::{Leak, Places, remove_empty_cgroups};
use crate::bench::{lock, scratch};
use crate::error::Result;
use crate::lang::counted;

/// For what was ended to go.
const PATIENCE: Duration = Duration::from_secs(2);

pub(super) fn run(args: Clean, out: &mut Out) -> Result<u8> {
    let _alone = lock::alone()?; // a run that goes on is not stale
    let places = Places::default();
    let mut cleaned: Vec<Cleaned> = scratch::stale().iter().map(|stale| cleaning::clean_up(stale, PATIENCE)).collect();
    for run in places.runs_with_cgroups() {
        if !cleaned.iter().any(|c| c.run == run) && !scratch::is_alive(&run) {
            let mut removed = places.cgroups(&run);
            let left = remove_empty_cgroups(&places, &run, PATIENCE); // no folder of ours proves that the run was
            removed.retain(|leak| !left.contains(leak));
            cleaned.push(Cleaned { run, removed, left });
        }
    }
    let left_behind = cleaned.iter().flat_map(|c| &c.left);
    if args.json {
        let words = |leaks: &[Leak]| leaks.iter().map(Leak::said).collect::<Vec<_>>();
        let run = |c: &Cleaned| json!({ "run": c.run, "removed": words(&c.removed) });
        let runs: Vec<_> = cleaned.iter().map(run).collect();
        let left_behind: Vec<Leak> = left_behind.clone().cloned().collect();
        out.line(json!({ "runs": runs, "left_behind": words(&left_behind) }))?;
    } else {
        tell(&cleaned, out)?;
    }
    left_behind.clone().for_each(|leak| {
        out.note(format!("{}: {}", out.say("could not remove", "지울 수 없음"), leak.said().of(out.lang())));
    });
    Ok(if left_behind.count() == 0 { exit::OK } else { exit::FAILED })
}

fn tell(cleaned: &[Cleaned], out: &mut Out) -> Result<()> {
    for Cleaned { run, removed, .. } in cleaned {
        let n = removed.len();
        let english = format!("run {run}: {} removed", counted(n, "thing"));
        out.line(out.say(english, format!("실행 {run}: {n}개를 지웠습니다")))?;
        removed.iter().try_for_each(|leak| out.line(format!("  {}", leak.said().of(out.lang()))))?;
    }
    if cleaned.is_empty() { out.line(out.say("nothing was left behind", "남은 것이 없습니다")) } else { Ok(()) }
}
