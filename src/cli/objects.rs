//! The closing sentence of `inventory`: "What one instance is made of: process: 1 process; bare VM, …: 1 process, …".

use crate::results::schema::{Cell, Run, Status};
use crate::units::show_count;

/// Metric, one of it, several of it.
const KINDS: &[(&str, &str, &str)] = &[
    ("processes", "process", "processes"),
    ("namespaces", "namespace", "namespaces"),
    ("mounts", "mount", "mounts"),
    ("cgroups", "cgroup", "cgroups"),
    ("kvm_objects", "KVM object", "KVM objects"),
    ("kernels", "kernel", "kernels"),
];

pub(super) fn sentence(run: &Run) -> Option<String> {
    let cells = run.cells.iter().filter(|c| c.experiment == "inventory" && c.status == Status::Measured);
    let arms: Vec<String> = cells.filter(|c| !c.arm.contains('#')).map(|c| one(run, c)).collect();
    (!arms.is_empty()).then(|| format!("One instance is made of: {}.", arms.join("; ")))
}

fn one(run: &Run, cell: &Cell) -> String {
    let name = run.header.arms.iter().find(|a| a.id == cell.arm).map_or(cell.arm.as_str(), |a| a.name.as_str());
    let count = |metric: &str| {
        let found = run.summaries.iter().find(|s| s.cell == cell.id && s.metric == metric)?;
        Some(found.interval.median).filter(|n| *n > 0.0)
    };
    let objects: Vec<String> =
        KINDS.iter().filter_map(|(metric, one, many)| count(metric).map(|n| objects(n, one, many))).collect();
    format!("{name}: {}", objects.join(", "))
}

fn objects(count: f64, one: &str, many: &str) -> String {
    #[expect(clippy::float_cmp, reason = "a count is exact")]
    let word = if count == 1.0 { one } else { many };
    format!("{} {word}", show_count(count))
}

#[cfg(test)]
mod tests {
    #[test]
    fn one_is_not_many() {
        assert_eq!(super::objects(1.0, "process", "processes"), "1 process");
        assert_eq!(super::objects(20.0, "mount", "mounts"), "20 mounts");
    }
}
