//! The root and what is mounted below it.

use std::os::unix::fs::PermissionsExt;

use super::*;

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

#[test]
fn a_sys_of_its_own_and_a_read_only_overlay() {
    if !is_root("a_sys_of_its_own_and_a_read_only_overlay") {
        return;
    }
    let dir = tempfile::tempdir_in("/dev/shm").unwrap();
    let part = |name: &str| dir.path().join(name);
    let edit = |spec: &mut Spec| {
        drop(own_root(spec));
        for folder in ["lower/proc", "lower/dev", "upper", "work", "lower/sys", "lower/usr", "lower/bin"] {
            std::fs::create_dir_all(part(folder)).unwrap();
        }
        for folder in ["lower/lib", "lower/lib64"] {
            std::fs::create_dir_all(part(folder)).unwrap();
        }
        spec.root.folders =
            RootFolders::Overlay { lower: vec![part("lower")], upper: part("upper"), work: part("work") };
        spec.root.readonly = true;
        spec.mounts.push(row("/sys".as_ref(), MountKind::Sysfs, None, &["nosuid", "noexec"]));
    };
    let command = "[ -d /sys/class/net/lo ] && echo sys; ls -A /sys/firmware | wc -l; \
        (: > /new) 2> /dev/null || echo ro; (: > /sys/new) 2> /dev/null || echo ro";
    assert_eq!(output(edit, command), "sys\n0\nro\nro");
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
    for (user, count) in [(false, 2), (true, 2), (false, 19)] {
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

/// What a runtime's config.json may say too; each was once forgotten in silence, or failed elsewhere.
#[test]
fn a_row_of_mounts_is_honoured_as_it_is_written() {
    if !is_root("a_row_of_mounts_is_honoured_as_it_is_written") {
        return;
    }
    let dev_ends_in_a_slash = |spec: &mut Spec| spec.mounts[1].destination = "/dev/".into();
    assert_eq!(output(dev_ends_in_a_slash, "[ -c /dev/null ] && [ ! -e /dev/kmsg ] && echo own"), "own");
    let source_of_tmpfs = |spec: &mut Spec| spec.mounts[3].source = Some("shm".into());
    assert_eq!(output(source_of_tmpfs, "echo a > /dev/shm/a && cat /dev/shm/a"), "a");
    let quiet_shm = |spec: &mut Spec| {
        spec.mounts[1].options.extend(["ro".into(), "uid=5".into()]);
        spec.mounts[3].options.extend(["ro".into(), "uid=5".into()]);
    };
    assert_eq!(output(quiet_shm, "stat -c %u /dev/shm; (: > /dev/shm/a) 2> /dev/null || echo ro"), "5\nro");
    let last_mode = |spec: &mut Spec| spec.mounts[3].options.push("mode=700".into());
    assert_eq!(output(last_mode, "stat -c %a /dev/shm"), "700");
    let read_only = |spec: &mut Spec| spec.readonly_paths.push("/usr".into());
    assert_eq!(
        output(read_only, "/usr/bin/id -u; grep ' /usr ' /proc/self/mountinfo | cut -d ' ' -f 6"),
        "0\nro,nodev,relatime"
    );
    let below_sys = |spec: &mut Spec| spec.mounts.push(row("/sys/kernel".as_ref(), MountKind::Tmpfs, None, &["ro"]));
    assert_eq!(output(below_sys, "ls /sys/kernel | wc -l"), "0");
}

/// In a user namespace the host's restrictions stay, and to want others is an error.
#[test]
fn what_the_host_forbids_a_mount_is_allowed_expressly_or_not_at_all() {
    if !is_root("what_the_host_forbids_a_mount_is_allowed_expressly_or_not_at_all") {
        return;
    }
    let helper = "set -e; mount -t tmpfs -o mode=755 quiet $0; cp /bin/true $0; chown -R 100000 $0; \
        mount -o remount,bind,ro,noexec $0; exec $1 --exact --nocapture $2";
    if std::env::var_os("ISOLAB_TEST_QUIET_MOUNT").is_none() {
        let dir = tempfile::tempdir_in("/var/tmp").unwrap();
        let own = std::env::current_exe().unwrap();
        let name = "container::spec_tests::mounts::what_the_host_forbids_a_mount_is_allowed_expressly_or_not_at_all";
        let mut command = std::process::Command::new("unshare");
        command.args(["-m", "sh", "-c", helper]).args([dir.path(), &own]).arg(name);
        let done = command.env("ISOLAB_TEST_QUIET_MOUNT", dir.path()).status().unwrap();
        return assert!(done.success());
    }
    let host = std::path::PathBuf::from(std::env::var_os("ISOLAB_TEST_QUIET_MOUNT").unwrap());
    let command = "/mnt/true && echo runs; (: > /mnt/new) && echo rw";
    for (options, user, expected) in [
        (&["bind"][..], false, Some("")),
        (&["bind", "rw", "exec"], false, Some("runs\nrw")),
        (&["bind", "exec", "noexec", "rw"], false, Some("rw")),
        (&["bind", "rw"], true, None),
        (&["bind", "exec"], true, None),
        (&["bind", "suid"], true, Some("")), // it was never forbidden
    ] {
        let edit = |spec: &mut Spec| {
            spec.mounts.push(row("/mnt".as_ref(), MountKind::Bind, Some(&host), options));
            if user {
                spec.ids = Some(IdMap::MANY);
                spec.namespaces.push(Namespace { name: "user".into(), source: Source::New });
            }
        };
        match (run(edit, &format!("({command}) 2> /dev/null")), expected) {
            (Ok((_, text)), Some(expected)) => assert_eq!(text, expected, "{options:?}"),
            (Err(error), None) => assert_eq!(error.doing, "mount /mnt", "{options:?}"),
            (got, _) => panic!("{options:?}, user namespace {user}: {got:?}"),
        }
    }
}

/// The kernel gives up a look through ".." when anything is renamed anywhere.
#[test]
fn somebody_who_renames_elsewhere_does_not_hinder_a_link() {
    if !is_root("somebody_who_renames_elsewhere_does_not_hinder_a_link") {
        return;
    }
    let elsewhere = tempfile::tempdir().unwrap();
    let (a, b) = (elsewhere.path().join("a"), elsewhere.path().join("b"));
    std::fs::create_dir(&a).unwrap();
    let stop = std::sync::atomic::AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            while !stop.load(Ordering::Relaxed) {
                std::fs::rename(&a, &b).and_then(|()| std::fs::rename(&b, &a)).unwrap();
            }
        });
        let failed = (0..60).find_map(|_| {
            let root = std::cell::OnceCell::new();
            let edit = |spec: &mut Spec| {
                let own = own_root(spec);
                std::fs::create_dir_all(own.path().join("a/b/c")).unwrap();
                let link = "a/b/../b/c";
                std::os::unix::fs::symlink(link, own.path().join("link")).unwrap();
                root.set(own).unwrap();
                spec.mounts.push(row("/link".as_ref(), MountKind::Tmpfs, None, &[]));
            };
            run(edit, "true").err()
        });
        stop.store(true, Ordering::Relaxed);
        assert!(failed.is_none(), "{failed:?}");
    });
}

/// Whoever owns the folder above one of an overlay's, or above what is bound, renames it between our look and its use.
#[test]
fn a_folder_that_was_exchanged_is_not_used() {
    if !is_root("a_folder_that_was_exchanged_is_not_used") {
        return;
    }
    for exchanged in ["upper", "work", "lower", "bound"] {
        for user in [false, true] {
            let dir = tempfile::tempdir_in("/dev/shm").unwrap();
            let part = |name: &str| dir.path().join(name);
            for folder in ["lower/proc", "lower/dev", "lower/mnt", "upper", "work", "bound", "canary"] {
                std::fs::create_dir_all(part(folder)).unwrap();
            }
            let edit = |spec: &mut Spec| {
                drop(own_root(spec));
                if user {
                    spec.ids = Some(IdMap::MANY);
                    spec.namespaces.push(Namespace { name: "user".into(), source: Source::New });
                    let all =
                        std::process::Command::new("chown").args(["-R", "100000:100000"]).arg(dir.path()).status();
                    assert!(all.unwrap().success());
                    std::fs::set_permissions(dir.path(), PermissionsExt::from_mode(0o755)).unwrap();
                }
                spec.root.folders =
                    RootFolders::Overlay { lower: vec![part("lower")], upper: part("upper"), work: part("work") };
                spec.mounts.push(row("/mnt".as_ref(), MountKind::Bind, Some(&part("bound")), &["bind"]));
            };
            let exchange = || {
                std::fs::rename(part(exchanged), part("away")).unwrap();
                std::os::unix::fs::symlink(part("canary"), part(exchanged)).unwrap();
            };
            let result = run_after(edit, exchange, "echo new > /new; echo new > /mnt/new");
            assert!(result.is_err(), "{exchanged}, user namespace {user}: {result:?}");
            assert_eq!(std::fs::read_dir(part("canary")).unwrap().count(), 0, "{exchanged}, user namespace {user}");
        }
    }
}

/// Somebody who may rename in the root folder, or above what is bound, does so while containers start, twenty times each.
#[test]
fn a_bind_whose_ends_are_exchanged_meanwhile_never_reaches_the_host() {
    use nix::fcntl::{AT_FDCWD, RenameFlags, renameat2};
    if !is_root("a_bind_whose_ends_are_exchanged_meanwhile_never_reaches_the_host") {
        return;
    }
    // Its destination, a folder above that, its source (for a link, which must not be followed any more), a folder above that.
    for (one, other) in [
        ("root/a/b", "outside/b"),
        ("root/a", "outside/link"),
        ("root/a/b/c", "root/link"),
        ("data", "link"),
        ("above", "outside"),
    ] {
        let dir = tempfile::tempdir_in("/dev/shm").unwrap();
        let part = |name: &str| dir.path().join(name);
        let folders =
            ["root/proc", "root/dev", "root/usr", "root/bin", "root/lib", "root/lib64", "root/a/b/c", "outside/b"];
        for folder in folders.into_iter().chain(["data", "above/data", "outside/data", "canary"]) {
            std::fs::create_dir_all(part(folder)).unwrap();
        }
        for link in ["outside/link", "root/link", "link"] {
            std::os::unix::fs::symlink(part("canary"), part(link)).unwrap();
        }
        for number in 0..20 {
            let stop = std::sync::atomic::AtomicBool::new(false);
            let source = if one == "above" { part("above/data") } else { part("data") };
            let edit = |spec: &mut Spec| {
                drop(own_root(spec));
                spec.root.folders = RootFolders::Dir(part("root"));
                spec.mounts.push(row("/a/b/c/made".as_ref(), MountKind::Bind, Some(&source), &["bind"]));
                spec.mounts.push(row("/made".as_ref(), MountKind::Tmpfs, None, &[]));
            };
            let swap = || {
                renameat2(AT_FDCWD, &part(one), AT_FDCWD, &part(other), RenameFlags::RENAME_EXCHANGE).unwrap();
            };
            std::thread::scope(|scope| {
                let begin = || {
                    scope.spawn(|| {
                        while !stop.load(Ordering::Relaxed) {
                            swap();
                            swap();
                        }
                    });
                };
                let _ = run_after(edit, begin, "echo new > /a/b/c/made/new; cat /proc/self/mountinfo");
                stop.store(true, Ordering::Relaxed);
            });
            let hit = std::fs::read_dir(part("canary")).unwrap().count() + usize::from(part("outside/b/made").exists());
            assert_eq!(hit, 0, "{one} for {other}, try {number}: reached");
            let own = std::fs::read_to_string("/proc/self/mountinfo").unwrap();
            assert!(!own.contains(dir.path().to_str().unwrap()), "{one} for {other}: a mount was left: {own}");
        }
    }
}
