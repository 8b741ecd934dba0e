//! `syscall`: what does one system call cost?
//!
//! The probe times batches of each call with the TSC, in one worker; a sample's value is the median batch. Each batch is
//! long enough that reading the timer is below one hundredth of it; a run where it was not says so.
//!
//! `perf bench syscall basic` makes the same call and says 4 to 9 % more. Its loop, a switch and a call through the PLT
//! around each system call, costs 1.7 % (101.1 against 99.4 ns, interleaved). The rest is that it prints a mean, with every
//! timer tick and interruption in it: the mean of our own batches lies 9 % above their median in the same run.

use super::{Better, CellPlan, Experiment, MetricAbout, Question, Sets, a_cell_each};
use crate::bench::{Start, Workers, Workload};
use crate::environments::Arm;
use crate::error::{Error, Result};
use crate::id::ArmId;
use crate::lang::Said;
use crate::model::{Channel, Unit};
use crate::probe::abi::{BATCH, CALLS};
use crate::results::schema::Sample;
use crate::said;
use crate::stats::median;

pub(super) struct Syscall;

static ABOUT: Question = Question {
    id: "syscall",
    question: Said::fixed("What does one system call cost?", "시스템 콜 한 번의 비용은 얼마인가?"),
    metrics: &[
        metric(
            "getppid",
            Said::fixed("one getppid", "getppid 한 번"),
            true,
            Said::fixed(
                "One call that does nothing: TSC before and after a batch, divided by its calls, the loop included; the median batch of one worker. In a bare VM our own guest kernel answers: a floor, not what Linux costs.",
                "아무 일도 하지 않는 시스템 콜 한 번입니다. 묶음의 앞뒤에서 TSC를 읽어 부른 횟수로 나눕니다(반복문 포함). 워커 하나에서 중앙값인 묶음을 씁니다. 운영체제 없는 가상머신에서는 우리 게스트 커널이 답하므로 리눅스의 비용이 아니라 최소한의 값입니다.",
            ),
        ),
        metric(
            "read",
            Said::fixed("one read", "read 한 번"),
            true,
            Said::fixed(
                "Read 1 byte of /dev/zero: the same way.",
                "/dev/zero에서 1바이트를 읽습니다. 재는 방법은 같습니다.",
            ),
        ),
        metric(
            "write",
            Said::fixed("one write", "write 한 번"),
            true,
            Said::fixed(
                "Write 1 byte to /dev/null: the same way.",
                "/dev/null에 1바이트를 씁니다. 재는 방법은 같습니다.",
            ),
        ),
        metric(
            "exit",
            Said::fixed("one VM exit", "가상머신 나가기(VM exit) 한 번"),
            true,
            Said::fixed(
                "One port write that leaves the guest, does nothing in the hypervisor and comes back: the same way. Virtual machines only.",
                "게스트를 떠나 하이퍼바이저에서 아무 일도 하지 않고 돌아오는 포트 쓰기 한 번입니다. 재는 방법은 같고, 가상머신에만 있습니다.",
            ),
        ),
    ],
    sets: &[],
    quick_percent: 16,
    quick_blocks: 30,
    warmup_blocks: 3,
};

const fn metric(id: &'static str, title: Said, headline: bool, definition: Said) -> MetricAbout {
    MetricAbout {
        id,
        title,
        unit: Unit::Nanoseconds,
        definition,
        better: Better::Lower,
        headline,
        per_batch: Some(CALLS_PER_BATCH),
    }
}

const BATCHES: u64 = 11;
/// A batch of getppid takes some 160 µs then; a reading of the timer takes about 20 ns.
const CALLS_PER_BATCH: u64 = 1000;

/// With it a container's calls go through no filter.
const NO_FILTER: &str = "-seccomp";

impl Experiment for Syscall {
    fn about(&self) -> &'static Question {
        &ABOUT
    }

    fn workload(&self, cell: &CellPlan) -> Result<Workload> {
        let by_port = cell.arm.env.about().channel == Channel::Port;
        let calls = CALLS.iter().copied().filter(|c| *c != "exit" || by_port).collect();
        Ok(Workload::Syscalls { calls, batches: BATCHES, per_batch: CALLS_PER_BATCH })
    }

    fn cells(&self, arms: &[Arm], _: &Sets) -> Result<Vec<CellPlan>> {
        Ok(a_cell_each(arms))
    }

    fn sample(&self, cell: &CellPlan, workers: &mut Workers) -> Result<Sample> {
        let done = workers.once(&cell.arm, &self.workload(cell)?, &Start::default())?.done;
        let mut sample = Sample::default();
        for (i, name) in CALLS.iter().enumerate() {
            let kind = BATCH | i as u64;
            let per_call = |ticks: u64| ticks as f64 * 1e6 / workers.tsc_khz as f64 / CALLS_PER_BATCH as f64;
            let batches: Vec<f64> = done.records.iter().filter(|r| r.kind == kind).map(|r| per_call(r.tsc)).collect();
            if let Some(middle) = median(&batches) {
                sample.values.insert((*name).into(), middle);
                sample.inner.insert((*name).into(), batches);
            }
        }
        if sample.values.is_empty() {
            return Err(Error::new(
                said!("measure system calls", "시스템 콜을 측정할 수 없습니다"),
                said!("the environment offers none of them", "이 환경은 그 가운데 아무것도 제공하지 않음"),
            ));
        }
        Ok(sample)
    }

    /// With and without the filter: that difference is half of the question.
    fn more_arms(&self, arms: &[Arm]) -> Vec<ArmId> {
        let filtered = |arm: &&Arm| arm.env.about().has_knob(NO_FILTER) && !arm.env.is_rootless();
        let plain = arms.iter().filter(filtered).filter(|arm| arm.knobs.iter().next().is_none() && arm.copy == 1);
        let without = plain.map(|arm| ArmId::of(arm.env.about().id, [NO_FILTER].into_iter(), 1));
        without.filter(|id| !arms.iter().any(|arm| arm.id() == *id)).collect()
    }
}
