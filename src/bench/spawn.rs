//! Where a worker is spawned: a process of its own with three pipes.
//!
//! As [`std::process::Command`], without what that does for everybody: glibc's posix_spawn makes a stack for the child, and
//! asks for each signal in turn before it executes anything, 125 calls which clone3 makes one of.

use std::ffi::OsString;
use std::io::{PipeReader, PipeWriter, pipe};
use std::os::fd::AsFd;
use std::path::Path;
use std::sync::atomic::{AtomicI32, Ordering};

use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::signal::{SigSet, Signal, kill};
use nix::unistd::{Pid, dup2_stderr, dup2_stdin, dup2_stdout, setpgid};

use crate::error::{Context, Error, Result, shortage};
use crate::model::Exit;
use crate::said;
use crate::sys::clone::{CloneArgs, Process};
use crate::sys::exec::Image;

/// Dropping it ends it, and all that is in its process group.
#[derive(Debug)]
pub struct Child {
    process: Process,
    /// Its pid may then be somebody else's.
    reaped: bool,
    pub stdin: Option<PipeWriter>,
    pub stdout: PipeReader,
    pub stderr: PipeReader,
}

impl Child {
    /// Executes `program` with exactly these arguments (the first is its own name) and this environment, in a process
    /// group of its own.
    pub fn spawn(program: &Path, argv: &[OsString], env: &[(OsString, OsString)]) -> Result<Child> {
        let doing = || said!("start a worker", "작업 프로세스를 시작할 수 없습니다");
        let image = Image::new(program.as_os_str(), argv, env)?;
        let (stdin, ours_in) = pipe().doing(doing)?;
        let (ours_out, stdout) = pipe().doing(doing)?;
        let (ours_err, stderr) = pipe().doing(doing)?;
        let mask = SigSet::thread_get_mask().doing(doing)?;
        let failed = AtomicI32::new(0);
        let body = || {
            let prepared = setpgid(Pid::from_raw(0), Pid::from_raw(0))
                .and_then(|()| dup2_stdin(&stdin))
                .and_then(|()| dup2_stdout(&stdout))
                .and_then(|()| dup2_stderr(&stderr))
                .and_then(|()| mask.thread_set_mask());
            let errno = prepared.err().unwrap_or_else(|| image.exec());
            failed.store(errno as i32, Ordering::Relaxed); // the memory is the parent's, until we are somebody else
            1
        };
        let process = match Process::vfork(CloneArgs::PLAIN, body) {
            Err(errno @ Errno::EAGAIN) => {
                return Err(Error::new(doing(), std::io::Error::from(errno)).try_this(shortage::PROCESSES));
            }
            other => other.doing(doing)?,
        };
        let child = Child { process, reaped: false, stdin: Some(ours_in), stdout: ours_out, stderr: ours_err };
        match failed.into_inner() {
            0 => Ok(child),
            errno => Err(Errno::from_raw(errno)).doing(doing),
        }
    }

    pub fn pid(&self) -> i32 {
        self.process.pid()
    }

    /// Waits for its end.
    pub fn wait(&mut self) -> Result<Exit> {
        let exit = self.process.reap().doing(|| said!("wait for a worker", "작업 프로세스를 기다릴 수 없습니다"))?;
        self.reaped = true;
        Ok(exit)
    }

    fn has_ended(&self) -> bool {
        let mut fds = [PollFd::new(self.process.as_fd(), PollFlags::POLLIN)];
        poll(&mut fds, PollTimeout::ZERO).is_ok_and(|ready| ready > 0)
    }
}

impl Drop for Child {
    fn drop(&mut self) {
        if self.reaped {
            return;
        }
        if !self.has_ended() {
            let _ = kill(Pid::from_raw(-self.pid()), Signal::SIGKILL); // its own group
            let _ = self.process.signal(Signal::SIGKILL as i32);
        }
        let _ = self.process.reap(); // nobody is left to tell
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::{Read, Write};

    fn sh(command: &str) -> Result<Child> {
        let argv = ["sh", "-c", command].map(OsString::from);
        Child::spawn(Path::new("/bin/sh"), &argv, &[("NAME".into(), "value".into())])
    }

    #[test]
    fn it_has_its_pipes_its_environment_and_a_group_of_its_own() {
        let mut child = sh(
            "read line; echo $line $NAME ${HOME-none} >&2; ps -o pgid= -p $$ || cut -d' ' -f5 /proc/$$/stat; exit 7",
        )
        .unwrap();
        child.stdin.take().unwrap().write_all(b"hello\n").unwrap();
        let (mut out, mut err) = (String::new(), String::new());
        child.stdout.read_to_string(&mut out).unwrap();
        child.stderr.read_to_string(&mut err).unwrap();
        assert_eq!((out.trim(), err.trim()), (child.pid().to_string().as_str(), "hello value none"));
        assert_eq!(child.wait().unwrap(), Exit::Code(7));
    }

    #[test]
    fn what_cannot_be_executed_is_an_error_and_leaves_no_child() {
        let error = Child::spawn(Path::new("/no/such/program"), &["x".into()], &[]).unwrap_err();
        assert!(error.to_string().contains("No such file"), "{error}");
    }

    #[test]
    fn dropping_it_ends_its_group() {
        let mut child = sh("sleep 100 & echo $!; wait").unwrap();
        let mut line = [0; 32];
        let length = child.stdout.read(&mut line).unwrap();
        let sleeper: i32 = std::str::from_utf8(&line[..length]).unwrap().trim().parse().unwrap();
        drop(child);
        let gone = || kill(Pid::from_raw(sleeper), None).is_err() || is_zombie(sleeper);
        assert!((0..200).any(|_| gone() || {
            std::thread::sleep(std::time::Duration::from_millis(5));
            false
        }));
    }

    fn is_zombie(pid: i32) -> bool {
        std::fs::read_to_string(format!("/proc/{pid}/stat")).is_ok_and(|stat| stat.contains(") Z"))
    }
}
