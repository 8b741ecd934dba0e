//! The probe: `probe WORKLOAD [ARGS]`. See `probe/mod.rs` for where it runs and `probe/abi.rs` for what it says.
//!
//! A panic path does not link here (no unwinder): no indexing, no division by a variable. That is a guard, not a nuisance.
#![no_std]
#![no_main]
#![no_builtins]
// Both the library and this program compile `abi` and `text`; each uses a part of them.
#![allow(dead_code)]

mod abi;
mod start;
mod syscall;
mod text;
mod workloads;

use abi::{ENV_NONCE, ENV_READY, Record};
use start::Stack;

/// How records reach the host.
#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Channel {
    /// 24 bytes to fd 3.
    Fd,
    /// One `out`, the numbers in registers.
    Port,
    /// No harness: lines of text on stdout.
    Text,
}

pub(crate) struct Host {
    pub(crate) channel: Channel,
    pub(crate) nonce: u64,
    /// The first program of a Linux guest.
    pub(crate) pid1: bool,
}

impl Host {
    pub(crate) fn send(&self, kind: u64, tsc: u64, value: u64) {
        let record = Record { kind, tsc, value };
        match self.channel {
            Channel::Fd => syscall::write_record(&record),
            Channel::Port => syscall::out_record(&record),
            Channel::Text => print_record(&record),
        }
    }
}

fn print_record(r: &Record) {
    let name: &[u8] = match r.kind {
        abi::READY => b"ready",
        abi::DONE => b"done",
        k if k >= abi::UNSUPPORTED => b"unsupported",
        _ => b"batch",
    };
    print(name);
    if let Some(call) = abi::CALLS.get((r.kind & 0xff) as usize).filter(|_| r.kind >= abi::BATCH) {
        print(b" ");
        print(call.as_bytes());
    }
    let labels: [(&[u8], u64); 2] = [
        (if r.kind == abi::READY || r.kind == abi::DONE { b" tsc=" } else { b" ticks=" }, r.tsc),
        (if r.kind >= abi::UNSUPPORTED { b" errno=" } else { b" proof=" }, r.value),
    ];
    for (label, number) in labels {
        print(label);
        print(text::decimal(number, &mut [0; 20]));
    }
    print(b"\n");
}

pub(crate) fn print(s: &[u8]) {
    syscall::write(1, s);
}

fn main(stack: &Stack) -> i32 {
    let how = stack.env(ENV_READY.as_bytes());
    let channel = match how {
        Some(b"fd:3") => Channel::Fd,
        Some(b"port" | b"pid1") => Channel::Port,
        _ => Channel::Text,
    };
    let nonce = stack.env(ENV_NONCE.as_bytes()).and_then(text::parse).unwrap_or(0);
    let pid1 = how == Some(b"pid1");
    if pid1 {
        syscall::allow_ports();
    }
    let status = workloads::run(&Host { channel, nonce, pid1 }, stack);
    if pid1 {
        syscall::end_machine(status << 8); // a first program that ends is a panic
    }
    status
}

#[panic_handler]
fn panic(_: &core::panic::PanicInfo) -> ! {
    syscall::exit(101)
}
