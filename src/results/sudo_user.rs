//! Under sudo, what is written for the user who called is written with his rights.
//!
//! He can put a link anywhere below a folder of his, at any moment: with root's rights a file would land where he may not
//! write, and be given to him there. With his own it lands where he could have put it himself, and is his.

use std::io;
use std::os::unix::fs::{MetadataExt, lchown};
use std::path::{Path, PathBuf};

use nix::unistd::{Gid, Uid, getgroups, setfsgid, setfsuid, setgroups};

use crate::error::{Context, Result};
use crate::said;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct User {
    uid: u32,
    gid: u32,
}

/// Who called sudo; None when nobody did.
fn caller() -> Option<User> {
    let id = |name| std::env::var(name).ok()?.parse().ok();
    nix::unistd::Uid::effective().is_root().then_some(())?;
    Some(User { uid: id("SUDO_UID")?, gid: id("SUDO_GID")? })
}

/// Does `work`, which makes or replaces what is at `path`. Elsewhere than in the caller's reach root does it, and gives it
/// to him.
pub fn for_caller<T>(path: &Path, work: impl FnOnce() -> io::Result<T>) -> io::Result<T> {
    make_for(caller().filter(|user| user.uid != 0), path, work)
}

/// The same for what is there already and only written to.
pub fn as_caller<T>(path: &Path, work: impl FnOnce() -> io::Result<T>) -> io::Result<T> {
    match caller() {
        Some(user) if user.uid != 0 && is_in_reach(user, path) => with_rights_of(user, work),
        _ => work(),
    }
}

/// A folder, and those above it that are missing.
pub fn make_folder(dir: &Path) -> Result<()> {
    let missing: Vec<&Path> = dir.ancestors().take_while(|d| !d.as_os_str().is_empty() && !d.exists()).collect();
    let doing = || said!("make the folder {dir}", "폴더 {dir}을(를) 만들 수 없습니다", dir = dir.display());
    let make = |folder: &Path| match for_caller(folder, || std::fs::create_dir(folder)) {
        Err(_) if folder.is_dir() => Ok(()), // somebody was quicker
        other => other,
    };
    missing.into_iter().rev().try_for_each(make).doing(doing)?;
    // What is no folder now fails, and says why; a folder that was exchanged meanwhile is still made with his rights.
    if dir.is_dir() { Ok(()) } else { as_caller(dir, || std::fs::create_dir_all(dir)).doing(doing) }
}

fn make_for<T>(user: Option<User>, path: &Path, work: impl FnOnce() -> io::Result<T>) -> io::Result<T> {
    let Some(user) = user else { return work() };
    if is_in_reach(user, path) {
        return with_rights_of(user, work);
    }
    let made = work()?;
    let _ = lchown(path, Some(user.uid), Some(user.gid)); // a file system without owners refuses; it is there all the same
    Ok(made)
}

/// Could he change where this path leads? From the root down, the first folder or link that is his, or that many may
/// write to, makes it so; above that one nobody but root can change anything while we look.
fn is_in_reach(user: User, path: &Path) -> bool {
    let absolute = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    let mut folders: Vec<PathBuf> = absolute.ancestors().skip(1).map(Path::to_owned).collect();
    folders.reverse();
    folders.iter().any(|folder| {
        let Ok(about) = std::fs::symlink_metadata(folder) else { return false }; // missing: made by us
        let links_folder = about.is_symlink().then(|| folder.canonicalize().unwrap_or_default());
        let shared = about.is_dir() && about.mode() & 0o022 != 0 && about.mode() & 0o1000 == 0;
        let leads_there = links_folder.is_some_and(|target| is_in_reach(user, &target.join("x")));
        about.uid() == user.uid || shared || leads_there
    })
}

/// Root again when dropped.
struct Lent {
    groups: Vec<Gid>,
    gid: Gid,
}

impl Drop for Lent {
    fn drop(&mut self) {
        setfsuid(Uid::from_raw(0));
        setfsgid(self.gid);
        let _ = setgroups(&self.groups); // we had them a moment ago
    }
}

/// setfsuid(2): for files we are this user, for everything else root.
fn with_rights_of<T>(user: User, work: impl FnOnce() -> io::Result<T>) -> io::Result<T> {
    let lent = Lent { groups: getgroups()?, gid: Gid::effective() };
    setgroups(&[])?;
    setfsgid(Gid::from_raw(user.gid));
    setfsuid(Uid::from_raw(user.uid));
    let result = work();
    drop(lent);
    result
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::{PermissionsExt, chown, symlink};

    const ANN: User = User { uid: 12_345, gid: 12_345 };

    fn needs_root(test: &str) -> bool {
        let root = Uid::effective().is_root();
        if !root {
            crate::testing::skip(format_args!("{test}: only root can give a folder away"));
        }
        root
    }

    #[test]
    fn below_a_users_folder_nothing_lands_where_he_may_not_write() {
        if !needs_root("below_a_users_folder_nothing_lands_where_he_may_not_write") {
            return;
        }
        let dir = tempfile::tempdir().unwrap();
        std::fs::set_permissions(dir.path(), std::fs::Permissions::from_mode(0o755)).unwrap();
        let [home, secret] = ["home", "secret"].map(|name| dir.path().join(name));
        [&home, &secret].into_iter().for_each(|folder| std::fs::create_dir(folder).unwrap());
        chown(&home, Some(ANN.uid), Some(ANN.gid)).unwrap();
        std::fs::set_permissions(&secret, std::fs::Permissions::from_mode(0o755)).unwrap();
        symlink(&secret, home.join("results")).unwrap();
        let write = |path: &Path| make_for(Some(ANN), path, || std::fs::write(path, "x"));
        assert_eq!(write(&home.join("results/run.json")).unwrap_err().kind(), io::ErrorKind::PermissionDenied);
        assert_eq!(std::fs::read_dir(&secret).unwrap().count(), 0);
        write(&home.join("run.json")).unwrap();
        write(&secret.join("run.json")).unwrap(); // root's own wish: no folder of hers is on the way
        for file in [home.join("run.json"), secret.join("run.json")] {
            assert_eq!(std::fs::metadata(&file).unwrap().uid(), ANN.uid, "{file:?}");
        }
        std::fs::write(secret.join("as-before"), "root again").unwrap();
        assert_eq!(std::fs::metadata(secret.join("as-before")).unwrap().uid(), 0);
    }

    #[test]
    fn a_link_of_roots_into_a_users_folder_is_in_his_reach() {
        if !needs_root("a_link_of_roots_into_a_users_folder_is_in_his_reach") {
            return;
        }
        let dir = tempfile::tempdir().unwrap();
        let home = dir.path().join("home");
        std::fs::create_dir(&home).unwrap();
        symlink(&home, dir.path().join("link")).unwrap();
        let reach = |name: &str| is_in_reach(ANN, &dir.path().join(name));
        assert!(!reach("link/x") && !reach("home/x"));
        chown(&home, Some(ANN.uid), None).unwrap();
        assert!(reach("link/x") && reach("home/x") && !reach("home"));
    }
}
