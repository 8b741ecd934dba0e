//! A mark that whatever a run starts inherits: the limit of file locks, which Linux keeps for each process and has not
//! heeded since 2.4.25 (getrlimit(2), RLIMIT_LOCKS).
//!
//! A program can clear its environment, leave its session and outlive its parents, and nothing tells any more whose it is.
//! A limit stays through fork and exec, and without CAP_SYS_RESOURCE nobody gets the old one back.

use std::path::Path;

use nix::sys::resource::{Resource, setrlimit};

use crate::id::RunId;

/// "isol" in the upper half: nobody would set such a limit by chance.
const OURS: u64 = 0x6973_6f6c << 32;

/// Of a run's id, which is a number: of its process, or eight digits of base 16.
fn of(run: &RunId) -> Option<u64> {
    u32::from_str_radix(run, 16).ok().map(|number| OURS | u64::from(number))
}

/// This process and all that it starts from now on carry the mark. Inside of another run an ordinary user keeps that one's.
pub fn carry(run: &RunId) {
    if let Some(mark) = of(run) {
        let _ = setrlimit(Resource::RLIMIT_LOCKS, mark, mark); // it is found by its environment without
    }
}

/// Does the process carry this run's mark? Everybody may look.
pub(super) fn is_carried(proc_root: &Path, process: i32, run: &RunId) -> bool {
    let limits = std::fs::read_to_string(proc_root.join(process.to_string()).join("limits")).unwrap_or_default();
    let hard = limits.lines().find_map(|line| line.strip_prefix("Max file locks")?.split_whitespace().nth(1));
    hard.and_then(|number| number.parse().ok()).is_some_and(|number: u64| of(run) == Some(number))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mark_is_one_runs_and_is_read_from_the_kernels_table() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::create_dir(dir.path().join("7")).unwrap();
        let table = |value: &str| {
            format!("Max pending signals       95  95  signals\nMax file locks            {value} {value} locks\n")
        };
        std::fs::write(dir.path().join("7/limits"), table(&of(&"b308bce5".into()).unwrap().to_string())).unwrap();
        assert!(is_carried(dir.path(), 7, &"b308bce5".into()));
        for other in ["b308bce4", "308bce5", "", "x", "ffffffffb308bce5"] {
            assert!(!is_carried(dir.path(), 7, &other.into()), "{other}");
        }
        std::fs::write(dir.path().join("7/limits"), table("unlimited")).unwrap();
        assert!(!is_carried(dir.path(), 7, &"b308bce5".into()) && !is_carried(dir.path(), 8, &"b308bce5".into()));
        assert!(!is_carried(Path::new("/proc"), std::process::id() as i32, &"7fffffff".into()));
    }
}
