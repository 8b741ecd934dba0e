//! What has a name and a plan, and no code yet. Whoever asks for it hears that, and not that it is unknown.

use crate::lang::Said;

pub const NOT_HERE: Said = Said::fixed("it is planned, but not in this version", "계획되어 있으나 이 버전에는 없음");

pub const ENVIRONMENTS: &[&str] = &[
    "chroot",
    "runc",
    "crun",
    "bwrap",
    "podman",
    "docker",
    "containerd",
    "lxc",
    "qemu-tcg",
    "qemu-kvm",
    "firecracker",
];

pub const EXPERIMENTS: &[&str] = &[
    "exits",
    "share",
    "density",
    "disk",
    "layers",
    "copyup",
    "build",
    "start-size",
    "life",
    "cgroup",
    "isolation",
    "surface",
    "kernel",
    "path",
    "net",
    "crash",
    "snapshot",
    "portable",
];

pub const CHARTS: &[&str] = &[
    "path",
    "ladder",
    "identity",
    "exits",
    "share",
    "layers",
    "cgroup",
    "life",
    "build",
    "isolation",
    "surface",
    "net",
    "survive",
    "claims",
];

/// Of the whole course; some have their page already.
pub const CHAPTERS: std::ops::RangeInclusive<u32> = 0..=14;

/// Does a claim that names it have to wait?
pub fn is_measured_later(name: &str) -> bool {
    ENVIRONMENTS.contains(&name) || EXPERIMENTS.contains(&name)
}
