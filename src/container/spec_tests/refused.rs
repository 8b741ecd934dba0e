//! What is not there, what would lead out, and what cannot be.

use super::*;

#[test]
fn a_folder_to_begin_in_that_is_not_there_is_an_error_or_made() {
    if !is_root("a_folder_to_begin_in_that_is_not_there_is_an_error_or_made") {
        return;
    }
    let begin = |path: &str, without: WithoutCwd| {
        let path = PathBuf::from(path);
        move |spec: &mut Spec| (spec.process.cwd, spec.process.without_cwd) = (Some(path), without)
    };
    let missing = run(begin("/tmp/a/b", WithoutCwd::Refuse), "pwd").unwrap_err();
    assert_eq!((&*missing.doing, &*missing.cause), ("begin in the folder /tmp/a/b", "No such file or directory"));
    assert_eq!(output(begin("/tmp/a/b", WithoutCwd::Make), "pwd; stat -c '%a %u' /tmp/a"), "/tmp/a/b\n755 0");
    assert_eq!(output(begin("/tmp/a/b", WithoutCwd::Top), "pwd"), "/");
    assert_eq!(presets::docker().process.without_cwd, WithoutCwd::Make, "as docker's -w");
    let read_only = run(begin("/usr/no/such", WithoutCwd::Make), "pwd").unwrap_err();
    assert_eq!(read_only.cause, "Read-only file system");
    let file = run(begin("/etc/passwd", WithoutCwd::Make), "pwd").unwrap_err();
    assert_eq!(file.cause, "Not a directory");
    for bad in ["usr", "/usr/../etc"] {
        assert!(run(begin(bad, WithoutCwd::Make), "pwd").unwrap_err().doing.contains("process.cwd"), "{bad}");
    }
}

/// Until exec the child has folders of the host open (CVE-2024-21626).
#[test]
fn nobody_begins_in_a_folder_of_the_host() {
    if !is_root("nobody_begins_in_a_folder_of_the_host") {
        return;
    }
    let canary = tempfile::tempdir_in("/var/tmp").unwrap();
    let _open = std::fs::File::open(canary.path()).unwrap();
    for number in 0..40 {
        for (end, without) in [("", WithoutCwd::Refuse), ("/made", WithoutCwd::Make), ("/made", WithoutCwd::Top)] {
            let path = format!("/proc/self/fd/{number}{end}");
            let edit = |spec: &mut Spec| (spec.process.cwd, spec.process.without_cwd) = (Some(path.into()), without);
            match run(edit, "pwd") {
                Ok((_, printed)) => assert_eq!((&*printed, without), ("/", WithoutCwd::Top)),
                Err(error) => assert!(error.doing.starts_with("begin in the folder /proc/self/fd/"), "{error}"),
            }
        }
    }
    assert_eq!(std::fs::read_dir(canary.path()).unwrap().count(), 0);
}

#[test]
fn a_mode_of_a_device_that_cannot_be_is_refused() {
    if !is_root("a_mode_of_a_device_that_cannot_be_is_refused") {
        return;
    }
    let in_user_namespace = |spec: &mut Spec| {
        spec.ids = Some(IdMap::MANY);
        spec.namespaces.push(Namespace { name: "user".into(), source: Source::New });
    };
    let of_host = std::fs::metadata("/dev/null").map(|m| std::os::unix::fs::MetadataExt::mode(&m) & 0o777).unwrap();
    assert_eq!(output(in_user_namespace, "stat -c %a /dev/null"), format!("{of_host:o}"));
    let edit = |spec: &mut Spec| {
        in_user_namespace(spec);
        spec.devices[0].file_mode = 0o600;
    };
    let error = run(edit, "true").unwrap_err();
    assert!(error.kind == Kind::Usage && error.doing.contains("devices[].file_mode = \"600\""), "{error}");
}

type List = fn(&mut Spec) -> &mut Vec<String>;

#[test]
fn what_programs_look_for_is_not_hidden_as_a_whole() {
    if !is_root("what_programs_look_for_is_not_hidden_as_a_whole") {
        return;
    }
    let (masked, read_only): (List, List) = (|spec| &mut spec.masked_paths, |spec| &mut spec.readonly_paths);
    for (list, path) in
        [(masked, "/sys"), (masked, "/sys/"), (masked, "/proc"), (masked, "/dev/"), (read_only, "/proc/")]
    {
        let error = run(|spec| list(spec).push(path.into()), "true").unwrap_err();
        let plain = path.trim_end_matches('/');
        assert_eq!(&*error.cause, format!("not {plain} as a whole: programs look there"));
    }
    let only_sys = |spec: &mut Spec| {
        spec.masked_paths.clear();
        spec.readonly_paths = vec!["/sys/".into(), "/usr/".into()];
    };
    assert_eq!(
        output(only_sys, "(: > /sys/kernel/x) 2>&1 | grep -c Read-only; (: > /proc/sys/kernel/hostname) && echo rw"),
        "1\nrw"
    );
    for (destination, kind, cause) in [
        ("/proc/", MountKind::Tmpfs, "every container has a proc there"),
        ("/mnt", MountKind::Proc, "a proc is mounted on /proc alone"),
        ("/proc//sys", MountKind::Tmpfs, "nothing is mounted below /proc"),
    ] {
        let error = run(|spec| spec.mounts.push(row(destination.as_ref(), kind, None, &[])), "true").unwrap_err();
        assert!(error.cause.starts_with(cause), "{error}: {}", error.cause);
    }
}
