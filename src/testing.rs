//! For tests: telling what could not run here, past the test runner's capture, so that a skip is never mistaken for a pass.

use std::cell::RefCell;
use std::io::Write;

thread_local! {
    /// None: nobody collects what this thread's test skips.
    static SKIPPED: RefCell<Option<Vec<String>>> = const { RefCell::new(None) };
}

/// `what`: "why", or "NAME: why" where a test has several parts. `.ci/run` lists these lines at its end.
pub fn skip(what: impl std::fmt::Display) {
    let thread = std::thread::current();
    let line = line(thread.name(), &what.to_string());
    SKIPPED.with_borrow_mut(|all| match all {
        Some(all) => all.push(line),
        None => drop(writeln!(std::io::stderr(), "skipped: {line}")), // nobody to tell where stderr is closed
    });
}

/// How many random inputs a test tries: so many, or as ISOLAB_HOSTILE says (`ISOLAB_HOSTILE=10000000 cargo test --lib hostile`).
pub fn hostile_inputs(by_default: u64) -> u64 {
    std::env::var("ISOLAB_HOSTILE").ok().and_then(|number| number.parse().ok()).unwrap_or(by_default)
}

/// What a test skips, each "TEST: why", for a runner that tells it itself.
pub fn skipped_by(test: impl FnOnce()) -> Vec<String> {
    SKIPPED.set(Some(Vec::new()));
    test();
    SKIPPED.take().unwrap_or_default()
}

/// With the name of the test, as `cargo test NAME` takes it: the runner calls the test's thread so.
fn line(thread: Option<&str>, what: &str) -> String {
    let test = thread.filter(|name| *name != "main");
    let function = test.and_then(|test| test.rsplit("::").next());
    match (test, function) {
        (Some(test), _) if what.starts_with(test) => what.to_owned(),
        (Some(test), Some(function)) if what.starts_with(function) => format!("{test}{}", &what[function.len()..]),
        (Some(test), _) => format!("{test}: {what}"),
        _ => what.to_owned(),
    }
}

/// The repository's folder: a test begins in its own crate's.
#[cfg(any(test, feature = "for-tests"))]
pub fn repository() -> &'static std::path::Path {
    std::path::Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../../.."))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_skipped_is_collected_for_who_asks() {
        let lines = skipped_by(|| (1..3).for_each(|n| skip(format_args!("part {n}: needs root"))));
        assert!(lines.len() == 2 && lines[1].ends_with("part 2: needs root"), "{lines:?}");
        assert_eq!(skipped_by(|| ()), [""; 0]);
    }

    #[test]
    fn a_skip_is_found_by_the_name_of_its_test() {
        assert_eq!(line(Some("a::b::it_runs"), "needs root"), "a::b::it_runs: needs root");
        assert_eq!(line(Some("b::it_runs"), "b::it_runs: needs root"), "b::it_runs: needs root");
        assert_eq!(line(Some("it_runs"), "it_runs: needs root"), "it_runs: needs root");
        assert_eq!(line(Some("it_runs"), "in a container: needs root"), "it_runs: in a container: needs root");
        assert_eq!(line(Some("main"), "it_runs: needs root"), "it_runs: needs root", "with one thread");
        let own = std::thread::current();
        assert!(own.name().is_none_or(|name| name == "main" || name.ends_with("by_the_name_of_its_test")));
    }
}
