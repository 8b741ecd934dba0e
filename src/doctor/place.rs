//! Where we are: in a container or pod, in WSL2, on a drive of Windows, in a CI service.

use super::machine::Machine;
use super::row::Row;

pub(super) fn container(m: &Machine) -> Row {
    const WHAT: &str = "container";
    let pod = m.variable("KUBERNETES_SERVICE_HOST").is_some() || m.has("/run/secrets/kubernetes.io/serviceaccount");
    let pod = if pod { ", in a pod of Kubernetes" } else { "" };
    match &m.host.container {
        None if pod.is_empty() => Row::ok("container", WHAT, "not inside one"),
        None => Row::limited("container", WHAT, "in a pod of Kubernetes"),
        Some(name) => Row::limited("container", WHAT, format!("inside one{pod}: {name}; what we make is nested in it"))
            .try_this(["measure on its host; inside it only what the rows above allow"]),
    }
}

pub(super) fn wsl2(m: &Machine) -> Row {
    const WHAT: &str = "WSL2";
    if !m.host.wsl2 {
        return Row::ok("wsl2", WHAT, "no");
    }
    let row =
        Row::limited("wsl2", WHAT, "yes: this Linux is a guest of Windows, which may take CPU and memory at any time");
    if m.tried.kvm.is_none() {
        return row;
    }
    row.try_this([
        "KVM inside of WSL2 needs Windows 11, and in %UserProfile%\\.wslconfig:",
        "[wsl2]",
        "nestedVirtualization=true",
        "then, in Windows:",
        "$ wsl --shutdown",
    ])
}

/// Drives of Windows in WSL2 (9p or virtiofs), and folders that a desktop hypervisor shares with its guest.
pub(super) fn drive(m: &Machine) -> Row {
    const WHAT: &str = "this folder";
    const SHARED: &[(&str, &str)] = &[
        ("vboxsf", "VirtualBox"),
        ("fuse.vmhgfs-fuse", "VMware"),
        ("prl_fs", "Parallels"),
        ("virtiofs", "the host around us"),
    ];
    let Some(mount) = m.mount_of(&m.here) else { return Row::ok("drive", WHAT, "on a file system of its own") };
    let of_windows = match mount.kind.as_str() {
        "drvfs" => true,
        "9p" | "virtiofs" => {
            m.host.wsl2 && (mount.source.contains(":\\") || mount.super_options.iter().any(|o| o.contains("drvfs")))
        }
        _ => false,
    };
    let shared = SHARED.iter().find(|(kind, _)| mount.kind == *kind).map(|(_, of)| of);
    let whose = match (of_windows, shared) {
        (true, _) => format!("on a drive of Windows ({}, by {})", mount.at, mount.kind),
        (_, Some(of)) => format!("shared by {of} ({}, by {})", mount.at, mount.kind),
        _ => return Row::ok("drive", WHAT, format!("on {}", mount.kind)),
    };
    Row::limited("drive", WHAT, format!("{whose}: slow, and without the owners and modes of Linux"))
        .try_this(["copy the checkout into Linux's own files:", "$ cp -r . ~/isolab && cd ~/isolab"])
}

/// Shared machines, of another kind from one run to the next.
pub(super) fn ci(m: &Machine) -> Row {
    const WHAT: &str = "CI";
    const SERVICES: &[(&str, &str)] = &[
        ("GITHUB_ACTIONS", "GitHub Actions"),
        ("GITLAB_CI", "GitLab CI"),
        ("JENKINS_URL", "Jenkins"),
        ("BUILDKITE", "Buildkite"),
        ("CIRCLECI", "CircleCI"),
        ("TF_BUILD", "Azure Pipelines"),
        ("CI", "a CI service"),
    ];
    match SERVICES.iter().find(|(name, _)| m.variable(name).is_some_and(|v| v != "false")) {
        None => Row::ok("ci", WHAT, "no"),
        Some((_, service)) => {
            Row::limited("ci", WHAT, format!("in {service}: compare arms of one run, never times of two"))
                .try_this(["as a step that fails when a check does:", "$ isolab guide check --all --json"])
        }
    }
}
