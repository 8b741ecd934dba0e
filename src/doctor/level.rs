//! What this machine and user allow, as one level, and what that means for each chapter of the guide.

use serde::Serialize;

use super::machine::Machine;
use crate::lang::Said;
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

    pub fn sentence(self) -> Said {
        let containers = match self.containers {
            Containers::L0 => Said::fixed("processes, but no containers", "프로세스. 컨테이너는 안 됨"),
            Containers::L1 => {
                Said::fixed("processes, and containers made without root", "프로세스, 루트 없이 만드는 컨테이너")
            }
            Containers::L2 => Said::fixed("processes, and containers made by root", "프로세스, 루트가 만드는 컨테이너"),
        };
        let machines = match self.machines {
            Machines::None => Said::fixed("no virtual machines", "가상머신은 안 됨"),
            Machines::L3s => Said::fixed(
                "bare virtual machines by software KVM (a label on every number; no Linux guest)",
                "소프트웨어 KVM의 베어 가상머신(모든 수치에 표시, 리눅스 게스트 없음)",
            ),
            Machines::L3 => Said::fixed("virtual machines by hardware KVM", "하드웨어 KVM의 가상머신"),
        };
        Said::joined(&[containers, machines], "; ")
    }
}

/// A chapter of the guide in this version, and what it needs.
struct Chapter {
    number: u32,
    title: Said,
    containers: bool,
    machines: bool,
}

#[rustfmt::skip] // a table
const CHAPTERS: &[Chapter] = &[
    Chapter { number: 0, title: Said::fixed("The machine and honest numbers", "기계와 정직한 수"), containers: false, machines: false },
    Chapter { number: 1, title: Said::fixed("What is created?", "무엇이 만들어지는가?"),               containers: true,  machines: true },
    Chapter { number: 2, title: Said::fixed("Start time", "시작 시간"),                     containers: true,  machines: true },
    Chapter { number: 6, title: Said::fixed("System-call cost", "시스템 콜 비용"),               containers: true,  machines: true },
    Chapter { number: 7, title: Said::fixed("Memory: configured and touched", "메모리: 설정한 크기와 사용한 크기"), containers: true,  machines: true },
];

/// What a chapter can be done with here; what is missing there comes from the reference results.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Allowed {
    pub chapter: u32,
    pub title: Said,
    pub data: Said,
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
            (false, false) => Said::fixed("your own data", "자신의 자료"),
            (true, false) => Said::fixed("your own data, but no containers", "자신의 자료, 단 컨테이너 없음"),
            (false, true) => Said::fixed("your own data, but no bare VM", "자신의 자료, 단 베어 VM 없음"),
            (true, true) => Said::fixed("your own data of processes", "자신의 프로세스 자료"),
        };
        let complete = !lacks_containers && !lacks_machines;
        Allowed { chapter: chapter.number, title: chapter.title.clone(), data, complete }
    };
    CHAPTERS.iter().map(allowed).collect()
}

/// What an ordinary user lacks here that root would have; empty for root.
pub(super) fn with_root(m: &Machine) -> Vec<Said> {
    if m.is_root() {
        return Vec::new();
    }
    let status_known = m.host.cgroups.controllers.iter().any(|c| c == "memory");
    let mut gains = vec![Said::fixed(
        "the arm container: our container as docker makes it by default, with ids of its own",
        "대상 container: docker의 기본값대로 만드는, 자기 ID를 가진 우리 컨테이너",
    )];
    if status_known {
        gains.push(Said::fixed(
            "limits of memory, CPU and processes, and the kernel's memory in the account, for every container",
            "모든 컨테이너의 메모리·CPU·프로세스 수 제한, 그리고 커널 메모리 집계",
        ));
    }
    if m.tried.kvm.as_ref().is_some_and(|why| why.reason.contains("Permission denied")) {
        gains.push(Said::fixed(
            "virtual machines: /dev/kvm is there, and root may open it",
            "가상머신: /dev/kvm이 있고 루트는 열 수 있음",
        ));
    }
    if m.has("/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor") && m.host.governor != "performance" {
        gains.push(Said::fixed(
            "the CPU frequency governor: performance instead of another",
            "CPU 주파수 거버너를 performance로 바꾸기",
        ));
    }
    gains
}
