//! What this machine can do, row by row, and what to do about the rest.
//!
//! [`Machine`] holds everything that is looked at: files below a root folder, environment variables, CPUID, and what
//! was found out by trying. Every [`Row`] is a pure function of it, so it is tested on recordings of other machines
//! (`tests/machines/`). Guest code runs in a worker, a user namespace is made by a child; both end at once, and nothing
//! is made on disk.

mod containers;
mod level;
mod machine;
mod measuring;
mod needs;
mod place;
#[cfg(test)]
mod recordings;
mod row;
mod software;
mod under;
mod virtual_machines;

use serde::Serialize;

use crate::environments::Support;
use crate::error::Result;
pub use level::{Allowed, Level};
pub use machine::Machine;
pub use row::{Row, State};
pub use software::Found;

/// A heading, and what stands under it.
type Group = (&'static str, &'static [fn(&Machine) -> Row]);

/// Adding a row is a function, and a line here.
const GROUPS: &[Group] = &[
    (
        "Virtual machines",
        &[virtual_machines::kvm, virtual_machines::backend, virtual_machines::nested, virtual_machines::creation],
    ),
    (
        "Containers",
        &[
            containers::user_namespaces,
            containers::seccomp,
            containers::cgroups,
            containers::delegation,
            containers::limits,
        ],
    ),
    (
        "Measuring",
        &[
            measuring::cpus,
            measuring::clock,
            measuring::governor,
            measuring::power,
            measuring::memory,
            measuring::swap,
            measuring::load,
        ],
    ),
    ("What a run needs", &[needs::proc, needs::null_device, needs::scratch, needs::open_files]),
    ("Where we are", &[under::hypervisor, place::container, place::wsl2, place::drive, place::ci]),
];

/// All that `isolab doctor` says.
#[derive(Debug, Clone, Serialize)]
pub struct Report {
    /// Always first.
    pub schema: u32,
    /// One line that names no host and no user.
    pub machine: String,
    pub root: bool,
    pub groups: Vec<Rows>,
    pub software: Vec<Found>,
    /// "L2 + L3s".
    pub level: String,
    pub level_means: String,
    pub chapters: Vec<Allowed>,
    /// What root would gain here; empty for root.
    pub with_root: Vec<String>,
}

#[derive(Debug, Clone, Serialize)]
pub struct Rows {
    pub title: &'static str,
    pub rows: Vec<Row>,
}

/// Looks at this machine. Err only when a signal arrives, or the kernel refuses even to listen for one.
pub fn examine() -> Result<Report> {
    Machine::here().map(|m| report(&m))
}

pub fn report(m: &Machine) -> Report {
    let environments =
        Rows { title: "What runs here", rows: m.tried.environments.iter().map(|e| environment(m, e)).collect() };
    let others = GROUPS.iter().map(|(title, rows)| Rows { title, rows: rows.iter().map(|row| row(m)).collect() });
    let level = Level::of(m);
    Report {
        schema: 1,
        machine: m.host.line(),
        root: m.is_root(),
        groups: std::iter::once(environments).chain(others).collect(),
        software: software::find(m),
        level: level.name(),
        level_means: level.sentence(),
        chapters: level::chapters(level),
        with_root: level::with_root(m),
    }
}

fn environment(m: &Machine, (id, name, answer): &(&'static str, &'static str, Support)) -> Row {
    match answer {
        Support::Yes => Row::ok(id, id, *name),
        Support::Limited { reason, fix } => Row::limited(id, id, reason).try_this([fix.as_str()]),
        Support::No { reason, fix } => {
            // The rows below know the machine, and have the better remedy.
            let remedy = match *id {
                "vm-bare" => "see KVM below",
                "container-rootless" if m.tried.user_namespace.is_some() => "see user namespaces below",
                _ => fix,
            };
            Row::missing(id, id, reason).try_this([remedy])
        }
    }
}
