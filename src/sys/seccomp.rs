//! Installing a seccomp filter (seccomp(2)); nix has no call for it.

use nix::errno::Errno;

/// One instruction of classic BPF: code, two relative jumps, a constant.
pub use libc::sock_filter as Instruction;

/// Filters the calling thread's system calls for the rest of its life, and its children's. Needs no_new_privs or
/// CAP_SYS_ADMIN.
pub fn install(program: &[Instruction], flags: u32) -> Result<(), Errno> {
    let length = u16::try_from(program.len()).map_err(|_| Errno::E2BIG)?;
    let program = libc::sock_fprog { len: length, filter: program.as_ptr().cast_mut() };
    // SAFETY: the kernel copies `length` instructions before it returns, and never writes to them.
    let done = unsafe { libc::syscall(libc::SYS_seccomp, libc::SECCOMP_SET_MODE_FILTER, flags, &raw const program) };
    Errno::result(done).map(drop)
}
