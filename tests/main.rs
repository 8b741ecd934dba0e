//! All tests of the built program in one binary: thirty would each link all of isolab, and each wait for the slowest of its
//! own. `cargo test --test all orphans::` runs one file's.
#![deny(dead_code)] // a test that is in no list
#![allow(clippy::unwrap_used, clippy::print_stderr, reason = "a test may stop anywhere, and tells what it skips")]

mod common;
mod runner;

mod any_name;
mod architecture;
mod bad_input;
mod browser;
mod callers_folder;
mod charts;
mod claims;
mod container_races;
mod doctor;
mod faults;
mod figures;
mod for_scripts;
mod guest_programs;
mod guide;
mod guide_played;
mod guide_work;
mod hostile_text;
mod hosts_view;
mod kernels;
mod korean;
mod leftovers;
mod numbers;
mod one_program;
mod orphans;
mod pages;
mod program_names;
mod proxy;
mod readme;
mod report;
mod results_files;
mod results_readme;
mod run_command;
mod shortages;
mod signals;
mod streams;
mod system_calls;
mod terminal;
mod turns;
mod vm_bare;
mod vm_linux;
mod vm_linux_disks;
mod worker;
mod writable_root;

fn main() -> std::process::ExitCode {
    runner::main(&[
        any_name::TESTS,
        architecture::languages::TESTS,
        architecture::TESTS,
        architecture::paths::TESTS,
        bad_input::TESTS,
        browser::TESTS,
        callers_folder::TESTS,
        charts::TESTS,
        claims::TESTS,
        container_races::TESTS,
        doctor::TESTS,
        faults::TESTS,
        figures::TESTS,
        for_scripts::TESTS,
        guest_programs::TESTS,
        guide::TESTS,
        guide_played::TESTS,
        guide_work::TESTS,
        hostile_text::TESTS,
        hosts_view::TESTS,
        kernels::TESTS,
        korean::TESTS,
        leftovers::TESTS,
        numbers::TESTS,
        one_program::TESTS,
        orphans::TESTS,
        pages::TESTS,
        program_names::TESTS,
        proxy::TESTS,
        readme::TESTS,
        report::TESTS,
        results_files::TESTS,
        results_readme::TESTS,
        run_command::TESTS,
        run_command::bare_vm::TESTS,
        shortages::TESTS,
        signals::TESTS,
        streams::TESTS,
        system_calls::TESTS,
        terminal::TESTS,
        turns::TESTS,
        vm_bare::TESTS,
        vm_linux::TESTS,
        vm_linux_disks::TESTS,
        worker::TESTS,
        writable_root::TESTS,
    ])
}
