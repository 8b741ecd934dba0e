//! What containers are made of: user namespaces, the system call filter, cgroups and who may make them.

use std::path::{Path, PathBuf};

use super::machine::Machine;
use super::row::Row;
use crate::container::delegation;
use crate::host::{CgroupMode, Mount};
use crate::units::show_bytes;

/// Tried as a whole, with the `uid_map` write: where AppArmor forbids it (Ubuntu 23.10 and newer), making the namespace
/// succeeds, and only what follows fails.
pub(super) fn user_namespaces(m: &Machine) -> Row {
    const WHAT: &str = "user namespaces";
    let Some(refusal) = &m.tried.user_namespace else {
        return Row::ok("user-namespaces", WHAT, "made by an ordinary user, with a uid_map");
    };
    let without_root = if m.may_administer() { "; as root you need none" } else { "" };
    let row = Row::missing("user-namespaces", WHAT, format!("{}{without_root}", refusal.reason));
    let is = |name: &str, value: &str| m.text(&format!("/proc/sys/{name}")) == value;
    let switch = |name: &str, value: &str| format!("$ sudo sysctl {}={value}", name.replace('/', "."));
    if is("kernel/unprivileged_userns_clone", "0") {
        row.try_this([switch("kernel/unprivileged_userns_clone", "1")])
    } else if is("user/max_user_namespaces", "0") {
        row.try_this([switch("user/max_user_namespaces", "10000")])
    } else if is("kernel/apparmor_restrict_unprivileged_userns", "1") {
        row.try_this([
            switch("kernel/apparmor_restrict_unprivileged_userns", "0").as_str(),
            "until the next boot, for every program; AppArmor restricts them since Ubuntu 23.10",
        ])
    } else if m.host.container.is_some() {
        row.try_this(["run isolab outside of this container: its filter or its /proc forbids them"])
    } else {
        row.try_this([refusal.fix.as_str()])
    }
}

pub(super) fn seccomp(m: &Machine) -> Row {
    const WHAT: &str = "seccomp";
    let actions = m.text("/proc/sys/kernel/seccomp/actions_avail");
    let status = m.text("/proc/self/status");
    let field = |name| status.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':')).map(str::trim);
    match field("Seccomp") {
        None => Row::missing("seccomp", WHAT, "this kernel has no system call filter")
            .try_this(["a kernel with CONFIG_SECCOMP_FILTER; until then container:-seccomp"]),
        Some("2") => {
            let filters = match field("Seccomp_filters") {
                None | Some("1") => "a filter already judges".to_owned(),
                Some(many) => format!("{many} filters already judge"),
            };
            let seen = format!("filters can be installed, but {filters} our own calls, which slows each of them");
            Row::limited("seccomp", WHAT, seen).try_this(["measure on the host, not inside a container"])
        }
        Some(_) if actions.is_empty() => {
            Row::limited("seccomp", WHAT, "the kernel does not tell which actions it knows")
        }
        Some(_) => Row::ok("seccomp", WHAT, "filters can be installed; none is on us yet"),
    }
}

/// What our containers are limited and accounted by.
const WANTED: [&str; 3] = ["memory", "pids", "cpu"];

pub(super) fn cgroups(m: &Machine) -> Row {
    const WHAT: &str = "cgroups";
    let found = &m.host.cgroups;
    let missing: Vec<&str> = WANTED.into_iter().filter(|c| !found.controllers.iter().any(|f| f == c)).collect();
    let mode = found.mode.name();
    if found.mode == CgroupMode::None {
        return Row::missing("cgroups", WHAT, "not mounted: no limits, no account of kernel memory")
            .try_this(["$ sudo mount -t cgroup2 none /sys/fs/cgroup", "or leave them away: container:-cgroup"]);
    }
    if !missing.is_empty() {
        let seen = format!("{mode}, without the controllers {}", missing.join(", "));
        return Row::limited("cgroups", WHAT, seen)
            .try_this(["is it switched off by cgroup_disable= ?", "$ cat /proc/cmdline"]);
    }
    if found.mode == CgroupMode::V2 {
        return Row::ok("cgroups", WHAT, format!("v2, with {}", found.controllers.join(" ")));
    }
    let seen = format!("{mode}: limits work; kernel memory is one part, not split by kind");
    Row::limited("cgroups", WHAT, seen)
        .try_this(["cgroup v2, with systemd: add to the kernel's command line", "systemd.unified_cgroup_hierarchy=1"])
}

pub(super) fn delegation(m: &Machine) -> Row {
    const WHAT: &str = "own cgroups";
    let trees: Vec<&Mount> = cgroup_mounts(m).collect();
    if trees.is_empty() {
        return Row::missing("delegation", WHAT, "there is no tree to make one in");
    }
    if trees.iter().all(|mount| mount.is_read_only()) {
        return Row::missing("delegation", WHAT, "the tree of cgroups is mounted read-only, as in a container")
            .try_this(["measure on the host; or inside it: container:-cgroup"]);
    }
    if m.is_root() {
        return Row::ok("delegation", WHAT, "root may make them anywhere in the tree");
    }
    let Some(folder) = own_folder_v2(m).filter(|_| m.host.cgroups.mode == CgroupMode::V2) else {
        return Row::limited("delegation", WHAT, "not for this user: a v1 tree cannot be handed out safely")
            .try_this(["as root it works: sudo isolab …"]);
    };
    let here = |name: &str| m.path(&folder).join(name);
    if !(m.may_write)(&m.path(&folder)) || !(m.may_write)(&here("cgroup.procs")) {
        let row =
            Row::limited("delegation", WHAT, "none was delegated to this user: no limits, no account of kernel memory");
        return match delegation::on(m.root, m.uid) {
            delegation::BY_SYSTEMD => row.try_this([format!("$ {}", delegation::BY_SYSTEMD)]),
            other => row.try_this([other]),
        };
    }
    let offered = std::fs::read_to_string(here("cgroup.controllers")).unwrap_or_default();
    let missing: Vec<&str> = WANTED.into_iter().filter(|c| !offered.split_whitespace().any(|o| o == *c)).collect();
    if missing.is_empty() {
        return Row::ok("delegation", WHAT, "delegated to this user, with memory, pids and cpu");
    }
    Row::limited("delegation", WHAT, format!("delegated to this user, without {}", missing.join(", "))).try_this([
        "as root, for all users of systemd: in /etc/systemd/system/user@.service.d/delegate.conf",
        "[Service]",
        "Delegate=cpu cpuset io memory pids",
    ])
}

/// What our own cgroup allows us: in a pod or a container these are the machine's real size.
pub(super) fn limits(m: &Machine) -> Row {
    const WHAT: &str = "limits on us";
    let mut found = Vec::new();
    let memory = smallest(m, &["memory.max", "memory.limit_in_bytes"])
        .filter(|bytes| m.host.ram_bytes.is_none_or(|ram| *bytes < ram));
    found.extend(memory.map(|bytes| format!("memory {}", show_bytes(bytes as f64))));
    found.extend(cpus(m).map(|cpus| format!("{cpus:.2} CPUs; a quota stops samples in the middle")));
    found.extend(smallest(m, &["pids.max"]).filter(|n| *n < 1000).map(|n| format!("{n} processes")));
    if found.is_empty() {
        return Row::ok("limits", WHAT, "none that could be felt");
    }
    Row::limited("limits", WHAT, found.join("; "))
        .try_this(["measure outside of the container, pod or slice that sets them"])
}

fn cgroup_mounts<'a>(m: &'a Machine) -> impl Iterator<Item = &'a Mount> {
    m.mounts.iter().filter(|mount| mount.kind == "cgroup2" || mount.kind == "cgroup")
}

/// The v2 folder in which we stand, as a path of the machine.
fn own_folder_v2(m: &Machine) -> Option<PathBuf> {
    let at = m.mounts.iter().find(|mount| mount.kind == "cgroup2").map(|mount| PathBuf::from(&mount.at))?;
    let own = m.text("/proc/self/cgroup");
    let path = own.lines().find_map(|line| line.strip_prefix("0::/"))?;
    Some(at.join(path))
}

/// The smallest number in these files of our cgroups and of those above them; None: no limit.
fn smallest(m: &Machine, files: &[&str]) -> Option<u64> {
    let values = own_folders(m).into_iter().flat_map(|folder| {
        files.iter().filter_map(|file| std::fs::read_to_string(folder.join(file)).ok()).collect::<Vec<_>>()
    });
    values.filter_map(|text| text.trim().parse().ok()).min()
}

/// CPUs that a quota allows: "50000 100000" of v2, two files of v1.
fn cpus(m: &Machine) -> Option<f64> {
    let quotas = own_folders(m).into_iter().filter_map(|folder| {
        let read = |file: &str| std::fs::read_to_string(folder.join(file)).ok();
        let both = read("cpu.max")
            .or_else(|| Some(format!("{} {}", read("cpu.cfs_quota_us")?.trim(), read("cpu.cfs_period_us")?.trim())))?;
        let (quota, period) = both.trim().split_once(' ')?;
        let (quota, period): (f64, f64) = (quota.parse().ok()?, period.parse().ok()?);
        (quota > 0.0).then_some(quota / period)
    });
    quotas.min_by(f64::total_cmp)
}

/// Folders of the cgroups that we are in and of those above, in every tree. Inside a container the path that
/// /proc/self/cgroup names may not be there; then the tree's top is ours.
fn own_folders(m: &Machine) -> Vec<PathBuf> {
    let own = m.text("/proc/self/cgroup");
    let mut folders = Vec::new();
    for line in own.lines() {
        let mut parts = line.splitn(3, ':').skip(1);
        let (Some(controllers), Some(path)) = (parts.next(), parts.next()) else { continue };
        let tree = cgroup_mounts(m).find(|mount| match controllers {
            "" => mount.kind == "cgroup2",
            list => list.split(',').any(|c| mount.super_options.iter().any(|o| o == c)),
        });
        let Some(top) = tree.map(|mount| m.path(&mount.at)) else { continue };
        let mut folder = top.join(Path::new(path).strip_prefix("/").unwrap_or(Path::new("")));
        while folder.starts_with(&top) {
            folders.push(folder.clone());
            folder.pop();
        }
    }
    folders
}
