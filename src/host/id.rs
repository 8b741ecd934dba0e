//! A random id for this machine, so that two results files can be told to come from one or from two.
//!
//! Random on purpose: host name and machine-id are personal data, and results files are handed in and published.

use std::io::{Read, Write};
use std::path::{Path, PathBuf};

use crate::error::{Context, Result};
use crate::said;

/// The id kept in `state`/host-id; made and stored there the first time.
pub fn host_id(state: &Path) -> Result<String> {
    let path = state.join("host-id");
    if let Some(id) = stored(&path) {
        return Ok(id);
    }
    let id = random_id()?;
    if let Some(aside) = aside_of_damaged(state) {
        let doing = || {
            said!(
                "put the damaged {path} aside",
                "손상된 {path}을(를) 옆으로 옮겨 둘 수 없습니다",
                path = path.display()
            )
        };
        std::fs::rename(&path, aside).doing(doing).map_err(|e| {
            e.try_this(said!("export XDG_STATE_HOME=/a/folder/you/may/write", "export XDG_STATE_HOME=/쓸/수/있는/폴더"))
        })?;
    }
    store(state, &path, &id).map_err(|e| {
        e.try_this(said!("export XDG_STATE_HOME=/a/folder/you/may/write", "export XDG_STATE_HOME=/쓸/수/있는/폴더"))
    })?;
    // Two first runs at once: the one that came first has stored its id, and both use that one.
    Ok(stored(&path).unwrap_or(id))
}

/// Where a host-id that is none of ours is kept when a new one is made; None: there is none, or it is fine.
pub fn aside_of_damaged(state: &Path) -> Option<PathBuf> {
    let path = state.join("host-id");
    path.symlink_metadata().ok().filter(|_| stored(&path).is_none())?;
    let name = |n: u32| state.join(if n == 1 { "host-id.damaged".into() } else { format!("host-id.damaged-{n}") });
    (1..u32::MAX).map(name).find(|aside| aside.symlink_metadata().is_err())
}

/// Is there an id of the form that we write?
fn stored(path: &Path) -> Option<String> {
    path.metadata().ok().filter(std::fs::Metadata::is_file)?; // a pipe would have us wait
    let text = std::fs::read_to_string(path).ok()?;
    let id = text.trim();
    let ours = id.len() == 16 && id.bytes().all(|b| b.is_ascii_hexdigit());
    ours.then(|| id.to_owned())
}

/// Half of a temporary file is never seen; a file that appeared meanwhile is kept, unless it is not an id.
fn store(state: &Path, path: &Path, id: &str) -> Result<()> {
    let doing =
        || said!("store the host id in {path}", "호스트 id를 {path}에 저장할 수 없습니다", path = path.display());
    std::fs::create_dir_all(state).doing(doing)?;
    let mut file = tempfile::NamedTempFile::new_in(state).doing(doing)?;
    writeln!(file, "{id}").doing(doing)?;
    match file.persist_noclobber(path) {
        Err(e) if stored(path).is_none() => e.file.persist(path).map(drop).doing(doing),
        _ => Ok(()),
    }
}

fn random_id() -> Result<String> {
    let mut bytes = [0; 8];
    let mut source =
        std::fs::File::open("/dev/urandom").doing(|| said!("open /dev/urandom", "/dev/urandom을 열 수 없습니다"))?;
    source.read_exact(&mut bytes).doing(|| said!("read /dev/urandom", "/dev/urandom을 읽을 수 없습니다"))?;
    Ok(format!("{:016x}", u64::from_ne_bytes(bytes)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_id_is_made_once_and_kept() {
        let dir = tempfile::tempdir().unwrap();
        let state = dir.path().join("new/isolab");
        let id = host_id(&state).unwrap();
        assert_eq!(host_id(&state).unwrap(), id);
        assert_eq!(std::fs::read_dir(&state).unwrap().count(), 1, "no temporary file stays");
        let other = tempfile::tempdir().unwrap();
        assert_ne!(host_id(other.path()).unwrap(), id);
    }

    #[test]
    fn a_damaged_id_is_kept_aside_and_a_new_one_made() {
        let dir = tempfile::tempdir().unwrap();
        let (file, aside) = (dir.path().join("host-id"), |name: &str| dir.path().join(name));
        for (damage, name) in [("my-laptop\n", "host-id.damaged"), ("", "host-id.damaged-2")] {
            std::fs::write(&file, damage).unwrap();
            assert_eq!(aside_of_damaged(dir.path()), Some(aside(name)));
            let id = host_id(dir.path()).unwrap();
            assert_eq!(id.len(), 16);
            assert_eq!(host_id(dir.path()).unwrap(), id);
            assert_eq!(std::fs::read_to_string(aside(name)).unwrap(), damage);
            assert_eq!(aside_of_damaged(dir.path()), None);
        }
    }

    #[test]
    fn a_folder_that_cannot_be_made_is_an_error_with_a_remedy() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("file");
        std::fs::write(&file, "").unwrap();
        assert!(host_id(&file.join("isolab")).unwrap_err().try_this.contains("XDG_STATE_HOME"));
    }
}
