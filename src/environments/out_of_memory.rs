//! A program that had no memory: by its container's limit, or because the machine had none.

use super::Outcome;
use crate::error::{Error, shortage};
use crate::model::Limits;
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
        Some(limit) if error.try_this == shortage::MEMORY => error.try_this(format!(
            "--memory {}: {} is too little to make a container of (docker takes no less than 6M)",
            in_mebibytes(limit),
            show_bytes(limit as f64)
        )),
        _ => error,
    }
}

/// Why it ended by SIGKILL, if the kernel did it.
pub fn of(outcome: &Outcome, limits: &Limits) -> Option<Error> {
    outcome.counters.iter().find(|(what, count)| what == OOM_KILL && *count > 0)?;
    let doing = "let the program go on";
    Some(match limits.memory_bytes {
        Some(limit) => {
            let cause =
                format!("the kernel killed it: it wanted more than its limit of memory, {}", show_bytes(limit as f64));
            Error::new(doing, cause).try_this(format!("--memory {}, or leave --memory out", in_mebibytes(2 * limit)))
        }
        None => Error::new(doing, "the kernel killed it, because there was no memory left").try_this(shortage::MEMORY),
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
