//! A world of its own for one test: its temporary folder, home and results are inside one folder, so that what a run
//! leaves behind can be told from what other programs do at the same time.

use std::ffi::OsStr;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use super::{Answer, ISOLAB};

pub(crate) struct World {
    dir: tempfile::TempDir,
    links: Vec<String>,
}

/// Teardown of namespaces and cgroups goes on after the last process was reaped.
const PATIENCE: Duration = Duration::from_secs(3);

impl World {
    pub(crate) fn new() -> World {
        let dir = tempfile::Builder::new().prefix("isolab-test-").tempdir().unwrap();
        for name in ["", "tmp", "home", "results"] {
            let path = dir.path().join(name);
            fs::create_dir_all(&path).unwrap();
            fs::set_permissions(&path, fs::Permissions::from_mode(0o777)).unwrap();
        }
        World { dir, links: links() }
    }

    pub(crate) fn path(&self) -> &Path {
        self.dir.path()
    }

    pub(crate) fn join(&self, name: impl AsRef<Path>) -> PathBuf {
        self.path().join(name)
    }

    /// A file with this text; its path as an argument.
    pub(crate) fn file(&self, name: &str, text: impl AsRef<[u8]>) -> String {
        fs::write(self.join(name), text).unwrap();
        self.join(name).display().to_string()
    }

    /// A file that may be executed.
    pub(crate) fn program(&self, name: &str, bytes: impl AsRef<[u8]>) -> String {
        let path = self.file(name, bytes);
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
        path
    }

    pub(crate) fn isolab<S: AsRef<OsStr>>(&self, args: impl IntoIterator<Item = S>) -> Command {
        let mut command = Command::new(ISOLAB);
        command.args(args);
        self.settle_in(&mut command);
        command
    }

    pub(crate) fn settle_in(&self, command: &mut Command) {
        command.current_dir(self.path()).env("TMPDIR", self.join("tmp")).env("HOME", self.join("home"));
        let spoken = ["LANG", "LC_ALL", "LC_MESSAGES"]; // whatever their developer speaks, tests read English
        let others =
            ["XDG_STATE_HOME", "XDG_DATA_HOME", "SUDO_UID", "SUDO_GID", "CARGO", "ISOLAB_RUN", "RUST_BACKTRACE"];
        for name in others.into_iter().chain(spoken) {
            command.env_remove(name);
        }
    }

    pub(crate) fn run<S: AsRef<OsStr>>(&self, args: impl IntoIterator<Item = S>) -> Answer {
        super::run(&mut self.isolab(args))
    }

    pub(crate) fn bench<S: AsRef<OsStr> + Clone>(&self, args: &[S]) -> Answer {
        super::bench(|| self.isolab([OsStr::new("bench")].into_iter().chain(args.iter().map(AsRef::as_ref))))
    }

    /// `isolab clean`, which waits for no bench either.
    pub(crate) fn clean(&self) -> Answer {
        super::bench(|| self.isolab(["clean"]))
    }

    /// A bench that goes on; the caller holds the turn. It is past the lock when this returns.
    pub(crate) fn begin_bench(&self, args: &[&str]) -> Child {
        loop {
            let mut command = self.isolab(["bench"].iter().chain(args));
            let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
            let scratch = super::wait_for("the bench to begin", || {
                let begun = entries(&self.join("tmp")).iter().any(|name| name.starts_with("isolab."));
                if begun { Some(true) } else { child.try_wait().unwrap().map(|_| false) }
            });
            if scratch {
                return child;
            }
            let answer = Answer::from(child.wait_with_output().unwrap());
            assert!(answer.err.contains("another isolab bench is running"), "{answer}");
            super::wait_until_nobody_measures();
        }
    }

    /// The folder of the only run in `results`.
    #[track_caller]
    pub(crate) fn run_dir(&self) -> PathBuf {
        let runs: Vec<String> = entries(&self.join("results")).into_iter().filter(|n| n.starts_with("20")).collect();
        assert_eq!(runs.len(), 1, "{runs:?}");
        self.join("results").join(&runs[0])
    }

    /// Samples in `samples.jsonl` of the only run: whole lines after the header.
    #[track_caller]
    pub(crate) fn samples_kept(&self) -> Vec<serde_json::Value> {
        samples_in(&self.run_dir())
    }

    /// The same while it goes on; none before it has a folder.
    pub(crate) fn samples_so_far(&self) -> usize {
        let runs = entries(&self.join("results")).into_iter().filter(|n| n.starts_with("20"));
        runs.map(|name| samples_in(&self.join("results").join(name)).len()).sum()
    }

    /// `run.json` of the only run.
    #[track_caller]
    pub(crate) fn saved(&self) -> serde_json::Value {
        serde_json::from_slice(&fs::read(self.run_dir().join("run.json")).unwrap()).unwrap()
    }

    /// No process, mount, cgroup, network link, scratch folder or temporary file of this world is there any more.
    #[track_caller]
    pub(crate) fn is_clean(&self) {
        let began = Instant::now();
        loop {
            let left = self.left_behind();
            if left.is_empty() {
                return;
            }
            assert!(began.elapsed() < PATIENCE, "left behind: {left:#?}");
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    pub(crate) fn left_behind(&self) -> Vec<String> {
        let mut left = self.processes();
        let here = self.path().display().to_string();
        let mounts = fs::read_to_string("/proc/self/mountinfo").unwrap();
        left.extend(mounts.lines().filter(|l| l.contains(&here)).map(|l| format!("mount {l}")));
        left.extend(self.cgroups().iter().map(|c| format!("cgroup {}", c.display())));
        left.extend(links().into_iter().filter(|l| !self.links.contains(l)).map(|l| format!("link {l}")));
        left.extend(entries(&self.join("tmp")).into_iter().map(|n| format!("scratch {n}")));
        left.extend(temporary_files(&self.join("results")));
        left
    }

    /// Cgroups are named after the run, and a run is named by a random id or its process: so those whose run has its
    /// scratch folder, its results or its processes here are ours.
    pub(crate) fn cgroups(&self) -> Vec<PathBuf> {
        let ids = self.ids();
        let mut found = Vec::new();
        walk(Path::new("/sys/fs/cgroup"), 6, &mut |dir| {
            let name = dir.file_name().and_then(OsStr::to_str).unwrap_or_default();
            if name.strip_prefix("isolab.").is_some_and(|n| ids.iter().any(|id| n.starts_with(&format!("{id}.")))) {
                found.push(dir.to_owned());
            }
        });
        found
    }

    fn ids(&self) -> Vec<String> {
        let of_scratch = entries(&self.join("tmp")).into_iter().filter_map(|n| Some(n.strip_prefix("isolab.")?.into()));
        let of_results = entries(&self.join("results")).into_iter().filter_map(|n| Some(n.rsplit_once('-')?.1.into()));
        of_scratch.chain(of_results).collect()
    }

    /// Processes of this world: by their environment, their program, or the mounts that they see.
    fn processes(&self) -> Vec<String> {
        let here = self.path().display().to_string();
        let holds = |bytes: &[u8]| bytes.windows(here.len()).any(|w| w == here.as_bytes());
        let of_ours = |pid: &str| {
            let read = |name: &str| fs::read(format!("/proc/{pid}/{name}")).unwrap_or_default();
            let exe = fs::read_link(format!("/proc/{pid}/exe")).unwrap_or_default();
            exe.starts_with(self.path()) || holds(&read("environ")) || holds(&read("mountinfo"))
        };
        let pids = entries(Path::new("/proc")).into_iter().filter(|n| n.bytes().all(|b| b.is_ascii_digit()));
        let ours = pids.filter(|pid| *pid != std::process::id().to_string() && of_ours(pid));
        ours.map(|pid| {
            let line = fs::read_to_string(format!("/proc/{pid}/cmdline")).unwrap_or_default();
            format!("process {pid} {}", line.replace('\0', " "))
        })
        .collect()
    }

    /// Pids of probes that run now as plain processes of this world.
    pub(crate) fn probes(&self) -> Vec<i32> {
        let pids = entries(Path::new("/proc")).into_iter().filter_map(|n| n.parse::<i32>().ok());
        pids.filter(|pid| {
            let exe = fs::read_link(format!("/proc/{pid}/exe")).unwrap_or_default();
            exe.starts_with(self.path()) && exe.ends_with("probe")
        })
        .collect()
    }
}

fn samples_in(run: &Path) -> Vec<serde_json::Value> {
    let text = fs::read_to_string(run.join("samples.jsonl")).unwrap_or_default();
    text.lines().skip(1).filter_map(|line| serde_json::from_str(line).ok()).collect()
}

pub(crate) fn entries(dir: &Path) -> Vec<String> {
    let Ok(list) = fs::read_dir(dir) else { return Vec::new() };
    list.flatten().map(|e| e.file_name().to_string_lossy().into_owned()).collect()
}

fn links() -> Vec<String> {
    entries(Path::new("/sys/class/net"))
}

fn temporary_files(results: &Path) -> Vec<String> {
    let mut found = Vec::new();
    let mut look = |dir: &Path| {
        let hidden = entries(dir).into_iter().filter(|n| n.starts_with('.'));
        found.extend(hidden.map(|n| format!("temporary file {}", dir.join(n).display())));
    };
    look(results);
    walk(results, 3, &mut |dir| look(dir));
    found
}

fn walk(dir: &Path, depth: u32, visit: &mut dyn FnMut(&Path)) {
    let Ok(list) = fs::read_dir(dir) else { return };
    for entry in list.flatten() {
        if depth > 0 && entry.file_type().is_ok_and(|t| t.is_dir()) {
            visit(&entry.path());
            walk(&entry.path(), depth - 1, visit);
        }
    }
}
