//! The rows of `Spec::mounts`, made ready for the child.

use std::ffi::CString;
use std::fs::read_link;
use std::os::fd::{AsRawFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;
use std::path::{Component, Path, PathBuf};
use std::sync::atomic::AtomicU64;

use nix::fcntl::{OFlag, open};
use nix::sys::stat::{Mode, SFlag, fstat};

use super::namespaces::in_user_namespace;
use super::{node, refused, text};
use crate::container::dev::{Nodes, TERMINALS};
use crate::container::mounts::{Bound, Mounting, Part, What};
use crate::container::spec::{Mount, MountKind, Spec};
use crate::error::{Context, Result};
use crate::lang::Said;
use crate::said;
use crate::sys::mounts::{Depth, Options, attr};

const DESTINATION: &str = "mounts[].destination";

pub(super) fn compile(spec: &Spec) -> Result<Vec<Mounting>> {
    let spec = &with_plain_paths(spec);
    let own_dev = spec.mounts.iter().position(|mount| mount.destination == Path::new("/dev"));
    if own_dev.is_none() && !spec.devices.is_empty() {
        let cause = said!("there is no row for a /dev of its own in mounts", "mounts에 자신의 /dev가 없음");
        return Err(refused("devices[].path", &spec.devices[0].path.display().to_string(), cause));
    }
    let one = |(number, mount)| mounting(spec, number, mount, own_dev.is_some_and(|dev| dev < number));
    let all = spec.mounts.iter().enumerate().map(one).collect::<Result<Vec<_>>>()?;
    if !all.iter().any(|mounting| matches!(mounting.what, What::Proc(_))) {
        let cause = said!("every container has a /proc of its own", "컨테이너에는 자신의 /proc이 있어야 함");
        return Err(refused(DESTINATION, "", cause));
    }
    Ok(all)
}

/// "/dev/" and "/dev" are one place, and are compared as text below.
fn with_plain_paths(spec: &Spec) -> Spec {
    let mut spec = spec.clone();
    for mount in &mut spec.mounts {
        mount.destination = mount.destination.components().collect();
    }
    spec
}

fn mounting(spec: &Spec, number: usize, mount: &Mount, in_own_dev: bool) -> Result<Mounting> {
    let mut options = ForMount::of(mount)?;
    let on_the_way = on_the_way(mount)?;
    read_only_all_the_same(spec, mount)?;
    let mut file_system = || std::mem::take(&mut options.file_system);
    let name_in_dev = mount.destination.strip_prefix("/dev").ok().filter(|name| name.components().count() == 1);
    let what = match (mount.kind, mount.destination.to_str()) {
        (MountKind::Proc, Some("/proc")) => What::Proc(file_system()),
        (MountKind::Proc, _) => {
            return Err(bad(mount, said!("a proc is mounted on /proc alone", "proc은 /proc에만 마운트함")));
        }
        (_, Some("/proc")) => {
            let cause = said!(
                "every container has a proc there: programs trust what they read in it",
                "모든 컨테이너의 그 자리에는 proc이 있어야 함: 프로그램이 거기서 읽는 것을 믿음"
            );
            return Err(bad(mount, cause).try_this(Said::english("\"type\": \"proc\"")));
        }
        (MountKind::Tmpfs, Some("/dev")) => What::Dev {
            options: file_system(),
            nodes: if in_user_namespace(spec) { Nodes::Borrowed } else { Nodes::Made },
            devices: spec.devices.iter().map(|device| node(device, in_user_namespace(spec))).collect::<Result<_>>()?,
            folders: folders_of_dev(spec)?,
        },
        (_, Some("/dev")) => {
            let cause = said!("in this version /dev is a tmpfs of its own", "이 버전에서 /dev는 자신의 tmpfs임");
            return Err(bad(mount, cause));
        }
        (MountKind::Devpts, _) if in_own_dev && name_in_dev.is_some_and(are_terminals) => {
            What::Terminals(file_system())
        }
        (MountKind::Tmpfs, _) if in_own_dev && name_in_dev.is_some() && is_part_of_dev(spec, mount) => {
            What::PartOfDev(text(DESTINATION, name_in_dev.unwrap_or(Path::new("")))?)
        }
        (MountKind::Bind, _) => What::Bind(bound(mount, options.depth)?),
        (kind, _) => What::New(name_of(kind), file_system()),
    };
    if matches!(what, What::New(name, _) if name != c"devpts") || matches!(what, What::Bind(_)) {
        options.forbid_devices();
    }
    Ok(Mounting {
        path: on_the_way.last().map(|part| part.path.clone()).unwrap_or_default(),
        seen: !is_covered(spec, number),
        on_the_way,
        what,
        attributes: options.attributes,
        taken: options.taken,
        below: options.below,
        id: AtomicU64::new(0),
    })
}

pub(super) fn protects_sys(spec: &Spec) -> bool {
    !spec.masked_paths.is_empty() || !spec.readonly_paths.is_empty()
}

/// What becomes read-only when all is mounted, whatever its row says.
fn read_only_all_the_same(spec: &Spec, mount: &Mount) -> Result<()> {
    let place = mount.destination.as_path();
    let below_sys = protects_sys(spec) && place.starts_with("/sys");
    let cause = || said!("{path} becomes read-only", "{path}은(는) 읽기 전용이 됨", path = place.display());
    let last = mount.options.iter().rev().find(|option| ["ro", "rw"].contains(&option.as_str()));
    match last.map(String::as_str) {
        Some("rw") if below_sys || place == Path::new("/dev") => Err(option_refused("rw", cause())),
        None if below_sys && place != Path::new("/sys") && mount.kind != MountKind::Sysfs => {
            Err(bad(mount, cause()).try_this(Said::english("ro")))
        }
        _ => Ok(()),
    }
}

fn bad(mount: &Mount, cause: Said) -> crate::error::Error {
    refused(DESTINATION, &mount.destination.display().to_string(), cause)
}

fn name_of(kind: MountKind) -> &'static std::ffi::CStr {
    match kind {
        MountKind::Proc => c"proc",
        MountKind::Sysfs => c"sysfs",
        MountKind::Tmpfs => c"tmpfs",
        MountKind::Devpts => c"devpts",
        MountKind::Mqueue => c"mqueue",
        MountKind::Bind => c"none",
    }
}

fn are_terminals(name: &Path) -> bool {
    name.as_os_str().as_bytes() == TERMINALS.to_bytes()
}

/// Each folder on the way to the destination, and that itself.
fn on_the_way(mount: &Mount) -> Result<Vec<Part>> {
    let cause = || said!("it is no absolute path below / without ..", "..이 없는 / 아래의 절대 경로가 아님");
    let parts = mount.destination.strip_prefix("/").ok().and_then(parts_of).ok_or_else(|| bad(mount, cause()))?;
    let path = parts.last().map(|(_, path)| path.clone()).unwrap_or_default();
    let part =
        |(name, path): (_, PathBuf)| Ok(Part { name: text(DESTINATION, name)?, path: text(DESTINATION, &path)? });
    let way = parts.into_iter().map(part).collect::<Result<Vec<_>>>()?;
    let below_proc = path.starts_with("proc") && path != Path::new("proc");
    match (way.is_empty(), below_proc) {
        (true, _) => Err(bad(mount, cause())),
        (_, true) => Err(bad(mount, said!("nothing is mounted below /proc", "/proc 아래에는 마운트하지 않음"))),
        _ => Ok(way),
    }
}

/// The name of each folder on the way, and the path to it; None: it goes up.
pub(super) fn parts_of(below_root: &Path) -> Option<Vec<(&Path, PathBuf)>> {
    let mut path = PathBuf::new();
    let mut part = |part| match part {
        Component::Normal(name) => {
            path.push(name);
            Some((Path::new(name), path.clone()))
        }
        _ => None,
    };
    below_root.components().map(&mut part).collect()
}

/// A later mount, or what hides paths, lies over it.
fn is_covered(spec: &Spec, number: usize) -> bool {
    let this = &spec.mounts[number].destination;
    let later = spec.mounts[number + 1..].iter().map(|mount| mount.destination.as_path());
    let hidden = spec.masked_paths.iter().chain(&spec.readonly_paths).map(Path::new);
    later.chain(hidden).any(|path| this.starts_with(path)) || this.starts_with("/sys")
}

/// A tmpfs that has what /dev has but for its mode, and is as quiet as that: then one file system serves for both.
fn is_part_of_dev(spec: &Spec, mount: &Mount) -> bool {
    let bare = |mount: &Mount| {
        let mut options = mount.options.clone();
        options.retain(|option| !option.starts_with("mode=") && option != "nodev");
        options.sort();
        options
    };
    let quiet = mount.options.iter().any(|option| option == "nodev");
    let is_its_own = |option: &String| option == "ro" || option.starts_with("uid=") || option.starts_with("gid=");
    let dev = spec.mounts.iter().find(|mount| mount.destination == Path::new("/dev"));
    quiet
        && !mount.options.iter().any(is_its_own)
        && dev.is_some_and(|dev| dev.kind == MountKind::Tmpfs && bare(dev) == bare(mount))
}

/// What is mounted right in its own /dev finds a folder there.
fn folders_of_dev(spec: &Spec) -> Result<Vec<(CString, Mode)>> {
    let mut folders = Vec::new();
    for mount in &spec.mounts {
        let name = mount.destination.strip_prefix("/dev").ok().filter(|name| name.components().count() == 1);
        let bound = mount.source.as_ref().filter(|_| mount.kind == MountKind::Bind); // "tmpfs" is a source, too
        let is_file = || bound.is_some_and(|source| !source.is_dir());
        let Some(name) = name.filter(|_| !is_file()) else { continue };
        let name = text(DESTINATION, name)?;
        let mode = mount.options.iter().rev().find_map(|option| option.strip_prefix("mode="));
        let mode = mode.filter(|_| is_part_of_dev(spec, mount)).map(|mode| u32::from_str_radix(mode, 8));
        let mode = mode
            .transpose()
            .map_err(|_| option_refused(&mount.options.join(","), said!("it is no octal number", "8진수가 아님")))?;
        if folders.iter().all(|(other, _)| *other != name) {
            folders.push((name, Mode::from_bits_truncate(mode.unwrap_or(0o755))));
        }
    }
    Ok(folders)
}

/// Opened with the caller's rights, through whatever links he follows.
fn bound(mount: &Mount, depth: Option<Depth>) -> Result<Bound> {
    let Some(source) = &mount.source else {
        return Err(refused(
            "mounts[].source",
            "",
            said!("a bind mount has a source", "bind 마운트에는 원본이 있어야 함"),
        ));
    };
    let doing = || said!("open {path} to mount it", "마운트할 {path}을(를) 열 수 없습니다", path = source.display());
    let held: OwnedFd = open(source, OFlag::O_PATH | OFlag::O_CLOEXEC, Mode::empty()).doing(doing)?;
    let real = read_link(format!("/proc/self/fd/{}", held.as_raw_fd())).doing(doing)?;
    let is_folder = fstat(&held).doing(doing)?.st_mode & SFlag::S_IFMT.bits() == SFlag::S_IFDIR.bits();
    Ok(Bound { path: text("mounts[].source", &real)?, held, depth: depth.unwrap_or(Depth::One), is_folder })
}

/// What the options of mount(8) ask for.
struct ForMount {
    attributes: u64,
    /// Expressly not wanted: what is bound may have them from its place on the host.
    taken: u64,
    /// For all mounts that come with it.
    below: u64,
    depth: Option<Depth>,
    devices: bool,
    file_system: Options,
}

/// Option, its attribute, and is it forbidden by it?
const ATTRIBUTES: &[(&str, u64, bool)] = &[
    ("ro", attr::READ_ONLY, true),
    ("rw", attr::READ_ONLY, false),
    ("nosuid", attr::NO_SUID, true),
    ("suid", attr::NO_SUID, false),
    ("nodev", attr::NO_DEVICES, true),
    ("dev", attr::NO_DEVICES, false),
    ("noexec", attr::NO_EXEC, true),
    ("exec", attr::NO_EXEC, false),
];

/// Of a new file system alone: for one that is bound the kernel may forbid them.
const ACCESS_TIMES: &[(&str, u64)] = &[
    ("noatime", attr::NO_ATIME),
    ("strictatime", attr::STRICT_ATIME),
    ("relatime", 0),
    ("nodiratime", attr::NO_DIR_ATIME),
];

impl ForMount {
    fn of(mount: &Mount) -> Result<ForMount> {
        let is_bind = mount.kind == MountKind::Bind;
        let mut this = ForMount {
            attributes: 0,
            taken: 0,
            below: 0,
            depth: None,
            devices: false,
            file_system: Options::default(),
        };
        for option in &mount.options {
            this.add(option, is_bind)?;
        }
        Ok(this)
    }

    fn add(&mut self, option: &str, is_bind: bool) -> Result<()> {
        let (name, value) = option.split_once('=').unwrap_or((option, ""));
        let plain = |wanted: &str| ATTRIBUTES.iter().find(|(name, ..)| *name == wanted);
        if let Some((_, attribute, forbidden)) = plain(option) {
            let (set, cleared) = if *forbidden { (*attribute, 0) } else { (0, *attribute) };
            self.attributes = (self.attributes & !cleared) | set;
            self.taken = (self.taken & !set) | cleared;
            self.devices |= option == "dev";
            return Ok(());
        }
        if let Some((_, attribute, true)) = option.strip_prefix('r').and_then(plain).filter(|_| is_bind) {
            self.below |= attribute;
            return Ok(());
        }
        if let Some((_, attribute)) = ACCESS_TIMES.iter().find(|(name, _)| *name == option && !is_bind) {
            self.attributes |= attribute;
            return Ok(());
        }
        match option {
            "bind" if is_bind => self.depth = self.depth.or(Some(Depth::One)),
            "rbind" if is_bind => self.depth = Some(Depth::WithAllBelow),
            "private" | "rprivate" | "defaults" => {} // all of them are private
            "shared" | "rshared" | "slave" | "rslave" | "unbindable" | "runbindable" => {
                let cause = said!(
                    "no mount of a container is shared with the host",
                    "컨테이너의 마운트는 호스트와 나누지 않음"
                );
                return Err(option_refused(option, cause));
            }
            _ if is_bind => {
                return Err(option_refused(
                    option,
                    said!("a bind mount has no such option", "bind 마운트에 그런 옵션이 없음"),
                ));
            }
            _ => self.file_system.push((text(OPTIONS, Path::new(name))?, text(OPTIONS, Path::new(value))?)),
        }
        Ok(())
    }

    fn forbid_devices(&mut self) {
        if !self.devices {
            self.attributes |= attr::NO_DEVICES;
            self.below |= attr::NO_DEVICES;
        }
    }
}

const OPTIONS: &str = "mounts[].options[]";

fn option_refused(option: &str, cause: Said) -> crate::error::Error {
    refused(OPTIONS, option, cause)
}
