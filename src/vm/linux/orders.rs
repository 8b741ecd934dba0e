//! What our init shall do: a file beside it, of strings with a NUL behind each, which `guest/calls.rs` reads.

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt;

use crate::sys::terminal::Window;

/// Where they lie in the guest.
pub const PATH: &str = ".isolab/orders";
pub const INIT: &str = ".isolab/init";
/// Files a, b, c …: modules that init loads in that order before the command starts.
pub const MODULES: &str = ".isolab/modules";

/// What the command's input is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Input {
    None,
    /// Bytes, and their end.
    Bytes,
    /// All three streams are one terminal.
    Terminal(Window),
}

#[derive(Debug)]
pub struct Orders<'a> {
    pub input: Input,
    /// The program's file, from the guest's root.
    pub path: &'a OsStr,
    pub argv: &'a [OsString],
    pub env: &'a [(OsString, OsString)],
}

impl Orders<'_> {
    pub fn text(&self) -> Vec<u8> {
        let (word, size) = match self.input {
            Input::None => ("none", Window { rows: 0, columns: 0 }),
            Input::Bytes => ("input", Window { rows: 0, columns: 0 }),
            Input::Terminal(size) => ("tty", size),
        };
        let mut text = Vec::new();
        let mut put = |parts: &[&[u8]]| {
            parts.iter().for_each(|part| text.extend_from_slice(part));
            text.push(0);
        };
        put(&[word.as_bytes()]);
        [size.rows.into(), size.columns.into()].iter().for_each(|number: &usize| put(&[number.to_string().as_bytes()]));
        put(&[self.path.as_bytes()]);
        put(&[self.argv.len().to_string().as_bytes()]);
        self.argv.iter().for_each(|word| put(&[word.as_bytes()]));
        self.env.iter().for_each(|(name, value)| put(&[name.as_bytes(), b"=", value.as_bytes()]));
        text
    }
}

/// Input as it goes over the port: a byte that marks the end, which doubled means itself (`guest/streams.rs`).
pub const ESCAPE: u8 = 0x10;
pub const END: [u8; 2] = [ESCAPE, b'E'];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_word_has_its_end_and_its_place() {
        let argv = ["sh".into(), "-c".into(), "a b".into()];
        let env = [("A".into(), "1".into())];
        let input = Input::Terminal(Window { rows: 24, columns: 80 });
        let orders = Orders { input, path: OsStr::new("/bin/sh"), argv: &argv, env: &env };
        assert_eq!(orders.text(), b"tty\x0024\x0080\0/bin/sh\x003\0sh\0-c\0a b\0A=1\0");
        let none = Orders { input: Input::None, path: OsStr::new("x"), argv: &[], env: &[] };
        assert_eq!(none.text(), b"none\x000\x000\0x\x000\0");
    }
}
