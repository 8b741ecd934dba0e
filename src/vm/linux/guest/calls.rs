//! The system calls that init makes beside the probe's.

use core::ffi::CStr;

use crate::syscall::{self, call3, call5, pages};
use crate::text;

pub(crate) const ENOENT: isize = 2;
pub(crate) const EEXIST: isize = 17;
const EINTR: isize = -4;
const READ: usize = 0;
const WRITE: usize = 1;
const OPEN: usize = 2;
const CLOSE: usize = 3;
const IOCTL: usize = 16;
const PIPE2: usize = 293;
const DUP2: usize = 33;
const FORK: usize = 57;
const EXECVE: usize = 59;
const WAIT4: usize = 61;
const CHDIR: usize = 80;
const MKDIR: usize = 83;
const SETSID: usize = 112;
const SYNC: usize = 162;
const MOUNT: usize = 165;
const FINIT_MODULE: usize = 313;

pub(crate) fn mount(what: &CStr, place: &CStr, kind: &CStr) -> isize {
    call5(MOUNT, [what.as_ptr() as usize, place.as_ptr() as usize, kind.as_ptr() as usize, 0, 0])
}

pub(crate) fn mkdir(path: &CStr) -> isize {
    call3(MKDIR, path.as_ptr() as usize, 0o755, 0)
}

/// For reading: a descriptor, or an errno below 0. The path ends in a NUL.
pub(crate) fn open<const N: usize>(path: &[u8; N]) -> isize {
    call3(OPEN, path.as_ptr() as usize, 0, 0)
}

/// Of a file that is open: 0, or an errno below it.
pub(crate) fn load_module(fd: usize) -> isize {
    call3(FINIT_MODULE, fd, c"".as_ptr() as usize, 0)
}

pub(crate) fn sync() {
    call3(SYNC, 0, 0, 0);
}

pub(crate) fn fork() -> isize {
    call3(FORK, 0, 0, 0)
}

pub(crate) fn setsid() {
    call3(SETSID, 0, 0, 0);
}

pub(crate) fn close(fd: usize) {
    call3(CLOSE, fd, 0, 0);
}

pub(crate) fn dup_to(fd: usize, number: usize) {
    call3(DUP2, fd, number, 0);
}

/// Both ends: what is read from, what is written to. Neither outlives an exec.
pub(crate) fn pipe() -> Option<(usize, usize)> {
    const CLOSE_ON_EXEC: usize = 0o2_000_000;
    let mut ends = [0u32; 2];
    let answer = call3(PIPE2, ends.as_mut_ptr() as usize, CLOSE_ON_EXEC, 0);
    let [reader, writer] = ends;
    (answer == 0).then_some((reader as usize, writer as usize))
}

pub(crate) fn ioctl(fd: usize, request: usize, argument: usize) -> isize {
    call3(IOCTL, fd, request, argument)
}

pub(crate) fn read(fd: usize, buffer: &mut [u8]) -> isize {
    loop {
        match call3(READ, fd, buffer.as_mut_ptr() as usize, buffer.len()) {
            EINTR => {}
            answer => return answer,
        }
    }
}

/// All of it; false when nobody reads any more.
pub(crate) fn write_all(fd: usize, mut bytes: &[u8]) -> bool {
    while !bytes.is_empty() {
        match call3(WRITE, fd, bytes.as_ptr() as usize, bytes.len()) {
            EINTR => {}
            written if written > 0 => bytes = bytes.get(written as usize..).unwrap_or(&[]),
            _ => return false,
        }
    }
    true
}

/// Until this child has ended; whoever else loses his parent is ours too, and is waited for meanwhile.
pub(crate) fn wait_for(child: isize) -> i32 {
    let mut status = 0i32;
    loop {
        let ended = call5(WAIT4, [usize::MAX, (&raw mut status) as usize, 0, 0, 0]);
        if ended == child {
            return status;
        }
        if ended < 0 && ended != EINTR {
            return 126 << 8; // there is no child: fork failed
        }
    }
}

/// What to run, as the host wrote it. Pointers into memory that is never given back.
pub(crate) struct Orders {
    pub(crate) mode: &'static [u8],
    pub(crate) rows: u16,
    pub(crate) columns: u16,
    path: *const u8,
    argv: *const *const u8,
    env: *const *const u8,
}

const ROOM: usize = 1 << 20;

impl Orders {
    pub(crate) fn read(path: &CStr) -> Option<Orders> {
        let fd = syscall::open(path, 0).ok()?;
        let start = pages((ROOM / 4096) as u64)?;
        let mut length = 0;
        loop {
            match call3(READ, fd, start.wrapping_add(length) as usize, ROOM - 1 - length) {
                0 => break,
                EINTR => {}
                more if more > 0 => length += more as usize,
                _ => return None,
            }
        }
        close(fd);
        // SAFETY: fresh memory of which the kernel has just filled so much, and which nobody else writes to.
        let mut rest: &'static [u8] = unsafe { core::slice::from_raw_parts(start, length) };
        let mut next = || {
            let end = rest.iter().position(|byte| *byte == 0)?;
            let (text, after) = (rest.get(..end)?, rest.get(end + 1..)?);
            rest = after;
            Some(text)
        };
        let mode = next()?;
        let (rows, columns) = (text::parse(next()?)? as u16, text::parse(next()?)? as u16);
        let path = next()?.as_ptr();
        let count = text::parse(next()?)?;
        let argv = pointers(&mut next, count)?;
        let env = pointers(&mut next, u64::MAX)?;
        Some(Orders { mode, rows, columns, path, argv, env })
    }
}

/// An array of pointers, with a null behind, to so many of the strings.
fn pointers(next: &mut dyn FnMut() -> Option<&'static [u8]>, most: u64) -> Option<*const *const u8> {
    let table = pages((ROOM / 4096) as u64)?.cast::<*const u8>();
    let mut count = 0;
    while count < most && (count as usize) < ROOM / 8 - 1 {
        let Some(text) = next() else { break };
        // SAFETY: inside fresh zeroed memory that only we know; the bound above keeps room for the null.
        unsafe { table.add(count as usize).write(text.as_ptr()) };
        count += 1;
    }
    Some(table)
}

/// Becomes the program; comes back with an errno when that fails.
pub(crate) fn execute(orders: &Orders) -> isize {
    call3(CHDIR, c"/".as_ptr() as usize, 0, 0);
    -call3(EXECVE, orders.path as usize, orders.argv as usize, orders.env as usize)
}
