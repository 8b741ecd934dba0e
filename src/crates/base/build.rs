//! Builds the probe, which runs in every environment.

#[path = "../build_script.rs"]
#[allow(dead_code, reason = "each build script needs a part of it")]
mod build_script;

fn main() {
    build_script::build_program("probe", "src/probe");
}
