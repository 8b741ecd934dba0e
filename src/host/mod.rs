//! The fingerprint of the machine that a run was made on: what a reader needs to judge its numbers.
//!
//! Readers take the root folder as a parameter and hand text to pure parsers, so both are tested on recorded files.
//! A fact that the machine does not offer is told as such ("not offered", null), never left out and never guessed.
//! Nothing here names the host or its user.

mod cpu;
mod folders;
mod id;
mod mounts;
mod place;
mod tools;
mod tuning;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::lang::{Said, counted};
use crate::said;

pub use cpu::Cache;
pub use folders::{callers_data_dir, callers_state_dir};
pub use id::{aside_of_damaged, host_id};
pub use mounts::{Mount, mounts};
pub use place::{CgroupMode, Cgroups};
pub use tools::{ASKED as TOOLS_ASKED, versions as tool_versions};
pub use tuning::Tuning;

/// What a fact reads when the kernel does not have it.
pub const NOT_OFFERED: &str = "not offered";

/// One machine, as it was just before the first sample.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Host {
    /// Random, made once for a user on a machine: two runs with the same id ran on the same machine.
    pub id: String,
    pub cpu_model: String,
    /// Logical CPUs that are online.
    pub logical_cores: usize,
    /// None: the kernel does not tell (some virtual machines and containers).
    pub physical_cores: Option<usize>,
    /// Logical CPUs that this process may use (affinity, cpuset); None: /proc/self/status does not tell.
    pub usable_cores: Option<usize>,
    /// Of CPU 0.
    pub caches: Vec<Cache>,
    pub ram_bytes: Option<u64>,
    pub swap_bytes: Option<u64>,
    /// "Debian GNU/Linux 12 (bookworm)".
    pub distribution: String,
    /// Kernel release.
    pub kernel: String,
    /// By vulnerability, as /sys/devices/system/cpu/vulnerabilities says it.
    pub mitigations: BTreeMap<String, String>,
    /// CPU frequency governor of CPU 0, or "not offered" (most virtual machines).
    pub governor: String,
    /// Runnable and blocked tasks, averaged over 1, 5 and 15 minutes.
    pub load: Option<[f64; 3]>,
    /// Transparent huge pages: "always", "madvise" or "never".
    pub thp: String,
    pub cgroups: Cgroups,
    /// By which hypervisor this machine itself runs; "a hypervisor of unknown name"; None: none was seen.
    pub virtualised_by: Option<String>,
    pub wsl2: bool,
    /// The container that this process is in, with the sign that told; None: none was seen.
    pub container: Option<String>,
    /// Label of the KVM backend, filled in by who has asked KVM.
    pub kvm_backend: String,
    /// None in files of older versions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tuning: Option<Tuning>,
    /// Versions by tool, as its own `--version` tells; "rustc" built this isolab. Filled in by who may start programs.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub tools: BTreeMap<String, String>,
}

impl Host {
    /// Looks at the machine below `root` ("/", or a folder of recorded files in a test). `id`: see [`host_id`].
    pub fn read(root: &Path, id: String) -> Host {
        let file = |path: &str| text(root, path);
        let cpuinfo = file("proc/cpuinfo");
        let meminfo = file("proc/meminfo");
        let kernel = file("proc/sys/kernel/osrelease").trim().to_owned();
        Host {
            id,
            cpu_model: cpu::model(&cpuinfo),
            logical_cores: cpu::logical_cores(&cpuinfo),
            physical_cores: cpu::physical_cores(&cpuinfo),
            usable_cores: cpu::usable_cores(&file("proc/self/status")),
            caches: cpu::read_caches(root),
            ram_bytes: kib_field(&meminfo, "MemTotal"),
            swap_bytes: kib_field(&meminfo, "SwapTotal"),
            distribution: distribution(&file("etc/os-release")),
            mitigations: cpu::read_mitigations(root),
            governor: or_not_offered(&file("sys/devices/system/cpu/cpu0/cpufreq/scaling_governor")),
            load: load(&file("proc/loadavg")),
            thp: chosen(&file("sys/kernel/mm/transparent_hugepage/enabled")),
            cgroups: place::read_cgroups(root),
            virtualised_by: place::read_hypervisor(root, &cpuinfo),
            wsl2: place::is_wsl2(&kernel),
            container: place::read_container(root, place::is_wsl2(&kernel)),
            kvm_backend: String::new(),
            tuning: Some(Tuning::read(root, &kernel)),
            tools: BTreeMap::new(),
            kernel: or_not_offered(&kernel),
        }
    }

    /// One line for the foot of a chart: "AMD EPYC 7B13, 8 cores, 31.4 GiB, Linux 6.8.0, virtualised by KVM, cgroup v2".
    pub fn line(&self) -> String {
        self.said().into()
    }

    /// The same in both languages.
    pub fn said(&self) -> Said {
        let n = self.logical_cores;
        let cores = Said::new(counted(n, "core"), format!("코어 {n}개"));
        let mut facts = vec![Said::verbatim(&self.cpu_model), cores];
        facts.extend(self.ram_bytes.map(|b| Said::verbatim(format!("{:.1} GiB", b as f64 / (1u64 << 30) as f64))));
        facts.push(Said::verbatim(format!("Linux {}", self.kernel)));
        facts.extend(self.virtualised_by.as_ref().map(|by| said!("virtualised by {by}", "{by} 가상머신")));
        facts.extend(self.wsl2.then(|| Said::english("WSL2")));
        facts.extend(self.container.as_ref().map(|_| Said::fixed("inside a container", "컨테이너 안")));
        facts.push(Said::verbatim(format!("cgroup {}", self.cgroups.mode.name())));
        Said::joined(&facts, ", ")
    }
}

fn distribution(os_release: &str) -> String {
    let name = os_release.lines().find_map(|l| l.strip_prefix("PRETTY_NAME="));
    or_not_offered(name.unwrap_or_default().trim_matches('"'))
}

fn load(loadavg: &str) -> Option<[f64; 3]> {
    let mut numbers = loadavg.split_whitespace().map_while(|w| w.parse().ok());
    Some([numbers.next()?, numbers.next()?, numbers.next()?])
}

/// The value in brackets: "always [madvise] never".
fn chosen(text: &str) -> String {
    let inside = text.split_once('[').and_then(|(_, rest)| rest.split_once(']'));
    or_not_offered(inside.map_or("", |(value, _)| value))
}

/// "MemTotal:       24684096 kB" in bytes.
pub fn kib_field(meminfo: &str, name: &str) -> Option<u64> {
    let value = meminfo.lines().find_map(|l| l.strip_prefix(name)?.strip_prefix(':'))?;
    Some(value.trim().strip_suffix("kB")?.trim().parse::<u64>().ok()? * 1024)
}

fn or_not_offered(text: &str) -> String {
    let text = text.trim();
    if text.is_empty() { NOT_OFFERED.into() } else { text.into() }
}

/// The file's text; empty when there is none or we may not read it.
fn text(root: &Path, path: &str) -> String {
    String::from_utf8_lossy(&std::fs::read(root.join(path)).unwrap_or_default()).into_owned()
}

/// Names in a folder, sorted; empty when there is none.
fn names(root: &Path, path: &str) -> Vec<(String, PathBuf)> {
    let entries = std::fs::read_dir(root.join(path)).into_iter().flatten().flatten();
    let mut names: Vec<_> = entries.map(|e| (e.file_name().to_string_lossy().into_owned(), e.path())).collect();
    names.sort();
    names
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// A folder that looks like `/` with these files in it.
    pub(crate) fn root_with(files: &[(&str, &str)]) -> tempfile::TempDir {
        let root = tempfile::tempdir().unwrap();
        for (path, content) in files {
            let path = root.path().join(path);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, content).unwrap();
        }
        root
    }

    #[test]
    fn a_recorded_machine_is_read_whole() {
        let root = root_with(&[
            ("proc/cpuinfo", cpu::tests::TWO_CORES_FOUR_THREADS),
            ("proc/meminfo", "MemTotal:       24684096 kB\nMemFree: 1 kB\nSwapTotal:       1048576 kB\n"),
            ("proc/loadavg", "0.01 0.03 1.04 1/85 6879\n"),
            ("proc/sys/kernel/osrelease", "6.8.0-45-generic\n"),
            ("sys/kernel/mm/transparent_hugepage/enabled", "always [madvise] never\n"),
            ("sys/devices/system/cpu/cpu0/cpufreq/scaling_governor", "performance\n"),
            ("etc/os-release", "PRETTY_NAME=\"Ubuntu 24.04.1 LTS\"\nNAME=\"Ubuntu\"\n"),
        ]);
        let host = Host::read(root.path(), "0123".into());
        assert_eq!(host.ram_bytes, Some(24_684_096 * 1024));
        assert_eq!(host.swap_bytes, Some(1 << 30));
        assert_eq!(host.load, Some([0.01, 0.03, 1.04]));
        assert_eq!((host.thp.as_str(), host.governor.as_str()), ("madvise", "performance"));
        assert_eq!(host.distribution, "Ubuntu 24.04.1 LTS");
        assert_eq!((host.logical_cores, host.physical_cores), (4, Some(2)));
        assert_eq!(
            host.line(),
            "AMD Ryzen 3 3200U with Radeon Vega Mobile Gfx, 4 cores, 23.5 GiB, Linux 6.8.0-45-generic, cgroup none"
        );
    }

    #[test]
    fn an_empty_machine_says_not_offered_and_never_a_number() {
        let root = root_with(&[]);
        let host = Host::read(root.path(), String::new());
        assert_eq!((host.ram_bytes, host.load, host.physical_cores), (None, None, None));
        for fact in [&host.governor, &host.thp, &host.kernel, &host.distribution, &host.cpu_model] {
            assert_eq!(fact, NOT_OFFERED);
        }
    }

    #[test]
    fn this_machine_has_a_cpu_memory_and_a_kernel() {
        let host = Host::read(Path::new("/"), "0123".into());
        assert!(host.logical_cores >= 1 && host.ram_bytes > Some(1 << 20), "{host:?}");
        assert_ne!(host.kernel, NOT_OFFERED);
        let json = serde_json::to_string(&host).unwrap();
        assert_eq!(serde_json::from_str::<Host>(&json).unwrap(), host, "what is stored is what is read back");
    }

    #[test]
    fn nothing_names_the_host() {
        let name = "anns-laptop";
        let root = root_with(&[
            ("proc/sys/kernel/hostname", name),
            ("etc/hostname", name),
            ("etc/machine-id", "4f1d0c5e9a7b4b0e8d2c6a5b3f1e0d9c"),
            ("proc/version", "Linux version 6.8.0 (ann@anns-laptop) #1 SMP"),
            ("proc/sys/kernel/osrelease", "6.8.0\n"),
        ]);
        let json = serde_json::to_string(&Host::read(root.path(), "0123".into())).unwrap();
        assert!(!json.contains("ann") && !json.contains("4f1d0c5e"), "{json}");
    }
}
