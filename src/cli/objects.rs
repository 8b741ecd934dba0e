//! The closing sentence of `inventory`: "One instance, beside its process: bare VM, …: 3 KVM objects, 1 kernel; …".

use crate::results::schema::{Cell, Run, Status};
use crate::units::show_count;

/// Metric, one of it, several of it.
const KINDS: &[(&str, &str, &str)] = &[
    ("processes", "process more", "processes more"),
    ("namespaces", "namespace", "namespaces"),
    ("mounts", "mount", "mounts"),
    ("cgroups", "cgroup", "cgroups"),
    ("kvm_objects", "KVM object", "KVM objects"),
    ("kernels", "kernel", "kernels"),
];

pub(super) fn sentence(run: &Run) -> Option<String> {
    let cells = run.cells.iter().filter(|c| c.experiment == "inventory" && c.status == Status::Measured);
    let arms: Vec<String> = cells.filter(|c| !c.arm.contains('#')).map(|c| one(run, c)).collect();
    (!arms.is_empty()).then(|| format!("One instance, beside its process: {}.", arms.join("; ")))
}

fn one(run: &Run, cell: &Cell) -> String {
    let name = run.header.arms.iter().find(|a| a.id == cell.arm).map_or(cell.arm.as_str(), |a| a.name.as_str());
    let count = |metric: &str| {
        let found = run.summaries.iter().find(|s| s.cell == cell.id && s.metric == metric)?;
        let beside = if metric == "processes" { 1.0 } else { 0.0 };
        Some(found.interval.median - beside).filter(|n| *n > 0.0)
    };
    let objects: Vec<String> =
        KINDS.iter().filter_map(|(metric, one, many)| count(metric).map(|n| objects(n, one, many))).collect();
    format!("{name}: {}", if objects.is_empty() { "nothing".to_owned() } else { objects.join(", ") })
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
