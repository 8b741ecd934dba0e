//! What a container must hold against its own program, and against a root folder from a stranger. Needs root.

use std::fs;
use std::os::fd::AsRawFd;
use std::os::unix::fs::{FileTypeExt, MetadataExt, PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use super::container::OwnContainer;
use super::container_rootless::RootlessContainer;
use super::testing::{Story, probe_task, task};
use super::{Environment, Event, Instance, Knobs, Setting, Support, Verb};
use crate::container::{capabilities, namespaces, presets};
use crate::error::Kind;
use crate::model::{Exit, Limits, Rootfs, Task};
use crate::probe;
use crate::timeline::Timeline;

/// False, with the reason told, where no container can be made.
fn here(test: &str) -> bool {
    match OwnContainer.supports(&Knobs::default(), &task(&[])) {
        Support::No { reason, .. } => {
            crate::testing::skip(format_args!("{test}: {reason}"));
            false
        }
        _ => true,
    }
}

/// A container whose probe holds until this is dropped.
struct Held {
    instance: Box<dyn Instance>,
    clock: Timeline,
    pid: i32,
    _release: std::io::PipeWriter,
    _dir: tempfile::TempDir,
}

impl Held {
    fn new(knobs: &[&str], limits: Limits, workload: &[&str]) -> Held {
        Held::of(knobs, Task { limits, ..probe_task(workload, 5) })
    }

    fn of(knobs: &[&str], task: Task) -> Held {
        Held::by(&OwnContainer, knobs, task)
    }

    fn by(environment: &'static dyn Environment, knobs: &[&str], task: Task) -> Held {
        let dir = tempfile::tempdir().unwrap();
        let (read_end, release) = std::io::pipe().unwrap();
        let task = Task { release: Some(read_end.as_raw_fd()), ..task };
        let knobs = Knobs::parse(environment, knobs).unwrap();
        let prepared = environment.prepare(&knobs, &task, &Setting::at(dir.path())).unwrap();
        let mut clock = Timeline::new();
        let mut instance = prepared.create(&mut clock).unwrap();
        instance.start(&mut clock).unwrap();
        let until = Instant::now() + Duration::from_secs(20);
        assert!(matches!(instance.wait(until, &mut clock).unwrap(), Event::Record(_)));
        let children = fs::read_to_string("/proc/thread-self/children").unwrap();
        let pid = children.split_whitespace().last().unwrap().parse().unwrap();
        Held { instance, clock, pid, _release: release, _dir: dir }
    }

    fn file(&self, name: &str) -> PathBuf {
        Path::new("/proc").join(self.pid.to_string()).join(name)
    }

    /// The program behind a small PID 1.
    fn child(&self) -> i32 {
        let children = self.read(&format!("task/{}/children", self.pid));
        children.trim().parse().unwrap()
    }

    fn read(&self, name: &str) -> String {
        fs::read_to_string(self.file(name)).unwrap()
    }

    fn status(&self, name: &str) -> String {
        let status = self.read("status");
        let line = status.lines().find_map(|l| l.strip_prefix(name)?.strip_prefix(':'));
        line.unwrap_or_else(|| panic!("{name} in {status}")).trim().to_owned()
    }

    fn exit(&mut self) -> Exit {
        match self.instance.wait(Instant::now() + Duration::from_secs(20), &mut self.clock).unwrap() {
            Event::Exited(exit) => exit,
            other => panic!("{other:?}"),
        }
    }
}

#[test]
fn it_is_as_hardened_as_its_name_says() {
    if here("it_is_as_hardened_as_its_name_says") {
        [&[][..], &["fork"]].into_iter().for_each(is_hardened);
    }
}

fn is_hardened(knobs: &[&str]) {
    let leaked = crate::sys::fds::tests::without_cloexec(); // what our caller forgot to close (CVE-2024-21626)
    let held = Held::new(knobs, Limits::default(), &["hold"]);
    let kept = format!("{:016x}", capabilities::set_of(presets::CAPABILITIES));
    for (set, expected) in [("CapEff", &*kept), ("CapPrm", &kept), ("CapBnd", &kept)] {
        assert_eq!(held.status(set), expected, "{set}");
    }
    assert_eq!((held.status("CapInh"), held.status("CapAmb")), ("0".repeat(16), "0".repeat(16)));
    assert_eq!((held.status("NoNewPrivs"), held.status("Seccomp")), ("1".into(), "2".into()));
    assert!(held.status("NSpid").ends_with("\t1"), "the program is PID 1");
    assert!(held.status("NSpgid").ends_with("\t1"), "kill(0) would reach our own process group");
    assert!(held.status("NSsid").ends_with("\t1"), "our terminal is not its terminal");
    let mut fds: Vec<_> = fs::read_dir(held.file("fd")).unwrap().map(|e| e.unwrap().file_name()).collect();
    fds.sort();
    assert_eq!(fds, ["0", "1", "2", "3", "4"], "although {leaked:?} was open");
    assert_eq!(fs::read_link(held.file("cwd")).unwrap(), Path::new("/"));
    let parts = held.instance.footprint().unwrap();
    for namespace in namespaces::NAMESPACES.iter().filter(|n| n.name != "user") {
        assert!(parts.iter().any(|p| p.what == format!("namespace:{}", namespace.name)), "{}", namespace.name);
    }
    let cgroups = parts.iter().find(|p| p.what == "cgroups").unwrap().amount;
    assert!(cgroups > 0 && held.read("cgroup").contains("isolab."), "{}", held.read("cgroup"));
}

#[test]
fn its_files_are_only_its_own_and_the_dangerous_ones_are_covered() {
    if !here("its_files_are_only_its_own_and_the_dangerous_ones_are_covered") {
        return;
    }
    for knobs in [&[][..], &["+user"]] {
        let held = Held::new(knobs, Limits::default(), &["hold"]);
        let root = held.file("root");
        let device = |name: &str| {
            let meta = fs::metadata(root.join(name)).unwrap();
            (meta.file_type().is_char_device(), meta.rdev() >> 8, meta.rdev() & 0xff)
        };
        assert_eq!(device("dev/null"), (true, 1, 3));
        assert_eq!(device("dev/urandom"), (true, 1, 9));
        let hidden = ["proc/kcore", "proc/keys", "proc/timer_list", "proc/interrupts"];
        let hidden: Vec<_> = hidden.into_iter().filter(|name| Path::new("/").join(name).exists()).collect();
        assert!(!hidden.is_empty(), "every kernel has one of them");
        for name in hidden {
            assert_eq!(device(name), (true, 1, 3), "{name} is hidden behind /dev/null");
            assert!(is_fixed(&root.join(name)), "{name}: its mode is that of a file of the host's");
        }
        assert_eq!(fs::read_link(root.join("dev/ptmx")).unwrap(), Path::new("pts/ptmx"));
        let mounts = held.read("mountinfo");
        let options = |place: &str| {
            let line = mounts.lines().rfind(|l| l.split(' ').nth(4) == Some(place));
            line.unwrap_or_else(|| panic!("{place} in\n{mounts}")).split(' ').nth(5).unwrap().to_owned()
        };
        assert!(options("/proc/sys").starts_with("ro,"));
        assert!(options("/dev").starts_with("ro,nosuid,noexec"), "nobody can make a device file where one is alive");
        assert!(options("/").starts_with("ro,nodev"), "{mounts}");
        let host = fs::read_to_string("/proc/self/mountinfo").unwrap();
        assert!(!host.contains("rootfs/proc"), "no mount of ours is seen by the host");
    }
}

/// Nobody can change its mode or its owner: it is mounted read-only, nosuid and noexec.
fn is_fixed(file: &Path) -> bool {
    use nix::sys::statvfs::{FsFlags, statvfs};
    let flags = statvfs(file).unwrap().flags();
    flags.contains(FsFlags::ST_RDONLY | FsFlags::ST_NOSUID | FsFlags::ST_NOEXEC)
}

/// A null device of the host as a stream, a file in /proc or a device is a way to change the host's /dev/null.
#[test]
fn every_null_device_inside_is_the_containers_own() {
    if !here("every_null_device_inside_is_the_containers_own") {
        return;
    }
    for knobs in [&[][..], &["fork"], &["+init"], &["+user"], &["-dev"], &["-dev", "-mask"]] {
        null_devices_are_its_own(&Held::new(knobs, Limits::default(), &["hold"]), knobs);
    }
}

/// Root of a user namespace does not own the host's null device, and gets no way to it all the same.
#[test]
fn every_null_device_inside_is_the_containers_own_without_root_too() {
    const TEST: &str = "every_null_device_inside_is_the_containers_own_without_root_too";
    if nix::unistd::Uid::effective().is_root() {
        return crate::testing::skip(format_args!(
            "{TEST}: run by an ordinary user: root's own process would become one"
        ));
    }
    if let Support::No { reason, .. } = RootlessContainer.supports(&Knobs::default(), &task(&[])) {
        return crate::testing::skip(format_args!("{TEST}: {reason}"));
    }
    for knobs in [&[][..], &["+init"], &["-dev"], &["-dev", "-mask"]] {
        let held = Held::by(&RootlessContainer, knobs, probe_task(&["hold"], 5));
        null_devices_are_its_own(&held, knobs);
    }
}

fn null_devices_are_its_own(held: &Held, knobs: &[&str]) {
    let program = if knobs.contains(&"+init") { held.child() } else { held.pid };
    for number in 0..3 {
        let stream = Path::new("/proc").join(format!("{program}/fd/{number}"));
        assert!(fs::metadata(&stream).unwrap().file_type().is_char_device(), "{knobs:?}");
        assert!(is_fixed(&stream), "{knobs:?}: fchmod({number}) would change the host's");
    }
    if !knobs.contains(&"-dev") {
        let inside = Path::new("/proc").join(format!("{program}/root/dev/null"));
        assert!(is_fixed(&inside), "{knobs:?}");
    }
}

/// Where Python's multiprocessing and everything else that uses shm_open(3) makes its files.
#[test]
fn shared_memory_has_its_place_and_its_bound() {
    if !here("shared_memory_has_its_place_and_its_bound") {
        return;
    }
    for knobs in [&[][..], &["fork"], &["+init"], &["+user"]] {
        for (text, expected) in [
            ("echo > /dev/shm/x && test -s /dev/shm/x && test $(stat -c %a /dev/shm) = 1777", true),
            ("head -c 70m /dev/zero > /dev/shm/x", false),
            ("mknod /dev/shm/disk b 8 0 && head -c 1 /dev/shm/disk", false),
            ("cp /bin/true /dev/shm/ && /dev/shm/true", false),
            ("echo > /dev/x", false),
        ] {
            let exit = script(&format!("({text}) 2> /dev/null"), knobs);
            assert_eq!(exit == Exit::Code(0), expected, "{knobs:?}: {text}: {exit:?}");
        }
    }
}

/// A root folder with the probe in it, and what a stranger did to it.
fn hostile(change: impl Fn(&Path)) -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    for name in ["proc", "dev", "sys"] {
        fs::create_dir(dir.path().join(name)).unwrap();
    }
    fs::write(dir.path().join("run-me"), probe::ELF).unwrap();
    fs::set_permissions(dir.path().join("run-me"), fs::Permissions::from_mode(0o755)).unwrap();
    change(dir.path());
    dir
}

fn run_in(folder: &Path) -> crate::error::Result<Story> {
    let task = Task { rootfs: Rootfs::Dir(folder.into()), ..probe_task(&["noop"], 0) };
    Story::of(&OwnContainer, &[], &Task { argv: vec!["/run-me".into(), "noop".into()], ..task })
}

#[test]
fn a_root_folder_cannot_lead_us_out() {
    if !here("a_root_folder_cannot_lead_us_out") {
        return;
    }
    assert_eq!(run_in(hostile(|_| ()).path()).unwrap().exit, Exit::Code(0), "an honest folder works");
    let victim = tempfile::tempdir().unwrap(); // stands for the host's own files
    fs::write(victim.path().join("null"), "untouched").unwrap();
    let out = victim.path();
    for name in ["proc", "dev", "sys"] {
        for target in [out.to_owned(), "/".into(), "../../../../../tmp".into(), "sys".into(), "nowhere".into()] {
            let folder = hostile(|dir| {
                fs::remove_dir(dir.join(name)).unwrap();
                symlink(&target, dir.join(name)).unwrap();
            });
            let before = fs::read_to_string("/proc/self/mountinfo").unwrap();
            let error = run_in(folder.path()).unwrap_err();
            let told = error.doing.contains(name) && error.try_this.contains("do not trust it");
            assert!(told, "/{name} → {}: {error}", target.display());
            assert_eq!(fs::read_to_string("/proc/self/mountinfo").unwrap(), before, "no mount was left on the host");
        }
        let folder = hostile(|dir| {
            fs::remove_dir(dir.join(name)).unwrap();
            fs::write(dir.join(name), "a file").unwrap();
        });
        assert!(run_in(folder.path()).is_err(), "/{name} is a file");
    }
    assert_eq!(fs::read_to_string(out.join("null")).unwrap(), "untouched");
    assert_eq!(fs::read_dir(out).unwrap().count(), 1);
}

#[test]
fn its_own_device_files_are_never_used() {
    if !here("its_own_device_files_are_never_used") {
        return;
    }
    let folder = hostile(|dir| {
        symlink("/proc/sys/kernel/core_pattern", dir.join("dev/null")).unwrap(); // CVE-2025-31133
        symlink("/proc/sysrq-trigger", dir.join("dev/pts")).unwrap();
    });
    let pattern = || fs::read("/proc/sys/kernel/core_pattern").unwrap();
    let before = pattern();
    assert_eq!(run_in(folder.path()).unwrap().exit, Exit::Code(0), "they lie below our own /dev");
    assert_eq!(pattern(), before);
    let folder = hostile(|dir| symlink("/proc/self/exe", dir.join("me")).unwrap());
    let task = Task { rootfs: Rootfs::Dir(folder.path().into()), ..task(&["/me"]) };
    let error = Story::of(&OwnContainer, &[], &task).unwrap_err();
    assert!(matches!(error.kind, Kind::NotExecutable | Kind::NotFound), "our own binary is out of reach: {error}");
}

/// A folder that was made ready for chroot(8) has the host's /sys mounted in it, writable for root.
#[test]
fn what_is_mounted_on_its_sys_is_read_only() {
    if !here("what_is_mounted_on_its_sys_is_read_only") {
        return;
    }
    let folder = hostile(|_| ());
    let task = Task { rootfs: Rootfs::Dir(folder.path().into()), ..probe_task(&["hold"], 5) };
    let held = Held::of(&[], Task { argv: vec!["/run-me".into(), "hold".into()], ..task });
    let mounts = held.read("mountinfo");
    assert!(mounts.lines().any(|l| l.contains(" /sys ro,nosuid,nodev,noexec")), "{mounts}");
}

/// A shell script in the host's own tree, shown read-only.
fn script(text: &str, knobs: &[&str]) -> Exit {
    let path = ("PATH".into(), "/usr/sbin:/usr/bin:/sbin:/bin".into());
    let task = Task { rootfs: Rootfs::Dir("/".into()), env: vec![path], ..task(&["sh", "-c", text]) };
    Story::of(&OwnContainer, knobs, &task).unwrap().exit
}

#[test]
fn the_hosts_tree_is_shown_but_cannot_be_changed() {
    if !here("the_hosts_tree_is_shown_but_cannot_be_changed") {
        return;
    }
    assert_eq!(script("test $$ = 1 && test $(uname -n) = isolab && echo > /dev/null", &[]), Exit::Code(0));
    let place = format!("/tmp/isolab-test-{}", std::process::id());
    assert_eq!(script(&format!("echo > {place}"), &[]), Exit::Code(0), "its own layer over /tmp takes it");
    assert!(!Path::new(&place).exists());
    let place = format!("/var/tmp/isolab-test-{}", std::process::id());
    for text in ["echo > PLACE", "mknod /dev/disk b 8 0", "mount -t tmpfs none /tmp", "echo 1 > /proc/sys/kernel/panic"]
    {
        let text = text.replace("PLACE", &place);
        assert_ne!(script(&format!("{text} 2> /dev/null"), &[]), Exit::Code(0), "{text}");
    }
    assert!(!Path::new(&place).exists());
    assert_eq!(script("kill -9 $$; exit 3", &[]), Exit::Code(3), "PID 1 cannot kill itself");
    assert_eq!(script("test $$ != 1", &["-pid"]), Exit::Code(0));
    assert_eq!(script("sleep 100 & exit 4", &["-pid"]), Exit::Code(4), "what it leaves behind goes with its cgroup");
}

#[test]
fn a_signal_ends_a_deaf_pid_1_and_a_small_one_passes_it_on() {
    if !here("a_signal_ends_a_deaf_pid_1_and_a_small_one_passes_it_on") {
        return;
    }
    let mut bare = Held::new(&[], Limits::default(), &["hold"]);
    bare.instance.control(Verb::Signal(15)).unwrap();
    let event = bare.instance.wait(Instant::now() + Duration::from_millis(50), &mut bare.clock).unwrap();
    assert_eq!(event, Event::Exited(Exit::Signal(15)), "PID 1 without a handler would not notice SIGTERM: it is ended");
    let mut held = Held::new(&["+init"], Limits::default(), &["hold"]);
    let exe = fs::read_link(held.file("exe")).unwrap();
    assert_eq!(exe, std::env::current_exe().unwrap(), "PID 1 is our own program …");
    held.instance.control(Verb::Signal(15)).unwrap();
    assert_eq!(held.exit(), Exit::Signal(15));
    assert_eq!(script("readlink /proc/$$/exe", &["+init"]), Exit::Code(0));
    assert_ne!(
        script("readlink /proc/1/exe", &["+init"]),
        Exit::Code(0),
        "… and out of reach from inside (CVE-2019-5736)"
    );
    assert_eq!(
        script("(sleep 0.05; exit 9) & exec sh -c 'sleep 0.2; exit 5'", &["+init"]),
        Exit::Code(5),
        "orphans are reaped"
    );
}

/// With little memory the kernel ends what is in the container, never us, whose memory its child still borrowed.
#[test]
fn a_container_that_cannot_even_begin_takes_nobody_along() {
    if !here("a_container_that_cannot_even_begin_takes_nobody_along") {
        return;
    }
    for memory_bytes in [4096, 64 << 10, 256 << 10] {
        for knobs in [&[][..], &["fork"]] {
            let limits = Limits { memory_bytes: Some(memory_bytes), ..Limits::default() };
            let ended = Story::of(&OwnContainer, knobs, &Task { limits, ..probe_task(&["touch", "1024"], 3) });
            let killed = matches!(&ended, Ok(story) if story.exit == Exit::Signal(9));
            assert!(killed || ended.is_err(), "{memory_bytes} {knobs:?}: {ended:?}");
        }
    }
}

#[test]
fn limits_hold() {
    if !here("limits_hold") {
        return;
    }
    let limits = Limits { memory_bytes: Some(8 << 20), ..Limits::default() };
    let knobs = Knobs::default();
    let dir = tempfile::tempdir().unwrap();
    let task = Task { limits, ..probe_task(&["touch", "16384"], 3) }; // 64 MiB
    let prepared = OwnContainer.prepare(&knobs, &task, &Setting::at(dir.path())).unwrap();
    let mut clock = Timeline::new();
    let mut instance = prepared.create(&mut clock).unwrap();
    instance.start(&mut clock).unwrap();
    let event = instance.wait(Instant::now() + Duration::from_secs(20), &mut clock).unwrap();
    assert_eq!(event, Event::Exited(Exit::Signal(9)), "killed at its limit of memory");
    let limits = Limits { pids: Some(3), ..Limits::default() };
    let path = ("PATH".into(), "/usr/bin:/bin".into());
    let text = "for i in 1 2 3 4 5; do sleep 1 & done; true"; // the shell ends with 2 when it cannot fork
    let task =
        Task { rootfs: Rootfs::Dir("/".into()), limits, env: vec![path], ..super::testing::task(&["sh", "-c", text]) };
    assert_ne!(Story::of(&OwnContainer, &[], &task).unwrap().exit, Exit::Code(0));
    let error = Story::of(&OwnContainer, &["-cgroup"], &task).unwrap_err();
    assert_eq!(error.kind, Kind::Usage, "{error}");
}

#[test]
fn nothing_is_left_behind() {
    if !here("nothing_is_left_behind") {
        return;
    }
    let held = Held::new(&[], Limits { pids: Some(10), ..Limits::default() }, &["hold"]);
    let own: Vec<PathBuf> = cgroup_folders(held.pid);
    assert!(!own.is_empty() && own.iter().all(|folder| folder.exists()), "{own:?}");
    let pid = held.pid;
    drop(held);
    assert!(own.iter().all(|folder| !folder.exists()), "{own:?}");
    assert!(!Path::new(&format!("/proc/{pid}")).exists());
    for (knobs, word) in [
        (["-net", "-lo"], "-lo"),
        (["-pid", "+init"], "+init"),
        (["-pid", "-cgroup"], "-cgroup"),
        (["+user", "fork"], "fork"),
        (["+init", "fork"], "fork"),
    ] {
        let error = Knobs::parse(&OwnContainer, &knobs).unwrap_err();
        assert!(error.kind == Kind::Usage && error.doing.contains(word), "{error}");
    }
}

/// The folders of a process that are named after isolab, in whatever tree.
fn cgroup_folders(pid: i32) -> Vec<PathBuf> {
    let name = fs::read_to_string(format!("/proc/{pid}/cgroup")).unwrap();
    let name = name.lines().find_map(|l| Some(format!("isolab.{}", l.split("/isolab.").nth(1)?))).unwrap();
    let tops = ["", "memory", "pids", "cpu"].map(|c| Path::new("/sys/fs/cgroup").join(c).join(&name));
    tops.into_iter().filter(|folder| folder.exists()).collect()
}
