//! Whether the kernel killed something in a cgroup because there was no memory for it.

use std::fs;
use std::path::PathBuf;

use crate::model::Exit;

/// How many processes: `oom_kill` in memory.events of v2, in memory.oom_control of v1. To be asked before it is removed.
pub(super) fn kills(folders: &[PathBuf]) -> u64 {
    let files = folders.iter().flat_map(|folder| ["memory.events", "memory.oom_control"].map(|file| folder.join(file)));
    let texts = files.filter_map(|file| fs::read_to_string(file).ok());
    texts.filter_map(|text| text.lines().find_map(|line| line.strip_prefix("oom_kill ")?.parse::<u64>().ok())).sum()
}

/// Only SIGKILL can be such an end; a program may also tell of a child that ended so, as a shell does.
pub(super) fn may_be(exit: Exit) -> bool {
    exit.code() == 128 + nix::libc::SIGKILL
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_versions_count_them() {
        let dir = tempfile::tempdir().unwrap();
        let folders = ["one", "two", "none"].map(|name| dir.path().join(name));
        folders.iter().for_each(|folder| fs::create_dir(folder).unwrap());
        fs::write(folders[0].join("memory.oom_control"), "oom_kill_disable 0\nunder_oom 0\noom_kill 2\n").unwrap();
        fs::write(folders[1].join("memory.events"), "low 0\nmax 7\noom 3\noom_kill 1\noom_group_kill 0\n").unwrap();
        assert_eq!(kills(&folders), 3);
        assert_eq!(kills(&folders[2..]), 0);
        assert!(may_be(Exit::Signal(9)) && may_be(Exit::Code(137)) && !may_be(Exit::Code(9)));
    }
}
