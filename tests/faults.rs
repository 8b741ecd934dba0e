//! What is missing, forbidden, full, hanging or killed: the run tells it with a remedy and the right exit code, keeps what
//! was measured before, and leaves nothing behind.
use std::fs::File;
use std::io::Write;
use std::process::{Command, Stdio};

use crate::common::{Answer, ISOLAB, World, code, needs, needs_own_mounts, root, skip, wait_for, with_own_mounts};

/// One block of boot: fast, and enough to see what a cell became.
const ONE: [&str; 4] = ["-x", "boot", "--blocks", "1"];

/// A /dev without kvm, for a mount namespace.
const DEV_WITHOUT_KVM: &str = "mkdir -p $D/dev; mount -t tmpfs none $D/dev; \
    for n in null zero full random urandom tty; do touch $D/dev/$n; mount --bind /dev/$n $D/dev/$n; done; \
    mount --rbind $D/dev /dev";

fn bench_with_mounts(world: &World, script: &str, args: &[&str]) -> Answer {
    crate::common::bench(|| with_own_mounts(world, script, ["bench"].iter().chain(args).copied()))
}

fn run_with_mounts(world: &World, script: &str, args: &[&str]) -> Answer {
    crate::common::run(&mut with_own_mounts(world, script, ["run"].iter().chain(args).copied()))
}

#[track_caller]
fn status_of(world: &World, cell: &str) -> String {
    let run = world.saved();
    let cells = run["cells"].as_array().unwrap();
    let cell = cells.iter().find(|c| c["id"] == cell).unwrap_or_else(|| panic!("no cell {cell}"));
    cell["status"].as_str().unwrap().to_owned()
}

fn without_kvm_the_rest_is_measured_and_the_remedy_told() {
    if !needs_own_mounts("without /dev/kvm") {
        return;
    }
    let world = World::new();
    let answer = bench_with_mounts(&world, DEV_WITHOUT_KVM, &[&["-e", "process,vm-bare"][..], &ONE].concat());
    answer.ends_with(code::OK).says("skipped: vm-bare (could not open /dev/kvm: No such file or directory)");
    answer.says("turn on virtualization in the firmware");
    assert!(!answer.out.contains("software KVM backend"), "nothing was measured on it: {answer}");
    assert_eq!(status_of(&world, "boot/vm-bare"), "skipped");
    assert_eq!(status_of(&world, "boot/process"), "measured");
    world.is_clean();

    let world = World::new();
    let answer = bench_with_mounts(&world, DEV_WITHOUT_KVM, &[&["-e", "vm-bare"][..], &ONE].concat());
    answer.ends_with(code::NOTHING_RAN);
    run_with_mounts(&world, DEV_WITHOUT_KVM, &["--as", "vm-bare", "--", "probe"]).refuses(
        code::OURS_IN_RUN,
        "open /dev/kvm",
        "No such file",
        "modprobe",
    );
    world.is_clean();
}

fn a_kvm_that_is_none_is_told_apart_from_no_kvm() {
    let name = "a /dev/kvm that is another file";
    if !needs_own_mounts(name) {
        return;
    }
    if !std::path::Path::new("/dev/kvm").exists() {
        return skip(name, "there is no /dev/kvm to hide");
    }
    let world = World::new();
    let script = "touch $D/file; mount --bind $D/file /dev/kvm";
    let answer = run_with_mounts(&world, script, &["--as", "vm-bare", "--", "probe"]);
    answer.refuses(code::OURS_IN_RUN, "KVM_CREATE_VM", "Inappropriate ioctl", "dmesg");
    let answer = bench_with_mounts(&world, script, &[&["-e", "vm-bare"][..], &ONE].concat());
    answer.ends_with(code::NOTHING_RAN).says("skipped: vm-bare, vm-bare#2").says("dmesg");
    world.is_clean();
}

/// As with a wrong nesting or a firmware lock: a VM can be made, and then its first instruction is refused.
fn a_kvm_that_runs_no_guest_is_found_out_by_running_one() {
    if !needs("a KVM that runs no guest", "vm-bare") {
        return;
    }
    // A filter belongs to one thread and to the processes that it starts.
    let cannot_run = || {
        crate::common::refuse_kvm_run();
        let world = World::new();
        let answer = world.run(["run", "--as", "vm-bare", "--", "probe"]);
        answer.refuses(code::OURS_IN_RUN, "KVM_RUN", "Operation not permitted", "nested virtualization");
        let answer = world.bench(&[&["-e", "process,vm-bare"][..], &ONE].concat());
        answer.ends_with(code::OK).says("skipped: vm-bare (could not run a guest: /dev/kvm is there, but");
        assert_eq!(status_of(&world, "boot/vm-bare"), "skipped");
        world.is_clean();
    };
    std::thread::spawn(cannot_run).join().unwrap();
}

fn without_permission_on_kvm_the_group_is_named() {
    let name = "no permission on /dev/kvm";
    let Some(world) = OtherUser::new(name) else { return };
    if File::options().read(true).open("/dev/kvm").is_err() || mode("/dev/kvm") & 0o006 != 0 {
        return skip(name, "/dev/kvm is not there, or open to everybody");
    }
    let answer = crate::common::run(&mut world.command(&[], &["run", "--as", "vm-bare", "--", "probe"]));
    answer.refuses(code::OURS_IN_RUN, "open /dev/kvm", "Permission denied", "usermod -aG kvm");
    let args = [&["bench", "-e", "process,vm-bare"][..], &ONE].concat();
    let answer = crate::common::bench(|| world.command(&[], &args));
    answer.ends_with(code::OK).says("skipped: vm-bare (could not open /dev/kvm: Permission denied)");
    world.0.is_clean();
}

fn without_user_namespaces_the_switch_is_named() {
    let name = "no user namespaces";
    if !root() {
        return skip(name, "root must map a second user into a namespace for it");
    }
    let world = World::new();
    // In a user namespace of its own the limit is our own to set; the host's stays as it is.
    let script = "read go; exec sh -c 'echo 0 > /proc/sys/user/max_user_namespaces || exit 99; \
        exec setpriv --reuid=12345 --regid=12345 --clear-groups \"$@\"' sh \"$@\"";
    let mut command = Command::new("unshare");
    command.args(["-U", "sh", "-c", script, "sh", ISOLAB, "run", "--as", "container-rootless", "--", "probe"]);
    world.settle_in(&mut command);
    let pipes = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = pipes.spawn().unwrap();
    let own = std::fs::read_link("/proc/self/ns/user").unwrap();
    let theirs = format!("/proc/{}/ns/user", child.id());
    wait_for("unshare", || std::fs::read_link(&theirs).ok().filter(|ns| *ns != own));
    for map in ["uid_map", "gid_map"] {
        std::fs::write(format!("/proc/{}/{map}", child.id()), "0 0 65536").unwrap();
    }
    child.stdin.take().unwrap().write_all(b"go\n").unwrap();
    let answer = Answer::from(child.wait_with_output().unwrap());
    if answer.code == 99 || answer.err.contains("unshare failed") || answer.err.contains("setpriv: ") {
        let why = "unshare and setpriv, of util-linux, cannot make and limit a namespace of our own here";
        return skip(name, why);
    }
    answer.refuses(code::OURS_IN_RUN, "without root", "user namespace", "sysctl user.max_user_namespaces");
    world.is_clean();
}

/// As AppArmor has it on Ubuntu since 23.10: the namespace is made, and then its id map cannot be written.
fn a_user_namespace_that_gets_no_ids_is_no_user_namespace() {
    let name = "user namespaces without id maps";
    if !needs(name, "container-rootless") || !needs_own_mounts(name) {
        return;
    }
    let no_ids = "mount -o remount,bind,ro /proc";
    let apparmor = format!(
        "mount -t tmpfs none /proc/sys/kernel; echo 1 > /proc/sys/kernel/apparmor_restrict_unprivileged_userns; {no_ids}"
    );
    for (script, advice) in [(no_ids, "outside of a container"), (&apparmor, "apparmor_restrict_unprivileged_userns=0")]
    {
        let world = World::new();
        let answer = run_with_mounts(&world, script, &["--as", "container-rootless", "--", "probe"]);
        answer.refuses(code::OURS_IN_RUN, "make a container without root", "could not get the id map", advice);
        let answer = bench_with_mounts(&world, script, &[&["-e", "process,container-rootless"][..], &ONE].concat());
        answer.ends_with(code::OK).says("skipped: container-rootless (could not get the id map");
        assert_eq!(status_of(&world, "boot/process"), "measured");
        world.is_clean();
    }
}

fn a_cgroup_tree_that_cannot_be_written_is_told() {
    let name = "read-only cgroups";
    if !root() {
        return skip(name, "needs root");
    }
    if !needs(name, "container") || !needs_own_mounts(name) {
        return;
    }
    let world = World::new();
    let script = "for m in $(awk '$5 ~ /^.sys.fs.cgroup/ { print $5 }' /proc/self/mountinfo); do \
        mount -o remount,bind,ro $m; done";
    let answer = run_with_mounts(&world, script, &["--as", "container", "--", "probe"]);
    answer.refuses(code::OURS_IN_RUN, "make a container", "not writable", "container:-cgroup");
    run_with_mounts(&world, script, &["--as", "container:-cgroup", "--", "probe"]).ends_with(code::OK);
    let answer = bench_with_mounts(&world, script, &[&["-e", "process,container"][..], &ONE].concat());
    answer.ends_with(code::OK).says("skipped: container (the tree of cgroups is not writable) — try:");
    world.is_clean();
}

fn out_of_processes() {
    let name = "out of processes";
    let Some(world) = OtherUser::new(name) else { return };
    // The limit counts the processes of a user, and this one has no others: two are the harness and one worker.
    let answer =
        crate::common::run(&mut world.command(&["prlimit", "--nproc=1"], &["run", "--as", "process", "--", "probe"]));
    answer.refuses(code::OURS_IN_RUN, "make a process", "no more of them", "ulimit -u");
    for (processes, what) in [("--nproc=1", "start a worker"), ("--nproc=2", "make a process")] {
        let args = [&["bench", "-e", "process"][..], &ONE].concat();
        let answer = crate::common::bench(|| world.command(&["prlimit", processes], &args));
        answer.ends_with(code::FAILED).says(&format!("could not {what}")).says("try: ulimit -u");
    }
    world.0.is_clean();
}

fn out_of_memory() {
    if !needs("out of memory", "vm-bare") {
        return;
    }
    let world = World::new();
    let args = [&["bench", "-e", "process,vm-bare:ram=1G"][..], &ONE].concat();
    let answer = crate::common::bench(|| {
        let mut command = Command::new("prlimit");
        command.arg("--as=400000000").arg(ISOLAB).args(&args);
        world.settle_in(&mut command);
        command
    });
    answer.ends_with(code::FAILED).says("failed: vm-bare:ram=1G").says("Cannot allocate memory");
    answer.says("a smaller ram=SIZE");
    assert_eq!(status_of(&world, "boot/process"), "measured", "what could be measured was");
    world.is_clean();
}

fn a_worker_that_fails_crashes_or_lies_costs_its_own_cell_alone() {
    for (fault, reason) in [
        ("fail", "could not start the scripted environment: the script says so"),
        ("crash", "it died (killed by signal 6)"),
        ("liar", "could not believe the sample: the proof in record 0x1 is wrong"),
    ] {
        let world = World::new();
        let arms = format!("fake,fake:fault={fault}");
        let answer = world.bench(&[&["-e", &arms][..], &ONE].concat());
        answer.ends_with(code::FAILED).says(&format!("failed: fake:fault={fault} (")).says(reason);
        assert_eq!(status_of(&world, &format!("boot/fake:fault={fault}")), "failed");
        assert_eq!(status_of(&world, "boot/fake"), "measured");
        assert!(!world.samples_kept().is_empty());
        world.is_clean();
    }
}

fn a_worker_that_hangs_is_ended_at_its_deadline() {
    let world = World::new();
    let args = [&["-e", "fake,fake:fault=hang", "--timeout", "300ms"][..], &ONE].concat();
    let answer = world.bench(&args);
    answer.ends_with(code::FAILED).says("failed: fake:fault=hang").says("it hangs").says("try: --timeout 60s");
    assert_eq!(status_of(&world, "boot/fake"), "measured");
    world.is_clean();
}

fn what_is_unavailable_is_skipped_and_that_is_no_failure() {
    let world = World::new();
    world.bench(&[&["-e", "fake,fake:fault=unavailable"][..], &ONE].concat()).ends_with(code::OK);
    assert_eq!(status_of(&world, "boot/fake:fault=unavailable"), "skipped");
    let world = World::new();
    let answer = world.bench(&[&["-e", "fake:fault=unavailable"][..], &ONE].concat());
    answer.ends_with(code::NOTHING_RAN).says("try: take the fault away");
}

fn what_a_sample_leaves_running_is_ended_and_a_warning() {
    let world = World::new();
    let answer = world.bench(&[&["-e", "fake,fake:fault=leak"][..], &ONE].concat());
    answer.ends_with(code::OK);
    let warnings = world.saved()["warnings"].to_string();
    assert!(warnings.contains("left-running") && warnings.contains("fake:fault=leak"), "{warnings}");
    assert_eq!(status_of(&world, "boot/fake:fault=leak"), "measured", "its samples are good");
    world.is_clean();
}

fn a_probe_killed_in_the_middle_of_its_sample_fails_that_sample_alone() {
    let world = World::new();
    let _turn = crate::common::my_turn();
    let child = world.begin_bench(&["-e", "process", "-x", "cpu", "--blocks", "6", "--seed", "1"]);
    wait_for("the first sample", || (world.samples_so_far() > 0).then_some(()));
    wait_for("a probe", || {
        let pid = *world.probes().first()?;
        nix::sys::signal::kill(nix::unistd::Pid::from_raw(pid), nix::sys::signal::SIGKILL).ok()
    });
    let answer = Answer::from(child.wait_with_output().unwrap());
    answer.ends_with(code::FAILED).says("samples of").says("signal 9");
    let samples = world.samples_kept();
    let failed = samples.iter().filter(|s| s.get("failed").is_some()).count();
    assert_eq!((failed, samples.len()), (1, 12), "6 blocks of two arms: {answer}");
    world.is_clean();
}

fn a_second_bench_waits_for_nobody_and_disturbs_nobody() {
    let (world, other) = (World::new(), World::new());
    let _turn = crate::common::my_turn();
    let child = world.begin_bench(&["-e", "fake", "-x", "boot", "--blocks", "60"]);
    let second = other.run([&["bench", "-e", "fake"][..], &ONE].concat());
    second.refuses(code::NOTHING_RAN, "start to measure", "another isolab bench", "wait until it has ended");
    other.run(["clean"]).refuses(code::NOTHING_RAN, "", "another isolab bench", "wait");
    other.is_clean();
    Answer::from(child.wait_with_output().unwrap()).ends_with(code::OK);
    assert_eq!(world.samples_kept().len(), 120);
    world.is_clean();
}

fn inside_a_container_what_works_works_and_the_rest_says_why() {
    for outer in ["container", "container-rootless"] {
        let name = format!("inside {outer}");
        if outer == "container" && !root() {
            skip(&name, "needs root"); // without it `container` means the other one
            continue;
        }
        if !needs(&name, outer) {
            continue;
        }
        let world = World::new();
        let Some(rootfs) = rootfs_with_isolab(&world) else { return skip(&name, "ldd does not tell its libraries") };
        let arms = "process,process:vfork,container,container-rootless,vm-bare,fake";
        let inner = [&["/isolab", "bench", "-e", arms, "--results", "/tmp/r"][..], &ONE].concat();
        let answer = crate::common::bench(|| {
            world.isolab(["run", "--as", outer, "--rootfs", &rootfs, "--"].iter().chain(&inner))
        });
        answer.ends_with(code::OK);
        for works in ["process", "process:vfork", "fake"] {
            answer.says(&format!("boot/{works} create_to_ready"));
        }
        answer.says("skipped: vm-bare (could not open /dev/kvm");
        let inner = ["/isolab", "run", "--", "sh"];
        let answer = world.run(["run", "--as", outer, "--rootfs", &rootfs, "--"].iter().chain(&inner));
        answer.refuses(code::NOT_FOUND, "find the program sh", "no such file", "spelling");
        assert_eq!(crate::common::world::entries(&world.join("rootfs/tmp")), ["r"], "its scratch folder is gone");
        world.is_clean();
    }
}

/// The binary with its libraries, and a writable /tmp.
fn rootfs_with_isolab(world: &World) -> Option<String> {
    let root = world.join("rootfs");
    let ldd = Command::new("ldd").arg(ISOLAB).output().ok()?;
    let text = String::from_utf8(ldd.stdout).ok()?;
    for library in text.split_whitespace().filter(|word| word.starts_with('/')) {
        let place = root.join(&library[1..]);
        std::fs::create_dir_all(place.parent()?).ok()?;
        std::fs::copy(library, place).ok()?;
    }
    for name in ["tmp", "proc", "dev", "sys"] {
        std::fs::create_dir_all(root.join(name)).ok()?;
    }
    std::fs::set_permissions(root.join("tmp"), std::os::unix::fs::PermissionsExt::from_mode(0o777)).ok()?;
    std::fs::copy(ISOLAB, root.join("isolab")).ok()?;
    Some(root.display().to_string())
}

fn mode(path: &str) -> u32 {
    use std::os::unix::fs::MetadataExt;
    std::fs::metadata(path).map_or(0, |m| m.mode())
}

/// A world for a user who has no process but the one that is tested, and a binary that he may read.
struct OtherUser(World, String, u32);

/// Limits count all processes of a user, those of other tests too: so each has one that nobody has, below the 65536 that a
/// container's root may become.
fn unused_uid() -> u32 {
    use std::os::unix::fs::MetadataExt;
    static ASKED: std::sync::atomic::AtomicU32 = std::sync::atomic::AtomicU32::new(0);
    let asked = ASKED.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
    let first = std::process::id() * 16 + asked;
    let owners: Vec<u32> =
        std::fs::read_dir("/proc").unwrap().flatten().filter_map(|e| Some(e.metadata().ok()?.uid())).collect();
    (0..40_000).map(|n| 20_000 + (first + n) % 40_000).find(|uid| !owners.contains(uid)).unwrap()
}

impl OtherUser {
    fn new(test: &str) -> Option<OtherUser> {
        if !root() {
            skip(test, "needs root to become a user without other processes");
            return None;
        }
        let world = World::new();
        let copy = world.program("isolab", std::fs::read(ISOLAB).unwrap());
        Some(OtherUser(world, copy, unused_uid()))
    }

    fn command(&self, before: &[&str], args: &[&str]) -> Command {
        use std::os::unix::process::CommandExt;
        let words = [before, &[self.1.as_str()], args].concat();
        let mut command = Command::new(words[0]);
        command.args(&words[1..]).uid(self.2).gid(self.2);
        self.0.settle_in(&mut command);
        command
    }
}

/// A throttled CPU or a failing disk shows there, and spoils numbers.
fn a_line_that_the_kernel_logs_during_a_run_is_a_warning() {
    use std::io::Write;
    let name = "a line in the kernel's log";
    let open = || std::fs::File::options().write(true).open("/dev/kmsg"); // anew for each line: few a second pass through one
    if open().is_err() {
        return skip(name, "needs to write to /dev/kmsg, as root may");
    }
    let codes = |world: &World| {
        let run = world.saved();
        let warnings = run["warnings"].as_array().unwrap();
        warnings.iter().map(|w| format!("{}: {}", w["code"], w["text"])).collect::<Vec<_>>().join("\n")
    };
    let done = std::sync::atomic::AtomicBool::new(false);
    let world = World::new();
    std::thread::scope(|scope| {
        scope.spawn(|| {
            while !done.load(std::sync::atomic::Ordering::Relaxed) {
                let _ =
                    open().and_then(|mut log| log.write_all(b"<6>isolab's own test: CPU0 is not really throttled\n"));
                std::thread::sleep(std::time::Duration::from_millis(100));
            }
        });
        let answer = crate::common::bench(|| world.isolab([&["bench", "-e", "process"][..], &ONE].concat()));
        done.store(true, std::sync::atomic::Ordering::Relaxed);
        answer.ends_with(code::OK);
    });
    assert!(codes(&world).contains("\"kernel-log\": \"the kernel logged during the run: "), "{}", codes(&world));
    assert!(codes(&world).contains("not really throttled"), "{}", codes(&world));
}

crate::runner::tests!(
    without_kvm_the_rest_is_measured_and_the_remedy_told,
    a_kvm_that_is_none_is_told_apart_from_no_kvm,
    a_kvm_that_runs_no_guest_is_found_out_by_running_one,
    without_permission_on_kvm_the_group_is_named,
    without_user_namespaces_the_switch_is_named,
    a_user_namespace_that_gets_no_ids_is_no_user_namespace,
    a_cgroup_tree_that_cannot_be_written_is_told,
    out_of_processes,
    out_of_memory,
    a_worker_that_fails_crashes_or_lies_costs_its_own_cell_alone,
    a_worker_that_hangs_is_ended_at_its_deadline,
    what_is_unavailable_is_skipped_and_that_is_no_failure,
    what_a_sample_leaves_running_is_ended_and_a_warning,
    a_probe_killed_in_the_middle_of_its_sample_fails_that_sample_alone,
    a_second_bench_waits_for_nobody_and_disturbs_nobody,
    inside_a_container_what_works_works_and_the_rest_says_why,
    a_line_that_the_kernel_logs_during_a_run_is_a_warning
);
