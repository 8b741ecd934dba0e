//! The probe and the guest kernel are compiled by build.rs, so `cargo fmt` and `cargo clippy` do not see them: here they do.
use std::process::Command;

const PROGRAMS: [&str; 3] = ["src/probe/main.rs", "src/vm/bare/kernel/main.rs", "src/vm/linux/guest/main.rs"];

/// A tool of the toolchain; None, and told by name, where it is not installed.
fn tool(test: &str, name: &str) -> Option<Command> {
    if Command::new(name).arg("--version").output().is_ok_and(|o| o.status.success()) {
        return Some(Command::new(name));
    }
    isolab::testing::skip(format_args!("{test}: {name} is not installed (rustup component add rustfmt clippy)"));
    None
}

fn they_are_formatted() {
    let Some(mut rustfmt) = tool("they_are_formatted", "rustfmt") else { return };
    let out = rustfmt
        .args(["--check", "--edition", "2024", "--config-path", "rustfmt.toml"])
        .args(PROGRAMS)
        .output()
        .unwrap();
    assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stdout));
}

fn they_have_no_lint() {
    let dir = tempfile::tempdir().unwrap();
    for program in PROGRAMS {
        let Some(mut clippy) = tool("they_have_no_lint", "clippy-driver") else { return };
        let out = clippy
            .args([program, "--edition=2024", "--crate-type=bin", "-Cpanic=abort", "--cfg", "probe", "-Dwarnings"])
            .args(["--check-cfg", "cfg(probe, test)", "-Wclippy::all", "-Wclippy::undocumented_unsafe_blocks"])
            .args(["--emit=metadata", "-o"])
            .arg(dir.path().join("metadata")) // never /dev/null: as root rustc replaces the device by a file
            .output()
            .unwrap();
        assert!(out.status.success(), "{program}: {}", String::from_utf8_lossy(&out.stderr));
    }
}

/// A few KiB, one segment, nothing writable: what the harness counts on.
fn the_probe_is_small_and_static() {
    let elf = isolab::probe::ELF;
    assert!(elf.len() < 16 * 1024, "{} bytes", elf.len());
    let program_headers = u16::from_le_bytes([elf[56], elf[57]]);
    assert_eq!(program_headers, 2, "one PT_LOAD and the stack's flags");
}

crate::runner::tests!(they_are_formatted, they_have_no_lint, the_probe_is_small_and_static);
