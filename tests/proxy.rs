//! Signals that reach `isolab run` reach its program, in every arm; what its caller ignores or blocks disturbs neither.
use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use crate::common::{ISOLAB, World, needs, skip, wait_for};

const ARMS: [&str; 6] =
    ["process", "container", "container:fork", "container:+init", "container-rootless", "container-rootless:+init"];

fn each_arm(test: &str, body: impl Fn(&World, &str)) {
    for arm in ARMS.into_iter().filter(|arm| needs(test, arm)) {
        let world = World::new();
        body(&world, arm);
        world.is_clean();
    }
}

/// The same where most of it is waiting.
fn all_arms_at_once(test: &str, body: impl Fn(&World, &str) + Sync) {
    let here: Vec<&str> = ARMS.into_iter().filter(|arm| needs(test, arm)).collect();
    std::thread::scope(|scope| {
        for arm in here {
            let body = &body;
            scope.spawn(move || {
                let world = World::new();
                body(&world, arm);
                world.is_clean();
            });
        }
    });
}

fn run<'a>(arm: &'a str, script: &'a str) -> Vec<&'a str> {
    let rootfs: &[&str] = if arm == "process" { &[] } else { &["--rootfs", "/"] };
    [&[ISOLAB, "run", "--as", arm], rootfs, &["--", "sh", "-c", script]].concat()
}

/// `wrapper` runs isolab in its own place, as `sh -c 'trap "" HUP; exec "$@"' sh`.
fn begin(world: &World, wrapper: &[&str], run: &[&str]) -> Child {
    let words = [wrapper, run].concat();
    let mut command = Command::new(words[0]);
    command.args(&words[1..]);
    world.settle_in(&mut command);
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
}

/// Real-time signals too, which no safe crate sends.
fn send(child: &Child, number: i32) {
    isolab::sys::signals::send(child.id() as i32, number).unwrap();
}

#[track_caller]
fn ends(child: &mut Child) -> i32 {
    let status = wait_for("the end of isolab", || child.try_wait().unwrap());
    std::os::unix::process::ExitStatusExt::signal(&status).map_or_else(|| status.code().unwrap(), |n| 128 + n)
}

fn a_caller_who_ignores_sigchld_does_not_break_waiting() {
    let ignoring = ["sh", "-c", "trap '' CHLD; exec \"$@\"", "sh"];
    each_arm("SIGCHLD ignored", |world, arm| {
        for (script, expected) in [("exit 7", 7), ("true & wait; exit 3", 3)] {
            let mut child = begin(world, &ignoring, &run(arm, script));
            assert_eq!(ends(&mut child), expected, "{arm}: {script}");
        }
    });
    let world = World::new();
    let bench = [ISOLAB, "bench", "-e", "process", "-x", "boot", "--blocks", "2"];
    let _turn = crate::common::my_turn();
    let mut child = begin(&world, &ignoring, &bench);
    assert_eq!(ends(&mut child), 0, "bench");
    world.is_clean();
}

fn every_signal_of_a_user_reaches_the_program() {
    // HUP INT QUIT USR1 USR2 ALRM TERM CONT URG VTALRM PROF WINCH IO PWR, and a real-time signal
    const NUMBERS: [i32; 15] = [1, 2, 3, 10, 12, 14, 15, 18, 23, 26, 27, 28, 29, 30, 37];
    all_arms_at_once("signals passed on", |world, arm| {
        let traps: String = NUMBERS.iter().map(|n| format!("trap 'echo got {n}' {n}; ")).collect();
        let script = format!("{traps} echo ready; while :; do sleep 0.02; done");
        let mut child = begin(world, &[], &run(arm, &script));
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines().map_while(Result::ok);
        assert_eq!(lines.next().as_deref(), Some("ready"), "{arm}");
        let mut asked = 0;
        for number in NUMBERS {
            if [1, 2, 3, 15].contains(&number) {
                asked += 1;
                let pause = if asked % 2 == 1 { 3100 } else { 0 }; // three in three seconds would end it
                std::thread::sleep(Duration::from_millis(pause));
            }
            send(&child, number);
            assert_eq!(lines.next(), Some(format!("got {number}")), "{arm}");
        }
        let began = Instant::now();
        (0..3).for_each(|_| {
            send(&child, 15);
            std::thread::sleep(Duration::from_millis(120));
        });
        assert_eq!(ends(&mut child), 137, "{arm}: whoever asks three times does not want to wait");
        assert!(began.elapsed() < Duration::from_secs(3), "{arm}");
    });
    if needs("signals of a bare VM", "vm-bare") {
        let world = World::new();
        for (number, expected) in [(10, 138), (1, 129), (3, 131), (15, 143)] {
            let mut child = begin(&world, &[], &[ISOLAB, "run", "--as", "vm-bare", "--", "probe", "count", "30"]);
            std::thread::sleep(Duration::from_millis(400));
            send(&child, 28); // SIGWINCH: there is nobody to tell
            std::thread::sleep(Duration::from_millis(100));
            send(&child, number);
            assert_eq!(ends(&mut child), expected);
        }
        world.is_clean();
    }
}

/// As PID 1 a program without a handler gets none of them: what their default action would do, isolab does, at once.
fn a_program_without_a_handler_ends_as_a_process_would() {
    each_arm("signals without a handler", |world, arm| {
        for (number, expected) in [(15, 143), (1, 129), (2, 130)] {
            let mut child = begin(world, &[], &run(arm, "echo ready; exec sleep 60"));
            let mut line = String::new();
            BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
            std::thread::sleep(Duration::from_millis(100));
            let began = Instant::now();
            send(&child, number);
            assert_eq!(ends(&mut child), expected, "{arm}: signal {number}");
            assert!(began.elapsed() < Duration::from_secs(3), "{arm}: signal {number}");
        }
        let mut child = begin(world, &[], &run(arm, "trap '' TERM; echo ready; sleep 1; exit 4"));
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        send(&child, 15);
        assert_eq!(ends(&mut child), 4, "{arm}: one that ignores it goes on");
    });
}

fn what_the_caller_ignores_or_blocks_stays_his() {
    let nohup = ["sh", "-c", "trap '' HUP INT USR1; exec \"$@\"", "sh"];
    each_arm("signals that the caller ignores", |world, arm| {
        let script = "grep -E 'Sig(Ign|Blk)' /proc/self/status; echo ready; sleep 0.6; exit 6";
        let mut child = begin(world, &nohup, &run(arm, script));
        let mut reader = BufReader::new(child.stdout.take().unwrap());
        let mut text = String::new();
        while !text.contains("ready") {
            assert!(reader.read_line(&mut text).unwrap() > 0, "{arm}: {text}");
        }
        [1, 2, 10].into_iter().for_each(|number| send(&child, number));
        assert_eq!(ends(&mut child), 6, "{arm}: nohup means to go on");
        let ignored = text.lines().find_map(|line| line.strip_prefix("SigIgn:\t")).unwrap();
        let usual = u64::from_str_radix(ignored, 16).unwrap() & 0x7fff_ffff; // what stood above is libc's, or the machine's
        assert_eq!(usual, if arm == "process" { 0x203 } else { 0 }, "{arm}: {text}");
        assert!(text.contains("SigBlk:\t0000000000000000"), "{arm}: {text}");
    });
    let blocked = ["env", "--block-signal=TERM,CHLD,USR1"];
    if !Command::new("env").args(["--block-signal=TERM", "true"]).status().unwrap().success() {
        return skip("signals that the caller blocks", "this env has no --block-signal");
    }
    each_arm("signals that the caller blocks", |world, arm| {
        let mut child = begin(world, &blocked, &run(arm, "grep SigBlk /proc/self/status; exec sleep 60"));
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        assert_eq!(line, "SigBlk:\t0000000000000000\n", "{arm}");
        std::thread::sleep(Duration::from_millis(100));
        send(&child, 15);
        assert_eq!(ends(&mut child), 143, "{arm}");
    });
}

crate::runner::tests!(
    a_caller_who_ignores_sigchld_does_not_break_waiting,
    every_signal_of_a_user_reaches_the_program,
    a_program_without_a_handler_ends_as_a_process_would,
    what_the_caller_ignores_or_blocks_stays_his
);
