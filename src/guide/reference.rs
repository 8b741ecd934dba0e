//! Reference machines, for who cannot measure: thorough runs that are committed below `results/reference/<host>/`, and
//! stand in this binary too.

use std::path::{Path, PathBuf};

use super::chapters::Needs;
use super::files::{Results, holds};
use crate::error::{Error, Result};
use crate::lang::Said;
use crate::results::hash::sha256;
use crate::results::read;
use crate::said;

// `EMBEDDED`: every `<host>/<name>.json` below results/reference/, compressed (RFC 1950). Made by build.rs.
include!(concat!(env!("OUT_DIR"), "/reference_runs.rs"));

const FOLDER: &str = "results/reference";

/// One run of a reference machine: in a folder, or in this binary.
enum Place {
    File(PathBuf),
    Here(&'static [u8]),
}

/// Hosts that there are, by name: those of the current folder or one above it, else those of this binary.
pub fn hosts(dir: &Path) -> Vec<String> {
    let mut names: Vec<String> = runs(dir).into_iter().map(|(host, _, _)| host).collect();
    names.dedup();
    names
}

/// The runs of a host that hold what a chapter needs; the first host when none is named.
///
/// # Errors
/// `Usage` for a host that there is not; `Unavailable` when there is none at all.
pub fn load(dir: &Path, host: Option<&str>, needs: &Needs) -> Result<(String, Vec<Results>)> {
    let there_are = hosts(dir);
    let Some(first) = there_are.first() else {
        return Err(Error::unavailable(
            said!("use reference data", "참조 데이터를 쓸 수 없습니다"),
            said!("there are no reference runs here, nor in this binary", "참조 실행이 여기에도, 이 바이너리에도 없음"),
        )
        .try_this(said!(
            "run it in a folder that has results/reference/<host>/*.json",
            "results/reference/<host>/*.json이 있는 폴더에서 실행하십시오"
        )));
    };
    let host = host.unwrap_or(first);
    if !there_are.iter().any(|h| h == host) {
        return Err(Error::usage(
            said!("use the reference host {host:?}", "참조 호스트 {host:?}을(를) 쓸 수 없습니다"),
            said!("there is none of that name", "그런 이름이 없음"),
        )
        .try_this({
            let (en, ko) = (there_are.join(", or reference="), there_are.join(" 또는 reference="));
            said!("--on reference={en}", "--on reference={ko} 가운데 하나")
        }));
    }
    let mut found = Vec::new();
    for (_, name, place) in runs(dir).into_iter().filter(|(h, _, _)| h == host) {
        let results = match place {
            Place::File(path) => Results::load(&path, format!("{FOLDER}/{host}/{name}"))?,
            Place::Here(packed) => unpack(packed, format!("{host}/{name}"))?,
        };
        let useful = |need: &String| results.run.cells.iter().any(|cell| holds(need, &cell.id));
        if needs.cells.is_empty() || needs.cells.iter().any(useful) {
            found.push(results);
        }
    }
    Ok((host.to_owned(), found))
}

fn unpack(packed: &[u8], name: String) -> Result<Results> {
    let text = miniz_oxide::inflate::decompress_to_vec_zlib(packed).map_err(|cause| {
        Error::new(
            said!("unpack the reference run {name}", "참조 실행 {name}의 압축을 풀 수 없습니다"),
            Said::verbatim(cause.to_string()),
        )
    })?;
    Ok(Results { run: read::parse(&text, &name)?, sha256: sha256(&[&text]), name })
}

/// Host, name and place of every run, sorted.
fn runs(dir: &Path) -> Vec<(String, String, Place)> {
    let folder = dir.ancestors().map(|d| d.join(FOLDER)).find(|d| d.is_dir());
    let mut found = folder.as_deref().map(in_folder).unwrap_or_default();
    if found.is_empty() {
        let split = |(path, packed): &(&str, &'static [u8])| {
            let (host, name) = path.split_once('/')?;
            Some((host.to_owned(), name.to_owned(), Place::Here(packed)))
        };
        found = EMBEDDED.iter().filter_map(split).collect();
    }
    found.sort_by(|a, b| (&a.0, &a.1).cmp(&(&b.0, &b.1)));
    found
}

fn in_folder(folder: &Path) -> Vec<(String, String, Place)> {
    let entries = |dir: &Path| std::fs::read_dir(dir).into_iter().flatten().flatten().map(|entry| entry.path());
    let name = |path: &Path| path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let mut found = Vec::new();
    for host in entries(folder) {
        let runs = entries(&host).filter(|p| p.extension().is_some_and(|e| e == "json"));
        found.extend(runs.map(|run| (name(&host), name(&run), Place::File(run))));
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::results::example;

    #[test]
    fn a_host_is_chosen_by_name_and_only_its_useful_runs_are_read() {
        let dir = tempfile::tempdir().unwrap();
        let bytes = serde_json::to_vec(&example::boot(6)).unwrap();
        for (host, name) in [("b-hardware", "boot.json"), ("a-software", "boot.json"), ("a-software", "notes.txt")] {
            let folder = dir.path().join(FOLDER).join(host);
            std::fs::create_dir_all(&folder).unwrap();
            std::fs::write(folder.join(name), &bytes).unwrap();
        }
        let below = dir.path().join("lab");
        std::fs::create_dir(&below).unwrap();
        let needs = |cell: &str| Needs { cells: vec![cell.into()], ..Needs::default() };
        let loaded = |host, cell| load(&below, host, &needs(cell)).map(|(host, files)| (host, files.len()));
        assert_eq!(hosts(&below), ["a-software", "b-hardware"]);
        assert_eq!(loaded(None, "boot/process").unwrap(), ("a-software".into(), 1));
        assert_eq!(loaded(Some("b-hardware"), "boot/process").unwrap(), ("b-hardware".into(), 1));
        assert_eq!(loaded(None, "memory/process").unwrap(), ("a-software".into(), 0));
        let error = loaded(Some("c"), "boot/process").unwrap_err().to_string();
        assert!(error.contains("reference=a-software, or reference=b-hardware"), "{error}");
    }
}
