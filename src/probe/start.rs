//! Process start without libc: the kernel leaves argc, argv and the environment on the stack (System V ABI, AMD64
//! supplement, section 3.4.1).

use core::arch::global_asm;

global_asm!(
    ".globl _start",
    "_start:",
    "  mov %rsp, %rdi",
    "  and $-16, %rsp",
    "  call {enter}",
    "  ud2",
    enter = sym enter,
    options(att_syntax)
);

extern "C" fn enter(top: *const *const u8) -> ! {
    crate::syscall::exit(crate::main(&Stack { top }))
}

/// The initial stack: argc, argv…, NULL, env…, NULL.
pub(crate) struct Stack {
    top: *const *const u8,
}

impl Stack {
    fn argc(&self) -> usize {
        // SAFETY: `top` is the stack pointer at `_start`, where the ABI puts argc.
        unsafe { *self.top as usize }
    }

    pub(crate) fn arg(&self, i: usize) -> Option<&'static [u8]> {
        if i >= self.argc() {
            return None;
        }
        // SAFETY: argv has argc entries after argc itself, each a string that ends in NUL and lives as long as we do.
        Some(unsafe { text_at(*self.top.add(1 + i)) })
    }

    /// The value of `NAME=value`.
    pub(crate) fn env(&self, name: &[u8]) -> Option<&'static [u8]> {
        // SAFETY: the environment follows argv's NULL, and ends in a NULL of its own.
        let mut at = unsafe { self.top.add(self.argc() + 2) };
        loop {
            // SAFETY: as above; we stop at the NULL.
            let entry = unsafe { *at };
            if entry.is_null() {
                return None;
            }
            // SAFETY: a non-null entry is a string that ends in NUL.
            if let Some(value) = unsafe { text_at(entry) }.strip_prefix(name).and_then(|rest| rest.strip_prefix(b"=")) {
                return Some(value);
            }
            // SAFETY: there is at least the NULL after a non-null entry.
            at = unsafe { at.add(1) };
        }
    }
}

/// # Safety
/// `start` points to a string that ends in NUL and is never freed.
unsafe fn text_at(start: *const u8) -> &'static [u8] {
    let mut length = 0;
    // SAFETY: the caller promises a NUL; we read no byte past it.
    while unsafe { *start.add(length) } != 0 {
        length += 1;
    }
    // SAFETY: `length` bytes were just read.
    unsafe { core::slice::from_raw_parts(start, length) }
}
