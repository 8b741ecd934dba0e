//! Parse, dispatch, print the error, exit code. The worker comes first: it must not touch more than it needs.
//!
//! Rust's own start makes a guard for the stack's end out of /proc/self/maps, and a stack for its handler: 45 µs in every
//! worker. So where std needs no start for its arguments, which is so with glibc, C's `main` is ours.

#![cfg_attr(all(target_env = "gnu", not(test)), no_main)]

fn isolab() -> u8 {
    let mut args = std::env::args_os().skip(1);
    if args.next().is_some_and(|a| a == isolab::bench::worker::SUBCOMMAND) {
        let request = args.next().unwrap_or_default();
        return isolab::bench::worker::serve(&request.to_string_lossy());
    }
    isolab::cli::main()
}

/// What is left to do of Rust's start: the three streams, which a file that is opened later must not become. And of its
/// end: the buffer of stdout is written.
#[cfg(all(target_env = "gnu", not(test)))]
#[expect(unsafe_code, reason = "the name is C's; nothing else here has it")]
#[unsafe(no_mangle)]
pub extern "C" fn main() -> std::ffi::c_int {
    isolab::sys::fds::open_standard_streams();
    std::process::exit(isolab().into())
}

#[cfg(not(all(target_env = "gnu", not(test))))]
fn main() -> std::process::ExitCode {
    isolab().into()
}
