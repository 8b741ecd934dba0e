//! What the program does in a sample, and how the host checks that it did.

use std::ffi::OsString;

use crate::error::{Error, Result};
use crate::lang::Lang;
use crate::lang::Said;
use crate::model::{Exit, Io, Limits, Record, Rootfs, Task};
use crate::probe::abi;
use crate::said;
use crate::shell;

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Workload {
    Noop,
    Hold,
    Syscalls {
        calls: Vec<&'static str>,
        batches: u64,
        per_batch: u64,
    },
    Touch {
        pages: u64,
    },
    Spin {
        units: u64,
        batches: u64,
    },
    /// The user's own command: no records, no proof; exit status 0 is what counts.
    Command(Vec<OsString>),
}

impl Workload {
    pub fn argv(&self) -> Vec<OsString> {
        let probe = |args: &[String]| ["probe".into()].into_iter().chain(args.iter().map(Into::into)).collect();
        match self {
            Workload::Noop => probe(&["noop".into()]),
            Workload::Hold => probe(&["hold".into()]),
            Workload::Syscalls { calls, batches, per_batch } => {
                probe(&["syscalls".into(), calls.join(","), batches.to_string(), per_batch.to_string()])
            }
            Workload::Touch { pages } => probe(&["touch".into(), pages.to_string()]),
            Workload::Spin { units, batches } => probe(&["spin".into(), units.to_string(), batches.to_string()]),
            Workload::Command(argv) => argv.clone(),
        }
    }

    /// The task for one sample. A user's command sees the host's own tree, read-only where the environment can.
    pub fn task(&self, nonce: u64) -> Task {
        let own = matches!(self, Workload::Command(_));
        let env = if own {
            std::env::vars_os().filter(|(k, _)| k == "PATH" || k == "HOME").collect()
        } else {
            vec![(abi::ENV_NONCE.into(), nonce.to_string().into())]
        };
        Task {
            rootfs: if own { Rootfs::Dir("/".into()) } else { Rootfs::Probe },
            argv: self.argv(),
            env,
            io: Io::Null,
            limits: Limits::default(),
            ready: !own,
            init: own,
            disks: Vec::new(),
            release: None,
        }
    }

    /// Does the program wait to be released?
    pub fn holds(&self) -> bool {
        matches!(self, Workload::Hold | Workload::Touch { .. })
    }

    /// The value that the READY record must carry.
    fn ready_result(&self, nonce: u64) -> u64 {
        match self {
            Workload::Touch { pages } => (0..*pages).fold(0, |sum: u64, i| sum.wrapping_add(abi::page_value(nonce, i))),
            _ => 0,
        }
    }

    pub fn check_ready(&self, nonce: u64, record: &Record) -> Result<()> {
        check(nonce, abi::READY, self.ready_result(nonce), record)
    }

    /// Every record and the exit status, recomputed here: a sample without its proof is Failed.
    pub fn check(&self, nonce: u64, records: &[Record], exit: Exit) -> Result<()> {
        if let Workload::Command(argv) = self {
            return match exit {
                Exit::Code(0) => Ok(()),
                other => Err(ended_badly(argv, other)),
            };
        }
        let expected = Exit::Code(abi::exit_status(nonce));
        if exit != expected {
            let (found, proof) = (exit.in_words(), expected.code());
            let (en, ko) = (found.of(Lang::En), found.of(Lang::Ko));
            let cause = said!(
                "it ended: {en}; its proof would be exit status {proof}",
                "끝: {ko}, 증명값은 종료 상태 {proof}이어야 함"
            );
            return Err(Error::new(said!("believe the sample", "표본을 믿을 수 없습니다"), cause));
        }
        let find = |kind| {
            records.iter().find(|r| r.kind == kind).ok_or_else(|| {
                Error::new(
                    said!("believe the sample", "표본을 믿을 수 없습니다"),
                    said!("a record is missing", "기록 하나가 빠짐"),
                )
            })
        };
        self.check_ready(nonce, find(abi::READY)?)?;
        check(nonce, abi::DONE, self.done_result(nonce), find(abi::DONE)?)?;
        records.iter().try_for_each(|r| match (self, r.kind) {
            (Workload::Syscalls { per_batch, .. }, kind) if kind & abi::BATCH != 0 => check(nonce, kind, *per_batch, r),
            (Workload::Spin { units, .. }, kind) if kind & abi::BATCH != 0 => check(nonce, kind, spin(*units), r),
            _ => Ok(()),
        })
    }

    fn done_result(&self, nonce: u64) -> u64 {
        match self {
            Workload::Spin { units, .. } => spin(*units),
            _ => self.ready_result(nonce),
        }
    }
}

fn ended_badly(argv: &[OsString], exit: Exit) -> Error {
    let error = Error::new(
        said!("run {program}", "{program}을(를) 실행할 수 없습니다", program = shell::command(argv)),
        exit.in_words(),
    );
    let killed = exit == Exit::Signal(libc::SIGKILL);
    error.try_this(if killed {
        said!(
            "sudo dmesg: whether the kernel killed it, for want of memory",
            "sudo dmesg: 메모리가 모자라 커널이 끝냈는지 보십시오"
        )
    } else {
        Said::default()
    })
}

fn check(nonce: u64, kind: u64, result: u64, record: &Record) -> Result<()> {
    if record.kind == kind && record.value == abi::proof(nonce, kind, result) {
        return Ok(());
    }
    Err(Error::new(
        said!("believe the sample", "표본을 믿을 수 없습니다"),
        said!("the proof in record {kind:#x} is wrong", "기록 {kind:#x}의 증명값이 틀림"),
    )
    .try_this(said!(
        "a bug in isolab or in this environment: report it",
        "isolab이나 이 환경의 버그입니다. 알려 주십시오"
    )))
}

/// `abi::spin`, remembered: every sample of a run does the same work.
fn spin(units: u64) -> u64 {
    use std::sync::Mutex;
    static LAST: Mutex<Option<(u64, u64)>> = Mutex::new(None);
    let mut last = LAST.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    match *last {
        Some((known, result)) if known == units => result,
        _ => last.insert((units, abi::spin(units))).1,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn honest(nonce: u64, kind: u64, result: u64) -> Record {
        Record { kind, tsc: 0, value: abi::proof(nonce, kind, result) }
    }

    #[test]
    fn an_honest_sample_passes_and_every_forgery_fails() {
        let (nonce, noop) = (77, Workload::Noop);
        let records = [honest(nonce, abi::READY, 0), honest(nonce, abi::DONE, 0)];
        let exit = Exit::Code(abi::exit_status(nonce));
        noop.check(nonce, &records, exit).unwrap();
        assert!(noop.check(nonce, &records, Exit::Code(0)).is_err(), "success by accident");
        assert!(noop.check(nonce, &records[..1], exit).is_err(), "the last record is missing");
        assert!(noop.check(nonce + 1, &records, exit).is_err(), "another sample's records");
        let spin = Workload::Spin { units: 3, batches: 1 };
        assert!(spin.check(nonce, &records, exit).is_err(), "the work was not done");
    }

    #[test]
    fn a_batch_that_lost_calls_is_not_believed() {
        let work = Workload::Syscalls { calls: vec!["getppid"], batches: 1, per_batch: 100 };
        let records = |good| [honest(5, abi::READY, 0), honest(5, abi::BATCH, good), honest(5, abi::DONE, 0)];
        let exit = Exit::Code(abi::exit_status(5));
        work.check(5, &records(100), exit).unwrap();
        assert!(work.check(5, &records(99), exit).is_err());
    }
}
