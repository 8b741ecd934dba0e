//! Namespaces of others: what is joined is what the program is in, and nothing of ours comes along.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};

use super::gate::forked;
use super::*;
use crate::container::gate::Gate;

/// Somebody with namespaces of his own.
struct Somebody(Child, i32);

impl Somebody {
    /// `setup` is done there; it ends when its last line is read.
    fn new(options: &[&str], setup: &str) -> Somebody {
        let script = format!("{setup}; echo ready; exec sleep 100");
        let mut child = Command::new("unshare")
            .args(["-f", "--kill-child"])
            .args(options)
            .args(["sh", "-c", &script])
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        assert_eq!(line, "ready\n");
        let children = std::fs::read_to_string(format!("/proc/{0}/task/{0}/children", child.id())).unwrap();
        let first: i32 = children.trim().parse().unwrap();
        if options.contains(&"-U") {
            for map in ["uid_map", "gid_map"] {
                std::fs::write(format!("/proc/{first}/{map}"), "0 100000 65536").unwrap();
            }
        }
        Somebody(child, first)
    }

    fn namespace(&self, name: &str) -> PathBuf {
        format!("/proc/{}/ns/{name}", self.1).into()
    }

    fn is(&self, name: &str) -> String {
        std::fs::read_link(self.namespace(name)).unwrap().display().to_string()
    }

    fn end(mut self) {
        self.0.kill().and_then(|()| self.0.wait()).unwrap();
        let ended = |stat: String| stat.contains(") Z "); // whoever its parent is now may take his time
        while !std::fs::read_to_string(format!("/proc/{}/stat", self.1)).map_or(true, ended) {
            std::thread::sleep(std::time::Duration::from_millis(1));
        }
    }
}

fn join(spec: &mut Spec, name: &str, path: PathBuf) {
    spec.namespaces.retain(|ns| ns.name != name);
    spec.namespaces.push(Namespace { name: name.into(), source: Source::Join(path) });
}

/// What a mnt namespace of others leaves of a spec.
fn as_it_is_there(spec: &mut Spec) {
    spec.root.readonly = false;
    (spec.mounts, spec.devices) = (Vec::new(), Vec::new());
    (spec.masked_paths, spec.readonly_paths) = (Vec::new(), Vec::new());
}

fn children_of_ours() -> Vec<String> {
    let mine = std::fs::read_to_string("/proc/thread-self/children").unwrap();
    mine.split_whitespace().map(str::to_owned).collect()
}

#[test]
fn a_pid_namespace_is_joined_and_proc_is_its() {
    if !is_root("a_pid_namespace_is_joined_and_proc_is_its") {
        return;
    }
    let other = Somebody::new(&["-p", "-m", "--mount-proc"], "true");
    let edit = |spec: &mut Spec| join(spec, "pid", other.namespace("pid"));
    let command = "readlink /proc/self/ns/pid; tr '\\0' ' ' < /proc/1/cmdline; echo; [ $(ls /proc | grep -c '^[0-9]') -lt 9 ] && echo few; [ $$ -gt 1 ] && echo later";
    let inside = run(edit, command);
    let expected = format!("{}\nsleep 100 \nfew\nlater", other.is("pid"));
    other.end();
    assert_eq!(inside.unwrap(), (Exit::Code(0), expected));
    assert_eq!(children_of_ours(), [""; 0]);
}

const SECRET: &str = "cat \"$0\" 2> /dev/null || echo closed";

/// Root of the host joins, and has then what that namespace gives: not a file of the host's root, none of his groups.
#[test]
fn a_user_namespace_leaves_none_of_our_rights() {
    if !is_root("a_user_namespace_leaves_none_of_our_rights") {
        return;
    }
    let dir = tempfile::tempdir_in("/var/tmp").unwrap();
    let canary = dir.path().join("canary");
    std::fs::write(&canary, "of the host's root\n").unwrap();
    for (path, mode) in [(dir.path(), 0o755), (&canary, 0o600)] {
        std::fs::set_permissions(path, std::os::unix::fs::PermissionsExt::from_mode(mode)).unwrap();
    }
    let other = Somebody::new(&["-U", "-p", "-m"], "true");
    let edit = |spec: &mut Spec| {
        join(spec, "user", other.namespace("user"));
        spec.process.argv.push(canary.clone().into());
        spec.process.capabilities = None; // all that we have
        spec.process.seccomp = None;
    };
    let command = format!(
        "{SECRET}; readlink /proc/self/ns/user; id -u; id -G; tr -s ' ' < /proc/self/uid_map; hostname other && hostname; \
         chown 5 \"$0\" 2> /dev/null || echo not ours; mknod /dev/shm/disk b 7 0 2> /dev/null || echo no device; \
         stat -c %u /proc/1; echo 1 2> /dev/null > /proc/sys/kernel/panic || echo no parameter"
    );
    let inside = run(edit, &command);
    let expected =
        format!("closed\n{}\n0\n0\n 0 100000 65536\nother\nnot ours\nno device\n0\nno parameter", other.is("user"));
    other.end();
    assert_eq!(inside.unwrap(), (Exit::Code(0), expected));
    assert_eq!(std::os::unix::fs::MetadataExt::uid(&canary.metadata().unwrap()), 0);
}

#[test]
fn both_of_one_container_are_joined() {
    if !is_root("both_of_one_container_are_joined") {
        return;
    }
    let options = ["-U", "-p", "-m", "-n", "--mount-proc"];
    let other = Somebody::new(&options, "true");
    let edit = |spec: &mut Spec| {
        for name in ["user", "pid", "net"] {
            join(spec, name, other.namespace(name));
        }
        spec.loopback = false;
    };
    let inside =
        run(edit, "readlink /proc/self/ns/user /proc/self/ns/pid /proc/self/ns/net; cut -d ' ' -f 2 /proc/1/stat");
    let expected = format!("{}\n{}\n{}\n(sleep)", other.is("user"), other.is("pid"), other.is("net"));
    other.end();
    assert_eq!(inside.unwrap(), (Exit::Code(0), expected));
}

#[test]
fn a_mnt_namespace_has_its_own_tree_and_gets_none_of_our_mounts() {
    if !is_root("a_mnt_namespace_has_its_own_tree_and_gets_none_of_our_mounts") {
        return;
    }
    let setup = "mount -t tmpfs none /mnt && echo theirs > /mnt/canary";
    let other = Somebody::new(&["-p", "-m", "--mount-proc"], setup);
    let mounts = |pid: i32| std::fs::read_to_string(format!("/proc/{pid}/mountinfo")).unwrap();
    let before = mounts(other.1);
    let edit = |spec: &mut Spec| {
        as_it_is_there(spec);
        join(spec, "mnt", other.namespace("mnt"));
        join(spec, "pid", other.namespace("pid"));
    };
    let command = "cat /mnt/canary; pwd; readlink /proc/self/ns/mnt; cut -d ' ' -f 2 /proc/1/stat; echo x > /dev/null && echo null; \
        grep -c Cap.*a80425fb /proc/self/status";
    let inside = run(edit, command);
    let expected = format!("theirs\n/\n{}\n(sleep)\nnull\n3", other.is("mnt"));
    assert_eq!(mounts(other.1), before);
    other.end();
    assert_eq!(inside.unwrap(), (Exit::Code(0), expected));
}

/// Nothing hangs, nothing is left behind, and each says what is wrong.
#[test]
fn what_is_no_namespace_of_that_kind_is_told() {
    if !is_root("what_is_no_namespace_of_that_kind_is_told") {
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let fifo = dir.path().join("fifo");
    nix::unistd::mkfifo(&fifo, nix::sys::stat::Mode::S_IRWXU).unwrap();
    let (of_net, vanished) = (PathBuf::from("/proc/self/ns/net"), PathBuf::from("/proc/4194304/ns/pid"));
    for (path, cause) in [
        (fifo.as_path(), "it is no file of a namespace"),
        (Path::new("/dev/null"), "it is no file of a namespace"),
        (Path::new("/etc"), "it is no file of a namespace"),
        (&of_net, "it is a namespace of another kind"),
        (&vanished, "No such file or directory"),
    ] {
        let error = run(|spec| join(spec, "pid", path.into()), "true").unwrap_err();
        assert_eq!((error.kind, &*error.cause), (Kind::Usage, cause), "{}", path.display());
        assert_eq!(&*error.doing, format!("join the pid namespace {}", path.display()));
    }
    let other = Somebody::new(&["-p", "-m"], "true");
    let held = std::fs::File::open(other.namespace("pid")).unwrap();
    other.end();
    let path = format!("/proc/self/fd/{}", std::os::fd::AsRawFd::as_raw_fd(&held));
    let error = run(|spec| join(spec, "pid", path.clone().into()), "true").unwrap_err();
    assert_eq!(error.cause, "its first process has ended, and with that all of it");
    assert_eq!(children_of_ours(), [""; 0]);
}

/// Root of the joined namespace has all rights over what is in it, but not over us, who have files of the host open (CVE-2016-9962).
#[test]
fn until_exec_nobody_there_looks_into_us() {
    if !is_root("until_exec_nobody_there_looks_into_us") {
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let other = Somebody::new(&["-U", "-p", "-m", "--mount-proc"], "true");
    let mut spec = shell("sleep 100");
    ["user", "pid"].into_iter().for_each(|name| join(&mut spec, name, other.namespace(name)));
    let plan = Plan::compile(&spec, forked(true)).unwrap();
    let files = Files { given: [None; 5], null: [false; 5], console: None };
    let (mut clock, pid) = (Timeline::new(), AtomicU64::new(0));
    clock.begin();
    let gate = Gate::Fifo(dir.path().join("exec.fifo"));
    let mut container = create(&plan, &files, Handshake::at(&gate).unwrap(), &pid, &mut clock).unwrap();
    container.handshake().wait_for_child(std::time::Duration::from_secs(10));
    let look = || {
        let target = other.1.to_string();
        let command = "for p in /proc/[0-9]*; do [ $p = /proc/1 -o $p = /proc/$$ ] || readlink $p/exe; done; id -u";
        let mut looks = Command::new("nsenter");
        let out =
            looks.args(["-U", "-p", "-m", "-S", "0", "-G", "0", "-t", &target, "sh", "-c", command]).output().unwrap();
        String::from_utf8(out.stdout).unwrap()
    };
    let before = look();
    container.start(&plan, &files, &pid, &mut clock).unwrap();
    let deadline = std::time::Instant::now() + std::time::Duration::from_secs(10);
    while look() == before {
        assert!(std::time::Instant::now() < deadline, "of a program that runs he sees what it is: {before}");
    }
    drop(container);
    other.end();
    assert_eq!(before, "0\n");
}

/// With the rights that the user namespace gives him, and with no others of this machine.
#[test]
fn an_ordinary_user_joins_his_own() {
    if !is_root("an_ordinary_user_joins_his_own") {
        return;
    }
    let this = "container::spec_tests::joined::by_an_ordinary_user";
    let args = ["--exact", this, "--ignored", "--nocapture", "--test-threads=1"];
    let out = Command::new(std::env::current_exe().unwrap()).args(args).output().unwrap();
    let text = String::from_utf8_lossy(&out.stdout) + String::from_utf8_lossy(&out.stderr);
    assert!(out.status.success() && text.contains("1 passed"), "{text}");
}

/// He becomes one for good, so it needs a process of its own.
#[test]
#[ignore = "run by the test above"]
fn by_an_ordinary_user() {
    crate::sys::ids::set_groups(&[]).and_then(|()| crate::sys::ids::become_user(12345, 12345)).unwrap();
    nix::sys::prctl::set_dumpable(true).unwrap();
    let other = Somebody::new(&["--map-root-user", "-p", "-m", "-n", "--mount-proc"], "true");
    let edit = |spec: &mut Spec| {
        for name in ["user", "pid", "net"] {
            join(spec, name, other.namespace(name));
        }
        spec.loopback = false;
    };
    let command = "readlink /proc/self/ns/user /proc/self/ns/pid /proc/self/ns/net; id -u; cat /etc/shadow 2> /dev/null || echo closed";
    let inside = run(edit, command);
    let of_root = run(|spec| join(spec, "net", "/proc/1/ns/net".into()), "true").unwrap_err();
    let expected = format!("{}\n{}\n{}\n0\nclosed", other.is("user"), other.is("pid"), other.is("net"));
    other.end();
    assert_eq!(inside.unwrap(), (Exit::Code(0), expected));
    assert!(of_root.doing.contains("/proc/1/ns/net"), "{of_root}");
}

/// With our rights, where those of the user namespace do not reach.
#[test]
fn a_namespace_of_the_host_is_joined_together_with_a_user_namespace() {
    if !is_root("a_namespace_of_the_host_is_joined_together_with_a_user_namespace") {
        return;
    }
    let other = Somebody::new(&["-p", "-n"], "true");
    let rights = Somebody::new(&["-U"], "true");
    let edit = |spec: &mut Spec| {
        join(spec, "user", rights.namespace("user"));
        join(spec, "net", other.namespace("net"));
        spec.loopback = false;
    };
    let inside = run(edit, "readlink /proc/self/ns/net; hostname other 2> /dev/null && hostname");
    let expected = other.is("net");
    other.end();
    rights.end();
    assert_eq!(inside.unwrap(), (Exit::Code(1), expected), "docker's set has no CAP_SYS_ADMIN");
}

#[test]
fn what_contradicts_a_joined_namespace_is_refused_by_name() {
    type Edit = fn(&mut Spec);
    let cases: [(&str, Edit); 9] = [
        ("mounts[].destination", |spec| spec.mounts = presets::docker().mounts),
        ("devices[].path", |spec| spec.devices = presets::docker().devices),
        ("masked_paths", |spec| spec.masked_paths.push("/proc/kcore".into())),
        ("readonly_paths", |spec| spec.readonly_paths.push("/proc/sys".into())),
        ("root.readonly", |spec| spec.root.readonly = true),
        ("root.folders", |spec| spec.root.folders = RootFolders::Dir("/usr".into())),
        ("sysctl", |spec| drop(spec.sysctl.insert("kernel.shmmni".into(), "1".into()))),
        ("init", |spec| {
            spec.init = true;
            join(spec, "pid", "/proc/self/ns/pid".into());
        }),
        ("ids", |spec| {
            spec.ids = Some(IdMap::MANY);
            join(spec, "user", "/proc/self/ns/user".into());
        }),
    ];
    for (field, edit) in cases {
        let both = |spec: &mut Spec| {
            as_it_is_there(spec);
            join(spec, "mnt", "/proc/self/ns/mnt".into());
            edit(spec);
        };
        let error = run(both, "true").unwrap_err();
        assert!(error.kind == Kind::Usage && error.doing.contains(field), "{field}: {error}");
    }
    let of_others = |spec: &mut Spec| join(spec, "user", "/proc/self/ns/user".into());
    let error = run(|spec| (of_others(spec), spec.namespaces.retain(|ns| ns.name != "pid")).1, "true").unwrap_err();
    assert!(error.cause.contains("/proc shows a pid namespace"), "{error}");
}
