//! Nothing goes on running: not after SIGKILL of isolab at any moment, not what a program leaves behind.
//!
//! ISOLAB_TRIES=1000 kills that often; without it a few tries have to do.
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crate::common::world::{World, entries};
use crate::common::{Answer, code, my_turn, needs, root, works};

/// As a program would have it in its argv: of nobody else on this machine.
fn unique() -> String {
    static NEXT: AtomicUsize = AtomicUsize::new(0); // tests run beside each other
    let number = NEXT.fetch_add(1, Ordering::Relaxed);
    format!("{}{number:05}", 40_000_000 + u64::from(std::process::id()))
}

fn tries(usual: usize) -> usize {
    std::env::var("ISOLAB_TRIES").ok().and_then(|n| n.parse().ok()).unwrap_or(usual)
}

/// From 0 to `most`, each moment as likely.
fn some_time(random: &mut oorandom::Rand64, most: Duration) -> Duration {
    most.mul_f64(random.rand_float())
}

/// Exact, where a sleep would be late by the kernel's slack.
fn kill_after(child: &mut Child, time: Duration) {
    let began = Instant::now();
    while began.elapsed() < time {
        std::hint::spin_loop();
    }
    child.kill().unwrap();
    child.wait().unwrap();
}

/// Command lines that hold this word, of processes that are no zombies.
fn running(word: &str) -> Vec<String> {
    let pids = entries(std::path::Path::new("/proc")).into_iter().filter(|n| n.parse::<i32>().is_ok());
    let lines = pids.filter_map(|pid| {
        let line = std::fs::read_to_string(format!("/proc/{pid}/cmdline")).ok()?.replace('\0', " ");
        line.contains(word).then(|| format!("{pid} {line}"))
    });
    lines.collect()
}

/// Nothing with this word runs now or begins to.
#[track_caller]
fn nothing_runs(word: &str, when: &str) {
    let began = Instant::now();
    while !running(word).is_empty() {
        assert!(began.elapsed() < Duration::from_secs(3), "{when}: {:?}", running(word));
        std::thread::sleep(Duration::from_millis(1));
    }
    std::thread::sleep(Duration::from_millis(5)); // one that is still on its way to exec
    assert!(running(word).is_empty(), "{when}: {:?}", running(word));
}

const ARMS: [&str; 7] =
    ["process", "process:vfork", "container", "container:fork", "container:+init", "container-rootless", "vm-bare"];

fn a_kill_of_run_at_any_moment_ends_its_program() {
    let mut random = oorandom::Rand64::new(7);
    let world = World::new();
    for arm in ARMS.into_iter().filter(|arm| works(arm).is_ok()) {
        for _ in 0..tries(40) {
            let word = unique();
            let mut command = world.isolab(["run", "--as", arm, "--", "probe", "count", &word]);
            let mut child = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
            let time = some_time(&mut random, Duration::from_millis(10));
            kill_after(&mut child, time);
            nothing_runs(&word, &format!("{arm}, killed after {time:?}"));
        }
        let _alone = alone();
        world.clean().ends_with(code::OK);
        world.is_clean();
    }
}

fn a_kill_of_bench_at_any_moment_ends_workers_and_programs() {
    let mut random = oorandom::Rand64::new(8);
    let world = World::new();
    let container = if root() { "container,container:fork" } else { "container-rootless" };
    let arms = format!("process,process:vfork,{container}");
    for _ in 0..tries(12) {
        let word = unique();
        let turn = my_turn();
        let mut child = world.begin_bench(&["-e", &arms, "-x", "boot", "--", "sleep", &word]);
        let time = some_time(&mut random, Duration::from_millis(700));
        kill_after(&mut child, time);
        drop(turn);
        nothing_runs(&word, &format!("killed after {time:?}"));
    }
    let _alone = alone();
    world.clean().ends_with(code::OK);
    world.is_clean();
}

/// A program that ends and leaves somebody behind: a child, and one that has a session of its own and no parent.
fn leaving(word: &str) -> String {
    format!("sleep {word} & setsid sh -c 'sleep {word} & exit 0' & sleep 0.1; exit 7")
}

fn what_a_program_leaves_running_ends_with_it() {
    let world = World::new();
    for arm in ["process", "process:vfork", "container", "container:+init", "container:-pid", "container-rootless"] {
        if !needs("what_a_program_leaves_running_ends_with_it", arm) {
            continue;
        }
        let word = unique();
        let root: &[&str] = if arm.starts_with("process") { &[] } else { &["--rootfs", "/"] };
        let script = leaving(&word);
        let answer = world.run([&["run", "--as", arm][..], root, &["--", "sh", "-c", &script]].concat());
        answer.ends_with(7);
        nothing_runs(&word, arm);
        assert_eq!(
            answer.err.contains("2 processes that the program had left running"),
            arm.starts_with("process"),
            "{answer}"
        );
        world.is_clean();
    }
}

fn a_run_warns_of_what_its_program_left_running() {
    let world = World::new();
    let word = unique();
    let script = leaving(&word).replace("exit 7", "exit 0");
    world.bench(&["-e", "process", "-x", "boot", "--blocks", "2", "--", "sh", "-c", &script]).ends_with(code::OK);
    nothing_runs(&word, "after the run");
    let run = world.saved();
    let warnings = run["warnings"].as_array().unwrap();
    let text = warnings.iter().find(|w| w["code"] == "left-running").unwrap()["text"].as_str().unwrap();
    assert!(text.contains("in process had left running") && text.contains(": "), "{text}");
    assert!(
        !warnings.iter().any(|w| w["code"] == "leak"),
        "they were ended before their sample was told: {warnings:?}"
    );
    world.is_clean();
}

/// A background job of the shell that became isolab by exec is not isolab's.
fn what_was_there_before_is_left_alone() {
    let world = World::new();
    let word = unique();
    let script =
        format!("sleep {word} >/dev/null 2>&1 & exec {} run --as process -- sh -c 'exit 7'", crate::common::ISOLAB);
    let mut command = Command::new("sh");
    world.settle_in(command.args(["-c", &script]));
    Answer::from(command.stdout(Stdio::null()).output().unwrap()).ends_with(7);
    let left = running(&word);
    let pids = left.iter().filter(|line| line.contains("sleep")).map(|line| line.split(' ').next().unwrap());
    pids.for_each(|pid| assert!(Command::new("kill").arg(pid).status().unwrap().success()));
    assert_eq!(left.len(), 1, "{left:?}");
}

/// Its program ends with isolab; what that one had started belongs to nobody then.
fn clean_ends_what_a_killed_run_had_started() {
    let world = World::new();
    let word = unique();
    let script = format!("setsid sh -c 'sleep {word} & exit 0'; echo here; sleep {word}");
    let mut command = world.isolab(["run", "--as", "process", "--", "sh", "-c", &script]);
    let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
    std::io::Read::read(&mut child.stdout.take().unwrap(), &mut [0; 4]).unwrap();
    kill_after(&mut child, Duration::ZERO);
    let left = running(&word);
    let _alone = alone();
    assert!(!left.is_empty(), "nobody was there to end them");
    world.clean().ends_with(code::OK).says(&format!("run {}:", child.id())).says("process ");
    nothing_runs(&word, "after clean");
    world.is_clean();
}

/// `clean` looks at the cgroups of the whole machine, so nobody else's program may be left running meanwhile.
fn alone() -> MutexGuard<'static, ()> {
    static ALONE: Mutex<()> = Mutex::new(());
    ALONE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// It undoes everything that would end it or tell whose it is: the signal at its parent's death, its environment, its session.
fn outliving(arm: &str, word: &str) -> String {
    let session = if arm.starts_with("process") { "setsid" } else { "" }; // PID 1 leads one already
    format!("exec setpriv --pdeathsig clear env -i {session} sleep {word}")
}

fn needs_setpriv(test: &str) -> bool {
    let clears = Command::new("setpriv").args(["--pdeathsig", "clear", "true"]).output();
    let there = clears.is_ok_and(|out| out.status.success());
    if !there {
        crate::common::skip(test, "setpriv(1) of util-linux is needed");
    }
    there
}

fn clean_ends_a_program_that_hides_from_it() {
    let test = "clean_ends_a_program_that_hides_from_it";
    if !needs_setpriv(test) {
        return;
    }
    for arm in ["process", "process:vfork", "container", "container:fork", "container:-cgroup", "container-rootless"] {
        if !needs(test, arm) {
            continue;
        }
        let (world, word) = (World::new(), unique());
        let root: &[&str] = if arm.starts_with("process") { &[] } else { &["--rootfs", "/"] };
        let script = outliving(arm, &word);
        let _alone = alone();
        let mut command = world.isolab([&["run", "--as", arm][..], root, &["--", "sh", "-c", &script]].concat());
        let mut child = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        let runs = || running(&word).iter().any(|line| line.split(' ').nth(1) == Some("sleep"));
        crate::common::wait_for("the program", || runs().then_some(()));
        kill_after(&mut child, Duration::ZERO);
        std::thread::sleep(Duration::from_millis(20));
        assert!(runs(), "{arm}: nobody was there to end it");
        world.clean().ends_with(code::OK).says(&format!("run {}:", child.id()));
        nothing_runs(&word, &format!("{arm}, after clean"));
        world.is_clean();
    }
}

/// Its environment is clear, its session its own, its parents have all ended: no note tells of it.
fn clean_ends_a_descendant_that_hides_and_has_no_parent_left() {
    let test = "clean_ends_a_descendant_that_hides_and_has_no_parent_left";
    if !needs_setpriv(test) {
        return;
    }
    let (world, word) = (World::new(), unique());
    let script = format!("({} &); exec sleep {word}", outliving("process", &word));
    let _alone = alone();
    let mut command = world.isolab(["run", "--as", "process", "--", "sh", "-c", &script]);
    let mut child = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    let sleepers = || running(&word).iter().filter(|line| line.split(' ').nth(1) == Some("sleep")).count();
    crate::common::wait_for("the program and its descendant", || (sleepers() == 2).then_some(()));
    kill_after(&mut child, Duration::ZERO);
    crate::common::wait_for("the program's end", || (sleepers() < 2).then_some(()));
    assert_eq!(sleepers(), 1, "nobody was there to end it");
    world.clean().ends_with(code::OK).says(&format!("run {}:", child.id())).says("process ");
    nothing_runs(&word, "after clean");
    world.is_clean();
}

/// The same of a killed bench: of its worker nothing is left that could tell.
fn clean_ends_what_a_killed_bench_had_started_and_what_hides_from_it() {
    let test = "clean_ends_what_a_killed_bench_had_started_and_what_hides_from_it";
    let arms = if root() { ["process", "container-rootless"].as_slice() } else { &["process"] };
    for arm in arms {
        if !needs(test, arm) {
            continue;
        }
        let (world, word) = (World::new(), unique());
        let script = outliving(arm, &word);
        let _alone = alone();
        let turn = my_turn();
        let mut child = world.begin_bench(&["-e", arm, "-x", "boot", "--", "sh", "-c", &script]);
        let runs = || running(&word).iter().any(|line| line.split(' ').nth(1) == Some("sleep"));
        crate::common::wait_for("the program", || runs().then_some(()));
        kill_after(&mut child, Duration::ZERO);
        drop(turn);
        std::thread::sleep(Duration::from_millis(50));
        world.clean().ends_with(code::OK);
        nothing_runs(&word, &format!("{arm}, after clean"));
        world.is_clean();
    }
}

/// Anybody may call a folder after a run that lives.
fn clean_ends_nothing_that_the_folders_owner_does_not_own() {
    let test = "clean_ends_nothing_that_the_folders_owner_does_not_own";
    if !root() {
        return crate::common::skip(test, "only root can make a folder of somebody else");
    }
    if !needs(test, "container") {
        return;
    }
    let (world, elsewhere) = (World::new(), World::new());
    let word = unique();
    let _alone = alone();
    let mut command = elsewhere.isolab(["run", "--as", "container", "--", "probe", "count", &word]);
    let mut child = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    crate::common::wait_for("the container", || (running(&word).len() == 2).then_some(()));
    let run = child.id().to_string();
    let folder = world.join("tmp").join(format!("isolab.{run}"));
    std::fs::create_dir(&folder).unwrap();
    std::fs::write(folder.join("owner"), format!("4194305 1 {run}")).unwrap();
    for place in [folder.join("owner"), folder.clone()] {
        std::os::unix::fs::chown(place, Some(65_534), Some(65_534)).unwrap(); // whom root becomes for rootless containers
    }
    let answer = world.clean();
    assert_eq!(running(&word).len(), 2, "it was ended: {answer}");
    answer.ends_with(code::OK).says(&format!("run {run}:")).says("folder ");
    assert!(!answer.out.contains("cgroup") && !folder.exists(), "{answer}");
    kill_after(&mut child, Duration::ZERO);
    nothing_runs(&word, "after the kill");
    elsewhere.clean().ends_with(code::OK);
    elsewhere.is_clean();
}

crate::runner::tests!(
    a_kill_of_run_at_any_moment_ends_its_program,
    a_kill_of_bench_at_any_moment_ends_workers_and_programs,
    what_a_program_leaves_running_ends_with_it,
    a_run_warns_of_what_its_program_left_running,
    what_was_there_before_is_left_alone,
    clean_ends_what_a_killed_run_had_started,
    clean_ends_a_program_that_hides_from_it,
    clean_ends_a_descendant_that_hides_and_has_no_parent_left,
    clean_ends_what_a_killed_bench_had_started_and_what_hides_from_it,
    clean_ends_nothing_that_the_folders_owner_does_not_own
);
