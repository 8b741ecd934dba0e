//! What one process takes: memory by kind, objects by kind, read from /proc. For containers and for VMMs alike.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use nix::errno::Errno;
use nix::unistd::{SysconfVar, sysconf};

use crate::error::{Context, Result};
use crate::model::{Part, Unit};
use crate::proc_stat::Stat;
use crate::said;

/// Bytes of user memory, from /proc/PID/smaps_rollup (proc_pid_smaps(5)).
///
/// `private` would be freed if this process ended; `anonymous` is the part of it that no file backs; `shared` is its
/// proportional share of what others use too, a share that shrinks when more of them run: not a marginal cost.
pub fn memory_of(pid: i32) -> Result<Vec<Part>> {
    Ok(memory_parts(&mappings_of(pid, "smaps_rollup")?))
}

/// A file that tells of the memory which it had when it was opened: after an execve(2) in between there is no such memory
/// (ESRCH), and the next opening finds the new one. Where nothing runs any more, it stays so.
fn mappings_of(pid: i32, file: &str) -> Result<String> {
    let path = format!("/proc/{pid}/{file}");
    let replaced =
        |text: &io::Result<String>| text.as_ref().is_err_and(|e| e.raw_os_error() == Some(Errno::ESRCH as i32));
    let mut text = fs::read_to_string(&path);
    for _ in 0..10 {
        if !replaced(&text) {
            break;
        }
        text = fs::read_to_string(&path);
    }
    text.doing(|| said!("read {path}", "{path}을(를) 읽을 수 없습니다"))
}

// ANCHOR: private
fn memory_parts(smaps_rollup: &str) -> Vec<Part> {
    let bytes = |name| kib_of(smaps_rollup, name) * 1024;
    let private = bytes("Private_Clean") + bytes("Private_Dirty");
    vec![
        Part::bytes("private", private, "/proc/PID/smaps_rollup Private_Clean + Private_Dirty"),
        Part::bytes("anonymous", bytes("Anonymous"), "/proc/PID/smaps_rollup Anonymous"),
        Part::bytes("shared", bytes("Pss").saturating_sub(private), "/proc/PID/smaps_rollup Pss - Private_*"),
    ]
}
// ANCHOR_END: private

/// Guest RAM of a virtual machine's monitor, as far as it was touched: contained in `private`.
///
/// It is the one mapping that was told whether huge pages may back it: VmFlags `nh` or `hg` (proc_pid_smaps(5)).
pub fn guest_ram_of(pid: i32) -> Result<Part> {
    let text = mappings_of(pid, "smaps")?;
    Ok(Part::bytes("guest RAM", guest_ram(&text), "/proc/PID/smaps Private_* of the mapping with VmFlags nh or hg"))
}

fn guest_ram(smaps: &str) -> u64 {
    let (mut sum, mut private) = (0, 0);
    for line in smaps.lines() {
        let (name, value) = line.split_once(':').unwrap_or_default();
        let kib = || value.trim().trim_end_matches(" kB").parse().unwrap_or(0u64);
        match name {
            "Size" => private = 0, // the first line of each mapping's numbers
            "Private_Clean" | "Private_Dirty" => private += kib(),
            "VmFlags" if value.split_whitespace().any(|flag| matches!(flag, "nh" | "hg")) => sum += private,
            _ => {}
        }
    }
    sum * 1024
}

/// The number of a line "Name:    12 kB"; 0 when there is none.
fn kib_of(text: &str, name: &str) -> u64 {
    let value = |line: &str| line.strip_prefix(name)?.strip_prefix(':')?.trim().trim_end_matches(" kB").parse().ok();
    text.lines().find_map(value).unwrap_or(0)
}

/// Objects that came into being for it: processes, namespaces and mounts that are not ours, open files.
pub fn objects_of(pid: i32) -> Result<Vec<Part>> {
    let mut parts = vec![Part::count("processes", processes(pid), "/proc/PID/task/PID/children")];
    let namespaces = new_namespaces(&namespaces_of(&pid.to_string())?, &namespaces_of("self")?);
    let mounts_are_its_own = namespaces.iter().any(|kind| kind == "mnt");
    for kind in &namespaces {
        parts.push(Part::object("namespace", kind, 1, "/proc/PID/ns, other than ours"));
    }
    let mountinfo = format!("/proc/{pid}/mountinfo");
    let mounts = fs::read_to_string(&mountinfo)
        .doing(|| said!("read {mountinfo}", "{mountinfo}을(를) 읽을 수 없습니다"))?
        .lines()
        .count() as u64;
    let mounts = if mounts_are_its_own { mounts } else { 0 };
    parts.push(Part::count("mounts", mounts, "/proc/PID/mountinfo, if the mount namespace is its own"));
    let fds = format!("/proc/{pid}/fd");
    let open = fs::read_dir(&fds).doing(|| said!("list {fds}", "{fds}의 목록을 볼 수 없습니다"))?.count() as u64;
    parts.push(Part::count("fds", open, "/proc/PID/fd"));
    Ok(parts)
}

/// Own cgroups: their number, and the kernel memory that they are charged with.
pub fn cgroups(folders: &[PathBuf]) -> Result<Vec<Part>> {
    let mut parts = vec![Part::count("cgroups", folders.len() as u64, "folders made for it")];
    for folder in folders {
        let file = |name| fs::read_to_string(folder.join(name)).ok();
        if let Some(bytes) = file("memory.kmem.usage_in_bytes").and_then(|text| text.trim().parse().ok()) {
            parts.push(Part::bytes("kernel, not split", bytes, "cgroup v1 memory.kmem.usage_in_bytes"));
        } else if let Some(stat) = file("memory.stat") {
            parts.extend(kernel_parts(&stat));
        }
    }
    Ok(parts)
}

/// Kernel memory of cgroup v2's memory.stat: the sum, and what is known of its parts ("kernel:…", contained in the sum).
fn kernel_parts(stat: &str) -> Vec<Part> {
    const PARTS: [&str; 4] = ["kernel_stack", "pagetables", "percpu", "slab"];
    let bytes = |name: &str| {
        let value = |line: &str| line.strip_prefix(name)?.strip_prefix(' ')?.trim().parse().ok();
        stat.lines().find_map(value)
    };
    let known: Vec<(&str, u64)> = PARTS.into_iter().filter_map(|name| Some((name, bytes(name)?))).collect();
    let sum = bytes("kernel").unwrap_or_else(|| known.iter().map(|(_, n)| n).sum()); // `kernel` since Linux 5.18
    let part = |(name, amount): &(&str, u64)| {
        Part::bytes(&format!("kernel:{name}"), *amount, &format!("cgroup v2 memory.stat {name}"))
    };
    [Part::bytes("kernel", sum, "cgroup v2 memory.stat kernel")].into_iter().chain(known.iter().map(part)).collect()
}

/// What a running one uses: its first process's memory, and CPU time, memory and processes of its own cgroup where it
/// has one; else CPU time of that process.
pub fn stats_of(pid: i32, cgroups: &[PathBuf]) -> Result<Vec<Part>> {
    let mut parts = memory_of(pid)?;
    let read = |name: &str| cgroups.iter().find_map(|folder| fs::read_to_string(folder.join(name)).ok());
    let number = |text: String| text.trim().parse::<u64>().ok();
    for (what, file) in [("cgroup memory", "memory.current"), ("cgroup memory", "memory.usage_in_bytes")] {
        parts.extend(read(file).and_then(number).map(|bytes| Part::bytes(what, bytes, file)));
    }
    parts.extend(read("pids.current").and_then(number).map(|count| Part::count("tasks", count, "pids.current")));
    let of_cgroup = read("cpu.stat").and_then(|stat| {
        let us: u64 = stat.lines().find_map(|line| line.strip_prefix("usage_usec ")?.trim().parse().ok())?;
        Some(nanoseconds(us * 1000, "cpu.stat usage_usec"))
    });
    parts.push(of_cgroup.map_or_else(|| cpu_of(pid), Ok)?);
    Ok(parts)
}

fn nanoseconds(amount: u64, source: &str) -> Part {
    Part::new("CPU time", amount, Unit::Nanoseconds, source)
}

fn cpu_of(pid: i32) -> Result<Part> {
    let ticks = Stat::read(Path::new("/proc"), pid)
        .doing(|| said!("read /proc/{pid}/stat", "/proc/{pid}/stat을 읽을 수 없습니다"))?
        .cpu_ticks;
    let per_second = sysconf(SysconfVar::CLK_TCK).ok().flatten().filter(|n| *n > 0).unwrap_or(100) as u64;
    Ok(nanoseconds(ticks * 1_000_000_000 / per_second, "/proc/PID/stat utime + stime"))
}

/// What only a virtual machine brings.
pub fn no_machine() -> Vec<Part> {
    vec![Part::count("kernels", 0, "runs on the host's"), Part::count("kvm objects", 0, "none is made")]
}

/// It and its descendants.
fn processes(pid: i32) -> u64 {
    let children = fs::read_to_string(format!("/proc/{pid}/task/{pid}/children")).unwrap_or_default();
    1 + children.split_whitespace().filter_map(|c| c.parse().ok()).map(processes).sum::<u64>()
}

/// ("net", "net:[4026531840]") …, sorted by kind.
fn namespaces_of(pid: &str) -> Result<Vec<(String, String)>> {
    let folder = format!("/proc/{pid}/ns");
    let mut all = Vec::new();
    for entry in fs::read_dir(&folder).doing(|| said!("list {folder}", "{folder}의 목록을 볼 수 없습니다"))? {
        let path = entry.doing(|| said!("list {folder}", "{folder}의 목록을 볼 수 없습니다"))?.path();
        let target = fs::read_link(&path)
            .doing(|| said!("read {path}", "{path}을(를) 읽을 수 없습니다", path = path.display()))?;
        all.push((name_of(&path), target.to_string_lossy().into_owned()));
    }
    all.sort();
    Ok(all)
}

fn name_of(path: &Path) -> String {
    path.file_name().unwrap_or_default().to_string_lossy().into_owned()
}

/// Kinds whose inode differs. `pid_for_children` and `time_for_children` name a namespace of the children, not its own.
fn new_namespaces(theirs: &[(String, String)], ours: &[(String, String)]) -> Vec<String> {
    let is_new = |(kind, inode): &&(String, String)| {
        !kind.ends_with("_for_children") && !ours.iter().any(|(k, i)| k == kind && i == inode)
    };
    theirs.iter().filter(is_new).map(|(kind, _)| kind.clone()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_is_split_into_private_anonymous_and_shared() {
        let text = "00400000-7ffe ---p 00000000 00:00 0 [rollup]\nRss:  900 kB\nPss:      132 kB\nPss_Dirty: 100 kB\n\
                    Private_Clean:         8 kB\nPrivate_Dirty:       100 kB\nAnonymous:           96 kB\n";
        let parts: Vec<(String, u64)> = memory_parts(text).into_iter().map(|p| (p.what, p.amount / 1024)).collect();
        assert_eq!(parts, [("private".into(), 108), ("anonymous".into(), 96), ("shared".into(), 24)]);
    }

    #[test]
    fn guest_ram_is_told_from_other_mappings_by_its_advice() {
        let mapping = |size: u32, dirty: u32, flags: &str| {
            format!(
                "7f00-7f01 rw-p 00000000 00:00 0\nSize: {size} kB\nRss: {dirty} kB\nPrivate_Clean: 4 kB\n\
                 Private_Dirty: {dirty} kB\nVmFlags: rd wr mr mw me {flags}\n"
            )
        };
        let text = [mapping(132, 8, "ac"), mapping(8192, 40, "nr nh"), mapping(64, 16, "ac sd")].concat();
        assert_eq!(guest_ram(&text), 44 * 1024);
        assert_eq!(guest_ram(&mapping(8192, 2048, "nr hg")), 2052 * 1024);
        assert_eq!(guest_ram(&mapping(132, 8, "ac")), 0);
    }

    #[test]
    fn kernel_memory_is_summed_where_the_kernel_does_not() {
        let parts = |stat| kernel_parts(stat).into_iter().map(|p| (p.what, p.amount)).collect::<Vec<_>>();
        assert_eq!(
            parts("anon 5\nkernel 100\nslab 60\nslab_reclaimable 7\n")[..2],
            [("kernel".to_owned(), 100), ("kernel:slab".to_owned(), 60)]
        );
        assert_eq!(parts("kernel_stack 16\npagetables 20\n")[0], ("kernel".to_owned(), 36));
    }

    #[test]
    fn a_namespace_is_new_when_its_inode_differs() {
        let pair = |kind: &str, inode: &str| (kind.to_owned(), inode.to_owned());
        let ours = [pair("mnt", "mnt:[1]"), pair("net", "net:[2]"), pair("pid_for_children", "pid:[3]")];
        let theirs = [pair("mnt", "mnt:[9]"), pair("net", "net:[2]"), pair("pid_for_children", "pid:[9]")];
        assert_eq!(new_namespaces(&theirs, &ours), ["mnt"]);
    }

    #[test]
    fn a_program_that_executes_another_meanwhile_still_has_memory() {
        let mut child = std::process::Command::new("sh")
            .args(["-c", r#"exec sh -c "$0" "$0""#, r#"exec sh -c "$0" "$0""#]) // again and again
            .spawn()
            .unwrap();
        let pid = child.id() as i32;
        let read: Vec<_> = (0..10_000).map(|_| memory_of(pid)).collect();
        child.kill().unwrap();
        child.wait().unwrap();
        assert!(read.iter().all(Result::is_ok), "{:?}", read.iter().find(|r| r.is_err()));
    }

    #[test]
    fn this_process_has_memory_and_no_namespace_of_its_own() {
        let pid = std::process::id() as i32;
        assert!(memory_of(pid).unwrap().iter().all(|p| p.what == "shared" || p.amount > 0));
        let objects = objects_of(pid).unwrap();
        assert!(objects.iter().all(|p| !p.what.starts_with("namespace:")), "{objects:?}");
    }
}
