//! What cannot be executed: each arm names the file, says why, and advises what helps; 126 and 127 as a shell has them.
use std::fs;
use std::os::unix::fs::PermissionsExt;

use crate::common::{Answer, World, works};

const ARMS: [&[&str]; 5] = [
    &["--as", "process"],
    &["--as", "container"],
    &["--as", "container", "--rootfs", "/"],
    &["--as", "container-rootless", "--rootfs", "/"],
    &["--as", "vm-bare"],
];

/// Of a world outside of /tmp, where a container has a folder of its own.
fn world() -> World {
    let world = World::new();
    let mut other_cpu = fs::read("/bin/true").unwrap();
    other_cpu[18..20].copy_from_slice(&183u16.to_le_bytes()); // arm64
    for (name, bytes) in [
        ("plain-text", &b"echo hi\n"[..]),
        ("lost-interpreter", b"#!/no/such/interpreter\n"),
        ("no-interpreter", b"#!\n"),
        ("other-cpu", &other_cpu),
        ("empty-file", b""),
    ] {
        world.program(name, bytes);
    }
    world.file("no-x-bit", "#!/bin/sh\n");
    fs::create_dir(world.join("a-folder")).unwrap();
    fs::set_permissions(world.path(), fs::Permissions::from_mode(0o755)).unwrap();
    world
}

fn run(world: &World, arm: &[&str], name: &str) -> Answer {
    world.run([&["run"], arm, &["--", name]].concat())
}

fn what_cannot_be_executed_is_named_with_its_reason_in_every_arm() {
    let world = world();
    for arm in ARMS {
        if let Err(why) = works(arm[1]) {
            crate::common::skip(&format!("program names in {}", arm[1]), &why);
            continue;
        }
        let vm = arm[1] == "vm-bare";
        for (name, code, causes, advice) in [
            ("", 127, &["its name is empty"][..], "PROGRAM"),
            (".", 126, &["it is a folder"], "./PROGRAM"),
            ("..", 126, &["it is a folder"], "./PROGRAM"),
            ("/", 126, &["it is a folder"], "ls "),
            ("./a-folder", 126, &["it is a folder"], "ls "),
            ("./plain-text", 126, &["does not begin with #!", "not an ELF executable"], ""),
            ("./no-interpreter", 126, &["names no interpreter", "it is a script"], ""),
            ("./other-cpu", 126, &["another CPU"], ""),
            ("./empty-file", 126, &["it is empty", "not an ELF executable"], ""),
            ("./no-x-bit", 126, &["no x bit", "no executable file"], "./no-x-bit"),
            ("./gone", 127, &["there is no such file"], "its path"),
            ("gone", 127, &["there is no such file"], "its path"),
        ] {
            let answer = run(&world, arm, name);
            let shown = if name.is_empty() { "''" } else { name.trim_start_matches("./") };
            answer.refuses(code, shown, "", advice);
            assert!(causes.iter().any(|cause| answer.err.contains(cause)), "{arm:?} {name}: {answer}");
        }
        let answer = run(&world, arm, "./lost-interpreter");
        let (code, cause) = if vm { (126, "it is a script") } else { (127, "") };
        answer.refuses(code, "lost-interpreter", cause, "");
        let names_it = ["/no/such/interpreter is not there", "is not inside: a container has /tmp", "it is a script"];
        assert!(names_it.iter().any(|cause| answer.err.contains(cause)), "{arm:?}: {answer}");
    }
}

/// A user who cannot enter the folder in which root called isolab: `--rootfs /` is no remedy for itself.
fn the_hosts_root_is_found_from_a_folder_that_this_user_cannot_enter() {
    if !crate::common::root() || works("container-rootless").is_err() {
        return crate::common::skip("a closed folder", "it needs root and container-rootless");
    }
    let world = World::new();
    fs::set_permissions(world.path(), fs::Permissions::from_mode(0o700)).unwrap();
    let answer = world.run(["run", "--as", "container-rootless", "--rootfs", "/", "--", "true"]);
    assert!(!answer.err.contains("find the root folder"), "{answer}");
}

crate::runner::tests!(
    what_cannot_be_executed_is_named_with_its_reason_in_every_arm,
    the_hosts_root_is_found_from_a_folder_that_this_user_cannot_enter
);
