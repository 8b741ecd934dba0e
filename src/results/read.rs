//! Reading what somebody names: never without an end, never more than a results file can be, and with an answer for each
//! kind of file that is none.

use std::fs::File;
use std::io::Read;
use std::os::unix::fs::{FileTypeExt, OpenOptionsExt};
use std::path::Path;

use serde_json::error::Category;

use super::bounds::beyond;
use super::chain::chain_holds;
use super::files::{RUN, SAMPLES, recover_command};
use super::schema::{Run, SCHEMA, Warning};
use super::sudo_user::as_caller;
use crate::error::{Context, Error, Kind, Result};
use crate::gzip::{self, Fault};
use crate::lang::Lang;
use crate::lang::Said;
use crate::said;
use crate::shell::quoted_path;

/// A run of a week is some hundred megabytes.
pub const LARGEST: u64 = 512 << 20;

/// The whole of a regular file. A pipe or a device is refused without waiting for it: it may have no end.
pub fn read_file(path: &Path) -> Result<Vec<u8>> {
    read_bounded(path, LARGEST)
}

/// The text of a file that may be missing: None. The same bounds hold.
pub fn text_if_there(path: &Path) -> Result<Option<String>> {
    use std::io::ErrorKind::{NotADirectory, NotFound};
    if path.symlink_metadata().is_err_and(|cause| matches!(cause.kind(), NotFound | NotADirectory)) {
        return Ok(None);
    }
    let text = String::from_utf8(read_file(path)?);
    text.map(Some).map_err(|_| {
        Error::usage(
            said!("read {path}", "{path}을(를) 읽을 수 없습니다", path = path.display()),
            said!("it is no text (UTF-8)", "텍스트(UTF-8)가 아님"),
        )
    })
}

fn read_bounded(path: &Path, largest: u64) -> Result<Vec<u8>> {
    let doing = || said!("read {path}", "{path}을(를) 읽을 수 없습니다", path = path.display());
    let (file, length) = open_regular(path)?;
    let too_large = || {
        Error::usage(doing(), said!("it is larger than {most} MiB", "{most} MiB보다 큼", most = largest >> 20))
            .try_this(said!("name a file of isolab bench", "isolab bench가 만든 파일을 적으십시오"))
    };
    if length > largest {
        return Err(too_large());
    }
    let mut bytes = Vec::with_capacity(length as usize);
    file.take(largest + 1).read_to_end(&mut bytes).doing(doing)?; // it may grow while we read
    if bytes.len() as u64 > largest {
        Err(too_large())
    } else {
        unpacked(bytes, largest).map_err(|e| Error { doing: doing(), ..e })
    }
}

/// Opens a regular file, with its length. A pipe or a device is refused without waiting for it.
pub fn open_regular(path: &Path) -> Result<(File, u64)> {
    let doing = || said!("read {path}", "{path}을(를) 읽을 수 없습니다", path = path.display());
    let open = || File::options().read(true).custom_flags(libc::O_NONBLOCK | libc::O_NOCTTY).open(path);
    let file = as_caller(path, open).doing(doing)?; // what he may not read is not shown to him in other words
    let about = file.metadata().doing(doing)?;
    let kind = about.file_type();
    let other = match () {
        () if kind.is_dir() => Some(said!("it is a folder", "폴더임")),
        () if kind.is_fifo() || kind.is_socket() => Some(said!("it is a pipe, not a file", "파일이 아니라 파이프임")),
        () if !kind.is_file() => Some(said!("it is a device, not a file", "파일이 아니라 장치임")),
        () => None,
    };
    match other {
        Some(cause) => Err(Error::usage(doing(), cause).try_this(said!(
            "save it as a file first, and name that file",
            "먼저 파일로 저장하고 그 파일을 적으십시오"
        ))),
        None => Ok((file, about.len())),
    }
}

/// What editors and `gzip` put around a text, taken off: a byte order mark, UTF-16, a gzip member.
fn unpacked(bytes: Vec<u8>, largest: u64) -> Result<Vec<u8>> {
    let bytes = if gzip::is_gzip(&bytes) { gunzip(&bytes, largest as usize)? } else { bytes };
    Ok(match bytes.get(..2) {
        Some([0xef, 0xbb]) if bytes.get(2) == Some(&0xbf) => bytes[3..].to_vec(),
        Some([0xff, 0xfe]) => from_utf16(&bytes[2..], u16::from_le_bytes),
        Some([0xfe, 0xff]) => from_utf16(&bytes[2..], u16::from_be_bytes),
        _ => bytes,
    })
}

fn from_utf16(bytes: &[u8], unit: fn([u8; 2]) -> u16) -> Vec<u8> {
    let (pairs, _) = bytes.as_chunks::<2>();
    let units: Vec<u16> = pairs.iter().map(|pair| unit(*pair)).collect();
    String::from_utf16_lossy(&units).into_bytes()
}

fn gunzip(bytes: &[u8], largest: usize) -> Result<Vec<u8>> {
    gzip::unpack(bytes, largest).map_err(|fault| {
        let why = match fault {
            Fault::CutOff => said!("cut off in its header", "헤더 안에서 잘림"),
            Fault::Damaged => said!("damaged", "손상됨"),
            Fault::TooLarge => said!("too large when unpacked", "풀면 너무 큼"),
            Fault::OtherLength => said!("has more than one member, or is damaged", "멤버가 여럿이거나 손상됨"),
        };
        let (en, ko) = (why.of(Lang::En), why.of(Lang::Ko));
        Error::usage(Said::default(), said!("it is gzip, and {en}", "gzip인데, {ko}"))
            .try_this(said!("gunzip it, and name what comes out", "gunzip으로 풀고 나온 파일을 적으십시오"))
    })
}

/// A results file, or the folder of a run, or `latest`.
pub fn load(path: &Path) -> Result<Run> {
    let file = if path.is_dir() { path.join(RUN) } else { path.to_owned() };
    let bytes = read_file(&file).map_err(|e| {
        let raw = file.with_file_name(SAMPLES);
        let recover =
            || recover_command(raw.parent().filter(|dir| !dir.as_os_str().is_empty()).unwrap_or(Path::new(".")));
        let advice = match file.try_exists() {
            _ if !e.try_this.is_empty() => e.try_this.clone(),
            Ok(false) if raw.exists() => Said::verbatim(recover()),
            Ok(false) => said!("isolab bench makes one in results/", "isolab bench가 results/에 만듭니다"),
            _ => said!(
                "ls -ld {path} shows who may read it",
                "ls -ld {path}(으)로 누가 읽을 수 있는지 보십시오",
                path = quoted_path(&file)
            ),
        };
        Error {
            doing: said!(
                "read the results file {file}",
                "결과 파일 {file}을(를) 읽을 수 없습니다",
                file = file.display()
            ),
            ..e
        }
        .kind(Kind::Usage)
        .try_this(advice)
    })?;
    parse(&bytes, &file.display().to_string())
}

/// The bytes of a results file; `name` is told in errors.
pub fn parse(bytes: &[u8], name: &str) -> Result<Run> {
    let doing = || said!("read the results file {name}", "결과 파일 {name}을(를) 읽을 수 없습니다");
    check_version(bytes).map_err(|cause| Error { doing: doing(), ..cause })?;
    let mut run: Run = serde_json::from_slice(bytes).map_err(|cause| {
        Error::usage(doing(), said!("it is no whole results file ({cause})", "온전한 결과 파일이 아님({cause})"))
            .try_this(said!(
                "isolab recover DIR rebuilds it from samples.jsonl",
                "isolab recover DIR이 samples.jsonl에서 다시 만듭니다"
            ))
    })?;
    if let Some(beyond) = beyond(&run) {
        let (en, ko) = (beyond.of(Lang::En), beyond.of(Lang::Ko));
        return Err(Error::usage(doing(), said!("{en}: it was changed by hand", "{ko}: 손으로 고쳐짐")).try_this(
            said!(
                "isolab recover DIR rebuilds it from samples.jsonl",
                "isolab recover DIR이 samples.jsonl에서 다시 만듭니다"
            ),
        ));
    }
    if !chain_holds(&run) {
        run.warnings.push(Warning::of_changed());
    }
    Ok(run)
}

/// Foreign, truncated and newer files each get their own answer.
pub(super) fn check_version(bytes: &[u8]) -> Result<()> {
    #[derive(serde::Deserialize)]
    struct Version {
        schema: u32,
    }
    let foreign = || {
        Error::usage(
            Said::default(),
            said!("it is JSON, but not a results file of isolab", "JSON이지만 isolab의 결과 파일이 아님"),
        )
        .try_this(said!("isolab bench -o FILE makes one", "isolab bench -o FILE이 만듭니다"))
    };
    let is_object = bytes.trim_ascii_start().starts_with(b"{"); // a list would do for serde
    let version: Version = serde_json::from_slice(bytes).map_err(|cause| {
        let why = match cause.classify() {
            _ if bytes.is_empty() => said!("it is empty", "비어 있음"),
            _ if !is_object && serde_json::from_slice::<serde::de::IgnoredAny>(bytes).is_ok() => return foreign(),
            Category::Eof => said!("it ends in the middle: it was cut off ({cause})", "중간에 끝남: 잘렸음({cause})"),
            // «1.» at the end is an invalid number to serde_json where it skips a value
            Category::Syntax if is_object && at_the_end(bytes, &cause) => {
                said!("it ends in the middle: it was cut off ({cause})", "중간에 끝남: 잘렸음({cause})")
            }
            Category::Data => return foreign(),
            Category::Syntax | Category::Io => said!("it is no JSON ({cause})", "JSON이 아님({cause})"),
        };
        Error::usage(Said::default(), why).try_this(said!(
            "isolab recover DIR rebuilds it from samples.jsonl",
            "isolab recover DIR이 samples.jsonl에서 다시 만듭니다"
        ))
    })?;
    if !is_object {
        return Err(foreign());
    }
    if version.schema > SCHEMA {
        let why = said!(
            "it has schema version {version}, this isolab reads up to {SCHEMA}",
            "스키마 버전이 {version}인데, 이 isolab은 {SCHEMA}까지 읽음",
            version = version.schema
        );
        return Err(Error::usage(Said::default(), why).try_this(said!(
            "use the isolab that wrote it, or a newer one",
            "그 파일을 쓴 isolab이나 더 새로운 것을 쓰십시오"
        )));
    }
    Ok(())
}

/// Was everything read when the fault was met?
fn at_the_end(bytes: &[u8], cause: &serde_json::Error) -> bool {
    let mut lines = bytes.split(|&byte| byte == b'\n');
    lines.nth(cause.line().saturating_sub(1)).is_some_and(|line| cause.column() >= line.len()) && lines.next().is_none()
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &[u8] = b"{\"a\": \"\xec\xa4\x91\"}";

    #[test]
    fn wherever_it_was_cut_off_it_is_said() {
        let whole =
            "{\"a\": [1.25, -3e-7, 0.5E+9, true, false, null, \"\\u00e9 \\n 중\"],\n\"schema\": 1, \"b\": {\"c\": 12}}";
        check_version(whole.as_bytes()).unwrap();
        for end in 1..whole.len() {
            let cause = check_version(&whole.as_bytes()[..end]).unwrap_err();
            assert!(cause.to_string().contains("cut off"), "{end}: {cause}");
        }
        for broken in ["{\"a\": 1., \"schema\": 1}", "{\"a\": 1.\n, \"schema\": 1}", "median: 3 ms\n", "x"] {
            let cause = check_version(broken.as_bytes()).unwrap_err();
            assert!(cause.to_string().contains("no JSON"), "{broken}: {cause}");
        }
    }

    #[test]
    fn marks_and_packing_are_taken_off() {
        let utf16 = |unit: fn(u16) -> [u8; 2]| {
            let text = std::str::from_utf8(TEXT).unwrap();
            std::iter::once(0xfeff).chain(text.encode_utf16()).flat_map(unit).collect::<Vec<u8>>()
        };
        for bytes in [
            TEXT.to_vec(),
            [b"\xef\xbb\xbf", TEXT].concat(),
            utf16(u16::to_le_bytes),
            utf16(u16::to_be_bytes),
            gzip::packed(TEXT, 0, b""),
        ] {
            assert_eq!(unpacked(bytes.clone(), 1000).unwrap(), TEXT, "{bytes:?}");
        }
    }

    #[test]
    fn damaged_and_boundless_gzip_is_refused() {
        for (bytes, why) in [
            (gzip::packed(TEXT, 0, b"")[..9].to_vec(), "cut off"),
            (gzip::packed(&vec![0; 1 << 20], 0, b""), "too large"),
        ] {
            let refused = unpacked(bytes, 1 << 16).unwrap_err();
            assert!(refused.cause.contains(why) && refused.try_this.contains("gunzip"), "{refused}");
        }
    }

    #[test]
    fn only_a_regular_file_of_bounded_size_is_read() {
        let dir = tempfile::tempdir().unwrap();
        let (pipe, file) = (dir.path().join("pipe"), dir.path().join("file"));
        nix::unistd::mkfifo(&pipe, nix::sys::stat::Mode::S_IRWXU).unwrap();
        std::fs::write(&file, vec![b' '; 100]).unwrap();
        for (path, cause) in [
            (pipe.as_path(), "a pipe"),
            (Path::new("/dev/zero"), "a device"),
            (dir.path(), "a folder"),
            (&file, "larger than"),
        ] {
            let refused = read_bounded(path, 99).expect_err(cause);
            assert!(refused.cause.contains(cause) && !refused.try_this.is_empty(), "{refused}");
        }
        assert_eq!(read_bounded(&file, 100).unwrap().len(), 100);
        assert_eq!(text_if_there(&dir.path().join("none")).unwrap(), None);
        assert!(text_if_there(&pipe).unwrap_err().cause.contains("a pipe"));
    }
}
