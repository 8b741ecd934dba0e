//! The kernel's command line: what it is told, and what it passes on to its first program.
//!
//! `NAME=VALUE` words that mean nothing to the kernel become that program's environment, and the words behind `--` its
//! arguments (Linux's Documentation/admin-guide/kernel-parameters.rst).

use crate::error::{Error, Result};
use crate::said;

/// A kernel may take less; every one of a distribution takes this (COMMAND_LINE_SIZE of x86).
pub const LONGEST: usize = 2047;

/// Words for the kernel, environment and arguments for the first program.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CommandLine {
    /// The kernel shows its messages on the console as it starts.
    pub verbose: bool,
    /// The kernel tests its own cryptography at each start, as distributions build it: half of a start.
    pub self_tests: bool,
    /// More words for the kernel.
    pub kernel: Vec<String>,
    pub env: Vec<(String, String)>,
    pub arguments: Vec<String>,
}

impl CommandLine {
    /// As one line.
    ///
    /// # Errors
    /// When it is too long, or a word cannot stand in it.
    pub fn text(&self) -> Result<String> {
        let mut words = vec!["console=ttyS0".to_owned()];
        words.extend((!self.verbose).then(|| "quiet".to_owned()));
        words.extend((!self.self_tests).then(|| "cryptomgr.notests".to_owned()));
        words.extend(self.kernel.iter().cloned());
        // After what a user says. Without `reboot=k` a guest with hardware-reduced ACPI hangs when it restarts.
        words.extend(["panic=-1", "reboot=k"].map(str::to_owned));
        words.extend(self.env.iter().map(|(name, value)| format!("{name}={value}")));
        if !self.arguments.is_empty() {
            words.push("--".to_owned());
            words.extend(self.arguments.iter().cloned());
        }
        let doing = || said!("write the kernel's command line", "커널의 명령줄을 쓸 수 없습니다");
        if let Some(word) = words.iter().find(|word| !can_stand(word)) {
            return Err(Error::new(
                doing(),
                said!("the word {word:?} cannot stand in it", "단어 {word:?}은(는) 쓸 수 없음"),
            ));
        }
        let line = words.join(" ");
        if line.len() > LONGEST {
            let bytes = line.len();
            return Err(Error::new(
                doing(),
                said!(
                    "it has {bytes} bytes, and the kernel takes {LONGEST}",
                    "{bytes}바이트인데 커널은 {LONGEST}바이트까지 받음"
                ),
            ));
        }
        Ok(line)
    }
}

/// The kernel splits at spaces and takes quotes away.
pub fn can_stand(word: &str) -> bool {
    !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'"')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_way_to_restart_is_always_told_and_last() {
        let line = CommandLine { kernel: vec!["reboot=t".into()], ..Default::default() }.text().unwrap();
        assert!(line.ends_with("reboot=t panic=-1 reboot=k"), "{line}");
        assert!(line.contains("quiet") && line.contains("cryptomgr.notests"), "{line}");
        let line = CommandLine { verbose: true, self_tests: true, ..Default::default() }.text().unwrap();
        assert_eq!(line, "console=ttyS0 panic=-1 reboot=k");
    }

    #[test]
    fn the_first_program_gets_its_environment_and_arguments() {
        let env = vec![("A".to_owned(), "1".to_owned())];
        let arguments = vec!["noop".to_owned(), "2".to_owned()];
        let line = CommandLine { env, arguments, ..Default::default() }.text().unwrap();
        assert!(line.ends_with("reboot=k A=1 -- noop 2"), "{line}");
    }

    #[test]
    fn what_the_kernel_would_take_apart_or_cut_is_refused() {
        for word in ["a b", "", "\"", "a\nb", "안녕"] {
            let line = CommandLine { arguments: vec![word.into()], ..Default::default() };
            assert!(line.text().is_err(), "{word:?}");
        }
        let long = CommandLine { arguments: vec!["x".repeat(LONGEST)], ..Default::default() };
        assert!(long.text().unwrap_err().cause.contains("2047"));
    }
}
