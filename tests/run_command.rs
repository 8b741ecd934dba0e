//! `isolab run`: its exit codes are docker's, its bad programs are told, and it leaves nothing behind.
use std::os::unix::fs::symlink;

use crate::common::{World, code, needs, root, skip};

/// The environments that run any program; `container` is for root.
const HOSTS: [&str; 3] = ["process", "container", "container-rootless"];

fn hosts(test: &str) -> impl Iterator<Item = &'static str> {
    HOSTS.into_iter().filter(move |arm| needs(test, arm))
}

/// `run --as ARM`, with the host's own files as its root, so that there is a shell.
fn words(arm: &str, command: &[&str]) -> Vec<String> {
    let rootfs: &[&str] = if arm == "process" { &[] } else { &["--rootfs", "/"] };
    [&["run", "--as", arm], rootfs, &["--"], command].concat().into_iter().map(str::to_owned).collect()
}

fn the_exit_code_is_the_programs_own() {
    for arm in hosts("the program's exit code") {
        let world = World::new();
        for expected in [0, 1, 7, 255] {
            let answer = world.run(words(arm, &["sh", "-c", &format!("echo to stdout; exit {expected}")]));
            answer.ends_with(expected);
            assert_eq!(answer.out, "to stdout\n", "{arm}");
            assert!(answer.err.is_empty(), "{arm}: {answer}");
        }
        world.is_clean();
    }
}

fn a_program_killed_by_a_signal_gives_128_and_its_number() {
    for arm in hosts("a program killed by a signal") {
        let world = World::new();
        // In a container the program is PID 1, which no signal from inside can kill: a child of it is killed.
        for (signal, expected) in [("TERM", 143), ("KILL", 137), ("SEGV", 139)] {
            let shell = format!("sh -c 'kill -{signal} $$'; exit $?");
            world.run(words(arm, &["sh", "-c", &shell])).ends_with(expected);
        }
        world.is_clean();
    }
    World::new().run(words("process", &["sh", "-c", "kill -KILL $$"])).ends_with(137);
    for arm in hosts("a program killed under --init").filter(|arm| *arm != "process") {
        let world = World::new();
        let args = ["run", "--as", arm, "--init", "--rootfs", "/", "--", "sh", "-c", "kill -KILL $$"];
        world.run(args).ends_with(137);
        world.is_clean();
    }
}

fn a_program_that_is_not_there_is_127_and_one_that_may_not_run_is_126() {
    let world = World::new();
    let text = world.file("text", "no program");
    for arm in hosts("programs that cannot run") {
        world.run(words(arm, &["no-such-program"])).refuses(
            code::NOT_FOUND,
            "find the program no-such-program",
            "no such file",
            "spelling",
        );
        world.run(words(arm, &["/no/such/program"])).refuses(
            code::NOT_FOUND,
            "/no/such/program",
            "no such file",
            "path",
        );
        world.run(words(arm, &[&text])).refuses(code::NOT_EXECUTABLE, "execute the program", "", "");
        world.run(words(arm, &["/etc"])).refuses(code::NOT_EXECUTABLE, "execute the program /etc", "", "");
        let script = world.program("script", "#!/no/such/interpreter\n");
        world.run(words(arm, &[&script])).ends_with(code::NOT_FOUND);
    }
    world.is_clean();
}

fn without_a_rootfs_a_container_has_one_file_alone_and_says_so() {
    for arm in hosts("the probe's own rootfs").filter(|arm| *arm != "process") {
        let world = World::new();
        world.run(["run", "--as", arm, "--", "sh"]).refuses(
            code::NOT_FOUND,
            "find all of the program sh",
            "it needs",
            "--rootfs /",
        );
        world.run(["run", "--as", arm]).ends_with(code::OK).says("isolab probe");
        world.run(["run", "--as", arm, "--rootfs", "/nowhere", "--", "sh"]).refuses(
            code::OURS_IN_RUN,
            "/nowhere",
            "No such file",
            "--rootfs /",
        );
        world.is_clean();
    }
}

fn a_rootfs_whose_folders_are_links_is_refused() {
    for arm in hosts("a rootfs with links").filter(|arm| *arm != "process") {
        for name in ["proc", "dev", "sys"] {
            for target in ["/elsewhere", "../../../../../etc", "/proc/self/root"] {
                let world = World::new();
                let root = world.join("rootfs");
                for folder in ["elsewhere", "proc", "dev", "sys"] {
                    std::fs::create_dir_all(root.join(folder)).unwrap();
                }
                std::fs::remove_dir(root.join(name)).unwrap();
                symlink(target, root.join(name)).unwrap();
                world.program("rootfs/program", isolab::probe::ELF);
                let answer =
                    world.run(["run", "--as", arm, "--rootfs", root.to_str().unwrap(), "--", "/program", "noop"]);
                answer.refuses(code::OURS_IN_RUN, &format!("/{name}"), "symbolic link", "do not trust it");
                assert!(
                    crate::common::world::entries(&root.join("elsewhere")).is_empty(),
                    "nothing was made through the link"
                );
                world.is_clean();
            }
        }
    }
}

fn a_program_that_takes_too_long_is_ended() {
    for arm in ["process", "container", "container-rootless", "vm-bare"] {
        if !needs("run --timeout", arm) {
            continue;
        }
        let world = World::new();
        let began = std::time::Instant::now();
        let answer = world.run(["run", "--as", arm, "--timeout", "400ms", "--", "probe", "count", "60"]);
        answer.refuses(code::OURS_IN_RUN, "wait for probe", "longer than --timeout", "--timeout 5m");
        assert!(began.elapsed().as_secs() < 10);
        world.is_clean();
    }
}

fn limits_hold() {
    if !root() {
        return crate::common::skip("limits of a container", "needs root");
    }
    if !needs("limits of a container", "container") {
        return;
    }
    let world = World::new();
    let with = |limit: [&str; 2], command: &[&str]| {
        let rootfs: &[&str] = if command[0] == "probe" { &[] } else { &["--rootfs", "/"] };
        world.run([&["run", "--as", "container"], &limit[..], rootfs, &["--"], command].concat())
    };
    with(["--memory", "16M"], &["probe", "touch", "100"]).ends_with(code::OK);
    with(["--memory", "16M"], &["probe", "touch", "100000"]).ends_with(137);
    let answer = with(["--pids", "1"], &["sh", "-c", "true & wait; echo went on"]);
    assert!(answer.code != 0 && answer.err.contains("fork"), "{answer}");
    world.is_clean();
}

fn timeline_and_inventory_are_told_after_the_program() {
    for arm in ["process", "container", "container-rootless", "vm-bare", "fake"] {
        if arm != "fake" && !needs("run --timeline", arm) {
            continue;
        }
        let world = World::new();
        // One that is gone at once may be gone before it is looked at; that is told, and its code stays its own.
        let quick = world.run(["run", "--as", arm, "--timeline", "--inventory", "--", "probe", "noop"]);
        quick.ends_with(code::OK).says(&format!("stages of {arm}")).says("in all").says(&format!("objects of {arm}"));
        let answer = world.run(["run", "--as", arm, "--timeline", "--inventory", "--", "probe", "count", "2"]);
        answer.ends_with(code::OK).says(": processes ");
        let widest = answer.out.lines().map(|l| l.chars().count()).max().unwrap();
        assert!(widest <= 80, "{widest} columns: {answer}");
        world.is_clean();
    }
}

/// Also of a program that ends at once: what was made is what a run of the experiment counts.
fn the_inventory_is_whole_however_quick_the_program_is() {
    for arm in ["container", "container:+init", "container-rootless"] {
        if !arm.starts_with("container-rootless") && !root() {
            skip("run --inventory", &format!("{arm}: it is made by root"));
            continue;
        }
        if !needs("run --inventory", arm.split(':').next().unwrap()) {
            continue;
        }
        let world = World::new();
        world.bench(&["-e", arm, "-x", "inventory", "--blocks", "2"]).ends_with(code::OK);
        let run = world.saved();
        let median = |metric: &str| {
            let mut all = run["summaries"].as_array().unwrap().iter();
            all.find(|s| s["metric"] == metric && s["cell"] == format!("inventory/{arm}")).unwrap()["median"].clone()
        };
        for _ in 0..8 {
            let answer = world.run(["run", "--as", arm, "--inventory", "--json", "--", "probe", "noop"]);
            let life: serde_json::Value =
                serde_json::from_str(answer.ends_with(code::OK).out.lines().last().unwrap()).unwrap();
            let objects = life["objects"].as_array().unwrap();
            let sum = |what: &str| {
                let mine = objects.iter().filter(|o| o["what"].as_str().unwrap().split(':').next() == Some(what));
                mine.map(|o| o["amount"].as_f64().unwrap()).sum::<f64>()
            };
            assert_eq!(Some(sum("namespace")), median("namespaces").as_f64(), "{arm}: {answer}");
            assert_eq!(Some(sum("mounts")), median("mounts").as_f64(), "{arm}: {answer}");
        }
        world.is_clean();
    }
}

fn variables_reach_the_program() {
    for arm in hosts("variables") {
        let world = World::new();
        let mut args = words(arm, &["sh", "-c", "echo $COURSE-$EMPTY-"]);
        args.splice(1..1, ["-e", "COURSE=42", "-e", "EMPTY="].map(str::to_owned));
        assert_eq!(world.run(args).ends_with(code::OK).out, "42--\n", "{arm}");
    }
}

pub(crate) mod bare_vm {
    use super::{World, code, needs};

    /// An ELF executable of one segment at 0x400000; `code` is at its entry, 0x400078.
    fn executable(code: &[u8]) -> Vec<u8> {
        let mut elf = b"\x7fELF\x02\x01\x01\0\0\0\0\0\0\0\0\0\x02\0\x3e\0\x01\0\0\0".to_vec();
        [0x40_0078u64, 64, 0].iter().for_each(|word| elf.extend(word.to_le_bytes()));
        elf.extend([0, 0, 0, 0, 64, 0, 56, 0, 1, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 5, 0, 0, 0]);
        let length = code.len() as u64 + 0x78;
        [0, 0x40_0000, 0x40_0000, length, length, 0x1000].iter().for_each(|word: &u64| elf.extend(word.to_le_bytes()));
        elf.extend(code);
        elf
    }

    fn programs_that_mean_harm_are_told_with_their_cause() {
        if !needs("harmful guests", "vm-bare") {
            return;
        }
        let world = World::new();
        for (name, code, cause) in [
            ("call", &[0xb8, 158, 0, 0, 0, 0x0f, 0x05][..], "arch_prctl (158)"), // mov $158, %eax; syscall
            ("wild", &[0x89, 0x04, 0x25, 0x78, 0x56, 0x34, 0x12], "writing to address 0x12345678"),
            ("ud2", &[0x0f, 0x0b], "invalid instruction"),
            ("hlt", &[0xf4], "general protection"),
        ] {
            let path = world.program(name, executable(code));
            world.run(["run", "--as", "vm-bare", "--", &path]).ends_with(code::OURS_IN_RUN).says(cause);
        }
        let spins = world.program("spins", executable(&[0xeb, 0xfe]));
        let answer = world.run(["run", "--as", "vm-bare", "--timeout", "300ms", "--", &spins]);
        answer.refuses(code::OURS_IN_RUN, "wait for", "longer than --timeout", "--timeout 5m");
        let exits = world.program("exits", executable(&[0xbf, 42, 0, 0, 0, 0xb8, 60, 0, 0, 0, 0x0f, 0x05]));
        world.run(["run", "--as", "vm-bare", "--", &exits]).ends_with(42);
        world.is_clean();
    }

    fn files_that_are_no_programs_for_it_are_refused_before_anything_starts() {
        let world = World::new();
        let (text, script) = (world.file("text", "x"), world.program("script", "#!/bin/sh\n"));
        let half = world.program("half", &executable(&[0xf4])[..70]);
        let mut shared = executable(&[0xf4]);
        shared[16] = 3; // ET_DYN: a dynamic or position-independent program
        let dynamic = &world.program("dynamic", shared);
        for (program, expected) in [
            ("no-such-program", code::NOT_FOUND),
            (text.as_str(), code::NOT_EXECUTABLE),
            ("/etc", code::NOT_EXECUTABLE),
            (script.as_str(), code::NOT_EXECUTABLE),
            (half.as_str(), code::NOT_EXECUTABLE),
            (dynamic.as_str(), code::NOT_EXECUTABLE),
        ] {
            world.run(["run", "--as", "vm-bare", "--", program]).refuses(expected, "", "", "");
        }
        world.run(["run", "--as", "vm-bare", "--", dynamic.as_str()]).says("-static");
        world.run(["run", "--as", "vm-bare", "--memory", "64M", "--", "probe"]).refuses(
            code::OURS_IN_RUN,
            "limit the bare VM",
            "no control group",
            "ram=SIZE",
        );
        world.is_clean();
    }

    crate::runner::tests!(
        programs_that_mean_harm_are_told_with_their_cause,
        files_that_are_no_programs_for_it_are_refused_before_anything_starts
    );
}

crate::runner::tests!(
    the_exit_code_is_the_programs_own,
    a_program_killed_by_a_signal_gives_128_and_its_number,
    a_program_that_is_not_there_is_127_and_one_that_may_not_run_is_126,
    without_a_rootfs_a_container_has_one_file_alone_and_says_so,
    a_rootfs_whose_folders_are_links_is_refused,
    a_program_that_takes_too_long_is_ended,
    limits_hold,
    timeline_and_inventory_are_told_after_the_program,
    the_inventory_is_whole_however_quick_the_program_is,
    variables_reach_the_program
);
