//! `results/latest` is a link to the last run. Where it could not be renewed, what it names is an older one, and must not be
//! shown as the last.

use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};

use super::out::Out;
use crate::error::{Error, Result};
use crate::results::files::{LATEST, RUN, SAMPLES, recover_command};
use crate::said;
use crate::shell::quoted_path;

/// What commands read that are given no file.
pub(super) const DEFAULT: &str = "results/latest";

/// Err: this file is named as the last run and is not, a younger one lies beside it. One that did not end is only noted.
pub(super) fn check(file: &Path, out: &Out) -> Result<()> {
    if file.file_name().is_none_or(|name| name != LATEST) {
        return Ok(());
    }
    let Some(younger) = youngest_beside(file) else { return Ok(()) };
    let shown = younger.display();
    if !younger.join(RUN).exists() {
        let recover = recover_command(&younger);
        out.note(out.say(
            format!("a younger run has no results file: it goes on, or was killed ({recover})"),
            format!("더 새로운 실행에 결과 파일이 없습니다. 아직 진행 중이거나 강제로 끝났습니다({recover})"),
        ));
        return Ok(());
    }
    let is_link = file.symlink_metadata().is_ok_and(|about| about.is_symlink());
    let cause = if is_link {
        said!("it points at an older run; {shown} is younger", "더 오래된 실행을 가리킴. {shown}이(가) 더 새것임")
    } else {
        said!(
            "it is a folder, not the link to the last run; {shown} is younger",
            "마지막 실행의 링크가 아니라 폴더임. {shown}이(가) 더 새것임"
        )
    };
    Err(Error::usage(
        said!("read the last run, {file}", "마지막 실행 {file}을(를) 읽을 수 없습니다", file = file.display()),
        cause,
    )
    .try_this(said!(
        "name {younger} in its place, and move {file} away",
        "{younger}을(를) 대신 적고, {file}을(를) 옮기십시오",
        younger = quoted_path(&younger),
        file = quoted_path(file)
    )))
}

/// The youngest run beside `latest`, if it is younger than what `latest` names.
fn youngest_beside(latest: &Path) -> Option<PathBuf> {
    let shown = started(latest)?; // no run behind it: whoever reads it says so
    let root = latest.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let runs = std::fs::read_dir(root).ok()?.flatten().map(|entry| entry.path());
    let younger = runs.filter_map(|run| Some((started(&run)?, run))).filter(|(began, _)| *began > shown);
    younger.max().map(|(_, run)| run)
}

/// When a run began, by the first line of its samples: a file's own times change when it is copied.
fn started(run: &Path) -> Option<String> {
    #[derive(serde::Deserialize)]
    struct First {
        header: Header,
    }
    #[derive(serde::Deserialize)]
    struct Header {
        started: String,
    }
    const LONGEST: u64 = 1 << 20;
    let samples = run.join(SAMPLES);
    let file = samples.is_file().then(|| std::fs::File::open(&samples).ok())??;
    let mut line = Vec::new();
    BufReader::new(file.take(LONGEST)).read_until(b'\n', &mut line).ok()?;
    serde_json::from_slice::<First>(&line).ok().map(|first| first.header.started)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_older_run_is_not_shown_as_the_last() {
        let root = tempfile::tempdir().unwrap();
        let (latest, out) = (root.path().join(LATEST), Out::with_styles(false));
        let run = |name: &str, started: &str, ended: bool| {
            let dir = root.path().join(name);
            std::fs::create_dir_all(&dir).unwrap();
            std::fs::write(dir.join(SAMPLES), format!("{{\"header\":{{\"started\":\"{started}\"}}}}\n")).unwrap();
            if ended {
                std::fs::write(dir.join(RUN), "{}").unwrap();
            }
        };
        run("a", "2026-01-01T10:00:00Z", true);
        run("b", "2026-01-01T11:00:00Z", false);
        std::os::unix::fs::symlink("a", &latest).unwrap();
        check(&latest, &out).unwrap();
        run("b", "2026-01-01T11:00:00Z", true);
        let told = check(&latest, &out).expect_err("b is younger").to_string();
        assert!(told.contains("points at an older run") && told.contains("/b"), "{told}");
        check(&root.path().join("a"), &out).unwrap();
        std::fs::remove_file(&latest).unwrap();
        run(LATEST, "2026-01-01T10:00:00Z", true);
        let told = check(&latest, &out).expect_err("a folder").to_string();
        assert!(told.contains("not the link"), "{told}");
    }
}
