//! `cpu`: the control. Isolation should not slow plain computation; where it seems to, suspect the measurement first.

use super::{Better, CellPlan, Experiment, MetricAbout, Question, Sets, a_cell_each, values};
use crate::bench::{Start, Workers, Workload};
use crate::environments::Arm;
use crate::error::Result;
use crate::lang::Said;
use crate::model::Unit;
use crate::probe::abi::{BATCH, SPIN};
use crate::results::schema::Sample;
use crate::stats::median;

pub(super) struct Cpu;

static ABOUT: Question = Question {
    id: "cpu",
    question: Said::fixed("Does isolation slow plain computation?", "격리하면 단순 계산도 느려지는가?"),
    metrics: &[MetricAbout {
        id: "spin_unit",
        title: Said::fixed("one unit of computation", "계산 단위 하나"),
        unit: Unit::Nanoseconds,
        definition: Said::fixed(
            "1024 steps of an integer generator: TSC before and after a batch, divided by its units; the median batch of one worker.",
            "정수 난수 생성기 1024걸음입니다. 묶음 앞뒤의 TSC 차이를 단위 수로 나눕니다. 작업 프로세스 하나의 묶음 가운데 중앙값입니다.",
        ),
        better: Better::Lower,
        headline: true,
        per_batch: Some(UNITS_PER_BATCH),
    }],
    sets: &[],
    quick_percent: 8,
    quick_blocks: 30,
    warmup_blocks: 3,
};

const BATCHES: u64 = 5;
/// One batch takes about a millisecond: long beside the timer, short beside a time slice.
const UNITS_PER_BATCH: u64 = 400;

impl Experiment for Cpu {
    fn about(&self) -> &'static Question {
        &ABOUT
    }

    fn workload(&self, _: &CellPlan) -> Result<Workload> {
        Ok(Workload::Spin { units: UNITS_PER_BATCH, batches: BATCHES })
    }

    fn cells(&self, arms: &[Arm], _: &Sets) -> Result<Vec<CellPlan>> {
        Ok(a_cell_each(arms))
    }

    fn sample(&self, cell: &CellPlan, workers: &mut Workers) -> Result<Sample> {
        let done = workers.once(&cell.arm, &self.workload(cell)?, &Start::default())?.done;
        let per_unit = |ticks: u64| ticks as f64 * 1e6 / workers.tsc_khz as f64 / UNITS_PER_BATCH as f64;
        let batches: Vec<f64> =
            done.records.iter().filter(|r| r.kind == BATCH | SPIN).map(|r| per_unit(r.tsc)).collect();
        Ok(Sample {
            values: values([("spin_unit", median(&batches))]),
            inner: [("spin_unit".to_owned(), batches)].into(),
            ..Sample::default()
        })
    }
}
