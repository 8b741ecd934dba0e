//! The system calls and port writes that the probe makes, one instruction each.

use core::arch::asm;

use crate::abi::{PORT_EXIT, PORT_INPUT, PORT_NOOP, PORT_RECORD, PORT_WAIT, READY_FD, RELEASE_FD, Record};

pub(crate) const GETPPID: usize = 110;
pub(crate) const READ: usize = 0;
pub(crate) const WRITE: usize = 1;
pub(crate) const ENODEV: u64 = 19;
const OPENAT: usize = 257;
const NANOSLEEP: usize = 35;
const MMAP: usize = 9;
const MADVISE: usize = 28;
const GETPID: usize = 39;
const EXIT_GROUP: usize = 231;

/// A raw system call. Flags are clobbered on purpose: the bare guest does not restore them.
#[inline(always)]
pub(crate) fn call3(number: usize, a: usize, b: usize, c: usize) -> isize {
    let result: isize;
    // SAFETY: the callers below pass pointers to memory that they own, with its true length.
    unsafe {
        asm!("syscall", inlateout("rax") number => result, in("rdi") a, in("rsi") b, in("rdx") c,
             out("rcx") _, out("r11") _, options(nostack));
    }
    result
}

fn call6(number: usize, args: [usize; 6]) -> isize {
    let result: isize;
    let [a, b, c, d, e, f] = args;
    // SAFETY: as in `call3`; mmap is asked for fresh anonymous memory only.
    unsafe {
        asm!("syscall", inlateout("rax") number => result, in("rdi") a, in("rsi") b, in("rdx") c,
             in("r10") d, in("r8") e, in("r9") f, out("rcx") _, out("r11") _, options(nostack));
    }
    result
}

/// Up to five arguments.
pub(crate) fn call5(number: usize, args: [usize; 5]) -> isize {
    let [a, b, c, d, e] = args;
    call6(number, [a, b, c, d, e, 0])
}

pub(crate) fn exit(status: i32) -> ! {
    loop {
        call3(EXIT_GROUP, status as usize, 0, 0);
    }
}

pub(crate) fn write(fd: i32, bytes: &[u8]) -> isize {
    call3(WRITE, fd as usize, bytes.as_ptr() as usize, bytes.len())
}

pub(crate) fn write_record(r: &Record) {
    let words = [r.kind, r.tsc, r.value];
    call3(WRITE, READY_FD as usize, words.as_ptr() as usize, 24);
}

pub(crate) fn out_record(r: &Record) {
    // SAFETY: only our bare guest offers this channel; there the port is ours and the host reads the registers.
    unsafe {
        asm!("out dx, al", in("dx") PORT_RECORD, in("al") 0u8, in("rdi") r.kind, in("rsi") r.tsc, in("r8") r.value,
             options(nostack, preserves_flags));
    }
}

/// One exit to the hypervisor and back; only where records go by port.
#[inline(always)]
pub(crate) fn out_nothing() {
    // SAFETY: as in `out_record`; this port does nothing at all.
    unsafe { asm!("out dx, al", in("dx") PORT_NOOP, in("al") 0u8, options(nostack, preserves_flags)) }
}

/// iopl(2): Linux lets us use ports.
pub(crate) fn allow_ports() {
    set_port_level(3);
}

/// Neither we nor a child may use ports any more.
pub(crate) fn forbid_ports() {
    set_port_level(0);
}

fn set_port_level(level: usize) {
    const IOPL: usize = 172;
    call3(IOPL, level, 0, 0);
}

/// Tells the host that the program's input may come.
pub(crate) fn ask_for_input() {
    // SAFETY: the port is ours in this guest, and does nothing to us.
    unsafe { asm!("out dx, al", in("dx") PORT_INPUT, in("al") 0u8, options(nostack, preserves_flags)) }
}

/// Tells the host how it ended, as wait(2) tells it, and restarts the machine where that alone did not end it.
pub(crate) fn end_machine(status: i32) {
    const REBOOT: usize = 169;
    const MAGIC: [usize; 2] = [0xfee1_dead, 672_274_793];
    const RESTART: usize = 0x0123_4567;
    // SAFETY: the port is ours in this guest, and the host reads rdi.
    unsafe {
        asm!("out dx, al", in("dx") PORT_EXIT, in("al") 0u8, in("rdi") i64::from(status),
             options(nostack, preserves_flags));
    }
    call3(REBOOT, MAGIC[0], MAGIC[1], RESTART);
}

/// As [`wait_for_release`], by a port.
pub(crate) fn wait_at_port() {
    let _released: u8;
    // SAFETY: the port is ours in this guest; it answers with one byte.
    unsafe { asm!("in al, dx", in("dx") PORT_WAIT, out("al") _released, options(nostack, preserves_flags)) }
}

/// Waits for a byte on the release channel: true when released, false when whoever could release us is gone.
pub(crate) fn wait_for_release() -> bool {
    let mut byte = 0u8;
    loop {
        match call3(READ, RELEASE_FD as usize, (&raw mut byte) as usize, 1) {
            1 => return true,
            -4 => {} // EINTR
            _ => return false,
        }
    }
}

pub(crate) fn open(path: &core::ffi::CStr, flags: usize) -> Result<usize, u64> {
    const AT_FDCWD: isize = -100;
    let fd = call3(OPENAT, AT_FDCWD as usize, path.as_ptr() as usize, flags);
    if fd < 0 { Err(fd.unsigned_abs() as u64) } else { Ok(fd as usize) }
}

pub(crate) fn getpid() -> u64 {
    call3(GETPID, 0, 0, 0) as u64
}

pub(crate) fn sleep_one_second() {
    let one_second = [1u64, 0];
    call3(NANOSLEEP, one_second.as_ptr() as usize, 0, 0);
}

/// Fresh zeroed memory in 4 KiB pages, never merged into huge ones.
pub(crate) fn pages(count: u64) -> Option<*mut u8> {
    const READ_WRITE: usize = 3;
    const PRIVATE_ANONYMOUS: usize = 0x22;
    const MADV_NOHUGEPAGE: usize = 15;
    let bytes = count.checked_mul(4096)? as usize;
    let at = call6(MMAP, [0, bytes, READ_WRITE, PRIVATE_ANONYMOUS, usize::MAX, 0]);
    if at < 0 {
        return None;
    }
    call3(MADVISE, at as usize, bytes, MADV_NOHUGEPAGE);
    Some(at as *mut u8)
}

#[inline(always)]
pub(crate) fn tsc() -> u64 {
    let (low, high): (u32, u32);
    // SAFETY: reads a counter; `lfence` keeps the stamp between the work before and after it.
    unsafe { asm!("lfence", "rdtsc", "lfence", out("eax") low, out("edx") high, options(nomem, nostack)) }
    u64::from(high) << 32 | u64::from(low)
}
