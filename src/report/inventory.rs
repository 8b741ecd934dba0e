//! The sentence of `inventory`: "One instance, beside its process: bare VM, …: 3 KVM objects, 1 kernel; …".

use super::names;
use super::page::Sentence;
use super::words::{self, Words};
use crate::lang::Lang;
use crate::results::query::{plain_cells, summary};
use crate::results::schema::{Cell, Run};
use crate::units::show_count;

/// Metric, one of it, several of it.
const KINDS: &[(&str, &Words, &Words)] = &[
    ("processes", &words::ONE_PROCESS, &words::PROCESSES),
    ("namespaces", &words::ONE_NAMESPACE, &words::NAMESPACES),
    ("mounts", &words::ONE_MOUNT, &words::MOUNTS),
    ("cgroups", &words::ONE_CGROUP, &words::CGROUPS),
    ("kvm_objects", &words::ONE_KVM_OBJECT, &words::KVM_OBJECTS),
    ("kernels", &words::ONE_KERNEL, &words::KERNELS),
];

pub(super) fn sentence(run: &Run, lang: Lang) -> Option<Sentence> {
    let parts: Vec<String> = plain_cells(run, "inventory").map(|cell| one(run, cell, lang)).collect();
    (!parts.is_empty()).then(|| Sentence { lead: words::LEAD_OBJECTS.of(lang).into(), parts, rank: 7 })
}

fn one(run: &Run, cell: &Cell, lang: Lang) -> String {
    let count = |metric: &str| {
        let beside = if metric == "processes" { 1.0 } else { 0.0 };
        Some(summary(run, cell, metric)?.interval.median - beside).filter(|n| *n > 0.0)
    };
    let objects: Vec<String> =
        KINDS.iter().filter_map(|(metric, one, many)| count(metric).map(|n| objects(n, one, many, lang))).collect();
    let objects = if objects.is_empty() { words::NOTHING.of(lang).to_owned() } else { objects.join(", ") };
    format!("{}: {objects}", names::arm(run, &cell.arm, lang))
}

fn objects(count: f64, one: &Words, many: &Words, lang: Lang) -> String {
    #[expect(clippy::float_cmp, reason = "a count is exact")]
    let words = if count == 1.0 { one } else { many };
    words.with(lang, &[&show_count(count)])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_is_not_many() {
        assert_eq!(objects(1.0, &words::ONE_MOUNT, &words::MOUNTS, Lang::En), "1 mount");
        assert_eq!(objects(20.0, &words::ONE_MOUNT, &words::MOUNTS, Lang::En), "20 mounts");
        assert_eq!(objects(20.0, &words::ONE_MOUNT, &words::MOUNTS, Lang::Ko), "마운트 20개");
    }
}
