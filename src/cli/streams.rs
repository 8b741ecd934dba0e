//! Writing to stdout and stderr whatever they are. Who shares them with us may have made them non-blocking (`O_NONBLOCK` is
//! of the open file, not of the process): then a full pipe answers EAGAIN, which means "later" and not "never".

use std::io;
use std::os::fd::{AsFd, BorrowedFd};

use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};

pub(super) fn to_stdout(text: &str) -> io::Result<()> {
    write_all(std::io::stdout().lock().as_fd(), text.as_bytes())
}

/// What cannot be told is not told: there is nobody left to say so to.
pub(super) fn to_stderr(text: &str) {
    let _ = write_all(std::io::stderr().lock().as_fd(), text.as_bytes());
}

fn write_all(to: BorrowedFd<'_>, mut bytes: &[u8]) -> io::Result<()> {
    while !bytes.is_empty() {
        match nix::unistd::write(to, bytes) {
            Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
            Ok(n) => bytes = &bytes[n..],
            Err(Errno::EINTR) => {}
            Err(Errno::EAGAIN) => wait_for_room(to)?,
            Err(cause) => return Err(cause.into()),
        }
    }
    Ok(())
}

fn wait_for_room(to: BorrowedFd<'_>) -> io::Result<()> {
    match poll(&mut [PollFd::new(to, PollFlags::POLLOUT)], PollTimeout::NONE) {
        Ok(_) | Err(Errno::EINTR) => Ok(()),
        Err(cause) => Err(cause.into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Read;

    #[test]
    fn a_full_pipe_that_does_not_block_is_waited_for() {
        let (reader, writer) = nix::unistd::pipe2(nix::fcntl::OFlag::O_NONBLOCK).unwrap();
        let text = "0123456789".repeat(100_000); // more than any pipe holds
        let slow = std::thread::spawn(move || {
            std::thread::sleep(std::time::Duration::from_millis(20));
            nix::fcntl::fcntl(&reader, nix::fcntl::FcntlArg::F_SETFL(nix::fcntl::OFlag::empty())).unwrap();
            let mut read = String::new();
            std::fs::File::from(reader).read_to_string(&mut read).unwrap();
            read
        });
        write_all(writer.as_fd(), text.as_bytes()).unwrap();
        drop(writer);
        assert!(slow.join().unwrap() == text, "all of it arrives, in order");
    }

    #[test]
    fn a_reader_that_is_gone_is_an_error_not_a_wait() {
        let (reader, writer) = nix::unistd::pipe2(nix::fcntl::OFlag::O_NONBLOCK).unwrap();
        drop(reader);
        assert_eq!(write_all(writer.as_fd(), b"x").unwrap_err().kind(), io::ErrorKind::BrokenPipe);
    }
}
