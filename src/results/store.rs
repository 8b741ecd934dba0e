//! A run's folder on disk: nothing that was measured is ever lost, nothing half-written is ever read.
//!
//! 1. `samples.jsonl`: the header, then a line per sample, appended as it is taken, fsynced between blocks.
//! 2. `run.json` and `samples.csv`: written once, to a temporary name in the same folder, fsynced, renamed.
//! 3. `latest` in the results folder: a link to the last run, replaced by rename.
//!
//! Under sudo all of it is the caller's: [`super::sudo_user`].

use std::fs::File;
use std::io::{BufWriter, Write};
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use super::files::{CSV, LATEST, RUN, SAMPLES, recover_command};
use super::schema::{FirstLine, Header, Run, SCHEMA, SampleLine};
use super::sudo_user::{as_caller, for_caller, make_folder};
use crate::error::{Context, Error, Result, shortage};
use crate::lang::{Lang, Said};
use crate::said;
use crate::shell::quoted_path;

pub struct Store {
    pub dir: PathBuf,
    samples: BufWriter<File>,
}

impl Store {
    /// Makes `root/<date>-<id>/` and writes the header, so that a machine where nothing can be saved is told at once.
    pub fn create(root: &Path, header: &Header) -> Result<Store> {
        let advice = || {
            said!("--results DIR, with a folder that you may write to", "--results DIR로 쓸 수 있는 폴더를 적으십시오")
        };
        let date = header.started.get(..10).unwrap_or("undated");
        let dir = root.join(format!("{date}-{}", header.id));
        make_folder(&dir).map_err(|e| e.try_this(advice()))?;
        let path = dir.join(SAMPLES);
        let file =
            for_caller(&path, || File::create_new(&path)) // never a file that somebody linked here
                .doing(|| said!("create {path}", "{path}을(를) 만들 수 없습니다", path = path.display()))
                .map_err(|e| e.try_this(advice()))?;
        let mut store = Store { dir, samples: BufWriter::new(file) };
        let begun = store.line(&FirstLine { schema: SCHEMA, header: header.clone() }).and_then(|()| store.sync_data());
        match begun {
            Ok(()) => Ok(store),
            Err(cause) => {
                let _ =
                    for_caller(&path, || std::fs::remove_file(&path).and_then(|()| std::fs::remove_dir(&store.dir)));
                Err(not_begun(root, &cause))
            }
        }
    }

    /// One sample, handed to the kernel before the next one is taken.
    pub fn append(&mut self, sample: &SampleLine) -> Result<()> {
        self.line(sample).map_err(|cause| self.not_saved(&cause))
    }

    fn line(&mut self, value: &impl serde::Serialize) -> std::io::Result<()> {
        let mut line = serde_json::to_vec(value).expect("samples are plain data");
        line.push(b'\n');
        self.samples.write_all(&line).and_then(|()| self.samples.flush())
    }

    /// Between blocks, outside samples.
    pub fn sync(&mut self) -> Result<()> {
        self.sync_data().map_err(|cause| self.not_saved(&cause))
    }

    fn sync_data(&self) -> std::io::Result<()> {
        self.samples.get_ref().sync_data()
    }

    fn not_saved(&self, cause: &std::io::Error) -> Error {
        let kept = said!(
            "{cause}; the samples before this one are kept, the rest was not measured",
            "{cause}. 이 표본 앞의 표본은 남아 있고, 나머지는 측정하지 못했습니다"
        );
        let doing = said!("save a sample in {dir}", "{dir}에 표본을 저장하지 못했습니다", dir = self.dir.display());
        Error::new(doing, kept).try_this(self.recover(shortage::room(&self.dir, cause)))
    }

    fn recover(&self, first: Option<Said>) -> Said {
        let recover = recover_command(&self.dir);
        let Some(first) = first else { return Said::verbatim(recover) };
        Said::compose(&[&first], |lang| format!("{}{}{recover}", first.of(lang), lang.choose(", then: ", ". 그다음: ")))
    }

    /// Writes what follows from the samples, and points `latest` here. Some: why it does not point here now; that is no
    /// reason to lose the run.
    pub fn finish(&self, run: &Run) -> Result<Option<Error>> {
        let all_kept = |e: Error| {
            let cause = said!(
                "{en}; every sample is kept in {SAMPLES}",
                "{ko}. 모든 표본은 {SAMPLES}에 남아 있습니다",
                en = e.cause.of(Lang::En),
                ko = e.cause.of(Lang::Ko)
            );
            Error { cause, ..e.clone() }.try_this(self.recover(Some(e.try_this)))
        };
        save_run(&self.dir, run).map_err(all_kept)?;
        let (Some(root), Some(name)) = (self.dir.parent(), self.dir.file_name()) else { return Ok(None) };
        Ok(point_latest(root, Path::new(name), &run.header.id).err())
    }
}

/// Not even the header found room: nothing was measured, and nothing is left of it.
fn not_begun(root: &Path, cause: &std::io::Error) -> Error {
    let doing = said!(
        "save the header of a run in {root}",
        "{root}에 실행의 머리말을 저장하지 못했습니다",
        root = root.display()
    );
    let limited = cause.kind() == std::io::ErrorKind::FileTooLarge;
    let cause = said!("{cause}; nothing was measured", "{cause}. 아무것도 측정하지 않았습니다");
    Error::new(doing, cause).try_this(if limited { shortage::FILE_SIZE } else { shortage::RESULTS_SPACE })
}

/// A file system without links, a folder called `latest`, or somebody else's link in a sticky folder.
fn point_latest(root: &Path, name: &Path, id: &str) -> Result<()> {
    let (temporary, latest) = (root.join(format!(".latest.{id}")), root.join(LATEST));
    let made = for_caller(&latest, || {
        let _ = std::fs::remove_file(&temporary);
        let made = symlink(name, &temporary).and_then(|()| std::fs::rename(&temporary, &latest));
        made.inspect_err(|_| drop(std::fs::remove_file(&temporary)))
    });
    made.doing(|| {
        said!(
            "point {latest} at this run",
            "{latest}이(가) 이 실행을 가리키게 할 수 없습니다",
            latest = latest.display()
        )
    })
    .map_err(|e| {
        e.try_this(said!(
            "move {latest} away; until then name the run's own folder",
            "{latest}을(를) 옮기십시오. 그때까지는 실행 자신의 폴더를 적으십시오",
            latest = quoted_path(&latest)
        ))
    })
}

/// `run.json` and `samples.csv` in `dir`.
pub fn save_run(dir: &Path, run: &Run) -> Result<()> {
    let json = serde_json::to_vec(run).expect("a run is plain data");
    write_atomically(&dir.join(RUN), &json)?;
    write_atomically(&dir.join(CSV), super::csv::samples(run).as_bytes())
}

/// To a temporary name in the same folder, fsync, rename: a reader sees the old file or the new one.
pub fn write_atomically(path: &Path, bytes: &[u8]) -> Result<()> {
    write_with_mode(path, bytes, 0o644)
}

/// The same for a file that an editor shall ask about before it saves.
pub fn write_locked(path: &Path, bytes: &[u8]) -> Result<()> {
    write_with_mode(path, bytes, 0o444)
}

fn write_with_mode(path: &Path, bytes: &[u8], mode: u32) -> Result<()> {
    let replace = || {
        let mut file = temporary_beside(path)?;
        file.write_all(bytes)?;
        file.as_file().set_permissions(std::os::unix::fs::PermissionsExt::from_mode(mode))?;
        file.as_file().sync_all()?;
        file.persist(path).map(drop).map_err(|e| e.error)
    };
    for_caller(path, replace).map_err(|cause| not_written(path, &cause))
}

/// To the file that the user named: also to one that is no place for a file, /dev/null or a pipe. The rename of
/// [`write_atomically`] would put a file in its place, for the whole machine when root does it.
pub fn write_out(path: &Path, bytes: &[u8]) -> Result<()> {
    if !is_special(path) {
        return write_atomically(path, bytes);
    }
    let write = || File::options().write(true).open(path).and_then(|mut file| file.write_all(bytes));
    let written = as_caller(path, write);
    written.map_err(|cause| not_written(path, &cause))
}

fn is_special(path: &Path) -> bool {
    std::fs::metadata(path).is_ok_and(|meta| !meta.is_file())
}

/// Could this file be written now?
pub fn check_writable(path: &Path) -> Result<()> {
    if path.is_dir() {
        return Err(Error::usage(
            said!("save {path}", "{path}을(를) 저장할 수 없습니다", path = path.display()),
            said!("it is a folder", "폴더임"),
        )
        .try_this(Said::english("-o FILE")));
    }
    if is_special(path) {
        return Ok(());
    }
    as_caller(path, || temporary_beside(path).map(drop)).map_err(|cause| not_written(path, &cause))
}

fn temporary_beside(path: &Path) -> std::io::Result<tempfile::NamedTempFile> {
    let folder = path.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
    tempfile::Builder::new().prefix(".isolab-").tempfile_in(folder)
}

fn not_written(path: &Path, cause: &std::io::Error) -> Error {
    let text = cause.to_string();
    let plain = text.split(" at path ").next().unwrap_or_default(); // a temporary name is of no use to the reader
    let folder = path.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let elsewhere = || {
        Said::fixed(
            "choose a folder that you may write to: -o FILE, --results DIR, --into DIR",
            "쓸 수 있는 폴더를 고르십시오: -o FILE, --results DIR, --into DIR",
        )
    };
    let advice = shortage::room(folder, cause).unwrap_or_else(elsewhere);
    let doing = said!("save {path}", "{path}을(를) 저장하지 못했습니다", path = path.display());
    Error::new(doing, Said::verbatim(plain)).try_this(advice)
}

#[cfg(test)]
mod tests {
    use super::*;

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
}
