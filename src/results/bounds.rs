//! What a results file may hold at most. Behind these bounds every reader ends in time: no axis without end, no overflow, no
//! table that nobody could read.

use super::schema::{Cell, Header, Interval, Run, SampleLine, SampleOutcome};

/// Of a plan, and of a file.
pub const MOST_CELLS: usize = 2_000;
/// Of arms, metrics, columns and whatever else is listed by name.
const MOST_NAMES: usize = 2_000;
/// 31 years in nanoseconds; an exbibyte in bytes.
const LARGEST: f64 = 1e18;
/// Blocks are counted from 0.
const LAST_BLOCK: u32 = 10_000_000;

/// The first thing that is beyond, in words.
pub fn beyond(run: &Run) -> Option<String> {
    let lists = [
        ("cells", run.cells.len()),
        ("warnings", run.warnings.len()),
        ("noise floors", run.noise.len()),
        ("arms", run.header.arms.len()),
    ];
    beyond_in_header(&run.header)
        .or_else(|| lists.into_iter().find_map(|(what, n)| too_many(what, n, MOST_NAMES)))
        .or_else(|| run.cells.iter().find_map(beyond_in_cell))
        .or_else(|| derived(run))
}

/// The same for what is known before the first sample.
pub fn beyond_in_header(header: &Header) -> Option<String> {
    too_many("planned cells", header.plan.cells.len(), MOST_CELLS)
        .or_else(|| too_many("metrics", header.metrics.len(), MOST_NAMES))
        .or_else(|| large("timer.cost_ns", header.timer.cost_ns))
}

/// Is every number of a sample one that a results file may hold?
pub(super) fn is_within(line: &SampleLine) -> bool {
    let ok = |v: f64| v.is_finite() && v.abs() <= LARGEST;
    let SampleOutcome::Ok(sample) = &line.outcome else { return line.block <= LAST_BLOCK };
    let marks = sample.timeline.iter().flat_map(|t| &t.marks).map(|mark| mark.at_ns as f64);
    let values = sample.values.values().chain(sample.inner.values().flatten()).copied();
    line.block <= LAST_BLOCK
        && ok(line.at_ns as f64)
        && marks.chain(values).chain(sample.parts.iter().map(|part| part.amount as f64)).all(ok)
}

fn too_many(what: &str, n: usize, most: usize) -> Option<String> {
    (n > most).then(|| format!("it has {n} {what}, and isolab makes and reads up to {most}"))
}

fn large(place: &str, value: f64) -> Option<String> {
    (!value.is_finite() || value.abs() > LARGEST)
        .then(|| format!("{place} is {value:e}: no time, size or count is beyond {LARGEST:e}"))
}

fn beyond_in_cell(cell: &Cell) -> Option<String> {
    let c = &cell.columns;
    let place = |column: &str| format!("{} {column}", cell.id);
    let column =
        |name: &str, mut values: Box<dyn Iterator<Item = f64> + '_>| values.find_map(|v| large(&place(name), v));
    let blocks = c.block.iter().find(|b| **b > LAST_BLOCK).map(|b| format!("{} is {b}", place("block")));
    too_many("columns in a cell", c.values.len() + c.inner.len() + c.stages.len(), MOST_NAMES)
        .or(blocks)
        .or_else(|| column("at_ns", Box::new(c.at_ns.iter().map(|v| *v as f64))))
        .or_else(|| c.values.iter().find_map(|(id, values)| column(id, Box::new(values.iter().flatten().copied()))))
        .or_else(|| c.inner.iter().find_map(|(id, rows)| column(id, Box::new(rows.iter().flatten().copied()))))
        .or_else(|| {
            c.stages.iter().find_map(|s| column(&s.label, Box::new(s.at_ns.iter().flatten().map(|v| *v as f64))))
        })
        .or_else(|| column("parts", Box::new(c.parts.iter().flatten().map(|part| part.amount as f64))))
}

/// What follows is computed again where it is judged, but charts take it as it stands.
fn derived(run: &Run) -> Option<String> {
    let ends = |i: &Interval| [Some(i.median), i.low, i.high];
    let rows = |place: &str, i: &Interval| ends(i).into_iter().flatten().find_map(|v| large(place, v));
    let summaries = run.summaries.iter().find_map(|s| {
        let place = format!("the summary {} {}", s.cell, s.metric);
        let more =
            [Some(s.mean), Some(s.std), Some(s.min), Some(s.max), Some(s.p5), Some(s.p95), s.p99, s.drift, s.lag1];
        rows(&place, &s.interval).or_else(|| more.into_iter().flatten().find_map(|v| large(&place, v)))
    });
    let most = MOST_CELLS * 64;
    too_many("summaries", run.summaries.len(), most)
        .or_else(|| too_many("comparisons", run.comparisons.len(), most))
        .or(summaries)
        .or_else(|| {
            run.comparisons.iter().find_map(|c| {
                let place = format!("the comparison {}/{} {}", c.experiment, c.arm, c.metric);
                rows(&place, &c.ratio).or_else(|| rows(&place, &c.difference))
            })
        })
        .or_else(|| run.noise.iter().find_map(|f| large(&format!("the noise floor of {}", f.arm), f.relative)))
        .or_else(|| large("wall_seconds", run.wall_seconds).or_else(|| large("harness_share", run.harness_share)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::results::example;

    #[test]
    fn a_run_is_within_and_each_kind_of_excess_is_named() {
        assert_eq!(beyond(&example::boot(30)), None);
        let with = |change: &dyn Fn(&mut Run)| {
            let mut run = example::boot(3);
            change(&mut run);
            beyond(&run).expect("too much")
        };
        let ids = || (0..100_000).map(|i| format!("boot/{i}")).collect::<Vec<_>>();
        assert!(with(&|run| run.header.plan.cells = ids()).contains("100000 planned cells"));
        let value =
            |v: f64| move |run: &mut Run| run.cells[0].columns.values.get_mut("create_to_ready").unwrap()[1] = Some(v);
        for v in [1.7e308, -1e19, f64::NAN, f64::INFINITY] {
            assert!(with(&value(v)).contains("boot/process create_to_ready"));
        }
        assert!(with(&|run| run.summaries[0].interval.high = Some(1e300)).contains("the summary boot/process"));
        assert!(with(&|run| run.comparisons[0].ratio.low = Some(1e300)).contains("the comparison"));
        assert!(with(&|run| run.cells[0].columns.block[0] = u32::MAX).contains("block is"));
    }
}
