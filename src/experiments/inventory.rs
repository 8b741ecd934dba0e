//! `inventory`: which objects come into being when one instance starts?
//!
//! A `hold` is looked at from outside while it is ready. Counts, not times: a metric is the number of objects of a kind.

use super::{Better, CellPlan, Experiment, MetricAbout, Question, Sets, a_cell_each};
use crate::environments::Arm;
use crate::error::Result;
use crate::lab::{Lab, Start, Workload};
use crate::lang::Said;
use crate::model::Unit;
use crate::results::schema::Sample;

pub(super) struct Inventory;

static ABOUT: Question = Question {
    id: "inventory",
    question: Said::fixed("Which objects come into being?", "어떤 객체들이 생기는가?"),
    metrics: &[
        metric(
            "processes",
            true,
            "Processes that run because of one instance: the payload, or the monitor of a virtual machine.",
        ),
        metric("namespaces", true, "Namespaces that the payload does not share with the harness, by inode."),
        metric("mounts", true, "Mounts in the payload's own mount namespace; 0 where it shares the harness's."),
        metric("cgroups", true, "Control groups made for one instance, over all hierarchies."),
        metric("fds", false, "Open file descriptors of the payload, or of the monitor of a virtual machine."),
        metric("kvm_objects", true, "Objects made by ioctl on /dev/kvm: machine, virtual CPUs, memory slots."),
        metric("kernels", true, "Kernels that run beside the host's."),
    ],
    sets: &[],
    quick_percent: 4,
    quick_blocks: 6,
    warmup_blocks: 0,
};

const fn metric(id: &'static str, headline: bool, definition: &'static str) -> MetricAbout {
    MetricAbout { id, unit: Unit::Count, definition, better: Better::Neither, headline, per_batch: None }
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

    fn sample(&self, cell: &CellPlan, lab: &mut Lab) -> Result<Sample> {
        let start = Start { footprint: true, ..Start::default() };
        let held = lab.hold(&cell.arm, &Workload::Hold, &start)?;
        let parts: Vec<_> = held.parts.iter().filter(|p| p.unit == Unit::Count).cloned().collect();
        held.end(lab.interrupt, &Workload::Hold)?;
        let sum = |prefix: &str| {
            let amounts = parts.iter().filter(|p| p.what.starts_with(prefix)).map(|p| p.amount);
            amounts.sum::<u64>() as f64 // as f64 only now: the sum of no floating-point numbers is −0
        };
        let kinds = [
            ("processes", "process"),
            ("namespaces", "namespace:"),
            ("mounts", "mounts"),
            ("cgroups", "cgroup"),
            ("fds", "fds"),
            ("kvm_objects", "kvm"),
            ("kernels", "kernel"),
        ];
        let values = kinds.into_iter().map(|(metric, prefix)| (metric.to_owned(), sum(prefix))).collect();
        Ok(Sample { values, parts, ..Sample::default() })
    }
}
