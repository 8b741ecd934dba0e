//! `/proc/PID/stat` (proc_pid_stat(5)): one line of fields. The second, the program's name in brackets, is whatever the program
//! gave itself: spaces, brackets, bytes that are no UTF-8.

use std::fmt::Display;
use std::io::{Error, ErrorKind, Result};
use std::path::Path;

/// Of one process.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stat {
    /// As `ps` shows it: R, S, D, Z …
    pub state: char,
    pub parent: i32,
    /// In user and system mode, with those of children that it has waited for.
    pub cpu_ticks: u64,
    /// When it began, in clock ticks since the machine's start.
    pub start: u64,
}

impl Stat {
    /// Of this process, or of "self".
    pub fn read(proc_root: &Path, pid: impl Display) -> Result<Stat> {
        let line = std::fs::read(proc_root.join(pid.to_string()).join("stat"))?;
        Stat::parse(&line)
            .ok_or_else(|| Error::new(ErrorKind::InvalidData, "it has other fields than proc_pid_stat(5)"))
    }

    fn parse(line: &[u8]) -> Option<Stat> {
        let end_of_name = line.iter().rposition(|byte| *byte == b')')?;
        let fields = std::str::from_utf8(&line[end_of_name + 1..]).ok()?;
        let mut fields = fields.split_ascii_whitespace(); // from the third
        let state = fields.next()?.chars().next()?;
        let parent = fields.next()?.parse().ok()?;
        let times = fields.by_ref().skip(9).take(4).map(|ticks| ticks.parse::<u64>().ok());
        let cpu_ticks = times.sum::<Option<u64>>()?;
        let start = fields.nth(4)?.parse().ok()?;
        Some(Stat { state, parent, cpu_ticks, start })
    }

    /// Ended, and waited for by nobody yet.
    pub fn is_zombie(&self) -> bool {
        matches!(self.state, 'Z' | 'X')
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_may_hold_brackets_spaces_and_any_bytes() {
        for name in ["x", "(a) 9 (b", ") Z 7 1 1 0", "a b"].map(str::as_bytes).into_iter().chain([&b"\xff) R 2 "[..]]) {
            let line = [b"41 (", name, b") S 7 1 1 0 -1 0 0 0 0 0 3 20 100 1000 20 0 1 0 5151 0 0\n"].concat();
            let expected = Stat { state: 'S', parent: 7, cpu_ticks: 1123, start: 5151 };
            assert_eq!(Stat::parse(&line), Some(expected), "{line:?}");
        }
    }

    #[test]
    fn a_line_that_is_cut_off_is_none() {
        let line = b"41 (x) Z 7 1 1 0 -1 0 0 0 0 0 3 20 100 1000 20 0 1 0 5151";
        assert!(Stat::parse(line).is_some_and(|stat| stat.is_zombie()));
        for end in 0..line.len() - 4 {
            assert_eq!(Stat::parse(&line[..end]), None, "cut off at {end}");
        }
    }

    #[test]
    fn our_own_is_read() {
        let own = Stat::read(Path::new("/proc"), "self").unwrap();
        assert_eq!((own.parent, own.is_zombie()), (std::os::unix::process::parent_id() as i32, false));
        assert_eq!(Stat::read(Path::new("/proc"), std::process::id()).unwrap().start, own.start);
        assert_eq!(Stat::read(Path::new("/proc"), 4_194_305).unwrap_err().kind(), ErrorKind::NotFound);
    }
}
