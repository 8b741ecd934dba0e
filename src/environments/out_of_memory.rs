//! A program that had no memory: by its container's limit, or because the machine had none.

use super::Outcome;
use crate::error::{Error, shortage};
use crate::model::Limits;
use crate::said;
use crate::units::show_bytes;

/// Among an outcome's counters.
const OOM_KILL: &str = "oom_kill";
/// Docker takes no smaller limit.
const LEAST_BYTES: u64 = 6 << 20;

pub(super) fn counted(kills: u64) -> Vec<(String, u64)> {
    if kills > 0 { vec![(OOM_KILL.into(), kills)] } else { Vec::new() }
}

/// Even to make the container takes memory.
pub(super) fn explain(error: Error, limits: &Limits) -> Error {
    match limits.memory_bytes {
        Some(limit) if error.try_this == shortage::MEMORY => error.try_this(said!(
            "--memory {more}: {limit} is too little to make a container of (docker takes no less than 6M)",
            "--memory {more}: {limit}(으)로는 컨테이너를 만들 수 없습니다(docker는 6M부터 받습니다)",
            more = in_mebibytes(limit),
            limit = show_bytes(limit as f64)
        )),
        _ => error,
    }
}

/// Why it ended by SIGKILL, if the kernel did it.
pub fn of(outcome: &Outcome, limits: &Limits) -> Option<Error> {
    outcome.counters.iter().find(|(what, count)| what == OOM_KILL && *count > 0)?;
    let doing = said!("let the program go on", "프로그램을 계속 실행할 수 없습니다");
    Some(match limits.memory_bytes {
        Some(limit) => {
            let cause = said!(
                "the kernel killed it: it wanted more than its limit of memory, {limit}",
                "커널이 강제로 끝냄: 메모리 제한 {limit}보다 더 쓰려고 함",
                limit = show_bytes(limit as f64)
            );
            Error::new(doing, cause).try_this(said!(
                "--memory {more}, or leave --memory out",
                "--memory {more}, 또는 --memory를 빼십시오",
                more = in_mebibytes(2 * limit)
            ))
        }
        None => Error::new(
            doing,
            said!("the kernel killed it, because there was no memory left", "남은 메모리가 없어 커널이 강제로 끝냄"),
        )
        .try_this(shortage::MEMORY),
    })
}

fn in_mebibytes(bytes: u64) -> String {
    format!("{}M", bytes.max(LEAST_BYTES).div_ceil(1 << 20))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Exit;

    #[test]
    fn a_kill_of_the_kernel_is_told_with_a_limit_that_is_larger() {
        let outcome = |kills| Outcome { exit: Exit::Signal(9), counters: counted(kills), signal_delay_ns: None };
        let limits = |bytes| Limits { memory_bytes: bytes, ..Limits::default() };
        assert_eq!(of(&outcome(0), &limits(Some(1))), None);
        assert!(of(&outcome(1), &limits(Some(8 << 20))).unwrap().try_this.starts_with("--memory 16M"));
        assert!(of(&outcome(1), &limits(Some(1))).unwrap().try_this.starts_with("--memory 6M"));
        assert_eq!(of(&outcome(1), &limits(None)).unwrap().try_this, shortage::MEMORY);
    }
}
