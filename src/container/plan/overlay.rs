//! A root that is an overlay.
//!
//! overlayfs takes its folders by name, and whoever may rename one of them would lead it to another: the host's, writable,
//! if it is the upper one. So each is opened here, and its name is that of our descriptor.

use std::ffi::CString;
use std::os::fd::{AsFd, AsRawFd};
use std::path::Path;

use super::namespaces::in_user_namespace;
use super::{refused, text};
use crate::container::folder::Folder;
use crate::container::overlay::{Layer, Overlay};
use crate::container::spec::{RootFolders, Spec};
use crate::error::{Context, Result};
use crate::said;
use crate::sys::fds::out_of_the_way;
use crate::sys::mounts::Options;

/// fsconfig(2) takes no longer text.
const LONGEST: usize = 255;

pub(super) fn compile(spec: &Spec, confined: bool) -> Result<Option<Overlay>> {
    let RootFolders::Overlay { lower, upper, work } = &spec.root.folders else { return Ok(None) };
    if confined {
        let cause = said!("Landlock does not see through an overlay", "Landlock은 오버레이 안을 보지 못함");
        return Err(refused("root.folders.overlay", &upper.display().to_string(), cause));
    }
    if lower.is_empty() {
        return Err(refused("root.folders.overlay.lower", "", said!("it is empty", "비어 있음")));
    }
    let mut layers = lower.iter().map(|path| layer("lower", path)).collect::<Result<Vec<_>>>()?;
    let mut options = lower_options(layers.iter().map(name).collect());
    for (option, field, path) in [(c"upperdir", "upper", upper), (c"workdir", "work", work)] {
        let layer = layer(field, path)?;
        options.push((option.into(), name(&layer)));
        layers.push(layer);
    }
    if in_user_namespace(spec) {
        options.push((c"userxattr".into(), CString::default())); // trusted.* is for the host's root alone
    }
    Ok(Some(Overlay { layers, options }))
}

fn layer(field: &str, path: &Path) -> Result<Layer> {
    let doing = || said!("find the folder {path}", "폴더 {path}을(를) 찾을 수 없습니다", path = path.display());
    let folder = Folder::open(path)?;
    let real = text(&format!("root.folders.overlay.{field}"), folder.real())?;
    Ok(Layer { path: real, held: out_of_the_way(folder.as_fd()).doing(doing)? })
}

/// The child has the same numbers.
fn name(layer: &Layer) -> CString {
    CString::new(format!("/proc/self/fd/{}", layer.held.as_raw_fd())).unwrap_or_default()
}

/// In one text as far as it has room; one by one needs Linux 6.8.
fn lower_options(lower: Vec<CString>) -> Options {
    let joined = lower.iter().map(CString::as_bytes).collect::<Vec<_>>().join(&b':');
    match CString::new(joined) {
        Ok(joined) if joined.as_bytes().len() <= LONGEST => vec![(c"lowerdir".into(), joined)],
        _ => lower.into_iter().map(|path| (c"lowerdir+".into(), path)).collect(),
    }
}
