//! One whole life of an instance, for the tests of environments.

use std::ffi::OsString;
use std::time::{Duration, Instant};

use super::life::{Ended, Life};
use super::{Environment, Knobs, Setting, Support};
use crate::error::Result;
use crate::model::{Exit, Io, Limits, Record, Rootfs, Task};
use crate::probe::abi;
use crate::timeline::{Stage, Timeline};

/// A task that sends no records: a program of the host.
pub(crate) fn task(argv: &[&str]) -> Task {
    Task {
        rootfs: Rootfs::Probe,
        argv: argv.iter().map(OsString::from).collect(),
        env: Vec::new(),
        io: Io::Null,
        limits: Limits::default(),
        ready: false,
        init: false,
        disks: Vec::new(),
        release: None,
    }
}

/// The probe with a workload and a nonce.
pub(crate) fn probe_task(workload: &[&str], nonce: u64) -> Task {
    let argv = [&["/probe"], workload].concat();
    Task { env: vec![(abi::ENV_NONCE.into(), nonce.to_string().into())], ready: true, ..task(&argv) }
}

#[derive(Debug)]
pub(crate) struct Story {
    pub(crate) exit: Exit,
    pub(crate) records: Vec<Record>,
    pub(crate) clock: Timeline,
}

impl Story {
    /// prepare, create, start, wait to the end, destroy.
    ///
    /// Once more where the program's file is "busy": a child of another test's thread still has our descriptor of it, until it
    /// executes something. A worker has one thread.
    pub(crate) fn of(env: &dyn Environment, knobs: &[&str], task: &Task) -> Result<Story> {
        let busy =
            |story: &Result<Story>| story.as_ref().is_err_and(|error| error.to_string().contains("Text file busy"));
        let mut stories = (0..20).map(|_| Story::once(env, knobs, task));
        stories.find(|story| !busy(story)).unwrap_or_else(|| Story::once(env, knobs, task))
    }

    fn once(env: &dyn Environment, knobs: &[&str], task: &Task) -> Result<Story> {
        let dir = tempfile::tempdir().unwrap();
        let knobs = Knobs::parse(env, knobs)?;
        let prepared = env.prepare(&knobs, task, &Setting::at(dir.path()))?;
        let mut life = Life::begin(&*prepared)?;
        let exit = life.until_exit(Instant::now() + Duration::from_secs(20))?;
        let Ended { outcome, clock, records } = life.end()?;
        assert_eq!(outcome.exit, exit, "destroy tells the same end as wait");
        Ok(Story { exit, records, clock })
    }

    /// The command lines of all children of this test's thread.
    pub(crate) fn children_of_this_thread() -> String {
        let children = std::fs::read_to_string("/proc/thread-self/children").unwrap_or_default();
        let line = |pid| std::fs::read_to_string(format!("/proc/{pid}/cmdline")).unwrap_or_default();
        children.split_whitespace().map(line).collect()
    }
}

/// The noop probe proves itself, in order, with a timeline that makes sense. False when it is not supported here.
pub(crate) fn run_noop(env: &dyn Environment, knobs: &[&str]) -> bool {
    let nonce = 0x1234_5678;
    let task = probe_task(&["noop"], nonce);
    if let Support::No { reason, .. } = env.supports(&Knobs::parse(env, knobs).unwrap(), &task) {
        crate::testing::skip(format_args!("{} {knobs:?}: {reason}", env.about().id));
        return false;
    }
    let story = Story::of(env, knobs, &task).unwrap();
    assert_eq!(story.exit, Exit::Code(abi::exit_status(nonce)), "{knobs:?}");
    let kinds: Vec<u64> = story.records.iter().map(|r| r.kind).collect();
    assert_eq!(kinds, [abi::READY, abi::DONE], "{knobs:?}");
    assert_eq!(story.records[0].value, abi::proof(nonce, abi::READY, 0));
    let until = |stage| story.clock.until_ns(stage).unwrap_or_else(|| panic!("{stage:?} {:?}", story.clock));
    assert!(until(Stage::Create) > 0);
    assert!(until(Stage::Create) < until(Stage::Ready) || knobs.contains(&"vfork"));
    assert!(until(Stage::Ready) < until(Stage::Exit) && until(Stage::Exit) < until(Stage::Reap));
    true
}
