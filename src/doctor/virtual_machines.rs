//! KVM: does guest code run, by which means, may it be nested, and is something known to make it slow?

use super::machine::Machine;
use super::row::Row;
use super::under;
use crate::vm::backend::{Backend, Kind};

const WITHOUT: &str = "Without KVM the chapters work on the reference results.";

/// Presence of the device, of a module or of a CPU flag says little: only a guest that ran is an answer.
pub(super) fn kvm(m: &Machine) -> Row {
    const WHAT: &str = "KVM";
    match &m.tried.kvm {
        None => Row::ok("kvm", WHAT, "opens, and a guest of ours has run in it"),
        Some(_) if !m.has("/dev/kvm") => {
            Row::missing("kvm", WHAT, "there is no /dev/kvm").try_this(how_to_get_kvm(m)).try_this([WITHOUT])
        }
        Some(refusal) if refusal.reason.contains("Permission denied") => {
            Row::missing("kvm", WHAT, "/dev/kvm is there, but this user may not open it")
                .try_this(["$ sudo usermod -aG kvm $USER", "then log in again, or in this shell: newgrp kvm"])
        }
        Some(refusal) => Row::missing("kvm", WHAT, &refusal.reason).try_this([refusal.fix.as_str(), WITHOUT]),
    }
}

fn how_to_get_kvm(m: &Machine) -> Vec<String> {
    let lines = |lines: &[&str]| lines.iter().map(|l| (*l).to_owned()).collect();
    if m.host.container.is_some() {
        return lines(&["give it to the container, if the host has one:", "$ docker run --device /dev/kvm …"]);
    }
    match (m.cpu_has("vmx"), m.cpu_has("svm")) {
        (true, _) => {
            lines(&["$ sudo modprobe kvm_intel", "if that fails, dmesg tells why: $ sudo dmesg | grep -i kvm"])
        }
        (_, true) => lines(&["$ sudo modprobe kvm_amd", "if that fails, dmesg tells why: $ sudo dmesg | grep -i kvm"]),
        _ => match under::around(m) {
            Some(around) => around.nesting(),
            None => lines(&["turn on VT-x (Intel) or SVM (AMD) in the firmware's setup"]),
        },
    }
}

pub(super) fn backend(m: &Machine) -> Row {
    const WHAT: &str = "KVM backend";
    let Some(backend) = Backend::of(m.root) else {
        return if m.tried.kvm.is_none() {
            Row::limited("backend", WHAT, "KVM works, but nothing tells by which means; numbers carry no label")
        } else {
            Row::missing("backend", WHAT, "none: no KVM module is active")
        };
    };
    if m.tried.kvm.is_some() {
        return Row::limited("backend", WHAT, format!("{backend}, by the module that is loaded; see KVM above"));
    }
    let means = match backend.kind {
        Kind::Vmx => "Intel VT-x",
        Kind::Svm => "AMD-V",
        Kind::Software => {
            return Row::limited(
                "backend",
                WHAT,
                format!(
                    "{backend}: ring 3 runs on the CPU, ring 0 is emulated; bare guests run, a stock Linux guest does \
                     not boot"
                ),
            );
        }
    };
    if backend.nested {
        let seen = format!("{backend}: {means}, lent by the hypervisor around us, which takes part in every exit");
        return Row::limited("backend", WHAT, seen);
    }
    Row::ok("backend", WHAT, format!("{backend}: {means}, on the machine itself"))
}

/// May a machine inside this one have KVM in its turn? And if we are inside: are we given it?
pub(super) fn nested(m: &Machine) -> Row {
    const WHAT: &str = "nesting";
    let is_on =
        |module: &str| ["Y", "1"].contains(&m.text(&format!("/sys/module/{module}/parameters/nested")).as_str());
    let hardware = m.cpu_has("vmx") || m.cpu_has("svm");
    match (under::around(m), hardware) {
        (Some(around), false) => {
            let seen = format!("{} passes no vmx or svm on to this machine", around.name());
            let row = if Backend::of(m.root).is_some() {
                Row::limited("nested", WHAT, format!("{seen}; the KVM that is loaded here needs neither"))
            } else {
                Row::missing("nested", WHAT, seen)
            };
            row.try_this(around.nesting())
        }
        (Some(around), true) => Row::ok("nested", WHAT, format!("{} passes vmx or svm on to us", around.name())),
        (None, false) => Row::missing("nested", WHAT, "the CPU shows neither vmx nor svm")
            .try_this(["turn on VT-x (Intel) or SVM (AMD) in the firmware's setup"]),
        (None, true) if is_on("kvm_intel") || is_on("kvm_amd") => {
            Row::ok("nested", WHAT, "a virtual machine on this host may use KVM in its turn")
        }
        (None, true) => {
            let module = if m.cpu_has("vmx") { "kvm_intel" } else { "kvm_amd" };
            Row::limited("nested", WHAT, "a virtual machine on this host gets no KVM of its own; isolab needs none")
                .try_this([
                    format!("$ echo options {module} nested=1 | sudo tee /etc/modprobe.d/nested.conf"),
                    format!("$ sudo modprobe -r {module} && sudo modprobe {module}"),
                ])
        }
    }
}

/// Since Linux 5.4 the thread that splits large pages against a CPU fault (`nx_huge_pages`) is put into the creator's
/// cgroups, and a move between cgroups waits for the whole machine: 20–40 ms for one KVM_CREATE_VM at random
/// (Firecracker, docs/prod-host-setup.md and issue 2129).
pub(super) fn creation(m: &Machine) -> Row {
    const WHAT: &str = "VM creation";
    let splits = m.text("/sys/module/kvm/parameters/nx_huge_pages");
    if !["Y", "1", "auto", "force"].contains(&splits.as_str()) {
        let seen =
            if splits.is_empty() { "no KVM, nothing to wait for" } else { "no wait: KVM splits no large pages here" };
        return Row::ok("vm-creation", WHAT, seen);
    }
    let favoured = m
        .mounts
        .iter()
        .any(|mount| mount.kind.starts_with("cgroup") && mount.super_options.iter().any(|o| o == "favordynmods"));
    if favoured {
        return Row::ok("vm-creation", WHAT, "no wait: cgroups are mounted with favordynmods");
    }
    let in_a_cgroup = m.text("/proc/self/cgroup").lines().any(|line| !line.ends_with(":/"));
    if !in_a_cgroup {
        return Row::ok("vm-creation", WHAT, "no wait: not inside a cgroup");
    }
    Row::limited(
        "vm-creation",
        WHAT,
        "inside a cgroup and without favordynmods: creating a VM may wait 20–40 ms at random",
    )
    .try_this(["$ sudo mount -o remount,favordynmods /sys/fs/cgroup", "(Linux 6.1 and newer; until the next boot)"])
}
