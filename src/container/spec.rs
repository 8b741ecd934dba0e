//! What a container shall be, as data: owned, complete, and nothing of this machine in it. [`super::presets`] has docker's
//! default; [`super::Plan`] makes of it what can be done without allocating.
//!
//! Names and meanings are those of the OCI runtime specification (`config.md`, `config-linux.md`).

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::idmap::IdMap;
use super::seccomp::{self, Profile};
use crate::model::Limits;

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Spec {
    pub root: Root,
    pub process: Process,
    /// None: the one outside, where the uts namespace is not its own.
    pub hostname: Option<String>,
    /// Each but once. `mnt` is new or joined: else its mounts would be the host's. In a joined one nothing is mounted: root folder,
    /// mounts, devices, hidden paths and sysctl are refused. A user namespace has a pid namespace with it, for /proc.
    pub namespaces: Vec<Namespace>,
    /// Exactly when it has a user namespace of its own; in a joined one it is that one's root.
    pub ids: Option<IdMap>,
    /// In this order; /sys is the root folder's own, if there is one.
    pub mounts: Vec<Mount>,
    /// Of its own /dev. Without such a mount /dev is the root folder's, where no device is alive.
    pub devices: Vec<Device>,
    /// Absolute paths over which nothing lies: a file becomes a null device, a folder an empty one. Not /proc, /sys or /dev as a
    /// whole.
    pub masked_paths: Vec<String>,
    pub readonly_paths: Vec<String>,
    /// "net.ipv4.ip_forward" and its value, of namespaces that are its own.
    pub sysctl: BTreeMap<String, String>,
    pub resources: Limits,
    /// The loopback device of its own network is up.
    pub loopback: bool,
    /// A small PID 1 stands before the program.
    pub init: bool,
    pub hooks: Hooks,
    /// For whoever reads the state; nothing here looks at them.
    pub annotations: BTreeMap<String, String>,
}

/// Programs that run at moments of its life; see [`super::hooks`].
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hooks {
    pub prestart: Vec<Hook>,
    pub create_runtime: Vec<Hook>,
    pub create_container: Vec<Hook>,
    pub start_container: Vec<Hook>,
    pub poststart: Vec<Hook>,
    pub poststop: Vec<Hook>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hook {
    /// As we see it; of a startContainer hook as the container sees it.
    pub path: PathBuf,
    /// With its name as the first; empty: its path alone.
    pub args: Vec<OsString>,
    pub env: Vec<(OsString, OsString)>,
    pub timeout_s: Option<u64>,
}

/// What the program sees as `/`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Root {
    pub folders: RootFolders,
    pub readonly: bool,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RootFolders {
    Dir(PathBuf),
    /// Folders on top of each other, the uppermost first. What is written goes to `upper`; `work` is an empty folder of the
    /// same file system.
    Overlay {
        lower: Vec<PathBuf>,
        upper: PathBuf,
        work: PathBuf,
    },
}

impl RootFolders {
    /// The folder over which it is mounted.
    pub fn top(&self) -> &Path {
        match self {
            RootFolders::Dir(top) | RootFolders::Overlay { upper: top, .. } => top,
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Process {
    /// As the container sees it.
    pub path: PathBuf,
    pub argv: Vec<OsString>,
    pub env: Vec<(OsString, OsString)>,
    /// Where it begins; None: `/`.
    pub cwd: Option<PathBuf>,
    pub without_cwd: WithoutCwd,
    pub user: User,
    /// None: all that we have.
    pub capabilities: Option<Capabilities>,
    pub rlimits: Vec<Rlimit>,
    pub no_new_privileges: bool,
    pub seccomp: Option<Seccomp>,
}

/// What becomes of a container in which `cwd` cannot be entered.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum WithoutCwd {
    /// An error.
    #[default]
    Refuse,
    /// One that is not there is made, root's and with mode 0755, as docker (`-w`, WORKDIR) and runc do; else as above.
    Make,
    /// It begins in `/`.
    Top,
}

/// Ids inside.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct User {
    pub uid: u32,
    pub gid: u32,
    pub additional_gids: Vec<u32>,
}

impl User {
    pub fn is_root(&self) -> bool {
        *self == User::default()
    }
}

/// The five sets of capabilities(7), by name: "CAP_KILL".
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Capabilities {
    pub bounding: Vec<String>,
    pub effective: Vec<String>,
    pub permitted: Vec<String>,
    pub inheritable: Vec<String>,
    pub ambient: Vec<String>,
}

/// A limit of getrlimit(2): "RLIMIT_NOFILE".
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rlimit {
    pub name: String,
    pub soft: u64,
    pub hard: u64,
}

/// Which system calls are allowed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "Profile", into = "Profile")]
pub enum Seccomp {
    /// The value [`super::seccomp::docker_default`], of which isolab has the filter already.
    DockerDefault,
    Profile(Profile),
}

impl From<Profile> for Seccomp {
    fn from(profile: Profile) -> Seccomp {
        if profile == seccomp::docker_default() { Seccomp::DockerDefault } else { Seccomp::Profile(profile) }
    }
}

impl From<Seccomp> for Profile {
    fn from(seccomp: Seccomp) -> Profile {
        match seccomp {
            Seccomp::DockerDefault => seccomp::docker_default(),
            Seccomp::Profile(profile) => profile,
        }
    }
}

/// A file system below the root.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mount {
    pub destination: PathBuf,
    #[serde(rename = "type")]
    pub kind: MountKind,
    /// The host's file or folder, of [`MountKind::Bind`].
    pub source: Option<PathBuf>,
    /// As of mount(8). No device is alive without `dev` (but in its own /dev): the container may make device files.
    pub options: Vec<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum MountKind {
    Proc,
    Sysfs,
    Tmpfs,
    Devpts,
    Mqueue,
    Bind,
}

/// A namespace other than the caller's.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Namespace {
    /// As in /proc/PID/ns.
    pub name: String,
    pub source: Source,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Source {
    New,
    /// One that is there: a file of /proc/PID/ns, or where such a file was bound.
    Join(PathBuf),
}

/// A device file of its own /dev.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Device {
    /// "/dev/null".
    pub path: PathBuf,
    pub kind: DeviceKind,
    pub major: u64,
    pub minor: u64,
    /// In a user namespace the file is the host's own, and so is its mode: another one than 0666, docker's, is refused there.
    pub file_mode: u32,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum DeviceKind {
    #[serde(rename = "c")]
    Character,
    #[serde(rename = "b")]
    Block,
}
