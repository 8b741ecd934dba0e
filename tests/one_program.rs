//! One command, every environment: it is found from the caller's folder, and what an environment cannot carry along, or the
//! kernel will not execute, is told with its name and a remedy.
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::process::Command;

use crate::common::{World, needs, skip};

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
        let out = Command::new(env!("CARGO_BIN_EXE_isolab"))
            .args(args)
            .current_dir(&self.0)
            .env("LC_ALL", "C")
            .output()
            .unwrap();
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

fn a_script_reads_the_file_beside_it_and_the_callers_folder() {
    let folder = Folder::new("script");
    folder.write("beside", 0o644, "here it is\n");
    folder.write("script", 0o755, "#!/bin/sh\ncat \"$(dirname \"$0\")/beside\" && cat beside && pwd\n");
    for arm in arms("a_script_reads_the_file_beside_it_and_the_callers_folder") {
        let expected = format!("here it is\nhere it is\n{}\n", folder.0.display());
        assert_eq!(folder.run(arm, "./script"), (0, expected), "{arm}");
    }
}

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
fn a_file_system_without_exec_is_told() {
    const TEST: &str = "a_file_system_without_exec_is_told";
    if !crate::common::needs_own_mounts(TEST) {
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
        let out = Command::new("unshare").args(["-m", "sh", "-c", &script]).env("LC_ALL", "C").output().unwrap();
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

/// A static program of these instructions and nothing else (elf(5)): one page, loaded whole, entered after its headers.
fn elf(instructions: &[u8]) -> Vec<u8> {
    const HEADERS: u64 = 64 + 56;
    const AT: u64 = 0x40_0000;
    let size = HEADERS + instructions.len() as u64;
    let mut file = b"\x7fELF\x02\x01\x01".to_vec();
    file.resize(16, 0);
    file.extend([2_u16, 62].map(u16::to_le_bytes).concat()); // ET_EXEC, x86-64
    file.extend(1_u32.to_le_bytes());
    file.extend([AT + HEADERS, 64, 0].map(u64::to_le_bytes).concat()); // entry, program headers, no sections
    file.extend(0_u32.to_le_bytes());
    file.extend([64_u16, 56, 1, 0, 0, 0].map(u16::to_le_bytes).concat());
    file.extend([1_u32, 5].map(u32::to_le_bytes).concat()); // PT_LOAD, to be read and executed
    file.extend([0, AT, AT, size, size, 4096].map(u64::to_le_bytes).concat());
    file.extend(instructions);
    file
}

/// Signals with their default action do not reach the first process of a pid namespace, its own least of all
/// (pid_namespaces(7)); a fault of the CPU does.
fn what_ends_a_command_ends_it_in_every_arm_of_a_bench() {
    const NULL_WRITE: &[u8] = b"\xc6\x04\x25\0\0\0\0\x01"; // mov byte [0], 1
    let folder = Folder::new("verdict");
    folder.write("null-write", 0o755, elf(NULL_WRITE));
    let world = World::new();
    let arms = arms("what_ends_a_command_ends_it_in_every_arm_of_a_bench").collect::<Vec<_>>().join(",");
    let null_write = folder.0.join("null-write").display().to_string();
    let commands = [
        (vec!["sh", "-c", "kill -SEGV $$; exit 0"], 11),
        (vec!["sh", "-c", "kill -ABRT $$; exit 0"], 6),
        (vec!["sh", "-c", "kill -TERM $$; exit 0"], 15),
        (vec![&null_write], 11),
    ];
    for (command, signal) in commands {
        let results = format!("results-{signal}-{}", command.len());
        let args = ["-e", &arms, "--blocks", "1", "--json", "--results", &results, "--"];
        let answer = world.bench(&[&args[..], &command].concat());
        let rows: Vec<serde_json::Value> = serde_json::from_str(&answer.out).unwrap();
        assert!(rows.len() >= 2, "{answer}");
        for row in &rows {
            let why = format!("killed by signal {signal}");
            assert!(row["status"] == "failed" && row.to_string().contains(&why), "{command:?}: {row}");
        }
    }
}

/// The knob that takes the small PID 1 away shows what it is for, and is refused where there is none to take away.
fn the_small_pid_1_of_a_bench_can_be_left_out() {
    let test = "the_small_pid_1_of_a_bench_can_be_left_out";
    let Some(arm) = arms(test).last().filter(|arm| *arm != "process") else { return };
    let world = World::new();
    let arm_without = format!("{arm}:-init");
    let command = ["--", "sh", "-c", "kill -TERM $$; exit 0"];
    let answer = world.bench(&[&["-e", &arm_without, "--blocks", "1"][..], &command].concat());
    answer.ends_with(0);
    world.run(["run", "--as", &arm_without]).refuses(125, "-init", "changes nothing", "leave it out");
    let answer =
        world.bench(&[&["-e", &format!("{arm}:+init"), "--blocks", "1", "--results", "other"][..], &command].concat());
    answer.says("a small PID 1 before it anyway");
}

crate::runner::tests!(
    a_script_reads_the_file_beside_it_and_the_callers_folder,
    a_static_program_runs_without_any_rootfs,
    what_cannot_be_executed_is_named_with_its_cause,
    a_file_system_without_exec_is_told,
    what_ends_a_command_ends_it_in_every_arm_of_a_bench,
    the_small_pid_1_of_a_bench_can_be_left_out
);
