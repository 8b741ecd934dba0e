//! The options of a root that is an overlay.
//!
//! overlayfs takes its folders by name, in the child: whoever may rename one of them decides what is in the container.

use std::ffi::CString;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use super::{refused, text};
use crate::container::spec::{RootFolders, Spec};
use crate::error::{Context, Result};
use crate::said;
use crate::sys::mounts::Options;

/// fsconfig(2) takes no longer text.
const LONGEST: usize = 255;

pub(super) fn compile(spec: &Spec, confined: bool) -> Result<Option<Options>> {
    let RootFolders::Overlay { lower, upper, work } = &spec.root.folders else { return Ok(None) };
    if confined {
        let cause = said!("Landlock does not see through an overlay", "Landlock은 오버레이 안을 보지 못함");
        return Err(refused("root.folders.overlay", &upper.display().to_string(), cause));
    }
    if lower.is_empty() {
        return Err(refused("root.folders.overlay.lower", "", said!("it is empty", "비어 있음")));
    }
    let lower = lower.iter().map(|path| real("root.folders.overlay.lower", path)).collect::<Result<_>>()?;
    let mut options = lower_options(lower);
    options.push((c"upperdir".into(), real("root.folders.overlay.upper", upper)?));
    options.push((c"workdir".into(), real("root.folders.overlay.work", work)?));
    if spec.ids.is_some() {
        options.push((c"userxattr".into(), CString::default())); // trusted.* is for the host's root alone
    }
    Ok(Some(options))
}

fn real(field: &str, path: &Path) -> Result<CString> {
    let doing = || said!("find the folder {path}", "폴더 {path}을(를) 찾을 수 없습니다", path = path.display());
    let found = path.canonicalize().doing(doing)?;
    if found.as_os_str().as_bytes().len() > LONGEST {
        let cause = said!("it is longer than {LONGEST} bytes", "{LONGEST}바이트보다 긺");
        return Err(refused(field, &found.display().to_string(), cause));
    }
    text(field, &found)
}

/// In one text as far as it has room; one by one needs Linux 6.8.
fn lower_options(lower: Vec<CString>) -> Options {
    let mut joined = Vec::new();
    for path in &lower {
        if !joined.is_empty() {
            joined.push(b':');
        }
        for byte in path.as_bytes() {
            joined.extend(matches!(byte, b':' | b'\\').then_some(b'\\'));
            joined.push(*byte);
        }
    }
    match CString::new(joined) {
        Ok(joined) if joined.as_bytes().len() <= LONGEST => vec![(c"lowerdir".into(), joined)],
        _ => lower.into_iter().map(|path| (c"lowerdir+".into(), path)).collect(),
    }
}
