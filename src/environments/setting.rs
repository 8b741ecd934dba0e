//! What an environment is told beside its knobs and its task: where it may write, and for whom it works.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::any_path;
use crate::id::RunId;

/// Everything that [`super::Environment::prepare`] depends on, so that no variable and no static is a hidden input of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Setting {
    /// What it needs on disk is made here the first time, and found here later.
    #[serde(with = "any_path")]
    pub dir: PathBuf,
    /// The run id, in the names of cgroups and in the environment of plain processes.
    pub run: RunId,
    /// Ticks of the TSC per millisecond. None: its stamps cannot be told in nanoseconds.
    pub tsc_khz: Option<u64>,
    /// The payload may outlive us, so our death must not end it.
    pub detachable: bool,
    /// A container's child shall be there before its program begins, so that even one that ends at once can be inspected;
    /// a child that borrows our memory comes only with its program.
    pub inspectable: bool,
    /// The folder of the cgroup in which its own is made, to be charged together with others. None: beside ours.
    #[serde(default, with = "any_path::optional", skip_serializing_if = "Option::is_none")]
    pub cgroup_root: Option<PathBuf>,
}

impl Setting {
    /// For a program that is its own worker: nothing is stamped, detached or inspected; the run is our pid.
    pub fn at(dir: &Path) -> Setting {
        Setting {
            dir: dir.to_owned(),
            run: std::process::id().to_string().into(),
            tsc_khz: None,
            detachable: false,
            inspectable: false,
            cgroup_root: None,
        }
    }
}
