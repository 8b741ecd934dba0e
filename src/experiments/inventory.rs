//! `inventory`: which objects come into being when one instance starts?
//!
//! A `hold` is looked at from outside while it is ready. Counts, not times: a metric is the number of objects of a kind.

use super::{Better, CellPlan, Experiment, MetricAbout, Question, Sets, a_cell_each};
use crate::bench::{Start, Workers, Workload};
use crate::environments::Arm;
use crate::error::Result;
use crate::lang::Said;
use crate::model::{Part, Unit};
use crate::results::schema::Sample;

pub(super) struct Inventory;

static ABOUT: Question = Question {
    id: "inventory",
    question: Said::fixed("Which objects come into being?", "어떤 객체들이 생기는가?"),
    metrics: &[
        metric(
            "processes",
            Said::fixed("processes", "프로세스"),
            true,
            Said::fixed(
                "Processes that run because of one instance: the payload, or the monitor of a virtual machine.",
                "인스턴스 하나 때문에 도는 프로세스: 그 안의 프로그램, 또는 가상머신의 모니터입니다.",
            ),
        ),
        metric(
            "namespaces",
            Said::fixed("namespaces", "네임스페이스"),
            true,
            Said::fixed(
                "Namespaces that the payload does not share with the harness, by inode.",
                "프로그램이 측정 도구와 함께 쓰지 않는 네임스페이스로, 아이노드로 셉니다.",
            ),
        ),
        metric(
            "mounts",
            Said::fixed("mounts", "마운트"),
            true,
            Said::fixed(
                "Mounts in the payload's own mount namespace; 0 where it shares the harness's.",
                "프로그램 자신의 마운트 네임스페이스에 있는 마운트이며, 측정 도구의 것을 함께 쓰면 0입니다.",
            ),
        ),
        metric(
            "cgroups",
            Said::fixed("cgroups", "컨트롤 그룹"),
            true,
            Said::fixed(
                "Control groups made for one instance, over all hierarchies.",
                "인스턴스 하나를 위해 만든 컨트롤 그룹으로, 모든 계층을 더합니다.",
            ),
        ),
        metric(
            "fds",
            Said::fixed("file descriptors", "파일 디스크립터"),
            false,
            Said::fixed(
                "Open file descriptors of the payload, or of the monitor of a virtual machine.",
                "프로그램 또는 가상머신 모니터가 연 파일 디스크립터입니다.",
            ),
        ),
        metric(
            "kvm_objects",
            Said::fixed("KVM objects", "KVM 객체"),
            true,
            Said::fixed(
                "Objects made by ioctl on /dev/kvm: machine, virtual CPUs, memory slots, interrupt controllers.",
                "/dev/kvm에 ioctl로 만든 객체: 가상머신, 가상 CPU, 메모리 슬롯, 인터럽트 컨트롤러입니다.",
            ),
        ),
        metric(
            "kernels",
            Said::fixed("kernels", "커널"),
            true,
            Said::fixed("Kernels that run beside the host's.", "호스트 커널과 따로 도는 커널입니다."),
        ),
    ],
    sets: &[],
    quick_percent: 4,
    quick_blocks: 6,
    warmup_blocks: 0,
};

const fn metric(id: &'static str, title: Said, headline: bool, definition: Said) -> MetricAbout {
    MetricAbout { id, title, unit: Unit::Count, definition, better: Better::Neither, headline, per_batch: None }
}

impl Experiment for Inventory {
    fn about(&self) -> &'static Question {
        &ABOUT
    }

    fn workload(&self, _: &CellPlan) -> Result<Workload> {
        Ok(Workload::Hold)
    }

    fn cells(&self, arms: &[Arm], _: &Sets) -> Result<Vec<CellPlan>> {
        Ok(a_cell_each(arms))
    }

    fn sample(&self, cell: &CellPlan, workers: &mut Workers) -> Result<Sample> {
        let start = Start { footprint: true, ..Start::default() };
        let held = workers.hold(&cell.arm, &Workload::Hold, &start)?;
        let parts: Vec<_> = held.parts.iter().filter(|p| p.unit == Unit::Count).cloned().collect();
        held.end(workers.interrupt, &Workload::Hold)?;
        let sum = |kind: &str| {
            let of_kind = |p: &&Part| p.what == kind || p.sort_of(kind).is_some();
            let amounts = parts.iter().filter(of_kind).map(|p| p.amount);
            amounts.sum::<u64>() as f64 // as f64 only now: the sum of no floating-point numbers is −0
        };
        let kinds = [
            ("processes", "processes"),
            ("namespaces", "namespace"),
            ("mounts", "mounts"),
            ("cgroups", "cgroups"),
            ("fds", "fds"),
            ("kvm_objects", "kvm"),
            ("kernels", "kernels"),
        ];
        let values = kinds.into_iter().map(|(metric, kind)| (metric.to_owned(), sum(kind))).collect();
        Ok(Sample { values, parts, ..Sample::default() })
    }
}
