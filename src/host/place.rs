//! Where we are: cgroup mode, under which hypervisor, in WSL2, in a container.

use std::path::Path;

use serde::{Deserialize, Serialize};

use super::mounts::mounts;
use super::{cpu, text};

/// Which cgroup interfaces are mounted (cgroups(7)).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum CgroupMode {
    V1,
    V2,
    /// v1 controllers beside a v2 tree.
    Hybrid,
    None,
}

impl CgroupMode {
    pub fn name(self) -> &'static str {
        match self {
            CgroupMode::V1 => "v1",
            CgroupMode::V2 => "v2",
            CgroupMode::Hybrid => "hybrid",
            CgroupMode::None => "none",
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cgroups {
    pub mode: CgroupMode,
    /// Sorted; v1 and v2 together.
    pub controllers: Vec<String>,
}

pub(super) fn read_cgroups(root: &Path) -> Cgroups {
    let mounts = mounts(&text(root, "proc/self/mountinfo"));
    let v1 = mounts.iter().filter(|m| m.kind == "cgroup").flat_map(|m| &m.super_options);
    let is_controller = |o: &&String| V1_CONTROLLERS.contains(&o.as_str());
    let mut controllers: Vec<String> = v1.filter(is_controller).cloned().collect();
    let v2 = || mounts.iter().filter(|m| m.kind == "cgroup2");
    let mode = match (!controllers.is_empty(), v2().next().is_some()) {
        (true, true) => CgroupMode::Hybrid,
        (true, false) => CgroupMode::V1,
        (false, true) => CgroupMode::V2,
        (false, false) => CgroupMode::None,
    };
    for mount in v2() {
        let list = text(&root.join(mount.at.trim_start_matches('/')), "cgroup.controllers");
        controllers.extend(list.split_whitespace().map(str::to_owned));
    }
    controllers.sort();
    controllers.dedup();
    Cgroups { mode, controllers }
}

/// Every v1 controller of cgroups(7) and of the kernel since; the rest of the super options are flags and names.
const V1_CONTROLLERS: &[&str] = &[
    "blkio",
    "cpu",
    "cpuacct",
    "cpuset",
    "debug",
    "devices",
    "freezer",
    "hugetlb",
    "memory",
    "misc",
    "net_cls",
    "net_prio",
    "perf_event",
    "pids",
    "rdma",
];

/// The CPUID flag says whether; the kernel's clock sources and the DMI strings say who.
pub(super) fn read_hypervisor(root: &Path, cpuinfo: &str) -> Option<String> {
    let clocks = text(root, "sys/devices/system/clocksource/clocksource0/available_clocksource");
    let dmi = ["sys_vendor", "product_name", "bios_vendor"].map(|f| text(root, &format!("sys/class/dmi/id/{f}")));
    let xen = text(root, "sys/hypervisor/type");
    let name = hypervisor_name(&dmi.join(" "), &clocks, xen.trim());
    if !cpu::hypervisor_flag(cpuinfo) && xen.trim() != "xen" {
        return None;
    }
    Some(name.unwrap_or("a hypervisor of unknown name").to_owned())
}

/// The product before the mechanism: a VirtualBox guest may have kvm-clock too.
fn hypervisor_name(dmi: &str, clocks: &str, hypervisor_type: &str) -> Option<&'static str> {
    const DMI: &[(&str, &str)] = &[
        ("VMware", "VMware"),
        ("VirtualBox", "VirtualBox"),
        ("innotek", "VirtualBox"),
        ("Parallels", "Parallels"),
        ("Microsoft Corporation Virtual Machine", "Hyper-V"),
        ("Amazon EC2", "Amazon EC2"),
        ("Google", "Google Compute Engine"),
        ("QEMU", "QEMU"),
        ("BHYVE", "bhyve"),
        ("Xen", "Xen"),
    ];
    const CLOCKS: &[(&str, &str)] = &[("kvm-clock", "KVM"), ("hyperv", "Hyper-V"), ("xen", "Xen")];
    let find = |table: &[(&str, &'static str)], text: &str| {
        table.iter().find(|(sign, _)| text.contains(sign)).map(|(_, name)| *name)
    };
    find(DMI, dmi).or_else(|| find(CLOCKS, clocks)).or((hypervisor_type == "xen").then_some("Xen"))
}

/// WSL2's kernel says so in its release; WSL1 says only "Microsoft" and has no kernel of its own.
pub(super) fn is_wsl2(release: &str) -> bool {
    release.to_lowercase().contains("microsoft-standard") || release.contains("WSL2")
}

/// The inodes of the first namespaces of a kernel (enum init_ns_ino in linux/nsfs.h; include/linux/proc_ns.h before).
const FIRST_NAMESPACES: [(&str, &str); 3] =
    [("pid", "pid:[4026531836]"), ("uts", "uts:[4026531838]"), ("ipc", "ipc:[4026531839]")];

/// In namespaces of its own, or not a container; then its name, from what systemd-detect-virt looks at, in its order
/// (<https://systemd.io/CONTAINER_INTERFACE>). The files alone do not tell: a VM's disk that was made from a container
/// image has /.dockerenv too. Every distribution of WSL2 lives in namespaces, so there only a name counts.
pub(super) fn read_container(root: &Path, wsl2: bool) -> Option<String> {
    let own: Vec<&str> = FIRST_NAMESPACES.iter().filter(|ns| is_own(root, ns)).map(|ns| ns.0).collect();
    if own.is_empty() {
        return None;
    }
    match container_name(root) {
        Some(name) => Some(name),
        None if wsl2 => None,
        None => Some(format!("of unknown name, with its own {} namespace", own.join(", "))),
    }
}

/// A link that can't be read says nothing, so it counts as the first.
fn is_own(root: &Path, (name, first): &(&str, &str)) -> bool {
    std::fs::read_link(root.join("proc/self/ns").join(name)).is_ok_and(|link| link != Path::new(first))
}

fn container_name(root: &Path) -> Option<String> {
    let told = text(root, "run/systemd/container");
    if !told.trim().is_empty() {
        return Some(format!("{}, says /run/systemd/container", told.trim()));
    }
    for (file, name) in [("run/.containerenv", "podman"), (".dockerenv", "docker")] {
        if root.join(file).exists() {
            return Some(format!("{name}, because there is /{file}"));
        }
    }
    let group = text(root, "proc/1/cgroup");
    let sign = ["docker", "kubepods", "libpod", "lxc"].into_iter().find(|s| group.contains(s))?;
    Some(format!("{sign}, by the cgroup of process 1"))
}

#[cfg(test)]
mod tests {
    use super::super::tests::root_with;
    use super::*;

    const HYBRID: &str = "\
31 23 0:28 / /sys/fs/cgroup rw,relatime - tmpfs tmpfs rw,mode=755
32 31 0:29 / /sys/fs/cgroup/cpu rw,relatime shared:9 - cgroup cgroup rw,cpu,cpuacct
35 31 0:32 / /sys/fs/cgroup/memory rw,relatime - cgroup cgroup rw,memory
40 31 0:37 / /sys/fs/cgroup/systemd rw,relatime - cgroup cgroup rw,xattr,name=systemd
41 31 0:38 / /sys/fs/cgroup/unified rw,relatime - cgroup2 cgroup2 rw
";
    const V2: &str = "30 23 0:26 / /sys/fs/cgroup rw,nosuid - cgroup2 cgroup2 rw,nsdelegate,memory_recursiveprot\n";

    fn cgroups(mountinfo: &str) -> Cgroups {
        let root = root_with(&[
            ("proc/self/mountinfo", mountinfo),
            ("sys/fs/cgroup/cgroup.controllers", "cpuset cpu memory pids\n"),
            ("sys/fs/cgroup/unified/cgroup.controllers", "hugetlb\n"),
        ]);
        read_cgroups(root.path())
    }

    #[test]
    fn the_three_cgroup_modes_and_none() {
        let hybrid = cgroups(HYBRID);
        assert_eq!(hybrid.mode, CgroupMode::Hybrid);
        assert_eq!(hybrid.controllers, ["cpu", "cpuacct", "hugetlb", "memory"]);
        let v2 = cgroups(V2);
        assert_eq!((v2.mode, v2.controllers.join(" ").as_str()), (CgroupMode::V2, "cpu cpuset memory pids"));
        let without_v2 = HYBRID.replace("- cgroup2 cgroup2", "- tmpfs tmpfs");
        assert_eq!(cgroups(&without_v2).mode, CgroupMode::V1);
        assert_eq!(cgroups("").mode, CgroupMode::None);
    }

    #[test]
    fn a_systemd_tree_without_controllers_is_not_v1() {
        let named = "40 31 0:37 / /sys/fs/cgroup/systemd rw - cgroup cgroup rw,xattr,name=systemd\n";
        assert_eq!(cgroups(&format!("{named}{V2}")).mode, CgroupMode::V2);
    }

    #[test]
    fn a_hypervisor_is_named_by_product_then_by_clock() {
        assert_eq!(hypervisor_name("innotek GmbH VirtualBox", "tsc kvm-clock", ""), Some("VirtualBox"));
        assert_eq!(hypervisor_name("", "tsc kvm-clock acpi_pm", ""), Some("KVM"));
        assert_eq!(hypervisor_name("Microsoft Corporation Virtual Machine", "hyperv_clocksource", ""), Some("Hyper-V"));
        assert_eq!(hypervisor_name("LENOVO 20XW", "tsc hpet acpi_pm", ""), None);
    }

    #[test]
    fn without_the_cpu_flag_there_is_no_hypervisor() {
        let root = root_with(&[("sys/class/dmi/id/sys_vendor", "QEMU\n")]);
        assert_eq!(read_hypervisor(root.path(), "flags : fpu\n"), None, "a laptop that once was a disk image");
        assert_eq!(read_hypervisor(root.path(), "flags : fpu hypervisor\n").as_deref(), Some("QEMU"));
        let silent = root_with(&[]);
        let name = read_hypervisor(silent.path(), "flags : hypervisor\n");
        assert_eq!(name.as_deref(), Some("a hypervisor of unknown name"));
    }

    #[test]
    fn wsl2_is_told_from_wsl1_and_linux() {
        assert!(is_wsl2("5.15.153.1-microsoft-standard-WSL2"));
        assert!(!is_wsl2("4.4.0-19041-Microsoft"));
        assert!(!is_wsl2("6.8.0-45-generic"));
    }

    /// A machine with these files, whose process has this uts namespace and the first of the others.
    fn container(files: &[(&str, &str)], uts: &str, wsl2: bool) -> Option<String> {
        let root = root_with(files);
        let ns = root.path().join("proc/self/ns");
        std::fs::create_dir_all(&ns).unwrap();
        std::os::unix::fs::symlink("pid:[4026531836]", ns.join("pid")).unwrap();
        std::os::unix::fs::symlink(uts, ns.join("uts")).unwrap();
        read_container(root.path(), wsl2)
    }

    const FIRST: &str = "uts:[4026531838]";
    const OWN: &str = "uts:[4026532210]";

    #[test]
    fn a_container_is_told_with_its_sign() {
        let docker = container(&[(".dockerenv", "")], OWN, false);
        assert_eq!(docker.as_deref(), Some("docker, because there is /.dockerenv"));
        let pod = container(&[("proc/1/cgroup", "0::/kubepods/burstable/pod12/ab\n")], OWN, false);
        assert_eq!(pod.as_deref(), Some("kubepods, by the cgroup of process 1"));
        let unknown = container(&[], OWN, false);
        assert_eq!(unknown.as_deref(), Some("of unknown name, with its own uts namespace"));
    }

    #[test]
    fn a_disk_made_from_an_image_and_wsl2_are_no_containers() {
        assert_eq!(container(&[(".dockerenv", "")], FIRST, false), None);
        assert_eq!(container(&[], OWN, true), None);
        assert_eq!(read_container(root_with(&[(".dockerenv", "")]).path(), false), None, "nothing is known");
    }
}
