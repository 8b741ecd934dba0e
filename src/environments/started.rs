//! Who was started: pid and time of every instance's first process, in a file of the scratch folder.
//!
//! isolab ends what it has started, and its programs die with it. Only after SIGKILL of isolab nobody is left, and a program
//! can undo the signal at its parent's death, change its environment, leave its session. `isolab clean` finds it here. The
//! kernel itself writes the pid, into a page of the file, before the child runs: no moment is without it, and it costs the
//! start nothing.

use std::fs::File;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};

use nix::fcntl::posix_fallocate;
use nix::libc;
use nix::sys::signal::kill;
use nix::unistd::Pid;

use crate::error::{Context, Error, Result};
use crate::said;
use crate::sys::clock::boottime_ns;
use crate::sys::shared_page::{BYTES, SharedPage, WORDS};

/// The file's name in the folder of an arm.
const NAME: &str = "started";
/// Words of one slot: from when, pid, until when. 0 from: it is free.
const SLOT: usize = 4;
const FROM: usize = 0;
const PID: usize = 1;
const UNTIL: usize = 2;
const SLOTS: usize = WORDS / SLOT;
const PAGES: usize = 4;

/// The file, shared by the workers of an arm.
#[derive(Debug)]
pub(super) struct Started(File);

impl Started {
    /// Before anything is measured.
    pub(super) fn beside(dir: &Path) -> Result<Started> {
        let doing = || {
            let dir = dir.display();
            said!("make {dir}/{NAME}", "{dir}/{NAME}을(를) 만들 수 없습니다")
        };
        let mut how = File::options();
        how.read(true).write(true).create(true).truncate(false).mode(0o600).custom_flags(libc::O_NOFOLLOW);
        let file = how.open(dir.join(NAME)).doing(doing)?;
        let long = (PAGES * BYTES) as u64;
        if file.metadata().doing(doing)?.len() < long {
            posix_fallocate(&file, 0, long as libc::off_t) // a page that the disk has no room for would end us (SIGBUS)
                .doing(doing)
                .map_err(|e| {
                    e.try_this(said!(
                        "TMPDIR=DIR before the command, with a folder that has room",
                        "명령 앞에 TMPDIR=DIR로 여유가 있는 폴더를 적으십시오"
                    ))
                })?;
        }
        Ok(Started(file))
    }

    /// Just before the first system call of an instance.
    pub(super) fn slot(&self) -> Result<Slot> {
        let doing = || said!("note who is started", "시작한 것을 적어 둘 수 없습니다");
        let first = std::process::id() as usize; // workers that run at the same time begin at different places
        for number in 0..PAGES {
            let page = SharedPage::of_file(&self.0, (first + number) % PAGES).doing(doing)?;
            let mut places = (0..SLOTS).map(|number| (first + number) % SLOTS * SLOT);
            if let Some(place) = places.find(|place| take(&page, *place)) {
                return Ok(Slot { page, place, kept: false });
            }
        }
        let most = PAGES * SLOTS;
        Err(Error::new(
            doing(),
            said!("{most} instances of this arm run already", "이 대상의 인스턴스가 이미 {most}개 돌고 있음"),
        )
        .try_this(said!(
            "fewer at the same time; isolab clean, when isolab was killed before",
            "동시에 더 적게 돌리십시오. 전에 isolab이 강제로 끝났다면 isolab clean을 하십시오"
        )))
    }
}

/// True when this slot is ours now: it was free, or its process is gone, which its maker had left running.
fn take(page: &SharedPage, place: usize) -> bool {
    let (from, pid) = (page.word(place + FROM), page.word(place + PID));
    let before = from.load(Ordering::Acquire);
    let number = pid.load(Ordering::Acquire) as u32 as i32;
    if before != 0 && (number <= 0 || kill(Pid::from_raw(number), None) != Err(nix::errno::Errno::ESRCH)) {
        return false;
    }
    let taken = from.compare_exchange(before, boottime_ns(), Ordering::AcqRel, Ordering::Relaxed).is_ok();
    if taken {
        pid.store(0, Ordering::Release);
        page.set(place + UNTIL, 0);
    }
    taken
}

/// The note of one instance. Dropped when its process has been waited for.
#[derive(Debug)]
pub(super) struct Slot {
    page: SharedPage,
    place: usize,
    kept: bool,
}

impl Slot {
    /// Where clone3(2) shall write the pid.
    pub(super) fn pid(&self) -> &AtomicU64 {
        self.page.word(self.place + PID)
    }

    /// It exists now: a process of this number that began later is another one.
    pub(super) fn close(&self) {
        self.page.set(self.place + UNTIL, boottime_ns());
    }

    /// It goes on without us.
    pub(super) fn keep(&mut self) {
        self.kept = true;
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        if !self.kept {
            self.pid().store(0, Ordering::Release);
            self.page.set(self.place + FROM, 0);
        }
    }
}

/// One line of the file, as [`read`] finds it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Note {
    pub pid: i32,
    from_ns: u64,
    until_ns: u64,
}

/// Nothing takes longer from the first system call to clone3(2), where isolab was killed before it could say.
const MOST_NS: u64 = 10_000_000_000;
/// /proc/PID/stat counts in hundredths of a second (USER_HZ), rounded down.
const TICK_NS: u64 = 10_000_000;

impl Note {
    /// Is it this process, that began so many clock ticks after the machine's start?
    pub fn is(&self, pid: i32, start: u64) -> bool {
        let until = if self.until_ns == 0 { self.from_ns + MOST_NS } else { self.until_ns };
        pid == self.pid && (self.from_ns / TICK_NS..=until / TICK_NS).contains(&start)
    }
}

/// What stands in the files of a scratch folder, of each arm's folder in it; nothing where there are none. Follows no link.
pub fn read(scratch: &Path) -> Vec<Note> {
    let arms = std::fs::read_dir(scratch).into_iter().flatten().flatten();
    arms.filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_dir())).flat_map(|arm| notes(&arm.path())).collect()
}

fn notes(arm: &Path) -> Vec<Note> {
    let no_trap = libc::O_NOFOLLOW | libc::O_NONBLOCK;
    let mut bytes = Vec::new();
    let file = File::options().read(true).custom_flags(no_trap).open(arm.join(NAME));
    let read =
        |file: File| std::io::Read::read_to_end(&mut std::io::Read::take(file, (PAGES * BYTES) as u64), &mut bytes);
    if file.and_then(read).is_err() {
        return Vec::new();
    }
    let word = |slot: &[u8], at: usize| u64::from_ne_bytes(slot[at * 8..][..8].try_into().expect("a slice of 8 bytes"));
    let note = |slot: &[u8]| Note {
        pid: word(slot, PID) as u32 as i32,
        from_ns: word(slot, FROM),
        until_ns: word(slot, UNTIL),
    };
    bytes.chunks_exact(SLOT * 8).map(note).filter(|note| note.from_ns != 0 && note.pid > 1).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_note_stands_while_its_instance_does_and_is_of_no_other_process() {
        let scratch = tempfile::tempdir().unwrap();
        let arm = scratch.path().join("arm");
        std::fs::create_dir(&arm).unwrap();
        let started = Started::beside(&arm).unwrap();
        let [slot, mut other] = [(); 2].map(|()| started.slot().unwrap());
        assert!(read(scratch.path()).is_empty(), "nobody is started yet");
        let pid = std::process::id() as i32;
        slot.pid().store(pid as u64, Ordering::Release);
        let start = boottime_ns() / TICK_NS;
        let found = read(scratch.path());
        assert!(found.len() == 1 && found[0].is(pid, start) && found[0].is(pid, start + 900), "{found:?}");
        slot.close();
        let found = read(scratch.path());
        assert!(found[0].is(pid, start) && !found[0].is(pid, start + 900), "{found:?}");
        assert!(!found[0].is(pid + 1, start) && !found[0].is(pid, start - 2), "{found:?}");
        drop(slot);
        other.pid().store(4_194_305, Ordering::Release); // above the largest pid
        other.keep();
        drop(other);
        assert_eq!(read(scratch.path()).len(), 1, "it goes on without its maker");
        let all: Vec<Slot> = (0..PAGES * SLOTS).map(|_| started.slot().unwrap()).collect();
        assert!(read(scratch.path()).is_empty(), "it has ended: its place was taken");
        assert!(started.slot().unwrap_err().cause.contains("run already"));
        drop(all);
        started.slot().unwrap();
    }

    #[test]
    fn what_is_no_such_file_is_no_note() {
        let scratch = tempfile::tempdir().unwrap();
        let arm = scratch.path().join("arm");
        std::fs::create_dir(&arm).unwrap();
        std::os::unix::fs::symlink("/dev/zero", arm.join(NAME)).unwrap();
        assert!(read(scratch.path()).is_empty() && Started::beside(&arm).is_err());
        std::fs::remove_file(arm.join(NAME)).unwrap();
        nix::unistd::mkfifo(&arm.join(NAME), nix::sys::stat::Mode::S_IRWXU).unwrap();
        assert!(read(scratch.path()).is_empty() && read(Path::new("/no/such/folder")).is_empty());
        std::fs::remove_file(arm.join(NAME)).unwrap();
        std::fs::write(arm.join(NAME), [7; 33]).unwrap();
        assert_eq!(read(scratch.path()).len(), 1);
    }
}
