//! For tests: telling what could not run here, past the test runner's capture, so that a skip is never mistaken for a pass.

use std::io::Write;

/// `what`: "why", or "NAME: why" where a test has several parts. `.ci/run` lists these lines at its end.
pub fn skip(what: impl std::fmt::Display) {
    let thread = std::thread::current();
    let line = line(thread.name(), &what.to_string());
    let _ = writeln!(std::io::stderr(), "skipped: {line}"); // nobody to tell where stderr is closed
}

/// With the name of the test, as `cargo test NAME` takes it: the runner calls the test's thread so.
fn line(thread: Option<&str>, what: &str) -> String {
    let test = thread.filter(|name| *name != "main");
    let function = test.and_then(|test| test.rsplit("::").next());
    match (test, function) {
        (Some(test), Some(function)) if what.starts_with(function) => format!("{test}{}", &what[function.len()..]),
        (Some(test), _) => format!("{test}: {what}"),
        _ => what.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_skip_is_found_by_the_name_of_its_test() {
        assert_eq!(line(Some("a::b::it_runs"), "needs root"), "a::b::it_runs: needs root");
        assert_eq!(line(Some("it_runs"), "it_runs: needs root"), "it_runs: needs root");
        assert_eq!(line(Some("it_runs"), "in a container: needs root"), "it_runs: in a container: needs root");
        assert_eq!(line(Some("main"), "it_runs: needs root"), "it_runs: needs root", "with one thread");
        let own = std::thread::current();
        assert!(own.name().is_none_or(|name| name == "main" || name.ends_with("by_the_name_of_its_test")));
    }
}
