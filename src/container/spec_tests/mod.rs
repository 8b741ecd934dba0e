//! What a spec says is what a program inside finds. Without a word of this each container is docker's default.

mod gate;
mod hooks;
mod joined;
mod mounts;
mod refused;

use std::io::Read;
use std::os::fd::AsFd;
use std::sync::atomic::AtomicU64;

use super::idmap::IdMap;
use super::spec::{
    Capabilities, Device, DeviceKind, Mount, MountKind, Namespace, Rlimit, RootFolders, Source, User, WithoutCwd,
};
use super::*;
use crate::container::folder::Folder;
use crate::error::Kind;
use crate::sys::clock::Clock;
use crate::sys::signals::Ignored;

/// The exit status and what it prints of a shell command in a container on the host's own files, read-only.
fn run(edit: impl FnOnce(&mut Spec), command: &str) -> Result<(Exit, String)> {
    run_after(edit, || (), command)
}

/// Something happens between the look at the host's files and their use.
fn run_after(edit: impl FnOnce(&mut Spec), between: impl FnOnce(), command: &str) -> Result<(Exit, String)> {
    let mut spec = presets::docker();
    spec.root.readonly = true;
    spec.root.folders = RootFolders::Dir("/".into());
    spec.process.path = std::fs::canonicalize("/bin/sh").unwrap(); // no link is followed at exec
    spec.process.argv = ["sh", "-c", command].map(Into::into).to_vec();
    spec.process.env = vec![("PATH".into(), "/usr/sbin:/usr/bin:/sbin:/bin".into())];
    edit(&mut spec);
    let place = Place {
        root: Folder::open(spec.root.folders.top())?,
        confined: None,
        cgroup: None,
        cgroup_name: String::new(),
        id: "a-b".into(),
        bundle: "/bundle".into(),
        ignored: Ignored::now(),
        fork: false,
        detachable: false,
    };
    let plan = Plan::compile(&spec, place)?;
    between();
    let far = |file: std::os::fd::OwnedFd| crate::sys::fds::out_of_the_way(file.as_fd()).unwrap();
    let null = far(std::fs::File::options().read(true).write(true).open("/dev/null").unwrap().into());
    let (mut output, theirs) = std::io::pipe().map(|(ours, theirs)| (ours, far(theirs.into()))).unwrap();
    let given = [Some(null.as_fd()), Some(theirs.as_fd()), Some(null.as_fd()), None, None];
    let null = [true, false, true, false, false];
    let files = Files { given, null, console: None };
    let (mut clock, pid) = (Timeline::new(), AtomicU64::new(0));
    clock.begin();
    let mut container = create(&plan, &files, Handshake::new()?, &pid, &mut clock)?;
    container.start(&plan, &files, &pid, &mut clock)?;
    drop(theirs);
    let mut text = String::new();
    output.read_to_string(&mut text).unwrap();
    let exit = container.process()?.exit().doing(|| "wait for it");
    if let Some(error) = container.handshake().failure(|step, number| plan.part_of(step, number)) {
        return Err(error);
    }
    Ok((exit?, text.trim().to_owned()))
}

fn output(edit: impl FnOnce(&mut Spec), command: &str) -> String {
    run(edit, command).unwrap_or_else(|error| panic!("{command}: {error}")).1
}

fn is_root(test: &str) -> bool {
    let root = nix::unistd::Uid::effective().is_root();
    if !root {
        crate::testing::skip(format_args!("{test}: it makes containers as root"));
    }
    root
}

#[test]
fn name_folder_and_limits_are_those_of_the_spec() {
    if !is_root("name_folder_and_limits_are_those_of_the_spec") {
        return;
    }
    assert_eq!(output(|_| (), "hostname; pwd"), "isolab\n/");
    let edit = |spec: &mut Spec| {
        spec.hostname = Some("other".into());
        spec.process.cwd = Some("/usr".into());
        spec.process.rlimits = vec![Rlimit { name: "RLIMIT_NOFILE".into(), soft: 64, hard: 128 }];
    };
    assert_eq!(output(edit, "hostname; pwd; ulimit -S -n; ulimit -H -n"), "other\n/usr\n64\n128");
}

#[test]
fn paths_are_hidden_by_what_they_are() {
    if !is_root("paths_are_hidden_by_what_they_are") {
        return;
    }
    let command =
        "wc -c < /etc/passwd; ls /usr/share | wc -l; echo x 2> /dev/null > /proc/sys/kernel/hostname || echo ro";
    let before = output(|spec| spec.readonly_paths.clear(), command);
    assert!(!before.ends_with("ro") && !before.starts_with('0'), "{before}");
    let edit = |spec: &mut Spec| spec.masked_paths.extend(["/etc/passwd".into(), "/usr/share".into()]);
    assert_eq!(output(edit, command), "0\n0\nro");
}

#[test]
fn devices_are_those_of_the_spec() {
    if !is_root("devices_are_those_of_the_spec") {
        return;
    }
    let edit = |spec: &mut Spec| {
        spec.devices = vec![
            Device { path: "/dev/null".into(), kind: DeviceKind::Character, major: 1, minor: 3, file_mode: 0o600 },
            Device { path: "/dev/zeros".into(), kind: DeviceKind::Character, major: 1, minor: 5, file_mode: 0o666 },
        ];
    };
    let command = "stat -c '%t:%T %a' /dev/null /dev/zeros; head -c 3 /dev/zeros | wc -c; ls /dev | tr '\\n' ' '";
    assert_eq!(output(edit, command), "1:3 600\n1:5 666\n3\nfd null ptmx pts shm stderr stdin stdout zeros");
}

/// Through the kernel: JSON as docker takes it, with and without no_new_privs, as PID 1 and behind a small one.
#[test]
fn a_seccomp_profile_is_what_its_rules_say() {
    if !is_root("a_seccomp_profile_is_what_its_rules_say") {
        return;
    }
    let text = r#"{ "defaultAction": "SCMP_ACT_ALLOW", "architectures": ["SCMP_ARCH_X86_64"], "flags": ["SECCOMP_FILTER_FLAG_LOG"],
        "syscalls": [
            { "names": ["mkdir", "mkdirat", "no_such_call"], "action": "SCMP_ACT_ERRNO", "errnoRet": 28 },
            { "names": ["kill"], "action": "SCMP_ACT_ERRNO", "args": [{ "index": 1, "value": 10, "op": "SCMP_CMP_EQ" }] },
            { "names": ["uname"], "action": "SCMP_ACT_KILL_PROCESS" } ] }"#;
    let seccomp: spec::Seccomp = serde_json::from_str(text).unwrap();
    let command = "mkdir /tmp/x 2>&1; trap '' USR1; kill -USR1 $$ 2>&1; kill -URG $$ && echo sent; uname; echo $?; \
        grep -E 'NoNewPrivs|Seccomp:' /proc/self/status | cut -f 2 | tr '\n' ' '";
    for (no_new_privileges, init) in [(true, false), (false, false), (true, true), (false, true)] {
        let edit = |spec: &mut Spec| {
            spec.process.seccomp = Some(seccomp.clone());
            (spec.process.no_new_privileges, spec.init) = (no_new_privileges, init);
        };
        let (exit, printed) = run(edit, command).unwrap();
        let printed: Vec<&str> = printed.lines().filter(|line| !line.is_empty()).collect();
        assert_eq!(exit, Exit::Code(0));
        assert!(printed[0].contains("No space left on device") && printed[1].contains("not permitted"), "{printed:?}");
        assert_eq!(&printed[2..], ["sent", "159", if no_new_privileges { "1 2" } else { "0 2" }], "159: SIGSYS");
    }
}

const CAPS: &str = "grep Cap /proc/self/status | cut -f 2 | tr '\\n' ' '";

#[test]
fn a_user_has_the_capabilities_of_the_spec_and_no_others() {
    if !is_root("a_user_has_the_capabilities_of_the_spec_and_no_others") {
        return;
    }
    let docker = "0000000000000000 00000000a80425fb 00000000a80425fb 00000000a80425fb 0000000000000000";
    assert_eq!(output(|_| (), CAPS), docker, "inheritable, permitted, effective, bounding, ambient");
    let user = |spec: &mut Spec| spec.process.user = User { uid: 1000, gid: 1001, additional_gids: vec![7, 8] };
    let nobody = "0000000000000000 0000000000000000 0000000000000000 00000000a80425fb 0000000000000000";
    assert_eq!(output(user, &format!("id -u; id -g; id -G; {CAPS}")), format!("1000\n1001\n1001 7 8\n{nobody}"));
    let ambient = |spec: &mut Spec| {
        user(spec);
        let bind = vec!["CAP_NET_BIND_SERVICE".to_owned()];
        let [bounding, effective, permitted, inheritable, ambient] = [(); 5].map(|()| bind.clone());
        spec.process.capabilities = Some(Capabilities { bounding, effective, permitted, inheritable, ambient });
    };
    let all_five = ["0000000000000400"; 5].join(" ");
    assert_eq!(output(ambient, CAPS), all_five, "it kept what root gave it, over the change and the exec");
}

#[test]
fn a_namespace_of_somebody_else_is_joined() {
    if !is_root("a_namespace_of_somebody_else_is_joined") {
        return;
    }
    let mut other = std::process::Command::new("unshare").args(["-n", "-u", "sleep", "100"]).spawn().unwrap();
    let of = |pid: &str, name: &str| std::fs::read_link(format!("/proc/{pid}/ns/{name}")).unwrap();
    let pid = other.id().to_string();
    while of(&pid, "uts") == of("self", "uts") {
        std::thread::sleep(std::time::Duration::from_millis(2));
    }
    let edit = |spec: &mut Spec| {
        spec.namespaces.retain(|ns| !["net", "uts"].contains(&ns.name.as_str()));
        (spec.hostname, spec.loopback) = (None, false);
        for name in ["net", "uts"] {
            let source = Source::Join(format!("/proc/{pid}/ns/{name}").into());
            spec.namespaces.push(Namespace { name: name.into(), source });
        }
    };
    let inside = run(edit, "readlink /proc/self/ns/net /proc/self/ns/uts /proc/self/ns/ipc");
    let expected = ["net", "uts"].map(|name| of(&pid, name).display().to_string());
    let own = of("self", "ipc").display().to_string();
    other.kill().unwrap();
    other.wait().unwrap();
    let (exit, text) = inside.unwrap();
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!((exit, &lines[..2]), (Exit::Code(0), &expected.each_ref().map(String::as_str)[..]));
    assert_ne!(lines[2], own, "the others are its own");
}

#[test]
fn kernel_parameters_of_its_own_namespaces_are_set() {
    if !is_root("kernel_parameters_of_its_own_namespaces_are_set") {
        return;
    }
    let of_host = std::fs::read_to_string("/proc/sys/net/ipv4/ip_unprivileged_port_start").unwrap();
    let edit = |spec: &mut Spec| {
        spec.sysctl.insert("net.ipv4.ip_unprivileged_port_start".into(), "77".into());
        spec.sysctl.insert("kernel.shmmni".into(), "123".into());
    };
    let command = "cat /proc/sys/net/ipv4/ip_unprivileged_port_start /proc/sys/kernel/shmmni";
    assert_eq!(output(edit, command), "77\n123");
    assert_eq!(std::fs::read_to_string("/proc/sys/net/ipv4/ip_unprivileged_port_start").unwrap(), of_host);
    let error = run(|spec| drop(spec.sysctl.insert("kernel.shmmni".into(), "many".into())), "true").unwrap_err();
    assert_eq!(error.doing, "write many to /proc/sys/kernel/shmmni");
}

fn row(destination: &Path, kind: MountKind, source: Option<&Path>, options: &[&str]) -> Mount {
    let options = options.iter().map(|option| (*option).to_owned()).collect();
    Mount { destination: destination.into(), kind, source: source.map(Into::into), options }
}

/// The host's shell in the host's own files.
fn shell(command: &str) -> Spec {
    let mut spec = presets::docker();
    spec.root = spec::Root { folders: RootFolders::Dir("/".into()), readonly: true };
    spec.process.path = std::fs::canonicalize("/bin/sh").unwrap();
    spec.process.argv = ["sh", "-c", command].map(Into::into).to_vec();
    spec
}

/// Each by its field's name, before anything is made.
#[test]
fn what_cannot_be_is_refused_by_name() {
    type Edit = fn(&mut Spec);
    let cases: [(&str, Edit); 24] = [
        ("mounts[].options[]", |spec| spec.mounts[1].options.push("rw".into())), // of /dev
        ("mounts[].options[]", |spec| spec.mounts.push(row("/sys".as_ref(), MountKind::Sysfs, None, &["rw"]))),
        ("mounts[].destination", |spec| spec.mounts.push(row("/sys/fs".as_ref(), MountKind::Tmpfs, None, &[]))),
        ("namespaces[].name", |spec| spec.namespaces.retain(|ns| ns.name != "mnt")), // its root would be the host's
        ("namespaces[].name", |spec| spec.namespaces.extend(spec.namespaces.first().cloned())),
        ("hostname", |spec| spec.namespaces.retain(|ns| ns.name != "uts")),
        ("loopback", |spec| spec.namespaces.retain(|ns| ns.name != "net")),
        ("resources", |spec| spec.resources.pids = Some(5)),
        ("process.rlimits[].name", |spec| {
            let core = Rlimit { name: "RLIMIT_CORE".into(), soft: 0, hard: 0 };
            spec.process.rlimits = vec![core.clone(), core];
        }),
        ("sysctl", |spec| drop(spec.sysctl.insert("kernel.panic".into(), "1".into()))),
        ("sysctl", |spec| drop(spec.sysctl.insert("net/../kernel.panic".into(), "1".into()))),
        ("process.rlimits[].name", |spec| {
            spec.process.rlimits.push(Rlimit { name: "RLIMIT_LUCK".into(), soft: 0, hard: 0 });
        }),
        ("process.rlimits[].soft", |spec| {
            spec.process.rlimits.push(Rlimit { name: "RLIMIT_CORE".into(), soft: 2, hard: 1 });
        }),
        ("process.capabilities.bounding", |spec| {
            spec.process.capabilities.as_mut().unwrap().bounding.push("CAP_FLY".into());
        }),
        ("masked_paths", |spec| spec.masked_paths.push("/proc/../etc".into())),
        ("devices[].path", |spec| spec.devices[0].path = "/etc/null".into()),
        ("devices[].path", |spec| spec.mounts.retain(|mount| !mount.destination.starts_with("/dev"))),
        ("mounts[].destination", |spec| spec.mounts.remove(0).destination = "/".into()),
        ("mounts[].destination", |spec| spec.mounts.push(row("/a/../b".as_ref(), MountKind::Tmpfs, None, &[]))),
        ("mounts[].destination", |spec| spec.mounts.push(row("/proc/sys".as_ref(), MountKind::Tmpfs, None, &[]))),
        ("mounts[].source", |spec| spec.mounts.push(row("/a".as_ref(), MountKind::Bind, None, &[]))),
        ("mounts[].options[]", |spec| spec.mounts.push(row("/a".as_ref(), MountKind::Tmpfs, None, &["shared"]))),
        ("mounts[].options[]", |spec| {
            spec.mounts.push(row("/a".as_ref(), MountKind::Bind, Some("/usr".as_ref()), &["size=1m"]));
        }),
        ("namespaces[].name", |spec| spec.namespaces[0].name = "moon".into()),
    ];
    for (field, edit) in cases {
        let error = run(edit, "true").unwrap_err();
        assert!(error.kind == Kind::Usage && error.doing.contains(field), "{field}: {error}");
    }
}
