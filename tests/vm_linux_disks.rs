//! A Linux guest's disks, by the built program: what is written is in the host's file, what may not be is not. It needs what
//! `vm_linux` needs, and the kernel's modules: beside ISOLAB_TEST_KERNEL in a folder `modules`, or in /lib/modules.
use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Command, Stdio};

use isolab::kernels::{self, Kernel};

use crate::common::{Answer, World, code, run, skip};

const TOOLS: &str = "/bin/busybox";

/// The kernel with its modules, where a Linux guest runs; else the test is skipped by name.
fn kernel(test: &str) -> Option<Kernel> {
    let reason = match isolab::vm::linux::trial::run() {
        Err(error) => error.reason().to_string(),
        Ok(()) => match kernels::chosen(std::env::var("ISOLAB_TEST_KERNEL").ok().as_deref()) {
            Err(error) => error.reason().to_string(),
            Ok(kernel) if kernel.modules.is_none() => "the kernel's modules are not here".to_owned(),
            Ok(_) if !PathBuf::from(TOOLS).exists() => format!("there is no {TOOLS}"),
            Ok(kernel) => return Some(kernel),
        },
    };
    skip(test, &reason);
    None
}

fn shell(world: &World, kernel: &Kernel, disks: &[&str], script: &str) -> Answer {
    run(&mut command(world, kernel, disks, script))
}

fn command(world: &World, kernel: &Kernel, disks: &[&str], script: &str) -> Command {
    let mut isolab = world.isolab(["run", "--as", "vm-linux", "--timeout", "60s", "--kernel"]);
    isolab.arg(&kernel.path);
    for disk in disks {
        isolab.args(["--disk", disk]);
    }
    isolab.args(["--", TOOLS, "sh", "-c", script]);
    isolab
}

fn what_a_guest_writes_and_flushes_is_in_the_hosts_file() {
    let Some(kernel) = kernel("what_a_guest_writes_and_flushes_is_in_the_hosts_file") else { return };
    let world = World::new();
    let mut before = vec![0; 1 << 20];
    before[3 * 512..3 * 512 + 5].copy_from_slice(b"hello");
    let disk = world.file("disk", &before);
    let read_only = format!("{}:ro", world.file("read-only", &before));
    let script = "b=/busybox; cat() { $b cat $1; }
        cat /sys/block/vda/size; cat /sys/block/vda/ro; cat /sys/block/vdb/ro
        $b dd if=/dev/vda bs=512 skip=3 count=1 2>/dev/null | $b head -c 5
        echo written | $b dd of=/dev/vda bs=512 seek=7 conv=fsync 2>/dev/null; echo \" $?\"
        echo no | $b dd of=/dev/vdb conv=fsync 2>/dev/null; echo $?
        $b head -c 8 /dev/hwrng | $b wc -c";
    let answer = shell(&world, &kernel, &[&disk, &read_only], script);
    answer.ends_with(0);
    assert_eq!(answer.out, "2048\n0\n1\nhello 0\n1\n8\n", "{answer}");
    before[7 * 512..7 * 512 + 8].copy_from_slice(b"written\n");
    assert!(std::fs::read(&disk).unwrap() == before, "only that was written");
    before[7 * 512..7 * 512 + 8].fill(0);
    assert!(std::fs::read(world.join("read-only")).unwrap() == before);
}

fn every_byte_of_a_disk_is_the_same_on_both_sides() {
    let Some(kernel) = kernel("every_byte_of_a_disk_is_the_same_on_both_sides") else { return };
    let world = World::new();
    let disk = world.file("disk", vec![0; 3 << 20]);
    let script = "b=/busybox; $b dd if=/dev/urandom of=/dev/vda bs=96k conv=fsync 2>/dev/null
        echo 3 >/proc/sys/vm/drop_caches; $b sha256sum </dev/vda";
    let answer = shell(&world, &kernel, &[&disk], script);
    answer.ends_with(0);
    let here = isolab::results::hash::sha256_of_file(disk.as_ref()).unwrap();
    assert_eq!(answer.out.split_whitespace().next(), Some(here.as_str()), "{answer}");
    assert!(std::fs::read(&disk).unwrap()[(3 << 20) - 4096..].iter().any(|byte| *byte != 0));
}

fn a_disk_that_shrinks_under_its_guest_gives_io_errors() {
    let Some(kernel) = kernel("a_disk_that_shrinks_under_its_guest_gives_io_errors") else { return };
    let world = World::new();
    let disk = world.file("disk", vec![1; 1 << 20]);
    let file = std::fs::OpenOptions::new().write(true).open(&disk).unwrap();
    let script = "b=/busybox; $b dd if=/dev/vda bs=4k count=1 2>/dev/null | $b wc -c; $b sleep 6
        $b dd if=/dev/vda bs=4k skip=200 count=1 2>/dev/null | $b wc -c; echo alive";
    let answer = std::thread::scope(|scope| {
        let guest = scope.spawn(|| shell(&world, &kernel, &[&disk], script));
        // Its first line comes before the sleep of the guest ends; how long a start takes is the machine's.
        let began = std::time::Instant::now();
        while !guest.is_finished() && began.elapsed().as_secs() < 4 {
            std::thread::sleep(std::time::Duration::from_millis(50));
        }
        file.set_len(64 << 10).unwrap();
        guest.join().unwrap()
    });
    answer.ends_with(0);
    assert_eq!(answer.out, "4096\n0\nalive\n", "{answer}");
    assert_eq!(file.metadata().unwrap().len(), 64 << 10);
}

/// The guest says a number when what it wrote before was flushed; then its monitor is killed, whatever it does.
fn what_was_flushed_outlives_a_killed_monitor() {
    let Some(kernel) = kernel("what_was_flushed_outlives_a_killed_monitor") else { return };
    let world = World::new();
    let disk = world.file("disk", vec![0; 1 << 20]);
    let script = "n=0; while :; do
        echo record $n | /busybox dd of=/dev/vda bs=512 seek=$n conv=fsync 2>/dev/null; echo $n; n=$((n + 1)); done";
    let mut isolab = command(&world, &kernel, &[&disk], script);
    let mut monitor = isolab.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
    let mut lines = BufReader::new(monitor.stdout.take().unwrap()).lines().map_while(Result::ok);
    let mut flushed: Vec<usize> = lines.by_ref().take(5).map(|line| line.parse().unwrap()).collect();
    monitor.kill().unwrap();
    monitor.wait().unwrap();
    flushed.extend(lines.filter_map(|line| line.parse::<usize>().ok()));
    assert!(flushed.len() >= 5, "{flushed:?}");
    let bytes = std::fs::read(&disk).unwrap();
    for n in flushed {
        assert!(bytes[512 * n..].starts_with(format!("record {n}\n").as_bytes()), "record {n}");
    }
    let again = shell(&world, &kernel, &[&disk], "/busybox head -c 9 /dev/vda");
    assert_eq!((again.code, again.out.as_str()), (0, "record 0\n"), "nobody holds the file: {again}");
}

fn what_is_no_disk_is_refused_before_the_guest_starts() {
    let world = World::new();
    for (arm, advice) in [("process", "vm-linux"), ("vm-bare", "vm-linux")] {
        world.run(["run", "--as", arm, "--disk", "x", "--", "probe"]).refuses(
            code::OURS_IN_RUN,
            "a disk",
            "Linux",
            advice,
        );
    }
    let Some(kernel) = kernel("what_is_no_disk_is_refused_before_the_guest_starts") else { return };
    let short = world.file("short", [0; 511]);
    let folder = world.path().display().to_string();
    for (disk, cause) in [(short.as_str(), "511 bytes"), ("none", "No such file"), (&folder, "directory")] {
        let answer = shell(&world, &kernel, &[disk], "true");
        answer.ends_with(code::OURS_IN_RUN).says("as a disk").says(cause);
    }
    let bare = world.file("vmlinuz", std::fs::read(&kernel.path).unwrap());
    if kernels::chosen(Some(&bare)).unwrap().modules.is_none() {
        let disk = world.file("disk", [0; 512]);
        let alone = Kernel { path: bare.into(), ..kernel };
        shell(&world, &alone, &[&disk], "true").refuses(code::OURS_IN_RUN, "a disk", "modules", "kernel fetch");
    }
}

crate::runner::tests!(
    what_a_guest_writes_and_flushes_is_in_the_hosts_file,
    every_byte_of_a_disk_is_the_same_on_both_sides,
    a_disk_that_shrinks_under_its_guest_gives_io_errors,
    what_was_flushed_outlives_a_killed_monitor,
    what_is_no_disk_is_refused_before_the_guest_starts
);
