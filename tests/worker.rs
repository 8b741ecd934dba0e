//! The worker is small when it forks: what it has touched is in every sample, because fork copies its page tables.
use std::process::{Command, Stdio};

use isolab::bench::worker::{Done, Mode, Reply, Request};
use isolab::bench::{Workload, worker};
use isolab::environments::{ALL, Arm, Setting, Support};

const MOST_ANONYMOUS_KIB: u64 = 512;

fn its_anonymous_memory_is_below_half_a_mebibyte_in_every_environment() {
    let mut tried = 0;
    for env in ALL.iter().filter(|e| !e.about().is_scripted()) {
        let arm = Arm::parse(env.about().id).unwrap();
        let task = Workload::Noop.task(7);
        if let Support::No { reason, .. } = env.supports(&arm.knobs, &task) {
            isolab::testing::skip(format_args!("its_anonymous_memory_is_below_half_a_mebibyte ({arm}): {}", &*reason));
            continue;
        }
        let dir = tempfile::tempdir().unwrap();
        std::fs::set_permissions(dir.path(), std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
        let request = |mode| Request {
            arm: arm.id(),
            task: task.clone(),
            setting: Setting::at(dir.path()),
            mode,
            timeout_ms: 10_000,
            cpu: None,
            join: Vec::new(),
            footprint: false,
            parent: None,
        };
        assert!(matches!(ask(&request(Mode::Prepare)), Reply::Prepared { .. }));
        let done = life(&request(Mode::Once));
        tried += 1;
        assert!(done.worker_rss_anon_kib > 0, "{arm}: it was not measured");
        assert!(done.worker_rss_anon_kib <= MOST_ANONYMOUS_KIB, "{arm}: {} KiB", done.worker_rss_anon_kib);
    }
    assert!(tried > 0, "a plain process runs everywhere");
}

fn life(request: &Request) -> Done {
    match ask(request) {
        Reply::Done(done) => *done,
        other => panic!("{other:?}"),
    }
}

fn ask(request: &Request) -> Reply {
    let out = Command::new(env!("CARGO_BIN_EXE_isolab"))
        .args([worker::SUBCOMMAND, &serde_json::to_string(request).unwrap()])
        .stdin(Stdio::null())
        .output()
        .unwrap();
    serde_json::from_slice(&out.stdout).unwrap_or_else(|e| panic!("{e}: {}", String::from_utf8_lossy(&out.stderr)))
}

/// build.rs links it statically where the C compiler has the libraries for that.
fn it_needs_no_dynamic_loader() {
    const PROGRAM_HEADERS: usize = 32; // e_phoff, e_phnum of elf(5); each header has 56 bytes and begins with its type
    const COUNT: usize = 56;
    let found = Command::new("cc").arg("-print-file-name=libc.a").output();
    if !found.is_ok_and(|out| out.stdout.starts_with(b"/")) {
        isolab::testing::skip(format_args!("it_needs_no_dynamic_loader: no static C library here"));
        return;
    }
    let elf = std::fs::read(env!("CARGO_BIN_EXE_isolab")).unwrap();
    let first = u64::from_le_bytes(elf[PROGRAM_HEADERS..][..8].try_into().unwrap()) as usize;
    let count = usize::from(elf[COUNT]);
    let kinds: Vec<u8> = (0..count).map(|n| elf[first + 56 * n]).collect();
    assert!(kinds.contains(&libc::PT_LOAD.to_le_bytes()[0]) && !kinds.contains(&(libc::PT_INTERP as u8)), "{kinds:?}");
}

crate::runner::tests!(its_anonymous_memory_is_below_half_a_mebibyte_in_every_environment, it_needs_no_dynamic_loader);
