//! What a machine can be short of: each is named with its cause and a remedy, by `bench` as by `run`, and the remedy works.
use std::process::Command;

use crate::common::{Answer, World, bench, code, needs, needs_own_mounts, root, run, skip, with_own_mounts};

/// What everybody has here: the best container for this user.
fn arm() -> &'static str {
    if root() { "container" } else { "container-rootless" }
}

fn run_args() -> [&'static str; 5] {
    ["run", "--as", arm(), "probe", "noop"]
}

fn arms() -> String {
    format!("process,{}", arm())
}

/// `isolab ARGS` after `script`, in mounts of its own.
fn after(world: &World, script: &str, args: &[&str]) -> Answer {
    if args[0] == "bench" {
        return bench(|| with_own_mounts(world, script, args.iter().copied()));
    }
    run(&mut with_own_mounts(world, script, args.iter().copied()))
}

fn bench_args<'a>(arms: &'a str, results: &'a str) -> [&'a str; 9] {
    ["bench", "-e", arms, "-x", "boot", "--blocks", "1", "--results", results]
}

/// `isolab ARGS` after `script` in a shell, with the mounts of everybody.
fn in_shell(world: &World, script: &str, args: &[&str]) -> Answer {
    let command = || {
        let mut command = Command::new("sh");
        command.args(["-c", &format!("{script}; exec \"$@\""), "sh", crate::common::ISOLAB]).args(args);
        world.settle_in(&mut command);
        command
    };
    if args[0] == "bench" { bench(command) } else { run(&mut command()) }
}

fn open_files() {
    if !needs("open_files", arm()) {
        return;
    }
    let (world, arms) = (World::new(), arms());
    let (few, remedy) = ("ulimit -S -n 12", "ulimit -n 1024");
    in_shell(&world, few, &run_args()).refuses(code::OURS_IN_RUN, "", "Too many open files", remedy);
    let answer = in_shell(&world, few, &bench_args(&arms, "few"));
    answer.ends_with(code::FAILED).says("Too many open files").says(remedy);
    assert!(!answer.err.contains("ulimit -u") && !answer.out.contains("ulimit -u"), "of processes there are enough");
    let mended = format!("{few}; {remedy}");
    in_shell(&world, &mended, &run_args()).ends_with(code::OK);
    in_shell(&world, &mended, &bench_args(&arms, "enough")).ends_with(code::OK);
    world.is_clean();
}

fn processes() {
    if root() {
        return skip("processes", "the limit of processes of a user does not bind root");
    }
    let world = World::new();
    let few = |args: &[&str]| {
        let command = || {
            let mut command = Command::new("prlimit");
            command.args(["--nproc=1", crate::common::ISOLAB]).args(args);
            world.settle_in(&mut command);
            command
        };
        if args[0] == "bench" { bench(command) } else { run(&mut command()) }
    };
    few(&["run", "--as", "process"]).refuses(code::OURS_IN_RUN, "make a process", "no more of them", "ulimit -u");
    few(&bench_args("process", "few")).ends_with(code::FAILED).says("start a worker").says("ulimit -u");
}

/// A program is written to a temporary folder and executed there.
fn a_temporary_folder_without_programs_or_without_room() {
    let test = "a_temporary_folder_without_programs_or_without_room";
    if !needs_own_mounts(test) || !needs(test, arm()) {
        return;
    }
    if ["/tmp/", "/dev/shm/"].iter().any(|covered| crate::common::ISOLAB.starts_with(covered)) {
        return skip(test, "isolab itself lies in a folder that this test covers");
    }
    let (world, arms) = (World::new(), arms());
    let remedy = "TMPDIR=DIR before the command";
    for (option, cause) in [("noexec,mode=1777", "noexec"), ("size=4k,mode=1777", "No space left")] {
        let of = |folder: &str| format!("mount -t tmpfs -o {option} none {folder}");
        let both = format!("{}; {}; unset TMPDIR", of("/tmp"), of("/dev/shm"));
        let both = format!("mkdir -p {0}/elsewhere; mount --bind {0} /mnt; {both}", world.path().display());
        after(&world, &both, &run_args()).refuses(code::OURS_IN_RUN, "", cause, remedy);
        let answer = after(&world, &both, &bench_args(&arms, "/mnt/results"));
        assert!(answer.code != code::OK, "{answer}");
        answer.says(cause).says(remedy);
        assert!(!answer.out.contains("copy it to another file system"), "the probe is ours to put elsewhere: {answer}");
        let mended = format!("{both}; export TMPDIR=/mnt/elsewhere");
        after(&world, &mended, &run_args()).ends_with(code::OK);
        after(&world, &mended, &bench_args(&arms, "/mnt/results")).ends_with(code::OK);
        let memory_alone = format!("{}; unset TMPDIR", of("/dev/shm"));
        after(&world, &memory_alone, &run_args()).ends_with(code::OK);
    }
}

fn a_results_folder_that_is_read_only() {
    let test = "a_results_folder_that_is_read_only";
    if !needs_own_mounts(test) {
        return;
    }
    let world = World::new();
    let read_only = "mount -t tmpfs -o ro none $D/results";
    let answer = after(&world, read_only, &bench_args("fake", "results"));
    answer.refuses(code::FAILED, "make the folder", "Read-only file system", "--results DIR");
    after(&world, read_only, &bench_args("fake", "elsewhere")).ends_with(code::OK);
}

/// From the first byte of a run to its last chart: what is lost, what is kept, and a remedy that works.
fn a_disk_that_is_full() {
    if !needs_own_mounts("a_disk_that_is_full") {
        return;
    }
    let world = World::new();
    let (results, file) =
        (world.join("small/results").display().to_string(), world.join("out.json").display().to_string());
    let small = |size: &str| format!("mkdir -p $D/small; mount -t tmpfs -o size={size},mode=777 none $D/small");
    let bench = |size: &str, blocks: &str, out: &str| {
        let args = ["bench", "-e", "fake", "-x", "boot", "--blocks", blocks, "--results", &results, "-o", out];
        after(&world, &small(size), &args)
    };
    bench("4k", "3", &file).refuses(code::FAILED, "save the header of a run", "nothing was measured", "--results DIR");
    let answer = bench("12k", "200", &file);
    answer.refuses(code::FAILED, "save a sample", "the samples before this one are kept", "recover");
    let answer = bench("12k", "3", &file);
    answer
        .refuses(code::FAILED, "run.json", "every sample is kept in samples.jsonl", "recover")
        .says("(samples.jsonl)");
    let elsewhere: serde_json::Value = serde_json::from_slice(&std::fs::read(&file).unwrap()).unwrap();
    assert_eq!(elsewhere["ended"], "complete", "-o lies on another disk");
    let answer = bench("48k", "3", &file);
    answer.refuses(code::FAILED, "boot-stages", "the run is kept", "chart").says("(run.json, samples.csv)");

    let turn = crate::common::my_turn();
    let args = format!("-e fake -x boot --blocks 3 --results {results}");
    let measured = format!("\"$1\" bench {args} 2> $D/told || true; cat $D/told >&2");
    let room = "mount -o remount,size=1m none $D/small; mv $D/small/results/2* $D/small/run";
    let script = format!("{}; {measured}; {room}", small("12k"));
    let recovered = run(&mut with_own_mounts(&world, &script, ["recover", "small/run"]));
    drop(turn);
    recovered.ends_with(code::OK).says("every sample is kept").says("6 samples");
}

fn no_proc() {
    let test = "no_proc";
    if !needs_own_mounts(test) || !needs(test, arm()) {
        return;
    }
    let (world, arms) = (World::new(), arms());
    let (none, remedy) = ("mount -t tmpfs none /proc", "mount -t proc proc /proc");
    after(&world, none, &run_args()).refuses(code::OURS_IN_RUN, "", "there is no /proc", remedy);
    after(&world, none, &bench_args(&arms, "none")).refuses(code::NOTHING_RAN, "", "there is no /proc", remedy);
    after(&world, none, &["doctor"]).ends_with(code::OK).says("there is no /proc").says(remedy);
    if root() {
        after(&world, &format!("{none}; {remedy}"), &run_args()).ends_with(code::OK);
    }
}

fn a_null_device_that_is_a_file() {
    let test = "a_null_device_that_is_a_file";
    if !needs_own_mounts(test) || !needs(test, arm()) {
        return;
    }
    let (world, arms) = (World::new(), arms());
    let file = "touch $D/null; chmod 666 $D/null; mount --bind $D/null /dev/null";
    let remedy = "mknod -m 666 /dev/null c 1 3";
    let run = |arm: &str| after(&world, file, &["run", "--as", arm, "probe", "noop"]);
    if !root() {
        run(arm()).refuses(code::OURS_IN_RUN, "", "", "/dev");
    }
    let answer = after(&world, file, &bench_args(&arms, "results"));
    answer.ends_with(code::NOTHING_RAN).says("it is not the null device").says(remedy);
    after(&world, file, &["doctor"]).ends_with(code::OK).says("it is not the null device").says(remedy);
    if root() {
        let mended = format!(
            "{file}; umount /dev/null; mount -t tmpfs none /mnt; mknod -m 666 /mnt/null c 1 3; mount --bind /mnt/null /dev/null"
        );
        after(&world, &mended, &bench_args(&arms, "mended")).ends_with(code::OK);
    }
}

fn a_umask_that_takes_everything() {
    let world = World::new();
    let arms = arms();
    in_shell(&world, "umask 0777", &run_args()).ends_with(code::OK);
    in_shell(&world, "umask 0777", &bench_args(&arms, "results")).ends_with(code::OK);
    world.is_clean();
    let program = in_shell(&world, "umask 0777", &["run", "--as", "process", "--", "sh", "-c", "umask"]);
    assert_eq!(program.out, "0777\n", "a program keeps its caller's");
}

fn a_user_namespace_with_one_id() {
    let test = "a_user_namespace_with_one_id";
    if !needs_own_mounts(test) || !needs(test, "container-rootless") {
        return;
    }
    let world = World::new();
    let run_as = |arm: &str| {
        let mut command = Command::new("unshare");
        command.args(["-rm", crate::common::ISOLAB, "run", "--as", arm, "probe", "noop"]);
        world.settle_in(&mut command);
        run(&mut command)
    };
    run_as("container").refuses(code::OURS_IN_RUN, "", "a user namespace alone", "container-rootless");
    run_as("container-rootless").ends_with(code::OK);
}

fn user_namespaces_that_are_forbidden() {
    let test = "user_namespaces_that_are_forbidden";
    if !needs_own_mounts(test) || !needs(test, "container-rootless") {
        return;
    }
    let world = World::new();
    let arm = "container-rootless";
    let after_writing = |script: &str| {
        let mut command = Command::new("unshare"); // the limit is the namespace's own
        let script = format!("{script}; exec \"$@\"");
        command.args(["-rm", "sh", "-c", &script, "sh", crate::common::ISOLAB, "run", "--as", arm, "probe", "noop"]);
        world.settle_in(&mut command);
        run(&mut command)
    };
    let set = |number: &str| format!("echo {number} > /proc/sys/user/max_user_namespaces");
    let remedy = "sudo sysctl user.max_user_namespaces=10000";
    after_writing(&set("0")).refuses(code::OURS_IN_RUN, "", "make a user namespace", remedy);
    after_writing(&format!("{}; {}", set("0"), set("10000"))).ends_with(code::OK);
}

fn memory_within_a_limit() {
    let test = "memory_within_a_limit";
    let world = World::new();
    let limited =
        |limit: &str, pages: &str| world.run(["run", "--as", "container", "--memory", limit, "probe", "touch", pages]);
    if limited("64M", "1").code != code::OK {
        return skip(test, "no container with a limit of memory can be made here");
    }
    let killed = limited("8M", "16384");
    killed.ends_with(137).says("more than its limit of memory, 8.00 MiB").says("--memory 16M");
    let larger = limited("128M", "16384");
    larger.ends_with(code::OK);
    assert!(!larger.err.contains("memory"), "{larger}");
    let asked =
        world.run(["run", "--as", "container", "--memory", "8M", "--rootfs", "/", "sh", "-c", "kill -9 $$; exit 137"]);
    assert!(!asked.ends_with(137).err.contains("memory"), "not every SIGKILL is the kernel's: {asked}");
    for arm in ["container", "container:fork", "container:+init"] {
        let answer = world.run(["run", "--as", arm, "--memory", "1", "probe", "noop"]);
        assert!(answer.code != code::OK);
        answer.says("--memory 6M");
        world.run(["run", "--as", arm, "--memory", "6M", "probe", "noop"]).ends_with(code::OK);
    }
    world.is_clean();
}

fn kvm_without_permission() {
    let may = nix::unistd::access("/dev/kvm", nix::unistd::AccessFlags::R_OK | nix::unistd::AccessFlags::W_OK);
    if may != Err(nix::errno::Errno::EACCES) {
        return skip("kvm_without_permission", "there is no /dev/kvm that this user may not open");
    }
    let world = World::new();
    let answer = world.run(["run", "--as", "vm-bare", "probe", "noop"]);
    answer.refuses(code::OURS_IN_RUN, "open /dev/kvm", "Permission denied", "usermod -aG kvm $USER");
    let answer = world.bench(&bench_args("vm-bare", "results")[1..]);
    answer.ends_with(code::NOTHING_RAN).says("open /dev/kvm").says("usermod -aG kvm $USER");
}

/// Workers are pinned to one CPU in every run: that alone is no shortage.
fn one_cpu() {
    let world = World::new();
    let warned = |results: &str| {
        let run = std::fs::read(world.join(results).join("latest/run.json")).unwrap();
        let run: serde_json::Value = serde_json::from_slice(&run).unwrap();
        let warnings = run["warnings"].as_array().unwrap().clone();
        (
            warnings.iter().any(|w| w["code"] == "one-cpu" && w["unfit"] == true),
            run["header"]["host"]["usable_cores"].clone(),
        )
    };
    let one = "taskset -pc 0 $$ > /dev/null";
    in_shell(&world, one, &bench_args("fake", "one")).ends_with(code::OK).says("only one CPU could be used");
    assert_eq!(warned("one"), (true, 1.into()));
    in_shell(&world, one, &["doctor"]).ends_with(code::OK).says("the harness and what it measures share one");
    world.run(["report", "--json", "one/latest"]).ends_with(code::OK);
    if isolab::bench::usable_cpus().is_none_or(|cpus| cpus < 2) {
        return skip("one_cpu", "no second CPU to show that a run with two has no such warning");
    }
    world.bench(&bench_args("fake", "two")[1..]).ends_with(code::OK);
    assert_eq!(warned("two"), (false, isolab::bench::usable_cpus().into()));
}

crate::runner::tests!(
    open_files,
    processes,
    a_temporary_folder_without_programs_or_without_room,
    a_results_folder_that_is_read_only,
    a_disk_that_is_full,
    no_proc,
    a_null_device_that_is_a_file,
    a_umask_that_takes_everything,
    a_user_namespace_with_one_id,
    user_namespaces_that_are_forbidden,
    memory_within_a_limit,
    kvm_without_permission,
    one_cpu
);
