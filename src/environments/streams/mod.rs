//! The standard streams of a contained program: never the caller's own files, but pipes or a terminal of its own, with us
//! in between.
//!
//! A file that is handed in is an inode of the host. Root inside could make it setuid (fchmod), or open what was opened
//! for reading once more for writing (/proc/self/fd). A pipe is no better: opening it there gives both of its ends. And
//! each one shares its status flags (O_NONBLOCK) and its position with the caller.
//!
//! ```text
//! caller's 0 ----> feeder ----> pipe ----> 0 program 1 ----> pipe ----> drain ----> caller's 1
//! caller's terminal <---- feeder, drain ----> master | slave: the program's terminal
//! ```

pub(super) mod callers;
mod drain;
mod feeder;

use std::fs::File;
use std::os::fd::{AsFd, OwnedFd};
use std::sync::Arc;

use nix::sys::stat::{SFlag, fstat};

use self::callers::Terminal;
use self::drain::Drains;
use self::feeder::Feeder;
use crate::container::console::Console;
use crate::container::dev::is_null;
use crate::error::{Context, Error, Result, shortage};
use crate::model::Attach;
use crate::said;
use crate::sys::fds::{out_of_the_way, out_of_the_way_raw};
use crate::sys::terminal::{Window, is_terminal, set_window};

/// What one stream of the program is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// A null device; the container gives its own.
    Nothing,
    Pipe,
    Terminal,
}

/// What each of the three is. Without a word from the user: a terminal where he sits at both ends of one, pipes elsewhere.
/// What he types is read only then, or with `-i`: in `isolab run … | less` it is meant for less.
fn kinds(attach: Attach, terminal: [bool; 3], can_have_one: bool) -> [Kind; 3] {
    let own = attach.tty || can_have_one && terminal[0] && terminal[1];
    let kind = |terminal| if terminal { Kind::Terminal } else { Kind::Pipe };
    let not_for_us = !own && terminal[0] && !attach.interactive;
    let errors_apart = terminal[1] && !terminal[2];
    [if not_for_us { Kind::Nothing } else { kind(own) }, kind(own), kind(own && !errors_apart)]
}

/// Our side. Made before the program, begun when it runs, ended when it has ended.
#[derive(Debug)]
pub(super) struct Streams {
    /// The caller's three, copied; None where he has closed one.
    callers: [Option<OwnedFd>; 3],
    /// Our end of the pipe to its standard input, and the other one, to see what is left in it.
    input: Option<(OwnedFd, OwnedFd)>,
    /// Our ends of its outputs, and to which of the caller's streams each goes.
    outputs: Vec<(OwnedFd, usize)>,
    /// The caller's terminal, if the program has one too.
    terminal: Option<Arc<Terminal>>,
    /// Is what is typed there for the program?
    typed: bool,
    master: Option<OwnedFd>,
    feeder: Option<Feeder>,
    drains: Drains,
}

/// What the program is given: ends of pipes, and the order for a terminal in the places that are None.
#[derive(Debug)]
pub(super) struct Given {
    pub(super) pipes: [Option<OwnedFd>; 3],
    pub(super) console: Option<Console>,
}

impl Streams {
    pub(super) fn new(attach: Attach, has_dev: bool) -> Result<(Streams, Given)> {
        let callers = [0, 1, 2].map(|number| out_of_the_way_raw(number).ok());
        for (number, file) in callers.iter().enumerate() {
            file.as_ref().map_or(Ok(()), |file| refuse_folder(file, number))?;
        }
        let terminal = callers.each_ref().map(|file| file.as_ref().is_some_and(is_terminal));
        let mut kinds = kinds(attach, terminal, has_dev);
        for (kind, file) in kinds.iter_mut().zip(&callers).filter(|(kind, _)| **kind == Kind::Pipe) {
            *kind = if file.as_ref().is_some_and(|file| !is_null(file.as_fd())) { Kind::Pipe } else { Kind::Nothing };
        }
        let mut streams = Streams {
            terminal: callers_terminal(&callers, terminal)?,
            callers,
            input: None,
            outputs: Vec::new(),
            typed: kinds[0] == Kind::Terminal && terminal[0] && (attach.interactive || !attach.tty),
            master: None,
            feeder: None,
            drains: Drains::default(),
        };
        let console = streams.console(kinds)?;
        Ok((Given { pipes: streams.pipes(kinds)?, console }, streams)).map(|(given, streams)| (streams, given))
    }

    fn console(&self, kinds: [Kind; 3]) -> Result<Option<Console>> {
        let places = kinds.map(|kind| kind == Kind::Terminal);
        let window = self.terminal.as_ref().and_then(|terminal| terminal.window());
        let usual = Window { rows: 24, columns: 80 };
        places.contains(&true).then(|| Console::new(places, window.unwrap_or(usual))).transpose()
    }

    fn pipes(&mut self, kinds: [Kind; 3]) -> Result<[Option<OwnedFd>; 3]> {
        let mut given = [None, None, None];
        for (file, _) in given.iter_mut().zip(kinds).filter(|(_, kind)| *kind == Kind::Nothing) {
            *file = Some(null_device()?);
        }
        if kinds[0] == Kind::Pipe {
            let (read_end, write_end) = pipe()?;
            given[0] = Some(copied(&read_end)?);
            self.input = Some((write_end, read_end));
        }
        for number in [1, 2].into_iter().filter(|number| kinds[*number] == Kind::Pipe) {
            if number == 2 && kinds[1] == Kind::Pipe && self.errors_are_output() {
                given[2] = copy(given[1].as_ref())?;
                continue;
            }
            let (read_end, write_end) = pipe()?;
            given[number] = Some(write_end);
            self.outputs.push((read_end, number));
        }
        Ok(given)
    }

    /// `2>&1` means one pipe, so that what was written stays in its order.
    fn errors_are_output(&self) -> bool {
        let inode = |number: usize| {
            let stat = self.callers[number].as_ref().and_then(|file| fstat(file).ok())?;
            Some((stat.st_dev, stat.st_ino, stat.st_rdev))
        };
        inode(1).is_some() && inode(1) == inode(2)
    }

    /// The program has been started.
    pub(super) fn begin(&mut self, console: Option<Console>) -> Result<()> {
        self.master = console.map(Console::take).transpose()?.flatten();
        for (from, number) in std::mem::take(&mut self.outputs) {
            self.drains.begin(from, copy(self.callers[number].as_ref())?)?;
        }
        if let Some(master) = &self.master {
            self.drains.begin(copied(master)?, copy(self.callers[1].as_ref())?)?;
        }
        let feeder = match (&self.terminal, self.input.take(), &self.master, &self.callers[0]) {
            (Some(terminal), _, Some(master), _) if self.typed => {
                Some(Feeder::of_keys(Arc::clone(terminal), copied(master)?)?)
            }
            (_, Some((to, left)), _, Some(caller)) => Some(Feeder::of_file(copied(caller)?, to, left)?),
            _ => None,
        };
        self.feeder = feeder;
        Ok(())
    }

    /// The program has ended, and with it all that had its streams open: what it wrote is passed on to its end, and what it
    /// did not read is still there for the next reader.
    pub(super) fn end(&mut self) -> Result<()> {
        let written = self.drains.end();
        if let Some(feeder) = self.feeder.take() {
            feeder.end();
        }
        self.leave_terminal();
        written
    }

    /// The caller's terminal as it was before; until [`Streams::return_to_terminal`].
    pub(super) fn leave_terminal(&self) {
        self.terminal.iter().for_each(|terminal| terminal.restore());
    }

    pub(super) fn return_to_terminal(&self) {
        if self.typed && self.master.is_some() {
            self.terminal.iter().for_each(|terminal| terminal.make_raw());
        }
        self.resize();
    }

    /// The program's terminal gets the size of the caller's; its foreground job then gets SIGWINCH. False: it has none.
    pub(super) fn resize(&self) -> bool {
        let (Some(master), Some(terminal)) = (&self.master, &self.terminal) else { return false };
        terminal.window().is_some_and(|window| set_window(master.as_fd(), window).is_ok())
    }

    /// Ctrl-C was typed, and its SIGINT went to the job that `leader` leads.
    pub(super) fn interrupted(&self, leader: i32) -> bool {
        let typed = self.feeder.as_ref().is_some_and(Feeder::take_interrupt);
        typed && self.master.as_ref().is_some_and(|master| callers::interrupts(master, leader))
    }
}

impl Drop for Streams {
    fn drop(&mut self) {
        self.leave_terminal();
    }
}

/// Of the caller's terminals the one that he types at, or else one that he looks at.
fn callers_terminal(callers: &[Option<OwnedFd>; 3], terminal: [bool; 3]) -> Result<Option<Arc<Terminal>>> {
    let first = callers.iter().zip(terminal).find_map(|(file, terminal)| file.as_ref().filter(|_| terminal));
    Ok(first.map(copied).transpose()?.map(|file| Arc::new(Terminal::new(file))))
}

fn copy(file: Option<&OwnedFd>) -> Result<Option<OwnedFd>> {
    file.map(copied).transpose()
}

fn copied(file: &OwnedFd) -> Result<OwnedFd> {
    out_of_the_way(file.as_fd()).doing(|| {
        said!("copy a descriptor of the program's streams", "프로그램 입출력의 디스크립터를 복사할 수 없습니다")
    })
}

/// A regular file of that name would keep what programs write, and answer what they read.
pub(super) fn null_device() -> Result<OwnedFd> {
    let doing = || said!("open /dev/null", "/dev/null을 열 수 없습니다");
    let null = File::options().read(true).write(true).open("/dev/null");
    let null = null.doing(doing).map_err(|error| {
        // Another remedy: no more open files.
        if error.try_this.is_empty() { error.try_this(shortage::NULL_DEVICE) } else { error }
    })?;
    if !is_null(null.as_fd()) {
        return Err(Error::unavailable(doing(), shortage::NO_NULL_DEVICE).try_this(shortage::NULL_DEVICE));
    }
    out_of_the_way(null.as_fd()).doing(doing)
}

/// Both ends out of the way of the numbers that the child sets.
fn pipe() -> Result<(OwnedFd, OwnedFd)> {
    let doing = || said!("make a pipe for the program's streams", "프로그램 입출력의 파이프를 만들 수 없습니다");
    let (read_end, write_end) = std::io::pipe().doing(doing)?;
    Ok((out_of_the_way(read_end.as_fd()).doing(doing)?, out_of_the_way(write_end.as_fd()).doing(doing)?))
}

/// `< /`: no program reads a folder by read(2), but openat(2) from it is a way out of every root folder.
pub(super) fn refuse_folder(stream: &OwnedFd, number: usize) -> Result<()> {
    let doing =
        || said!("hand descriptor {number} to the program", "디스크립터 {number}을(를) 프로그램에 넘겨줄 수 없습니다");
    if SFlag::from_bits_truncate(fstat(stream).doing(doing)?.st_mode & SFlag::S_IFMT.bits()) == SFlag::S_IFDIR {
        return Err(Error::usage(
            doing(),
            said!(
                "it is a folder, through which a container could leave its root folder",
                "폴더임. 컨테이너가 이를 거쳐 루트 폴더를 벗어날 수 있음"
            ),
        )
        .try_this(said!("redirect it from or to a file", "파일로 재지정하십시오")));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::Kind::{Nothing, Pipe, Terminal};
    use super::*;

    #[test]
    fn what_each_stream_is() {
        let of = |typed: &str, terminal| {
            let attach = Attach { interactive: typed.contains('i'), tty: typed.contains('t') };
            kinds(attach, terminal, true)
        };
        let (all, none) = ([true; 3], [false; 3]);
        assert_eq!(of("", all), [Terminal; 3], "somebody sits there");
        assert_eq!(of("", none), [Pipe; 3]);
        assert_eq!(of("", [true, false, true]), [Nothing, Pipe, Pipe], "| less: what is typed is for less");
        assert_eq!(of("i", [true, false, true]), [Pipe; 3]);
        assert_eq!(of("", [false, true, true]), [Pipe; 3], "< file");
        assert_eq!(of("", [true, true, false]), [Terminal, Terminal, Pipe], "2> errors");
        assert_eq!(of("t", none), [Terminal; 3]);
        assert_eq!(of("it", all), [Terminal; 3]);
        assert_eq!(kinds(Attach::default(), all, false), [Nothing, Pipe, Pipe], "no /dev/pts to make one in");
    }
}
