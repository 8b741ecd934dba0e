//! Wrong: everything is found, but memory.stat is read as if it counted kB like /proc.

use crate::task::{Account, Cgroup, Files, Kernel, Parts};

pub fn account(files: &Files<'_>) -> Account {
    let bytes = |name| number_of(files.smaps_rollup, name).unwrap_or(0);
    let private = bytes("Private_Clean:") + bytes("Private_Dirty:");
    let kernel = match files.cgroup {
        Cgroup::V2 { memory_stat } => {
            let told = |name| number_of(memory_stat, name);
            let known = [told("kernel_stack"), told("pagetables"), told("sec_pagetables"), told("slab")];
            Kernel::Split(Parts {
                stacks: known[0],
                page_tables: known[1],
                second_page_tables: known[2],
                slab: known[3],
                sum: told("kernel").unwrap_or_else(|| known.into_iter().flatten().sum()),
            })
        }
        Cgroup::V1 { kmem_usage } => Kernel::NotSplit(kmem_usage.trim().parse().unwrap_or(0)),
        Cgroup::None => Kernel::NotMeasured,
    };
    Account { private, shared: bytes("Pss:").saturating_sub(private), kernel }
}

fn number_of(text: &str, name: &str) -> Option<u64> {
    text.lines().find_map(|line| {
        let mut words = line.split_whitespace();
        let number = (words.next()? == name).then(|| words.next()?.parse::<u64>().ok())??;
        Some(number * 1024)
    })
}
