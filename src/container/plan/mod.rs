//! From what a container shall be to what its child does: strings that end in NUL, open files, the compiled filter. All of
//! it is made before t0, since the child may not allocate, and what cannot be is refused here, by its field's name.

mod mounts;
mod namespaces;
mod overlay;

use std::ffi::CString;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::rc::Rc;

use nix::libc::rlim_t;
use nix::sched::CloneFlags;
use nix::sys::resource::Resource;
use nix::sys::stat::{Mode, SFlag, makedev};

use super::capabilities::{self, Sets};
use super::cgroup::Tree;
use super::cwd::Cwd;
use super::dev::Node;
use super::folder::Folder;
use super::handshake::Step;
use super::hooks;
use super::idmap::IdMap;
use super::mask::{Hidden, whole_proc};
use super::mounts::{Mounting, Part, What};
use super::namespaces::Joined;
use super::overlay::Overlay;
use super::seccomp::Filter;
use super::spec::{Capabilities, Device, DeviceKind, Hooks, Rlimit, RootFolders, Seccomp, Spec, User, WithoutCwd};
use crate::error::{Error, Result};
use crate::lang::Said;
use crate::model::Limits;
use crate::said;
use crate::sys::exec::Image;
use crate::sys::signals::Ignored;

/// What belongs to this machine and this caller, not to the container.
#[derive(Debug)]
pub struct Place {
    /// The top of `Spec::root.folders`, opened once.
    pub root: Folder,
    /// By [`crate::sys::landlock`]: only files below the root may be executed, and no device file made. None: nothing of that.
    pub confined: Option<OwnedFd>,
    /// Where its own cgroup is made; None: it stays in ours.
    pub cgroup: Option<Tree>,
    /// The cgroup's name, without the number that makes it unique.
    pub cgroup_name: String,
    /// What hooks know it by.
    pub id: String,
    pub bundle: PathBuf,
    /// Signals that our caller has us ignore; the program shall not.
    pub ignored: Ignored,
    /// The child is a copy of us; see [`Plan::needs_fork`].
    pub fork: bool,
    /// It may outlive us.
    pub detachable: bool,
}

/// One container, compiled.
#[derive(Debug)]
#[expect(clippy::struct_excessive_bools, reason = "each is one part of a container that can be taken away by itself")]
pub struct Plan {
    pub root: OwnedFd,
    /// What is mounted as the root in place of the folder.
    pub overlay: Option<Overlay>,
    pub read_only: bool,
    /// It is the host's own root; see [`super::hosts_view`].
    pub hosts_root: bool,
    pub program: Image,
    pub confined: Option<OwnedFd>,
    /// New ones; `user` exactly when `ids` is Some.
    pub namespaces: CloneFlags,
    pub joined: Joined,
    pub ids: Option<IdMap>,
    pub cgroup: Option<Tree>,
    pub cgroup_name: String,
    pub limits: Limits,
    pub mounts: Vec<Mounting>,
    pub hidden: Vec<Hidden>,
    /// Its /sys becomes read-only.
    pub protects_sys: bool,
    /// Paths below /proc, and what is written there.
    pub sysctl: Vec<(CString, String)>,
    pub cwd: Option<Cwd>,
    pub hostname: Option<CString>,
    pub loopback: bool,
    pub user: User,
    pub capabilities: Option<Sets>,
    pub rlimits: Vec<(Resource, rlim_t, rlim_t)>,
    pub no_new_privileges: bool,
    pub filter: Option<Filter>,
    pub ignored: Ignored,
    pub fork: bool,
    /// A small PID 1 in front of the program.
    pub init: bool,
    pub detachable: bool,
    /// None: there are none.
    pub hooks: Option<Rc<hooks::Ready>>,
}

impl Plan {
    /// # Errors
    /// A field that cannot be honoured, by its name; or a program whose arguments cannot be passed on.
    pub fn compile(spec: &Spec, place: Place) -> Result<Plan> {
        let process = &spec.process;
        let (namespaces, joined) = namespaces::compile(spec, place.confined.is_some())?;
        let capabilities = process.capabilities.as_ref().map(sets).transpose()?;
        if place.cgroup.is_none() && spec.resources != Limits::default() {
            let cause = said!("it has no cgroup of its own", "자신의 컨트롤 그룹이 없음");
            return Err(refused("resources", &format!("{:?}", spec.resources), cause));
        }
        Ok(Plan {
            hooks: compile_hooks(spec, &place)?,
            overlay: overlay::compile(spec, place.confined.is_some())?,
            read_only: spec.root.readonly,
            hosts_root: place.root.is_hosts_root(),
            root: place.root.into(),
            program: Image::new(process.path.as_os_str(), &process.argv, &process.env)?,
            confined: place.confined,
            namespaces,
            ids: spec.ids,
            cgroup: place.cgroup,
            cgroup_name: place.cgroup_name,
            limits: spec.resources,
            mounts: if joined.has(CloneFlags::CLONE_NEWNS) { Vec::new() } else { mounts::compile(spec)? },
            hidden: hidden(spec)?,
            protects_sys: mounts::protects_sys(spec),
            sysctl: spec.sysctl.iter().map(|(name, value)| sysctl(spec, name, value)).collect::<Result<_>>()?,
            cwd: process.cwd.as_ref().map(|path| cwd(path, process.without_cwd)).transpose()?,
            hostname: spec.hostname.as_ref().map(|name| text("hostname", Path::new(name))).transpose()?,
            loopback: spec.loopback,
            user: process.user.clone(),
            capabilities,
            rlimits: rlimits(&process.rlimits)?,
            no_new_privileges: process.no_new_privileges,
            filter: process.seccomp.as_ref().map(filter).transpose()?,
            ignored: place.ignored,
            fork: place.fork,
            init: spec.init,
            detachable: place.detachable,
            joined,
        })
    }

    /// A copy of us can wait: for its id map, at its program's door, as a PID 1 that stays. It costs a copy of our page
    /// tables, and a page fault for each page that either of us writes. A child that waits for nothing borrows our memory
    /// until exec, while we stand still.
    pub fn needs_fork(&self) -> bool {
        self.fork
            || self.init
            || self.ids.is_some()
            || self.joined.is_delicate()
            || self.hooks.as_ref().is_some_and(|hooks| hooks.need_fork())
    }

    /// Its root is not that of all users.
    pub fn in_user_namespace(&self) -> bool {
        self.ids.is_some() || self.joined.has(CloneFlags::CLONE_NEWUSER)
    }

    /// Device files are alive in it.
    pub fn has_own_dev(&self) -> bool {
        self.mounts.iter().any(|mounting| matches!(mounting.what, What::Dev { .. }))
    }

    /// What the child was at, in a step that does several things.
    pub fn part_of(&self, step: Step, number: usize) -> Option<Said> {
        match step {
            Step::Mask => self.hidden.get(number).map(|hidden| {
                let path = hidden.path();
                said!("hide {path}", "{path}을(를) 가릴 수 없습니다")
            }),
            Step::Mount => self.mounts.get(number).map(|mounting| {
                let path = mounting.path.to_string_lossy();
                said!("mount /{path}", "/{path}을(를) 마운트할 수 없습니다")
            }),
            Step::Sysctl => self.sysctl.get(number).map(|(path, value)| {
                let path = path.to_string_lossy();
                said!("write {value} to /proc/{path}", "/proc/{path}에 {value}을(를) 쓸 수 없습니다")
            }),
            Step::Cwd => self.cwd.as_ref().map(|cwd| {
                let path = cwd.path();
                said!("begin in the folder {path}", "폴더 {path}에서 시작할 수 없습니다")
            }),
            Step::Hook => self.hooks.as_ref()?.part_of(number),
            Step::JoinNamespaces => self.joined.0.get(number).map(|other| {
                let (name, path) = (other.name, &other.path);
                said!("join the {name} namespace {path}", "{name} 네임스페이스 {path}에 들어갈 수 없습니다")
            }),
            _ => None,
        }
    }
}

fn cwd(path: &Path, without: WithoutCwd) -> Result<Cwd> {
    let shown = path.display().to_string();
    let parts = path.strip_prefix("/").ok().and_then(mounts::parts_of);
    let Some(parts) = parts else {
        return Err(refused(
            "process.cwd",
            &shown,
            said!("it is no absolute path without ..", "..이 없는 절대 경로가 아님"),
        ));
    };
    let part =
        |(name, path): (_, PathBuf)| Ok(Part { name: text("process.cwd", name)?, path: text("process.cwd", &path)? });
    Ok(Cwd { parts: parts.into_iter().map(part).collect::<Result<_>>()?, without })
}

fn filter(seccomp: &Seccomp) -> Result<Filter> {
    match seccomp {
        Seccomp::DockerDefault => Ok(Filter::docker_default()),
        Seccomp::Profile(profile) => Filter::compile(profile),
    }
}

fn compile_hooks(spec: &Spec, place: &Place) -> Result<Option<Rc<hooks::Ready>>> {
    if spec.hooks == Hooks::default() {
        return Ok(None);
    }
    let is_ours = matches!(spec.root.folders, RootFolders::Dir(_)) && namespaces::has_own(spec, "mnt");
    let state = hooks::State::new(&place.id, &place.bundle, &spec.annotations);
    hooks::Ready::compile(&spec.hooks, state, is_ours.then_some(&place.root)).map(Rc::new).map(Some)
}

fn refused(field: &str, value: &str, cause: Said) -> Error {
    Error::usage(
        said!("make a container with {field} = {value:?}", "{field} = {value:?}(으)로 컨테이너를 만들 수 없습니다"),
        cause,
    )
}

fn text(field: &str, value: &Path) -> Result<CString> {
    CString::new(value.as_os_str().as_bytes()).map_err(|_| {
        refused(field, &value.display().to_string(), said!("it contains a NUL byte", "NUL 바이트가 들어 있음"))
    })
}

fn sets(of: &Capabilities) -> Result<Sets> {
    let set = |field: &str, names: &[String]| -> Result<u64> {
        let numbers = names.iter().map(|name| {
            capabilities::number(name).ok_or_else(|| {
                refused(
                    &format!("process.capabilities.{field}"),
                    name,
                    said!("there is no such capability", "그런 capability가 없음"),
                )
            })
        });
        numbers.map(|number| number.map(|n| 1 << n)).try_fold(0, |all: u64, one: Result<u64>| Ok(all | one?))
    };
    Ok(Sets {
        bounding: set("bounding", &of.bounding)?,
        effective: set("effective", &of.effective)?,
        permitted: set("permitted", &of.permitted)?,
        inheritable: set("inheritable", &of.inheritable)?,
        ambient: set("ambient", &of.ambient)?,
    })
}

/// Of a device file that all may use.
const USUAL_MODE: u32 = 0o666;

/// Only files right below /dev: our own has no folders but pts and shm.
fn node(device: &Device, borrowed: bool) -> Result<Node> {
    let shown = device.path.display().to_string();
    if borrowed && device.file_mode != USUAL_MODE {
        let cause = said!(
            "in a user namespace it is the host's own file, whose mode is not ours to change",
            "사용자 네임스페이스에서는 호스트의 파일이므로 모드를 바꿀 수 없음"
        );
        return Err(
            refused("devices[].file_mode", &format!("{:o}", device.file_mode), cause).try_this(Said::english("0666"))
        );
    }
    let name = device.path.strip_prefix("/dev").ok().filter(|name| name.components().count() == 1);
    let Some(name) = name else {
        return Err(refused(
            "devices[].path",
            &shown,
            said!("it is no file right below /dev", "/dev 바로 아래의 파일이 아님"),
        ));
    };
    Ok(Node {
        name: text("devices[].path", name)?,
        host: text("devices[].path", &device.path)?,
        kind: match device.kind {
            DeviceKind::Character => SFlag::S_IFCHR,
            DeviceKind::Block => SFlag::S_IFBLK,
        },
        number: makedev(device.major, device.minor),
        mode: Mode::from_bits_truncate(device.file_mode),
    })
}

/// Hidden ones first: what lies below a read-only path is covered before that is.
fn hidden(spec: &Spec) -> Result<Vec<Hidden>> {
    let one = |field: &str, path: &str, read_only: bool| {
        let plain = path.trim_end_matches('/');
        if ["/proc", "/dev"].contains(&plain) || plain == "/sys" && !read_only {
            let cause =
                said!("not {plain} as a whole: programs look there", "{plain} 전체는 안 됨: 프로그램이 찾는 곳임");
            let advice = said!("what lies below it: {plain}/…", "그 아래의 것을 적으십시오: {plain}/…");
            return Err(refused(field, path, cause).try_this(advice));
        }
        Hidden::new(plain, read_only).ok_or_else(|| {
            refused(field, path, said!("it is no absolute path without .. and NUL", "..과 NUL이 없는 절대 경로가 아님"))
        })
    };
    let masked = spec.masked_paths.iter().map(|path| one("masked_paths", path, false));
    let mut hidden: Vec<Hidden> = masked
        .chain(spec.readonly_paths.iter().map(|path| one("readonly_paths", path, true)))
        .collect::<Result<_>>()?;
    if let Some(proc) = whole_proc() {
        hidden.retain(|hidden| !hidden.is_absent(proc.as_fd()));
    }
    Ok(hidden)
}

/// Only what belongs to a namespace of its own: everything else is the host's (sysctl(2); runc refuses it too).
fn sysctl(spec: &Spec, name: &str, value: &str) -> Result<(CString, String)> {
    let own = |kind: &str| namespaces::has_own(spec, kind);
    let is_own = match name.split('.').next().unwrap_or_default() {
        "net" => own("net"),
        "kernel" if ["kernel.hostname", "kernel.domainname"].contains(&name) => own("uts"),
        "kernel" => ["kernel.msg", "kernel.sem", "kernel.shm"].iter().any(|part| name.starts_with(part)) && own("ipc"),
        "fs" => name.starts_with("fs.mqueue.") && own("ipc"),
        _ => false,
    };
    if !is_own || name.contains('/') || name.split('.').any(str::is_empty) {
        return Err(refused(
            "sysctl",
            name,
            said!(
                "it is the host's, not of a namespace of the container's own",
                "컨테이너 자신의 네임스페이스가 아니라 호스트의 것임"
            ),
        ));
    }
    Ok((text("sysctl", Path::new(&format!("sys/{}", name.replace('.', "/"))))?, value.to_owned()))
}

fn rlimits(all: &[Rlimit]) -> Result<Vec<(Resource, rlim_t, rlim_t)>> {
    let mut compiled: Vec<(Resource, rlim_t, rlim_t)> = Vec::new();
    for limit in all {
        let one = rlimit(limit)?;
        if compiled.iter().any(|(resource, ..)| *resource == one.0) {
            let cause = said!("it is there twice", "두 번 적혀 있음");
            return Err(refused("process.rlimits[].name", &limit.name, cause));
        }
        compiled.push(one);
    }
    Ok(compiled)
}

fn rlimit(limit: &Rlimit) -> Result<(Resource, rlim_t, rlim_t)> {
    const KNOWN: [(&str, Resource); 16] = [
        ("AS", Resource::RLIMIT_AS),
        ("CORE", Resource::RLIMIT_CORE),
        ("CPU", Resource::RLIMIT_CPU),
        ("DATA", Resource::RLIMIT_DATA),
        ("FSIZE", Resource::RLIMIT_FSIZE),
        ("LOCKS", Resource::RLIMIT_LOCKS),
        ("MEMLOCK", Resource::RLIMIT_MEMLOCK),
        ("MSGQUEUE", Resource::RLIMIT_MSGQUEUE),
        ("NICE", Resource::RLIMIT_NICE),
        ("NOFILE", Resource::RLIMIT_NOFILE),
        ("NPROC", Resource::RLIMIT_NPROC),
        ("RSS", Resource::RLIMIT_RSS),
        ("RTPRIO", Resource::RLIMIT_RTPRIO),
        ("RTTIME", Resource::RLIMIT_RTTIME),
        ("SIGPENDING", Resource::RLIMIT_SIGPENDING),
        ("STACK", Resource::RLIMIT_STACK),
    ];
    let name = limit.name.strip_prefix("RLIMIT_").unwrap_or(&limit.name);
    let Some((_, resource)) = KNOWN.iter().find(|(known, _)| *known == name) else {
        return Err(refused(
            "process.rlimits[].name",
            &limit.name,
            said!("there is no such limit", "그런 제한이 없음"),
        ));
    };
    if limit.soft > limit.hard {
        return Err(refused(
            "process.rlimits[].soft",
            &limit.soft.to_string(),
            said!("it is above the hard limit", "하드 제한보다 큼"),
        ));
    }
    Ok((*resource, limit.soft, limit.hard))
}
