//! `--init`: a small PID 1 in front of the program.
//!
//! A program that runs as PID 1 gets only those signals that it has a handler for, and nobody but PID 1 can wait for
//! orphans. So this one passes every signal on to the program, waits for whoever ends, and ends as the program ended.

use std::convert::Infallible;

use nix::errno::Errno;
use nix::libc;
use nix::sys::prctl::set_dumpable;
use nix::unistd::{Pid, setpgid};

use super::handshake::Handshake;
use crate::sys::clone::{CloneArgs, Process, exit_now};
use crate::sys::fds::close_all_but_standard;
use crate::sys::signals;

/// Makes `program` a child of the caller, who becomes PID 1 and stays, after `finish`. Returns only an error.
///
/// PID 1 is our own program, seen from inside as /proc/1/exe. Not dumpable means that nobody without CAP_SYS_PTRACE can
/// open that file, which was the way to overwrite the runtime (CVE-2019-5736).
pub fn run_as_init(
    handshake: &Handshake,
    program: impl FnOnce() -> i32,
    finish: impl FnOnce() -> Result<(), Errno>,
) -> Result<Infallible, Errno> {
    set_dumpable(false)?;
    signals::wait_for_children()?;
    signals::block_all()?; // a signal that comes before we listen waits for us
    // A group of its own: a terminal sends to a group, and what is sent to PID 1 is passed on already.
    let program = || setpgid(Pid::from_raw(0), Pid::from_raw(0)).map_or(1, |()| program());
    // It borrows our memory until exec: we are a copy of isolab, and a copy of that would be made for nothing.
    let program = Process::vfork(CloneArgs::PLAIN, program)?.pid();
    close_all_but_standard()?;
    finish()?;
    serve(program, handshake)
}

/// Until the program ends. PID 1 cannot die by a signal of its own, so 128 + n tells which one ended the program, and the
/// page that it was one.
fn serve(program: i32, handshake: &Handshake) -> ! {
    loop {
        match signals::next() {
            Ok(libc::SIGCHLD) | Err(_) => {}
            Ok(libc::SIGTSTP) => drop(signals::send(-program, libc::SIGSTOP)), // isolab itself is stopped
            Ok(libc::SIGCONT) => drop(signals::send(-program, libc::SIGCONT)),
            Ok(number) => drop(signals::send(program, number)),
        }
        while let Some((pid, exit)) = signals::reap_any() {
            if pid == program {
                handshake.program_ended(exit);
                exit_now(exit.code());
            }
        }
    }
}
