//! The processor: model, cores, caches, mitigations. Sources: proc(5), sysfs-devices-system-cpu in the kernel's ABI.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::{names, or_not_offered, text};

/// One cache of CPU 0.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cache {
    pub level: u32,
    /// "Data", "Instruction" or "Unified".
    pub kind: String,
    pub bytes: u64,
    /// How many logical CPUs use it.
    pub shared_by: usize,
}

/// The value of the first line `name : value`.
fn field<'a>(cpuinfo: &'a str, name: &str) -> Option<&'a str> {
    fields(cpuinfo, name).next()
}

fn fields<'a>(cpuinfo: &'a str, name: &str) -> impl Iterator<Item = &'a str> {
    cpuinfo.lines().filter_map(move |l| {
        let (key, value) = l.split_once(':')?;
        (key.trim() == name).then(|| value.trim())
    })
}

pub(super) fn model(cpuinfo: &str) -> String {
    or_not_offered(field(cpuinfo, "model name").unwrap_or_default())
}

pub(super) fn logical_cores(cpuinfo: &str) -> usize {
    fields(cpuinfo, "processor").count()
}

/// Distinct pairs of package and core. None when the kernel lists neither, as some virtual machines do.
pub(super) fn physical_cores(cpuinfo: &str) -> Option<usize> {
    let packages = fields(cpuinfo, "physical id");
    let cores: BTreeSet<_> = packages.zip(fields(cpuinfo, "core id")).collect();
    (!cores.is_empty()).then_some(cores.len())
}

/// Is the CPUID bit set by which a hypervisor shows itself?
pub(super) fn hypervisor_flag(cpuinfo: &str) -> bool {
    field(cpuinfo, "flags").is_some_and(|f| f.split_whitespace().any(|w| w == "hypervisor"))
}

/// How many CPUs `Cpus_allowed_list` of /proc/self/status names.
pub(super) fn usable_cores(status: &str) -> Option<usize> {
    list_len(field(status, "Cpus_allowed_list")?)
}

/// How many CPUs "0-3,8" names.
fn list_len(cpus: &str) -> Option<usize> {
    cpus.trim().split(',').try_fold(0, |sum, item| {
        let (first, last) = item.split_once('-').unwrap_or((item, item));
        let (first, last): (usize, usize) = (first.parse().ok()?, last.parse().ok()?);
        Some(sum + last.checked_sub(first)? + 1)
    })
}

pub(super) fn read_caches(root: &Path) -> Vec<Cache> {
    let folder = "sys/devices/system/cpu/cpu0/cache";
    let indices = names(root, folder).into_iter().filter(|(name, _)| name.starts_with("index"));
    indices.filter_map(|(_, path)| read_cache(&path)).collect()
}

fn read_cache(folder: &Path) -> Option<Cache> {
    Some(Cache {
        level: text(folder, "level").trim().parse().ok()?,
        kind: or_not_offered(&text(folder, "type")),
        bytes: size(&text(folder, "size"))?,
        shared_by: list_len(&text(folder, "shared_cpu_list")).unwrap_or(1),
    })
}

/// "2048K" in bytes.
fn size(text: &str) -> Option<u64> {
    let text = text.trim();
    let (number, unit) = text.split_at(text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len()));
    let factor = match unit {
        "" => 1,
        "K" => 1 << 10,
        "M" => 1 << 20,
        _ => return None,
    };
    Some(number.parse::<u64>().ok()? * factor)
}

pub(super) fn read_mitigations(root: &Path) -> BTreeMap<String, String> {
    let files = names(root, "sys/devices/system/cpu/vulnerabilities");
    files
        .into_iter()
        .map(|(name, path)| (name, or_not_offered(&std::fs::read_to_string(&path).unwrap_or_default())))
        .collect()
}

#[cfg(test)]
pub(crate) mod tests {
    use super::super::tests::root_with;
    use super::*;

    pub(crate) const TWO_CORES_FOUR_THREADS: &str = "\
processor\t: 0\nmodel name\t: AMD Ryzen 3 3200U with Radeon Vega Mobile Gfx\nphysical id\t: 0\ncore id\t\t: 0\nflags\t\t: fpu svm\n
processor\t: 1\nmodel name\t: AMD Ryzen 3 3200U with Radeon Vega Mobile Gfx\nphysical id\t: 0\ncore id\t\t: 0\nflags\t\t: fpu svm\n
processor\t: 2\nmodel name\t: AMD Ryzen 3 3200U with Radeon Vega Mobile Gfx\nphysical id\t: 0\ncore id\t\t: 1\nflags\t\t: fpu svm\n
processor\t: 3\nmodel name\t: AMD Ryzen 3 3200U with Radeon Vega Mobile Gfx\nphysical id\t: 0\ncore id\t\t: 1\nflags\t\t: fpu svm\n";

    #[test]
    fn two_threads_of_one_core_are_one_core() {
        assert_eq!(logical_cores(TWO_CORES_FOUR_THREADS), 4);
        assert_eq!(physical_cores(TWO_CORES_FOUR_THREADS), Some(2));
        assert_eq!(physical_cores("processor : 0\nmodel name : QEMU Virtual CPU\n"), None);
    }

    #[test]
    fn cores_with_one_number_in_two_packages_are_two() {
        let two = "physical id : 0\ncore id : 0\nphysical id : 1\ncore id : 0\n";
        assert_eq!(physical_cores(two), Some(2));
    }

    #[test]
    fn the_hypervisor_flag_is_a_whole_word() {
        assert!(hypervisor_flag("flags\t\t: fpu rdrand hypervisor lahf_lm\n"));
        assert!(!hypervisor_flag("flags\t\t: fpu hypervisor_x\n"));
    }

    #[test]
    fn cpu_lists_are_counted() {
        assert_eq!(list_len("0-3,8\n"), Some(5));
        assert_eq!(list_len("0"), Some(1));
        assert_eq!((list_len(""), list_len("3-1")), (None, None));
        assert_eq!(usable_cores("Name:\tx\nCpus_allowed:\t3\nCpus_allowed_list:\t0-1\n"), Some(2));
    }

    #[test]
    fn caches_and_mitigations_are_read_from_recorded_files() {
        let root = root_with(&[
            ("sys/devices/system/cpu/cpu0/cache/index0/level", "1\n"),
            ("sys/devices/system/cpu/cpu0/cache/index0/type", "Data\n"),
            ("sys/devices/system/cpu/cpu0/cache/index0/size", "48K\n"),
            ("sys/devices/system/cpu/cpu0/cache/index0/shared_cpu_list", "0,4\n"),
            ("sys/devices/system/cpu/cpu0/cache/uevent", ""),
            ("sys/devices/system/cpu/vulnerabilities/mds", "Not affected\n"),
            ("sys/devices/system/cpu/vulnerabilities/retbleed", "Mitigation: IBRS\n"),
        ]);
        let l1 = Cache { level: 1, kind: "Data".into(), bytes: 48 << 10, shared_by: 2 };
        assert_eq!(read_caches(root.path()), [l1]);
        let found = read_mitigations(root.path());
        assert_eq!(found.get("retbleed").map(String::as_str), Some("Mitigation: IBRS"));
        assert_eq!(found.len(), 2);
    }
}
