//! A container as an environment: what `container` and `container-rootless` have in common. Here: what is asked for, as a
//! [`Spec`]; `instance`: its life.

mod instance;

use std::ffi::{OsStr, OsString};
use std::fs;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::rc::Rc;

use self::instance::{Plan, Ready};
use super::payload::{env_of, variable};
use super::process::{is_probe, probe_rootfs};
use super::started::Started;
use super::{Knobs, Prepared, Setting, lookup, small_init};
use crate::container::cgroup::Tree;
use crate::container::folder::Folder;
use crate::container::idmap::IdMap;
use crate::container::program::{Program, USUAL_PATH, find};
use crate::container::spec::{Namespace, RootFolders, Source, WithoutCwd};
use crate::container::{self, Place, Spec, presets, tmp};
use crate::error::{Context, Error, Result};
use crate::lang::Said;
use crate::model::{FileTree, Network, Reach, Rootfs, Task};
use crate::probe;
use crate::said;
use crate::sys::landlock::confine_to;
use crate::sys::signals::Ignored;

/// What the two containers decide differently.
#[derive(Debug)]
pub(super) struct Privileges {
    pub(super) ids: Option<IdMap>,
    pub(super) cgroup: Option<Tree>,
    /// Our own process becomes this user (uid, gid) before t0, for good.
    pub(super) become_user: Option<(u32, u32)>,
}

#[rustfmt::skip] // a table
static TOGETHER: [(&str, &str, Said); 8] = [
    ("-net", "-lo", Said::fixed("without a network namespace no loopback device is made: -lo changes nothing", "네트워크 네임스페이스가 없으면 루프백 장치를 만들지 않음: -lo는 아무것도 바꾸지 않음")),
    ("-pid", "+init", Said::fixed("without a pid namespace there is no PID 1 to stand in for", "pid 네임스페이스가 없으면 대신할 PID 1이 없음")),
    ("-pid", "-init", Said::fixed("without a pid namespace there is no PID 1 that a program could be: -init changes nothing", "pid 네임스페이스가 없으면 프로그램이 PID 1이 될 수 없음: -init은 아무것도 바꾸지 않음")),
    ("+init", "-init", Said::fixed("one of them takes back what the other gives", "하나가 주는 것을 다른 하나가 도로 빼앗음")),
    ("+user", "fork", Said::fixed("a child that waits for its id map is a copy already: fork changes nothing", "id 맵을 기다리는 자식은 이미 복사본임: fork는 아무것도 바꾸지 않음")),
    ("+init", "fork", Said::fixed("a child that becomes PID 1 and stays is a copy already: fork changes nothing", "PID 1이 되어 남는 자식은 이미 복사본임: fork는 아무것도 바꾸지 않음")),
    ("-pid", "+user", Said::fixed("in a user namespace /proc needs a pid namespace of its own", "사용자 네임스페이스에서 /proc은 자신의 pid 네임스페이스가 있어야 함")),
    ("-pid", "-cgroup", Said::fixed("children of the program could outlive it, and nothing would tell whose they are", "프로그램의 자식이 프로그램보다 오래 남을 수 있고, 누구의 것인지 알 수 없게 됨")),
];

/// Combinations of knobs that change nothing or cannot be.
pub(super) fn check(knobs: &Knobs) -> Result<()> {
    let both = TOGETHER.iter().find(|(first, second, _)| knobs.has(first) && knobs.has(second));
    let Some((first, second, why)) = both else { return Ok(()) };
    let doing =
        said!("use the knobs {first} and {second} together", "노브 {first}과(와) {second}을(를) 함께 쓸 수 없습니다");
    Err(Error::usage(doing, why).try_this(said!("leave the second one out", "두 번째 것을 빼십시오")))
}

/// Everything before t0 that is the same for every instance: files on disk, program, filter.
pub(super) fn prepare(knobs: &Knobs, task: &Task, setting: &Setting, by: Privileges) -> Result<Box<dyn Prepared>> {
    check(knobs)?;
    small_init::check(knobs, task)?;
    let dir = setting.dir.as_path();
    let root = root_folder(task, dir)?;
    if by.ids.is_some() {
        let_others_through(dir)?;
    }
    if let Some(tree) = &by.cgroup {
        tree.pass_controllers_down()?;
    }
    let (mut spec, outside) = spec(knobs, task, &root)?;
    spec.ids = by.ids;
    if !is_probe(task) && !root.is_hosts_root() && tmp::is_needed(&root, spec.root.readonly, by.ids) {
        spec.mounts.push(presets::mount(&presets::TMP));
    }
    spec.namespaces.extend(by.ids.map(|_| Namespace { name: "user".into(), source: Source::New }));
    let place = Place {
        confined: confined(task, &root, knobs)?,
        root,
        cgroup: by.cgroup,
        cgroup_name: format!("isolab.{}", setting.run),
        id: String::new(), // for hooks, and there are none
        bundle: PathBuf::new(),
        ignored: Ignored::now(),
        fork: knobs.has("fork") || setting.inspectable,
        detachable: setting.detachable,
    };
    let plan = Plan {
        container: container::Plan::compile(&spec, place)?,
        outside,
        started: Started::beside(dir)?,
        task: task.clone(),
        tsc_khz: setting.tsc_khz,
        become_user: by.become_user,
        inspectable: setting.inspectable,
    };
    Ok(Box::new(Ready(Rc::new(plan))))
}

pub(super) fn reach(knobs: &Knobs) -> Reach {
    let network = match (knobs.has("-net"), knobs.has("-lo")) {
        (true, _) => Network::Hosts,
        (_, true) => Network::Down,
        _ => Network::Loopback,
    };
    Reach { guest_ram: None, files: FileTree::Own, network }
}

/// Docker's container with this program, without what the knobs take away; and where we see the program's file.
fn spec(knobs: &Knobs, task: &Task, root: &Folder) -> Result<(Spec, PathBuf)> {
    let (path, argv, outside) = program_inside(task, root)?;
    let mut spec = presets::docker();
    if let Rootfs::Dir(folder) = &task.rootfs {
        spec.root.folders = RootFolders::Dir(folder.clone());
    }
    spec.root.readonly = task.rootfs == Rootfs::Probe || root.is_hosts_root() || root.is_read_only();
    (spec.process.path, spec.process.argv, spec.process.env) = (path, argv, env_of(task));
    spec.process.cwd = root.is_hosts_root().then(lookup::here); // the caller's folder is there too, unless it is hidden
    spec.process.without_cwd = WithoutCwd::Top;
    spec.resources = task.limits;
    spec.init = small_init::wanted(knobs, task);
    spec.loopback = !knobs.has("-lo") && !knobs.has("-net");
    spec.hostname = spec.hostname.filter(|_| !knobs.has("-uts"));
    let is_a_part = |ns: &Namespace| ns.name == "cgroup" || !knobs.has(&format!("-{}", ns.name));
    spec.namespaces.retain(is_a_part);
    if knobs.has("-dev") {
        spec.mounts.retain(|mount| !mount.destination.starts_with("/dev"));
        spec.devices.clear();
    }
    if knobs.has("-mask") {
        (spec.masked_paths, spec.readonly_paths) = (Vec::new(), Vec::new());
    }
    if knobs.has("-caps") {
        spec.process.capabilities = None;
    }
    if knobs.has("-seccomp") {
        spec.process.seccomp = None;
    }
    Ok((spec, outside))
}

/// A folder of a stranger: the loader of a program in it may change between our look and exec; and what is made in it stays. Where all capabilities or all
/// calls are left to it nothing is held back, and a program may want to mount.
fn confined(task: &Task, root: &Folder, knobs: &Knobs) -> Result<Option<OwnedFd>> {
    let free = knobs.has("-caps") || knobs.has("-seccomp");
    if task.rootfs == Rootfs::Probe || root.is_hosts_root() || free {
        return Ok(None);
    }
    confine_to(root.as_fd()).doing(|| said!("make the rules of the root folder", "루트 폴더의 규칙을 만들 수 없습니다"))
}

fn root_folder(task: &Task, dir: &Path) -> Result<Folder> {
    match &task.rootfs {
        Rootfs::Dir(folder) => Folder::open(folder).map_err(|e| {
            if e.try_this.is_empty() {
                e.try_this(said!(
                    "--rootfs / shows the host's own files",
                    "--rootfs /는 호스트 자신의 파일을 보여 줍니다"
                ))
            } else {
                e
            }
        }),
        Rootfs::Probe if is_probe(task) => with_mount_points(&probe_rootfs(dir)?, &["proc", "dev"]),
        Rootfs::Probe => with_mount_points(&lookup::alone(task, dir)?, &["proc", "dev", "tmp"]),
    }
}

fn with_mount_points(root: &Path, names: &[&str]) -> Result<Folder> {
    for name in names {
        let place = root.join(name);
        if fs::metadata(&place).is_ok_and(|found| found.is_dir() && found.mode() & 0o777 == 0o755) {
            continue; // by an earlier sample
        }
        let doing = || said!("make {place}", "{place}을(를) 만들 수 없습니다", place = place.display());
        fs::create_dir_all(&place).doing(doing)?;
        fs::set_permissions(&place, fs::Permissions::from_mode(0o755)).doing(doing)?; // whatever the umask: ours to remove
    }
    Folder::open(root)
}

/// A user namespace's root is somebody else for the host, and must get to the root folder.
fn let_others_through(dir: &Path) -> Result<()> {
    let doing = || {
        said!("let other users pass {dir}", "다른 사용자가 {dir}을(를) 지나가게 할 수 없습니다", dir = dir.display())
    };
    let mode = fs::metadata(dir).doing(doing)?.permissions().mode();
    if mode & 0o011 == 0o011 {
        return Ok(());
    }
    fs::set_permissions(dir, fs::Permissions::from_mode(mode | 0o011)).doing(doing)
}

/// Its path inside, its arguments, and where we see the program's file.
fn program_inside(task: &Task, root: &Folder) -> Result<(PathBuf, Vec<OsString>, PathBuf)> {
    if is_probe(task) {
        let path = Path::new("/").join(probe::NAME);
        return Ok((path.clone(), task.argv.clone(), path));
    }
    let (found, outside) = program(task, root)?;
    let argv = found.argv(&task.argv);
    Ok((found.path, argv, outside))
}

fn program(task: &Task, root: &Folder) -> Result<(Program, PathBuf)> {
    let name = lookup::name(task)?;
    let search = variable(task, "PATH").unwrap_or(OsStr::new(USUAL_PATH));
    match &task.rootfs {
        Rootfs::Probe => {
            let file = lookup::on_host(task)?;
            Ok((find(root, file.file_name().unwrap_or(name), OsStr::new("/"))?, file))
        }
        Rootfs::Dir(_) if root.is_hosts_root() && name.as_bytes().contains(&b'/') => {
            let path = lookup::here().join(name);
            let explain = |error| lookup::hidden(lookup::explain(error, &path, name), task);
            Ok((find(root, path.as_os_str(), search).map_err(explain)?, path))
        }
        Rootfs::Dir(top) => {
            let found = find(root, name, search)?;
            let outside = top.join(found.path.strip_prefix("/").unwrap_or(&found.path));
            Ok((found, outside))
        }
    }
}
