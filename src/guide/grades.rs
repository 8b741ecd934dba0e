//! What `guide check --json` gives an instructor: points, and per check its status, reason and evidence; and which data and
//! which program stand behind it.

use serde::Serialize;

use super::checks::{Grades, Source};
use super::files::Results;
use super::outcome::Outcome;
use crate::id::RunId;
use crate::model::Build;
use crate::results::hash::{sha256, sha256_of_file};
use crate::results::schema::Status;

/// Of this form.
pub const SCHEMA: u32 = 1;

#[derive(Debug, Serialize)]
pub struct Graded {
    pub schema: u32,
    pub chapter: u32,
    /// Of the isolab that checked.
    pub version: String,
    pub commit: String,
    pub binary_sha256: String,
    pub probe_sha256: String,
    /// Of the machine that checked, when it has one.
    pub host_id: Option<String>,
    /// "own" or "reference".
    pub data: String,
    /// The reference machine.
    pub reference: Option<String>,
    pub points: u32,
    /// Of the checks that could be decided.
    pub possible: u32,
    /// What a person should look at: see [`flags`].
    pub flags: Vec<String>,
    /// Why these files: "named", "newest", "full-marks", "reference".
    pub chosen: String,
    pub files: Vec<File>,
    pub passed_over: Vec<PassedOver>,
    pub checks: Vec<Outcome>,
}

/// A results file that was read.
#[derive(Debug, Serialize)]
pub struct File {
    pub file: String,
    pub sha256: String,
    pub run: RunId,
    pub started: String,
    pub commit: String,
    pub binary_sha256: String,
    pub probe_sha256: String,
    pub host_id: String,
    pub prediction_sha256: Option<String>,
}

/// One that was not read though it is newer, or could not be.
#[derive(Debug, Serialize)]
pub struct PassedOver {
    pub file: String,
    pub why: String,
    pub fix: String,
}

impl Graded {
    pub fn new(
        chapter: u32,
        grades: Grades,
        source: &Source,
        results: &[Results],
        own_too: bool,
        build: Build,
    ) -> Graded {
        let host_id = own_host_id();
        let probe_sha256 = sha256(&[crate::probe::ELF]);
        let flags = flags(source, results, host_id.as_deref(), &probe_sha256, own_too);
        Graded {
            schema: SCHEMA,
            chapter,
            version: env!("CARGO_PKG_VERSION").into(),
            commit: build.commit.into(),
            binary_sha256: sha256_of_file(std::path::Path::new("/proc/self/exe")).unwrap_or_default(),
            probe_sha256,
            host_id,
            data: source.name().into(),
            reference: if let Source::Reference(host) = source { Some(host.clone()) } else { None },
            points: grades.points,
            possible: grades.possible,
            flags,
            chosen: String::new(),
            files: results.iter().map(file).collect(),
            passed_over: Vec::new(),
            checks: grades.outcomes,
        }
    }
}

fn own_host_id() -> Option<String> {
    let state = crate::host::callers_state_dir().ok()?;
    state.join("host-id").exists().then(|| crate::host::host_id(&state).ok())?
}

fn file(results: &Results) -> File {
    let header = &results.run.header;
    File {
        file: results.name.clone(),
        sha256: results.sha256.clone(),
        run: header.id.clone(),
        started: header.started.clone(),
        commit: header.commit.clone(),
        binary_sha256: header.binary_sha256.clone(),
        probe_sha256: header.probe_sha256.clone(),
        host_id: header.host.id.clone(),
        prediction_sha256: header.prediction_sha256.clone(),
    }
}

/// None of them costs a point by itself. "reference-though-own": own data exists, and should have been used. "other-host",
/// "other-probe", "several-hosts": the files are not from here, not of this probe, not of one machine. "interrupted",
/// "recovered": how a run ended. "unfit": a file says of itself that it is not for publication, as each quick run does.
pub fn flags(source: &Source, results: &[Results], host: Option<&str>, probe: &str, own_too: bool) -> Vec<String> {
    let any = |test: &dyn Fn(&Results) -> bool| results.iter().any(test);
    let own = source == &Source::Own;
    let first_host = results.first().map(|r| r.run.header.host.id.as_str());
    let measured = |r: &Results| r.run.cells.iter().any(|c| c.status == Status::Measured);
    let raised = [
        ("reference-though-own", !own && own_too),
        ("other-host", own && host.is_some_and(|host| any(&|r| r.run.header.host.id != host))),
        ("several-hosts", any(&|r| Some(r.run.header.host.id.as_str()) != first_host)),
        ("other-probe", any(&|r| r.run.header.probe_sha256 != probe)),
        ("interrupted", any(&|r| r.run.ended == "interrupted")),
        ("recovered", any(&|r| r.run.ended == "recovered")),
        ("unfit", any(&|r| measured(r) && r.run.warnings.iter().any(|w| w.blocks_publication))),
    ];
    raised.into_iter().filter(|(_, raised)| *raised).map(|(flag, _)| flag.to_owned()).collect()
}
