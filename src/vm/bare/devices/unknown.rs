//! A system call that our guest kernel does not have: the guest stops, and the reader learns which call it was.

use crate::error::{Error, Kind, Result};
use crate::probe::abi::PORT_UNKNOWN;
use crate::said;
use crate::vm::bare::hypercall::{Hypercall, Reply};
use crate::vm::device::Guest;

/// What `bare/kernel.s` answers, by number.
pub const OURS: [u32; 10] = [0, 1, 9, 28, 35, 39, 60, 110, 231, 257];

#[derive(Debug)]
pub struct Unknown;

impl Hypercall for Unknown {
    fn name(&self) -> &'static str {
        "unknown call"
    }

    fn port(&self) -> u16 {
        PORT_UNKNOWN
    }

    fn is_read(&self) -> bool {
        false
    }

    fn call(&mut self, guest: &Guest<'_>) -> Result<Reply> {
        Err(refuse(guest.registers.regs()?.rax as u32))
    }
}

fn refuse(number: u32) -> Error {
    let ours: Vec<&str> = OURS.iter().filter_map(|n| name(*n)).collect();
    let cause = match name(number) {
        Some(name) => said!(
            "it made the system call {name} ({number}), which our guest kernel does not have",
            "시스템 콜 {name}({number}번)을(를) 불렀으나 우리 게스트 커널에는 없음"
        ),
        None => said!(
            "it made the system call number {number}, which our guest kernel does not have",
            "시스템 콜 {number}번을 불렀으나 우리 게스트 커널에는 없음"
        ),
    };
    Error::new(
        said!("go on with the program in the bare guest", "베어 게스트의 프로그램을 계속 실행할 수 없습니다"),
        cause,
    )
    .try_this(said!(
        "a program that needs only the {n} calls of our guest kernel: {names}; or --as process, --as container",
        "우리 게스트 커널의 시스템 콜 {n}개({names})만 쓰는 프로그램을 쓰거나, --as process 또는 --as container로 실행하십시오",
        n = ours.len(),
        names = ours.join(" ")
    ))
    .kind(Kind::Unavailable)
}

/// The name of an x86-64 system call.
fn name(number: u32) -> Option<&'static str> {
    let (first, names) = if number < FIRST_LATER { (0, NAMES) } else { (FIRST_LATER, LATER) };
    names.split(' ').nth((number - first) as usize)
}

/// 0 … 334, in order: Linux's arch/x86/entry/syscalls/syscall_64.tbl.
const NAMES: &str = "\
    read write open close stat fstat lstat poll lseek mmap mprotect munmap brk rt_sigaction rt_sigprocmask \
    rt_sigreturn ioctl pread64 pwrite64 readv writev access pipe select sched_yield mremap msync mincore madvise \
    shmget shmat shmctl dup dup2 pause nanosleep getitimer alarm setitimer getpid sendfile socket connect accept \
    sendto recvfrom sendmsg recvmsg shutdown bind listen getsockname getpeername socketpair setsockopt getsockopt \
    clone fork vfork execve exit wait4 kill uname semget semop semctl shmdt msgget msgsnd msgrcv msgctl fcntl flock \
    fsync fdatasync truncate ftruncate getdents getcwd chdir fchdir rename mkdir rmdir creat link unlink symlink \
    readlink chmod fchmod chown fchown lchown umask gettimeofday getrlimit getrusage sysinfo times ptrace getuid \
    syslog getgid setuid setgid geteuid getegid setpgid getppid getpgrp setsid setreuid setregid getgroups setgroups \
    setresuid getresuid setresgid getresgid getpgid setfsuid setfsgid getsid capget capset rt_sigpending \
    rt_sigtimedwait rt_sigqueueinfo rt_sigsuspend sigaltstack utime mknod uselib personality ustat statfs fstatfs \
    sysfs getpriority setpriority sched_setparam sched_getparam sched_setscheduler sched_getscheduler \
    sched_get_priority_max sched_get_priority_min sched_rr_get_interval mlock munlock mlockall munlockall vhangup \
    modify_ldt pivot_root _sysctl prctl arch_prctl adjtimex setrlimit chroot sync acct settimeofday mount umount2 \
    swapon swapoff reboot sethostname setdomainname iopl ioperm create_module init_module delete_module \
    get_kernel_syms query_module quotactl nfsservctl getpmsg putpmsg afs_syscall tuxcall security gettid readahead \
    setxattr lsetxattr fsetxattr getxattr lgetxattr fgetxattr listxattr llistxattr flistxattr removexattr \
    lremovexattr fremovexattr tkill time futex sched_setaffinity sched_getaffinity set_thread_area io_setup \
    io_destroy io_getevents io_submit io_cancel get_thread_area lookup_dcookie epoll_create epoll_ctl_old \
    epoll_wait_old remap_file_pages getdents64 set_tid_address restart_syscall semtimedop fadvise64 timer_create \
    timer_settime timer_gettime timer_getoverrun timer_delete clock_settime clock_gettime clock_getres \
    clock_nanosleep exit_group epoll_wait epoll_ctl tgkill utimes vserver mbind set_mempolicy get_mempolicy mq_open \
    mq_unlink mq_timedsend mq_timedreceive mq_notify mq_getsetattr kexec_load waitid add_key request_key keyctl \
    ioprio_set ioprio_get inotify_init inotify_add_watch inotify_rm_watch migrate_pages openat mkdirat mknodat \
    fchownat futimesat newfstatat unlinkat renameat linkat symlinkat readlinkat fchmodat faccessat pselect6 ppoll \
    unshare set_robust_list get_robust_list splice tee sync_file_range vmsplice move_pages utimensat epoll_pwait \
    signalfd timerfd_create eventfd fallocate timerfd_settime timerfd_gettime accept4 signalfd4 eventfd2 \
    epoll_create1 dup3 pipe2 inotify_init1 preadv pwritev rt_tgsigqueueinfo perf_event_open recvmmsg fanotify_init \
    fanotify_mark prlimit64 name_to_handle_at open_by_handle_at clock_adjtime syncfs sendmmsg setns getcpu \
    process_vm_readv process_vm_writev kcmp finit_module sched_setattr sched_getattr renameat2 seccomp getrandom \
    memfd_create kexec_file_load bpf execveat userfaultfd membarrier mlock2 copy_file_range preadv2 pwritev2 \
    pkey_mprotect pkey_alloc pkey_free statx io_pgetevents rseq";

/// Numbers between 335 and 423 are not used.
const FIRST_LATER: u32 = 424;
const LATER: &str = "\
    pidfd_send_signal io_uring_setup io_uring_enter io_uring_register open_tree move_mount fsopen fsconfig fsmount \
    fspick pidfd_open clone3 close_range openat2 pidfd_getfd faccessat2 process_madvise epoll_pwait2 mount_setattr \
    quotactl_fd landlock_create_ruleset landlock_add_rule landlock_restrict_self memfd_secret process_mrelease \
    futex_waitv set_mempolicy_home_node";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn calls_have_their_names() {
        for (number, name_of_it) in [
            (0, "read"),
            (59, "execve"),
            (158, "arch_prctl"),
            (231, "exit_group"),
            (257, "openat"),
            (334, "rseq"),
            (435, "clone3"),
            (450, "set_mempolicy_home_node"),
        ] {
            assert_eq!(name(number), Some(name_of_it));
        }
        for number in [335, 423, 451, u32::MAX] {
            assert_eq!(name(number), None, "{number}");
        }
    }

    #[test]
    fn the_error_names_the_call_and_what_would_work() {
        let error = refuse(158);
        assert!(error.cause.contains("arch_prctl (158)"), "{error}");
        assert!(error.try_this.contains("the 10 calls of our guest kernel: read write mmap"), "{error}");
        assert!(refuse(999).cause.contains("number 999"));
    }
}
