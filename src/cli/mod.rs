//! The command line: one file per subcommand; results on stdout, everything else on stderr.

mod args;
mod bench;
mod chart;
mod clean;
mod compare;
mod disk;
mod doctor;
mod exit;
mod final_table;
mod guide;
mod hardware;
mod kernel;
mod language;
mod latest;
mod list;
mod live;
mod manual;
mod misuse;
mod out;
mod progress;
mod recover;
mod report;
mod run;
mod run_output;
mod signal_proxy;
mod streams;
mod summary;

use clap::Parser;
use nix::sys::stat::{Mode, umask};

use crate::error::{Error, Kind, Result};
use crate::said;
use args::{Args, Command, RunAlone};
use out::Out;

/// The whole program but the worker.
pub fn main() -> u8 {
    // A panic is a bug of ours; it must still read like an error and leave the right exit code.
    std::panic::set_hook(Box::new(|info| {
        let place = info.location().map_or(String::new(), |l| format!(" ({}:{})", l.file(), l.line()));
        let what = info.payload().downcast_ref::<&str>().copied().unwrap_or("no message");
        exit::complain(
            &Error::new(
                said!("go on", "계속할 수 없습니다"),
                said!("a bug in isolab: {what}{place}", "isolab의 버그: {what}{place}"),
            )
            .try_this(said!("report it with the command that you ran", "실행한 명령과 함께 알려 주십시오")),
        );
    }));
    let _ = crate::sys::signals::let_writes_fail(); // or a write beyond `ulimit -f` kills us with the samples unsaved
    let _ = crate::sys::signals::wait_for_children();
    let command = match parse() {
        Ok(command) => command,
        Err(usage) => return exit::usage(&usage),
    };
    let result = std::panic::catch_unwind(|| dispatch(command)).unwrap_or(Ok(exit::FAILED));
    match result {
        Ok(code) => code,
        Err(error) => exit::code_of(&error),
    }
}

/// Is this command line one that isolab understands? The guide's tests ask it for every line that a page prints.
/// The first word is the program's name.
pub fn parses(argv: &[&str]) -> Result<()> {
    parse_words(argv).map_err(|wrong| {
        Error::usage(
            said!("read the command {line:?}", "명령 {line:?}을(를) 읽을 수 없습니다", line = argv.join(" ")),
            wrong,
        )
    })
}

fn parse_words(argv: &[&str]) -> Result<(), clap::Error> {
    match argv {
        [program, "run", rest @ ..] => RunAlone::try_parse_from([program].into_iter().chain(rest)).map(drop),
        _ => Args::try_parse_from(argv).map(drop),
    }
}

/// `run` is parsed by itself: making ready for every other subcommand takes longer than a process does to start.
fn parse() -> Result<Command, clap::Error> {
    let mut argv = std::env::args_os();
    let (program, first) = (argv.next(), argv.next());
    if first.is_some_and(|word| word == "run") {
        let alone = RunAlone::try_parse_from(program.into_iter().chain(argv))?;
        language::choose(alone.lang);
        return Ok(Command::Run(alone.run));
    }
    let args = Args::try_parse()?;
    language::choose(args.lang);
    Ok(args.command)
}

/// A umask that takes the owner's own rights away would shut us out of the folders that we make.
fn keep_own_files_ours() {
    let before = umask(Mode::empty());
    umask(before & !Mode::S_IRWXU);
}

fn dispatch(command: Command) -> Result<u8> {
    let mut out = Out::new(language::here());
    if !matches!(command, Command::Run(_) | Command::Probe(_)) {
        keep_own_files_ours(); // a program keeps its caller's mask
    }
    match command {
        Command::Bench(bench) => bench::run(bench, &mut out),
        Command::Run(run) => Ok(run::run(run, &mut out)),
        Command::Probe(probe) => Ok(run::probe(probe, &mut out)),
        Command::List(list) => list::run(list, &mut out),
        Command::Compare(compare) => compare::run(compare, &mut out),
        Command::Report(report) => report::run(report, &mut out),
        Command::Chart(args) => chart::run(args, &mut out),
        Command::Recover(recover) => recover::run(recover, &mut out),
        Command::Kernel(kernel) => kernel::run(kernel, &mut out),
        Command::Doctor(doctor) => doctor::run(doctor, &mut out),
        Command::Clean(clean) => clean::run(clean, &mut out),
        Command::Completions(shell) => manual::completions(shell, &mut out),
        Command::Man(man) => manual::man(man, &mut out),
        Command::Guide(guide) => guide::run(guide, &mut out),
    }
    .or_else(|error| if error.kind == Kind::BrokenPipe { Ok(exit::OK) } else { Err(error) })
}
