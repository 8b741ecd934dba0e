//! Wrong: the instance's own process, but its resident size: shared pages are counted in full, once for each instance.

use crate::task::{Account, Cgroup, Files, Kernel};

pub fn account(files: &Files<'_>) -> Account {
    let line = files.smaps_rollup.lines().find_map(|line| line.strip_prefix("Rss:"));
    let resident: u64 = line.and_then(|rest| rest.split_whitespace().next()?.parse().ok()).unwrap_or(0);
    let kernel = match files.cgroup {
        Cgroup::V1 { kmem_usage } => Kernel::NotSplit(kmem_usage.trim().parse().unwrap_or(0)),
        _ => Kernel::NotMeasured,
    };
    Account { private: resident * 1024, shared: 0, kernel }
}
