//! Tests of chapter 6's task: the policy as the kernel would read it, and then in the kernel itself.
#![allow(unreachable_pub, clippy::pedantic, reason = "a task is a small world of its own")]
#![allow(unsafe_code, reason = "a filter can only be tried by making system calls")]

#[path = "task.rs"]
mod task;
#[path = "../../work/ch06/work.rs"]
#[rustfmt::skip]
mod work;

use task::*;

/// What the kernel's interpreter returns for one call.
fn ask(architecture: u32, number: u32) -> u32 {
    let program = compile(&work::policy());
    let (mut at, mut loaded) = (0, 0);
    loop {
        let Instruction { code, jump_if_true, jump_if_false, k } = program[at];
        at += 1;
        match code {
            LOAD => loaded = if k == NUMBER { number } else { architecture },
            JUMP_IF_EQUAL => at += usize::from(if loaded == k { jump_if_true } else { jump_if_false }),
            RETURN => return k,
            other => panic!("no such instruction: {other:#x}"),
        }
    }
}

const ALLOWED: u32 = 0x7fff_0000;

#[test]
fn the_probe_can_run() {
    for call in THE_PROBES {
        assert_eq!(ask(X86_64, *call), ALLOWED, "the probe needs call {call}: without it the probe can't run");
    }
}

#[test]
fn the_denied_call_fails_with_eperm() {
    let found = ask(X86_64, SOCKET);
    assert_ne!(found, ALLOWED, "socket ({SOCKET}) is allowed. Give it a verdict of its own in `calls`.");
    assert_eq!(
        found,
        answer(Verdict::Fail(EPERM)),
        "socket must fail with EPERM: the program can tell its user why. ENOSYS would say that the kernel is too old, \
         and Kill would look like a crash."
    );
}

#[test]
fn another_architecture_is_killed() {
    for architecture in [I386, 0, 0xc000_00b7] {
        for number in [SOCKET, GETPPID, 20] {
            assert_eq!(
                ask(architecture, number),
                answer(Verdict::Kill),
                "call {number} of architecture {architecture:#x}: its numbers mean other calls, so a list of x86-64 \
                 numbers says nothing about them. 41 is `dup` there, and `socket` is 359."
            );
        }
    }
}

#[test]
fn no_unknown_number_walks_around_the_list() {
    for number in [X32_BIT | SOCKET, X32_BIT, 500, 9_999] {
        assert_ne!(
            ask(X86_64, number),
            ALLOWED,
            "call {number:#x} is allowed though it is in no list. Bit 30 marks the x32 table: {:#x} is `socket` too, \
             with the same architecture. Say what happens to everything else.",
            X32_BIT | SOCKET
        );
    }
}

mod live {
    //! The same in the kernel: a forked child installs the filter, makes one call, and tells by its exit status.
    use super::*;
    use std::ffi::{c_int, c_long, c_ulong};

    unsafe extern "C" {
        safe fn fork() -> c_int;
        safe fn _exit(status: c_int) -> !;
        fn prctl(option: c_int, ...) -> c_int;
        fn syscall(number: c_long, ...) -> c_long;
        fn waitpid(pid: c_int, status: *mut c_int, options: c_int) -> c_int;
        fn __errno_location() -> *mut c_int;
    }

    #[repr(C)]
    struct Program {
        length: u16,
        first: *const Instruction,
    }

    /// In the child: 0 the call worked, n it failed with errno n, 200 the filter was refused.
    const REFUSED: c_int = 200;
    const NO_NEW_PRIVILEGES: c_int = 38;
    const SET_SECCOMP: c_int = 22;
    const FILTER: c_ulong = 2;

    fn install(program: &[Instruction]) -> bool {
        let it = Program { length: program.len() as u16, first: program.as_ptr() };
        // SAFETY: the kernel copies `program`, which outlives both calls; nothing else is read or written.
        unsafe {
            prctl(NO_NEW_PRIVILEGES, 1 as c_ulong, 0 as c_ulong, 0 as c_ulong, 0 as c_ulong) == 0
                && prctl(SET_SECCOMP, FILTER, &raw const it, 0 as c_ulong, 0 as c_ulong) == 0
        }
    }

    fn call(number: u32, arguments: [c_long; 3]) -> c_int {
        // SAFETY: the tests below pass numbers and null pointers only, which the kernel checks.
        let result = unsafe { syscall(c_long::from(number), arguments[0], arguments[1], arguments[2]) };
        // SAFETY: the C library's own error number of this thread.
        if result < 0 { unsafe { *__errno_location() } } else { 0 }
    }

    /// `getpid` through the 32-bit door; its number there is 20.
    fn call_by_int_0x80() -> c_int {
        let mut rax: u64 = 20;
        // SAFETY: int 0x80 changes rax, and r8 to r11 on some kernels; getpid touches no memory.
        unsafe {
            std::arch::asm!("int 0x80", inout("rax") rax, out("r8") _, out("r9") _, out("r10") _, out("r11") _);
        }
        c_int::from(rax as i32 <= 0)
    }

    enum End {
        Status(c_int),
        Signal(c_int),
    }

    /// Forks; the child allocates nothing. `program`: None runs it without a filter.
    fn child(program: Option<&[Instruction]>, work: fn() -> c_int) -> End {
        let pid = fork();
        if pid == 0 {
            if program.is_some_and(|p| !install(p)) {
                _exit(REFUSED);
            }
            _exit(work());
        }
        assert!(pid > 0, "fork failed");
        let mut status = 0;
        // SAFETY: `status` is ours and lives through the call.
        unsafe { waitpid(pid, &raw mut status, 0) };
        if status & 0x7f == 0 { End::Status((status >> 8) & 0xff) } else { End::Signal(status & 0x7f) }
    }

    const SIGSYS: c_int = 31;

    #[test]
    fn in_the_kernel_it_does_the_same() {
        const UNIX_STREAM: [c_long; 3] = [1, 1, 0];
        let program = compile(&work::policy());
        match child(Some(&program), || call(SOCKET, UNIX_STREAM)) {
            End::Status(REFUSED) => return eprintln!("skipped: this machine lets no filter be installed"),
            End::Status(errno) => {
                assert_eq!(errno, c_int::from(EPERM), "the kernel answered socket with errno {errno}");
            }
            End::Signal(signal) => panic!("socket, or the end after it, was answered with signal {signal}"),
        }
        for (name, work) in [
            ("getppid", (|| call(GETPPID, [0; 3])) as fn() -> c_int),
            ("write of 0 bytes", || call(WRITE, [1, 0, 0])),
            ("madvise of nothing", || call(MADVISE, [0; 3])),
        ] {
            match child(Some(&program), work) {
                End::Status(0) => {}
                End::Status(errno) => panic!("{name} failed with errno {errno}; the probe needs it"),
                End::Signal(signal) => panic!("{name} was answered with signal {signal}; the probe needs it"),
            }
        }
        if let End::Status(0) = child(None, call_by_int_0x80) {
            let end = child(Some(&program), call_by_int_0x80);
            assert!(matches!(end, End::Signal(SIGSYS)), "a call by int 0x80 was let through; the process must end");
        } // else this kernel has no 32-bit door at all
    }
}
