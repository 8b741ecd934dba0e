//! Builds the kernel of the bare guest and the init of the Linux one, and compiles the container's filter.

#[path = "../build_script.rs"]
#[allow(dead_code, reason = "each build script needs a part of it")]
mod build_script;
#[path = "../../container/presets/capabilities.rs"]
mod capabilities;
#[allow(dead_code, reason = "other profiles are compiled when a container is made")]
#[path = "../../container/seccomp/compiler.rs"]
mod compiler;

use std::path::Path;

use build_script::{build_program, depends_on, stop, write};
use capabilities::CAPABILITIES;
use compiler::bpf::Instruction;
use compiler::{Table, docker, filter};

fn main() {
    build_program("kernel", "src/vm/bare/kernel");
    build_program("init", "src/vm/linux/guest");
    compile_filter();
}

/// `src/container/seccomp/mod.rs` includes this one: the container's filter, compiled.
fn compile_filter() {
    const FILE: &str = "src/container/seccomp/calls.txt";
    const TABLE: &str = include_str!("../../container/seccomp/calls.txt");
    for path in ["src/container/seccomp", "src/container/presets/capabilities.rs"] {
        depends_on(Path::new(path));
    }
    let table = Table::read(TABLE, CAPABILITIES).unwrap_or_else(|why| stop(&format!("{FILE}:{why}")));
    let row = |Instruction { code, jt, jf, k }| {
        let (high, low) = (k >> 16, k & 0xffff);
        format!("    Instruction {{ code: {code}, jt: {jt}, jf: {jf}, k: 0x{high:04x}_{low:04x} }},\n")
    };
    let program = filter(&docker(&table)).unwrap_or_else(|| stop("the filter is too long"));
    let rows: String = program.into_iter().map(row).collect();
    let table = format!("static DOCKER_DEFAULT: &[Instruction] = &[\n{rows}];\n");
    write("docker_filter.rs", &table);
}
