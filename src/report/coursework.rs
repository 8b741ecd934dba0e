//! What coursework usually asks for, row by row: where this run has it, or why it has not. No row is left out, and no
//! row that was not captured has a number.

use super::page::{Block, Section, Table, code, text};
use super::words::{self, Words};
use crate::lang::Lang;
use crate::results::schema::{Run, Status};

/// One usual metric, and what answers it here.
struct Asked {
    what: &'static Words,
    answer: Answer,
}

enum Answer {
    /// Any of these metrics of this experiment.
    Metric(&'static str, &'static [&'static str], &'static Words),
    /// This version has nothing that measures it, for this reason.
    NotInThisVersion(&'static Words),
}
use Answer::{Metric, NotInThisVersion};

#[rustfmt::skip]
const ASKED: &[Asked] = &[
    Asked { what: &words::CW_CPU_1, answer: Metric("cpu", &["spin_unit"], &words::CW_CPU_HOW) },
    Asked { what: &words::CW_CPU_N, answer: NotInThisVersion(&words::CW_ONE_THREAD) },
    Asked { what: &words::CW_MEMORY_SPEED, answer: NotInThisVersion(&words::CW_NO_MEMORY_SPEED) },
    Asked { what: &words::CW_MEMORY_USED, answer: Metric("memory", &["per_instance", "private", "host_bytes"], &words::CW_MEMORY_HOW) },
    Asked { what: &words::CW_DISK_SEQUENTIAL, answer: NotInThisVersion(&words::CW_NO_DISK) },
    Asked { what: &words::CW_DISK_RANDOM, answer: NotInThisVersion(&words::CW_NO_DISK) },
    Asked { what: &words::CW_NETWORK, answer: NotInThisVersion(&words::CW_NO_NETWORK) },
    Asked { what: &words::CW_REQUESTS, answer: NotInThisVersion(&words::CW_NO_SERVER) },
    Asked { what: &words::CW_LOAD, answer: NotInThisVersion(&words::CW_NO_SERVER) },
    Asked { what: &words::CW_START_ENVIRONMENT, answer: Metric("boot", &["create_to_ready", "create_to_exit"], &words::CW_START_HOW) },
    Asked { what: &words::CW_START_APPLICATION, answer: Metric("boot", &["command_to_ready"], &words::CW_READY_HOW) },
    Asked { what: &words::CW_STARTS_PER_SECOND, answer: Metric("boot", &["starts_per_second"], &words::CW_STARTS_HOW) },
    Asked { what: &words::CW_SYSCALL, answer: Metric("syscall", &["getppid"], &words::CW_SYSCALL_HOW) },
    Asked { what: &words::CW_IMAGE_SIZE, answer: NotInThisVersion(&words::CW_NO_IMAGE) },
    Asked { what: &words::CW_OVER_TIME, answer: NotInThisVersion(&words::CW_NO_OVER_TIME) },
    Asked { what: &words::CW_QUALITATIVE, answer: Metric("inventory", &["kernels"], &words::CW_QUALITATIVE_HOW) },
];

pub(super) fn section(run: &Run, lang: Lang) -> Section {
    let titles = [words::CW_METRIC.of(lang), words::CW_MEASURED.of(lang), words::CW_WHERE.of(lang)];
    let mut table = Table::new(words::COURSEWORK_CAPTION.of(lang), &titles);
    for asked in ASKED {
        let (measured, why) = answer(run, &asked.answer, lang);
        table.row(vec![text(asked.what.of(lang)), text(measured), text(why)]);
    }
    Section { id: "coursework", title: words::COURSEWORK.of(lang).into(), blocks: vec![Block::Table(table)] }
}

fn answer(run: &Run, answer: &Answer, lang: Lang) -> (String, String) {
    let no = || words::CW_NOT_MEASURED.of(lang).to_owned();
    let (experiment, metrics, how) = match answer {
        NotInThisVersion(why) => return (no(), why.of(lang).to_owned()),
        Metric(experiment, metrics, how) => (*experiment, *metrics, *how),
    };
    let of = |metric: &str| {
        let cells = run.cells.iter().filter(|c| c.experiment == experiment && c.status == Status::Measured);
        cells.filter(|c| run.summaries.iter().any(|s| s.cell == c.id && s.metric == metric)).count()
    };
    let found: Vec<&str> = metrics.iter().copied().filter(|m| of(m) > 0).collect();
    if !found.is_empty() {
        let names: Vec<String> = found.iter().map(|m| code(&format!("{experiment} {m}"))).collect();
        return (words::CW_YES.with(lang, &[&names.join(", ")]), how.of(lang).to_owned());
    }
    let planned: Vec<_> =
        run.cells.iter().filter(|c| c.experiment == experiment && c.status != Status::Measured).collect();
    let why = match planned.first() {
        Some(cell) => words::CW_SKIPPED.with(lang, &[cell.reason_in(lang)]),
        None => {
            words::CW_NOT_ASKED.with(lang, &[&code(&format!("isolab bench -x {experiment}{}", asking_for(metrics)))])
        }
    };
    (no(), why)
}

/// What a bench must be asked for beside the experiment.
fn asking_for(metrics: &[&str]) -> &'static str {
    if metrics.contains(&"starts_per_second") { " --concurrency 1,4" } else { "" }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::results::example;

    #[test]
    fn every_row_is_answered_from_the_run() {
        let section = section(&example::boot(30), Lang::En);
        let Block::Table(table) = &section.blocks[0] else { panic!("{section:?}") };
        let row = |what: &Words| {
            let row = table.rows.iter().find(|r| r[0].text == what.of(Lang::En)).unwrap();
            (row[1].text.clone(), row[2].text.clone())
        };
        assert!(row(&words::CW_START_ENVIRONMENT).0.contains("boot create_to_ready"));
        assert_eq!(row(&words::CW_DISK_RANDOM), ("not measured".into(), words::CW_NO_DISK.of(Lang::En).into()));
        assert!(row(&words::CW_STARTS_PER_SECOND).1.contains("isolab bench -x boot --concurrency 1,4"));
        assert!(row(&words::CW_SYSCALL).1.contains("isolab bench -x syscall"));
        assert_eq!(table.rows.len(), ASKED.len());
    }

    #[test]
    fn an_experiment_that_was_skipped_says_why() {
        let arms = [("vm-bare", "bare VM, no operating system", Some("software"))];
        let run = example::run(&arms, &[("cpu", "spin_unit", "ns", "lower")], 6, |_, _, _| None);
        let Block::Table(table) = &section(&run, Lang::En).blocks[0] else { panic!() };
        assert_eq!(
            (table.rows[0][1].text.as_str(), table.rows[0][2].text.contains("no /dev/kvm")),
            ("not measured", true)
        );
    }
}
