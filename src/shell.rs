//! Words of printed commands, so that each can be pasted into a shell.

use crate::escape::is_unseen;
use std::borrow::Cow;
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

/// The word as a shell takes it for one: bare where nothing in it is special, else in single quotes (POSIX.1-2017, XCU
/// 2.2.2); with control characters, or what is no UTF-8, in `$'…'` (POSIX.1-2024, XCU 2.2.4; bash, zsh, ksh, busybox).
pub fn quoted(word: impl AsRef<OsStr>) -> String {
    let bytes = word.as_ref().as_bytes();
    match std::str::from_utf8(bytes) {
        Ok(text) if !text.is_empty() && text.chars().all(is_bare) && !text.starts_with(['~', '#']) => text.to_owned(),
        Ok(text) if !text.chars().any(is_unseen) => format!("'{}'", text.replace('\'', r"'\''")),
        _ => format!("$'{}'", bytes.utf8_chunks().map(escaped).collect::<String>()),
    }
}

/// The same for a path that a command takes: one that begins with `-` would be an option.
pub fn quoted_path(path: impl AsRef<Path>) -> String {
    let path = path.as_ref();
    let is_option = path.as_os_str().as_bytes().starts_with(b"-");
    quoted(if is_option { Cow::Owned(Path::new(".").join(path)) } else { Cow::Borrowed(path) }.as_os_str())
}

/// A whole command.
pub fn command<S: AsRef<OsStr>>(words: impl IntoIterator<Item = S>) -> String {
    words.into_iter().map(quoted).collect::<Vec<_>>().join(" ")
}

/// How isolab was called, so that printed commands can be typed again.
pub fn called_as() -> String {
    let sudo = if std::env::var_os("SUDO_UID").is_some() { "sudo " } else { "" };
    let program = std::env::args_os().next().unwrap_or_else(|| "isolab".into());
    let by_cargo = std::env::var_os("CARGO").is_some() && program.to_string_lossy().contains("target/");
    match (by_cargo, program.to_string_lossy().contains("/release/")) {
        (true, true) => "cargo run --release --".into(),
        (true, false) => "cargo run --".into(),
        _ => format!("{sudo}{}", quoted(program)),
    }
}

/// Hangul and other letters are as good as ASCII's.
fn is_bare(c: char) -> bool {
    c.is_alphanumeric() || "-_./:=,+@%#~".contains(c)
}

fn escaped(chunk: std::str::Utf8Chunk) -> String {
    let octal = |bytes: &[u8]| bytes.iter().map(|b| format!("\\{b:03o}")).collect::<String>();
    let valid = chunk.valid().chars().map(|c| match c {
        '\'' | '\\' => format!("\\{c}"),
        '\n' => "\\n".into(),
        '\t' => "\\t".into(),
        c if is_unseen(c) => octal(c.encode_utf8(&mut [0; 4]).as_bytes()),
        c => c.to_string(),
    });
    valid.collect::<String>() + &octal(chunk.invalid())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::process::Command;

    #[test]
    fn a_shell_reads_back_every_name() {
        let hostile: &[&[u8]] = &[
            b"",
            b"plain-1.0_x/y",
            b"two words",
            b" ",
            b"it's",
            b"\"",
            b"$(touch x)",
            b"`id`",
            b"$HOME",
            b"a\\b",
            b"a;b",
            b"a&b",
            b"a|b",
            b"*",
            b"?",
            b"[a]",
            b"{a,b}",
            b"!!",
            b"#x",
            b"a#b",
            b"~",
            b"~root",
            b"a~",
            b"-rf",
            b"<x>",
            b"(x)",
            b"x=1",
            b"a\nb",
            b"\n",
            b"a\n",
            b"\x1b[2J",
            b"\x7f",
            b"caf\xe9",
            b"caf\xe9 1",
            b"'\xff\\7",
            "한글 이름".as_bytes(),
            "한글".as_bytes(),
            "a\u{202e}b".as_bytes(),
            "\u{200b}1".as_bytes(),
        ];
        for name in hostile {
            let name = OsStr::from_bytes(name);
            let word = quoted(name);
            assert!(!word.chars().any(is_unseen), "{word:?}");
            let shell = if word.starts_with("$'") { "bash" } else { "sh" }; // not every sh knows $'…' yet
            let out = Command::new(shell).args(["-c", &format!("printf %s {word}")]).output().unwrap();
            assert_eq!(OsStr::from_bytes(&out.stdout), name, "{word}");
        }
    }

    #[test]
    fn what_needs_no_quotes_has_none_and_a_path_is_no_option() {
        assert_eq!(command(["isolab", "report", "results/a-1"]), "isolab report results/a-1");
        assert_eq!(quoted_path("-rf"), "./-rf");
        assert_eq!(quoted_path("a b/-x"), "'a b/-x'");
    }
}
