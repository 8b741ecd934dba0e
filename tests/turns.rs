//! One bench at a time on a machine, whoever runs it and in whichever network; a second one may wait for its turn.
use std::io::{BufRead, BufReader, Read};
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, Stdio};

use crate::common::{Answer, World, code, my_turn, root, skip};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

const ONE: [&str; 7] = ["bench", "-e", "fake", "-x", "boot", "--blocks", "1"];

/// It ends when it is told to.
fn first(world: &World) -> Child {
    world.begin_bench(&["-e", "fake", "-x", "boot", "--blocks", "50000"])
}

fn end(mut child: Child, signal: Signal) {
    kill(Pid::from_raw(child.id() as i32), signal).unwrap();
    child.wait().unwrap();
}

/// A second bench that waits, and what it says of that.
fn second(world: &World, mut command: Command) -> (Child, String, BufReader<std::process::ChildStderr>) {
    world.settle_in(&mut command);
    let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut stderr = BufReader::new(child.stderr.take().unwrap());
    let mut line = String::new();
    stderr.read_line(&mut line).unwrap();
    (child, line, stderr)
}

fn waiting() -> Command {
    let mut command = Command::new(crate::common::ISOLAB);
    command.env("LC_ALL", "C").args(ONE).arg("--wait");
    command
}

fn a_bench_that_waits_begins_when_the_other_ends_even_by_sigkill() {
    let (world, other) = (World::new(), World::new());
    let turn = my_turn();
    for signal in [Signal::SIGINT, Signal::SIGKILL] {
        let child = first(&world);
        let pid = child.id();
        let (waits, said, mut stderr) = second(&other, waiting());
        assert!(
            said.contains("waiting until another isolab bench") && said.contains(&format!("process {pid}")),
            "{said}"
        );
        end(child, signal);
        let output = waits.wait_with_output().unwrap();
        let mut rest = String::new();
        stderr.read_to_string(&mut rest).unwrap();
        let answer = Answer::from(output);
        assert_eq!(answer.code, code::OK, "{answer}{rest}");
        answer.says("files:");
    }
    drop(turn);
    world.clean().ends_with(code::OK);
}

fn ctrl_c_ends_the_waiting() {
    let (world, other) = (World::new(), World::new());
    let _turn = my_turn();
    let child = first(&world);
    let (waits, said, _) = second(&other, waiting());
    assert!(said.contains("Ctrl-C gives up"), "{said}");
    kill(Pid::from_raw(waits.id() as i32), Signal::SIGINT).unwrap();
    assert_eq!(Answer::from(waits.wait_with_output().unwrap()).code, code::SIGINT);
    end(child, Signal::SIGINT);
    other.is_clean();
}

fn another_network_another_user_and_another_pid_namespace_are_the_same_machine() {
    let test = "another_network_another_user_and_another_pid_namespace_are_the_same_machine";
    let (world, other) = (World::new(), World::new());
    let _turn = my_turn();
    let child = first(&world);
    let refused = |mut command: Command| {
        other.settle_in(&mut command);
        command.env("HOME", other.join("home"));
        crate::common::run(&mut command).refuses(
            code::NOTHING_RAN,
            "start to measure",
            "another isolab bench",
            "--wait",
        );
    };
    let flags: &[&str] = if root() { &["-n", "-mpf"] } else { &["-rn", "-rmpf"] };
    for flag in flags {
        let works = Command::new("unshare").args([flag, "true"]).status().is_ok_and(|s| s.success());
        if !works {
            skip(test, &format!("unshare {flag} does not work here"));
            continue;
        }
        let mut command = Command::new("unshare");
        command.args([flag, crate::common::ISOLAB]).args(ONE);
        refused(command);
    }
    if root() {
        let mut command = Command::new(crate::common::ISOLAB);
        command.env("LC_ALL", "C").args(ONE).uid(12345).gid(12345);
        refused(command);
    } else {
        skip(test, "another user: only root may become one");
    }
    end(child, Signal::SIGINT);
}

/// How test suites of two checkouts run side by side.
fn a_time_namespace_of_its_own_has_a_turn_of_its_own() {
    let test = "a_time_namespace_of_its_own_has_a_turn_of_its_own";
    let flags = if root() { "-T" } else { "-rT" };
    if !Command::new("unshare").args([flags, "true"]).status().is_ok_and(|s| s.success()) {
        return skip(test, "no time namespace can be made here");
    }
    let (world, other) = (World::new(), World::new());
    let _turn = my_turn();
    let child = first(&world);
    let mut command = Command::new("unshare");
    command.args([flags, crate::common::ISOLAB]).args(ONE);
    other.settle_in(&mut command);
    crate::common::run(&mut command).ends_with(code::OK);
    end(child, Signal::SIGINT);
}

crate::runner::tests!(
    a_bench_that_waits_begins_when_the_other_ends_even_by_sigkill,
    ctrl_c_ends_the_waiting,
    another_network_another_user_and_another_pid_namespace_are_the_same_machine,
    a_time_namespace_of_its_own_has_a_turn_of_its_own
);
