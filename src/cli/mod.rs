//! The command line: one file per subcommand; results on stdout, everything else on stderr.

mod args;
mod bench;
mod clean;
mod closing;
mod compare;
mod exit;
mod export;
mod list;
mod objects;
mod out;
mod progress;
mod recover;
mod run;
mod watch;

use std::process::ExitCode;

use clap::Parser;

use crate::error::{Error, Kind, Result};
use args::{Args, Command};
use out::Out;

/// The whole program but the worker.
pub fn main() -> ExitCode {
    // A panic is a bug of ours; it must still read like an error and leave the right exit code.
    std::panic::set_hook(Box::new(|info| {
        let place = info.location().map_or(String::new(), |l| format!(" ({}:{})", l.file(), l.line()));
        let what = info.payload().downcast_ref::<&str>().copied().unwrap_or("no message");
        exit::complain(
            &Error::new("go on", format!("a bug in isolab: {what}{place}"))
                .try_this("report it with the command that you ran"),
        );
    }));
    let args = match Args::try_parse() {
        Ok(args) => args,
        Err(usage) => return exit::usage(&usage),
    };
    let result = std::panic::catch_unwind(|| dispatch(args)).unwrap_or(Ok(exit::FAILED));
    match result {
        Ok(code) => ExitCode::from(code),
        Err(error) => exit::code_of(&error),
    }
}

fn dispatch(args: Args) -> Result<u8> {
    let mut out = Out::new();
    match args.command {
        Command::Bench(bench) => bench::run(bench, &mut out),
        Command::Run(run) => Ok(run::run(run, &mut out)),
        Command::Probe(probe) => Ok(run::probe(probe, &mut out)),
        Command::List(list) => list::run(list, &mut out),
        Command::Compare(compare) => compare::run(compare, &mut out),
        Command::Report(report) => export::report(report, &mut out),
        Command::Chart(chart) => export::chart(chart, &mut out),
        Command::Recover(recover) => recover::run(recover, &mut out),
        Command::Clean => clean::run(&mut out),
    }
    .or_else(|error| if error.kind == Kind::BrokenPipe { Ok(exit::OK) } else { Err(error) })
}
