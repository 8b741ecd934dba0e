//! Where the child waits at its program's door: a pipe, or a FIFO that another process opens, as with runc's exec.fifo.

use std::os::fd::{AsFd, AsRawFd, OwnedFd};
use std::path::{Path, PathBuf};

use nix::errno::Errno;
use nix::fcntl::{Flock, FlockArg, OFlag, open};
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::stat::{Mode, SFlag, fstat};
use nix::unistd::{Uid, geteuid, mkfifo, pipe2, write};

use crate::error::{Context, Error, Result};
use crate::lang::Said;
use crate::said;
use crate::sys::fds::out_of_the_way;

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Gate {
    /// It dies with us.
    Pipe,
    /// Made here, mode 0600: it belongs to whoever makes the container (his effective user and group), also where the container's
    /// root is another. He and root may start it, one of them and once, also when its maker is gone. Who has made it removes it.
    Fifo(PathBuf),
}

impl Gate {
    /// The child's end and the parent's.
    pub(super) fn make(&self) -> Result<(OwnedFd, OwnedFd)> {
        let doing = || said!("make the shared page and the gate", "공유 페이지와 관문을 만들 수 없습니다");
        let (child, parent) = match self {
            Gate::Pipe => pipe2(OFlag::O_CLOEXEC).doing(doing)?,
            Gate::Fifo(path) => {
                let doing =
                    || said!("make the FIFO {path}", "FIFO {path}을(를) 만들 수 없습니다", path = path.display());
                mkfifo(path, Mode::S_IRUSR | Mode::S_IWUSR).doing(doing)?;
                let both = OFlag::O_RDWR; // a reader alone would read its end at once
                let end = open_only_fifo(path, both, Some(geteuid())).map_err(|errno| no_fifo(doing(), errno))?;
                (end.try_clone().doing(doing)?, end)
            }
        };
        Ok((out_of_the_way(child.as_fd()).doing(doing)?, out_of_the_way(parent.as_fd()).doing(doing)?))
    }
}

/// Lets the program behind a FIFO run.
///
/// # Errors
/// When nobody waits there any more: it runs already, or has ended; or when another has opened it before.
pub fn open_fifo(path: &Path) -> Result<()> {
    let doing =
        || said!("start the container at {path}", "{path}의 컨테이너를 시작할 수 없습니다", path = path.display());
    let _is_waited_at = match open_only_fifo(path, OFlag::O_WRONLY | OFlag::O_NONBLOCK, None) {
        Err(Errno::ENXIO) => {
            return Err(Error::new(doing(), said!("it runs already, or has ended", "이미 실행 중이거나 끝났음")));
        }
        other => other.map_err(|errno| no_fifo(doing(), errno))?,
    };
    let both =
        open_only_fifo(path, OFlag::O_RDWR | OFlag::O_NONBLOCK, None).map_err(|errno| no_fifo(doing(), errno))?;
    open_once(&both, doing)
}

/// `fifo` is open for both. The byte stays in it as long as anybody has it open: the lock is for two who look at once.
pub(super) fn open_once(fifo: &OwnedFd, doing: impl Fn() -> Said) -> Result<()> {
    let before = || Error::new(doing(), said!("somebody has started it before", "다른 쪽이 먼저 시작했음"));
    let locked = Flock::lock(fifo.try_clone().doing(&doing)?, FlockArg::LockExclusiveNonblock);
    let locked = locked.map_err(|(_, errno)| {
        if errno == Errno::EAGAIN { before() } else { Error::new(doing(), Said::english(errno.desc())) }
    })?;
    if poll(&mut [PollFd::new(fifo.as_fd(), PollFlags::POLLIN)], PollTimeout::ZERO).doing(&doing)? > 0 {
        return Err(before());
    }
    write(&*locked, b"!").map(drop).doing(doing)
}

fn no_fifo(doing: Said, errno: Errno) -> Error {
    if errno != Errno::ESTALE {
        return Error::new(doing, std::io::Error::from(errno));
    }
    Error::new(doing, said!("something else is there", "다른 것이 그 자리에 있음"))
        .try_this(said!("a folder to which nobody else may write", "다른 사용자가 쓸 수 없는 폴더를 쓰십시오"))
}

/// Whoever may write to its folder can put something else there: a link to a file of the host, which must not get a byte of
/// ours, or a FIFO of his own (`owner` is whose it must be), from which the child would hear him.
fn open_only_fifo(path: &Path, flags: OFlag, owner: Option<Uid>) -> Result<OwnedFd, Errno> {
    let found = open(path, OFlag::O_PATH | OFlag::O_CLOEXEC | OFlag::O_NOFOLLOW, Mode::empty())?;
    let is = fstat(&found)?; // before it is opened, which does something to a device
    if is.st_mode & SFlag::S_IFMT.bits() != SFlag::S_IFIFO.bits() || is.st_nlink != 1 {
        return Err(Errno::ESTALE);
    }
    if owner.is_some_and(|owner| is.st_uid != owner.as_raw() || is.st_mode & 0o077 != 0) {
        return Err(Errno::ESTALE);
    }
    open(format!("/proc/self/fd/{}", found.as_raw_fd()).as_str(), flags | OFlag::O_CLOEXEC, Mode::empty())
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::symlink;

    use super::*;
    use crate::container::handshake::Handshake;

    #[test]
    fn something_else_in_its_place_gets_no_byte() {
        let dir = tempfile::tempdir().unwrap();
        let part = |name: &str| dir.path().join(name);
        fs::write(part("canary"), "of the host").unwrap();
        fs::hard_link(part("canary"), part("linked")).unwrap();
        symlink(part("canary"), part("link")).unwrap();
        let _gate = Handshake::at(&Gate::Fifo(part("fifo"))).unwrap();
        fs::hard_link(part("fifo"), part("second name")).unwrap();
        for name in ["canary", "linked", "link", "second name", "."] {
            assert!(open_fifo(&part(name)).is_err(), "{name}");
        }
        assert_eq!(fs::read_to_string(part("canary")).unwrap(), "of the host");
    }

    #[test]
    fn the_child_hears_only_what_was_made_for_it() {
        let dir = tempfile::tempdir().unwrap();
        let fifo = dir.path().join("fifo");
        mkfifo(&fifo, Mode::S_IRWXU).unwrap();
        assert!(Gate::Fifo(fifo.clone()).make().is_err(), "somebody has made one before");
        let own = |path: &Path| open_only_fifo(path, OFlag::O_RDWR, Some(geteuid())).map(drop);
        assert_eq!(own(&fifo), Ok(()));
        fs::set_permissions(&fifo, std::os::unix::fs::PermissionsExt::from_mode(0o622)).unwrap();
        assert_eq!(own(&fifo), Err(Errno::ESTALE), "everybody may write to it");
        fs::remove_file(&fifo).unwrap();
        fs::write(&fifo, "!").unwrap();
        assert_eq!(own(&fifo), Err(Errno::ESTALE), "a file with an answer in it");
    }
}
