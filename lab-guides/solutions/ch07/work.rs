//! Chapter 7, reference solution: the instance's own files, whole names, and what nobody told stays untold.

use crate::task::{Account, Cgroup, Files, Kernel, Parts};

pub fn account(files: &Files<'_>) -> Account {
    let bytes = |name| number_of(files.smaps_rollup, name).unwrap_or(0) * 1024;
    let private = bytes("Private_Clean:") + bytes("Private_Dirty:");
    Account { private, shared: bytes("Pss:").saturating_sub(private), kernel: kernel(files.cgroup) }
}

fn kernel(cgroup: Cgroup<'_>) -> Kernel {
    match cgroup {
        Cgroup::V2 { memory_stat } => Kernel::Split(parts(memory_stat)),
        Cgroup::V1 { kmem_usage } => kmem_usage.trim().parse().map_or(Kernel::NotMeasured, Kernel::NotSplit),
        Cgroup::None => Kernel::NotMeasured,
    }
}

fn parts(stat: &str) -> Parts {
    let told = |name| number_of(stat, name);
    let known = Parts {
        stacks: told("kernel_stack"),
        page_tables: told("pagetables"),
        second_page_tables: told("sec_pagetables"),
        slab: told("slab"),
        sum: 0,
    };
    let sum = [known.stacks, known.page_tables, known.second_page_tables, known.slab].into_iter().flatten().sum();
    Parts { sum: told("kernel").unwrap_or(sum), ..known }
}

/// The number on the line whose first word is `name`.
fn number_of(text: &str, name: &str) -> Option<u64> {
    text.lines().find_map(|line| {
        let mut words = line.split_whitespace();
        (words.next()? == name).then(|| words.next()?.parse().ok())?
    })
}
