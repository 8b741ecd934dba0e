//! KVM: does guest code run, by which means, may it be nested, and is something known to make it slow?

use super::hypervisor;
use super::machine::Machine;
use super::row::Row;
use crate::lang::Said;
use crate::said;
use crate::vm::backend::{Backend, Kind};

const WITHOUT: Said = Said::fixed(
    "Without KVM the chapters work on the reference results.",
    "KVM이 없어도 참조 결과로 각 장을 할 수 있습니다.",
);

/// Presence of the device, of a module or of a CPU flag says little: only a guest that ran is an answer.
pub(super) fn kvm(m: &Machine) -> Row {
    const WHAT: Said = Said::english("KVM");
    match &m.tried.kvm {
        None => Row::ok(
            "kvm",
            WHAT,
            said!("opens, and a guest of ours has run in it", "열리며, 우리 게스트가 그 안에서 돌았음"),
        ),
        Some(_) if !m.has("/dev/kvm") => Row::missing("kvm", WHAT, said!("there is no /dev/kvm", "/dev/kvm이 없음"))
            .try_this(how_to_get_kvm(m))
            .try_this([WITHOUT]),
        Some(refusal) if refusal.reason.contains("Permission denied") => Row::missing(
            "kvm",
            WHAT,
            said!("/dev/kvm is there, but this user may not open it", "/dev/kvm이 있으나 이 사용자는 열 수 없음"),
        )
        .try_this([Said::english("$ sudo usermod -aG kvm $USER")])
        .try_this([said!(
            "then log in again, or in this shell: newgrp kvm",
            "그런 다음 다시 로그인하거나 이 셸에서: newgrp kvm"
        )]),
        Some(refusal) => Row::missing("kvm", WHAT, &refusal.reason).try_this([refusal.fix.clone(), WITHOUT]),
    }
}

fn how_to_get_kvm(m: &Machine) -> Vec<Said> {
    const WHY: Said = Said::fixed(
        "if that fails, dmesg tells why: $ sudo dmesg | grep -i kvm",
        "실패하면 dmesg가 이유를 알려 줍니다: $ sudo dmesg | grep -i kvm",
    );
    if m.host.container.is_some() {
        return vec![
            said!("give it to the container, if the host has one:", "호스트에 있으면 컨테이너에 넘겨주십시오:"),
            Said::english("$ docker run --device /dev/kvm …"),
        ];
    }
    match (m.cpu_has("vmx"), m.cpu_has("svm")) {
        (true, _) => vec![Said::english("$ sudo modprobe kvm_intel"), WHY],
        (_, true) => vec![Said::english("$ sudo modprobe kvm_amd"), WHY],
        _ => match hypervisor::around(m) {
            Some(around) => around.nesting(),
            None => vec![said!(
                "turn on VT-x (Intel) or SVM (AMD) in the firmware's setup",
                "펌웨어 설정에서 VT-x(인텔)나 SVM(AMD)을 켜십시오"
            )],
        },
    }
}

pub(super) fn backend(m: &Machine) -> Row {
    const WHAT: Said = Said::fixed("KVM backend", "KVM 백엔드");
    let Some(backend) = Backend::of(m.root) else {
        return if m.tried.kvm.is_none() {
            Row::limited(
                "backend",
                WHAT,
                said!(
                    "KVM works, but nothing tells by which means; numbers carry no label",
                    "KVM이 동작하나 어떤 방식인지 알 수 없음. 수치에 백엔드 이름이 붙지 않음"
                ),
            )
        } else {
            Row::missing("backend", WHAT, said!("none: no KVM module is active", "없음: 활성화된 KVM 모듈이 없음"))
        };
    };
    if m.tried.kvm.is_some() {
        return Row::limited(
            "backend",
            WHAT,
            said!(
                "{backend}, by the module that is loaded; see KVM above",
                "{backend}(올라온 모듈 기준). 위의 KVM을 보십시오"
            ),
        );
    }
    let means = match backend.kind {
        Kind::Vmx => "Intel VT-x",
        Kind::Svm => "AMD-V",
        Kind::Software => {
            return Row::limited(
                "backend",
                WHAT,
                said!(
                    "{backend}: ring 3 runs on the CPU, ring 0 is emulated; bare guests run, a stock Linux guest does not boot",
                    "{backend}: 링 3은 CPU에서 직접 돌고 링 0은 에뮬레이션됨. 베어 게스트는 돌지만 일반 리눅스 게스트는 부팅되지 않음"
                ),
            );
        }
    };
    if backend.nested {
        let seen = said!(
            "{backend}: {means}, lent by the hypervisor around us, which takes part in every exit",
            "{backend}: 바깥 하이퍼바이저가 빌려준 {means}. 모든 VM exit에 바깥 하이퍼바이저가 끼어듦"
        );
        return Row::limited("backend", WHAT, seen);
    }
    Row::ok("backend", WHAT, said!("{backend}: {means}, on the machine itself", "{backend}: 실제 기계의 {means}"))
}

/// May a machine inside this one have KVM in its turn? And if we are inside: are we given it?
pub(super) fn nested(m: &Machine) -> Row {
    const WHAT: Said = Said::fixed("nesting", "중첩 가상화");
    let is_on =
        |module: &str| ["Y", "1"].contains(&m.text(&format!("/sys/module/{module}/parameters/nested")).as_str());
    let hardware = m.cpu_has("vmx") || m.cpu_has("svm");
    match (hypervisor::around(m), hardware) {
        (Some(around), false) => {
            let name = around.name();
            let row = if Backend::of(m.root).is_some() {
                let seen = said!(
                    "{name} passes no vmx or svm on to this machine; the KVM that is loaded here needs neither",
                    "{name}이(가) 이 기계에 vmx나 svm을 넘겨주지 않음. 여기 올라온 KVM에는 둘 다 필요 없음"
                );
                Row::limited("nested", WHAT, seen)
            } else {
                let seen = said!(
                    "{name} passes no vmx or svm on to this machine",
                    "{name}이(가) 이 기계에 vmx나 svm을 넘겨주지 않음"
                );
                Row::missing("nested", WHAT, seen)
            };
            row.try_this(around.nesting())
        }
        (Some(around), true) => {
            let around = around.name();
            Row::ok("nested", WHAT, said!("{around} passes vmx or svm on to us", "{around}이(가) vmx나 svm을 넘겨줌"))
        }
        (None, false) => {
            Row::missing("nested", WHAT, said!("the CPU shows neither vmx nor svm", "CPU에 vmx도 svm도 없음")).try_this(
                [said!(
                    "turn on VT-x (Intel) or SVM (AMD) in the firmware's setup",
                    "펌웨어 설정에서 VT-x(인텔)나 SVM(AMD)을 켜십시오"
                )],
            )
        }
        (None, true) if is_on("kvm_intel") || is_on("kvm_amd") => Row::ok(
            "nested",
            WHAT,
            said!(
                "a virtual machine on this host may use KVM in its turn",
                "이 호스트의 가상머신 안에서도 KVM을 쓸 수 있음"
            ),
        ),
        (None, true) => {
            let module = if m.cpu_has("vmx") { "kvm_intel" } else { "kvm_amd" };
            Row::limited(
                "nested",
                WHAT,
                said!(
                    "a virtual machine on this host gets no KVM of its own; isolab needs none",
                    "이 호스트의 가상머신 안에서는 KVM을 쓸 수 없음. isolab에는 필요 없음"
                ),
            )
            .try_this([
                Said::verbatim(format!("$ echo options {module} nested=1 | sudo tee /etc/modprobe.d/nested.conf")),
                Said::verbatim(format!("$ sudo modprobe -r {module} && sudo modprobe {module}")),
            ])
        }
    }
}

/// Since Linux 5.4 the thread that splits large pages against a CPU fault (`nx_huge_pages`) is put into the creator's
/// cgroups, and a move between cgroups waits for the whole machine: 20–40 ms for one KVM_CREATE_VM at random
/// (Firecracker, docs/prod-host-setup.md and issue 2129).
pub(super) fn creation(m: &Machine) -> Row {
    const WHAT: Said = Said::fixed("VM creation", "가상머신 만들기");
    let splits = m.text("/sys/module/kvm/parameters/nx_huge_pages");
    if !["Y", "1", "auto", "force"].contains(&splits.as_str()) {
        let seen = if splits.is_empty() {
            said!("no KVM, nothing to wait for", "KVM이 없어 기다릴 일이 없음")
        } else {
            said!("no wait: KVM splits no large pages here", "기다림 없음: 여기서는 KVM이 큰 페이지를 나누지 않음")
        };
        return Row::ok("vm-creation", WHAT, seen);
    }
    let favoured = m
        .mounts
        .iter()
        .any(|mount| mount.kind.starts_with("cgroup") && mount.super_options.iter().any(|o| o == "favordynmods"));
    if favoured {
        return Row::ok(
            "vm-creation",
            WHAT,
            said!(
                "no wait: cgroups are mounted with favordynmods",
                "기다림 없음: 컨트롤 그룹이 favordynmods로 마운트됨"
            ),
        );
    }
    let in_a_cgroup = m.text("/proc/self/cgroup").lines().any(|line| !line.ends_with(":/"));
    if !in_a_cgroup {
        return Row::ok(
            "vm-creation",
            WHAT,
            said!("no wait: not inside a cgroup", "기다림 없음: 컨트롤 그룹 안에 있지 않음"),
        );
    }
    Row::limited(
        "vm-creation",
        WHAT,
        said!(
            "inside a cgroup and without favordynmods: creating a VM may wait 20–40 ms at random",
            "favordynmods 없는 컨트롤 그룹 안: 가상머신을 만들 때 무작위로 20~40 ms를 기다릴 수 있음"
        ),
    )
    .try_this([Said::english("$ sudo mount -o remount,favordynmods /sys/fs/cgroup")])
    .try_this([said!("(Linux 6.1 and newer; until the next boot)", "(리눅스 6.1부터, 다음 부팅까지)")])
}
