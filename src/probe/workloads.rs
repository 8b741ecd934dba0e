//! What the probe can do. Each workload is ready first, works, and proves what it did.

use crate::abi::{
    BATCH, CALL_EXIT, CALL_GETPPID, CALL_READ, CALL_WRITE, CALLS, DONE, READY, SPIN, UNSUPPORTED, exit_status,
    page_value, proof, spin,
};
use crate::start::Stack;
use crate::{Channel, Host, print, syscall, text};

const USAGE: &[u8] =
    "usage, 사용법: probe noop | hold | syscalls CALL,CALL BATCHES CALLS | touch PAGES | spin UNITS BATCHES | count TO\n"
        .as_bytes();
const BAD_ARGUMENTS: i32 = 2;

/// Runs the workload named in argv and returns the exit status.
pub(crate) fn run(host: &Host, stack: &Stack) -> i32 {
    let number = |i| stack.arg(i).and_then(text::parse);
    let result = match (stack.arg(1), stack.arg(2), number(2), number(3), number(4)) {
        (None, ..) => return hello(),
        (Some(b"noop"), ..) => ready(host, 0),
        (Some(b"hold"), ..) => hold(host, 0),
        (Some(b"syscalls"), Some(calls), _, Some(batches), Some(per_batch)) => {
            syscalls(host, calls, batches, per_batch)
        }
        (Some(b"touch"), _, Some(pages), ..) => touch(host, pages),
        (Some(b"spin"), _, Some(units), Some(batches), _) => spins(host, units, batches),
        (Some(b"count"), _, Some(to), ..) => count(host, to),
        _ => None,
    };
    match result {
        Some(result) => {
            host.send(DONE, syscall::tsc(), proof(host.nonce, DONE, result));
            exit_status(host.nonce)
        }
        None => {
            syscall::write(2, USAGE);
            BAD_ARGUMENTS
        }
    }
}

/// By hand and without arguments: say where we are.
fn hello() -> i32 {
    print(b"isolab probe, my process number is ");
    print(text::decimal(syscall::getpid(), &mut [0; 20]));
    print(b"\n");
    0
}

fn ready(host: &Host, result: u64) -> Option<u64> {
    host.send(READY, syscall::tsc(), proof(host.nonce, READY, result));
    Some(result)
}

fn hold(host: &Host, result: u64) -> Option<u64> {
    ready(host, result)?;
    if host.pid1 {
        syscall::wait_at_port();
    } else {
        syscall::wait_for_release();
    }
    Some(result)
}

/// Each named call in timed batches. `good` counts the calls that returned what they should: it goes into the proof.
fn syscalls(host: &Host, calls: &[u8], batches: u64, per_batch: u64) -> Option<u64> {
    ready(host, 0)?;
    for name in calls.split(|c| *c == b',') {
        let which = CALLS.iter().position(|c| c.as_bytes() == name)?;
        match prepare(host, which) {
            Ok(fd) => {
                batch(which, fd, per_batch); // warms caches and is thrown away
                for _ in 0..batches {
                    let (ticks, good) = batch(which, fd, per_batch);
                    let kind = BATCH | which as u64;
                    host.send(kind, ticks, proof(host.nonce, kind, good));
                }
            }
            Err(errno) => host.send(UNSUPPORTED | which as u64, 0, errno),
        }
    }
    Some(0)
}

/// The file that a call needs, or why the environment does not offer the call.
fn prepare(host: &Host, which: usize) -> Result<usize, u64> {
    const WRITE_ONLY: usize = 1;
    match which {
        CALL_READ => syscall::open(c"/dev/zero", 0),
        CALL_WRITE => syscall::open(c"/dev/null", WRITE_ONLY),
        CALL_EXIT if host.channel != Channel::Port => Err(syscall::ENODEV),
        _ => Ok(0),
    }
}

fn batch(which: usize, fd: usize, calls: u64) -> (u64, u64) {
    let mut byte = 0u8;
    let buffer = (&raw mut byte) as usize;
    match which {
        CALL_GETPPID => {
            let parent = syscall::call3(syscall::GETPPID, 0, 0, 0);
            timed(calls, || syscall::call3(syscall::GETPPID, 0, 0, 0) == parent)
        }
        CALL_READ => timed(calls, || syscall::call3(syscall::READ, fd, buffer, 1) == 1),
        CALL_WRITE => timed(calls, || syscall::call3(syscall::WRITE, fd, buffer, 1) == 1),
        _ => timed(calls, || {
            syscall::out_nothing();
            true
        }),
    }
}

#[inline(always)]
fn timed(calls: u64, mut call: impl FnMut() -> bool) -> (u64, u64) {
    let mut good = 0;
    let start = syscall::tsc();
    for _ in 0..calls {
        good += u64::from(call());
    }
    (syscall::tsc() - start, good)
}

/// Writes to every page, reads all of them back, then holds: what is touched stays touched.
fn touch(host: &Host, count: u64) -> Option<u64> {
    let start = syscall::pages(count).unwrap_or(core::ptr::null_mut());
    let count = if start.is_null() { 0 } else { count };
    let word = |i: u64| start.wrapping_add(i as usize * 4096).cast::<u64>();
    for i in 0..count {
        // SAFETY: page i of `count` fresh pages that nobody else knows of.
        unsafe { word(i).write_volatile(page_value(host.nonce, i)) };
    }
    // SAFETY: as above.
    let sum = (0..count).fold(0u64, |sum, i| sum.wrapping_add(unsafe { word(i).read_volatile() }));
    hold(host, sum)
}

/// A fixed amount of integer work per batch.
fn spins(host: &Host, units: u64, batches: u64) -> Option<u64> {
    ready(host, 0)?;
    let mut result = 0;
    for _ in 0..batches {
        let start = syscall::tsc();
        result = spin(core::hint::black_box(units));
        let ticks = syscall::tsc() - start;
        host.send(BATCH | SPIN, ticks, proof(host.nonce, BATCH | SPIN, result));
    }
    Some(result)
}

/// A line a second, from 1 to `to`.
fn count(host: &Host, to: u64) -> Option<u64> {
    ready(host, 0)?;
    for i in 1..=to {
        print(text::decimal(i, &mut [0; 20]));
        print(b"\n");
        if i < to {
            syscall::sleep_one_second();
        }
    }
    Some(to)
}
