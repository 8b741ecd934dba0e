//! Making a process, and waiting for it by its pidfd.
//!
//! No safe crate does it: nix has no clone3, its `clone` cannot put a child into a cgroup or return a pidfd, and its
//! `waitid` fails when a real-time signal ended the child. The child is given as a closure, never as a second return,
//! so no code of the parent can run twice.
//!
//! After a fork the child owns a copy of our memory but only this thread: if another thread held the allocator's lock,
//! the child would wait for it for ever. So a child's closure must not allocate; what it needs is made before.

use std::mem::{size_of, zeroed};
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, FromRawFd, OwnedFd};

use libc::{c_int, c_long, c_void};
use nix::errno::Errno;
use nix::sched::CloneFlags;

use super::signals;
use crate::model::Exit;

/// A child of ours. Its pid cannot be given to another process before [`Process::reap`], so both names stay true.
#[derive(Debug)]
pub struct Process {
    pid: i32,
    pidfd: OwnedFd,
}

/// What a child returns when its closure panicked; no closure of ours returns it.
const PANICKED: c_int = 101;

/// Everything that a namespace flag can be: the only flags that [`Process::fork`] hands to the kernel.
pub const ALL_NAMESPACES: CloneFlags = CloneFlags::CLONE_NEWNS
    .union(CloneFlags::CLONE_NEWCGROUP)
    .union(CloneFlags::CLONE_NEWUTS)
    .union(CloneFlags::CLONE_NEWIPC)
    .union(CloneFlags::CLONE_NEWUSER)
    .union(CloneFlags::CLONE_NEWPID)
    .union(CloneFlags::CLONE_NEWNET);

impl Process {
    /// clone3(2): a child with a copy of our memory, in `namespaces` of its own, born inside `cgroup` (a folder of a
    /// cgroup v2 tree). It runs `body`, whose result is its exit status.
    pub fn fork(
        namespaces: CloneFlags,
        cgroup: Option<BorrowedFd<'_>>,
        body: impl FnOnce() -> i32,
    ) -> Result<Process, Errno> {
        if !ALL_NAMESPACES.contains(namespaces) {
            return Err(Errno::EINVAL); // CLONE_VM without a stack of its own would let both write into one stack
        }
        let mut pidfd: c_int = -1;
        // SAFETY: clone_args is plain numbers, for which all zeroes mean "nothing asked for".
        let mut args: libc::clone_args = unsafe { zeroed() };
        args.flags = namespaces.bits() as u64 | libc::CLONE_PIDFD as u64;
        args.pidfd = &raw mut pidfd as u64;
        args.exit_signal = libc::SIGCHLD as u64;
        if let Some(folder) = cgroup {
            args.flags |= CLONE_INTO_CGROUP;
            args.cgroup = folder.as_raw_fd() as u64;
        }
        // SAFETY: `args` and `pidfd` live on our stack until the call returns, and nobody else knows them. Without
        // CLONE_VM the child works on a copy of our memory, so neither can disturb the other.
        let pid = unsafe { libc::syscall(libc::SYS_clone3, &raw const args, size_of::<libc::clone_args>()) };
        let pid = match Errno::result(pid) {
            Err(Errno::ENOSYS) if cgroup.is_none() => old_clone(namespaces, &mut pidfd)?,
            other => other?,
        };
        if pid == 0 {
            run_and_exit(body);
        }
        Process::new(pid as i32, pidfd)
    }

    /// As vfork(2): the child borrows our memory, and we stand still until it has executed a program or ended.
    /// Nothing is copied, which is why it is the cheapest start there is.
    pub fn vfork(body: impl FnOnce() -> i32) -> Result<Process, Errno> {
        let mut stack: Vec<u128> = Vec::with_capacity(VFORK_STACK / size_of::<u128>()); // u128: aligned as the ABI wants
        let mut body = Some(body);
        let mut pidfd: c_int = -1;
        let before = signals::block_all()?; // a handler of ours must not run in the child, on our memory
        // SAFETY: the stack grows down from the end of an allocation that lives until we return, and CLONE_VFORK keeps
        // us from returning while the child uses it. `body` and `pidfd` are on our stack for the same time; of the two
        // processes only the child runs, so nobody touches them at the same time.
        let pid = unsafe {
            let top = stack.spare_capacity_mut().as_mut_ptr_range().end;
            let flags = libc::CLONE_VM | libc::CLONE_VFORK | libc::CLONE_PIDFD | libc::SIGCHLD;
            libc::clone(entry(body.as_ref()), top.cast(), flags, (&raw mut body).cast(), &raw mut pidfd)
        };
        let pid = Errno::result(pid);
        before.thread_set_mask()?;
        Process::new(pid?, pidfd)
    }

    fn new(pid: i32, pidfd: c_int) -> Result<Process, Errno> {
        if pidfd < 0 {
            return Err(Errno::EBADF);
        }
        // SAFETY: the kernel has just made this descriptor for us (CLONE_PIDFD); nobody else owns it.
        Ok(Process { pid, pidfd: unsafe { OwnedFd::from_raw_fd(pidfd) } })
    }

    pub fn pid(&self) -> i32 {
        self.pid
    }

    /// pidfd_send_signal(2). A process that has ended but was not reaped yet accepts any signal.
    pub fn signal(&self, number: i32) -> Result<(), Errno> {
        let none = std::ptr::null::<libc::siginfo_t>();
        // SAFETY: our own pidfd, and no siginfo.
        let sent = unsafe { libc::syscall(libc::SYS_pidfd_send_signal, self.pidfd.as_raw_fd(), number, none, 0) };
        Errno::result(sent).map(drop)
    }

    /// How it ended, once the pidfd is readable; it stays a zombie, so that its pid stays taken.
    pub fn exit(&self) -> Result<Exit, Errno> {
        self.waitid(libc::WEXITED | libc::WNOWAIT)
    }

    /// Waits for its end and takes it off the process table.
    pub fn reap(&self) -> Result<Exit, Errno> {
        self.waitid(libc::WEXITED)
    }

    fn waitid(&self, flags: c_int) -> Result<Exit, Errno> {
        loop {
            // SAFETY: siginfo_t is plain data; waitid fills it before we read it, and si_status is valid for SIGCHLD.
            let (result, code, status) = unsafe {
                let mut info: libc::siginfo_t = zeroed();
                let result = libc::waitid(libc::P_PIDFD, self.pidfd.as_raw_fd() as u32, &raw mut info, flags);
                (result, info.si_code, info.si_status())
            };
            match Errno::result(result) {
                Err(Errno::EINTR) => {}
                Err(errno) => return Err(errno),
                Ok(_) if code == libc::CLD_EXITED => return Ok(Exit::Code(status)),
                Ok(_) => return Ok(Exit::Signal(status)),
            }
        }
    }
}

impl AsFd for Process {
    /// Readable (by poll) when the process has ended.
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.pidfd.as_fd()
    }
}

/// clone(2), the same without a cgroup: inside docker's containers, and ours, the filter says that there is no clone3.
/// 0 in the child.
fn old_clone(namespaces: CloneFlags, pidfd: &mut c_int) -> Result<i64, Errno> {
    let flags = namespaces.bits() | libc::CLONE_PIDFD | libc::SIGCHLD;
    let none = std::ptr::null_mut::<c_void>();
    // SAFETY: `pidfd` is borrowed until the call returns. No stack is given and CLONE_VM is not set (the caller lets
    // only namespaces through), so the child works on a copy of our memory, its stack included.
    let pid = unsafe { libc::syscall(libc::SYS_clone, c_long::from(flags), none, &raw mut *pidfd, none, none) };
    Errno::result(pid)
}

const CLONE_INTO_CGROUP: u64 = 0x2_0000_0000; // libc has it as an i32, which it does not fit
const VFORK_STACK: usize = 64 * 1024;

/// Ends the calling process at once: no destructors, no flushing of buffers that the parent will flush too.
pub fn exit_now(status: i32) -> ! {
    // SAFETY: does not return and touches no memory of ours.
    unsafe { libc::_exit(status) }
}

fn run_and_exit(body: impl FnOnce() -> i32) -> ! {
    struct Leave;
    impl Drop for Leave {
        fn drop(&mut self) {
            exit_now(PANICKED); // a panic must not unwind into the parent's code, which would then run twice
        }
    }
    let _leave = Leave;
    exit_now(body())
}

/// The C function that runs a closure of this type; `_body` only tells the type.
fn entry<F: FnOnce() -> i32>(_body: Option<&F>) -> extern "C" fn(*mut c_void) -> c_int {
    extern "C" fn run<F: FnOnce() -> i32>(body: *mut c_void) -> c_int {
        // SAFETY: `vfork` passes a pointer to its `Option<F>`, and stands still until we are done.
        let body = unsafe { &mut *body.cast::<Option<F>>() }.take();
        run_and_exit(|| body.map_or(PANICKED, |body| body()))
    }
    run::<F>
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicI32, Ordering};

    #[test]
    fn a_fork_has_memory_of_its_own_and_a_vfork_has_ours() {
        let seen = AtomicI32::new(1);
        let body = || {
            seen.fetch_add(1, Ordering::SeqCst);
            7
        };
        let forked = Process::fork(CloneFlags::empty(), None, body).unwrap();
        assert_eq!(forked.reap(), Ok(Exit::Code(7)));
        assert_eq!(seen.load(Ordering::SeqCst), 1);
        assert_eq!(Process::vfork(body).unwrap().reap(), Ok(Exit::Code(7)));
        assert_eq!(seen.load(Ordering::SeqCst), 2);
    }

    #[test]
    fn the_older_call_gives_the_same_child() {
        let mut pidfd = -1;
        let pid = old_clone(CloneFlags::empty(), &mut pidfd).unwrap();
        if pid == 0 {
            exit_now(7);
        }
        let child = Process::new(pid as i32, pidfd).unwrap();
        assert_eq!(child.reap(), Ok(Exit::Code(7)));
        assert_eq!(old_clone(CloneFlags::CLONE_FS | CloneFlags::CLONE_NEWNS, &mut pidfd), Err(Errno::EINVAL));
    }

    #[test]
    fn a_real_time_signal_is_an_exit_too() {
        let child = Process::fork(CloneFlags::empty(), None, || {
            loop {
                nix::unistd::pause();
            }
        });
        let child = child.unwrap();
        child.signal(40).unwrap();
        assert_eq!(child.exit(), Ok(Exit::Signal(40)));
        assert_eq!(child.exit(), Ok(Exit::Signal(40)), "looking does not reap");
        assert_eq!(child.reap(), Ok(Exit::Signal(40)));
        assert_eq!(child.reap(), Err(Errno::ECHILD));
    }

    #[test]
    fn sharing_memory_is_not_a_namespace() {
        assert_eq!(Process::fork(CloneFlags::CLONE_VM, None, || 0).unwrap_err(), Errno::EINVAL);
    }
}
