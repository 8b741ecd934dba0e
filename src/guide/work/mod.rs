//! The Make tasks: where a reader's work lies, what was shipped, and whether the work passes its tests.
//!
//! The reader's `work.rs` is compiled with the task and the tests *of this binary*, in a folder of its own, so that tests
//! which were changed or deleted do no harm. `rustc` alone, without cargo: a second, not a minute.

mod limits;
mod tool_output;

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use super::content::{FOLDER, shipped};
use super::state::{Progress, Worked, unused};
use crate::error::{Context, Error, Result};
use crate::results::hash::sha256;
use crate::results::store::write_atomically;
use crate::results::sudo_user::{as_caller, make_folder};
use crate::said;
use limits::Ended;

/// The only file that a reader edits, and the claim cards.
pub const WORK: &str = "work.rs";
pub const CARD: &str = "card.toml";
/// What a task consists of.
const FILES: [&str; 4] = [WORK, CARD, "task.rs", "tests.rs"];

/// How long the compiler and the tests may take. A loop without an end must end; a slow machine must not fail.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    pub compile: Duration,
    pub run: Duration,
}

pub const LIMITS: Limits = Limits { compile: Duration::from_secs(120), run: Duration::from_secs(30) };

/// What became of a work file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    Passed,
    /// It is as it was shipped; the line of its TODO.
    Untouched(usize),
    /// The compiler's words.
    DoesNotCompile(String),
    /// The tests' words.
    Failed(String),
    /// It was stopped after so many seconds.
    Endless(u64),
    /// It ended without saying that all tests passed.
    Silent(String),
    /// There is no rustc here.
    NoCompiler,
}

impl Verdict {
    /// As evidence has it.
    pub fn name(&self) -> &'static str {
        match self {
            Verdict::Passed => "passed",
            Verdict::Untouched(_) => "untouched",
            Verdict::DoesNotCompile(_) => "doesnotcompile",
            Verdict::Failed(_) => "failed",
            Verdict::Endless(_) => "endless",
            Verdict::Silent(_) => "silent",
            Verdict::NoCompiler => "nocompiler",
        }
    }
}

/// "ch02".
pub fn name(chapter: u32) -> String {
    format!("ch{chapter:02}")
}

/// A file of this chapter's task as it was shipped.
pub fn as_shipped(chapter: u32, file: &str) -> Option<&'static str> {
    shipped(&format!("shipped/{}/{file}", name(chapter)))
}

/// The folder with the reader's work: in `lab-guides/work/` of the current folder or one above it.
pub fn work_dir(dir: &Path, chapter: u32) -> Option<PathBuf> {
    let folder = Path::new(FOLDER).join("work").join(name(chapter));
    dir.ancestors().map(|d| d.join(&folder)).find(|d| d.is_dir())
}

/// Compiles and tests a work file; what is known from an earlier time is not done again.
///
/// # Errors
/// When this machine has no room for a temporary folder, or the chapter has no task.
pub fn judge(chapter: u32, work: &str, known: &mut Progress, limits: Limits) -> Result<Verdict> {
    let file = |name| {
        let missing = || {
            Error::usage(
                said!("test the work of chapter {chapter}", "{chapter}장의 과제를 시험할 수 없습니다"),
                said!("the chapter has no task", "이 장에는 과제가 없음"),
            )
        };
        as_shipped(chapter, name).ok_or_else(missing)
    };
    let (task, tests) = (file("task.rs")?, beside(chapter, file("tests.rs")?));
    if work.trim() == file(WORK)?.trim() {
        return Ok(Verdict::Untouched(todo(work)));
    }
    let key = sha256(&[b"1", task.as_bytes(), tests.as_bytes(), work.as_bytes()]);
    if let Some(worked) = known.work.get(&key) {
        return Ok(tool_output::verdict(worked));
    }
    let verdict = compile_and_run(work, task, &tests, limits)?;
    if let Some(worked) = tool_output::worked(&verdict) {
        known.work.insert(key, worked);
    }
    Ok(verdict)
}

/// As shipped, the tests look for the work on the reader's desk; here both lie in one folder.
fn beside(chapter: u32, tests: &str) -> String {
    tests.replace(&format!("../../work/{}/{WORK}", name(chapter)), WORK)
}

fn todo(work: &str) -> usize {
    work.lines().position(|line| line.contains("TODO")).map_or(1, |i| i + 1)
}

fn compile_and_run(work: &str, task: &str, tests: &str, limits: Limits) -> Result<Verdict> {
    let dir = tempfile::Builder::new()
        .prefix("isolab-work-")
        .tempdir()
        .doing(|| said!("make a temporary folder for the work", "과제를 위한 임시 폴더를 만들 수 없습니다"))
        .map_err(|e| e.try_this(said!("export TMPDIR=/a/folder/with/room", "export TMPDIR=/여유가/있는/폴더")))?;
    for (name, text) in [(WORK, work), ("task.rs", task), ("tests.rs", tests)] {
        let path = dir.path().join(name);
        std::fs::write(&path, text)
            .doing(|| said!("write {path}", "{path}을(를) 쓸 수 없습니다", path = path.display()))?;
    }
    let Some(rustc) = rustc() else { return Ok(Verdict::NoCompiler) };
    let mut compiler = Command::new(rustc);
    let options = ["--edition", "2024", "--test", "-C", "debuginfo=0", "-C", "opt-level=1", "-C", "overflow-checks=on"];
    compiler.args(options).args(["--color", "never", "-A", "dead_code", "-o", "tests", "tests.rs"]);
    for name in ["RUSTFLAGS", "RUSTC_WRAPPER", "CARGO_ENCODED_RUSTFLAGS"] {
        compiler.env_remove(name);
    }
    let compiled = limits::run(compiler.current_dir(dir.path()), limits.compile)?;
    match compiled.ended {
        Ended::Well => {}
        Ended::Badly if tool_output::is_no_compiler(&compiled.said) => return Ok(Verdict::NoCompiler),
        Ended::Badly => return Ok(Verdict::DoesNotCompile(tool_output::by_the_compiler(&compiled.said))),
        Ended::TooLate => return Ok(Verdict::Endless(limits.compile.as_secs())),
    }
    let mut program = limits::small(&dir.path().join("tests"));
    program.args(["--color", "never", "--test-threads", "2"]).env("RUST_BACKTRACE", "0").current_dir(dir.path());
    let ran = limits::run(&mut program, limits.run)?;
    let expected = tests.lines().filter(|l| l.trim() == "#[test]").count();
    Ok(match ran.ended {
        Ended::TooLate => Verdict::Endless(limits.run.as_secs()),
        Ended::Badly => Verdict::Failed(tool_output::by_the_tests(&ran.said)),
        Ended::Well if tool_output::passed(&ran.said) >= expected => Verdict::Passed,
        Ended::Well => Verdict::Silent(tool_output::by_the_tests(&ran.said)),
    })
}

/// $RUSTC, else the rustc of PATH, else rustup's, which a shell without a login does not have in PATH.
fn rustc() -> Option<PathBuf> {
    let named = std::env::var_os("RUSTC").map(PathBuf::from);
    let path = std::env::var_os("PATH").unwrap_or_default();
    let of_path = std::env::split_paths(&path).map(|dir| dir.join("rustc"));
    let home = std::env::var_os("HOME").map(|home| Path::new(&home).join(".cargo/bin/rustc"));
    named.into_iter().chain(of_path).chain(home).find(|p| p.is_file())
}

/// What a reset did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reset {
    pub folder: PathBuf,
    /// Copies of what the reader had changed.
    pub kept: Vec<PathBuf>,
    /// Was anything written?
    pub changed: bool,
}

/// Puts the chapter's task on the desk as it was shipped; what a reader had changed is kept beside it.
///
/// # Errors
/// `Usage` when the chapter has no task; else why it could not be written.
pub fn reset(dir: &Path, chapter: u32) -> Result<Reset> {
    if as_shipped(chapter, WORK).is_none() {
        return Err(Error::usage(
            said!("reset chapter {chapter}", "{chapter}장의 과제를 처음으로 되돌릴 수 없습니다"),
            said!("the chapter has no task", "이 장에는 과제가 없음"),
        ));
    }
    let folder = work_dir(dir, chapter).unwrap_or_else(|| dir.join(FOLDER).join("work").join(name(chapter)));
    make_folder(&folder)
        .map_err(|e| e.try_this(said!("cd to a folder that you may write to", "쓸 수 있는 폴더로 cd 하십시오")))?;
    let mut done = Reset { folder: folder.clone(), kept: Vec::new(), changed: false };
    for (file, text) in FILES.iter().filter_map(|file| Some((*file, as_shipped(chapter, file)?))) {
        let path = folder.join(file);
        let old = as_caller(&path, || if path.is_file() { std::fs::read(&path) } else { Ok(Vec::new()) }).ok(); // a copy of it becomes his
        if old.as_deref() == Some(text.as_bytes()) {
            continue;
        }
        if let Some(old) = old.filter(|old| !old.is_empty()) {
            let copy = unused(&path, "before-reset");
            write_atomically(&copy, &old)?;
            done.kept.push(copy);
        }
        write_atomically(&path, text.as_bytes())?;
        done.changed = true;
    }
    Ok(done)
}

#[cfg(test)]
mod tests {
    use super::*;

    const TASK: &str = "pub trait Double { fn double(&self, n: i64) -> i64; }\n";
    const TESTS: &str = "#[path = \"task.rs\"]\nmod task;\n#[path = \"work.rs\"]\nmod work;\nuse task::Double;\n\
        #[test]\nfn two() {\n    assert_eq!(work::It.double(2), 4, \"twice two\");\n}\n\
        #[test]\nfn none() {\n    assert_eq!(work::It.double(0), 0);\n}\n";

    fn work(body: &str) -> String {
        format!(
            "use crate::task::Double;\npub struct It;\nimpl Double for It {{ fn double(&self, n: i64) -> i64 {{ {body} }} }}\n"
        )
    }

    fn limits(run: u64) -> Limits {
        Limits { compile: LIMITS.compile, run: Duration::from_millis(run) }
    }

    fn judged(work: &str) -> Verdict {
        compile_and_run(work, TASK, TESTS, limits(20_000)).unwrap()
    }

    #[test]
    fn right_wrong_and_broken_work_are_told_apart() {
        assert_eq!(judged(&work("n + n")), Verdict::Passed);
        let Verdict::Failed(said) = judged(&work("n * n + 1")) else { panic!("it is wrong") };
        assert!(said.contains("twice two") && said.contains("left: 5"), "{said}");
        let Verdict::DoesNotCompile(said) = judged(&work("n +")) else { panic!("it does not compile") };
        assert!(said.contains("work.rs:3") && !said.contains("isolab-work-"), "{said}");
    }

    #[test]
    fn work_that_avoids_its_tests_does_not_pass() {
        assert!(matches!(judged(&work("std::process::exit(0 * n as i32)")), Verdict::Silent(_)));
        assert!(matches!(judged(&work("std::process::abort()")), Verdict::Failed(_)));
    }

    #[test]
    fn a_loop_without_an_end_is_ended_with_its_children() {
        let mark = format!("31.{}", std::process::id());
        let endless = work(&format!(
            "let _ = std::process::Command::new(\"sleep\").arg(\"{mark}\").spawn(); loop {{ std::hint::black_box(n); }}"
        ));
        assert_eq!(compile_and_run(&endless, TASK, TESTS, limits(1500)).unwrap(), Verdict::Endless(1));
        let alive = |pid: std::fs::DirEntry| {
            let line = std::fs::read_to_string(pid.path().join("cmdline")).unwrap_or_default();
            line.contains("sleep") && line.contains(&mark)
        };
        assert!(!std::fs::read_dir("/proc").unwrap().flatten().any(alive), "a child of the work is left");
    }

    #[test]
    fn a_flood_of_words_is_cut() {
        let flood = work("for _ in 0..200_000 { eprintln!(\"{}\", \"x\".repeat(80)); } n");
        let Verdict::Failed(said) = judged(&flood) else { panic!("it is wrong") };
        assert!(said.len() < 8000, "{}", said.len());
    }

    #[test]
    fn a_reset_keeps_what_was_there() {
        let dir = tempfile::tempdir().unwrap();
        let first = reset(dir.path(), 2).unwrap();
        assert!(first.changed && first.kept.is_empty());
        assert_eq!(work_dir(&dir.path().join("lab-guides"), 2).unwrap(), first.folder);
        for copy in ["work.rs.before-reset", "work.rs.before-reset-2"] {
            std::fs::write(first.folder.join(WORK), copy).unwrap();
            let again = reset(dir.path(), 2).unwrap();
            assert_eq!(std::fs::read_to_string(first.folder.join(copy)).unwrap(), copy);
            assert_eq!(again.kept, [first.folder.join(copy)]);
        }
        assert!(!reset(dir.path(), 2).unwrap().changed);
        assert!(reset(dir.path(), 99).is_err());
    }
}
