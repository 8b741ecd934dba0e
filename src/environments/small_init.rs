//! When a small PID 1 stands before the program of a container.

use super::Knobs;
use crate::error::{Error, Result};
use crate::model::Task;

pub(super) fn check(knobs: &Knobs, task: &Task) -> Result<()> {
    let refuse = |knob, why| Err(Error::usage(format!("use the knob {knob}"), why).try_this("leave it out"));
    match task.init {
        true if knobs.has("+init") => refuse("+init", "in a bench an own command has a small PID 1 before it anyway"),
        false if knobs.has("-init") => refuse("-init", "there is no small PID 1 to take away: it changes nothing"),
        _ => Ok(()),
    }
}

/// For a `bench` of an own command, unless that is taken away.
pub(super) fn wanted(knobs: &Knobs, task: &Task) -> bool {
    knobs.has("+init") || task.init && !knobs.has("-init") && !knobs.has("-pid")
}
