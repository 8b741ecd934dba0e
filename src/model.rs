//! Plain data that every room shares: what to run, what was seen, in which unit.

use crate::any_path;
use crate::lang::Said;
use crate::said;
use std::ffi::OsString;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

pub use crate::probe::abi::Record;

/// What an environment is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    Process,
    /// A container of our own runtime.
    Container,
    /// A container of somebody else's.
    Engine,
    /// A virtual machine.
    Machine,
    /// Nothing runs in it; or a file of another version says what this one does not know.
    #[serde(other)]
    Other,
}

impl Kind {
    pub fn is_container(self) -> bool {
        matches!(self, Kind::Container | Kind::Engine)
    }
}

/// How the program's records reach the host.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Channel {
    /// A pipe, as its descriptor 3.
    Fd,
    /// An I/O port of its virtual machine.
    Port,
}

impl Channel {
    pub fn name(self) -> &'static str {
        match self {
            Channel::Fd => "fd",
            Channel::Port => "port",
        }
    }
}

/// Whose code answers the program's system calls.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum AnsweredBy {
    HostKernel,
    /// Two pages of ours: a floor, not what Linux costs.
    OwnGuestKernel,
    /// A Linux of its own, in a virtual machine.
    GuestLinux,
    /// Nobody: nothing runs.
    Nobody,
}

/// What a program may use of the host, beside CPUs. A value of another version is "other".
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reach {
    /// The whole RAM of its guest, as one types it; None: no limit of its own.
    pub guest_ram: Option<String>,
    pub files: FileTree,
    pub network: Network,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FileTree {
    Hosts,
    /// A root of its own.
    Own,
    None,
    #[serde(other)]
    Other,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Network {
    Hosts,
    /// A namespace of its own, with loopback alone.
    Loopback,
    /// A namespace of its own, where nothing is up.
    Down,
    None,
    #[serde(other)]
    Other,
}

/// The kernel that a guest boots.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct GuestKernel {
    /// "6.1.0-57-cloud-amd64"; None: its file does not tell.
    pub version: Option<String>,
    pub sha256: String,
    /// "bzImage" or "vmlinux".
    pub format: String,
}

/// One program to run in one environment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Task {
    pub rootfs: Rootfs,
    /// `argv[0]` is looked up as a shell would: with a slash it is a path inside the rootfs, else PATH decides.
    pub argv: Vec<OsString>,
    pub env: Vec<(OsString, OsString)>,
    pub io: Io,
    pub limits: Limits,
    /// Does the program say when it is ready? Only our probe does.
    pub ready: bool,
    /// A small PID 1 shall stand before it where it would be PID 1 itself: what it sends to itself then reaches it, as anywhere.
    #[serde(default)]
    pub init: bool,
    /// Of a guest with drivers for them: /dev/vda, /dev/vdb …
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub disks: Vec<Disk>,
    /// A file descriptor of the caller that becomes the program's fd 4, from which `hold` waits to be released.
    #[serde(skip)]
    pub release: Option<i32>,
}

/// A file of the host that a guest has as a disk.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Disk {
    #[serde(with = "any_path")]
    pub path: PathBuf,
    pub read_only: bool,
}

/// What the program sees as `/`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Rootfs {
    /// A folder that holds the probe and mount points, nothing else. A `process` runs the probe from it, unconfined.
    Probe,
    /// This folder; `/` is the host's own tree, shown read-only.
    Dir(#[serde(with = "any_path")] PathBuf),
}

/// Where the program's standard streams go.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Io {
    Null,
    /// The caller's: a process has the same files, everything else copies of what goes through them.
    Inherit(Attach),
}

/// How much the caller's terminal is meant; docker's `-i` and `-t`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attach {
    /// What is typed reaches the program, even where its output does not go to a terminal.
    pub interactive: bool,
    /// It gets a terminal, even where the caller has none.
    pub tty: bool,
}

/// Limits that the environment must enforce; None: no limit.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Limits {
    pub memory_bytes: Option<u64>,
    pub pids: Option<u64>,
    /// Hundredths of one CPU: 50 = half a CPU.
    pub cpu_percent: Option<u64>,
}

/// How a program ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Exit {
    Code(i32),
    Signal(i32),
}

impl Exit {
    /// As a shell and docker tell it: the code, or 128 + the signal.
    pub fn code(self) -> i32 {
        match self {
            Exit::Code(code) => code,
            Exit::Signal(signal) => 128 + signal,
        }
    }

    /// "exit status 3", "killed by signal 9".
    pub fn in_words(self) -> Said {
        match self {
            Exit::Code(code) => said!("exit status {code}", "종료 상태 {code}"),
            Exit::Signal(signal) => said!("killed by signal {signal}", "시그널 {signal}(으)로 끝남"),
        }
    }
}

/// The unit of a number, always kept beside it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Unit {
    #[serde(rename = "ns")]
    Nanoseconds,
    #[serde(rename = "bytes")]
    Bytes,
    #[serde(rename = "count")]
    Count,
    #[serde(rename = "1/s")]
    PerSecond,
    #[serde(rename = "bytes/byte")]
    BytesPerByte,
}

impl Unit {
    pub fn name(self) -> &'static str {
        match self {
            Unit::Nanoseconds => "ns",
            Unit::Bytes => "bytes",
            Unit::Count => "count",
            Unit::PerSecond => "1/s",
            Unit::BytesPerByte => "bytes/byte",
        }
    }
}

/// One part of what an instance takes: memory by kind, or objects by kind.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Part {
    /// "private", "kernel", "guest RAM", "namespace:net", "kvm:vcpu" …
    pub what: String,
    pub amount: u64,
    pub unit: Unit,
    /// Where the number came from: "/proc/PID/smaps_rollup Private_*".
    pub source: String,
    #[serde(default, skip_serializing_if = "Owner::is_instance")]
    pub owner: Owner,
}

/// Whose a part is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Owner {
    /// The instance's: it is gone when the instance is.
    #[default]
    Instance,
    /// A daemon's that serves all instances of an engine, and stays when the last of them has gone.
    Daemon,
}

impl Owner {
    #[expect(clippy::trivially_copy_pass_by_ref, reason = "as serde calls it")]
    fn is_instance(&self) -> bool {
        *self == Owner::Instance
    }
}

impl Part {
    pub fn bytes(what: &str, amount: u64, source: &str) -> Part {
        Part::new(what, amount, Unit::Bytes, source)
    }

    pub fn count(what: &str, amount: u64, source: &str) -> Part {
        Part::new(what, amount, Unit::Count, source)
    }

    pub fn new(what: &str, amount: u64, unit: Unit, source: &str) -> Part {
        Part { what: what.into(), amount, unit, source: source.into(), owner: Owner::Instance }
    }

    /// One object of a kind that has several sorts: "namespace:net", "kvm:vcpu".
    pub fn object(kind: &str, sort: &str, amount: u64, source: &str) -> Part {
        Part::count(&format!("{kind}:{sort}"), amount, source)
    }

    /// "net" of "namespace:net". None: of another kind.
    pub fn sort_of(&self, kind: &str) -> Option<&str> {
        self.what.strip_prefix(kind)?.strip_prefix(':')
    }

    /// Memory of the daemon of this name.
    pub fn of_daemon(name: &str, amount: u64, source: &str) -> Part {
        Part { owner: Owner::Daemon, ..Part::bytes(name, amount, source) }
    }
}
/// Which build of isolab this is.
#[derive(Debug, Clone, Copy, Default)]
pub struct Build {
    /// Of git, with "+changes" where the sources are not those of it; or "unknown".
    pub commit: &'static str,
    /// "debug" or "release".
    pub profile: &'static str,
    /// The compiler, as it names itself.
    pub rustc: &'static str,
}
