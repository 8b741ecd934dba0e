//! Does everything in a results file follow from its raw samples? What does not is named.
//!
//! A summary that was improved by hand, a sample that was deleted, a warning that was left out: each is told by its place,
//! with what the samples say (`expected`) and what the file says (`found`). Pure, and nothing here decides what to do about it.

use crate::id::CellId;
use crate::lang::counted;
use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::Value;

use super::cells::parse_id;
use super::chain::{Break, breaks};
use super::derive::follows;
use super::schema::{Cell, Run, Status, Warning};
use super::summarize::conclude;

/// One thing in the file that does not follow from its samples.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Mismatch {
    /// "shape", "plan", "cell", "hash", "summary", "noise floor", "comparison" or "warning".
    pub what: &'static str,
    /// Where in the file, down to the field: "boot/process create_to_ready median".
    pub place: String,
    /// What the samples say.
    pub expected: String,
    /// What the file says.
    pub found: String,
}

/// Everything that does not follow; empty: all of it does.
pub fn verify(run: &Run) -> Vec<Mismatch> {
    let shape: Vec<Mismatch> = run.cells.iter().flat_map(columns_of_unlike_length).collect();
    if !shape.is_empty() {
        return shape; // nothing can be computed from such columns
    }
    let again = follows(&run.header, &run.cells);
    let mut found = planned_cells(run);
    found.extend(run.cells.iter().flat_map(check_cell));
    found.extend(changed_samples(run));
    found.extend(rows("summary", &again.summaries, &run.summaries, |s| format!("{} {}", s.cell, s.metric)));
    found.extend(rows("noise floor", &again.noise, &run.noise, |f| format!("{} {} {}", f.experiment, f.metric, f.arm)));
    found.extend(rows("comparison", &again.comparisons, &run.comparisons, |c| {
        format!("{}/{}{} {} against {}", c.experiment, c.arm, c.case.braced(), c.metric, c.base)
    }));
    found.extend(missing_warnings(&again.warnings, &run.warnings));
    found
}

/// The run with everything that follows computed again from its own samples. What was seen at run time stays.
pub fn recomputed(run: Run) -> Run {
    let kept: Vec<Warning> = run.warnings.iter().filter(|w| w.was_seen_at_run_time()).cloned().collect();
    let mut again = conclude(run);
    again.warnings.extend(kept);
    again
}

/// Every column has one entry per sample; a file where that does not hold was put together by hand.
fn columns_of_unlike_length(cell: &Cell) -> Vec<Mismatch> {
    let c = &cell.columns;
    let samples = c.block.len();
    let mut lengths = vec![
        ("place".to_owned(), c.place.len()),
        ("before".to_owned(), c.before.len()),
        ("at_ns".to_owned(), c.at_ns.len()),
        ("cpu".to_owned(), c.cpu.len()),
        ("failed".to_owned(), c.failed.len()),
    ];
    lengths.extend(c.values.iter().map(|(metric, column)| (metric.clone(), column.len())));
    lengths.extend(c.stages.iter().map(|s| (format!("{} {}", s.stage.name(), s.label), s.at_ns.len())));
    lengths.extend(c.inner.iter().map(|(metric, column)| (format!("batches of {metric}"), column.len())));
    let unlike = lengths.into_iter().filter(|(_, length)| *length != samples);
    unlike
        .map(|(column, length)| Mismatch {
            what: "shape",
            place: format!("{} column {column}", cell.id),
            expected: counted(samples, "entry"),
            found: counted(length, "entry"),
        })
        .collect()
}

/// Every planned cell is there, in order: none was taken away, none was added.
fn planned_cells(run: &Run) -> Vec<Mismatch> {
    let ids: Vec<&str> = run.cells.iter().map(|c| c.id.as_str()).collect();
    let planned: Vec<&str> = run.header.plan.cells.iter().map(CellId::as_str).collect();
    if ids == planned {
        return Vec::new();
    }
    let missing = planned.iter().filter(|id| !ids.contains(id)).map(|id| one("plan", id, "a cell", "no cell"));
    let added = ids.iter().filter(|id| !planned.contains(id)).map(|id| one("plan", id, "no cell", "a cell"));
    let found: Vec<Mismatch> = missing.chain(added).collect();
    if found.is_empty() {
        return vec![one("plan", "order of the cells", &planned.join(" "), &ids.join(" "))];
    }
    found
}

fn one(what: &'static str, place: &str, expected: &str, found: &str) -> Mismatch {
    Mismatch { what, place: place.into(), expected: expected.into(), found: found.into() }
}

/// What a cell says of itself is what its id says, and it counts as measured only if a sample of it succeeded.
fn check_cell(cell: &Cell) -> Vec<Mismatch> {
    let planned = parse_id(&cell.id);
    let said = format!("{}/{}{}", cell.experiment, cell.arm, cell.case.braced());
    let meant = format!("{}/{}{}", planned.experiment, planned.arm, planned.case.braced());
    let good = cell.columns.failed.iter().filter(|f| f.is_none()).count();
    let mut found = Vec::new();
    if said != meant {
        found.push(one("cell", &format!("{} experiment, arm and case", cell.id), &meant, &said));
    }
    if cell.status == Status::Measured && good == 0 {
        found.push(one("cell", &format!("{} status", cell.id), "not measured: no sample succeeded", "measured"));
    }
    found
}

/// The cells whose hash does not fit to their samples.
fn changed_samples(run: &Run) -> Vec<Mismatch> {
    let named = |broken: Break| {
        let of = if broken.place == 0 { "the header, or the samples of " } else { "the samples of " };
        one("hash", &format!("{of}{}", broken.cell.id), &broken.expected, &broken.cell.hash)
    };
    breaks(run).into_iter().map(named).collect()
}

/// Rows that are computed, against the rows of the file, field by field.
fn rows<T: Serialize>(what: &'static str, expected: &[T], found: &[T], place: impl Fn(&T) -> String) -> Vec<Mismatch> {
    let by_place = |rows: &[T]| -> BTreeMap<String, Value> {
        rows.iter().map(|row| (place(row), serde_json::to_value(row).expect("rows are plain data"))).collect()
    };
    let (mut expected_rows, found_rows) = (by_place(expected), by_place(found));
    let mut mismatches = Vec::new();
    for (place, row) in &found_rows {
        match expected_rows.remove(place) {
            Some(right) => fields(what, place, &right, row, &mut mismatches),
            None => mismatches.push(one(what, place, "nothing: it has no samples", "a row")),
        }
    }
    mismatches.extend(expected_rows.keys().map(|place| one(what, place, "a row", "nothing")));
    if found_rows.len() < found.len() {
        mismatches.push(one(what, "rows that stand twice", "none", &(found.len() - found_rows.len()).to_string()));
    }
    mismatches
}

fn fields(what: &'static str, place: &str, expected: &Value, found: &Value, mismatches: &mut Vec<Mismatch>) {
    if let (Value::Object(expected), Value::Object(found)) = (expected, found) {
        for (key, right) in expected {
            fields(what, &format!("{place} {key}"), right, found.get(key).unwrap_or(&Value::Null), mismatches);
        }
    } else if !alike(expected, found) {
        mismatches.push(one(what, place, &expected.to_string(), &found.to_string()));
    }
}

/// Another compiler may add up in another order; nobody changes a number by so little.
const ROUNDING: f64 = 1e-9;

fn alike(a: &Value, b: &Value) -> bool {
    match (a.as_f64(), b.as_f64()) {
        (Some(a), Some(b)) => (a - b).abs() <= ROUNDING * a.abs().max(b.abs()).max(ROUNDING),
        _ => a == b,
    }
}

/// A warning that follows from the samples and was left out. More than those may be there: leaks are seen at run time.
fn missing_warnings(expected: &[Warning], found: &[Warning]) -> Vec<Mismatch> {
    let mut left: Vec<&Warning> = found.iter().collect();
    let mut missing = Vec::new();
    for warning in expected {
        match left.iter().position(|w| w.code == warning.code && w.blocks_publication == warning.blocks_publication) {
            Some(i) => drop(left.swap_remove(i)),
            None => missing.push(one("warning", &warning.code, &warning.text, "no such warning")),
        }
    }
    missing
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::results::example;

    /// A whole run of two arms and a twin, as it is read back from disk.
    fn run() -> Run {
        let run = example::boot(30);
        serde_json::from_slice(&serde_json::to_vec(&run).unwrap()).unwrap()
    }

    /// After this edit exactly these findings, as "what place".
    #[track_caller]
    fn finds(edit: impl FnOnce(&mut Run), expected: &[&str]) -> Vec<Mismatch> {
        let mut run = run();
        edit(&mut run);
        let found = verify(&run);
        let told: Vec<String> = found.iter().map(|m| format!("{} {}", m.what, m.place)).collect();
        assert_eq!(told, expected);
        assert!(found.iter().all(|m| m.expected != m.found), "{found:?}");
        found
    }

    #[test]
    fn nothing_is_found_in_what_was_saved() {
        finds(|_| {}, &[]);
    }

    #[test]
    fn a_summary_that_was_improved_is_named_to_the_field() {
        let found =
            finds(|run| run.summaries[0].interval.median /= 2.0, &["summary boot/process create_to_ready median"]);
        let (expected, told): (f64, f64) = (found[0].expected.parse().unwrap(), found[0].found.parse().unwrap());
        assert!((told - expected / 2.0).abs() < 1e-6, "{found:?}");
        finds(|run| run.summaries[0].n = 1000, &["summary boot/process create_to_ready n"]);
        finds(|run| drop(run.summaries.remove(0)), &["summary boot/process create_to_ready"]);
        finds(|run| run.summaries.push(run.summaries[0].clone()), &["summary rows that stand twice"]);
    }

    #[test]
    fn a_changed_sample_is_named_with_everything_that_it_moves() {
        let halve = |run: &mut Run| {
            run.cells[2]
                .columns
                .values
                .get_mut("create_to_ready")
                .unwrap()
                .iter_mut()
                .flatten()
                .for_each(|v| *v /= 2.0);
        };
        let mut changed = run();
        halve(&mut changed);
        let found = verify(&changed);
        let of_a = |what: &str, place: &str| found.iter().any(|m| m.what == what && m.place.contains(place));
        assert!(
            of_a("hash", "the samples of boot/container") && of_a("summary", "boot/container create_to_ready median")
        );
        assert!(of_a("comparison", "boot/container create_to_ready against process ratio median"), "{found:?}");
        assert!(
            !found.iter().any(|m| m.place.contains("boot/process create")),
            "the other arm is as it was: {found:?}"
        );
    }

    #[test]
    fn whoever_computes_the_summaries_again_is_found_by_the_hash() {
        finds(
            |run| {
                run.cells[1].columns.cpu[3] = 7;
                *run = conclude(run.clone());
            },
            &["hash the samples of boot/process#2"],
        );
        finds(
            |run| run.header.host.cpu_model = "a faster one".into(),
            &["hash the header, or the samples of boot/process"],
        );
    }

    #[test]
    fn noise_floors_comparisons_and_warnings_follow_too() {
        finds(|run| run.noise[0].relative /= 10.0, &["noise floor boot create_to_ready process relative"]);
        finds(|run| run.noise.clear(), &["noise floor boot create_to_ready process"]);
        let place = "comparison boot/container create_to_ready against process";
        finds(|run| run.comparisons[1].detectable = false, &[&format!("{place} detectable")]);
        finds(|run| run.comparisons[1].ratio.high = None, &[&format!("{place} ratio high")]);
        finds(|run| run.warnings.clear(), &["warning quick"]);
        finds(|run| run.warnings[0].blocks_publication = false, &["warning quick"]);
        let leak = Warning::new(Warning::LEAK, true, &"a mount was left".into());
        finds(|run| run.warnings.push(leak), &[]);
    }

    #[test]
    fn cells_are_those_that_were_planned() {
        let mut without = run();
        without.cells.remove(1);
        let found = verify(&without);
        assert_eq!(
            (found[0].what, found[0].place.as_str(), found[0].found.as_str()),
            ("plan", "boot/process#2", "no cell")
        );
        finds(
            |run| run.cells[2].arm = "process".into(),
            &[
                "cell boot/container experiment, arm and case",
                "comparison boot/container create_to_ready against process",
                "comparison boot/process create_to_ready against process",
            ],
        );
    }

    #[test]
    fn columns_of_unlike_length_are_told_before_anything_is_computed() {
        let found = finds(
            |run| {
                run.cells[0].columns.values.get_mut("create_to_ready").unwrap().pop();
            },
            &["shape boot/process column create_to_ready"],
        );
        assert_eq!((found[0].expected.as_str(), found[0].found.as_str()), ("30 entries", "29 entries"));
    }

    #[test]
    fn what_is_computed_again_follows_and_keeps_the_leaks() {
        let mut edited = run();
        edited.summaries[0].interval.median /= 2.0;
        edited.warnings = vec![Warning::new(Warning::LEAK, true, &"a mount was left".into())];
        let again = recomputed(edited);
        assert_eq!(verify(&again), []);
        let codes: Vec<&str> = again.warnings.iter().map(|w| w.code.as_str()).collect();
        assert_eq!(codes, ["quick", "leak"]);
    }

    #[test]
    fn rounding_is_no_finding() {
        finds(|run| run.summaries[0].mean *= 1.0 + 1e-13, &[]);
        finds(|run| run.summaries[0].mean *= 1.0 + 1e-6, &["summary boot/process create_to_ready mean"]);
    }
}
