//! How often does a run call a third identical arm different? At most 10 of 100 seeded quick boot runs should.
//!
//! `cargo bench --bench false_alarms -- RUNS [blocks]`; without a number, as among all benches, it stands aside. Two arms give the noise floor; the third, the same again, is
//! compared with the first as any other arm would be.
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a bench tells what it measured")]

use std::process::Command;

fn main() {
    let numbers: Vec<u64> = std::env::args().skip(1).filter_map(|a| a.parse().ok()).collect();
    let Some(&runs) = numbers.first() else {
        println!("not run: false_alarms takes long: cargo bench --bench false_alarms -- 100");
        return;
    };
    let blocks = numbers.get(1).copied().unwrap_or(100).to_string();
    let results = tempfile::tempdir().expect("the temporary folder is writable");
    let mut alarms = 0;
    for seed in 1..=runs {
        let out = results.path().join("run.json");
        let status = Command::new(env!("CARGO_BIN_EXE_isolab"))
            .args(["bench", "-e", "process,process,process", "-x", "boot", "--json", "--blocks", &blocks])
            .args(["--seed", &seed.to_string(), "--results", &results.path().join("runs").to_string_lossy()])
            .arg("-o")
            .arg(&out)
            .output()
            .expect("isolab runs");
        assert!(status.status.success(), "{}", String::from_utf8_lossy(&status.stderr));
        let run = isolab::results::read::load(&out).expect("a results file");
        let third = run.comparisons.iter().find(|c| c.arm == "process#3" && c.metric == "create_to_ready");
        alarms += u64::from(third.expect("the third arm was compared").detectable);
        let _ = std::fs::remove_dir_all(results.path().join("runs"));
    }
    println!("false alarms: {alarms} of {runs} runs of {blocks} blocks");
}
