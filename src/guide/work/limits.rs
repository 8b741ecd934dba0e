//! Runs a program that may be wrong in any way: with a deadline, in a process group that ends as a whole, its words cut
//! to a bounded length.

use std::io::Read;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, killpg};
use nix::unistd::Pid;

use crate::error::{Context, Result};
use crate::said;

/// So much of what it says is kept.
const KEPT_BYTES: usize = 64 << 10;
const LOOK_AGAIN: Duration = Duration::from_millis(5);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ended {
    Well,
    Badly,
    TooLate,
}

pub(super) struct Ran {
    pub(super) ended: Ended,
    /// stdout and stderr, as they came.
    pub(super) said: String,
}

/// The program with little memory and small files, so that work which eats without end hurts nobody.
pub(super) fn small(program: &Path) -> Command {
    let mut command = Command::new("/bin/sh");
    let limits = "ulimit -v 4194304; ulimit -f 65536; ulimit -c 0; exec \"$@\"";
    command.args(["-c", limits, "sh"]).arg(program);
    command
}

pub(super) fn run(command: &mut Command, limit: Duration) -> Result<Ran> {
    let doing = || {
        said!("run {program}", "{program}을(를) 실행할 수 없습니다", program = command.get_program().to_string_lossy())
    };
    let name = doing();
    let (reader, writer) = std::io::pipe().doing(|| name.clone())?;
    let copy = writer.try_clone().doing(|| name.clone())?;
    command.stdin(Stdio::null()).stdout(copy).stderr(writer).process_group(0);
    let mut child = command.spawn().doing(|| name)?;
    command.stdout(Stdio::null()).stderr(Stdio::null()); // else our copies keep the pipe open
    let (send, said) = mpsc::channel();
    std::thread::spawn(move || send.send(read_some(reader)));
    let ended = wait(&mut child, limit);
    // Also after a good end: what it started in its group ends with it.
    let _ = killpg(Pid::from_raw(child.id() as i32), Signal::SIGKILL);
    let _ = child.wait();
    // Who left the group may hold the pipe open still; nobody waits for them.
    let said = said.recv_timeout(Duration::from_secs(1)).unwrap_or_default();
    Ok(Ran { ended, said })
}

fn wait(child: &mut Child, limit: Duration) -> Ended {
    let began = Instant::now();
    while began.elapsed() < limit {
        match child.try_wait() {
            Ok(Some(status)) => return if status.success() { Ended::Well } else { Ended::Badly },
            Ok(None) => std::thread::sleep(LOOK_AGAIN),
            Err(_) => return Ended::Badly,
        }
    }
    Ended::TooLate
}

/// The beginning and the end of what is said; all of it is read, so that the speaker never waits.
fn read_some(mut pipe: impl Read) -> String {
    let (mut head, mut tail, mut piece) = (Vec::new(), Vec::new(), [0; 1 << 14]);
    while let Ok(n @ 1..) = pipe.read(&mut piece) {
        let room = (KEPT_BYTES - head.len()).min(n);
        head.extend_from_slice(&piece[..room]);
        tail.extend_from_slice(&piece[room..n]);
        if tail.len() > 2 * KEPT_BYTES {
            tail.drain(..tail.len() - KEPT_BYTES);
        }
    }
    head.extend_from_slice(&tail[tail.len().saturating_sub(KEPT_BYTES)..]);
    String::from_utf8_lossy(&head).into_owned()
}
