//! Versions of the virtualisation and container software of this machine, as their own `--version` tells: numbers of two
//! machines differ because of them, and coursework asks for them.

use std::collections::BTreeMap;
use std::io::Read;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// By the id that doctor has for it: the programs of which the first that is there is asked.
pub const ASKED: &[(&str, &[&str])] = &[
    ("qemu", &["qemu-system-x86_64", "qemu-kvm"]),
    ("virtualbox", &["VBoxManage"]),
    ("libvirt", &["virsh"]),
    ("firecracker", &["firecracker"]),
    ("docker", &["docker", "dockerd"]),
    ("podman", &["podman"]),
    ("containerd", &["containerd", "ctr"]),
    ("cri-o", &["crio", "crictl"]),
    ("runc", &["runc"]),
    ("crun", &["crun"]),
    ("youki", &["youki"]),
    ("lxc", &["lxc-execute", "lxc-start"]),
    ("bwrap", &["bwrap"]),
    ("nspawn", &["systemd-nspawn"]),
];

/// For all of them together, so that a run starts soon even where one hangs.
const PATIENCE: Duration = Duration::from_secs(2);
const LONGEST: usize = 100;

/// The first line of each tool's answer; a tool that is not there, or does not answer, is left out.
pub fn versions() -> BTreeMap<String, String> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let folders: Vec<PathBuf> = std::env::split_paths(&path).filter(|f| f.is_absolute()).collect();
    let deadline = Instant::now() + PATIENCE;
    let find = |name: &&str| folders.iter().map(|folder| folder.join(name)).find(|file| file.is_file());
    let answers = ASKED.iter().filter_map(|(id, programs)| {
        let answer = ask(&programs.iter().find_map(find)?, deadline)?;
        Some(((*id).to_owned(), answer))
    });
    answers.collect()
}

fn ask(program: &PathBuf, deadline: Instant) -> Option<String> {
    let mut child = Command::new(program)
        .arg("--version")
        .env_clear()
        .env("LC_ALL", "C")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .ok()?;
    let ended = loop {
        match child.try_wait() {
            Ok(None) if Instant::now() < deadline => std::thread::sleep(Duration::from_millis(1)),
            Ok(None) | Err(_) => break false,
            Ok(Some(status)) => break status.success(),
        }
    };
    if !ended {
        let _ = child.kill();
        let _ = child.wait();
        return None;
    }
    let mut text = String::new();
    child.stdout.take()?.take(4096).read_to_string(&mut text).ok()?;
    let line = text.lines().map(str::trim).find(|line| !line.is_empty())?;
    Some(line.chars().filter(|c| !c.is_control()).take(LONGEST).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    fn program(text: &str) -> (tempfile::TempDir, PathBuf) {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("tool");
        std::fs::write(&file, text).unwrap();
        std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o755)).unwrap();
        (dir, file)
    }

    fn soon(program: &PathBuf) -> Option<String> {
        // A program that another test has open for writing while we fork cannot be executed for a moment (ETXTBSY).
        let answer = || ask(program, Instant::now() + Duration::from_secs(5));
        answer().or_else(|| {
            std::thread::sleep(Duration::from_millis(50));
            answer()
        })
    }

    #[test]
    fn the_first_line_is_the_version() {
        let (_dir, tool) = program("#!/bin/sh\necho; echo ' tool version 1.2'; echo Copyright\n");
        assert_eq!(soon(&tool).as_deref(), Some("tool version 1.2"));
    }

    #[test]
    fn a_tool_that_fails_hangs_or_is_silent_has_none() {
        let (_dir, tool) = program("#!/bin/sh\necho broken; exit 1\n");
        assert_eq!(soon(&tool), None);
        let (_dir, tool) = program("#!/bin/sh\n");
        assert_eq!(soon(&tool), None);
        let (_dir, tool) = program("#!/bin/sh\nexec sleep 60\n");
        let began = Instant::now();
        assert_eq!(ask(&tool, began + Duration::from_millis(100)), None);
        assert!(began.elapsed() < Duration::from_secs(20));
    }
}
