//! From the caller's standard input to the guest's serial port: a thread, which is left to end with us.

use std::io::{self, Read};
use std::os::fd::AsFd;
use std::sync::{Arc, PoisonError};
use std::time::Duration;

use vmm_sys_util::eventfd::EventFd;

use crate::container::dev::is_null;
use crate::environments::streams::callers::Terminal;
use crate::error::{Context, Result};
use crate::model::Attach;
use crate::said;
use crate::sys::signals;
use crate::sys::terminal::{Window, is_terminal, window_of};
use crate::vm::linux::devices::serial::Shared;
use crate::vm::linux::orders::{END, ESCAPE, Input};

/// What of the caller's input is the program's: as for a container (`streams`). A terminal when he sits at both ends of
/// one, or asks for it; what he types elsewhere only with `-i`.
pub(super) fn input_of(attach: Attach) -> Input {
    let (stdin, stdout) = (io::stdin(), io::stdout());
    let own = attach.tty || is_terminal(stdin.as_fd()) && is_terminal(stdout.as_fd());
    if own {
        let usual = Window { rows: 24, columns: 80 };
        return Input::Terminal(
            window_of(stdout.as_fd()).ok().filter(|w| w.rows > 0 && w.columns > 0).unwrap_or(usual),
        );
    }
    let meant = !is_terminal(stdin.as_fd()) || attach.interactive;
    if meant && !is_null(stdin.as_fd()) { Input::Bytes } else { Input::None }
}

/// While this lives, input goes to the guest, and the caller's terminal is raw if the guest has one.
pub(super) struct Typed {
    terminal: Option<Arc<Terminal>>,
}

impl Typed {
    pub(super) fn begin(input: Input, (uart, asked): (Shared, EventFd)) -> Result<Typed> {
        let doing = || said!("pass the input on to the guest", "입력을 게스트에 전달할 수 없습니다");
        let mut terminal = None;
        if let Input::Terminal(_) = input
            && is_terminal(io::stdin().as_fd())
        {
            let file = io::stdin().as_fd().try_clone_to_owned().doing(doing)?;
            terminal = Some(Arc::new(Terminal::new(file)));
        }
        if input != Input::None {
            let raw = terminal.clone();
            let run = move || {
                if signals::block_all().is_ok() && asked.read().is_ok() {
                    raw.iter().for_each(|terminal| terminal.make_raw());
                    pass_on(io::stdin().lock(), &uart, input == Input::Bytes);
                }
            };
            std::thread::Builder::new().name("input".into()).spawn(run).doing(doing)?;
        }
        Ok(Typed { terminal })
    }

    /// The caller's terminal as it was before.
    pub(super) fn leave(&self) {
        self.terminal.iter().for_each(|terminal| terminal.restore());
    }

    pub(super) fn come_back(&self) {
        self.terminal.iter().for_each(|terminal| terminal.make_raw());
    }
}

impl Drop for Typed {
    fn drop(&mut self) {
        self.leave();
    }
}

fn pass_on(mut from: impl Read, uart: &Shared, has_end: bool) {
    let mut bytes = [0; 256];
    while let Ok(count) = from.read(&mut bytes) {
        match (count, has_end) {
            (0, true) => return put(uart, &END),
            (0, false) => return,
            (_, true) => put(uart, &escaped(&bytes[..count])),
            (_, false) => put(uart, &bytes[..count]),
        }
    }
}

fn escaped(bytes: &[u8]) -> Vec<u8> {
    let doubled = |byte: &u8| std::iter::repeat_n(*byte, if *byte == ESCAPE { 2 } else { 1 });
    bytes.iter().flat_map(doubled).collect()
}

/// As fast as the guest takes it.
fn put(uart: &Shared, mut bytes: &[u8]) {
    const AGAIN_AFTER: Duration = Duration::from_micros(500);
    while !bytes.is_empty() {
        let taken = uart.lock().unwrap_or_else(PoisonError::into_inner).enqueue_raw_bytes(bytes).unwrap_or(0);
        bytes = &bytes[taken..];
        if taken == 0 {
            std::thread::sleep(AGAIN_AFTER);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_byte_that_marks_the_end_can_be_sent() {
        assert_eq!(escaped(b"a\x10b\x10\x10"), b"a\x10\x10b\x10\x10\x10\x10");
        assert_eq!(escaped(b""), b"");
    }
}
