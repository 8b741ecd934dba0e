//! A root folder whose owner renames what is in it while a container starts: nothing of the host may come into reach.
//!
//! Each race is tried some forty times in each kind of container; `ISOLAB_RACES=1000 cargo test --test all container_races` tries
//! each a thousand times.
use std::fs;
use std::os::fd::AsFd;
use std::os::unix::fs::{MetadataExt, symlink};
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use crate::common::swapping::Swapping;
use crate::common::{Answer, World, needs, run};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

/// Every way in which a container comes about. A cgroup more or less is no part of these races.
const ARMS: [&str; 6] = [
    "container",
    "container:-cgroup:fork",
    "container:-cgroup:+init",
    "container:-cgroup:+user",
    "container:-cgroup:-dev",
    "container-rootless",
];

fn arms(test: &str) -> impl Iterator<Item = &'static str> {
    ARMS.into_iter().filter(move |arm| needs(test, arm))
}

/// How often one race is tried in one arm.
fn tries(arms: usize) -> usize {
    let all = std::env::var("ISOLAB_RACES").ok().and_then(|n| n.parse().ok()).unwrap_or(40 * arms);
    all / arms + 1
}

/// A root folder with the probe in it under this name.
fn root_folder(world: &World, name: &str, program: &str) -> PathBuf {
    let root = world.join(name);
    for folder in ["proc", "dev", "sys", "other", "bin"] {
        fs::create_dir_all(root.join(folder)).unwrap();
    }
    world.program(&format!("{name}/{program}"), isolab::probe::ELF);
    root
}

fn words<'a>(arm: &'a str, root: &'a Path, command: &[&'a str]) -> Vec<&'a str> {
    [&["run", "--as", arm, "--rootfs", root.to_str().unwrap(), "--"], command].concat()
}

/// A container that computes until it is dropped, or none, because isolab has noticed what goes on.
struct Busy(Child, Option<i32>);

impl Busy {
    fn start(world: &World, arm: &str, root: &Path) -> Busy {
        let mut command = world.isolab(words(arm, root, &["/run-me", "spin", "1000000000", "1000"]));
        let mut child = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
        let began = Instant::now();
        loop {
            if let Some(pid) = program_of(child.id() as i32) {
                return Busy(child, Some(pid));
            }
            if child.try_wait().unwrap().is_some() {
                return Busy(child, None);
            }
            assert!(began.elapsed() < Duration::from_secs(30), "it neither runs nor ends");
            std::thread::sleep(Duration::from_millis(1));
        }
    }

    fn mounts(&self) -> Option<String> {
        self.1.and_then(|pid| fs::read_to_string(format!("/proc/{pid}/mountinfo")).ok())
    }
}

impl Drop for Busy {
    fn drop(&mut self) {
        self.1.map(|pid| kill(Pid::from_raw(pid), Signal::SIGKILL));
        self.0.wait().unwrap();
    }
}

/// The process below this one that is our program already.
fn program_of(pid: i32) -> Option<i32> {
    let children = fs::read_to_string(format!("/proc/{pid}/task/{pid}/children")).ok()?;
    children.split_whitespace().map(|child| child.parse().unwrap()).find_map(|child| {
        let exe = fs::read_link(format!("/proc/{child}/exe")).unwrap_or_default();
        if exe.ends_with("run-me") { Some(child) } else { program_of(child) }
    })
}

/// (place, options, kind) of every mount.
fn table(mountinfo: &str) -> Vec<(&str, &str, &str)> {
    let line = |line: &'_ str| -> Option<(usize, usize)> { Some((line.find(" - ")?, line.len())) };
    mountinfo
        .lines()
        .filter(|l| line(l).is_some())
        .map(|l| {
            let mut left = l.split(' ');
            let (place, options) = (left.nth(4).unwrap(), left.next().unwrap());
            (place, options, l.split_once(" - ").unwrap().1.split(' ').next().unwrap())
        })
        .collect()
}

/// Wherever a /proc lies, its settings are read-only.
fn settings_are_read_only(mountinfo: &str) {
    let mounts = table(mountinfo);
    for (place, ..) in mounts.iter().filter(|(place, _, kind)| *kind == "proc" && !place[1..].contains('/')) {
        for name in ["sys", "bus", "irq"] {
            let cover = mounts.iter().rfind(|(at, ..)| *at == format!("{place}/{name}"));
            assert!(cover.is_some_and(|(_, options, _)| options.starts_with("ro,")), "{place}/{name} in\n{mountinfo}");
        }
    }
}

fn proc_renamed_during_the_start_leaves_no_setting_writable() {
    let test = "proc renamed during the start";
    let arms: Vec<_> = arms(test).collect();
    for arm in &arms {
        let world = World::new();
        let root = root_folder(&world, "rootfs", "run-me");
        for _ in 0..tries(arms.len()) {
            let swapping = Swapping::of(root.join("proc"), root.join("other"));
            let busy = Busy::start(&world, arm, &root);
            drop(swapping);
            busy.mounts().iter().for_each(|mounts| settings_are_read_only(mounts));
        }
        world.is_clean();
    }
}

fn dev_renamed_during_the_start_gets_none_of_our_device_files() {
    let test = "dev renamed during the start";
    let arms: Vec<_> = arms(test).collect();
    for arm in &arms {
        let world = World::new();
        let root = root_folder(&world, "rootfs", "run-me");
        for _ in 0..tries(arms.len()) {
            let swapping = Swapping::of(root.join("dev"), root.join("other"));
            run(&mut world.isolab(words(arm, &root, &["/run-me", "noop"])));
            drop(swapping);
            for name in ["dev", "other"] {
                let found = crate::common::world::entries(&root.join(name));
                assert!(found.is_empty(), "{arm}: {found:?} in the stranger's {name}");
            }
        }
        world.is_clean();
    }
}

/// A link to the host's own root in place of the folder: either of the two is mounted, but the host's never writable.
fn a_root_folder_swapped_for_a_link_never_gives_the_hosts_root_writable() {
    let test = "a root folder swapped for a link";
    let arms: Vec<_> = arms(test).collect();
    for arm in &arms {
        let world = World::new();
        let root = root_folder(&world, "rootfs", "bin/sh"); // the probe, which knows no -c
        symlink("/", world.join("link")).unwrap();
        let canary = format!("/isolab-canary-{}", std::process::id());
        for _ in 0..tries(arms.len()) {
            let swapping = Swapping::of(root.clone(), world.join("link"));
            let command = ["/bin/sh", "-c", &format!("echo > {canary}")];
            run(&mut world.isolab(words(arm, &root, &command)));
            drop(swapping);
            let hit = fs::remove_file(&canary).is_ok();
            assert!(!hit, "{arm}: the host's root was writable");
        }
        world.is_clean();
    }
}

/// Until exec the child is our own program: what leads to /proc/self/exe would run it again, inside, where its file could be
/// reached as the file of a program of the container (CVE-2019-5736).
fn a_program_swapped_for_our_own_is_not_executed() {
    let own = "#!/proc/self/exe\n";
    for trap in ["a link", "a script", "a script of the interpreter"] {
        let test = "a program swapped during the start";
        let arms: Vec<_> = arms(test).collect();
        for arm in &arms {
            let world = World::new();
            let root = root_folder(&world, "rootfs", "run-me");
            world.program("rootfs/trap", own);
            let mut swapped = root.join("run-me");
            match trap {
                "a link" => {
                    fs::remove_file(root.join("trap")).unwrap();
                    symlink("/proc/self/exe", root.join("trap")).unwrap();
                }
                "a script" => {}
                _ => {
                    fs::rename(root.join("run-me"), root.join("bin/interpreter")).unwrap();
                    world.program("rootfs/run-me", "#!/bin/interpreter noop\n");
                    swapped = root.join("bin/interpreter");
                }
            }
            for _ in 0..tries(3 * arms.len()) {
                let swapping = Swapping::of(swapped.clone(), root.join("trap"));
                let answer = run(&mut world.isolab(words(arm, &root, &["/run-me", "noop"])));
                drop(swapping);
                assert!(!is_our_own(&answer), "{arm}, {trap}: {answer}");
            }
            world.is_clean();
        }
    }
}

/// The kernel looks the dynamic loader up by its name, following links, whatever we have seen there before. Our own binary
/// is no loader: run as one it ends by SIGSEGV.
fn a_loader_swapped_for_our_own_program_is_not_executed() {
    let test = "a loader swapped during the start";
    let top = fs::File::open("/").unwrap();
    if isolab::sys::landlock::confine_to(top.as_fd()).unwrap().is_none() {
        return crate::common::skip(test, "this kernel has no Landlock of its second version or newer");
    }
    let arms: Vec<_> = arms(test).collect();
    for trap in ["its name", "its file"] {
        for arm in &arms {
            let world = World::new();
            let root = root_folder(&world, "rootfs", "bin/loader"); // the probe, which needs nobody to load it
            world.program("rootfs/run-me", dynamic("/bin/loader"));
            let swapping = if trap == "its name" {
                world.program("rootfs/trap", dynamic("/proc/self/exe"));
                Swapping::of(root.join("run-me"), root.join("trap"))
            } else {
                symlink("/proc/self/exe", root.join("trap")).unwrap();
                Swapping::of(root.join("bin/loader"), root.join("trap"))
            };
            for _ in 0..tries(2 * arms.len()) {
                let answer = run(&mut world.isolab(words(arm, &root, &["/run-me", "noop"])));
                assert!(answer.code != 128 + Signal::SIGSEGV as i32 && !is_our_own(&answer), "{arm}, {trap}: {answer}");
            }
            drop(swapping);
            run(&mut world.isolab(words(arm, &root, &["/run-me", "noop"]))).ends_with(0);
            world.is_clean();
        }
    }
}

/// An ELF program that needs this loader, and is nothing else.
fn dynamic(loader: &str) -> Vec<u8> {
    const LOAD_AT: u64 = 0x1000_0000;
    let header = |kind: u32, offset: u64, length: u64| {
        let words = [offset, LOAD_AT + offset, LOAD_AT + offset, length, length, 0x1000];
        [kind, 5]
            .iter()
            .flat_map(|n| n.to_le_bytes())
            .chain(words.iter().flat_map(|n| n.to_le_bytes()))
            .collect::<Vec<_>>()
    };
    let (name, length) = ([loader.as_bytes(), &[0]].concat(), 64 + 2 * 56);
    let all = length + name.len() as u64;
    let mut elf = b"\x7fELF\x02\x01\x01\0\0\0\0\0\0\0\0\0\x02\0\x3e\0\x01\0\0\0".to_vec(); // ET_EXEC, x86-64
    elf.extend([LOAD_AT, 64, 0].iter().flat_map(|n| n.to_le_bytes()));
    elf.extend([0, 0, 64, 56, 2, 0, 0, 0].iter().flat_map(|n: &u16| n.to_le_bytes()));
    [elf, header(3, length, name.len() as u64), header(1, 0, all), name].concat()
}

/// What isolab itself says to these arguments; of what it says about a start that failed there is nothing in it.
fn is_our_own(answer: &Answer) -> bool {
    answer.code == 2 || answer.err.contains("unrecognized") || answer.err.contains("Usage:")
}

fn a_link_of_somebody_elses_in_a_sticky_folder_is_no_root_folder() {
    if !crate::common::root() {
        return crate::common::skip("somebody else's link", "only root can make one");
    }
    for arm in arms("somebody else's link") {
        let world = World::new();
        let root = root_folder(&world, "rootfs", "run-me");
        let shared = world.join("shared");
        fs::create_dir(&shared).unwrap();
        fs::set_permissions(&shared, std::os::unix::fs::PermissionsExt::from_mode(0o1777)).unwrap();
        let link = shared.join("link");
        let go = |path: &Path| run(&mut world.isolab(words(arm, path, &["/run-me", "noop"])));
        symlink(&root, &link).unwrap();
        go(&root).ends_with(0);
        assert!(arm == "container-rootless" || go(&link).code == 0, "{arm}: one's own link may be followed");
        std::os::unix::fs::lchown(&link, Some(4711), Some(4711)).unwrap();
        std::os::unix::fs::lchown(&shared, Some(4712), Some(4712)).unwrap();
        assert_eq!(fs::symlink_metadata(&link).unwrap().uid(), 4711);
        for path in [link.clone(), link.join("."), link.join("../rootfs")] {
            go(&path).refuses(
                crate::common::code::OURS_IN_RUN,
                "find the root folder",
                "link of somebody else",
                "without",
            );
        }
        world.is_clean();
    }
}

crate::runner::tests!(
    proc_renamed_during_the_start_leaves_no_setting_writable,
    dev_renamed_during_the_start_gets_none_of_our_device_files,
    a_root_folder_swapped_for_a_link_never_gives_the_hosts_root_writable,
    a_program_swapped_for_our_own_is_not_executed,
    a_loader_swapped_for_our_own_program_is_not_executed,
    a_link_of_somebody_elses_in_a_sticky_folder_is_no_root_folder
);
