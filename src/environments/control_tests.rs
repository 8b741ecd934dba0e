//! What instances answer while they run.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use super::container::OwnContainer;
use super::fake::Fake;
use super::life::Life;
use super::process::PlainProcess;
use super::testing::task;
use super::vm_bare::VmBare;
use super::{Environment, Event, Knobs, Reply, Setting, Support, Verb};
use crate::model::{Exit, Part, Rootfs, Task};
use crate::proc_stat::Stat;

fn begin(env: &dyn Environment, knobs: &[&str], task: &Task, dir: &Path) -> Option<Life> {
    let knobs = Knobs::parse(env, knobs).unwrap();
    if let Support::No { reason, .. } = env.supports(&knobs, task) {
        crate::testing::skip(format_args!("control of {}: {reason}", env.about().id));
        return None;
    }
    let prepared = env.prepare(&knobs, task, &Setting::at(dir)).unwrap();
    Some(Life::begin(&*prepared).unwrap())
}

/// A shell that is never idle: it makes processes all the time, so that there is always one to miss.
fn busy() -> Task {
    let path = ("PATH".into(), "/usr/bin:/bin".into());
    Task { rootfs: Rootfs::Dir("/".into()), env: vec![path], ..task(&["sh", "-c", "while :; do (:) & :; wait; done"]) }
}

fn amount(life: &mut Life, what: &str) -> u64 {
    let Reply::Stats(parts) = life.control(Verb::Stats).unwrap() else { panic!("no stats") };
    let of = |part: &&Part| part.what == what;
    parts.iter().find(of).unwrap_or_else(|| panic!("{what} in {parts:?}")).amount
}

/// All that is in the container's cgroup, by what the kernel says of each: does any of it run?
fn states(cgroup: &Path) -> String {
    let pids = fs::read_to_string(cgroup.join("cgroup.procs")).unwrap();
    let ticks = |pid: &str| format!("{pid} {:?} ", Stat::read(Path::new("/proc"), pid).map(|stat| stat.cpu_ticks));
    pids.lines().map(ticks).collect()
}

fn within_seconds(mut true_at_last: impl FnMut() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(10);
    while !true_at_last() {
        assert!(Instant::now() < deadline, "it stays as it is");
        std::thread::sleep(Duration::from_millis(5));
    }
}

fn own_cgroup() -> PathBuf {
    let children = fs::read_to_string("/proc/thread-self/children").unwrap();
    let pid = children.split_whitespace().last().unwrap();
    let text = fs::read_to_string(format!("/proc/{pid}/cgroup")).unwrap();
    let below = |line: &str| {
        let (head, path) = line.rsplit_once(":/")?;
        let controller = head.split(':').nth(1)?;
        path.contains("isolab.").then(|| Path::new("/sys/fs/cgroup").join(controller).join(path))
    };
    text.lines().filter_map(below).find(|folder| folder.join("cgroup.procs").exists()).unwrap()
}

#[test]
fn a_paused_container_stands_still_and_goes_on() {
    let dir = tempfile::tempdir().unwrap();
    let Some(mut life) = begin(&OwnContainer, &[], &busy(), dir.path()) else { return };
    let cgroup = own_cgroup();
    let pause = Duration::from_millis(60);
    std::thread::sleep(pause);
    for _ in 0..5 {
        assert_eq!(life.control(Verb::Pause).unwrap(), Reply::Done);
        assert_eq!(life.control(Verb::Pause).unwrap(), Reply::Done, "a second time changes nothing");
        let before = states(&cgroup);
        assert!(!before.is_empty());
        std::thread::sleep(pause);
        assert_eq!(states(&cgroup), before, "nothing runs and nothing is made");
        assert_eq!(life.next(Instant::now()).unwrap(), Event::TimedOut);
        assert_eq!(life.control(Verb::Resume).unwrap(), Reply::Done);
        within_seconds(|| states(&cgroup) != before);
    }
    assert_eq!(life.end().unwrap().outcome.exit, Exit::Signal(9));
}

#[test]
fn a_paused_container_can_be_ended_and_leaves_nothing() {
    for _ in 0..5 {
        let dir = tempfile::tempdir().unwrap();
        let Some(mut life) = begin(&OwnContainer, &[], &busy(), dir.path()) else { return };
        let name = own_cgroup().file_name().unwrap().to_owned();
        life.control(Verb::Pause).unwrap();
        let start = Instant::now();
        life.end().unwrap();
        assert!(start.elapsed() < Duration::from_secs(5));
        for tree in ["", "freezer", "memory", "pids", "cpu"] {
            let folder = Path::new("/sys/fs/cgroup").join(tree).join(&name);
            assert!(!folder.exists(), "{}", folder.display());
        }
    }
}

#[test]
fn stats_grow_with_use() {
    let dir = tempfile::tempdir().unwrap();
    let spin = Task { rootfs: Rootfs::Dir("/".into()), ..task(&["/bin/sh", "-c", "while :; do :; done"]) };
    let Some(mut life) = begin(&OwnContainer, &[], &spin, dir.path()) else { return };
    std::thread::sleep(Duration::from_millis(50));
    let first = amount(&mut life, "CPU time");
    within_seconds(|| amount(&mut life, "CPU time") > first);
    assert!(amount(&mut life, "private") > 0 && amount(&mut life, "tasks") == 1);
}

/// "Cannot" is an answer with a reason, not an error; and each environment says what the others do.
#[test]
fn every_environment_answers_every_verb() {
    let exec = || Verb::Exec(vec!["true".into()]);
    let all: [(&dyn Environment, Task); 4] = [
        (&PlainProcess, task(&["sleep", "100"])),
        (&OwnContainer, Task { rootfs: Rootfs::Dir("/".into()), ..task(&["/bin/sleep", "100"]) }),
        (&VmBare, super::testing::probe_task(&["hold"], 1)),
        (&Fake::PLAIN, task(&["anything"])),
    ];
    for (env, task) in all {
        let dir = tempfile::tempdir().unwrap();
        let Some(mut life) = begin(env, &[], &task, dir.path()) else { continue };
        let id = env.about().id;
        assert!(matches!(life.control(Verb::Stats).unwrap(), Reply::Stats(parts) if !parts.is_empty()), "{id}");
        let stands_still = ["container", "vm-bare"].contains(&id);
        for (verb, can) in
            [(Verb::Pause, stands_still), (Verb::Resume, stands_still), (exec(), false), (Verb::Snapshot, false)]
        {
            match life.control(verb.clone()).unwrap() {
                Reply::Done => assert!(can, "{id} cannot {verb:?}"),
                Reply::Unsupported(why) => assert!(!can && why.len() > 10, "{id} {verb:?}: {why}"),
                Reply::Stats(_) => panic!("{id}: {verb:?} is no question"),
            }
        }
    }
}
