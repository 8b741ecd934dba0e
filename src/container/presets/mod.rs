//! What docker's default container is (moby, `daemon/pkg/oci/defaults.go`): the table that our container starts from, and
//! that knobs edit.

pub(super) mod capabilities;

use std::collections::BTreeMap;
use std::path::PathBuf;

pub(crate) use self::capabilities::CAPABILITIES;
use super::namespaces::{NAMESPACES, USUAL};
use super::spec::{
    Capabilities, Device, DeviceKind, Hooks, Mount, MountKind, Namespace, Process, Root, RootFolders, Seccomp, Source,
    Spec, User, WithoutCwd,
};
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

/// Where, what, and how. /dev becomes read-only when its files are there; /dev/shm is a part of its file system, since both
/// have one size.
pub const MOUNTS: &[(&str, MountKind, &[&str])] = &[
    ("/proc", MountKind::Proc, &["nosuid", "nodev", "noexec"]),
    ("/dev", MountKind::Tmpfs, &["nosuid", "noexec", "mode=755", "size=64m", "nr_inodes=16k"]),
    ("/dev/pts", MountKind::Devpts, &["nosuid", "noexec", "ptmxmode=0666", "mode=0620"]),
    ("/dev/shm", MountKind::Tmpfs, &["nosuid", "nodev", "noexec", "mode=1777", "size=64m", "nr_inodes=16k"]),
];

/// Not docker's: where the root folder has no /tmp that can be written to; see [`super::tmp`].
pub const TMP: (&str, MountKind, &[&str]) =
    ("/tmp", MountKind::Tmpfs, &["nosuid", "nodev", "mode=1777", "size=256m", "nr_inodes=16k"]);

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
        root: Root { folders: RootFolders::Dir(PathBuf::new()), readonly: false },
        process: Process {
            path: PathBuf::new(),
            argv: Vec::new(),
            env: Vec::new(),
            cwd: None,
            without_cwd: WithoutCwd::Make,
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
        mounts: MOUNTS.iter().map(mount).collect(),
        devices: DEVICES.iter().map(device).collect(),
        masked_paths: text(MASKED_PATHS),
        readonly_paths: text(READONLY_PATHS),
        sysctl: BTreeMap::new(),
        resources: Limits::default(),
        loopback: true,
        init: false,
        hooks: Hooks::default(),
        annotations: BTreeMap::new(),
    }
}

/// A row of the table.
pub fn mount((destination, kind, options): &(&str, MountKind, &[&str])) -> Mount {
    Mount {
        destination: destination.into(),
        kind: *kind,
        source: None,
        options: options.iter().map(|option| (*option).to_owned()).collect(),
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
