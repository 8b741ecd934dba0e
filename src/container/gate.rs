//! Where the child waits at its program's door: a pipe, or a FIFO that another process opens, as with runc's exec.fifo.

use std::os::fd::{AsFd, OwnedFd};
use std::path::{Path, PathBuf};

use nix::errno::Errno;
use nix::fcntl::{OFlag, open};
use nix::sys::stat::Mode;
use nix::unistd::{mkfifo, pipe2, write};

use crate::error::{Context, Error, Result};
use crate::said;
use crate::sys::fds::out_of_the_way;

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Gate {
    /// It dies with us.
    Pipe,
    /// Made here, for its owner alone; whoever may write to it starts the container, when we are gone too.
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
                let both = OFlag::O_RDWR | OFlag::O_CLOEXEC | OFlag::O_NOFOLLOW; // a reader alone would read its end at once
                let end = || open(path, both, Mode::empty()).doing(doing);
                (end()?, end()?)
            }
        };
        Ok((out_of_the_way(child.as_fd()).doing(doing)?, out_of_the_way(parent.as_fd()).doing(doing)?))
    }
}

/// Lets the program behind a FIFO run.
///
/// # Errors
/// When nobody waits there any more: it runs already, or has ended.
pub fn open_fifo(path: &Path) -> Result<()> {
    let doing =
        || said!("start the container at {path}", "{path}의 컨테이너를 시작할 수 없습니다", path = path.display());
    let flags = OFlag::O_WRONLY | OFlag::O_NONBLOCK | OFlag::O_CLOEXEC | OFlag::O_NOFOLLOW;
    let fifo = match open(path, flags, Mode::empty()) {
        Err(Errno::ENXIO) => {
            return Err(Error::new(doing(), said!("it runs already, or has ended", "이미 실행 중이거나 끝났음")));
        }
        other => other.doing(doing)?,
    };
    write(&fifo, b"!").map(drop).doing(doing)
}
