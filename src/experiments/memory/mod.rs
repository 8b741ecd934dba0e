//! `memory`: what does one more instance cost?
//!
//! A marginal cost is a slope: N = 1, 4, 16, 32 idle instances are measured after they have settled, and a line is laid
//! through the last three (cgroups are charged in batches, so the first step is mostly rounding). What all instances
//! share, file pages above all, does not grow with N: it is the intercept, and reported apart.
//!
//! All arms of a block grow together, step by step, so that one settling serves them all and drift meets them alike.
//!
//! What was measured at each N is kept beside the slopes, so that a chart can show how straight the line is.
//!
//! With `configured` and `touch`, one virtual machine of each size is measured: which of the two does the host pay for?

mod instance_set;
mod points;
mod sizes;

use std::time::Duration;

use self::instance_set::{InstanceSet, counts, sized};
use self::sizes::{asks_for_sizes, fits, has_free_size};
use super::{Better, CellPlan, Experiment, MetricAbout, Question, SetAbout, Sets, Sink};
use crate::bench::{Workers, Workload};
use crate::environments::Arm;
use crate::error::{Error, Result};
use crate::lang::Said;
use crate::model::Unit;
use crate::results::schema::Sample;
use crate::said;
use crate::sys::clock::monotonic_ns;
use crate::units::parse_bytes;

pub(super) struct Memory;

static ABOUT: Question = Question {
    id: "memory",
    question: Said::fixed("What does one more instance cost?", "인스턴스 하나가 더해지면 얼마나 드는가?"),
    metrics: &[
        metric(
            "host_bytes",
            Said::fixed("host memory of one VM", "가상머신 하나의 호스트 메모리"),
            true,
            Said::fixed(
                "Private + kernel memory of one virtual machine of this configured size after its guest touched that much.",
                "이 크기로 설정한 가상머신에서 게스트가 그만큼 손댄 뒤의 전용 메모리 + 커널 메모리입니다.",
            ),
        ),
        metric(
            "per_instance",
            Said::fixed("one more instance", "인스턴스 하나 더"),
            true,
            Said::fixed(
                "Slope over N instances of private + kernel memory of what a detached instance leaves running: a container's payload, a virtual machine's monitor.",
                "떼어 놓은 인스턴스가 남기는 것(컨테이너는 그 안의 프로그램, 가상머신은 모니터)의 전용 메모리 + 커널 메모리를 인스턴스 수 N에 대해 구한 기울기입니다.",
            ),
        ),
        metric(
            "private",
            Said::fixed("private memory of one more", "하나 더의 전용 메모리"),
            true,
            Said::fixed(
                "Slope over N of Private_Clean + Private_Dirty in /proc/PID/smaps_rollup.",
                "N에 대한 /proc/PID/smaps_rollup의 Private_Clean + Private_Dirty의 기울기입니다.",
            ),
        ),
        metric(
            "guest_ram",
            Said::fixed("guest RAM of one more", "하나 더의 게스트 RAM"),
            false,
            Said::fixed(
                "The part of private that is guest RAM: pages of its mapping that the guest or its monitor has touched. Virtual machines only.",
                "전용 메모리 가운데 게스트 RAM인 몫입니다. 그 매핑에서 게스트나 모니터가 건드린 페이지입니다. 가상머신에만 있습니다.",
            ),
        ),
        metric(
            "kernel",
            Said::fixed("kernel memory of one more", "하나 더의 커널 메모리"),
            false,
            Said::fixed(
                "Slope over N of the kernel memory charged to a cgroup around all N.",
                "N개 모두를 둘러싼 컨트롤 그룹에 매겨진 커널 메모리의 N에 대한 기울기입니다.",
            ),
        ),
        metric(
            "charged",
            Said::fixed("all that is charged for one more", "하나 더에 매겨진 모든 메모리"),
            false,
            Said::fixed(
                "Slope over N of all that is charged to that cgroup, of any kind: what private and kernel should sum to.",
                "그 컨트롤 그룹에 매겨진 모든 종류의 메모리의 N에 대한 기울기입니다. private과 kernel의 합과 같아야 합니다.",
            ),
        ),
        metric(
            "shared",
            Said::fixed("shared file pages", "나누어 쓰는 파일 페이지"),
            false,
            Said::fixed(
                "Intercept over N of proportional memory (PSS) that is not private: file pages that all instances share.",
                "전용이 아닌 비례 메모리(PSS)의 N에 대한 절편입니다. 모든 인스턴스가 나누어 쓰는 파일 페이지입니다.",
            ),
        ),
        metric(
            "daemon",
            Said::fixed("an engine's daemons", "엔진의 데몬"),
            true,
            Said::fixed(
                "Private memory of the processes that serve all instances of an engine, with the most instances running. They stay when the instances have gone: it is no part of one more.",
                "엔진의 모든 인스턴스가 함께 쓰는 프로세스들의 전용 메모리로, 인스턴스가 가장 많을 때 잽니다. 인스턴스가 사라져도 남으므로 하나 더의 비용에 들어가지 않습니다.",
            ),
        ),
        metric(
            "daemon_growth",
            Said::fixed("an engine's daemons, for one more", "하나 더할 때 느는 엔진의 데몬"),
            false,
            Said::fixed(
                "Slope over N of the private memory of an engine's daemons. It is no part of per_instance.",
                "엔진 데몬의 전용 메모리의 N에 대한 기울기입니다. per_instance에 들어가지 않습니다.",
            ),
        ),
        metric(
            "lack_of_fit",
            Said::fixed("distance from the line", "직선에서 벗어난 거리"),
            false,
            Said::fixed(
                "Farthest that one of the weighed points lies from the line of per_instance (of private, where the kernel part is not measured).",
                "잰 점 가운데 per_instance의 직선(커널 몫을 재지 못하면 private의 직선)에서 가장 먼 거리입니다.",
            ),
        ),
    ],
    sets: &[
        SetAbout {
            key: "n",
            default: "1,4,16,32",
            sentence: Said::fixed("How many instances are measured together.", "인스턴스 몇 개를 함께 잴지."),
        },
        SetAbout {
            key: "configured",
            default: "16M,128M,1G",
            sentence: Said::fixed("Configured guest RAM of one virtual machine.", "가상머신 하나에 설정한 게스트 RAM."),
        },
        SetAbout {
            key: "touch",
            default: "0,8M",
            sentence: Said::fixed("Guest RAM that the program writes to.", "프로그램이 쓰는 게스트 RAM."),
        },
        SetAbout {
            key: "prealloc",
            default: "",
            sentence: Said::fixed(
                "on: the host backs all guest RAM at the start.",
                "on: 호스트가 시작할 때 게스트 RAM 전부를 확보합니다.",
            ),
        },
    ],
    quick_percent: 40,
    quick_blocks: 12,
    warmup_blocks: 1,
};

const fn metric(id: &'static str, title: Said, headline: bool, definition: Said) -> MetricAbout {
    MetricAbout { id, title, unit: Unit::Bytes, definition, better: Better::Lower, headline, per_batch: None }
}

/// Kernel memory of what has just started or ended is charged late, in batches.
const SETTLE: Duration = Duration::from_millis(150);
const PAGE_BYTES: u64 = 4096;

fn values_in(sets: &Sets, key: &str) -> Vec<String> {
    let default = ABOUT.sets.iter().find(|s| s.key == key).map_or("", |s| s.default);
    sets.get(key).cloned().unwrap_or_else(|| default.split(',').map(str::to_owned).collect())
}

impl Experiment for Memory {
    fn about(&self) -> &'static Question {
        &ABOUT
    }

    fn workload(&self, cell: &CellPlan) -> Result<Workload> {
        match cell.case.get("touch") {
            Some(touch) => Ok(Workload::Touch { pages: parse_bytes(touch)? / PAGE_BYTES }),
            None => Ok(Workload::Hold),
        }
    }

    fn cells(&self, arms: &[Arm], sets: &Sets) -> Result<Vec<CellPlan>> {
        let list = |key: &str| values_in(sets, key);
        let sizes_only = asks_for_sizes(sets) && !sets.contains_key("n");
        let n = list("n").join(",");
        counts(&n)?;
        let mut cells = Vec::new();
        for arm in arms.iter().filter(|_| !sizes_only) {
            cells.push(CellPlan::new(arm).with("n", &n));
        }
        for arm in arms.iter().filter(|a| a.copy == 1 && has_free_size(a)) {
            for configured in list("configured") {
                for touch in list("touch") {
                    if !fits(&touch, &configured)? {
                        continue; // the guest has not that much
                    }
                    let mut cell = CellPlan::new(arm).with("configured", &configured).with("touch", &touch);
                    if sets.get("prealloc").is_some_and(|v| v.iter().any(|v| v == "on")) {
                        cell = cell.with("prealloc", "on");
                    }
                    match sized(&cell, &configured) {
                        Err(_) if !sets.contains_key("configured") => continue, // of the usual sizes only those that it can have
                        sized => drop(sized?), // a size that cannot be is told before anything runs
                    }
                    cells.push(cell);
                }
            }
        }
        if cells.is_empty() {
            return Err(Error::usage(
                said!("plan the experiment memory", "실험 memory를 계획할 수 없습니다"),
                said!(
                    "no arm has that configured size and touched amount",
                    "그런 설정 크기와 사용량을 가진 대상이 없음"
                ),
            )
            .try_this(said!(
                "-e vm-bare, and touch smaller than configured",
                "-e vm-bare를 쓰고 touch를 configured보다 작게 하십시오"
            )));
        }
        Ok(cells)
    }

    fn left_out(&self, arms: &[Arm], sets: &Sets) -> Vec<Said> {
        sizes::left_out(arms, sets, &|key| values_in(sets, key))
    }

    fn sample(&self, cell: &CellPlan, workers: &mut Workers) -> Result<Sample> {
        let mut result = None;
        self.block(&[cell], workers, &mut |_, _, sample| {
            result = Some(sample);
            Ok(())
        })?;
        result.expect("a block of one cell gives one sample")
    }

    fn block(&self, cells: &[&CellPlan], workers: &mut Workers, sink: &mut Sink) -> Result<()> {
        let at_ns = monotonic_ns();
        let mut instances = cells
            .iter()
            .map(|cell| InstanceSet::new(cell, self.workload(cell)?, workers))
            .collect::<Result<Vec<_>>>()?;
        let steps = instances.iter().map(InstanceSet::steps).max().unwrap_or(0);
        for step in 0..steps {
            instances.iter_mut().try_for_each(|s| s.grow(step, workers))?;
            workers.settle(SETTLE)?;
            instances.iter_mut().for_each(|s| s.measure(step));
        }
        for (i, set) in instances.into_iter().enumerate() {
            let sample = set.finish(workers);
            sink(i, at_ns, sample)?;
        }
        workers.settle(SETTLE) // what has ended is given back late
    }
}

/// The arm of a cell with `configured` and `prealloc` as its knobs.
#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_must_rise() {
        assert_eq!(counts("1,4,16").unwrap(), [1, 4, 16]);
        for bad in ["", "0,1", "4,1", "1,x", "1,9999"] {
            assert!(counts(bad).is_err(), "{bad:?}");
        }
    }
}
