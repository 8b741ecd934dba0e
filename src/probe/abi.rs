//! What the probe and its host agree on: records, proofs, environment variables, ports.
//!
//! A record is three 64-bit numbers. By a file descriptor it is 24 bytes, little-endian, written by one `write`;
//! by a port it is one `out` with the numbers in rdi, rsi, r8.
//!
//! A proof is a value that only a program which did the work can know: it depends on a nonce that the host drew.

/// One thing that the probe tells its host.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(not(probe), derive(serde::Serialize, serde::Deserialize))]
pub struct Record {
    /// [`READY`], [`DONE`], or [`BATCH`] / [`UNSUPPORTED`] plus the place of a call in [`CALLS`].
    pub kind: u64,
    /// READY and DONE: the TSC when it was sent. BATCH: ticks that the batch took. UNSUPPORTED: 0.
    pub tsc: u64,
    /// READY, DONE and BATCH: a proof. UNSUPPORTED: errno.
    pub value: u64,
}

/// The program runs; value = `proof(nonce, READY, workload's result so far)`.
pub const READY: u64 = 1;
/// The work is done; value = `proof(nonce, DONE, result)`.
pub const DONE: u64 = 2;
/// One timed batch; value = `proof(nonce, kind, calls that returned what they should)`.
pub const BATCH: u64 = 0x100;
/// This environment does not offer the call.
pub const UNSUPPORTED: u64 = 0x200;
/// `spin` sends its batches as BATCH | SPIN.
pub const SPIN: u64 = 0xff;

/// `fd:3`, `port`, or `pid1` in a Linux guest, where the probe is the first program: by port too, once Linux allows it.
/// Without it the probe prints its records as text on stdout.
pub const ENV_READY: &str = "ISOLAB_READY";
/// The nonce, decimal.
pub const ENV_NONCE: &str = "ISOLAB_NONCE";

/// The file descriptor of the ready channel, and the one that `hold` and `touch` wait on.
pub const READY_FD: i32 = 3;
pub const RELEASE_FD: i32 = 4;

/// Calls that `syscalls` can time, by name. `exit` is one VM exit to the hypervisor and back.
pub const CALLS: [&str; 4] = ["getppid", "read", "write", "exit"];
pub const CALL_GETPPID: usize = 0;
pub const CALL_READ: usize = 1;
pub const CALL_WRITE: usize = 2;
pub const CALL_EXIT: usize = 3;

/// I/O ports of our guests. Our guest kernel uses most of them on behalf of the program, by a 4-byte `in` whose
/// answer is the result of the system call; the program itself uses RECORD and NOOP, by a 1-byte `out`.
pub const PORT_CONSOLE: u16 = 0xe8; // `in`: write(1 or 2, rsi, rdx)
pub const PORT_RECORD: u16 = 0xe9; // `out`: rdi kind, rsi tsc, r8 value
pub const PORT_WAIT: u16 = 0xea; // `in`: read(4, rsi, rdx) blocks until released; 0 = the host is gone. On Linux: 1 byte
pub const PORT_SLEEP: u16 = 0xeb; // `in`: rdi: address of a timespec
pub const PORT_NOOP: u16 = 0xec; // `out`: one exit and back
pub const PORT_UNKNOWN: u16 = 0xed; // `out`: rax: number of a system call that our guest kernel does not have
pub const PORT_MMAP: u16 = 0xee; // `in`: mmap(rdi …): the number of the first 4 KiB page, or an errno
pub const PORT_INPUT: u16 = 0xef; // `out`, by the init of the Linux guest: what is typed may come
pub const PORT_EXIT: u16 = 0xf4; // `out`: rdi: exit status
pub const PORT_FAULT: u16 = 0xf8; // `out`, by ring 0 only: the CPU met a fault; which one, rip tells

/// Integer work of one unit of `spin`.
pub const SPIN_STEPS: u64 = 1024;

/// splitmix64's finalizer (Steele, Lea, Flood 2014): every bit of the input reaches every bit of the output.
pub const fn mix(mut x: u64) -> u64 {
    x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    x ^ (x >> 31)
}

/// What a record of `kind` must carry when the work gave `result`.
pub const fn proof(nonce: u64, kind: u64, result: u64) -> u64 {
    mix(mix(nonce ^ 0x9e37_79b9_7f4a_7c15) ^ mix(kind.wrapping_add(1)) ^ result)
}

/// The exit status that goes with a nonce: 1 … 64, so that neither success by accident nor a signal looks like it.
/// Without a nonce it is 0, as a person expects.
pub const fn exit_status(nonce: u64) -> i32 {
    if nonce == 0 { 0 } else { 1 + (proof(nonce, DONE, 0) & 63) as i32 }
}

/// `units` × [`SPIN_STEPS`] steps of a 64-bit xorshift (Marsaglia 2003), from a fixed start.
pub const fn spin(units: u64) -> u64 {
    let mut x: u64 = 0x2545_f491_4f6c_dd1d;
    let mut left = units * SPIN_STEPS;
    while left > 0 {
        x ^= x << 13;
        x ^= x >> 7;
        x ^= x << 17;
        left -= 1;
    }
    x
}

/// What `touch` writes into page `i`; the sum over all pages, read back, is its result.
pub const fn page_value(nonce: u64, i: u64) -> u64 {
    mix(nonce.wrapping_add(i))
}
