//! What the build scripts share. Each begins in its own folder; names of files are those of the repository's root.

use std::path::{Path, PathBuf};
use std::process::{Command, exit};

/// The repository's root.
pub(super) fn root() -> PathBuf {
    let mut here = PathBuf::from(env("CARGO_MANIFEST_DIR"));
    while !here.join("src/crates").exists() {
        if !here.pop() {
            stop("the sources are not whole: src/crates is missing");
        }
    }
    here
}

pub(super) fn depends_on(path: &Path) {
    println!("cargo:rerun-if-changed={}", root().join(path).display());
}

/// A `no_std` program with a linker script of its own, compiled by the rustc that cargo uses, always optimised, whatever the
/// profile: the same bytes in debug and release. Cargo's RUSTFLAGS do not reach it.
pub(super) fn build_program(name: &str, folder: &str) {
    depends_on(Path::new(folder));
    let out = PathBuf::from(env("OUT_DIR")).join(name);
    let own = Path::new(folder).join("link.ld");
    let script = if root().join(&own).exists() { own } else { "src/probe/link.ld".into() };
    depends_on(&script);
    let script = format!("-Clink-arg=-T{}", script.display());
    let result = Command::new(env("RUSTC"))
        .current_dir(root())
        .arg(format!("{folder}/main.rs"))
        .args(["--edition=2024", "--crate-type=bin", "--target=x86_64-unknown-linux-gnu", "-Dwarnings"])
        .args(["--crate-name", name, "--cfg", "probe", "--check-cfg", "cfg(probe, test)"])
        .args(["-Copt-level=2", "-Ccodegen-units=1", "-Ctarget-cpu=x86-64", "-Cpanic=abort"])
        .args(["-Cforce-unwind-tables=no", "-Cstrip=debuginfo", "-Crelocation-model=static"])
        .args(
            ["-nostdlib", "-nostartfiles", "-static", "-no-pie", "-Wl,--build-id=none"]
                .map(|a| format!("-Clink-arg={a}")),
        )
        .arg(script)
        .arg("-o")
        .arg(&out)
        .env_remove("RUSTC_WRAPPER")
        .env_remove("RUSTFLAGS")
        .env_remove("CARGO_ENCODED_RUSTFLAGS")
        .output();
    match result {
        Ok(o) if o.status.success() => {}
        Ok(o) => stop(&format!("{name} did not build:\n{}", String::from_utf8_lossy(&o.stderr))),
        Err(cause) => stop(&format!("could not run rustc to build {name}: {cause}")),
    }
}

/// Into the folder of what was built.
pub(super) fn write(name: &str, text: &str) {
    if let Err(cause) = std::fs::write(PathBuf::from(env("OUT_DIR")).join(name), text) {
        stop(&format!("could not write {name}: {cause}"));
    }
}

pub(super) fn env(name: &str) -> String {
    std::env::var(name).unwrap_or_else(|_| stop(&format!("cargo did not set {name}")))
}

#[expect(clippy::exit, clippy::print_stderr, reason = "a build script has no other way to stop with a plain message")]
pub(super) fn stop(why: &str) -> ! {
    for line in why.lines() {
        println!("cargo:warning={line}");
    }
    eprintln!("\nerror: {why}\n");
    exit(1)
}
