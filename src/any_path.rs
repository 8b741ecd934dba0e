//! Paths in JSON. A path is bytes, of any kind but NUL; JSON has only text.
//!
//! `#[serde(with = "any_path")]`: a path that is text stands as it is, another as NUL and its bytes in hexadecimal.
//! Between two processes of isolab only: what people read has it in `Path::display`'s way.

use std::ffi::OsString;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Path, PathBuf};

use serde::de::Error;
use serde::{Deserialize, Deserializer, Serializer};

fn text(path: &Path) -> String {
    match path.to_str() {
        Some(text) => text.to_owned(),
        None => "\0".to_owned() + &path.as_os_str().as_bytes().iter().map(|b| format!("{b:02x}")).collect::<String>(),
    }
}

fn path(text: String) -> Option<PathBuf> {
    let Some(digits) = text.strip_prefix('\0') else { return Some(text.into()) };
    let byte = |at: usize| u8::from_str_radix(digits.get(at..at + 2)?, 16).ok();
    let bytes: Option<Vec<u8>> = (0..digits.len()).step_by(2).map(byte).collect();
    bytes.map(|bytes| OsString::from_vec(bytes).into())
}

pub fn serialize<S: Serializer>(path: &Path, to: S) -> Result<S::Ok, S::Error> {
    to.serialize_str(&text(path))
}

pub fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<PathBuf, D::Error> {
    path(String::deserialize(from)?).ok_or_else(|| D::Error::custom("a path in hexadecimal is damaged"))
}

/// The same for one that may be missing.
pub mod optional {
    use super::{Deserializer, PathBuf, Serializer};

    pub fn serialize<S: Serializer>(path: &Option<PathBuf>, to: S) -> Result<S::Ok, S::Error> {
        match path {
            Some(path) => super::serialize(path, to),
            None => to.serialize_none(),
        }
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Option<PathBuf>, D::Error> {
        super::deserialize(from).map(Some) // a missing one is the field's default
    }
}

/// The same for several.
pub mod list {
    use super::{Deserialize, Deserializer, Error, PathBuf, Serializer, path, text};

    pub fn serialize<S: Serializer>(paths: &[PathBuf], to: S) -> Result<S::Ok, S::Error> {
        to.collect_seq(paths.iter().map(|path| text(path)))
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<PathBuf>, D::Error> {
        let paths: Option<Vec<PathBuf>> = Vec::<String>::deserialize(from)?.into_iter().map(path).collect();
        paths.ok_or_else(|| D::Error::custom("a path in hexadecimal is damaged"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_path_goes_there_and_back() {
        for bytes in [&b"/tmp/x"[..], b"", "한글".as_bytes(), b"caf\xe9", b"\xff\xfe/0"] {
            let before = PathBuf::from(OsString::from_vec(bytes.to_vec()));
            assert_eq!(path(text(&before)), Some(before));
        }
        assert_eq!(text(Path::new("/tmp/x")), "/tmp/x");
        assert_eq!([path("\u{0}e".into()), path("\u{0}zz".into())], [None, None]);
    }
}
