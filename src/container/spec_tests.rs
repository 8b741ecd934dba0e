//! What a spec says is what a program inside finds. Without a word of this each container is docker's default.

use std::io::Read;
use std::os::fd::AsFd;
use std::os::unix::fs::PermissionsExt;
use std::sync::atomic::AtomicU64;

use super::idmap::IdMap;
use super::spec::{Capabilities, Device, DeviceKind, Mount, MountKind, Namespace, Rlimit, RootFolders, Source, User};
use super::*;
use crate::container::folder::Folder;
use crate::error::Kind;
use crate::sys::signals::Ignored;

/// The exit status and what it prints of a shell command in a container on the host's own files, read-only.
fn run(edit: impl FnOnce(&mut Spec), command: &str) -> Result<(Exit, String)> {
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
        ignored: Ignored::now(),
        fork: false,
        detachable: false,
    };
    let plan = Plan::compile(&spec, place)?;
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

/// A root folder with a static shell's needs, which is what a host has: its folders are bound into it.
fn own_root(spec: &mut Spec) -> tempfile::TempDir {
    let root = tempfile::tempdir().unwrap();
    for folder in ["proc", "dev"] {
        std::fs::create_dir(root.path().join(folder)).unwrap();
    }
    for host in ["/usr", "/bin", "/lib", "/lib64"].map(Path::new).into_iter().filter(|path| path.exists()) {
        spec.mounts.push(row(host, MountKind::Bind, Some(host), &["rbind", "ro", "rro"]));
    }
    spec.root.folders = RootFolders::Dir(root.path().into());
    spec.root.readonly = false;
    root
}

#[test]
fn a_bind_mount_is_what_its_options_say() {
    if !is_root("a_bind_mount_is_what_its_options_say") {
        return;
    }
    let (host, root) = (tempfile::tempdir().unwrap(), std::cell::OnceCell::new());
    std::fs::write(host.path().join("file"), "of the host").unwrap();
    std::fs::copy("/bin/true", host.path().join("true")).unwrap();
    let edit = |spec: &mut Spec| {
        root.set(own_root(spec)).unwrap();
        let file = host.path().join("file");
        spec.mounts.push(row("/data/deep".as_ref(), MountKind::Bind, Some(host.path()), &["bind"]));
        spec.mounts.push(row("/quiet".as_ref(), MountKind::Bind, Some(host.path()), &["bind", "ro", "noexec"]));
        spec.mounts.push(row("/etc/one".as_ref(), MountKind::Bind, Some(&file), &["ro"]));
        spec.mounts.push(row("/scratch".as_ref(), MountKind::Tmpfs, None, &["size=1m", "mode=700"]));
        spec.mounts.push(row("/dev/mqueue".as_ref(), MountKind::Mqueue, None, &["nosuid", "noexec"]));
    };
    let command = "cat /etc/one; echo; echo new > /data/deep/new; for f in /quiet/new /etc/one; do \
        (echo x > $f) 2> /dev/null || echo ro; done; /data/deep/true && echo runs; /quiet/true 2> /dev/null || echo noexec; \
        mknod /data/deep/disk b 7 0 && (cat /data/deep/disk) 2>&1 | grep -c 'Permission denied'; \
        stat -c %a /scratch; grep -c ' /dev/mqueue .* mqueue ' /proc/self/mountinfo";
    let expected = "of the host\nro\nro\nruns\nnoexec\n1\n700\n1";
    assert_eq!(output(edit, command), expected, "and a device file in it is dead");
    assert_eq!(std::fs::read_to_string(host.path().join("new")).unwrap(), "new\n");
}

/// Recursion: what is mounted below a folder comes along with `rbind` alone, and `rro` reaches it.
#[test]
fn what_is_mounted_below_a_bound_folder_comes_with_rbind() {
    if !is_root("what_is_mounted_below_a_bound_folder_comes_with_rbind") {
        return;
    }
    for (options, expected) in [
        (&["bind"][..], "no\n"),
        (&["rbind"][..], "yes\nrw"),
        (&["rbind", "ro"][..], "yes\nrw"),
        (&["rbind", "rro"][..], "yes\nro"),
    ] {
        let edit = |spec: &mut Spec| {
            spec.mounts.push(row("/mnt".as_ref(), MountKind::Bind, Some("/dev".as_ref()), options));
        };
        let command = "[ -e /mnt/pts/ptmx ] && echo yes || echo no; \
            grep ' /mnt/pts ' /proc/self/mountinfo | cut -d ' ' -f 6 | cut -c 1-2 | tail -n 1";
        assert_eq!(output(edit, command), expected.trim_end(), "{options:?}");
    }
}

/// There mounts come from a less trusted owner: what is below a folder cannot be left behind, and root may own nothing.
#[test]
fn a_user_namespace_has_its_mounts_too() {
    if !is_root("a_user_namespace_has_its_mounts_too") {
        return;
    }
    let host = tempfile::tempdir_in("/var/tmp").unwrap();
    std::fs::write(host.path().join("file"), "of the host").unwrap();
    let root = std::cell::OnceCell::new();
    let edit = |spec: &mut Spec| {
        let own = own_root(spec);
        for path in [own.path(), host.path()] {
            let ids = std::os::unix::fs::chown(path, Some(100_000), Some(100_000));
            ids.and_then(|()| std::fs::set_permissions(path, PermissionsExt::from_mode(0o755))).unwrap();
        }
        root.set(own).unwrap();
        spec.ids = Some(IdMap::MANY);
        spec.namespaces.push(Namespace { name: "user".into(), source: Source::New });
        spec.mounts.push(row("/data".as_ref(), MountKind::Bind, Some(host.path()), &["bind"]));
        spec.mounts.push(row("/quiet".as_ref(), MountKind::Bind, Some(host.path()), &["rbind", "ro"]));
        spec.mounts.push(row("/scratch".as_ref(), MountKind::Tmpfs, None, &["size=1m"]));
    };
    let command = "cat /quiet/file; echo; echo new > /data/new; (: > /quiet/new) 2> /dev/null || echo ro; : > /scratch/a && ls /scratch";
    assert_eq!(output(edit, command), "of the host\nro\na");
    assert_eq!(std::fs::read_to_string(host.path().join("new")).unwrap(), "new\n");
}

/// As root of the host and in a user namespace, with few folders and with more than go into one text.
#[test]
fn a_root_of_folders_on_top_of_each_other() {
    if !is_root("a_root_of_folders_on_top_of_each_other") {
        return;
    }
    for (user, count) in [(false, 2), (true, 2), (false, 9)] {
        let dir = tempfile::tempdir_in("/dev/shm").unwrap();
        let part = |name: &str| dir.path().join(name);
        let lower: Vec<_> = (0..count).map(|n| part(&format!("lower:{n}-{}", "x".repeat(20)))).collect();
        let edit = |spec: &mut Spec| {
            drop(own_root(spec));
            for folder in lower.iter().chain([&part("upper"), &part("work")]) {
                std::fs::create_dir(folder).unwrap();
            }
            for folder in ["proc", "dev"] {
                std::fs::create_dir(lower[count - 1].join(folder)).unwrap();
            }
            for (number, folder) in lower.iter().enumerate() {
                std::fs::write(folder.join("top"), format!("{number}")).unwrap();
                std::fs::write(folder.join(format!("of-{number}")), "").unwrap();
            }
            if user {
                spec.ids = Some(IdMap::MANY);
                spec.namespaces.push(Namespace { name: "user".into(), source: Source::New });
                let all = std::process::Command::new("chown").args(["-R", "100000:100000"]).arg(dir.path()).status();
                assert!(all.unwrap().success());
                std::fs::set_permissions(dir.path(), PermissionsExt::from_mode(0o755)).unwrap();
            }
            spec.root.folders = RootFolders::Overlay { lower: lower.clone(), upper: part("upper"), work: part("work") };
        };
        let command = "cat /top; echo; ls / | grep -c ^of-; rm /of-0; echo new > /top; ls / | grep -c ^of-";
        assert_eq!(output(edit, command), format!("0\n{count}\n{}", count - 1), "user namespace: {user}");
        assert_eq!(std::fs::read_to_string(part("upper/top")).unwrap(), "new\n");
        assert_eq!(std::fs::read_to_string(lower[0].join("top")).unwrap(), "0", "what lies below stays");
    }
    let nested = |spec: &mut Spec| {
        spec.root.folders =
            RootFolders::Overlay { lower: vec!["/usr".into()], upper: "/usr".into(), work: "/usr".into() };
    };
    let error = run(nested, "true").unwrap_err();
    assert!(error.to_string().contains("upper"), "{error}");
}

/// A link in the root folder leads to a place in it, wherever it points; and never into /proc.
#[test]
fn a_destination_is_inside_of_the_root() {
    if !is_root("a_destination_is_inside_of_the_root") {
        return;
    }
    let (host, outside) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    std::fs::write(host.path().join("file"), "bound").unwrap();
    std::fs::create_dir(outside.path().join("target")).unwrap();
    let target = outside.path().join("target");
    let climber = Path::new("../../../../../../..").join(target.strip_prefix("/").unwrap());
    for link in [target.as_path(), &climber] {
        let root = std::cell::OnceCell::new();
        let edit = |spec: &mut Spec| {
            let own = own_root(spec);
            std::fs::create_dir_all(own.path().join(target.strip_prefix("/").unwrap())).unwrap();
            std::os::unix::fs::symlink(link, own.path().join("link")).unwrap();
            root.set(own).unwrap();
            spec.mounts.push(row("/link/made".as_ref(), MountKind::Bind, Some(host.path()), &["bind"]));
        };
        assert_eq!(output(edit, &format!("cat {}/made/file", target.display())), "bound", "{link:?}");
        assert!(!target.join("made").exists(), "nothing was made outside");
    }
    for link in ["/proc/self/attr", "/proc/1/root", "/proc/sys"] {
        let root = std::cell::OnceCell::new();
        let edit = |spec: &mut Spec| {
            let own = own_root(spec);
            std::os::unix::fs::symlink(link, own.path().join("link")).unwrap();
            root.set(own).unwrap();
            spec.mounts.push(row("/link".as_ref(), MountKind::Bind, Some(host.path()), &["bind"]));
        };
        assert_eq!(run(edit, "true").unwrap_err().doing, "mount /link", "{link}");
    }
}

/// Each by its field's name, before anything is made.
#[test]
fn what_cannot_be_is_refused_by_name() {
    type Edit = fn(&mut Spec);
    let cases: [(&str, Edit); 16] = [
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
        ("namespaces[].name", |spec| {
            spec.namespaces.push(Namespace { name: "pid".into(), source: Source::Join("/proc/self/ns/pid".into()) });
        }),
    ];
    for (field, edit) in cases {
        let error = run(edit, "true").unwrap_err();
        assert!(error.kind == Kind::Usage && error.doing.contains(field), "{field}: {error}");
    }
}
