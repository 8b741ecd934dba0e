//! `isolab bench`: one plan, every cell once per block in random order, each sample by a fresh worker process and on disk before the next.
//!
//! ```text
//! options → plan (pure) → runner: blocks × cells → workers: a fresh worker each → samples.jsonl → summary → run.json
//! ```
//!
//! Two floors, with [`crate::experiments`] between them. Above it `plan`, `runner` and `header`: which cells, in which order.
//! Below it how one instance is had: `workers` spawns (by `spawn`), asks and ends worker processes, `worker` is what runs in
//! one, `workload` is what an instance does and how it is believed, `charged_cgroup` is a cgroup whose memory is read; `scratch`,
//! `descendants`, `leaks` and `cleaning` keep the machine clean; `interrupt` is how a signal ends all of it in order.

mod affinity;
mod cgroup;
pub mod charged_cgroup;
pub mod cleaning;
pub mod descendants;
pub mod header;
pub mod inherited_mark;
pub mod interrupt;
pub mod kernel_log;
pub mod leaks;
pub mod lock;
pub mod pids;
pub mod plan;
pub mod runner;
pub mod scratch;
pub mod spawn;
pub mod worker;
pub mod workers;
pub mod workload;

pub use affinity::{last_cpu, pin, usable_cpus};
pub use workers::{HeldInstance, Life, Start, Workers, probe_support};
pub use workload::Workload;
