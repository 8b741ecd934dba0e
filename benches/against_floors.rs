//! isolab beside raw C programs that make the same system calls, in turn, so that both meet the same weather.
//!
//! `cargo bench --bench against_floors -- DIR [rounds]`. Each round runs each floor for a few blocks, then as many isolab
//! samples of each arm; the ratio is that of the medians over all rounds.
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a bench tells what it measured")]

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

use isolab::bench::interrupt::Interrupt;
use isolab::bench::scratch::Scratch;
use isolab::bench::{Start, Workers, Workload, lock};
use isolab::environments::Arm;
use isolab::stats::median;
use isolab::sys::clock::measure_tsc_khz;
use isolab::timeline::Stage;

/// Our arm, the floor's program with its arguments, and where its answer stands in the JSON.
const PAIRS: &[(&str, &[&str], &[&str])] = &[
    ("process", &["clone_floor", "BLOCKS"], &["fork_exec", "create_to_ready"]),
    ("process:vfork", &["clone_floor", "BLOCKS"], &["vfork_exec", "create_to_ready"]),
    ("container", &["clone_floor", "BLOCKS"], &["hardened", "create_to_ready"]),
    (
        "container:-cgroup:-dev:-lo:-mask:-seccomp",
        &["clone_floor", "BLOCKS"],
        &["container_net_cgroup", "create_to_ready"],
    ),
    ("vm-bare", &["kvm_floor", "--ring3-ready", "BLOCKS"], &["create_to_ready"]),
];
const BLOCKS: u32 = 6;

fn main() {
    let args: Vec<String> = std::env::args().skip(1).filter(|a| !a.starts_with("--")).collect();
    let Some(dir) = args.first().map(PathBuf::from).filter(|d| d.join("clone_floor").exists()) else {
        println!("not run: against_floors needs the built floor programs: cargo bench --bench against_floors -- DIR");
        return;
    };
    let rounds: u32 = args.get(1).and_then(|n| n.parse().ok()).unwrap_or(20);
    let _alone = lock::alone().expect("no other isolab bench is running");
    let interrupt = Interrupt::listen().expect("signals can be listened to");
    let scratch =
        Scratch::create(&format!("floors{}", std::process::id()).into()).expect("the temporary folder is writable");
    let mut workers = Workers::new(&interrupt, &scratch, program(), measure_tsc_khz(60_000_000));
    workers.cpu = Some(pin_ourselves()); // the floors inherit it: a wake-up on another CPU would be in one and not in the other
    let arms: Vec<Arm> = PAIRS.iter().map(|(id, ..)| Arm::parse(id).expect("an arm of ours")).collect();
    for arm in &arms {
        workers.prepare(arm, &Workload::Noop).expect("run this as root, with /dev/kvm");
    }
    let mut ours: BTreeMap<usize, Vec<f64>> = BTreeMap::new();
    let mut floors: BTreeMap<usize, Vec<f64>> = BTreeMap::new();
    for _ in 0..rounds {
        let mut said: BTreeMap<Vec<&str>, serde_json::Value> = BTreeMap::new();
        for (i, (_, command, path)) in PAIRS.iter().enumerate() {
            let answer = said.entry(command.to_vec()).or_insert_with(|| floor(&dir, command));
            let found = path.iter().fold(&*answer, |json, key| &json[*key]);
            floors.entry(i).or_default().push(found["median"].as_f64().expect("a floor gives a median"));
        }
        for _ in 0..BLOCKS {
            for (i, arm) in arms.iter().enumerate() {
                ours.entry(i).or_default().push(create_to_ready(&mut workers, arm));
                workers.settle(std::time::Duration::from_millis(5)).expect("no signal");
            }
        }
    }
    println!("{:<44} {:>10} {:>10} {:>7}", "create→ready, median of all rounds", "isolab µs", "floor µs", "ratio");
    for (i, (id, ..)) in PAIRS.iter().enumerate() {
        let (a, b) = (median(&ours[&i]).expect("samples"), median(&floors[&i]).expect("rounds"));
        println!("{id:<44} {:>10.0} {:>10.0} {:>7.3}", a / 1e3, b / 1e3, a / b);
    }
}

/// To the last CPU that we may use, as isolab bench does with its workers.
fn pin_ourselves() -> usize {
    let cpu = isolab::bench::last_cpu().expect("we run on some CPU");
    isolab::bench::pin(cpu).expect("it is one of ours");
    cpu
}

/// Another build of isolab, to compare two of them.
fn program() -> PathBuf {
    std::env::var_os("ISOLAB_PROGRAM").map_or_else(|| env!("CARGO_BIN_EXE_isolab").into(), PathBuf::from)
}

fn floor(dir: &Path, command: &[&str]) -> serde_json::Value {
    let blocks = BLOCKS.to_string();
    let args = command[1..].iter().map(|a| if *a == "BLOCKS" { blocks.as_str() } else { a });
    let out = Command::new(dir.join(command[0])).args(args).output().expect("a floor program runs");
    serde_json::from_slice(&out.stdout).expect("a floor program answers in JSON")
}

fn create_to_ready(workers: &mut Workers, arm: &Arm) -> f64 {
    let life = workers.once(arm, &Workload::Noop, &Start::default()).expect("a start that worked before");
    life.done.timeline.until_ns(Stage::Ready).expect("the probe says when it is ready") as f64
}
