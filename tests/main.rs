//! All tests of the built program in one binary: thirty would each link all of isolab, and each wait for the slowest of its
//! own. `cargo test --test all orphans::` runs one file's.
#![allow(clippy::unwrap_used, clippy::print_stderr, reason = "a test may stop anywhere, and tells what it skips")]

mod common;

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
mod worker;
mod writable_root;
