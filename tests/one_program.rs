//! One command, every environment: it is found from the caller's folder, and what an environment cannot carry along, or the
//! kernel will not execute, is told with its name and a remedy.
#![allow(clippy::unwrap_used)]

mod common;

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::process::Command;

use common::{needs, skip};

/// A folder that every container of the host's files shows: none below /tmp, which may be its own.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Folder {
        let path = PathBuf::from(format!("/var/tmp/isolab-test-{name}-{}", std::process::id()));
        fs::create_dir(&path).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
        Folder(path)
    }

    fn write(&self, name: &str, mode: u32, contents: impl AsRef<[u8]>) {
        fs::write(self.0.join(name), contents).unwrap();
        fs::set_permissions(self.0.join(name), fs::Permissions::from_mode(mode)).unwrap();
    }

    /// Exit status and all that it said.
    fn isolab(&self, args: &[&str]) -> (i32, String) {
        let out = Command::new(env!("CARGO_BIN_EXE_isolab")).args(args).current_dir(&self.0).output().unwrap();
        let said = [out.stdout, out.stderr].map(|text| String::from_utf8_lossy(&text).into_owned()).concat();
        (out.status.code().unwrap_or(-1), said)
    }

    fn run(&self, arm: &str, command: &str) -> (i32, String) {
        let rootfs: &[&str] = if arm.starts_with("container") { &["--rootfs", "/"] } else { &[] };
        self.isolab(&[&["run", "--as", arm], rootfs, &["--", command]].concat())
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn arms(test: &'static str) -> impl Iterator<Item = &'static str> {
    ["process", "container", "container-rootless"].into_iter().filter(move |arm| needs(test, arm))
}

#[test]
fn a_script_reads_the_file_beside_it_and_the_callers_folder() {
    let folder = Folder::new("script");
    folder.write("beside", 0o644, "here it is\n");
    folder.write("script", 0o755, "#!/bin/sh\ncat \"$(dirname \"$0\")/beside\" && cat beside && pwd\n");
    for arm in arms("a_script_reads_the_file_beside_it_and_the_callers_folder") {
        let expected = format!("here it is\nhere it is\n{}\n", folder.0.display());
        assert_eq!(folder.run(arm, "./script"), (0, expected), "{arm}");
    }
}

#[test]
fn a_static_program_runs_without_any_rootfs() {
    let folder = Folder::new("static");
    folder.write("own-probe", 0o755, isolab::probe::ELF);
    folder.write("script", 0o755, "#!/bin/sh\n");
    for arm in arms("a_static_program_runs_without_any_rootfs") {
        let (status, said) = folder.isolab(&["run", "--as", arm, "--", "./own-probe", "count", "2"]);
        assert_eq!(status, 0, "{arm}: {said}");
        if arm != "process" {
            let (status, said) = folder.isolab(&["run", "--as", arm, "--", "./script"]);
            assert!(
                status == 127 && said.contains("it needs /bin/sh too") && said.contains("--rootfs /"),
                "{arm}: {said}"
            );
        }
    }
}

/// Status, cause and remedy of what the kernel calls ENOENT, ENOEXEC or EACCES.
#[test]
fn what_cannot_be_executed_is_named_with_its_cause() {
    let folder = Folder::new("exec");
    let mut foreign = isolab::probe::ELF.to_vec();
    foreign[18] = 183;
    folder.write("foreign", 0o755, foreign);
    folder.write("no-interpreter", 0o755, "#!/no/such/shell -e\n");
    folder.write("windows", 0o755, "#!/bin/sh\r\nexit 0\r\n");
    folder.write("no-head", 0o755, "exit 0\n");
    folder.write("empty", 0o755, "");
    folder.write("no-x-bit", 0o644, isolab::probe::ELF);
    let cases = [
        ("./foreign", 126, "another CPU, arm64", "x86-64"),
        ("./no-interpreter", 127, "interpreter /no/such/shell is not there", "install"),
        ("./windows", 127, "CR LF", "sed -i 's/\\r$//' ./windows"),
        ("./no-head", 126, "does not begin with #!", "sh ./no-head"),
        ("./empty", 126, "it is empty", "#!/bin/sh"),
        ("./no-x-bit", 126, "no x bit", "chmod +x ./no-x-bit"),
        ("./nothing", 127, "no such file", "spelling"),
        ("/etc", 126, "it is a folder", "ls /etc"),
        ("./", 126, "it is a folder", "ls ./"),
        (".", 126, "it is a folder", "./PROGRAM"),
        ("..", 126, "it is a folder", "./PROGRAM"),
        ("", 127, "its name is empty", "isolab run -- PROGRAM"),
    ];
    for arm in arms("what_cannot_be_executed_is_named_with_its_cause") {
        for (command, code, cause, remedy) in cases {
            let (status, said) = folder.run(arm, command);
            assert_eq!(status, code, "{arm} {command}: {said}");
            for part in [cause, remedy, if command.is_empty() { "''" } else { command }] {
                assert!(said.contains(part), "{arm} {command}, {part}: {said}");
            }
        }
    }
}

/// In mounts of its own: the folder is noexec for this test alone.
#[test]
fn a_file_system_without_exec_is_told() {
    const TEST: &str = "a_file_system_without_exec_is_told";
    if !common::needs_own_mounts(TEST) {
        return;
    }
    let folder = Folder::new("noexec");
    for arm in arms(TEST) {
        let rootfs = if arm == "process" { "" } else { "--rootfs /" };
        let script = format!(
            "mount -t tmpfs -o noexec,mode=755 none {0} && cd {0} && cp /bin/true it && exec {1} run --as {arm} {rootfs} -- ./it",
            folder.0.display(),
            env!("CARGO_BIN_EXE_isolab"),
        );
        let out = Command::new("unshare").args(["-m", "sh", "-c", &script]).output().unwrap();
        let said = String::from_utf8_lossy(&out.stderr);
        if said.contains("unshare") {
            return skip(TEST, "mounts need root");
        }
        assert!(
            out.status.code() == Some(126) && said.contains("mounted noexec") && said.contains("findmnt"),
            "{arm}: {said}"
        );
    }
}
