//! Wrong: what is not there counts as 0. An old kernel then seems to need no second page tables, and where there is no
//! cgroup the kernel's memory seems to be free.

use crate::task::{Account, Cgroup, Files, Kernel, Parts};

pub fn account(files: &Files<'_>) -> Account {
    let bytes = |name| number_of(files.smaps_rollup, name) * 1024;
    let private = bytes("Private_Clean:") + bytes("Private_Dirty:");
    let kernel = match files.cgroup {
        Cgroup::V2 { memory_stat } => Kernel::Split(Parts {
            stacks: Some(number_of(memory_stat, "kernel_stack")),
            page_tables: Some(number_of(memory_stat, "pagetables")),
            second_page_tables: Some(number_of(memory_stat, "sec_pagetables")),
            slab: Some(number_of(memory_stat, "slab")),
            sum: number_of(memory_stat, "kernel"),
        }),
        Cgroup::V1 { kmem_usage } => Kernel::NotSplit(kmem_usage.trim().parse().unwrap_or(0)),
        Cgroup::None => Kernel::NotSplit(0),
    };
    Account { private, shared: bytes("Pss:").saturating_sub(private), kernel }
}

fn number_of(text: &str, name: &str) -> u64 {
    let value = |line: &str| line.strip_prefix(name)?.split_whitespace().next()?.parse().ok();
    text.lines().find_map(value).unwrap_or(0)
}
