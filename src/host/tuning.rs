//! Settings that move start times and their spread without being seen in any other fact: address layout, RCU, the tick,
//! turbo, CPUs kept free, page merging, heat, how many mounts a clone of the mount namespace copies.

use std::io::Read;
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::{NOT_OFFERED, names, or_not_offered, text};
use crate::gzip;

/// As it was just before the first sample; "not offered" or null where the kernel does not tell.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Tuning {
    /// Address space layout randomisation: "off", "partial" or "full" (kernel.randomize_va_space).
    pub aslr: String,
    /// Grace periods: "default", "expedited" or "normal" (/sys/kernel/rcu_expedited, rcu_normal): a namespace is freed after one.
    pub rcu: String,
    /// CONFIG_HZ: ticks per second.
    pub tick_hz: Option<u32>,
    /// "on" or "off": may the CPU run above its base frequency?
    pub turbo: String,
    /// CPUs that the scheduler leaves alone (isolcpus), as a list, or "none".
    pub isolated_cpus: String,
    /// CPUs without a tick while one task runs (nohz_full), as a list, or "none".
    pub nohz_full: String,
    /// Kernel samepage merging: "off", "on" or "unmerged" (/sys/kernel/mm/ksm/run).
    pub ksm: String,
    /// Of the CPU package, in degrees Celsius.
    pub cpu_celsius: Option<f64>,
    /// Mounts in the mount namespace that we measure from.
    pub mounts: Option<usize>,
}

impl Tuning {
    pub(super) fn read(root: &Path, kernel: &str) -> Tuning {
        let file = |path: &str| text(root, path);
        let mounts = file("proc/self/mountinfo");
        Tuning {
            aslr: one_of(&file("proc/sys/kernel/randomize_va_space"), &["off", "partial", "full"]),
            rcu: rcu(&file("sys/kernel/rcu_expedited"), &file("sys/kernel/rcu_normal")),
            tick_hz: tick_hz(root, kernel),
            turbo: turbo(root),
            isolated_cpus: cpus(root, "sys/devices/system/cpu/isolated"),
            nohz_full: cpus(root, "sys/devices/system/cpu/nohz_full"),
            ksm: one_of(&file("sys/kernel/mm/ksm/run"), &["off", "on", "unmerged"]),
            cpu_celsius: cpu_celsius(root),
            mounts: (!mounts.is_empty()).then(|| mounts.lines().count()),
        }
    }
}

/// The word for the number that the file holds.
fn one_of(number: &str, words: &[&str]) -> String {
    let word = number.trim().parse::<usize>().ok().and_then(|n| words.get(n));
    word.map_or(NOT_OFFERED, |word| word).to_owned()
}

/// rcu_normal wins over rcu_expedited (Documentation/admin-guide/kernel-parameters, rcupdate.rcu_normal).
fn rcu(expedited: &str, normal: &str) -> String {
    match (expedited.trim(), normal.trim()) {
        ("", "") => NOT_OFFERED,
        (_, set) if !matches!(set, "" | "0") => "normal",
        (set, _) if !matches!(set, "" | "0") => "expedited",
        _ => "default",
    }
    .to_owned()
}

fn turbo(root: &Path) -> String {
    let said = |path: &str, on: &str| match text(root, path).trim() {
        "" => None,
        value => Some(if value == on { "on" } else { "off" }),
    };
    let told = said("sys/devices/system/cpu/intel_pstate/no_turbo", "0")
        .or_else(|| said("sys/devices/system/cpu/cpufreq/boost", "1"));
    told.unwrap_or(NOT_OFFERED).to_owned()
}

/// An empty list is an answer, and a file that is not there is none.
fn cpus(root: &Path, path: &str) -> String {
    match std::fs::read_to_string(root.join(path)) {
        Ok(list) if matches!(list.trim(), "" | "(null)") => "none".into(),
        Ok(list) => list.trim().into(),
        Err(_) => or_not_offered(""),
    }
}

/// From the configuration that distributions keep beside the kernel, or that the kernel carries itself.
fn tick_hz(root: &Path, kernel: &str) -> Option<u32> {
    let beside = text(root, &format!("boot/config-{kernel}"));
    let config = if beside.is_empty() { unpacked(&root.join("proc/config.gz")).unwrap_or_default() } else { beside };
    config.lines().find_map(|line| line.strip_prefix("CONFIG_HZ="))?.trim().parse().ok()
}

fn unpacked(path: &Path) -> Option<String> {
    const LARGEST: u64 = 4 << 20;
    let mut bytes = Vec::new();
    std::fs::File::open(path).ok()?.take(LARGEST).read_to_end(&mut bytes).ok()?;
    String::from_utf8(gzip::unpack(&bytes, LARGEST as usize).ok()?).ok()
}

fn cpu_celsius(root: &Path) -> Option<f64> {
    let zones = names(root, "sys/class/thermal").into_iter().filter(|(name, _)| name.starts_with("thermal_zone"));
    let zone = zones.map(|(_, path)| path).find(|path| {
        let kind = text(path, "type").to_lowercase();
        kind.starts_with("x86_pkg_temp") || kind.contains("cpu")
    });
    let sensors = names(root, "sys/class/hwmon").into_iter().map(|(_, path)| path);
    let mut sensor = sensors.filter(|path| matches!(text(path, "name").trim(), "coretemp" | "k10temp" | "zenpower"));
    let zone = zone.map(|path| text(&path, "temp")).filter(|t| !t.is_empty());
    let told = zone.or_else(|| sensor.next().map(|path| text(&path, "temp1_input")))?;
    Some(told.trim().parse::<f64>().ok()? / 1000.0)
}

#[cfg(test)]
mod tests {
    use super::super::tests::root_with;
    use super::*;

    #[test]
    fn a_tuned_machine_is_read_whole() {
        let root = root_with(&[
            ("proc/sys/kernel/randomize_va_space", "2\n"),
            ("sys/kernel/rcu_expedited", "1\n"),
            ("sys/kernel/rcu_normal", "0\n"),
            ("boot/config-6.8.0-45-generic", "# a comment\nCONFIG_HZ_1000=y\nCONFIG_HZ=1000\n"),
            ("sys/devices/system/cpu/intel_pstate/no_turbo", "1\n"),
            ("sys/devices/system/cpu/isolated", "2-3\n"),
            ("sys/devices/system/cpu/nohz_full", "  (null)\n"),
            ("sys/kernel/mm/ksm/run", "1\n"),
            ("sys/class/thermal/thermal_zone0/type", "acpitz\n"),
            ("sys/class/thermal/thermal_zone0/temp", "27800\n"),
            ("sys/class/thermal/thermal_zone1/type", "x86_pkg_temp\n"),
            ("sys/class/thermal/thermal_zone1/temp", "61500\n"),
            ("proc/self/mountinfo", "22 1 0:20 / /proc rw - proc proc rw\n23 1 0:21 / /sys rw - sysfs sysfs rw\n"),
        ]);
        let tuning = Tuning::read(root.path(), "6.8.0-45-generic");
        let expected = Tuning {
            aslr: "full".into(),
            rcu: "expedited".into(),
            tick_hz: Some(1000),
            turbo: "off".into(),
            isolated_cpus: "2-3".into(),
            nohz_full: "none".into(),
            ksm: "on".into(),
            cpu_celsius: Some(61.5),
            mounts: Some(2),
        };
        assert_eq!(tuning, expected);
    }

    #[test]
    fn what_an_empty_machine_does_not_tell_is_not_offered() {
        let tuning = Tuning::read(root_with(&[]).path(), "6.8");
        for fact in [&tuning.aslr, &tuning.rcu, &tuning.turbo, &tuning.isolated_cpus, &tuning.nohz_full, &tuning.ksm] {
            assert_eq!(fact, NOT_OFFERED, "{tuning:?}");
        }
        assert_eq!((tuning.tick_hz, tuning.cpu_celsius, tuning.mounts), (None, None, None));
    }

    #[test]
    fn the_normal_grace_period_wins() {
        assert_eq!(
            (rcu("1", "1").as_str(), rcu("0", "0").as_str(), rcu("0", "1").as_str()),
            ("normal", "default", "normal")
        );
    }

    #[test]
    fn an_amd_machine_tells_turbo_and_heat_elsewhere() {
        let root = root_with(&[
            ("sys/devices/system/cpu/cpufreq/boost", "1\n"),
            ("sys/class/hwmon/hwmon0/name", "nvme\n"),
            ("sys/class/hwmon/hwmon1/name", "k10temp\n"),
            ("sys/class/hwmon/hwmon1/temp1_input", "48250\n"),
        ]);
        let tuning = Tuning::read(root.path(), "6.8");
        assert_eq!((tuning.turbo.as_str(), tuning.cpu_celsius), ("on", Some(48.25)));
    }

    #[test]
    fn the_kernels_own_configuration_is_unpacked() {
        let root = root_with(&[("proc/version", "")]);
        std::fs::write(root.path().join("proc/config.gz"), gzip::packed(b"CONFIG_HZ=250\n", 0, b"")).unwrap();
        assert_eq!(tick_hz(root.path(), "6.8"), Some(250));
    }
}
