//! What this machine and user allow, as one level, and what that means for each chapter of the guide.

use serde::Serialize;

use super::machine::Machine;
use crate::vm::backend::{Backend, Kind};

/// How far isolation by the kernel goes here.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub enum Containers {
    /// Any Linux, no user namespaces.
    L0,
    /// An ordinary user with user namespaces.
    L1,
    /// Root.
    L2,
}

/// Which virtual machines run here.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub enum Machines {
    None,
    /// KVM by software: bare guests run, a stock Linux guest does not boot.
    L3s,
    /// KVM by vmx or svm, nested or not.
    L3,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Level {
    pub containers: Containers,
    pub machines: Machines,
}

impl Level {
    pub fn of(m: &Machine) -> Level {
        let containers = match (m.may_administer(), &m.tried.user_namespace) {
            (true, _) => Containers::L2,
            (false, None) => Containers::L1,
            (false, Some(_)) => Containers::L0,
        };
        let machines = match (&m.tried.kvm, Backend::of(m.root)) {
            (Some(_), _) => Machines::None,
            (None, Some(Backend { kind: Kind::Vmx | Kind::Svm, .. })) => Machines::L3,
            (None, _) => Machines::L3s, // also when nothing tells by which means: claim less
        };
        Level { containers, machines }
    }

    /// "L2 + L3s": both scales.
    pub fn name(self) -> String {
        let containers = format!("{:?}", self.containers);
        match self.machines {
            Machines::None => containers,
            machines => format!("{containers} + {machines:?}"),
        }
    }

    pub fn sentence(self) -> String {
        let containers = match self.containers {
            Containers::L0 => "processes, but no containers",
            Containers::L1 => "processes, and containers made without root",
            Containers::L2 => "processes, and containers made by root",
        };
        let machines = match self.machines {
            Machines::None => "no virtual machines",
            Machines::L3s => "bare virtual machines by software KVM (a label on every number; no Linux guest)",
            Machines::L3 => "virtual machines by hardware KVM",
        };
        format!("{containers}; {machines}")
    }
}

/// A chapter of the guide in this version, and what it needs.
struct Chapter {
    number: u32,
    title: &'static str,
    containers: bool,
    machines: bool,
}

#[rustfmt::skip] // a table
const CHAPTERS: &[Chapter] = &[
    Chapter { number: 0, title: "The machine and honest numbers", containers: false, machines: false },
    Chapter { number: 1, title: "What is created?",               containers: true,  machines: true },
    Chapter { number: 2, title: "Start time",                     containers: true,  machines: true },
    Chapter { number: 6, title: "System-call cost",               containers: true,  machines: true },
    Chapter { number: 7, title: "Memory: configured and touched", containers: true,  machines: true },
];

/// What a chapter can be done with here; what is missing there comes from the reference results.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Allowed {
    pub chapter: u32,
    pub title: &'static str,
    pub data: &'static str,
    /// Is all of it measured here?
    pub complete: bool,
}

pub(super) fn chapters(level: Level) -> Vec<Allowed> {
    let containers = level.containers > Containers::L0;
    let machines = level.machines != Machines::None;
    let allowed = |chapter: &Chapter| {
        let lacks_containers = chapter.containers && !containers;
        let lacks_machines = chapter.machines && !machines;
        let data = match (lacks_containers, lacks_machines) {
            (false, false) => "your own data",
            (true, false) => "your own data, but no containers",
            (false, true) => "your own data, but no bare VM",
            (true, true) => "your own data of processes",
        };
        let complete = !lacks_containers && !lacks_machines;
        Allowed { chapter: chapter.number, title: chapter.title, data, complete }
    };
    CHAPTERS.iter().map(allowed).collect()
}

/// What an ordinary user lacks here that root would have; empty for root.
pub(super) fn with_root(m: &Machine) -> Vec<String> {
    if m.is_root() {
        return Vec::new();
    }
    let status_known = m.host.cgroups.controllers.iter().any(|c| c == "memory");
    let mut gains =
        vec!["the arm container: our container as docker makes it by default, with ids of its own".to_owned()];
    if status_known {
        gains.push(
            "limits of memory, CPU and processes, and the kernel's memory in the account, for every container".into(),
        );
    }
    if m.tried.kvm.as_ref().is_some_and(|why| why.reason.contains("Permission denied")) {
        gains.push("virtual machines: /dev/kvm is there, and root may open it".into());
    }
    if m.has("/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor") && m.host.governor != "performance" {
        gains.push("the CPU frequency governor: performance instead of another".into());
    }
    gains
}
