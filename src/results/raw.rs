//! `samples.jsonl` read back: the header, then every line that is a sample of the run. A line that is none loses itself,
//! not the file.

use std::collections::HashSet;
use std::path::Path;

use super::bounds::{beyond_in_header, is_within};
use super::files::SAMPLES;
use super::read::{check_version, read_file};
use super::schema::{FirstLine, Header, SampleLine};
use crate::error::{Error, Kind, Result};
use crate::id::CellId;
use crate::lang::Said;
use crate::lang::counted;
use crate::said;

/// What the file holds, and what of it could not be used.
#[derive(Debug)]
pub struct Raw {
    pub header: Header,
    pub samples: Vec<SampleLine>,
    /// Lines that are no sample, or one of no cell of this run; without a last line that was cut off.
    pub broken: usize,
    /// Lines that stand twice.
    pub repeated: usize,
    /// Was the last line cut off?
    pub cut_off: bool,
}

const ADVICE: Said = Said::english("isolab recover results/<date>-<id>");

/// Of `samples.jsonl` in a folder, or of the file that is named.
pub fn read_samples(place: &Path) -> Result<Raw> {
    let path = if place.is_dir() { place.join(SAMPLES) } else { place.to_owned() };
    let doing = || said!("read {path}", "{path}을(를) 읽을 수 없습니다", path = path.display());
    let refused = |cause: Said| Error::usage(doing(), cause).try_this(ADVICE);
    let bytes = read_file(&path).map_err(|e| e.kind(Kind::Usage).try_this(ADVICE))?;
    let (first, rest) = match bytes.iter().position(|b| *b == b'\n') {
        Some(end) => (&bytes[..end], &bytes[end + 1..]),
        None => (&bytes[..], &[][..]),
    };
    check_version(first).map_err(|e| Error { doing: doing(), try_this: ADVICE, ..e })?;
    if is_results_file(first) {
        return Err(refused(said!(
            "it is a results file; the raw samples of a run are in its {SAMPLES}",
            "결과 파일임. 실행의 원시 표본은 {SAMPLES}에 있음"
        )));
    }
    let FirstLine { header, .. } = serde_json::from_slice(first).map_err(|cause| refused(cause.into()))?;
    if let Some(beyond) = beyond_in_header(&header) {
        return Err(refused(beyond));
    }
    let raw = lines(header, rest);
    if raw.samples.is_empty() {
        let (en, ko) = match raw.broken {
            0 => Default::default(),
            n => (format!(" ({} could not be read)", counted(n, "line")), format!("({n}행은 읽을 수 없었음)")),
        };
        return Err(refused(said!(
            "it has no sample lines{en}: there is nothing to rebuild a results file from",
            "표본이 적힌 행이 없음{ko}: 결과 파일을 다시 만들 바탕이 없음"
        )));
    }
    Ok(raw)
}

/// `run.json` begins as the raw samples do, and goes on in the same line.
fn is_results_file(first: &[u8]) -> bool {
    #[derive(serde::Deserialize)]
    struct Whole {
        #[expect(dead_code, reason = "only whether it is there counts")]
        cells: serde::de::IgnoredAny,
    }
    serde_json::from_slice::<Whole>(first).is_ok()
}

fn lines(header: Header, rest: &[u8]) -> Raw {
    let cells: HashSet<CellId> = header.plan.cells.iter().cloned().collect();
    let mut raw = Raw { header, samples: Vec::new(), broken: 0, repeated: 0, cut_off: false };
    let mut seen = HashSet::new();
    let mut pieces = rest.split(|b| *b == b'\n').peekable();
    while let Some(line) = pieces.next() {
        let is_last = pieces.peek().is_none(); // what stands behind the last line end
        let line = line.trim_ascii();
        if line.is_empty() {
            continue;
        }
        match serde_json::from_slice::<SampleLine>(line) {
            Ok(sample) if cells.contains(&sample.cell) && is_within(&sample) => {
                if seen.insert(line) {
                    raw.samples.push(sample);
                } else {
                    raw.repeated += 1;
                }
            }
            Err(cause) if is_last && cause.is_eof() => raw.cut_off = true,
            _ => raw.broken += 1,
        }
    }
    raw
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::results::example;

    /// A header and a line for each of so many samples.
    fn file(samples: u32) -> Vec<String> {
        let run = example::boot(2);
        let first = FirstLine { schema: 1, header: run.header.clone() };
        let line = |block: u32| {
            let outcome = super::super::schema::SampleOutcome::Ok(super::super::schema::Sample::default());
            let cell = run.header.plan.cells[0].clone();
            SampleLine { cell, block, place: 0, before: CellId::default(), at_ns: u64::from(block), cpu: -1, outcome }
        };
        let lines = (0..samples).map(|block| serde_json::to_string(&line(block)).unwrap());
        std::iter::once(serde_json::to_string(&first).unwrap()).chain(lines).collect()
    }

    fn read(bytes: &[u8]) -> Result<Raw> {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join(SAMPLES), bytes).unwrap();
        read_samples(dir.path())
    }

    #[test]
    fn a_broken_line_loses_itself_and_a_repeated_one_counts_once() {
        let mut lines = file(6);
        let foreign = lines[6].replace("boot/process", "boot/another");
        assert_ne!(foreign, lines[6]);
        lines[2].truncate(20);
        lines[3] = "\0\0\0\u{fffd}".into();
        let endless = lines[6].replace("\"values\":{}", "\"values\":{\"create_to_ready\":1.7e308}");
        assert_ne!(endless, lines[6]);
        lines.insert(5, lines[4].clone());
        lines.extend([foreign, endless]);
        let mut bytes = lines.join("\n").into_bytes();
        bytes.extend(b"\n\xff\xfe no text\n\n\n{\"cell\":\"boot");
        let raw = read(&bytes).unwrap();
        assert_eq!((raw.samples.len(), raw.broken, raw.repeated, raw.cut_off), (4, 5, 1, true));
        bytes.extend(b"\n");
        assert!(!read(&bytes).unwrap().cut_off, "that line has its end: it is broken, not cut off");
    }

    #[test]
    fn what_has_no_sample_lines_is_refused() {
        let header = file(0).remove(0);
        let whole = serde_json::to_string(&example::boot(3)).unwrap();
        for (text, cause) in [
            (header.clone(), "no sample lines"),
            (format!("{header}\n\n"), "no sample lines"),
            (format!("{header}\n{{}}\nhello\n"), "2 lines could not be read"),
            (whole.clone(), "it is a results file"),
            (format!("{whole}\n"), "it is a results file"),
            (String::new(), "it is empty"),
        ] {
            let refused = read(text.as_bytes()).expect_err(cause);
            assert!(refused.cause.contains(cause) && !refused.try_this.is_empty(), "{refused}");
            assert_eq!(refused.kind, Kind::Usage);
        }
    }
}
