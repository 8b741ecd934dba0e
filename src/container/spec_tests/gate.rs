//! Who starts a container through a FIFO, and who is left.

use super::*;
use crate::container::gate::{Gate, open_fifo};

pub(super) fn forked(detachable: bool) -> Place {
    Place {
        root: Folder::open(Path::new("/")).unwrap(),
        confined: None,
        cgroup: None,
        cgroup_name: String::new(),
        id: "a-b".into(),
        bundle: "/bundle".into(),
        ignored: Ignored::now(),
        fork: true,
        detachable,
    }
}

/// The creator has given it up, and another process opens the gate; a second time nobody is there.
#[test]
fn another_process_starts_it_through_a_fifo() {
    if !is_root("another_process_starts_it_through_a_fifo") {
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let fifo = dir.path().join("exec.fifo");
    let spec = shell("echo started");
    let far = |file: std::os::fd::OwnedFd| crate::sys::fds::out_of_the_way(file.as_fd()).unwrap();
    let (mut output, theirs) = std::io::pipe().map(|(ours, theirs)| (ours, far(theirs.into()))).unwrap();
    let given = [None, Some(theirs.as_fd()), Some(theirs.as_fd()), None, None];
    let files = Files { given, null: [false; 5], console: None };
    let (mut clock, pid) = (Timeline::new(), AtomicU64::new(0));
    clock.begin();
    let tied = Plan::compile(&spec, forked(false)).unwrap();
    let gate = Gate::Fifo(dir.path().join("other"));
    let refused = create(&tied, &files, Handshake::at(&gate).unwrap(), &pid, &mut clock).unwrap_err();
    assert_eq!(refused.kind, Kind::Usage, "{refused}");
    let plan = Plan::compile(&spec, forked(true)).unwrap();
    let handshake = Handshake::at(&Gate::Fifo(fifo.clone())).unwrap();
    let container = create(&plan, &files, handshake, &pid, &mut clock).unwrap();
    container.handshake().wait_for_child(std::time::Duration::from_secs(10));
    let mut noted = None;
    let note = |handle: &Handle| {
        noted = Some(handle.clone());
        Ok(())
    };
    let handle = container.leave(note).unwrap();
    assert_eq!(noted.as_ref(), Some(&handle), "written down before it is let go");
    let pid = handle.pid;
    drop(theirs);
    let third = dir.path().join("third");
    let waiting = Handshake::at(&Gate::Fifo(third.clone())).unwrap();
    open_fifo(&third).and_then(|()| Handshake::wait(waiting.gate()).doing(|| "wait")).unwrap();
    let waits = std::fs::read_link(format!("/proc/{pid}/exe")).unwrap();
    assert_eq!(waits, std::env::current_exe().unwrap(), "it waits at its program's door");
    open_fifo(&fifo).unwrap();
    let mut text = String::new();
    output.read_to_string(&mut text).unwrap();
    nix::sys::wait::waitpid(nix::unistd::Pid::from_raw(pid), None).unwrap();
    assert_eq!(text, "started\n");
    assert!(open_fifo(&fifo).unwrap_err().to_string().contains("runs already"));
}

/// With ids to wait for, too; it begins when its creator lets it go. That an opener does not stand for the ids is shown beside
/// the handshake. Of two openers one is the second, whenever he comes.
#[test]
fn a_fifo_may_be_opened_once_before_there_is_a_child() {
    if !is_root("a_fifo_may_be_opened_once_before_there_is_a_child") {
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let fifo = dir.path().join("exec.fifo");
    let mut spec = shell("exit 7");
    spec.ids = Some(IdMap::MANY);
    spec.namespaces.push(Namespace { name: "user".into(), source: Source::New });
    let plan = Plan::compile(&spec, forked(true)).unwrap();
    let files = Files { given: [None; 5], null: [false; 5], console: None };
    let (mut clock, pid) = (Timeline::new(), AtomicU64::new(0));
    clock.begin();
    let handshake = Handshake::at(&Gate::Fifo(fifo.clone())).unwrap();
    open_fifo(&fifo).unwrap();
    let second = || open_fifo(&fifo).unwrap_err().cause;
    assert_eq!(second(), "somebody has started it before");
    let mut container = create(&plan, &files, handshake, &pid, &mut clock).unwrap();
    container.handshake().wait_for_child(std::time::Duration::from_secs(10));
    assert_eq!(second(), "somebody has started it before");
    let third = container.start(&plan, &files, &pid, &mut clock).unwrap_err();
    assert_eq!(third.cause, "somebody has started it before");
    assert!(!container.process().unwrap().has_ended(), "its creator has not let it go");
    let handle = container.leave(|_| Ok(())).unwrap();
    let pid = nix::unistd::Pid::from_raw(handle.pid);
    assert_eq!(nix::sys::wait::waitpid(pid, None), Ok(nix::sys::wait::WaitStatus::Exited(pid, 7)));
    assert_eq!(second(), "it runs already, or has ended");
}

/// Whoever cannot write down what he leaves ends it.
#[test]
fn what_nobody_has_noted_is_not_left() {
    if !is_root("what_nobody_has_noted_is_not_left") {
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let plan = Plan::compile(&shell("exit 0"), forked(true)).unwrap();
    let files = Files { given: [None; 5], null: [false; 5], console: None };
    let (mut clock, pid) = (Timeline::new(), AtomicU64::new(0));
    clock.begin();
    let handshake = Handshake::at(&Gate::Fifo(dir.path().join("exec.fifo"))).unwrap();
    let container = create(&plan, &files, handshake, &pid, &mut clock).unwrap();
    let held = crate::sys::pidfd::open(container.process().unwrap().pid()).unwrap();
    let full =
        |_: &Handle| Err(Error::new(Said::english("write state.json"), Said::english("No space left on device")));
    assert_eq!(container.leave(full).unwrap_err().doing, "write state.json");
    assert_eq!(crate::sys::pidfd::signal(&held, 0), Err(Errno::ESRCH));
}

/// He is killed when the ids are mapped, and nobody knows the child: it ends with him, and does not wait for ever.
#[test]
fn a_detached_child_ends_with_a_creator_who_has_not_left_it() {
    if !is_root("a_detached_child_ends_with_a_creator_who_has_not_left_it") {
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let this = "container::spec_tests::gate::creator";
    let mut creator = std::process::Command::new(std::env::current_exe().unwrap())
        .args(["--exact", this, "--ignored", "--nocapture", "--test-threads=1"])
        .env("ISOLAB_TEST_FIFO", dir.path().join("exec.fifo"))
        .stdout(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    let lines = std::io::BufRead::lines(std::io::BufReader::new(creator.stdout.take().unwrap()));
    let pid: i32 = lines.map_while(Result::ok).find_map(|line| line.strip_prefix("child ")?.parse().ok()).unwrap();
    let child = crate::sys::pidfd::open(pid).unwrap();
    creator.kill().and_then(|()| creator.wait()).unwrap();
    let ended = || crate::sys::pidfd::signal(&child, 0) == Err(Errno::ESRCH);
    let deadline = std::time::Instant::now() + std::time::Duration::from_secs(10);
    while !ended() {
        assert!(std::time::Instant::now() < deadline, "it waits for ever");
        std::thread::sleep(std::time::Duration::from_millis(5));
    }
}

#[test]
#[ignore = "run by the test above"]
fn creator() {
    let fifo = std::env::var_os("ISOLAB_TEST_FIFO").expect("run by the test above");
    let mut spec = shell("exit 0");
    spec.ids = Some(IdMap::MANY);
    spec.namespaces.push(Namespace { name: "user".into(), source: Source::New });
    let plan = Plan::compile(&spec, forked(true)).unwrap();
    let files = Files { given: [None; 5], null: [false; 5], console: None };
    let (mut clock, pid) = (Timeline::new(), AtomicU64::new(0));
    clock.begin();
    let container = create(&plan, &files, Handshake::at(&Gate::Fifo(fifo.into())).unwrap(), &pid, &mut clock).unwrap();
    container.handshake().wait_for_child(std::time::Duration::from_secs(10));
    println!("\nchild {}", container.process().unwrap().pid());
    std::thread::sleep(std::time::Duration::from_secs(60));
}
