//! Builds the programs that isolab runs inside its environments: the probe, the kernel of the bare guest, the init of the
//! Linux one.
//!
//! They are `no_std` programs with a linker script of their own, compiled by the rustc that cargo uses, always optimised,
//! whatever the profile: the same bytes in debug and release. Cargo's RUSTFLAGS do not reach them.
//!
//! And lists the files of the guide, so that a binary outside the repository has them too, and compiles the container's filter.

#[path = "src/container/presets/capabilities.rs"]
mod capabilities;
#[allow(dead_code, reason = "other profiles are compiled when a container is made")]
#[path = "src/container/seccomp/compiler.rs"]
mod compiler;

use std::path::{Path, PathBuf};
use std::process::{Command, exit};

use capabilities::CAPABILITIES;
use compiler::bpf::Instruction;
use compiler::{Table, docker, filter};

fn main() {
    stop_on_another_machine();
    tell_which_build_this_is();
    println!("cargo:rerun-if-changed=build.rs");
    println!("cargo:rustc-link-arg-bins=-no-pie"); // no relocations at start: a worker starts sooner and owns less memory
    link_statically();
    build_program("probe", "src/probe");
    build_program("kernel", "src/vm/bare/kernel");
    build_program("init", "src/vm/linux/guest");
    list_guide_files();
    list_reference_runs();
    compile_filter();
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

fn build_program(name: &str, folder: &str) {
    println!("cargo:rerun-if-changed={folder}");
    let out = PathBuf::from(env("OUT_DIR")).join(name);
    let own = Path::new(folder).join("link.ld");
    let script = if own.exists() { own } else { "src/probe/link.ld".into() };
    let script = format!("-Clink-arg=-T{}", script.display());
    let result = Command::new(env("RUSTC"))
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

/// `src/guide/shelf.rs` includes this table, each file compressed (RFC 1950). Not in it: the solutions, what is written for a code host, and work/, which
/// is the reader's desk: an edit there must neither cost a new build nor become what was shipped.
fn list_guide_files() {
    const FOLDER: &str = "lab-guides";
    let (mut files, mut folders) = (Vec::new(), vec![PathBuf::from(FOLDER)]);
    println!("cargo:rerun-if-changed={FOLDER}/README.md"); // the index: a new page changes it
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
            let path = entry.path();
            let name = path.strip_prefix(FOLDER).unwrap_or(&path).display().to_string();
            match (path.is_dir(), name.as_str()) {
                (_, "README.md" | "solutions" | "work") => continue,
                (true, _) => folders.push(path.clone()),
                (false, _) => files.push(name),
            }
            println!("cargo:rerun-if-changed={}", path.display());
        }
    }
    let include = |file: String| {
        let packed = pack(&Path::new(FOLDER).join(&file), &format!("{}.z", file.replace('/', ".")));
        (file, packed)
    };
    write_table("guide_files.rs", files.into_iter().map(include).collect());
}

/// `src/guide/reference.rs` includes this one: the runs of reference machines, by host and name, compressed (RFC 1950):
/// they are megabytes of digits.
fn list_reference_runs() {
    const FOLDER: &str = "results/reference";
    println!("cargo:rerun-if-changed=results/README.md"); // it names them
    let mut files = Vec::new();
    for host in std::fs::read_dir(FOLDER).into_iter().flatten().flatten() {
        println!("cargo:rerun-if-changed={}", host.path().display());
        for run in std::fs::read_dir(host.path()).into_iter().flatten().flatten() {
            let path = run.path();
            if path.extension().is_some_and(|ending| ending == "json") {
                let name = path.strip_prefix(FOLDER).unwrap_or(&path).display().to_string();
                let packed = pack(&path, &format!("{}.z", name.replace('/', ".")));
                files.push((name, packed));
            }
        }
    }
    write_table("reference_runs.rs", files);
}

/// Compresses a file, and gives the text that includes it. Not again while the file is the same: this program is not optimised.
fn pack(from: &Path, name: &str) -> String {
    let to = PathBuf::from(env("OUT_DIR")).join(name);
    let changed = |path: &Path| path.metadata().and_then(|about| about.modified()).ok();
    if changed(&to).is_none_or(|packed| changed(from).is_none_or(|file| file >= packed)) {
        let packed = std::fs::read(from).map(|text| compressed(&text));
        if let Err(cause) = packed.and_then(|bytes| std::fs::write(&to, bytes)) {
            stop(&format!("could not pack {}: {cause}", from.display()));
        }
    }
    format!("include_bytes!(concat!(env!(\"OUT_DIR\"), \"/{name}\"))")
}

/// By the strategy for digits: matches are rare in them, and short ones do not pay. A fifteenth smaller than the usual one.
fn compressed(text: &[u8]) -> Vec<u8> {
    use miniz_oxide::deflate::core::{
        CompressionStrategy, CompressorOxide, TDEFLFlush, TDEFLStatus, compress, create_comp_flags_from_zip_params,
    };
    let digits = text.iter().filter(|byte| byte.is_ascii_digit()).count() * 2 > text.len();
    let strategy = if digits { CompressionStrategy::Filtered } else { CompressionStrategy::Default };
    let mut compressor = CompressorOxide::new(create_comp_flags_from_zip_params(9, 15, strategy as i32));
    let mut packed = vec![0; text.len() + 1024]; // deflate never adds more than a few bytes for each 32 KiB
    let (status, _, length) = compress(&mut compressor, text, &mut packed, TDEFLFlush::Finish);
    if status != TDEFLStatus::Done {
        stop(&format!("could not pack {} bytes: {status:?}", text.len()));
    }
    packed.truncate(length);
    packed
}

/// Rows of path and packed contents.
fn write_table(name: &str, mut files: Vec<(String, String)>) {
    files.sort();
    let rows: String = files.iter().map(|(path, include)| format!("    ({path:?}, {include}),\n")).collect();
    let table = format!("const EMBEDDED: &[(&str, &[u8])] = &[\n{rows}];\n");
    if let Err(cause) = std::fs::write(PathBuf::from(env("OUT_DIR")).join(name), table) {
        stop(&format!("could not write {name}: {cause}"));
    }
}

/// `src/container/seccomp/mod.rs` includes this one: the container's filter, compiled.
fn compile_filter() {
    const FILE: &str = "src/container/seccomp/calls.txt";
    const TABLE: &str = include_str!("src/container/seccomp/calls.txt");
    let table = Table::read(TABLE, CAPABILITIES).unwrap_or_else(|why| stop(&format!("{FILE}:{why}")));
    let row = |Instruction { code, jt, jf, k }| {
        let (high, low) = (k >> 16, k & 0xffff);
        format!("    Instruction {{ code: {code}, jt: {jt}, jf: {jf}, k: 0x{high:04x}_{low:04x} }},\n")
    };
    let program = filter(&docker(&table)).unwrap_or_else(|| stop("the filter is too long"));
    let rows: String = program.into_iter().map(row).collect();
    let table = format!("static DOCKER_DEFAULT: &[Instruction] = &[\n{rows}];\n");
    if let Err(cause) = std::fs::write(PathBuf::from(env("OUT_DIR")).join("docker_filter.rs"), table) {
        stop(&format!("could not write docker_filter.rs: {cause}"));
    }
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

fn env(name: &str) -> String {
    std::env::var(name).unwrap_or_else(|_| stop(&format!("cargo did not set {name}")))
}

#[expect(clippy::exit, clippy::print_stderr, reason = "a build script has no other way to stop with a plain message")]
fn stop(why: &str) -> ! {
    for line in why.lines() {
        println!("cargo:warning={line}");
    }
    eprintln!("\nerror: {why}\n");
    exit(1)
}
