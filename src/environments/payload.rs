//! What a process and a container have in common: which files the program gets, how its records are read, how its end
//! is seen.

use std::ffi::{OsStr, OsString};
use std::io::{PipeReader, Read};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::time::{Duration, Instant};

use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::signal::Signal;

use super::Event;
use super::streams::{Streams, null_device, refuse_folder};
use crate::container::console::Console;
use crate::container::dev::is_null;
use crate::error::{Context, Error, Kind, Result};
use crate::lang::Said;
use crate::model::{Exit, Io, Record, Task};
use crate::probe::abi::{ENV_READY, READY, READY_FD, RELEASE_FD};
use crate::said;
use crate::shell::quoted_path;
use crate::sys::clock::{TscAnchor, monotonic_ns};
use crate::sys::clone::Process;
use crate::sys::fds::{HANDED, out_of_the_way, out_of_the_way_raw};
use crate::timeline::{Stage, Timeline};

/// In the environment of a plain process and of all that it starts: the run that they belong to, for `isolab clean`.
pub const ENV_OF_RUN: &str = "ISOLAB_OF_RUN";

/// The program's environment: the task's, and where to send records if it sends any.
pub fn env_of(task: &Task) -> Vec<(OsString, OsString)> {
    let mut env = task.env.clone();
    if task.ready {
        env.retain(|(name, _)| name != ENV_READY);
        env.push((ENV_READY.into(), format!("fd:{READY_FD}").into()));
    }
    env
}

/// The value of a variable in the task's environment.
pub fn variable<'a>(task: &'a Task, name: &str) -> Option<&'a OsStr> {
    task.env.iter().rev().find(|(n, _)| n == name).map(|(_, value)| value.as_os_str())
}

/// A program that is not there (127 in `run`).
pub fn not_found(program: &OsStr, cause: Said) -> Error {
    let name = program.to_string_lossy();
    Error::new(said!("find the program {name}", "프로그램 {name}을(를) 찾을 수 없습니다"), cause)
        .kind(Kind::NotFound)
        .try_this(said!("another spelling, or its path", "이름을 확인하거나 경로를 적으십시오"))
}

/// A program that is there and may not be executed (126 in `run`).
pub fn not_executable(program: &OsStr, cause: Said) -> Error {
    let name = program.to_string_lossy();
    Error::new(said!("execute the program {name}", "프로그램 {name}을(를) 실행할 수 없습니다"), cause)
        .kind(Kind::NotExecutable)
        .try_this(Said::verbatim(format!("ls -l {}", quoted_path(program))))
}

/// The files that one program is given, made before t0.
#[derive(Debug)]
pub struct Files {
    given: [Option<OwnedFd>; HANDED],
    null: [bool; HANDED],
    ready: Option<PipeReader>,
    /// What a container gets in place of the caller's own files.
    console: Option<Console>,
    streams: Option<Streams>,
}

impl Files {
    /// With the caller's own standard streams, if it gets any.
    pub fn new(task: &Task) -> Result<Files> {
        let mut given = [const { None }; HANDED];
        for (number, file) in given.iter_mut().take(3).enumerate() {
            *file = Some(standard_stream(task.io, number as i32)?);
        }
        Files::beside(given, task)
    }

    /// With pipes to the caller's standard streams, or a terminal of its own, which needs a /dev.
    pub(super) fn apart(task: &Task, has_dev: bool) -> Result<Files> {
        let Io::Inherit(attach) = task.io else { return Files::new(task) };
        let (streams, with) = Streams::new(attach, has_dev)?;
        let [input, output, errors] = with.pipes;
        let files = Files::beside([input, output, errors, None, None], task)?;
        Ok(Files { console: with.console, streams: Some(streams), ..files })
    }

    fn beside(mut given: [Option<OwnedFd>; HANDED], task: &Task) -> Result<Files> {
        let mut ready = None;
        if task.ready {
            let (ours, theirs) =
                std::io::pipe().doing(|| said!("make the ready pipe", "준비 파이프를 만들 수 없습니다"))?;
            given[READY_FD as usize] = Some(
                out_of_the_way(theirs.as_fd())
                    .doing(|| said!("move the ready pipe", "준비 파이프를 옮길 수 없습니다"))?,
            );
            ready = Some(ours);
        }
        if let Some(number) = task.release {
            let file = out_of_the_way_raw(number)
                .doing(|| said!("hand the release channel over", "해제 채널을 넘겨줄 수 없습니다"))?;
            given[RELEASE_FD as usize] = Some(file);
        }
        let null = given.each_ref().map(|file| file.as_ref().is_some_and(|file| is_null(file.as_fd())));
        Ok(Files { given, null, ready, console: None, streams: None })
    }

    pub(super) fn for_container(&self) -> crate::container::Files<'_> {
        crate::container::Files { given: self.given(), null: self.null, console: self.console.as_ref() }
    }

    /// Once the child exists: our side of its streams, which now begin to flow.
    pub(super) fn begin_streams(&mut self) -> Result<Option<Streams>> {
        let Some(mut streams) = self.streams.take() else { return Ok(None) };
        streams.begin(self.console.take())?;
        Ok(Some(streams))
    }

    /// Place n becomes the program's descriptor n.
    pub fn given(&self) -> [Option<BorrowedFd<'_>>; HANDED] {
        self.given.each_ref().map(|file| file.as_ref().map(AsFd::as_fd))
    }
}

/// /dev/null, or a copy of our own stream; /dev/null too when our caller has closed his.
fn standard_stream(io: Io, number: i32) -> Result<OwnedFd> {
    if let Io::Inherit(_) = io
        && let Ok(copy) = out_of_the_way_raw(number)
    {
        return refuse_folder(&copy, number as usize).map(|()| copy);
    }
    null_device()
}

/// The host's eyes on one running program: its records and its end.
#[derive(Debug)]
pub struct Watch {
    ready: Option<PipeReader>,
    records: Records,
    anchor: Option<TscAnchor>,
    signal_delay_ns: Option<u64>,
}

impl Watch {
    pub fn new(anchor: Option<TscAnchor>) -> Watch {
        Watch { ready: None, records: Records::default(), anchor, signal_delay_ns: None }
    }

    /// Once the child exists: closes our copies of its files, so that the program's end is the end of the ready pipe.
    pub fn look_at(&mut self, files: Files) {
        self.ready = files.ready;
    }

    /// The next record, or the end of `process`. Marks Ready and Exit.
    pub fn next(&mut self, process: &Process, deadline: Instant, clock: &mut Timeline) -> Result<Event> {
        loop {
            if let Some(record) = self.records.next() {
                return Ok(Event::Record(record));
            }
            let (ended, said) = match self.sleep(process, deadline) {
                Err(Errno::EINTR) => continue,
                other => other.doing(|| said!("wait for the program", "프로그램을 기다릴 수 없습니다"))?,
            };
            let now = monotonic_ns();
            if said {
                self.read(clock)?; // first: what it said, it said before it ended
            } else if ended {
                clock.mark_at(Stage::Exit, "its pidfd became readable", now);
                return Ok(Event::Exited(
                    process
                        .exit()
                        .doing(|| said!("learn how the program ended", "프로그램이 어떻게 끝났는지 알 수 없습니다"))?,
                ));
            } else if Instant::now() >= deadline {
                return Ok(Event::TimedOut);
            }
        }
    }

    /// Has it ended, has it said something? The pidfd stands first: poll looks in this order, so a record written
    /// before the end is never missed.
    fn sleep(&self, process: &Process, deadline: Instant) -> Result<(bool, bool), Errno> {
        let left = deadline.saturating_duration_since(Instant::now()) + Duration::from_micros(999); // poll rounds down
        let timeout = PollTimeout::try_from(left).unwrap_or(PollTimeout::MAX);
        let mut fds = [Some(process.as_fd()), self.ready.as_ref().map(AsFd::as_fd)]
            .map(|fd| PollFd::new(fd.unwrap_or(process.as_fd()), PollFlags::POLLIN));
        let count = 1 + usize::from(self.ready.is_some());
        poll(&mut fds[..count], timeout)?;
        let seen = |place: usize| place < count && fds[place].any().unwrap_or(false);
        Ok((seen(0), seen(1)))
    }

    fn read(&mut self, clock: &mut Timeline) -> Result<()> {
        let Some(pipe) = &mut self.ready else { return Ok(()) };
        let mut bytes = [0; Records::ROOM];
        let count = pipe.read(&mut bytes).doing(|| said!("read the ready pipe", "준비 파이프를 읽을 수 없습니다"))?;
        let now = monotonic_ns();
        if count == 0 {
            self.ready = None; // closed by the program: nothing more will come
        }
        for record in self.records.take(&bytes[..count]) {
            if record.kind == READY {
                clock.mark_at(Stage::Ready, "its record was read", now);
                self.signal_delay_ns = self.anchor.and_then(|a| now.checked_sub(a.to_ns(record.tsc)));
            }
        }
        Ok(())
    }

    pub fn anchor(&self) -> Option<TscAnchor> {
        self.anchor
    }

    /// From the READY record's own stamp to our Ready mark.
    pub fn signal_delay_ns(&self) -> Option<u64> {
        self.signal_delay_ns
    }
}

/// Cuts a stream of bytes into records of 24.
#[derive(Debug, Default)]
struct Records {
    bytes: Vec<u8>,
    next: usize,
}

impl Records {
    const SIZE: usize = 24;
    /// Bytes per read.
    const ROOM: usize = 170 * Records::SIZE;

    /// Adds what was read; returns the records that this completed.
    fn take(&mut self, new: &[u8]) -> impl Iterator<Item = Record> {
        self.bytes.drain(..self.next);
        self.next = 0;
        let known = self.bytes.len() / Records::SIZE;
        self.bytes.extend_from_slice(new);
        self.bytes.chunks_exact(Records::SIZE).skip(known).map(record)
    }

    fn next(&mut self) -> Option<Record> {
        let bytes = self.bytes.get(self.next..self.next + Records::SIZE)?;
        self.next += Records::SIZE;
        Some(record(bytes))
    }
}

fn record(bytes: &[u8]) -> Record {
    let word = |i: usize| u64::from_le_bytes(bytes[i * 8..][..8].try_into().expect("a slice of 8 bytes"));
    Record { kind: word(0), tsc: word(1), value: word(2) }
}

/// Kills and reaps, whatever state it is in.
pub fn kill_and_reap(process: &Process) -> Result<Exit, Errno> {
    process.signal(Signal::SIGKILL as i32)?;
    process.reap()
}

pub fn not_detachable() -> Error {
    Error::new(
        said!("leave the program running", "프로그램을 돌게 둘 수 없습니다"),
        said!("it was started so that it ends with us", "우리와 함께 끝나도록 시작했음"),
    )
    .try_this(Said::english("ISOLAB_DETACH=1"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Attach;
    use std::fs::File;

    fn bytes_of(n: u64) -> [u8; 24] {
        let mut bytes = [0; 24];
        for (place, word) in [n, n + 1, n + 2].into_iter().enumerate() {
            bytes[place * 8..][..8].copy_from_slice(&word.to_le_bytes());
        }
        bytes
    }

    #[test]
    fn a_folder_is_no_standard_stream() {
        let open = |path: &str| File::open(path).unwrap();
        for folder in ["/", "/proc"] {
            let number = open(folder);
            let error =
                standard_stream(Io::Inherit(Attach::default()), std::os::fd::AsRawFd::as_raw_fd(&number)).unwrap_err();
            assert!(error.kind == Kind::Usage && error.cause.contains("folder"), "{error}");
        }
        let file = open("/dev/null");
        assert!(standard_stream(Io::Inherit(Attach::default()), std::os::fd::AsRawFd::as_raw_fd(&file)).is_ok());
    }

    #[test]
    fn records_are_cut_wherever_the_reads_end() {
        let stream: Vec<u8> = [10, 20, 30, 40].into_iter().flat_map(bytes_of).collect();
        for cut in 0..stream.len() {
            let mut records = Records::default();
            let mut completed: Vec<u64> = records.take(&stream[..cut]).map(|r| r.kind).collect();
            let mut seen: Vec<u64> = std::iter::from_fn(|| records.next()).map(|r| r.kind).collect();
            completed.extend(records.take(&stream[cut..]).map(|r| r.kind));
            seen.extend(std::iter::from_fn(|| records.next()).map(|r| r.kind));
            assert_eq!(seen, [10, 20, 30, 40], "cut at {cut}");
            assert_eq!(completed, seen, "each completed once, cut at {cut}");
        }
    }
}
