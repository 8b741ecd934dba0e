//! What every test of the built binary needs: a world of its own to run it in, a look at what it left there, and turns at
//! the lock that lets only one bench measure on a machine.
#![allow(dead_code)] // each test binary uses a part of it
#![allow(clippy::unwrap_used, clippy::missing_panics_doc, clippy::must_use_candidate)]

pub(crate) mod cards;
pub(crate) mod guide;
pub(crate) mod swapping;
pub(crate) mod world;

use std::ffi::OsStr;
use std::process::{Command, Output, Stdio};
use std::sync::{Mutex, MutexGuard, OnceLock};
use std::time::{Duration, Instant};

use isolab::sys::seccomp::{Instruction, install};
pub(crate) use world::World;

pub(crate) const ISOLAB: &str = env!("CARGO_BIN_EXE_isolab");

/// A test that cannot run here says so by name. Written past the capture of passing tests, so that CI can collect it.
pub(crate) fn skip(name: &str, reason: &str) {
    isolab::testing::skip(format_args!("{name}: {reason}"));
}

pub(crate) fn root() -> bool {
    nix::unistd::Uid::effective().is_root()
}

/// What the binary said, and how it ended.
#[derive(Debug)]
pub(crate) struct Answer {
    /// Its exit code; 128 + n when signal n killed it.
    pub(crate) code: i32,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl From<Output> for Answer {
    fn from(output: Output) -> Answer {
        use std::os::unix::process::ExitStatusExt;
        let code = output.status.code().unwrap_or_else(|| 128 + output.status.signal().unwrap());
        let text = |bytes| String::from_utf8(bytes).expect("isolab speaks UTF-8");
        Answer { code, out: text(output.stdout), err: text(output.stderr) }
    }
}

impl Answer {
    #[track_caller]
    pub(crate) fn ends_with(&self, code: i32) -> &Answer {
        assert_eq!(self.code, code, "{self}");
        assert!(!self.err.contains("a bug in isolab") && !self.err.contains("panicked"), "{self}");
        self
    }

    /// An error in three answers on stderr: what was being done, the cause, what to try.
    #[track_caller]
    pub(crate) fn refuses(&self, code: i32, doing: &str, cause: &str, advice: &str) -> &Answer {
        self.ends_with(code);
        let line = |start: &str| self.err.lines().find_map(|l| l.strip_prefix(start)).unwrap_or_default();
        assert!(line("error: could not ").contains(doing), "no {doing:?} in: {self}");
        assert!(line("cause: ").contains(cause), "no {cause:?} in: {self}");
        assert!(!line("try:   ").is_empty() && line("try:   ").contains(advice), "no {advice:?} in: {self}");
        self
    }

    #[track_caller]
    pub(crate) fn says(&self, text: &str) -> &Answer {
        // Long lines are wrapped for the terminal, so the words count and not the breaks between them.
        let words = |s: &str| s.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(words(&format!("{} {}", self.out, self.err)).contains(&words(text)), "no {text:?} in: {self}");
        self
    }
}

impl std::fmt::Display for Answer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "exit code {}\n--- stdout\n{}\n--- stderr\n{}", self.code, self.out, self.err)
    }
}

/// The right to run `bench`: the lock is one for the whole machine, so tests in this binary take turns, and all of them
/// wait for any other bench that runs.
pub(crate) struct Turn(#[allow(dead_code)] MutexGuard<'static, ()>);

const PATIENCE: Duration = Duration::from_secs(300);

pub(crate) fn my_turn() -> Turn {
    static TURN: Mutex<()> = Mutex::new(());
    let guard = TURN.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    wait_until_nobody_measures();
    Turn(guard)
}

fn wait_until_nobody_measures() {
    let began = Instant::now();
    while isolab::bench::lock::alone().is_err() {
        assert!(began.elapsed() < PATIENCE, "another bench does not end");
        std::thread::sleep(Duration::from_millis(50));
    }
}

/// Runs a bench to its end; again when somebody else was quicker at the lock.
pub(crate) fn bench(command: impl Fn() -> Command) -> Answer {
    loop {
        let turn = my_turn();
        let answer = run(&mut command());
        drop(turn);
        if !answer.err.contains("another isolab bench is running") {
            return answer;
        }
    }
}

pub(crate) fn run(command: &mut Command) -> Answer {
    command.stdin(Stdio::null()).output().unwrap_or_else(|e| panic!("{command:?}: {e}")).into()
}

/// `isolab run` of the probe as this arm ends well: then the environment works here.
pub(crate) fn works(arm: &'static str) -> Result<(), String> {
    static KNOWN: Mutex<Vec<(&str, Result<(), String>)>> = Mutex::new(Vec::new());
    let mut known = KNOWN.lock().unwrap();
    if let Some((_, answer)) = known.iter().find(|(a, _)| *a == arm) {
        return answer.clone();
    }
    let world = World::new();
    let answer = run(&mut world.isolab(["run", "--as", arm, "--", "probe", "noop"]));
    let result = if answer.code == 0 { Ok(()) } else { Err(answer.err.lines().collect::<Vec<_>>().join("; ")) };
    known.push((arm, result.clone()));
    result
}

/// True when the environment works; else the test is skipped by name.
pub(crate) fn needs(test: &str, arm: &'static str) -> bool {
    works(arm).map_err(|reason| skip(test, &format!("{arm} does not work here: {reason}"))).is_ok()
}

/// True when `unshare` may make a mount namespace, with a user namespace around it for those who are not root.
pub(crate) fn needs_own_mounts(test: &str) -> bool {
    static WORKS: OnceLock<bool> = OnceLock::new();
    let works = *WORKS.get_or_init(|| {
        let mount = ["sh", "-c", "mount -t tmpfs none /tmp"];
        Command::new("unshare").arg(unshare_flags()).args(mount).output().is_ok_and(|o| o.status.success())
    });
    if !works {
        skip(test, "no mount namespace of its own: unshare -m, or unshare -rm, does not work here");
    }
    works
}

fn unshare_flags() -> &'static str {
    if root() { "-m" } else { "-rm" }
}

/// `script`, then the command, in a mount namespace that ends with it. `$D` is the world's folder.
pub(crate) fn with_own_mounts<S: AsRef<OsStr>>(
    world: &World,
    script: &str,
    args: impl IntoIterator<Item = S>,
) -> Command {
    let script = format!("set -e; D='{}'; {script}; exec \"$@\"", world.path().display());
    let mut command = Command::new("unshare");
    command.args([unshare_flags(), "sh", "-c", &script, "sh", ISOLAB]).args(args);
    world.settle_in(&mut command);
    command
}

/// A root folder with these programs of the host and the libraries that they name; why not, where the host has not all.
pub(crate) fn root_with(root: &std::path::Path, programs: &[&str]) -> Result<(), String> {
    for folder in ["proc", "dev", "sys"] {
        std::fs::create_dir_all(root.join(folder)).unwrap();
    }
    for program in programs {
        let listed = Command::new("ldd").arg(program).output().map_err(|error| format!("ldd: {error}"))?;
        let text = String::from_utf8_lossy(&listed.stdout).into_owned();
        for file in text.split_whitespace().filter(|word| word.starts_with('/')).chain([*program]) {
            let place = root.join(file.trim_start_matches('/').trim_end_matches(':'));
            std::fs::create_dir_all(place.parent().unwrap()).unwrap();
            std::fs::copy(file.trim_end_matches(':'), &place).map_err(|error| format!("copy {file}: {error}"))?;
        }
    }
    Ok(())
}

/// Waits until `done` says Some, but no longer than a test may take.
#[track_caller]
pub(crate) fn wait_for<T>(what: &str, mut done: impl FnMut() -> Option<T>) -> T {
    let began = Instant::now();
    loop {
        if let Some(found) = done() {
            return found;
        }
        assert!(began.elapsed() < Duration::from_secs(30), "waited 30 s for {what}");
        std::thread::sleep(Duration::from_millis(2));
    }
}

/// The library's own error must not be the only one that knows the exit codes: they are part of the interface.
pub(crate) mod code {
    pub(crate) const OK: i32 = 0;
    pub(crate) const FAILED: i32 = 1;
    pub(crate) const USAGE: i32 = 2;
    pub(crate) const NOTHING_RAN: i32 = 3;
    pub(crate) const OURS_IN_RUN: i32 = 125;
    pub(crate) const NOT_EXECUTABLE: i32 = 126;
    pub(crate) const NOT_FOUND: i32 = 127;
    pub(crate) const SIGINT: i32 = 130;
    pub(crate) const SIGTERM: i32 = 143;
}

/// EPERM for ioctl(…, KVM_RUN, …), for this thread and all that it starts.
pub(crate) fn refuse_kvm_run() {
    const KVM_RUN: u32 = 0xae80;
    let (number, request) = (0, 24); // where seccomp_data has the call and the low half of its second argument
    let load = |at| Instruction { code: (libc::BPF_LD | libc::BPF_W | libc::BPF_ABS) as u16, jt: 0, jf: 0, k: at };
    let skip_unless = |value, count| Instruction {
        code: (libc::BPF_JMP | libc::BPF_JEQ | libc::BPF_K) as u16,
        jt: 0,
        jf: count,
        k: value,
    };
    let answer = |with| Instruction { code: (libc::BPF_RET | libc::BPF_K) as u16, jt: 0, jf: 0, k: with };
    nix::sys::prctl::set_no_new_privs().unwrap();
    install(
        &[
            load(number),
            skip_unless(libc::SYS_ioctl as u32, 3),
            load(request),
            skip_unless(KVM_RUN, 1),
            answer(libc::SECCOMP_RET_ERRNO | libc::EPERM as u32),
            answer(libc::SECCOMP_RET_ALLOW),
        ],
        0,
    )
    .unwrap();
}
