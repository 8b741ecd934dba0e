//! How the program is linked, and which build it is. What it carries is built where it is used: `src/crates/*/build.rs`.

#[path = "src/crates/build_script.rs"]
#[allow(dead_code, reason = "each build script needs a part of it")]
mod build_script;

use std::path::{Path, PathBuf};
use std::process::Command;

use build_script::{env, stop};

fn main() {
    stop_on_another_machine();
    tell_which_build_this_is();
    println!("cargo:rerun-if-changed=build.rs");
    println!("cargo:rustc-link-arg-bins=-no-pie"); // no relocations at start: a worker starts sooner and owns less memory
    link_statically();
}

fn stop_on_another_machine() {
    let os = env("CARGO_CFG_TARGET_OS");
    let cpu = env("CARGO_CFG_TARGET_ARCH");
    if os != "linux" || cpu != "x86_64" {
        stop(&format!(
            "isolab measures Linux on x86-64; this build is for {os} on {cpu}.\n\
             On Windows use WSL2, on a Mac an x86-64 Linux machine or course VM."
        ));
    }
}

/// A fresh isolab is started for every sample. Without a dynamic loader that takes half of the page faults, and without
/// libgcc_s sixteen CPUIDs less, each of which leaves a virtual machine.
///
/// `-C target-feature=+crt-static` would do it too, but then cargo wants `--target`, and the binary is elsewhere. rustc asks
/// the linker for shared libraries; these texts, found first, name the static ones in their place. Where there are none (a
/// package of its own on Fedora: glibc-static) the binary is linked as usual.
fn link_statically() {
    const STATIC: [&str; 4] = ["libc.a", "libm.a", "libgcc_eh.a", "libgcc.a"];
    const ASKED_FOR: [&str; 3] = ["libc.so", "libm.so", "libgcc_s.so"];
    let found: Option<Vec<PathBuf>> = STATIC.into_iter().map(library).collect();
    let Some(found) = found.filter(|_| one_library_for_all()) else { return };
    let names: Vec<String> = found.iter().map(|file| format!("\"{}\"", file.display())).collect();
    let text = format!("GROUP({})\n", names.join(" ")); // a group, as each of them needs the others
    let folder = PathBuf::from(env("OUT_DIR")).join("static");
    let written = std::fs::create_dir_all(&folder)
        .and_then(|()| ASKED_FOR.into_iter().try_for_each(|name| std::fs::write(folder.join(name), &text)));
    if written.is_ok() {
        println!("cargo:rustc-link-arg-bins=-static");
        println!("cargo:rustc-link-arg-bins=-L{}", folder.display());
    }
}

/// Since glibc 2.34 libpthread is empty and all is in libc; before, a static program lacks parts that unwinding looks for.
fn one_library_for_all() -> bool {
    const NO_MEMBERS: u64 = "!<arch>\n".len() as u64;
    library("libpthread.a").and_then(|file| file.metadata().ok()).is_some_and(|file| file.len() == NO_MEMBERS)
}

/// Where the C compiler that links us finds a file; None: it has none.
fn library(name: &str) -> Option<PathBuf> {
    let linker = std::env::var_os("RUSTC_LINKER").unwrap_or_else(|| "cc".into());
    let out = Command::new(linker).arg(format!("-print-file-name={name}")).output().ok()?;
    let path = PathBuf::from(String::from_utf8(out.stdout).ok()?.trim());
    path.is_file().then_some(path) // it echoes a name that it does not find
}

/// `isolab --version` and every results file name the commit, when there is one.
fn tell_which_build_this_is() {
    let git = |args: &[&str]| {
        let out = Command::new("git").args(args).output().ok().filter(|o| o.status.success())?;
        Some(String::from_utf8_lossy(&out.stdout).trim().to_owned())
    };
    let commit =
        git(&["rev-parse", "--short=12", "HEAD"]).filter(|c| !c.is_empty()).unwrap_or_else(|| "unknown".into());
    let changed = git(&["status", "--porcelain", "--", "src", "build.rs", "Cargo.toml", "Cargo.lock", "lab-guides"]);
    let dirty = if changed.is_some_and(|files| !files.is_empty()) { "+changes" } else { "" };
    println!("cargo:rustc-env=ISOLAB_COMMIT={commit}{dirty}");
    println!("cargo:rustc-env=ISOLAB_PROFILE={}", env("PROFILE"));
    let compiler = Command::new(env("RUSTC")).arg("--version").output().ok().filter(|o| o.status.success());
    let compiler = compiler.map_or_else(|| "unknown".into(), |o| String::from_utf8_lossy(&o.stdout).trim().to_owned());
    println!("cargo:rustc-env=ISOLAB_RUSTC={compiler}");
    println!("cargo:rerun-if-changed=src"); // "+changes" is said of what was built
    // Not the index: `git add` changes nothing that is built. One that is not there would mean a new build every time.
    let moves = ["logs/HEAD", "HEAD"].into_iter().filter_map(|name| git(&["rev-parse", "--git-path", name]));
    if let Some(file) = moves.into_iter().find(|file| Path::new(file).exists()) {
        println!("cargo:rerun-if-changed={file}");
    }
}
