//! What docker's default container is (moby, `daemon/pkg/oci/defaults.go`): the table that our container starts from, and
//! that knobs edit.

mod capabilities;

use std::collections::BTreeMap;
use std::path::PathBuf;

pub(crate) use self::capabilities::CAPABILITIES;
use super::namespaces::{NAMESPACES, USUAL};
use super::spec::{Capabilities, Device, DeviceKind, Namespace, Process, Root, Seccomp, Source, Spec, User};
use crate::model::Limits;

pub const HOSTNAME: &str = "isolab";

/// What in /proc and /sys tells about the host, or is dear.
pub const MASKED_PATHS: &[&str] = &[
    "/proc/kcore",
    "/proc/keys",
    "/proc/latency_stats",
    "/proc/timer_list",
    "/proc/timer_stats",
    "/proc/sched_debug",
    "/proc/interrupts",
    "/proc/acpi",
    "/proc/asound",
    "/proc/scsi",
    "/sys/firmware",
    "/sys/devices/virtual/powercap",
];

/// What changes the host. Without it root in a container writes /proc/sysrq-trigger and reboots the machine.
pub const READONLY_PATHS: &[&str] = &["/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger"];

/// The files that programs take for granted, and no way to any device.
pub const DEVICES: &[(&str, u64, u64)] = &[
    ("/dev/null", 1, 3),
    ("/dev/zero", 1, 5),
    ("/dev/full", 1, 7),
    ("/dev/random", 1, 8),
    ("/dev/urandom", 1, 9),
    ("/dev/tty", 5, 0),
];

/// All of it, without a root and a program.
pub fn docker() -> Spec {
    let text = |list: &[&str]| list.iter().map(|text| (*text).to_owned()).collect::<Vec<String>>();
    let kept = text(CAPABILITIES);
    let device = |(path, major, minor): &(&str, u64, u64)| Device {
        path: path.into(),
        kind: DeviceKind::Character,
        major: *major,
        minor: *minor,
        file_mode: 0o666,
    };
    let new = |name: &str| Namespace { name: name.into(), source: Source::New };
    Spec {
        root: Root { path: PathBuf::new(), readonly: false, tmp: false },
        process: Process {
            path: PathBuf::new(),
            argv: Vec::new(),
            env: Vec::new(),
            cwd: None,
            user: User::default(),
            // Inheritable and ambient stay empty, as in docker since CVE-2022-24769.
            capabilities: Some(Capabilities {
                bounding: kept.clone(),
                effective: kept.clone(),
                permitted: kept,
                ..Capabilities::default()
            }),
            rlimits: Vec::new(),
            no_new_privileges: true,
            seccomp: Some(Seccomp::DockerDefault),
        },
        hostname: Some(HOSTNAME.into()),
        namespaces: NAMESPACES.iter().filter(|ns| USUAL.contains(ns.flag)).map(|ns| new(ns.name)).collect(),
        ids: None,
        devices: Some(DEVICES.iter().map(device).collect()),
        masked_paths: text(MASKED_PATHS),
        readonly_paths: text(READONLY_PATHS),
        sysctl: BTreeMap::new(),
        resources: Limits::default(),
        loopback: true,
        init: false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_data_that_goes_there_and_back() {
        let spec = docker();
        let text = serde_json::to_string(&spec).unwrap();
        assert_eq!(serde_json::from_str::<Spec>(&text).unwrap(), spec);
    }
}
