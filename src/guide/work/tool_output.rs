//! What the compiler and the tests said, cut to what helps, and remembered.

use super::{Verdict, Worked};
use crate::lang::counted;

/// So many lines of a message are shown.
const LINES: usize = 30;
const LINE_CHARS: usize = 200;

/// The first errors, without the lines that only sum up.
pub(super) fn by_the_compiler(said: &str) -> String {
    let useful = |l: &&str| !l.starts_with("error: aborting") && !l.starts_with("For more information");
    let from = said.find("error").unwrap_or(0); // warnings can wait
    cut(said[from..].lines().filter(useful))
}

/// rustup's stand-in for rustc, without a toolchain behind it.
pub(super) fn is_no_compiler(said: &str) -> bool {
    said.contains("rustup") && !said.contains("-->")
}

/// What the failing tests said, without the frame that the test runner puts around it.
pub(super) fn by_the_tests(said: &str) -> String {
    let frame = ["running ", "test ", "failures:", "error: test failed", "note: run with", "stack backtrace"];
    let noise = |l: &&str| !frame.iter().any(|f| l.starts_with(f)) && !l.starts_with("    ");
    let panics = said.split_once("failures:\n").map_or(said, |(_, rest)| rest);
    let panics = panics.split("\nfailures:\n").next().unwrap_or(panics);
    // The line before says better which test it is.
    let place = |l: &&str| l.starts_with("thread '") && l.contains("panicked at ");
    let lines: Vec<String> =
        panics.lines().filter(noise).filter(|l| !l.trim().is_empty() && !place(l)).map(shorter).collect();
    cut(lines.iter().map(String::as_str))
}

/// "---- every_part stdout ----" is the name of a test.
fn shorter(line: &str) -> String {
    let name = line.strip_prefix("---- ").and_then(|l| l.strip_suffix(" stdout ----"));
    name.map_or_else(|| line.to_owned(), |name| format!("{}:", name.replace('_', " ")))
}

fn cut<'a>(lines: impl Iterator<Item = &'a str>) -> String {
    let lines: Vec<&str> = lines.collect();
    let shorten = |line: &&str| line.chars().take(LINE_CHARS).collect::<String>();
    let mut shown: Vec<String> = lines.iter().take(LINES).map(shorten).collect();
    if lines.len() > LINES {
        shown.push(format!("… and {} more", counted(lines.len() - LINES, "line")));
    }
    shown.join("\n").trim().to_owned()
}

/// How many tests passed, by the runner's last word; 0 when it had none, or when some failed or were left out.
pub(super) fn passed(said: &str) -> usize {
    let Some(line) = said.lines().rev().find_map(|l| l.strip_prefix("test result: ok. ")) else { return 0 };
    let count = |what: &str| {
        line.split(';').find_map(|part| part.trim().strip_suffix(what)?.trim().parse::<usize>().ok()).unwrap_or(0)
    };
    if count("failed") + count("ignored") + count("filtered out") > 0 { 0 } else { count("passed") }
}

/// What is remembered of a verdict. A stop by the clock is not: the machine may have been busy.
pub(super) fn worked(verdict: &Verdict) -> Option<Worked> {
    let (kind, said) = match verdict {
        Verdict::Passed => return Some(Worked { passed: true, said: String::new() }),
        Verdict::DoesNotCompile(said) => (COMPILER, said),
        Verdict::Failed(said) => (TESTS, said),
        Verdict::Silent(said) => (SILENT, said),
        Verdict::Untouched(_) | Verdict::Endless(_) | Verdict::NoCompiler => return None,
    };
    Some(Worked { passed: false, said: format!("{kind}{said}") })
}

const COMPILER: &str = "compiler: ";
const TESTS: &str = "tests: ";
const SILENT: &str = "silent: ";

pub(super) fn verdict(worked: &Worked) -> Verdict {
    if worked.passed {
        return Verdict::Passed;
    }
    let said = worked.said.as_str();
    match (said.strip_prefix(COMPILER), said.strip_prefix(SILENT)) {
        (Some(said), _) => Verdict::DoesNotCompile(said.into()),
        (_, Some(said)) => Verdict::Silent(said.into()),
        _ => Verdict::Failed(said.strip_prefix(TESTS).unwrap_or(said).into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_whole_pass_counts() {
        let line = |text: &str| passed(&format!("running 2 tests\n\ntest result: {text}; finished in 0.00s\n"));
        assert_eq!(line("ok. 2 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out"), 2);
        assert_eq!(line("ok. 1 passed; 0 failed; 1 ignored; 0 measured; 0 filtered out"), 0);
        assert_eq!(line("FAILED. 1 passed; 1 failed; 0 ignored; 0 measured; 0 filtered out"), 0);
        assert_eq!(passed(""), 0);
    }

    #[test]
    fn what_is_remembered_comes_back_as_it_was() {
        for said in [
            Verdict::Passed,
            Verdict::Failed("a".into()),
            Verdict::DoesNotCompile("b".into()),
            Verdict::Silent("c".into()),
        ] {
            assert_eq!(verdict(&worked(&said).unwrap()), said);
        }
        assert_eq!(worked(&Verdict::Endless(30)), None);
    }
}
