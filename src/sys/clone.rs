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
use std::sync::atomic::{AtomicU64, Ordering};

use libc::{c_int, c_long, c_void};
use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sched::CloneFlags;

use super::{pidfd, signals};
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

/// Where a child is born, and who learns of it.
#[derive(Debug, Clone, Copy)]
pub struct CloneArgs<'a> {
    /// New ones, from [`ALL_NAMESPACES`].
    pub namespaces: CloneFlags,
    /// A folder of a cgroup v2 tree.
    pub cgroup: Option<BorrowedFd<'a>>,
    /// The kernel writes the child's pid here before the child runs (CLONE_PARENT_SETTID): whatever happens to us, it is known.
    pub pid_to: Option<&'a AtomicU64>,
}

impl CloneArgs<'_> {
    /// In everything that we are in.
    pub const PLAIN: CloneArgs<'static> = CloneArgs { namespaces: CloneFlags::empty(), cgroup: None, pid_to: None };

    fn arguments(self, flags: u64, pidfd: *mut c_int) -> Result<libc::clone_args, Errno> {
        if !ALL_NAMESPACES.contains(self.namespaces) {
            return Err(Errno::EINVAL); // CLONE_THREAD or CLONE_FILES would make what follows unsound
        }
        // SAFETY: clone_args is plain numbers, for which all zeroes mean "nothing asked for".
        let mut args: libc::clone_args = unsafe { zeroed() };
        args.flags = flags | self.namespaces.bits() as u64 | libc::CLONE_PIDFD as u64;
        args.pidfd = pidfd as u64;
        args.exit_signal = libc::SIGCHLD as u64;
        if let Some(folder) = self.cgroup {
            args.flags |= CLONE_INTO_CGROUP;
            args.cgroup = folder.as_raw_fd() as u64;
        }
        if let Some(word) = self.pid_to {
            args.flags |= libc::CLONE_PARENT_SETTID as u64;
            args.parent_tid = word.as_ptr() as u64; // its low half: a pid has four bytes
        }
        Ok(args)
    }

    /// clone(2) has one place for pid and pidfd, so that the pid is written when the child runs already.
    fn note(self, pid: i64) {
        if let Some(word) = self.pid_to {
            word.store(pid as u64, Ordering::Release);
        }
    }
}

impl Process {
    /// clone3(2): a child with a copy of our memory. It runs `body`, whose result is its exit status.
    pub fn fork(clone_args: CloneArgs<'_>, body: impl FnOnce() -> i32) -> Result<Process, Errno> {
        let mut pidfd: c_int = -1;
        let args = clone_args.arguments(0, &raw mut pidfd)?;
        // SAFETY: `args` and `pidfd` live on our stack until the call returns, and nobody else knows them. Without
        // CLONE_VM the child works on a copy of our memory, so neither can disturb the other. `pid_to` is an atomic that is
        // borrowed for as long.
        let pid = unsafe { libc::syscall(libc::SYS_clone3, &raw const args, size_of::<libc::clone_args>()) };
        let pid = match Errno::result(pid) {
            Err(Errno::ENOSYS) if clone_args.cgroup.is_none() => {
                let pid = old_clone(clone_args.namespaces, &mut pidfd)?;
                if pid != 0 {
                    clone_args.note(pid);
                }
                pid
            }
            other => other?,
        };
        if pid == 0 {
            run_and_exit(body);
        }
        Process::new(pid as i32, pidfd)
    }

    /// A child of ours that is born where `enter` leads: a copy of us goes there, makes it in our name (CLONE_PARENT), and
    /// ends. For a pid namespace of others: setns(2) counts for children to come alone.
    ///
    /// `born` must be a word of a page that both see: the kernel writes the child's pid there.
    pub fn fork_elsewhere(
        clone_args: CloneArgs<'_>,
        born: &AtomicU64,
        enter: impl FnOnce() -> Result<(), Errno>,
        body: impl FnOnce() -> i32,
    ) -> Result<Process, Errno> {
        born.store(0, Ordering::Release);
        let there = CloneArgs { pid_to: Some(born), ..clone_args };
        let copy = Process::fork(CloneArgs::PLAIN, || match enter().and_then(|()| fork_beside(there, body)) {
            Ok(()) => 0,
            Err(errno) => errno as i32,
        })?;
        let exit = copy.reap()?;
        match (born.load(Ordering::Acquire) as i32, exit) {
            (0, Exit::Code(errno)) if errno != PANICKED => Err(Errno::from_raw(errno)),
            (0, _) => Err(Errno::ECHILD), // somebody has killed it
            (pid, _) => {
                clone_args.note(pid.into());
                Ok(Process { pid, pidfd: pidfd::open(pid)? }) // ours, and not waited for yet: the number is its own
            }
        }
    }

    /// As vfork(2): the child borrows our memory, and we stand still until it has executed a program or ended.
    /// Nothing is copied, which is why it is the cheapest start there is.
    ///
    /// What `body` writes, we find; only this thread stands still. So it must not allocate, as after a fork, and must
    /// not panic.
    pub fn vfork(clone_args: CloneArgs<'_>, body: impl FnOnce() -> i32) -> Result<Process, Errno> {
        let mut pidfd: c_int = -1;
        let flags = libc::CLONE_VM as u64 | libc::CLONE_VFORK as u64;
        let args = clone_args.arguments(flags | CLONE_CLEAR_SIGHAND, &raw mut pidfd)?;
        let mut body = Some(body);
        let before = signals::block_all()?; // no handler of ours may run in the child, on our memory
        let new = [&raw const args as u64, size_of::<libc::clone_args>() as u64, 0];
        let mut pid = borrow_memory(libc::SYS_clone3, new, &mut body);
        if pid == Err(Errno::ENOSYS) && clone_args.cgroup.is_none() {
            let news = CLONE_CLEAR_SIGHAND | libc::CLONE_PARENT_SETTID as u64;
            let old = [args.flags & !news | args.exit_signal, 0, args.pidfd];
            pid = borrow_memory(libc::SYS_clone, old, &mut body);
            if let Ok(pid) = pid {
                clone_args.note(pid.into());
            }
        }
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

    /// Nobody need have waited for it.
    pub fn has_ended(&self) -> bool {
        poll(&mut [PollFd::new(self.as_fd(), PollFlags::POLLIN)], PollTimeout::ZERO).is_ok_and(|ready| ready > 0)
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

/// A child of our parent. Without a pidfd, which we would have and he not.
fn fork_beside(clone_args: CloneArgs<'_>, body: impl FnOnce() -> i32) -> Result<(), Errno> {
    let mut args = clone_args.arguments(libc::CLONE_PARENT as u64, std::ptr::null_mut())?;
    args.flags &= !(libc::CLONE_PIDFD as u64);
    args.exit_signal = 0; // it is ours, by CLONE_PARENT
    // SAFETY: as in `Process::fork`.
    let pid = unsafe { libc::syscall(libc::SYS_clone3, &raw const args, size_of::<libc::clone_args>()) };
    if Errno::result(pid)? == 0 {
        run_and_exit(body);
    }
    Ok(())
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

// libc has both as an i32, which they do not fit.
const CLONE_CLEAR_SIGHAND: u64 = 0x1_0000_0000;
const CLONE_INTO_CGROUP: u64 = 0x2_0000_0000;

/// clone3 or clone with CLONE_VM and CLONE_VFORK, and no stack: the child runs `body` on ours, below where we stand.
/// libc's wrappers want another stack, whose pages would have to come into being first.
fn borrow_memory<F: FnOnce() -> i32>(call: c_long, args: [u64; 3], body: &mut Option<F>) -> Result<i32, Errno> {
    let pid: i64;
    // SAFETY: of the two processes only the child runs until it has left this memory, so nobody touches the stack or
    // `body` at the same time. The child never returns into our frames: `run` ends in exec or _exit, and nothing unwinds
    // out of it. It only pushes below the stack pointer, where the compiler keeps nothing across an asm block that
    // may use the stack. Registers are the child's own; the kernel changes rcx and r11 of ours. clone's fourth and
    // fifth argument (r10, r8) are used by flags that are not set.
    unsafe {
        std::arch::asm!(
            "syscall",
            "test rax, rax",
            "jnz 2f",
            "mov rdi, {body}",
            "call {run}",
            "ud2",
            "2:",
            inout("rax") call => pid,
            in("rdi") args[0],
            in("rsi") args[1],
            in("rdx") args[2],
            in("r10") 0_u64,
            in("r8") 0_u64,
            body = in(reg) &raw mut *body,
            run = in(reg) run::<F> as extern "C" fn(*mut Option<F>) -> !,
            out("rcx") _,
            out("r11") _,
        );
    }
    if pid < 0 { Err(Errno::from_raw(-pid as i32)) } else { Ok(pid as i32) }
}

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

/// The child's first function after [`borrow_memory`].
extern "C" fn run<F: FnOnce() -> i32>(body: *mut Option<F>) -> ! {
    // SAFETY: `borrow_memory` passes its own `Option<F>`, and stands still until we are done.
    let body = unsafe { &mut *body }.take();
    run_and_exit(|| body.map_or(PANICKED, |body| body()))
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
        let forked = Process::fork(CloneArgs::PLAIN, body).unwrap();
        assert_eq!(forked.reap(), Ok(Exit::Code(7)));
        assert_eq!(seen.load(Ordering::SeqCst), 1);
        assert_eq!(Process::vfork(CloneArgs::PLAIN, body).unwrap().reap(), Ok(Exit::Code(7)));
        assert_eq!(seen.load(Ordering::SeqCst), 2);
    }

    #[test]
    fn its_pid_is_written_before_it_runs() {
        let page = crate::sys::shared_page::SharedPage::new().unwrap();
        let clone_args = CloneArgs { pid_to: Some(page.word(3)), ..CloneArgs::PLAIN };
        let seen = || i32::from(page.get(3) == u64::from(std::process::id()));
        let found = Ok(Exit::Code(1));
        assert_eq!(Process::fork(clone_args, seen).unwrap().reap(), found, "the child has found itself there");
        assert_eq!(
            Process::vfork(clone_args, seen).unwrap().reap(),
            found,
            "one after the other: the place is the same"
        );
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
    fn the_older_call_borrows_memory_too() {
        let seen = AtomicI32::new(1);
        let mut body = Some(|| seen.fetch_add(1, Ordering::SeqCst));
        let mut pidfd: c_int = -1;
        let flags = libc::CLONE_VM | libc::CLONE_VFORK | libc::CLONE_PIDFD | libc::SIGCHLD;
        let pid = borrow_memory(libc::SYS_clone, [flags as u64, 0, &raw mut pidfd as u64], &mut body).unwrap();
        assert_eq!(Process::new(pid, pidfd).unwrap().reap(), Ok(Exit::Code(1)));
        assert_eq!(seen.load(Ordering::SeqCst), 2);
        assert_eq!(borrow_memory(libc::SYS_clone3, [0, 0, 0], &mut body), Err(Errno::EINVAL));
    }

    #[test]
    fn a_handler_of_ours_does_not_run_in_a_child_that_borrows_our_memory() {
        static RAN: AtomicI32 = AtomicI32::new(0);
        extern "C" fn handler(_: c_int) {
            RAN.fetch_add(1, Ordering::SeqCst);
        }
        let signal = nix::sys::signal::Signal::SIGUSR2;
        // SAFETY: the handler only changes an atomic; no other test uses this signal.
        unsafe { nix::sys::signal::signal(signal, nix::sys::signal::SigHandler::Handler(handler)) }.unwrap();
        let child = Process::vfork(CloneArgs::PLAIN, || {
            let _ = signals::reset(signals::Ignored::default());
            let _ = nix::sys::signal::raise(signal);
            0
        });
        assert_eq!(child.unwrap().reap(), Ok(Exit::Signal(signal as i32)));
        nix::sys::signal::raise(signal).unwrap();
        assert_eq!(RAN.load(Ordering::SeqCst), 1, "it runs for us, whose signals are as they were");
    }

    /// On cgroup v2 a container's child is born in its own cgroup, whichever way it gets its memory.
    #[test]
    fn both_are_born_in_the_cgroup_that_they_are_given() {
        let name = "both_are_born_in_the_cgroup_that_they_are_given";
        let mounts = std::fs::read_to_string("/proc/self/mountinfo").unwrap();
        let v2 = mounts.lines().find(|line| line.contains(" - cgroup2 ")).and_then(|line| line.split(' ').nth(4));
        let folder = v2.map(|top| format!("{top}/isolab.birth.{}", std::process::id()));
        let Some(folder) = folder.filter(|folder| std::fs::create_dir(folder).is_ok()) else {
            return crate::testing::skip(format_args!("{name}: no cgroup v2 in which we may make a folder"));
        };
        let place = std::fs::File::open(&folder).unwrap();
        let clone_args = CloneArgs { cgroup: Some(place.as_fd()), ..CloneArgs::PLAIN };
        let mine = || {
            let (file, mut text) = (std::fs::File::open("/proc/self/cgroup"), [0; 4096]);
            let length = file.and_then(|mut file| std::io::Read::read(&mut file, &mut text)).unwrap_or(0);
            i32::from(text[..length].windows(13).any(|part| part == b"/isolab.birth"))
        };
        let page = crate::sys::shared_page::SharedPage::new().unwrap();
        let elsewhere = Process::fork_elsewhere(clone_args, page.word(0), || Ok(()), mine);
        let ended = [Process::fork(clone_args, mine), Process::vfork(clone_args, mine), elsewhere]
            .map(|child| child.and_then(|c| c.reap()));
        std::fs::remove_dir(&folder).unwrap();
        assert_eq!(ended, [Ok(Exit::Code(1)); 3]);
    }

    /// Ours to wait for, known by its pid whoever made it; and if nobody could, nobody is left.
    #[test]
    fn a_child_that_another_makes_is_ours() {
        let page = crate::sys::shared_page::SharedPage::new().unwrap();
        let (born, pid_to) = (page.word(0), page.word(1));
        let clone_args = CloneArgs { pid_to: Some(pid_to), ..CloneArgs::PLAIN };
        let parent = std::process::id() as i32;
        let child = Process::fork_elsewhere(
            clone_args,
            born,
            || Ok(()),
            || i32::from(nix::unistd::getppid().as_raw() == parent),
        )
        .unwrap();
        assert_eq!(pid_to.load(Ordering::SeqCst), child.pid() as u64);
        assert_eq!(child.reap(), Ok(Exit::Code(1)));
        let refused = Process::fork_elsewhere(clone_args, born, || Err(Errno::EPERM), || 0);
        assert_eq!(refused.unwrap_err(), Errno::EPERM);
        let killed = || {
            let _ = nix::sys::signal::raise(nix::sys::signal::Signal::SIGKILL);
            Ok(())
        };
        assert_eq!(Process::fork_elsewhere(clone_args, born, killed, || 0).unwrap_err(), Errno::ECHILD);
        let wide = CloneArgs { namespaces: CloneFlags::CLONE_VM, ..CloneArgs::PLAIN };
        assert_eq!(Process::fork_elsewhere(wide, born, || Ok(()), || 0).unwrap_err(), Errno::EINVAL);
    }

    #[test]
    fn a_real_time_signal_is_an_exit_too() {
        let child = Process::fork(CloneArgs::PLAIN, || {
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
        let shared = CloneArgs { namespaces: CloneFlags::CLONE_VM, ..CloneArgs::PLAIN };
        assert_eq!(Process::fork(shared, || 0).unwrap_err(), Errno::EINVAL);
        assert_eq!(Process::vfork(shared, || 0).unwrap_err(), Errno::EINVAL);
    }
}
