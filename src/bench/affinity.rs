//! Which CPUs this process, and all that it will start, may use.

use crate::error::{Error, Kind, Result};
use crate::lang::Said;
use crate::said;

/// The last CPU that this process may use: the first ones serve most interrupts.
pub fn last_cpu() -> Option<usize> {
    let allowed = nix::sched::sched_getaffinity(nix::unistd::Pid::from_raw(0)).ok()?;
    (0..nix::sched::CpuSet::count()).rev().find(|cpu| allowed.is_set(*cpu).unwrap_or(false))
}

/// How many CPUs this process may use.
pub fn usable_cpus() -> Option<usize> {
    let allowed = nix::sched::sched_getaffinity(nix::unistd::Pid::from_raw(0)).ok()?;
    Some((0..nix::sched::CpuSet::count()).filter(|cpu| allowed.is_set(*cpu).unwrap_or(false)).count())
}

/// Keeps this process, and all that it will start, on one CPU.
pub fn pin(cpu: usize) -> Result<()> {
    let mut set = nix::sched::CpuSet::new();
    set.set(cpu).and_then(|()| nix::sched::sched_setaffinity(nix::unistd::Pid::from_raw(0), &set)).map_err(|cause| {
        Error::new(said!("stay on CPU {cpu}", "CPU {cpu}에 머무를 수 없습니다"), cause)
            .kind(Kind::Usage)
            .try_this(Said::english("--pin none"))
    })
}
