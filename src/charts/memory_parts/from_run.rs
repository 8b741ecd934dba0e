//! From a results file to the chart.

use super::{Bar, Content, MemoryParts, Part};
use crate::charts::caption::{hole, notes};
use crate::charts::page::Note;
use crate::charts::values::{arm, cells, daemons, memory_notes, one_more, one_more_against_machines};
use crate::charts::words;
use crate::lang::Lang;
use crate::model::Unit;
use crate::results::derive::parts;
use crate::results::derive::seen;
use crate::results::schema::{Cell, Run};
use crate::units::Scale;

impl MemoryParts {
    /// None: the run has no cell of `memory` that counts instances.
    pub(super) fn from_run(run: &Run, lang: Lang) -> Option<MemoryParts> {
        let cells = cells(run, "memory", &["n"]);
        if cells.is_empty() {
            return None;
        }
        let bar = |cell: &&Cell| Bar { arm: arm(run, &cell.arm, lang), content: content(run, cell, lang) };
        let bars: Vec<Bar> = cells.iter().map(bar).collect();
        let mut all: Vec<Note> = shared(&bars, lang).into_iter().collect();
        all.extend(daemons(run, &cells, lang));
        all.extend(one_more_against_machines(run, &cells, lang));
        all.extend(memory_notes(&cells, lang));
        all.extend(notes(run, &cells, one_more(&cells), lang));
        Some(MemoryParts { bars, notes: all })
    }
}

fn content(run: &Run, cell: &Cell, lang: Lang) -> Content {
    if let Some(reason) = hole(cell, lang) {
        return Content::Missing(reason.to_owned());
    }
    let metric = if cell.columns.values.contains_key("per_instance") { "per_instance" } else { "private" };
    let Some(whole) = seen(run, cell, metric) else {
        return Content::Missing(words::NO_VALUES.of(lang).to_owned());
    };
    let guest = cell.columns.values.contains_key("guest_ram");
    // What is private but no guest RAM: the difference within each sample, so that the two are of the same instances.
    let metrics = [("guest_ram", None), ("private", Some("guest_ram")), ("kernel", None)];
    let part = |metric| match metric {
        "guest_ram" => Part::GuestRam,
        "kernel" => Part::Kernel,
        _ if guest => Part::Monitor,
        _ => Part::Private,
    };
    let found = parts::values(cell, metric, &metrics);
    Content::Measured {
        parts: found.into_iter().map(|(metric, bytes)| (part(metric), bytes)).collect(),
        whole,
        shared: seen(run, cell, "shared").map(|s| s.median),
    }
}

/// "Shared by all instances …: process, process#2 3.7 KiB; …", arms with the same amount together.
fn shared(bars: &[Bar], lang: Lang) -> Option<Note> {
    let mut groups: Vec<(String, Vec<&str>)> = Vec::new();
    for bar in bars {
        let Content::Measured { shared: Some(bytes), .. } = bar.content else { continue };
        let amount = Scale::for_axis(Unit::Bytes, bytes).value(bytes);
        match groups.iter_mut().find(|(a, _)| *a == amount) {
            Some((_, arms)) => arms.push(&bar.arm.id),
            None => groups.push((amount, vec![&bar.arm.id])),
        }
    }
    let said: Vec<String> = groups.iter().map(|(amount, arms)| format!("{} {amount}", arms.join(", "))).collect();
    (!said.is_empty()).then(|| Note::plain(words::PARTS_SHARED.with(lang, &[("list", &said.join("; "))])))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::charts::example::{cell, run, sample, skipped};

    const ARMS: [(&str, &str, &str); 3] =
        [("process", "plain process", "fd"), ("container", "our container", "fd"), ("vm-bare", "bare VM", "port")];

    #[test]
    fn guest_ram_is_taken_out_of_private_memory() {
        let vm = (0..7).map(|i| {
            let ram = 40.0 + f64::from(i);
            sample(
                &[
                    ("per_instance", ram + 860.0),
                    ("private", ram + 160.0),
                    ("guest_ram", ram),
                    ("kernel", 700.0),
                    ("shared", 9.0),
                ],
                &[],
                Vec::new(),
            )
        });
        let process = sample(&[("private", 7.0), ("shared", 3.0)], &[], Vec::new());
        let cells = vec![
            cell("memory/process{n=1,4}", vec![process; 3]),
            skipped("memory/container{n=1,4}", "not here"),
            cell("memory/vm-bare{n=1,4}", vm.collect()),
        ];
        let chart = MemoryParts::from_run(&run(&ARMS, cells), Lang::En).unwrap();
        let Content::Measured { parts, whole, shared } = &chart.bars[2].content else { panic!("{chart:?}") };
        assert_eq!(parts, &[(Part::GuestRam, 43.0), (Part::Monitor, 160.0), (Part::Kernel, 700.0)]);
        assert_eq!((whole.median, *shared), (903.0, Some(9.0)));
        let Content::Measured { parts, whole, .. } = &chart.bars[0].content else { panic!("{chart:?}") };
        assert_eq!(parts, &[(Part::Private, 7.0)]);
        assert_eq!(whole.ends(), None, "three blocks give no interval");
        let notes: Vec<&str> = chart.notes.iter().map(|n| n.text.as_str()).collect();
        assert!(notes.iter().any(|n| n.starts_with("process: private memory alone")), "{notes:?}");
        assert!(notes[0].contains("process 3.00 B") && notes[0].contains("vm-bare 9.00 B"), "{notes:?}");
        assert_eq!(chart.bars[1].content, Content::Missing("not here".into()));
    }
}
