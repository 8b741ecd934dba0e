//! What this machine can do, row by row, and what to do about the rest.
//!
//! [`Machine`] holds everything that is looked at: files below a root folder, environment variables, CPUID, and what
//! was found out by trying. Every [`Row`] is a pure function of it, so it is tested on recordings of other machines
//! (`tests/machines/`). Guest code runs in a worker, a user namespace is made by a child; both end at once, and nothing
//! is made on disk.

mod containers;
mod hypervisor;
mod level;
mod machine;
mod measuring;
mod needs;
mod platform;
#[cfg(test)]
mod recordings;
mod row;
mod software;
mod virtual_machines;

use serde::Serialize;

use crate::environments::{About, Environment, Support};
use crate::error::Result;
use crate::lang::Said;
use crate::model::Kind;
pub use level::{Allowed, Level};
pub use machine::Machine;
pub use row::{Row, State};
pub use software::Found;

/// A heading, and what stands under it.
type Group = (Said, &'static [fn(&Machine) -> Row]);

/// Adding a row is a function, and a line here.
const GROUPS: &[Group] = &[
    (
        Said::fixed("Virtual machines", "가상머신"),
        &[virtual_machines::kvm, virtual_machines::backend, virtual_machines::nested, virtual_machines::creation],
    ),
    (
        Said::fixed("Containers", "컨테이너"),
        &[
            containers::user_namespaces,
            containers::seccomp,
            containers::cgroups,
            containers::delegation,
            containers::limits,
        ],
    ),
    (
        Said::fixed("Measuring", "측정"),
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
    (
        Said::fixed("What a run needs", "실행에 필요한 것"),
        &[needs::proc, needs::null_device, needs::scratch, needs::open_files],
    ),
    (
        Said::fixed("Where we are", "실행 환경"),
        &[hypervisor::hypervisor, platform::container, platform::wsl2, platform::drive, platform::ci],
    ),
];

/// All that `isolab doctor` says.
#[derive(Debug, Clone, Serialize)]
pub struct Report {
    /// Always first.
    pub schema: u32,
    /// One line that names no host and no user.
    pub machine: Said,
    pub root: bool,
    pub groups: Vec<Rows>,
    pub software: Vec<Found>,
    /// "L2 + L3s".
    pub level: String,
    pub level_means: Said,
    pub chapters: Vec<Allowed>,
    /// What root would gain here; empty for root.
    pub with_root: Vec<Said>,
}

#[derive(Debug, Clone, Serialize)]
pub struct Rows {
    pub title: Said,
    pub rows: Vec<Row>,
}

/// Looks at this machine. Err only when a signal arrives, or the kernel refuses even to listen for one.
pub fn examine() -> Result<Report> {
    Machine::here().map(|m| report(&m))
}

pub fn report(m: &Machine) -> Report {
    let environments = Rows {
        title: Said::fixed("What runs here", "여기서 실행되는 것"),
        rows: m.tried.environments.iter().map(|e| environment(m, e)).collect(),
    };
    let others =
        GROUPS.iter().map(|(title, rows)| Rows { title: title.clone(), rows: rows.iter().map(|row| row(m)).collect() });
    let level = Level::of(m);
    Report {
        schema: 1,
        machine: m.host.said(),
        root: m.is_root(),
        groups: std::iter::once(environments).chain(others).collect(),
        software: software::find(m),
        level: level.name(),
        level_means: level.sentence(),
        chapters: level::chapters(level),
        with_root: level::with_root(m),
    }
}

fn environment(m: &Machine, (env, answer): &(&'static dyn Environment, Support)) -> Row {
    let About { id, name, kind, .. } = env.about();
    match answer {
        Support::Yes => Row::ok(id, Said::english(id), name.clone()),
        Support::Limited { reason, fix } => Row::limited(id, Said::english(id), reason).try_this([fix]),
        Support::No { reason, fix } => {
            // The rows below know the machine, and have the better remedy.
            let remedy = match kind {
                Kind::Machine if m.tried.kvm.is_some() => Said::fixed("see KVM below", "아래의 KVM을 보십시오"),
                _ if env.is_rootless() && m.tried.user_namespace.is_some() => {
                    Said::fixed("see user namespaces below", "아래의 사용자 네임스페이스를 보십시오")
                }
                _ => fix.clone(),
            };
            Row::missing(id, Said::english(id), reason).try_this([remedy])
        }
    }
}
