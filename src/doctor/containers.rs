//! What containers are made of: user namespaces, the system call filter, cgroups and who may make them.

use std::path::{Path, PathBuf};

use super::machine::Machine;
use super::row::Row;
use crate::container::delegation;
use crate::host::{CgroupMode, Mount};
use crate::lang::Said;
use crate::said;
use crate::units::show_bytes;

/// Tried as a whole, with the `uid_map` write: where AppArmor forbids it (Ubuntu 23.10 and newer), making the namespace
/// succeeds, and only what follows fails.
pub(super) fn user_namespaces(m: &Machine) -> Row {
    const WHAT: Said = Said::fixed("user namespaces", "사용자 네임스페이스");
    let Some(refusal) = &m.tried.user_namespace else {
        return Row::ok(
            "user-namespaces",
            WHAT,
            said!("made by an ordinary user, with a uid_map", "일반 사용자가 uid_map까지 써서 만들 수 있음"),
        );
    };
    let seen = Said::compose(&[&refusal.reason, &WHAT], |lang| {
        let as_root = lang.choose("; as root you need none", ". 루트에게는 필요 없음");
        format!("{}{}", refusal.reason.of(lang), if m.may_administer() { as_root } else { "" })
    });
    let row = Row::missing("user-namespaces", WHAT, seen);
    let is = |name: &str, value: &str| m.text(&format!("/proc/sys/{name}")) == value;
    let switch = |name: &str, value: &str| Said::verbatim(format!("$ sudo sysctl {}={value}", name.replace('/', ".")));
    if is("kernel/unprivileged_userns_clone", "0") {
        row.try_this([switch("kernel/unprivileged_userns_clone", "1")])
    } else if is("user/max_user_namespaces", "0") {
        row.try_this([switch("user/max_user_namespaces", "10000")])
    } else if is("kernel/apparmor_restrict_unprivileged_userns", "1") {
        row.try_this([switch("kernel/apparmor_restrict_unprivileged_userns", "0")]).try_this([said!(
            "until the next boot, for every program; AppArmor restricts them since Ubuntu 23.10",
            "다음 부팅까지 모든 프로그램에 적용됩니다. 우분투 23.10부터 AppArmor가 제한합니다"
        )])
    } else if m.host.container.is_some() {
        row.try_this([said!(
            "run isolab outside of this container: its filter or its /proc forbids them",
            "이 컨테이너 밖에서 isolab을 실행하십시오. 컨테이너의 필터나 /proc이 막고 있습니다"
        )])
    } else {
        row.try_this([&refusal.fix])
    }
}

pub(super) fn seccomp(m: &Machine) -> Row {
    const WHAT: Said = Said::english("seccomp");
    let actions = m.text("/proc/sys/kernel/seccomp/actions_avail");
    let status = m.text("/proc/self/status");
    let field = |name| status.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':')).map(str::trim);
    match field("Seccomp") {
        None => Row::missing(
            "seccomp",
            WHAT,
            said!("this kernel has no system call filter", "이 커널에는 시스템 콜 필터가 없음"),
        )
        .try_this([said!(
            "a kernel with CONFIG_SECCOMP_FILTER; until then container:-seccomp",
            "CONFIG_SECCOMP_FILTER로 빌드한 커널을 쓰십시오. 그때까지는 container:-seccomp"
        )]),
        Some("2") => {
            let filters = field("Seccomp_filters").unwrap_or("1");
            let seen = match filters {
                "1" => said!(
                    "filters can be installed, but a filter already judges our own calls, which slows each of them",
                    "필터를 걸 수 있으나, 이미 걸린 필터가 우리의 시스템 콜을 검사하여 느려짐"
                ),
                _ => said!(
                    "filters can be installed, but {filters} filters already judge our own calls, which slows each of them",
                    "필터를 걸 수 있으나, 이미 걸린 필터 {filters}개가 우리의 시스템 콜을 검사하여 느려짐"
                ),
            };
            Row::limited("seccomp", WHAT, seen).try_this([said!(
                "measure on the host, not inside a container",
                "컨테이너 안이 아니라 호스트에서 측정하십시오"
            )])
        }
        Some(_) if actions.is_empty() => Row::limited(
            "seccomp",
            WHAT,
            said!("the kernel does not tell which actions it knows", "커널이 어떤 동작을 아는지 알려 주지 않음"),
        ),
        Some(_) => Row::ok(
            "seccomp",
            WHAT,
            said!("filters can be installed; none is on us yet", "필터를 걸 수 있음. 지금 우리에게 걸린 것은 없음"),
        ),
    }
}

/// What our containers are limited and accounted by.
const WANTED: [&str; 3] = ["memory", "pids", "cpu"];

pub(super) fn cgroups(m: &Machine) -> Row {
    const WHAT: Said = Said::fixed("cgroups", "컨트롤 그룹");
    let found = &m.host.cgroups;
    let missing: Vec<&str> = WANTED.into_iter().filter(|c| !found.controllers.iter().any(|f| f == c)).collect();
    let mode = found.mode.name();
    if found.mode == CgroupMode::None {
        return Row::missing(
            "cgroups",
            WHAT,
            said!(
                "not mounted: no limits, no account of kernel memory",
                "마운트되지 않음: 제한도, 커널 메모리 집계도 없음"
            ),
        )
        .try_this([Said::english("$ sudo mount -t cgroup2 none /sys/fs/cgroup")])
        .try_this([said!("or leave them away: container:-cgroup", "또는 빼고 실행하십시오: container:-cgroup")]);
    }
    if !missing.is_empty() {
        let missing = missing.join(", ");
        return Row::limited(
            "cgroups",
            WHAT,
            said!("{mode}, without the controllers {missing}", "{mode}, 컨트롤러 {missing} 없음"),
        )
        .try_this([said!("is it switched off by cgroup_disable= ?", "cgroup_disable= 로 꺼져 있는지 확인하십시오")])
        .try_this([Said::english("$ cat /proc/cmdline")]);
    }
    if found.mode == CgroupMode::V2 {
        let found = found.controllers.join(" ");
        return Row::ok("cgroups", WHAT, said!("v2, with {found}", "v2, 컨트롤러 {found}"));
    }
    let seen = said!(
        "{mode}: limits work; kernel memory is one part, not split by kind",
        "{mode}: 제한은 됨. 커널 메모리는 종류별로 나뉘지 않고 한 덩어리로 집계됨"
    );
    Row::limited("cgroups", WHAT, seen)
        .try_this([said!(
            "cgroup v2, with systemd: add to the kernel's command line",
            "systemd에서 cgroup v2를 쓰려면 커널 명령줄에 다음을 더하십시오"
        )])
        .try_this([Said::english("systemd.unified_cgroup_hierarchy=1")])
}

pub(super) fn delegation(m: &Machine) -> Row {
    const WHAT: Said = Said::fixed("own cgroups", "자기 컨트롤 그룹");
    let trees: Vec<&Mount> = cgroup_mounts(m).collect();
    if trees.is_empty() {
        return Row::missing("delegation", WHAT, said!("there is no tree to make one in", "만들 트리가 없음"));
    }
    if trees.iter().all(|mount| mount.is_read_only()) {
        return Row::missing(
            "delegation",
            WHAT,
            said!(
                "the tree of cgroups is mounted read-only, as in a container",
                "컨트롤 그룹 트리가 컨테이너 안에서처럼 읽기 전용으로 마운트됨"
            ),
        )
        .try_this([said!(
            "measure on the host; or inside it: container:-cgroup",
            "호스트에서 측정하거나, 컨테이너 안에서는 container:-cgroup으로 측정하십시오"
        )]);
    }
    if m.is_root() {
        return Row::ok(
            "delegation",
            WHAT,
            said!("root may make them anywhere in the tree", "루트는 트리 어디에나 만들 수 있음"),
        );
    }
    let Some(folder) = own_folder_v2(m).filter(|_| m.host.cgroups.mode == CgroupMode::V2) else {
        return Row::limited(
            "delegation",
            WHAT,
            said!(
                "not for this user: a v1 tree cannot be handed out safely",
                "이 사용자는 만들 수 없음: v1 트리는 안전하게 위임할 수 없음"
            ),
        )
        .try_this([said!("as root it works: sudo isolab …", "루트로는 됩니다: sudo isolab …")]);
    };
    let here = |name: &str| m.path(&folder).join(name);
    if !(m.may_write)(&m.path(&folder)) || !(m.may_write)(&here("cgroup.procs")) {
        let row = Row::limited("delegation", WHAT, delegation::NONE);
        let remedy = delegation::on(m.root, m.uid);
        return if remedy == delegation::BY_SYSTEMD {
            row.try_this([Said::verbatim(format!("$ {}", &*remedy))])
        } else {
            row.try_this([remedy])
        };
    }
    delegated(&std::fs::read_to_string(here("cgroup.controllers")).unwrap_or_default())
}

/// A cgroup of the user's own, by the controllers that it offers.
fn delegated(offered: &str) -> Row {
    const WHAT: Said = Said::fixed("own cgroups", "자기 컨트롤 그룹");
    let missing: Vec<&str> = WANTED.into_iter().filter(|c| !offered.split_whitespace().any(|o| o == *c)).collect();
    if missing.is_empty() {
        return Row::ok(
            "delegation",
            WHAT,
            said!("delegated to this user, with memory, pids and cpu", "이 사용자에게 위임됨(memory, pids, cpu)"),
        );
    }
    let missing = missing.join(", ");
    Row::limited(
        "delegation",
        WHAT,
        said!("delegated to this user, without {missing}", "이 사용자에게 위임되었으나 {missing} 없음"),
    )
    .try_this([said!(
        "as root, for all users of systemd: in /etc/systemd/system/user@.service.d/delegate.conf",
        "루트로, systemd의 모든 사용자를 위해: /etc/systemd/system/user@.service.d/delegate.conf 에"
    )])
    .try_this([Said::english("[Service]"), Said::english("Delegate=cpu cpuset io memory pids")])
}

/// What our own cgroup allows us: in a pod or a container these are the machine's real size.
pub(super) fn limits(m: &Machine) -> Row {
    const WHAT: Said = Said::fixed("limits on us", "우리에게 걸린 제한");
    let mut found = Vec::new();
    let memory = smallest(m, &["memory.max", "memory.limit_in_bytes"])
        .filter(|bytes| m.host.ram_bytes.is_none_or(|ram| *bytes < ram));
    found.extend(memory.map(|bytes| show_bytes(bytes as f64)).map(|bytes| said!("memory {bytes}", "메모리 {bytes}")));
    found.extend(cpus(m).map(|cpus| {
        said!(
            "{cpus:.2} CPUs; a quota stops samples in the middle",
            "CPU {cpus:.2}개. 할당량이 다 되면 표본이 도중에 멈춤"
        )
    }));
    found.extend(smallest(m, &["pids.max"]).filter(|n| *n < 1000).map(|n| said!("{n} processes", "프로세스 {n}개")));
    if found.is_empty() {
        return Row::ok("limits", WHAT, said!("none that could be felt", "느껴질 만한 것은 없음"));
    }
    Row::limited("limits", WHAT, Said::joined(&found, "; ")).try_this([said!(
        "measure outside of the container, pod or slice that sets them",
        "제한을 거는 컨테이너, 파드, 슬라이스 밖에서 측정하십시오"
    )])
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
