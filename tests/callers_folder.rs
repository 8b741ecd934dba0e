//! sudo in a user's own folder, where he exchanges a folder for a link to one of root's while isolab writes: nothing of root's
//! changes hands, is replaced or comes to light.
//!
//! Each writer is tried a few times; `ISOLAB_RACES=1000 cargo test --test all callers_folder` tries each a thousand times. Root's
//! folder is a canary of the test's own.
use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::common::swapping::Swapping;
use crate::common::{Answer, World, root, run, skip};

const USER: u32 = 12_345;
const CANARY: &str = "what only root may read";

/// A home of the user's, and beside it root's folder with everything in it that isolab might write.
struct Place {
    world: World,
    home: PathBuf,
    secret: PathBuf,
}

impl Place {
    fn new() -> Place {
        let world = World::new();
        fs::set_permissions(world.path(), fs::Permissions::from_mode(0o755)).unwrap();
        let [home, secret] = ["user", "secret"].map(|name| world.join(name));
        for folder in [home.clone(), secret.clone(), secret.join("isolab"), home.join("out")] {
            fs::create_dir(&folder).unwrap();
        }
        let names =
            ["run.json", "samples.jsonl", "samples.csv", "report.html", "report.md", "boot-ecdf.svg", "work.rs"];
        let below = ["progress.json", "predictions.jsonl", "host-id"].map(|name| format!("isolab/{name}"));
        for name in names.map(str::to_owned).iter().chain(&below).chain(&["isolab.1".to_owned()]) {
            fs::write(secret.join(name), CANARY).unwrap();
            fs::set_permissions(secret.join(name), fs::Permissions::from_mode(0o600)).unwrap();
        }
        symlink(&secret, home.join("trap")).unwrap();
        let place = Place { world, home, secret };
        place.give_home();
        place
    }

    /// All that is in it becomes the user's.
    fn give_home(&self) {
        let status = Command::new("chown").args(["-hR", &format!("{USER}:{USER}")]).arg(&self.home).status().unwrap();
        assert!(status.success());
    }

    fn sudo(&self, args: &[&str]) -> Command {
        let mut command = self.world.isolab(args);
        command.current_dir(&self.home).env("HOME", &self.home).env("XDG_STATE_HOME", self.home.join("out"));
        command.env("SUDO_UID", USER.to_string()).env("SUDO_GID", USER.to_string());
        command
    }

    /// A run of his, beside `out`.
    fn measured(&self) {
        let args = ["bench", "-e", "process", "-x", "boot", "--blocks", "2", "--results", "runs", "-o", "run.json"];
        crate::common::bench(|| {
            let mut command = self.sudo(&args);
            command.env("XDG_STATE_HOME", self.home.join("state"));
            command
        })
        .ends_with(0);
    }

    /// One run of a command while `out` is root's folder half of the time; of what is there, only `out` may change.
    fn race(&self, what: &str, command: impl Fn() -> Answer) {
        self.race_after(what, || (), command);
    }

    /// `prepare` begins each of them, undisturbed.
    fn race_after(&self, what: &str, prepare: impl Fn(), command: impl Fn() -> Answer) {
        let before = snapshot(&self.secret);
        for _ in 0..tries() {
            prepare();
            self.give_home();
            let swapping = Swapping::of(self.home.join("out"), self.home.join("trap"));
            let answer = command();
            drop(swapping);
            assert!(!answer.err.contains("panicked") && !answer.err.contains(CANARY), "{what}: {answer}");
            assert!(!answer.out.contains(CANARY), "{what}: {answer}");
            assert_eq!(snapshot(&self.secret), before, "{what}: {answer}");
            for (path, uid, text) in snapshot(&self.home) {
                assert!(uid == USER && !text.contains(CANARY), "{what}: {} of user {uid}: {answer}", path.display());
            }
        }
    }
}

fn tries() -> usize {
    std::env::var("ISOLAB_RACES").ok().and_then(|n| n.parse().ok()).unwrap_or(6)
}

/// (path, owner, contents) of everything below, links as what they are.
fn snapshot(folder: &Path) -> Vec<(PathBuf, u32, String)> {
    let mut found = Vec::new();
    for name in crate::common::world::entries(folder) {
        let path = folder.join(name);
        let about = fs::symlink_metadata(&path).unwrap();
        let text = if about.is_file() {
            String::from_utf8_lossy(&fs::read(&path).unwrap()).into_owned()
        } else {
            String::new()
        };
        found.push((path.clone(), about.uid(), text));
        if about.is_dir() {
            found.extend(snapshot(&path));
        }
    }
    found.sort();
    found
}

fn needs_root(test: &str) -> bool {
    if !root() {
        skip(test, "only root has a caller");
    }
    root()
}

fn bench_writes_only_what_its_caller_could() {
    if !needs_root("bench_writes_only_what_its_caller_could") {
        return;
    }
    let place = Place::new();
    let args = ["bench", "-e", "process", "-x", "boot", "--blocks", "2", "--results", "out", "-o", "out/run.json"];
    place.race("bench", || crate::common::bench(|| place.sudo(&args)));
}

fn report_and_charts_are_written_only_where_the_caller_could() {
    if !needs_root("report_and_charts_are_written_only_where_the_caller_could") {
        return;
    }
    let place = Place::new();
    place.measured();
    place.race("report", || run(&mut place.sudo(&["report", "run.json", "--into", "out"])));
    place.race("chart", || run(&mut place.sudo(&["chart", "boot", "run.json", "--format", "svg", "--into", "out"])));
    place.race("report of a run in it", || run(&mut place.sudo(&["report", "out/run.json"])));
    place.race("man", || run(&mut place.sudo(&["man", "out"])));
}

fn recover_replaces_nothing_that_its_caller_could_not() {
    if !needs_root("recover_replaces_nothing_that_its_caller_could_not") {
        return;
    }
    let place = Place::new();
    place.measured();
    let runs = place.home.join("runs");
    let name = crate::common::world::entries(&runs).into_iter().find(|name| name.starts_with("20")).unwrap();
    let damaged = place.home.join("out/run.json");
    fs::copy(runs.join(name).join("samples.jsonl"), place.home.join("out/samples.jsonl")).unwrap();
    let damage = || fs::write(&damaged, "{}").unwrap(); // it has fewer samples
    place.race_after("recover", damage, || run(&mut place.sudo(&["recover", "out"])));
    place.race("recover a file", || run(&mut place.sudo(&["recover", "out/samples.jsonl"])));
}

fn the_guide_writes_only_what_its_caller_could() {
    if !needs_root("the_guide_writes_only_what_its_caller_could") {
        return;
    }
    let place = Place::new();
    place.race("show", || run(&mut place.sudo(&["guide", "show", "0"])));
    place.race("predict", || run(&mut place.sudo(&["guide", "predict", "0", "--answer", "factor=7"])));
    let progress = place.home.join("out/isolab/progress.json");
    fs::create_dir_all(progress.parent().unwrap()).unwrap();
    let damage = || fs::write(&progress, "{").unwrap();
    place.race_after("a damaged progress file", damage, || run(&mut place.sudo(&["guide", "progress"])));
    assert!(run(&mut place.sudo(&["guide", "reset", "2"])).code == 0);
    let work_dir = place.home.join("lab-guides/work");
    let work = crate::common::world::entries(&work_dir)
        .into_iter()
        .map(|chapter| work_dir.join(chapter).join("work.rs"))
        .next()
        .unwrap();
    let lay_a_link = || {
        fs::remove_file(&work).unwrap();
        symlink(place.secret.join("work.rs"), &work).unwrap();
    };
    place.race_after("reset", lay_a_link, || run(&mut place.sudo(&["guide", "reset", "2"])));
}

crate::runner::tests!(
    bench_writes_only_what_its_caller_could,
    report_and_charts_are_written_only_where_the_caller_could,
    recover_replaces_nothing_that_its_caller_could_not,
    the_guide_writes_only_what_its_caller_could
);
