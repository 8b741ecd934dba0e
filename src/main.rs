//! Parse, dispatch, print the error, exit code. The worker comes first: it must not touch more than it needs.

use std::process::ExitCode;

fn main() -> ExitCode {
    let mut args = std::env::args_os().skip(1);
    if args.next().is_some_and(|a| a == isolab::lab::worker::SUBCOMMAND) {
        let request = args.next().unwrap_or_default();
        return isolab::lab::worker::serve(&request.to_string_lossy());
    }
    isolab::cli::main()
}
