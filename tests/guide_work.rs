//! The Make tasks of the guide: as shipped each fails with words that help, its solution passes, every wrong one fails.
//!
//! Compiled by rustc alone, as a student's work is checked: no cargo, no crate of ours.

use std::path::{Path, PathBuf};
use std::process::Command;

struct Ran {
    passed: bool,
    said: String,
}

fn shipped(chapter: &str) -> PathBuf {
    Path::new("lab-guides/shipped").join(chapter)
}

fn solutions(chapter: &str) -> PathBuf {
    Path::new("lab-guides/solutions").join(chapter)
}

/// Tests of this chapter with this file as the student's work. It must compile.
fn try_out(chapter: &str, work: &Path) -> Ran {
    let dir = tempfile::tempdir().unwrap();
    let (work_dir, here) = (dir.path().join("work").join(chapter), dir.path().join("shipped").join(chapter));
    for folder in [&work_dir, &here] {
        std::fs::create_dir_all(folder).unwrap();
    }
    for file in ["task.rs", "tests.rs"] {
        std::fs::copy(shipped(chapter).join(file), here.join(file)).unwrap();
    }
    std::fs::copy(work, work_dir.join("work.rs")).unwrap();
    let program = dir.path().join("tests");
    let rustc = std::env::var("RUSTC").unwrap_or_else(|_| "rustc".into());
    let mut compile = Command::new(rustc);
    compile.args(["--edition", "2024", "--test", "-o"]).arg(&program).arg(here.join("tests.rs"));
    let compiled = compile.output().unwrap();
    let errors = String::from_utf8_lossy(&compiled.stderr).into_owned();
    assert!(compiled.status.success(), "{} does not compile:\n{errors}", work.display());
    assert!(
        !errors.contains("warning"),
        "{} compiles with warnings, which a student would see:\n{errors}",
        work.display()
    );
    let out = Command::new(program).env("RUST_BACKTRACE", "0").output().unwrap();
    Ran { passed: out.status.success(), said: String::from_utf8_lossy(&out.stdout).into_owned() }
}

/// `words`: what the student is told about the task as shipped.
fn check(chapter: &str, words: &[&str]) {
    let todo = shipped(chapter).join("work.rs");
    assert!(std::fs::read_to_string(&todo).unwrap().contains("// TODO"), "{} has no TODO", todo.display());
    let ran = try_out(chapter, &todo);
    assert!(!ran.passed, "{chapter} passes as it was shipped");
    for word in words {
        assert!(ran.said.contains(word), "{chapter}, as shipped, does not say {word:?}:\n{}", ran.said);
    }
    let solution = solutions(chapter).join("work.rs");
    let ran = try_out(chapter, &solution);
    assert!(ran.passed, "the solution of {chapter} fails:\n{}", ran.said);
    let wrong: Vec<PathBuf> =
        (1..=9).map(|n| solutions(chapter).join(format!("wrong-{n}.rs"))).filter(|path| path.exists()).collect();
    assert!(wrong.len() >= 2, "{chapter} has {} wrong solutions", wrong.len());
    for path in wrong {
        assert!(!try_out(chapter, &path).passed, "{} passes", path.display());
    }
}

fn chapter_0_asks_what_is_independent() {
    check("ch00", &["they are one observation, not 5", "in at least 90 %"]);
}

fn chapter_1_asks_for_the_number_in_brackets() {
    check("ch01", &["names tell nothing", "Missing is not different"]);
}

fn chapter_2_asks_what_a_mark_ends() {
    check("ch02", &["A mark ends the part before it", "Without a user namespace nobody writes an id map"]);
}

fn chapter_6_asks_for_every_door() {
    check("ch06", &["socket (41) is allowed", "x32", "its numbers mean other calls"]);
}

fn chapter_7_asks_whose_memory_it_is() {
    check("ch07", &["this is the VmRSS of the parent", "Not measured is not 0"]);
}

crate::runner::tests!(
    chapter_0_asks_what_is_independent,
    chapter_1_asks_for_the_number_in_brackets,
    chapter_2_asks_what_a_mark_ends,
    chapter_6_asks_for_every_door,
    chapter_7_asks_whose_memory_it_is
);
