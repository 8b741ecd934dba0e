//! Which namespaces are its own, and which are others'.

use nix::errno::Errno;
use nix::sched::CloneFlags;

use super::refused;
use crate::container::namespaces::{Joined, NAMESPACES, Other};
use crate::container::spec::{RootFolders, Source, Spec};
use crate::error::{Error, Result};
use crate::lang::Said;
use crate::said;
use crate::sys::namespaces::open_namespace;

const FIELD: &str = "namespaces[].name";

/// New ones, and others' to be joined.
pub(super) fn compile(spec: &Spec, confined: bool) -> Result<(CloneFlags, Joined)> {
    let (mut new, mut joined) = (CloneFlags::empty(), Joined::default());
    for (number, namespace) in spec.namespaces.iter().enumerate() {
        let Some(kind) = NAMESPACES.iter().find(|kind| kind.name == namespace.name) else {
            let names = NAMESPACES.iter().map(|kind| kind.name).collect::<Vec<_>>().join(" ");
            return Err(bad(&namespace.name, said!("there is no such namespace", "그런 네임스페이스가 없음"))
                .try_this(said!("one of {names}", "{names} 가운데 하나")));
        };
        if spec.namespaces[..number].iter().any(|other| other.name == namespace.name) {
            return Err(bad(&namespace.name, said!("it is there twice", "두 번 적혀 있음")));
        }
        match &namespace.source {
            Source::New => new |= kind.flag,
            Source::Join(path) => {
                let shown = path.display().to_string();
                let (file, is) = open_namespace(path).map_err(|errno| not_opened(kind.name, &shown, errno))?;
                if is != kind.flag {
                    return Err(not_opened(kind.name, &shown, Errno::EINVAL));
                }
                joined.0.push(Other { kind: kind.flag, name: kind.name, path: shown, file });
            }
        }
    }
    joined.0.sort_by_key(|other| other.kind == CloneFlags::CLONE_NEWNS); // last: from there no path of ours is found
    only_of_its_own(spec, confined)?;
    if new.contains(CloneFlags::CLONE_NEWUSER) != spec.ids.is_some() {
        let cause = said!(
            "there are id maps exactly when there is a user namespace of its own",
            "id 맵은 자신의 사용자 네임스페이스가 있을 때에만 있어야 함"
        );
        return Err(refused("ids", "", cause));
    }
    Ok((new, joined))
}

fn bad(name: &str, cause: Said) -> Error {
    refused(FIELD, name, cause)
}

fn not_opened(name: &str, path: &str, errno: Errno) -> Error {
    let cause = match errno {
        Errno::ENOTTY => said!("it is no file of a namespace", "네임스페이스 파일이 아님"),
        Errno::EINVAL => said!("it is a namespace of another kind", "다른 종류의 네임스페이스임"),
        other => Said::english(other.desc()),
    };
    Error::usage(said!("join the {name} namespace {path}", "{name} 네임스페이스 {path}에 들어갈 수 없습니다"), cause)
        .try_this(said!(
            "/proc/PID/ns/{name} of a process that runs, or a file on which that is mounted",
            "실행 중인 프로세스의 /proc/PID/ns/{name}, 또는 그것을 마운트한 파일을 적으십시오"
        ))
}

/// What would change somebody else's namespace is refused, not done and not left out in silence.
fn only_of_its_own(spec: &Spec, confined: bool) -> Result<()> {
    let own = |name| has_own(spec, name);
    if is_joined(spec, "mnt") {
        as_it_is_there(spec, confined)?;
    } else if !own("mnt") {
        let cause = said!(
            "without a mnt namespace of its own its mounts, and its root, would become the host's",
            "자신의 mnt 네임스페이스가 없으면 컨테이너의 마운트와 루트가 호스트의 것이 됨"
        );
        return Err(bad("", cause));
    } else if in_user_namespace(spec) && !own("pid") && !(is_joined(spec, "user") && is_joined(spec, "pid")) {
        let cause = said!(
            "its /proc shows a pid namespace, and that must belong to the same user namespace",
            "/proc은 pid 네임스페이스를 보여 주는데, 그것이 같은 사용자 네임스페이스의 것이어야 함"
        );
        return Err(bad("user", cause).try_this(said!(
            "a new pid namespace; or join both, of one container",
            "pid 네임스페이스를 새로 만들거나, 한 컨테이너의 둘에 함께 들어가십시오"
        )));
    }
    if let Some(name) = spec.hostname.as_ref().filter(|_| !own("uts")) {
        let cause = said!("it has no uts namespace of its own", "자신의 uts 네임스페이스가 없음");
        return Err(refused("hostname", name, cause));
    }
    if spec.loopback && !own("net") {
        let cause = said!("it has no net namespace of its own", "자신의 net 네임스페이스가 없음");
        return Err(refused("loopback", "true", cause));
    }
    if spec.init && !own("pid") {
        let cause = said!("it has no pid namespace of its own", "자신의 pid 네임스페이스가 없음");
        return Err(refused("init", "true", cause));
    }
    Ok(())
}

/// In a mount namespace of somebody else nothing is mounted: the tree is his.
fn as_it_is_there(spec: &Spec, confined: bool) -> Result<()> {
    let first = |paths: &[String]| paths.first().cloned();
    let RootFolders::Dir(root) = &spec.root.folders else {
        return Err(not_there("root.folders", "overlay"));
    };
    let contradicts = [
        ("root.folders", (root.as_os_str() != "/" || confined).then(|| root.display().to_string())),
        ("root.readonly", spec.root.readonly.then(|| "true".to_owned())),
        ("mounts[].destination", spec.mounts.first().map(|mount| mount.destination.display().to_string())),
        ("devices[].path", spec.devices.first().map(|device| device.path.display().to_string())),
        ("masked_paths", first(&spec.masked_paths)),
        ("readonly_paths", first(&spec.readonly_paths)),
        ("sysctl", spec.sysctl.keys().next().cloned()),
    ];
    contradicts.into_iter().try_for_each(|(field, value)| value.map_or(Ok(()), |value| Err(not_there(field, &value))))
}

fn not_there(field: &str, value: &str) -> Error {
    let cause = said!(
        "it joins a mnt namespace: root and mounts are those that are there",
        "mnt 네임스페이스에 들어가므로, 루트와 마운트는 거기 있는 그대로임"
    );
    refused(field, value, cause)
        .try_this(said!("leave it empty, and / as the root folder", "비워 두고 루트 폴더는 /로 적으십시오"))
}

pub(super) fn has_own(spec: &Spec, name: &str) -> bool {
    spec.namespaces.iter().any(|ns| ns.name == name && ns.source == Source::New)
}

fn is_joined(spec: &Spec, name: &str) -> bool {
    spec.namespaces.iter().any(|ns| ns.name == name && ns.source != Source::New)
}

/// Nobody may mknod there, and trusted.* is for others.
pub(super) fn in_user_namespace(spec: &Spec) -> bool {
    spec.ids.is_some() || is_joined(spec, "user")
}
