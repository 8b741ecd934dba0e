//! What is known of one instance, and what is wanted. Read it; your part is in `work.rs`.
#![allow(dead_code, reason = "which of these names a solution uses is its own affair")]

/// The text of the files, as they were read while the instance was idle.
#[derive(Debug, Clone, Copy)]
pub struct Files<'a> {
    /// /proc/PID/status of the parent that started the instance.
    pub parents_status: &'a str,
    /// /proc/PID/smaps_rollup of the process that the instance is: a container's payload, a virtual machine's monitor.
    pub smaps_rollup: &'a str,
    pub cgroup: Cgroup<'a>,
}

/// What the cgroup around it tells.
#[derive(Debug, Clone, Copy)]
pub enum Cgroup<'a> {
    /// `memory.stat`: lines "name bytes".
    V2 { memory_stat: &'a str },
    /// `memory.kmem.usage_in_bytes`: one number.
    V1 { kmem_usage: &'a str },
    /// No writable memory cgroup.
    None,
}

/// What one instance takes, in bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Account {
    /// Gone when the process ends: Private_Clean + Private_Dirty.
    pub private: u64,
    /// Its proportional share of what others use too: Pss without the private part.
    pub shared: u64,
    pub kernel: Kernel,
}

/// Memory that the kernel holds on its behalf.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Kernel {
    Split(Parts),
    /// One number for all of it: cgroup v1 knows no more.
    NotSplit(u64),
    /// Not 0. Nobody looked.
    NotMeasured,
}

/// Kernel memory by kind. None: this kernel does not tell.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Parts {
    pub stacks: Option<u64>,
    /// Page tables of the process itself (`pagetables`).
    pub page_tables: Option<u64>,
    /// Second-level page tables, which translate guest addresses (`sec_pagetables`, since Linux 6.1).
    pub second_page_tables: Option<u64>,
    pub slab: Option<u64>,
    /// All of it: the line `kernel` (since Linux 5.18); without that line, the sum of the parts above that are told.
    pub sum: u64,
}
