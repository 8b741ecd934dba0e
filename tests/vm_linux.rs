//! Linux in our hypervisor, by the built program. It needs hardware virtualization and a kernel: this machine's own, or the one
//! that ISOLAB_TEST_KERNEL names; `isolab kernel fetch` brings one.
use std::io::Write;
use std::path::PathBuf;
use std::process::Stdio;

use crate::common::{Answer, World, code, run, skip};

/// A static program with everything that these tests do inside.
const TOOLS: &str = "/bin/busybox";

/// The kernel, where a Linux guest runs; else the test is skipped by name.
fn kernel(test: &str) -> Option<PathBuf> {
    if let Err(error) = isolab::vm::linux::trial::run() {
        skip(test, &error.reason());
        return None;
    }
    let release = std::fs::read_to_string("/proc/sys/kernel/osrelease").unwrap();
    let own = PathBuf::from(format!("/boot/vmlinuz-{}", release.trim()));
    let kernel = std::env::var_os("ISOLAB_TEST_KERNEL").map_or(own, PathBuf::from);
    if std::fs::File::open(&kernel).is_err() {
        skip(test, &format!("there is no readable kernel {}", kernel.display()));
        return None;
    }
    Some(kernel)
}

fn guest(kernel: &PathBuf, options: &[&str], command: &[&str]) -> Answer {
    arm(kernel, "vm-linux", "60s", options, command)
}

fn arm(kernel: &PathBuf, arm: &str, timeout: &str, options: &[&str], command: &[&str]) -> Answer {
    let world = World::new();
    let mut isolab = world.isolab(["run", "--as", arm, "--timeout", timeout, "--kernel"]);
    isolab.arg(kernel).args(options).arg("--").args(command);
    run(&mut isolab)
}

fn tools(test: &str) -> bool {
    let there = PathBuf::from(TOOLS).exists();
    if !there {
        skip(test, &format!("there is no {TOOLS}"));
    }
    there
}

fn shell(kernel: &PathBuf, options: &[&str], script: &str) -> Answer {
    guest(kernel, options, &[TOOLS, "sh", "-c", script])
}

fn the_probe_is_the_first_program_and_its_start_is_told_in_stages() {
    let Some(kernel) = kernel("the_probe_is_the_first_program_and_its_start_is_told_in_stages") else { return };
    let answer = guest(&kernel, &["--timeline", "--inventory", "--json"], &["probe", "noop"]);
    answer.ends_with(0);
    let life: serde_json::Value = serde_json::from_str(answer.out.lines().last().unwrap()).unwrap();
    let marks = life["marks"].as_array().unwrap();
    let sum: u64 = marks.iter().map(|mark| mark["took_ns"].as_u64().unwrap()).sum();
    assert_eq!(Some(sum), life["total_ns"].as_u64(), "the stages are the whole");
    let stages: Vec<&str> = marks.iter().map(|mark| mark["stage"].as_str().unwrap()).collect();
    assert!(stages.iter().filter(|stage| **stage == "boot").count() >= 3, "{stages:?}");
    assert!(
        stages.is_sorted_by_key(|stage| ["create", "isolate", "load", "enter", "boot", "ready", "exit", "reap"]
            .iter()
            .position(|s| s == stage)),
        "{stages:?}"
    );
    assert!(life["vm_exits"]["exit:record"].as_u64() == Some(2), "{life}");
    let objects = life["objects"].to_string();
    assert!(objects.contains("kvm:vcpu") && objects.contains("Linux in the guest"), "{objects}");
}

fn a_commands_output_and_status_are_as_if_it_were_local() {
    const TEST: &str = "a_commands_output_and_status_are_as_if_it_were_local";
    let Some(kernel) = kernel(TEST).filter(|_| tools(TEST)) else { return };
    let answer = shell(&kernel, &["-e", "A=a  b"], "echo out \"$A\" $$; echo err >&2; exit 3");
    assert_eq!((answer.code, answer.err.as_str()), (3, "err\n"), "{answer}");
    assert!(answer.out.starts_with("out a  b ") && !answer.out.contains(" 1\n"), "our init is process 1: {answer}");
    shell(&kernel, &[], "kill -9 $$").ends_with(128 + 9);
    let quiet = shell(&kernel, &[], "exit 0");
    assert_eq!(
        (quiet.code, quiet.out.as_str(), quiet.err.as_str()),
        (0, "", ""),
        "nothing of the kernel's gets between"
    );
    let many = shell(&kernel, &[], "i=0; while [ $i -lt 3000 ]; do echo $i; i=$((i+1)); done");
    assert_eq!(many.out, (0..3000).map(|i| format!("{i}\n")).collect::<String>());
}

fn input_reaches_the_command_byte_by_byte_with_its_end() {
    const TEST: &str = "input_reaches_the_command_byte_by_byte_with_its_end";
    let Some(kernel) = kernel(TEST).filter(|_| tools(TEST)) else { return };
    let world = World::new();
    let mut isolab = world.isolab(["run", "--as", "vm-linux", "--timeout", "60s", "--kernel"]);
    isolab.arg(&kernel).args(["--", TOOLS, "cat"]).stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut child = isolab.spawn().unwrap();
    let bytes: Vec<u8> = (0..=255).cycle().take(2000).collect();
    child.stdin.take().unwrap().write_all(&bytes).unwrap();
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.stdout, bytes);
}

fn a_guest_that_ends_its_machine_or_panics_is_told_with_its_console() {
    const TEST: &str = "a_guest_that_ends_its_machine_or_panics_is_told_with_its_console";
    let Some(kernel) = kernel(TEST).filter(|_| tools(TEST)) else { return };
    for (script, last) in [
        ("/busybox reboot -f", "Restarting system"),
        ("/busybox poweroff -f", "Power down"),
        ("echo c > /proc/sysrq-trigger", "Kernel panic - not syncing"),
    ] {
        let answer = shell(&kernel, &[], script);
        answer.ends_with(code::OURS_IN_RUN);
        assert!(answer.err.contains("before its program had ended") && answer.err.contains(last), "{script}: {answer}");
    }
    let waits = arm(&kernel, "vm-linux:verbose", "9s", &[], &[TOOLS, "sleep", "100"]);
    assert!(waits.code == code::OURS_IN_RUN && waits.err.contains("the last lines of its console"), "{waits}");
}

fn more_cpus_and_more_ram_than_three_gib_are_the_guests() {
    const TEST: &str = "more_cpus_and_more_ram_than_three_gib_are_the_guests";
    let Some(kernel) = kernel(TEST).filter(|_| tools(TEST)) else { return };
    let answer =
        shell(&kernel, &["--cpus", "2", "--ram", "3584M"], "/busybox nproc; /busybox grep MemTotal /proc/meminfo");
    answer.ends_with(0);
    let kib = answer.out.split_whitespace().filter_map(|word| word.parse::<u64>().ok()).next_back().unwrap();
    assert!(answer.out.starts_with("2\n") && kib > 3_300_000, "{answer}");
}

fn what_cannot_start_says_why() {
    let Some(kernel) = kernel("what_cannot_start_says_why") else { return };
    let world = World::new();
    let answer = guest(&kernel, &["--ram", "64M"], &["probe", "noop"]);
    answer.refuses(code::OURS_IN_RUN, "64 MiB of RAM", "at least", "ram=");
    let bytes = std::fs::read(&kernel).unwrap();
    let cut = PathBuf::from(world.file("cut", &bytes[..bytes.len() / 2]));
    guest(&cut, &[], &["probe", "noop"]).refuses(
        code::OURS_IN_RUN,
        "as a kernel",
        "cut off",
        "copy the file once more",
    );
    let text = PathBuf::from(world.file("text", "no kernel at all"));
    guest(&text, &[], &["probe", "noop"]).refuses(code::OURS_IN_RUN, "as a kernel", "no Linux kernel", "kernel fetch");
    guest(&kernel, &[], &["there-is-no-such-program"]).ends_with(code::NOT_FOUND);
    guest(&kernel, &["--rootfs", "/"], &["sh"]).refuses(
        code::OURS_IN_RUN,
        "whole tree",
        "copied into its RAM",
        "--rootfs DIR",
    );
}

crate::runner::tests!(
    the_probe_is_the_first_program_and_its_start_is_told_in_stages,
    a_commands_output_and_status_are_as_if_it_were_local,
    input_reaches_the_command_byte_by_byte_with_its_end,
    a_guest_that_ends_its_machine_or_panics_is_told_with_its_console,
    more_cpus_and_more_ram_than_three_gib_are_the_guests,
    what_cannot_start_says_why
);
