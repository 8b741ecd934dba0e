//! A run's folder on disk: nothing that was measured is ever lost, nothing half-written is ever read.
//!
//! 1. `samples.jsonl`: the header, then a line per sample, appended as it is taken, fsynced between blocks.
//! 2. `run.json` and `samples.csv`: written once, to a temporary name in the same folder, fsynced, renamed.
//! 3. `latest` in the results folder: a link to the last run, replaced by rename.
//!
//! Under sudo every file is given back to the user who called.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::os::unix::fs::{MetadataExt, lchown, symlink};
use std::path::{Path, PathBuf};

use super::raw::FirstLine;
use super::schema::{Header, Run, SCHEMA, SampleLine};
use crate::error::{Context, Error, Result};

pub const SAMPLES: &str = "samples.jsonl";
pub const RUN: &str = "run.json";
pub const CSV: &str = "samples.csv";
/// The link to the last run, in the folder of all runs.
pub const LATEST: &str = "latest";

pub struct Store {
    pub dir: PathBuf,
    samples: BufWriter<File>,
}

impl Store {
    /// Makes `root/<date>-<id>/` and writes the header, so that a machine where nothing can be saved is told at once.
    pub fn create(root: &Path, header: &Header) -> Result<Store> {
        let advice = || "--results DIR, with a folder that you may write to";
        let date = header.started.get(..10).unwrap_or("undated");
        let dir = root.join(format!("{date}-{}", header.id));
        let fresh_root = !root.exists();
        std::fs::create_dir_all(&dir)
            .doing(|| format!("make the results folder {}", dir.display()))
            .map_err(|e| e.try_this(advice()))?;
        if fresh_root {
            give_back(root);
        }
        let path = dir.join(SAMPLES);
        let file = File::create_new(&path) // never a file that somebody linked here
            .doing(|| format!("create {}", path.display()))
            .map_err(|e| e.try_this(advice()))?;
        give_back(&dir);
        let mut store = Store { dir, samples: BufWriter::new(file) };
        store.line(&FirstLine { schema: SCHEMA, header: header.clone() })?;
        store.sync()?;
        give_back(&path);
        Ok(store)
    }

    /// One sample, handed to the kernel before the next one is taken.
    pub fn append(&mut self, sample: &SampleLine) -> Result<()> {
        self.line(sample)
    }

    fn line(&mut self, value: &impl serde::Serialize) -> Result<()> {
        let mut line = serde_json::to_vec(value).expect("samples are plain data");
        line.push(b'\n');
        self.samples.write_all(&line).and_then(|()| self.samples.flush()).map_err(|cause| self.not_saved(&cause))
    }

    /// Between blocks, outside samples.
    pub fn sync(&mut self) -> Result<()> {
        self.samples.get_ref().sync_data().map_err(|cause| self.not_saved(&cause))
    }

    fn not_saved(&self, cause: &std::io::Error) -> Error {
        Error::new(format!("save a sample in {}", self.dir.display()), cause)
            .try_this(format!("make room, then: isolab recover {}", self.dir.display()))
    }

    /// Writes what follows from the samples, and points `latest` here. Some: why it does not point here now; that is no
    /// reason to lose the run.
    pub fn finish(&self, run: &Run) -> Result<Option<Error>> {
        let advice = || format!("make room; the samples are kept: isolab recover {}", self.dir.display());
        save_run(&self.dir, run).map_err(|e| e.try_this(advice()))?;
        let (Some(root), Some(name)) = (self.dir.parent(), self.dir.file_name()) else { return Ok(None) };
        Ok(point_latest(root, Path::new(name), &run.header.id).err())
    }
}

/// A file system without links, a folder called `latest`, or somebody else's link in a sticky folder.
fn point_latest(root: &Path, name: &Path, id: &str) -> Result<()> {
    let (temporary, latest) = (root.join(format!(".latest.{id}")), root.join(LATEST));
    let _ = std::fs::remove_file(&temporary);
    let made = symlink(name, &temporary).and_then(|()| std::fs::rename(&temporary, &latest));
    if made.is_ok() {
        give_back(&latest);
        return Ok(());
    }
    let _ = std::fs::remove_file(&temporary);
    made.doing(|| format!("point {} at this run", latest.display()))
        .map_err(|e| e.try_this(format!("move {} away; until then name the run's own folder", latest.display())))
}

/// The folder that somebody wants something written into, made where it is missing, with those above it.
pub fn make_folder(dir: &Path) -> Result<()> {
    let missing: Vec<&Path> = dir.ancestors().take_while(|d| !d.as_os_str().is_empty() && !d.exists()).collect();
    std::fs::create_dir_all(dir)
        .doing(|| format!("make the folder {}", dir.display()))
        .map_err(|e| e.try_this("--into DIR, below a folder that you may write to"))?;
    missing.into_iter().for_each(give_back);
    Ok(())
}

/// `run.json` and `samples.csv` in `dir`.
pub fn save_run(dir: &Path, run: &Run) -> Result<()> {
    let json = serde_json::to_vec(run).expect("a run is plain data");
    write_atomically(&dir.join(RUN), &json)?;
    write_atomically(&dir.join(CSV), super::csv::samples(run).as_bytes())
}

/// To a temporary name in the same folder, fsync, rename: a reader sees the old file or the new one.
pub fn write_atomically(path: &Path, bytes: &[u8]) -> Result<()> {
    let failed = |cause: &std::io::Error| not_written(path, cause);
    let mut file = temporary_beside(path)?;
    file.write_all(bytes).and_then(|()| file.as_file().sync_all()).map_err(|e| failed(&e))?;
    let mode = std::os::unix::fs::PermissionsExt::from_mode(0o644);
    file.as_file().set_permissions(mode).map_err(|e| failed(&e))?;
    file.persist(path).map_err(|e| failed(&e.error))?;
    give_back(path);
    Ok(())
}

/// To the file that the user named: also to one that is no place for a file, /dev/null or a pipe. The rename of
/// [`write_atomically`] would put a file in its place, for the whole machine when root does it.
pub fn write_out(path: &Path, bytes: &[u8]) -> Result<()> {
    if !is_special(path) {
        return write_atomically(path, bytes);
    }
    let written = File::options().write(true).open(path).and_then(|mut file| file.write_all(bytes));
    written.map_err(|cause| not_written(path, &cause))
}

fn is_special(path: &Path) -> bool {
    std::fs::metadata(path).is_ok_and(|meta| !meta.is_file())
}

/// Could this file be written now?
pub fn check_writable(path: &Path) -> Result<()> {
    if path.is_dir() {
        return Err(Error::usage(format!("save {}", path.display()), "it is a folder").try_this("-o FILE"));
    }
    if is_special(path) { Ok(()) } else { temporary_beside(path).map(drop) }
}

fn temporary_beside(path: &Path) -> Result<tempfile::NamedTempFile> {
    let folder = path.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
    tempfile::Builder::new().prefix(".isolab-").tempfile_in(folder).map_err(|e| not_written(path, &e))
}

fn not_written(path: &Path, cause: &std::io::Error) -> Error {
    let text = cause.to_string();
    let plain = text.split(" at path ").next().unwrap_or_default(); // a temporary name is of no use to the reader
    Error::new(format!("save {}", path.display()), plain)
        .try_this("free some space, or choose another folder: --results DIR, -o FILE")
}

/// Under sudo: to the user who called. Elsewhere nothing.
///
/// The folder is his already, so he may have put a link in the file's place: it is the link that he gets then.
pub fn give_back(path: &Path) {
    if let Some(user) = caller() {
        give_to(path, user);
    }
}

fn give_to(path: &Path, (uid, gid): (u32, u32)) {
    let _ = lchown(path, Some(uid), Some(gid)); // a file system without owners refuses; the file is there all the same
}

/// Does it belong to the user who called sudo?
pub fn is_callers(path: &Path) -> bool {
    caller().is_some_and(|(uid, _)| std::fs::metadata(path).is_ok_and(|about| about.uid() == uid))
}

fn caller() -> Option<(u32, u32)> {
    let id = |name| std::env::var(name).ok()?.parse().ok();
    nix::unistd::Uid::effective().is_root().then_some(())?;
    Some((id("SUDO_UID")?, id("SUDO_GID")?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::MetadataExt;

    #[test]
    fn a_folder_called_latest_is_left_alone() {
        let root = tempfile::tempdir().unwrap();
        let latest = root.path().join("latest");
        std::fs::create_dir(&latest).unwrap();
        let told = point_latest(root.path(), Path::new("a"), "1").expect_err("a folder").to_string();
        assert!(told.contains("latest at this run") && told.contains("directory"), "{told}");
        assert!(latest.is_dir() && std::fs::read_dir(root.path()).unwrap().count() == 1);
        std::fs::remove_dir(&latest).unwrap();
        point_latest(root.path(), Path::new("b"), "2").unwrap();
        assert_eq!(std::fs::read_link(&latest).unwrap(), Path::new("b"));
    }

    #[test]
    fn a_pipe_stays_a_pipe() {
        let dir = tempfile::tempdir().unwrap();
        let (pipe, link) = (dir.path().join("pipe"), dir.path().join("link"));
        nix::unistd::mkfifo(&pipe, nix::sys::stat::Mode::S_IRWXU).unwrap();
        symlink(&pipe, &link).unwrap(); // as /dev/stdout is
        let mut reader = File::options().read(true).write(true).open(&pipe).unwrap();
        for path in [&pipe, &link] {
            check_writable(path).unwrap();
            write_out(path, b"{}").unwrap();
            let mut text = [0; 2];
            std::io::Read::read_exact(&mut reader, &mut text).unwrap();
            assert_eq!(&text, b"{}");
        }
        assert!(std::os::unix::fs::FileTypeExt::is_fifo(&std::fs::symlink_metadata(&pipe).unwrap().file_type()));
        assert!(std::fs::symlink_metadata(&link).unwrap().is_symlink());
        assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 2);
    }

    #[test]
    fn a_link_is_given_away_but_not_what_it_points_to() {
        if !nix::unistd::Uid::effective().is_root() {
            crate::testing::skip(format_args!(
                "a_link_is_given_away_but_not_what_it_points_to: only root can give a file away"
            ));
            return;
        }
        let dir = tempfile::tempdir().unwrap();
        let (secret, link) = (dir.path().join("secret"), dir.path().join(RUN));
        std::fs::write(&secret, "of root").unwrap();
        symlink(&secret, &link).unwrap();
        give_to(&link, (12_345, 12_345));
        assert_eq!(std::fs::metadata(&secret).unwrap().uid(), 0);
        assert_eq!(std::fs::symlink_metadata(&link).unwrap().uid(), 12_345);
    }
}
