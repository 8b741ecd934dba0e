//! When a small PID 1 stands before the program of a container.

use super::Knobs;
use crate::error::{Error, Result};
use crate::model::Task;
use crate::said;

pub(super) fn check(knobs: &Knobs, task: &Task) -> Result<()> {
    let refuse = |knob, why| {
        Err(Error::usage(said!("use the knob {knob}", "노브 {knob}을(를) 쓸 수 없습니다"), why)
            .try_this(said!("leave it out", "빼십시오")))
    };
    match task.init {
        true if knobs.has("+init") => refuse(
            "+init",
            said!(
                "in a bench an own command has a small PID 1 before it anyway",
                "bench에서 자신의 명령은 늘 작은 PID 1 아래에서 돎"
            ),
        ),
        false if knobs.has("-init") => refuse(
            "-init",
            said!(
                "there is no small PID 1 to take away: it changes nothing",
                "뺄 작은 PID 1이 없음: 아무것도 바뀌지 않음"
            ),
        ),
        _ => Ok(()),
    }
}

/// For a `bench` of an own command, unless that is taken away.
pub(super) fn wanted(knobs: &Knobs, task: &Task) -> bool {
    knobs.has("+init") || task.init && !knobs.has("-init") && !knobs.has("-pid")
}
