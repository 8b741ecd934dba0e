//! The command's standard streams: serial ports of its own, so that nothing of the kernel's gets between.

use crate::calls::{close, dup_to, fork, ioctl, pipe, read, setsid, write_all};
use crate::syscall::exit;

/// What the command's input is.
#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Mode {
    /// Nothing.
    None,
    /// Bytes, and their end.
    Input,
    /// All three streams are one terminal.
    Terminal,
}

const OUTPUT: &core::ffi::CStr = c"/dev/ttyS1";
const ERRORS: &core::ffi::CStr = c"/dev/ttyS2";
const READ_WRITE: usize = 2;
const NO_CONTROLLING: usize = 0o400;
const TCGETS: usize = 0x5401;
const TCSETS: usize = 0x5402;
const TCSBRK: usize = 0x5409;
const TIOCSWINSZ: usize = 0x5414;
const TIOCSCTTY: usize = 0x540e;

/// Marks the end of input, in what comes over the port; doubled it is the byte itself.
const ESCAPE: u8 = 0x10;

impl Mode {
    pub(crate) fn of(word: &[u8]) -> Mode {
        match word {
            b"tty" => Mode::Terminal,
            b"input" => Mode::Input,
            _ => Mode::None,
        }
    }
}

/// Before the command is forked: where its input will come from, when that needs a helper.
pub(crate) fn open(mode: Mode, rows: u16, columns: u16) -> Option<(usize, usize)> {
    if mode == Mode::Terminal {
        if let Ok(fd) = port(OUTPUT) {
            let size = [rows, columns, 0, 0];
            ioctl(fd, TIOCSWINSZ, size.as_ptr() as usize);
        }
        return None;
    }
    for port in [OUTPUT, ERRORS] {
        if let Ok(fd) = self::port(port) {
            make_raw(fd);
            // Kept: a port that nobody has open is reset.
        }
    }
    (mode == Mode::Input).then(pipe).flatten()
}

fn port(path: &core::ffi::CStr) -> Result<usize, u64> {
    crate::syscall::open(path, READ_WRITE | NO_CONTROLLING)
}

/// In the command's process: descriptors 0, 1, 2.
pub(crate) fn take(mode: Mode, input: Option<(usize, usize)>) {
    setsid();
    let output = port(OUTPUT).unwrap_or(1);
    match (mode, input) {
        (Mode::Terminal, _) => {
            ioctl(output, TIOCSCTTY, 0);
            dup_to(output, 0);
        }
        (_, Some((reader, _))) => dup_to(reader, 0),
        _ => {
            if let Ok(null) = crate::syscall::open(c"/dev/null", 0) {
                dup_to(null, 0);
            }
        }
    }
    dup_to(output, 1);
    let errors = if mode == Mode::Terminal { output } else { port(ERRORS).unwrap_or(output) };
    dup_to(errors, 2);
    for fd in 3..16 {
        close(fd);
    }
}

/// In our process: starts a helper that passes input on.
pub(crate) fn feed(mode: Mode, input: Option<(usize, usize)>) {
    let Some((reader, writer)) = input.filter(|_| mode == Mode::Input) else { return };
    if fork() == 0 {
        close(reader);
        if let Ok(fd) = port(OUTPUT) {
            pass_on(fd, writer);
        }
        exit(0);
    }
    close(reader);
    close(writer);
}

fn pass_on(from: usize, to: usize) {
    let (mut buffer, mut plain) = ([0u8; 256], [0u8; 256]);
    let mut escaped = false;
    loop {
        let count = read(from, &mut buffer);
        if count <= 0 {
            return;
        }
        let (mut length, mut ended) = (0, false);
        for byte in buffer.iter().take(count as usize) {
            match (escaped, *byte) {
                (false, ESCAPE) => {
                    escaped = true;
                    continue;
                }
                (true, other) if other != ESCAPE => {
                    ended = true;
                    break;
                }
                _ => escaped = false,
            }
            if let Some(place) = plain.get_mut(length) {
                *place = *byte;
                length += 1;
            }
        }
        if !write_all(to, plain.get(..length).unwrap_or(&[])) || ended {
            return;
        }
    }
}

/// Until every byte has left.
pub(crate) fn drain() {
    for path in [OUTPUT, ERRORS] {
        if let Ok(fd) = port(path) {
            ioctl(fd, TCSBRK, 1);
        }
    }
}

/// The kernel's `struct termios`.
#[repr(C)]
#[derive(Default)]
struct Termios {
    input: u32,
    output: u32,
    control: u32,
    local: u32,
    line: u8,
    characters: [u8; 19],
}

/// Bytes as they are: no echo, no lines, no line ends changed.
fn make_raw(fd: usize) {
    const EIGHT_BITS_READ_LOCAL: u32 = 0o60 | 0o200 | 0o4000;
    const BAUD_115200: u32 = 0o10002;
    const MINIMUM: usize = 6;
    let mut termios = Termios::default();
    ioctl(fd, TCGETS, (&raw mut termios) as usize);
    (termios.input, termios.output, termios.local) = (0, 0, 0);
    termios.control = EIGHT_BITS_READ_LOCAL | BAUD_115200;
    if let Some(minimum) = termios.characters.get_mut(MINIMUM) {
        *minimum = 1;
    }
    ioctl(fd, TCSETS, (&raw const termios) as usize);
}
