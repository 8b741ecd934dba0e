//! What tests that play a reader of the guide share.

use std::path::{Path, PathBuf};
use std::process::Command;

use isolab::guide::chapters::Ask;
use isolab::guide::predictions::Log;
use isolab::results::chain::chain;
use isolab::results::read;
use isolab::results::schema::Run;

use super::World;

/// The compiler itself: rustup's stand-in looks for its toolchains in a home, and a world has one of its own.
pub(crate) fn rustc() -> PathBuf {
    let named = std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let out = Command::new(named).args(["--print", "sysroot"]).output().unwrap();
    Path::new(String::from_utf8(out.stdout).unwrap().trim()).join("bin/rustc")
}

/// An answer of the right kind to a question.
pub(crate) fn answer(kind: Ask, options: &[String]) -> String {
    match kind {
        Ask::Number => "7.5".into(),
        Ask::Choice => options[0].clone(),
        Ask::Order => options.join(","),
        Ask::YesNo => "no".into(),
    }
}

/// A file of a reference machine as a run of this world's reader: of an id of its own, younger than the prediction.
pub(crate) fn own_run(world: &World, reference: &str, id: &str, started: &str) -> Run {
    let mut run = read::load(&Path::new("results/reference/svm").join(reference)).unwrap();
    let log = Log::load(&world.join("home/.local/state/isolab")).unwrap();
    run.header.prediction_sha256 = log.head().map(str::to_owned);
    (run.header.id, run.header.started) = (id.into(), started.to_owned());
    chain(&run.header, &mut run.cells);
    run
}
