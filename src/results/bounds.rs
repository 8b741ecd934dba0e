//! What a results file may hold at most. Behind these bounds every reader ends in time: no axis without end, no overflow, no
//! table that nobody could read.

use super::schema::{Cell, Header, Interval, Run, SampleLine, SampleOutcome};
use crate::lang::Lang;
use crate::lang::Said;
use crate::said;

/// Of a plan, and of a file.
pub const MOST_CELLS: usize = 2_000;
/// Of arms, metrics, columns and whatever else is listed by name.
const MOST_NAMES: usize = 2_000;
/// 31 years in nanoseconds; an exbibyte in bytes.
const LARGEST: f64 = 1e18;
/// Blocks are counted from 0.
const LAST_BLOCK: u32 = 10_000_000;

/// The first thing that is beyond, in words.
pub fn beyond(run: &Run) -> Option<Said> {
    let lists = [
        (said!("cells", "셀"), run.cells.len()),
        (said!("warnings", "경고"), run.warnings.len()),
        (said!("noise floors", "잡음 바닥"), run.noise.len()),
        (said!("arms", "대상"), run.header.arms.len()),
    ];
    beyond_in_header(&run.header)
        .or_else(|| lists.into_iter().find_map(|(what, n)| too_many(&what, n, MOST_NAMES)))
        .or_else(|| run.cells.iter().find_map(beyond_in_cell))
        .or_else(|| derived(run))
}

/// The same for what is known before the first sample.
pub fn beyond_in_header(header: &Header) -> Option<Said> {
    too_many(&said!("planned cells", "계획한 셀"), header.plan.cells.len(), MOST_CELLS)
        .or_else(|| too_many(&said!("metrics", "지표"), header.metrics.len(), MOST_NAMES))
        .or_else(|| large(&Said::english("timer.cost_ns"), header.timer.cost_ns))
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

fn too_many(what: &Said, n: usize, most: usize) -> Option<Said> {
    let (en, ko) = (what.of(Lang::En), what.of(Lang::Ko));
    (n > most).then(|| {
        said!(
            "it has {n} {en}, and isolab makes and reads up to {most}",
            "{ko}이(가) {n}개임. isolab은 {most}개까지 만들고 읽음"
        )
    })
}

fn large(place: &Said, value: f64) -> Option<Said> {
    (!value.is_finite() || value.abs() > LARGEST).then(|| {
        let (en, ko) = (place.of(Lang::En), place.of(Lang::Ko));
        said!(
            "{en} is {value:e}: no time, size or count is beyond {LARGEST:e}",
            "{ko}이(가) {value:e}임: 어떤 시간, 크기, 개수도 {LARGEST:e}을(를) 넘지 않음"
        )
    })
}

fn beyond_in_cell(cell: &Cell) -> Option<Said> {
    let c = &cell.columns;
    let place = |column: &str| Said::verbatim(format!("{} {column}", cell.id));
    let column =
        |name: &str, mut values: Box<dyn Iterator<Item = f64> + '_>| values.find_map(|v| large(&place(name), v));
    let blocks = c.block.iter().find(|b| **b > LAST_BLOCK).map(|b| {
        let place = format!("{} block", cell.id);
        said!("{place} is {b}", "{place}이(가) {b}임")
    });
    too_many(&said!("columns in a cell", "한 셀의 열"), c.values.len() + c.inner.len() + c.stages.len(), MOST_NAMES)
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
fn derived(run: &Run) -> Option<Said> {
    let ends = |i: &Interval| [Some(i.median), i.low, i.high];
    let rows = |place: &Said, i: &Interval| ends(i).into_iter().flatten().find_map(|v| large(place, v));
    let summaries = run.summaries.iter().find_map(|s| {
        let (cell, metric) = (&s.cell, &s.metric);
        let place = said!("the summary {cell} {metric}", "요약 {cell} {metric}");
        let more =
            [Some(s.mean), Some(s.std), Some(s.min), Some(s.max), Some(s.p5), Some(s.p95), s.p99, s.drift, s.lag1];
        rows(&place, &s.interval).or_else(|| more.into_iter().flatten().find_map(|v| large(&place, v)))
    });
    let most = MOST_CELLS * 64;
    too_many(&said!("summaries", "요약"), run.summaries.len(), most)
        .or_else(|| too_many(&said!("comparisons", "비교"), run.comparisons.len(), most))
        .or(summaries)
        .or_else(|| {
            run.comparisons.iter().find_map(|c| {
                let (experiment, arm, metric) = (&c.experiment, &c.arm, &c.metric);
                let place = said!("the comparison {experiment}/{arm} {metric}", "비교 {experiment}/{arm} {metric}");
                rows(&place, &c.ratio).or_else(|| rows(&place, &c.difference))
            })
        })
        .or_else(|| {
            run.noise.iter().find_map(|f| {
                let arm = &f.arm;
                large(&said!("the noise floor of {arm}", "{arm}의 잡음 바닥"), f.relative)
            })
        })
        .or_else(|| {
            large(&Said::english("wall_seconds"), run.wall_seconds)
                .or_else(|| large(&Said::english("harness_share"), run.harness_share))
        })
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
        let ids = || (0..100_000).map(|i| format!("boot/{i}").into()).collect::<Vec<_>>();
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
