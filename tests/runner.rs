//! Runs the tests of all files as cargo's own runner would, with one thing more: a test that found out that it cannot run here
//! is told as ignored, with its reason, and not as passed.
//!
//! A file ends with `tests!(its, tests)`. One that is in no list is dead code, which the compiler refuses.

use std::panic::resume_unwind;
use std::process::ExitCode;
use std::sync::Mutex;

use isolab::testing::skipped_by;
use libtest_mimic::{Arguments, Completion, Trial, run};

/// A test with its name, as one types it.
pub(crate) struct Test {
    pub(crate) name: &'static str,
    pub(crate) function: fn(),
    /// Why it runs only where it is asked for (`--ignored`).
    pub(crate) only_asked_for: Option<&'static str>,
}

/// The tests of a file; behind a semicolon those that run only where they are asked for, with the reason.
macro_rules! tests {
    ($($name:ident),* $(,)? $(; $($asked:ident = $why:literal),* $(,)?)?) => {
        pub(crate) const TESTS: &[crate::runner::Test] = &[
            $(crate::runner::tests!(@one $name, None),)*
            $($(crate::runner::tests!(@one $asked, Some($why)),)*)?
        ];
    };
    (@one $name:ident, $why:expr) => {
        crate::runner::Test {
            name: concat!(module_path!(), "::", stringify!($name)),
            function: $name,
            only_asked_for: $why,
        }
    };
}
pub(crate) use tests;

static SKIPPED: Mutex<Vec<String>> = Mutex::new(Vec::new());

impl Test {
    fn trial(&'static self) -> Trial {
        let name = self.name.strip_prefix("all::").unwrap_or(self.name);
        let trial = Trial::ignorable_test(name, move || {
            // A thread of its own: its name is the test's, and what it does to itself nobody inherits.
            let thread = std::thread::Builder::new().name(name.to_owned());
            let ended = thread.spawn(|| skipped_by(self.function)).expect("a thread can be made").join();
            let skipped = ended.unwrap_or_else(|panic| resume_unwind(panic));
            let reason = |line: &String| line.strip_prefix(name).map_or(&**line, |rest| &rest[2..]).to_owned();
            let reasons: Vec<String> = skipped.iter().map(reason).collect();
            SKIPPED.lock().unwrap().extend(skipped);
            Ok(if reasons.is_empty() { Completion::Completed } else { Completion::ignored_with(reasons.join("; ")) })
        });
        trial.with_ignored_flag(self.only_asked_for.is_some()).with_kind(self.only_asked_for.unwrap_or_default())
    }
}

pub(crate) fn main(files: &[&'static [Test]]) -> ExitCode {
    let (options, filters) = without_filters(std::env::args());
    let mut arguments = Arguments::from_iter(options);
    let mut trials: Vec<Trial> = files.iter().copied().flatten().map(Test::trial).collect();
    match <[String; 1]>::try_from(filters) {
        Ok([one]) => arguments.filter = Some(one), // and it says how many were filtered out
        Err(filters) => trials.retain(|trial| {
            let fits =
                |filter: &String| if arguments.exact { trial.name() == filter } else { trial.name().contains(filter) };
            filters.is_empty() || filters.iter().any(fits)
        }),
    }
    let conclusion = run(&arguments, trials);
    let mut skipped = SKIPPED.lock().unwrap();
    skipped.sort();
    skipped.iter().for_each(|line| eprintln!("skipped: {line}")); // for CI, which lists them once more at its end
    conclusion.exit_code()
}

/// cargo's runner takes any number of filters, this one takes one.
fn without_filters(arguments: impl Iterator<Item = String>) -> (Vec<String>, Vec<String>) {
    const WITH_VALUE: [&str; 6] = ["--test-threads", "--logfile", "--skip", "--color", "--format", "-Z"];
    let (mut options, mut filters): (Vec<String>, Vec<String>) = (Vec::new(), Vec::new());
    for argument in arguments {
        let is_value = options.last().is_some_and(|option| WITH_VALUE.contains(&option.as_str()));
        let is_option = options.is_empty() || is_value || argument.starts_with('-');
        if is_option { &mut options } else { &mut filters }.push(argument);
    }
    (options, filters)
}
