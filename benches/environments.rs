//! create→ready of each environment, through criterion: one iteration is one fresh worker's instance.
//!
//! Criterion's own clock would time the worker too, so each iteration adds the instance's own create→ready.
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a bench tells what it measured")]

mod shared;

use std::time::Duration;

use criterion::{Criterion, criterion_group, criterion_main};
use isolab::bench::interrupt::Interrupt;
use isolab::bench::scratch::Scratch;
use isolab::bench::{Start, Workers, Workload};
use isolab::environments::{ALL, Arm};
use isolab::sys::clock::measure_tsc_khz;
use isolab::timeline::Stage;

fn environments(criterion: &mut Criterion) {
    let Some(_alone) = shared::alone("environments") else { return };
    let real = ALL.iter().filter(|e| !e.about().is_scripted());
    let arms = real.map(|env| Arm::parse(env.about().id).expect("an id of the registry"));
    let arms: Vec<Arm> = arms.filter(shared::runs_here).collect();
    let interrupt = Interrupt::listen().expect("signals can be listened to");
    let scratch =
        Scratch::create(&format!("criterion{}", std::process::id()).into()).expect("the temporary folder is writable");
    let mut workers =
        Workers::new(&interrupt, &scratch, env!("CARGO_BIN_EXE_isolab").into(), measure_tsc_khz(60_000_000));
    workers.cpu = isolab::bench::last_cpu(); // pinned and settled as `isolab bench` does it, so that both tell the same time
    let mut group = criterion.benchmark_group("create_to_ready");
    for arm in arms {
        workers.prepare(&arm, &Workload::Noop).expect("what is supported can be prepared");
        group.bench_function(arm.id(), |b| {
            b.iter_custom(|iterations| (0..iterations).map(|_| one(&mut workers, &arm)).sum());
        });
    }
    group.finish();
}

fn one(workers: &mut Workers, arm: &Arm) -> Duration {
    let life = workers.once(arm, &Workload::Noop, &Start::default()).expect("a start that worked before");
    workers.settle(workers.settle_time).expect("no signal");
    Duration::from_nanos(life.done.timeline.until_ns(Stage::Ready).expect("the probe says when it is ready"))
}

criterion_group! {
    name = benches;
    config = Criterion::default()
        .sample_size(50)
        .warm_up_time(Duration::from_secs(1))
        .measurement_time(Duration::from_secs(8));
    targets = environments
}
criterion_main!(benches);
