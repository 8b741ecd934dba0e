//! What starts are made of, each alone and in a loop inside one process: namespaces, KVM's calls, system calls; and our
//! statistics on a large run.
//!
//! A loop is what criterion is for, and what a start is not: caches are warm, and the kernel is still busy with the teardown
//! of the last one when the next one begins (a network namespace most of all). So these numbers show which primitive is
//! dear and whether one became dearer; how long a start takes says `isolab bench`.
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a bench tells what it measured")]

mod shared;

use std::hint::black_box;
use std::sync::Arc;
use std::time::{Duration, Instant};

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use isolab::environments::Arm;
use isolab::stats;
use isolab::sys::clock::monotonic_ns;
use isolab::sys::clone::{ALL_NAMESPACES, CloneArgs, Process};
use isolab::vm::bare::layout::{KVM_IDENTITY_MAP, KVM_TSS};
use isolab::vm::bare::machine::open_kvm;
use isolab::vm::device::Space;
use isolab::vm::guest_memory::GuestMemory;
use isolab::vm::kvm::{Cpu, Exit, Vm};
use nix::sched::CloneFlags;

/// The time inside `work`, over so many fresh `prepare`s; neither preparing nor dropping is in it.
fn timed<P, R>(iterations: u64, mut prepare: impl FnMut() -> P, mut work: impl FnMut(P) -> R) -> Duration {
    let mut sum = Duration::ZERO;
    for _ in 0..iterations {
        let prepared = prepare();
        let began = Instant::now();
        let result = black_box(work(prepared));
        sum += began.elapsed();
        drop(result);
    }
    sum
}

/// clone3 with the child on our memory, so that nothing is copied, until the child has been reaped.
fn namespaces(criterion: &mut Criterion) {
    let Some(_alone) = shared::alone("clone") else { return };
    let kinds = [
        ("no namespace", CloneFlags::empty()),
        ("uts", CloneFlags::CLONE_NEWUTS),
        ("ipc", CloneFlags::CLONE_NEWIPC),
        ("pid", CloneFlags::CLONE_NEWPID),
        ("mount", CloneFlags::CLONE_NEWNS),
        ("cgroup", CloneFlags::CLONE_NEWCGROUP),
        ("user", CloneFlags::CLONE_NEWUSER),
        ("net", CloneFlags::CLONE_NEWNET),
        ("all but user", ALL_NAMESPACES.difference(CloneFlags::CLONE_NEWUSER)),
    ];
    let mut group = criterion.benchmark_group("clone");
    for (name, namespaces) in kinds {
        let clone_args = CloneArgs { namespaces, ..CloneArgs::PLAIN };
        let child = || Process::vfork(clone_args, || 0);
        if let Err(errno) = child().and_then(|child| child.reap()) {
            eprintln!("skipped: clone/{name}: {}", errno.desc());
            continue;
        }
        group.bench_function(name, |b| b.iter(|| child().expect("it worked before").reap()));
    }
    group.finish();
}

/// Real mode, as a vCPU wakes up: `again: out %al, $0x50; jmp again`.
const GUEST: [u8; 4] = [0xe6, 0x50, 0xeb, 0xfc];
const GUEST_BYTES: u64 = 64 << 10;

fn vm() -> Arc<Vm> {
    let vm = Vm::create(open_kvm().expect("a guest ran before")).expect("a guest ran before");
    vm.set_helper_pages(KVM_IDENTITY_MAP, KVM_TSS).expect("they are below 4 GiB and free");
    Arc::new(vm)
}

fn cpu() -> Cpu {
    Cpu::create(&vm(), 0).expect("a guest ran before")
}

fn memory(bytes: u64) -> GuestMemory {
    GuestMemory::map(&[(0, bytes)], false).expect("so much is there")
}

fn guest() -> Cpu {
    let cpu = cpu();
    let memory = memory(GUEST_BYTES);
    memory.write(0, &GUEST).expect("the guest is smaller than its memory");
    cpu.vm().set_memory(memory).expect("a VM takes a slot");
    let mut system = cpu.sregs().expect("a new vCPU has registers");
    (system.cs.base, system.cs.selector) = (0, 0);
    cpu.set_sregs(&system).expect("code may begin at 0");
    cpu.set_regs(&kvm_bindings::kvm_regs { rflags: 2, ..Default::default() }).expect("rip 0 is in memory");
    cpu
}

fn exit(cpu: &mut Cpu) {
    let exit = cpu.run().expect("the guest runs");
    assert!(matches!(exit, Exit::Access(access) if access.space == Space::Port && access.at == 0x50), "{exit:?}");
}

fn kvm(criterion: &mut Criterion) {
    let Some(_alone) = shared::alone("kvm") else { return };
    if !shared::runs_here(&Arm::parse("vm-bare").expect("an id of the registry")) {
        return;
    }
    let mut group = criterion.benchmark_group("kvm");
    let open = || open_kvm().expect("a guest ran before");
    group.bench_function("create a VM", |b| {
        b.iter_custom(|n| timed(n, open, |kvm| Vm::create(kvm).expect("a guest ran before")));
    });
    group.bench_function("create a vCPU", |b| {
        b.iter_custom(|n| timed(n, vm, |vm| Cpu::create(&vm, 0).expect("a guest ran before")));
    });
    group.bench_function("give it 8 MiB of memory", |b| {
        let add = |cpu: Cpu| {
            cpu.vm().set_memory(memory(8 << 20)).expect("a VM takes a slot");
            cpu
        };
        b.iter_custom(|n| timed(n, cpu, add));
    });
    group.bench_function("first entry, until the first exit", |b| {
        let enter = |mut cpu: Cpu| {
            exit(&mut cpu);
            cpu
        };
        b.iter_custom(|n| timed(n, guest, enter));
    });
    group.bench_function("exit round trip: one port write of ring 0", |b| {
        let mut cpu = guest();
        exit(&mut cpu);
        b.iter(|| exit(&mut cpu));
    });
    group.bench_function("close all of it", |b| {
        let made = || {
            let mut cpu = guest();
            exit(&mut cpu);
            cpu
        };
        b.iter_custom(|n| timed(n, made, drop));
    });
    group.finish();
}

fn system_calls(criterion: &mut Criterion) {
    let null = std::fs::File::options().write(true).open("/dev/null").expect("/dev/null is there");
    let mut group = criterion.benchmark_group("system call");
    group.bench_function("getppid", |b| b.iter(nix::unistd::getppid));
    group.bench_function("write a byte to nothing", |b| b.iter(|| nix::unistd::write(&null, &[0])));
    group.bench_function("read the clock, no system call where the vDSO answers", |b| b.iter(monotonic_ns));
    group.finish();
}

/// A thorough run has 10⁵ samples in all; this is ten times as many in one cell.
fn statistics(criterion: &mut Criterion) {
    const N: usize = 1_000_000;
    let mut random = oorandom::Rand64::new(1);
    let mut time = || 1e6 * (1.0 - random.rand_float()).powf(-0.2); // never 0, with a long right tail, as start times
    let values: Vec<f64> = (0..N).map(|_| time()).collect();
    let pairs: Vec<(f64, f64)> = values.iter().map(|v| (*v, time())).collect();
    let mut group = criterion.benchmark_group("statistics on 10^6 samples");
    group.sample_size(10).throughput(Throughput::Elements(N as u64));
    group.bench_function("median with its interval", |b| b.iter(|| stats::median_interval(&values)));
    group.bench_function("summary", |b| b.iter(|| stats::summarize(&values)));
    group.bench_function("outliers", |b| b.iter(|| stats::outliers::classify(&values)));
    group.bench_function("drift", |b| b.iter(|| stats::drift::drift(&values)));
    group.bench_function("comparison in pairs", |b| b.iter(|| stats::compare(&pairs)));
    group.bench_function("noise floor", |b| b.iter(|| stats::noise::noise_floor(&pairs)));
    group.finish();
}

criterion_group! {
    name = benches;
    config = Criterion::default()
        .sample_size(30)
        .warm_up_time(Duration::from_millis(300))
        .measurement_time(Duration::from_secs(2));
    targets = namespaces, kvm, system_calls, statistics
}
criterion_main!(benches);
