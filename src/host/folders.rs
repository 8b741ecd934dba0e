//! Where isolab keeps what belongs to this user on this machine (XDG Base Directory Specification).

use std::ffi::OsString;
use std::path::PathBuf;

use crate::error::{Error, Result};
use crate::said;

/// `$XDG_STATE_HOME/isolab`, else `~/.local/state/isolab`, of the user who called.
pub fn callers_state_dir() -> Result<PathBuf> {
    of_caller("XDG_STATE_HOME", ".local/state")
}

/// `$XDG_DATA_HOME/isolab`, else `~/.local/share/isolab`, of the user who called.
pub fn callers_data_dir() -> Result<PathBuf> {
    of_caller("XDG_DATA_HOME", ".local/share")
}

/// Under sudo HOME is root's or the caller's, as sudo is set up; what this user keeps must be found both ways, so it is the
/// caller's home that counts.
fn of_caller(variable: &str, below_home: &str) -> Result<PathBuf> {
    let home = callers_home();
    dir(variable, below_home, |name| match (name, &home) {
        ("HOME", Some(home)) => Some(home.clone().into_os_string()),
        _ => std::env::var_os(name),
    })
}

/// A relative path in the variable is ignored, as the specification asks. `var` looks up a variable.
fn dir(variable: &str, below_home: &str, var: impl Fn(&str) -> Option<OsString>) -> Result<PathBuf> {
    let absolute = |name: &str| var(name).map(PathBuf::from).filter(|p| p.is_absolute());
    let base = absolute(variable).or_else(|| Some(absolute("HOME")?.join(below_home)));
    base.map(|b| b.join("isolab")).ok_or_else(|| {
        Error::new(
            said!("find isolab's own folder", "isolab의 폴더를 찾을 수 없습니다"),
            said!("neither {variable} nor HOME is an absolute path", "{variable}도 HOME도 절대 경로가 아님"),
        )
        .try_this(said!("export {variable}=/a/folder/of/yours", "export {variable}=/자신의/폴더"))
    })
}

/// None: not under sudo, or by a user whom this machine's own list does not have.
fn callers_home() -> Option<PathBuf> {
    nix::unistd::Uid::effective().is_root().then_some(())?;
    home_of(&std::env::var("SUDO_UID").ok()?, &std::fs::read_to_string("/etc/passwd").ok()?)
}

/// The sixth field of the user's line (passwd(5)). Read by hand: getpwuid(3) loads libraries at run time, which a program
/// that is linked statically cannot do safely.
fn home_of(uid: &str, passwd: &str) -> Option<PathBuf> {
    let line = passwd.lines().map(|l| l.split(':').collect::<Vec<_>>()).find(|fields| fields.get(2) == Some(&uid))?;
    line.get(5).map(PathBuf::from).filter(|home| home.is_absolute())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::Path;

    fn with(vars: &[(&'static str, &'static str)]) -> Result<PathBuf> {
        dir("XDG_STATE_HOME", ".local/state", |name| {
            vars.iter().find(|(k, _)| *k == name).map(|(_, v)| OsString::from(v))
        })
    }

    #[test]
    fn the_folder_follows_xdg() {
        let home = ("HOME", "/home/ann");
        assert_eq!(with(&[("XDG_STATE_HOME", "/state"), home]).unwrap(), Path::new("/state/isolab"));
        assert_eq!(with(&[home]).unwrap(), Path::new("/home/ann/.local/state/isolab"));
        assert_eq!(with(&[("XDG_STATE_HOME", "rel"), home]).unwrap(), Path::new("/home/ann/.local/state/isolab"));
        assert!(with(&[]).unwrap_err().to_string().contains("XDG_STATE_HOME"));
    }

    #[test]
    fn a_home_is_found_in_the_list_of_users() {
        let passwd =
            "root:x:0:0:root:/root:/bin/sh\nann:x:1000:1000:Ann,,,:/home/ann:/bin/bash\nbad:x:7\nodd:x:8:8::home:/\n";
        assert_eq!(home_of("1000", passwd).unwrap(), Path::new("/home/ann"));
        for uid in ["100", "7", "8", "", "ann"] {
            assert_eq!(home_of(uid, passwd), None, "{uid}");
        }
    }
}
