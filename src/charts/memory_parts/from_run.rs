//! From a results file to the chart.

use super::{Bar, MemoryParts, Part, Stack};
use crate::charts::caption::notes;
use crate::charts::page::Note;
use crate::charts::values::{arm, cells, daemons, memory_notes, one_more, one_more_against_machines};
use crate::charts::words;
use crate::lang::Lang;
use crate::model::Unit;
use crate::results::derive::lines::per_instance;
use crate::results::derive::{self, seen};
use crate::results::schema::{Cell, Run};
use crate::units::Scale;

impl MemoryParts {
    /// None: the run has no cell of `memory` that counts instances.
    pub(super) fn from_run(run: &Run, lang: Lang) -> Option<MemoryParts> {
        let cells = cells(run, "memory", &["n"]);
        if cells.is_empty() {
            return None;
        }
        let bars: Vec<Bar> = cells.iter().map(|cell| bar(run, cell, lang)).collect();
        let mut all: Vec<Note> = shared(&bars, lang).into_iter().collect();
        all.extend(daemons(run, &cells, lang));
        all.extend(one_more_against_machines(run, &cells, lang));
        all.extend(memory_notes(&cells, lang));
        all.extend(notes(run, &cells, one_more(&cells), lang));
        Some(MemoryParts { bars, notes: all })
    }
}

fn bar(run: &Run, cell: &Cell, lang: Lang) -> Bar {
    Bar::of(arm(run, &cell.arm, lang), cell, parts(run, cell), words::NO_VALUES, lang)
}

fn parts(run: &Run, cell: &Cell) -> Option<Stack> {
    let metric = per_instance(cell);
    let whole = seen(run, cell, metric)?;
    let guest = cell.columns.values.contains_key("guest_ram");
    // What is private but no guest RAM: the difference within each sample, so that the two are of the same instances.
    let metrics = [("guest_ram", None), ("private", Some("guest_ram")), ("kernel", None)];
    let part = |metric| match metric {
        "guest_ram" => Part::GuestRam,
        "kernel" => Part::Kernel,
        _ if guest => Part::Monitor,
        _ => Part::Private,
    };
    let found = derive::parts::values(cell, metric, &metrics);
    let parts = found.into_iter().map(|(metric, bytes)| (part(metric), bytes)).collect();
    Some(Stack { parts, whole, shared: seen(run, cell, "shared").map(|s| s.median) })
}

/// "Shared by all instances …: process, process#2 3.7 KiB; …", arms with the same amount together.
fn shared(bars: &[Bar], lang: Lang) -> Option<Note> {
    let mut groups: Vec<(String, Vec<&str>)> = Vec::new();
    for bar in bars {
        let Some(bytes) = bar.get().and_then(|parts| parts.shared) else { continue };
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
        let Ok(Stack { parts, whole, shared }) = &chart.bars[2].value else { panic!("{chart:?}") };
        assert_eq!(parts, &[(Part::GuestRam, 43.0), (Part::Monitor, 160.0), (Part::Kernel, 700.0)]);
        assert_eq!((whole.median, *shared), (903.0, Some(9.0)));
        let Ok(Stack { parts, whole, .. }) = &chart.bars[0].value else { panic!("{chart:?}") };
        assert_eq!(parts, &[(Part::Private, 7.0)]);
        assert_eq!(whole.ends(), None, "three blocks give no interval");
        let notes: Vec<&str> = chart.notes.iter().map(|n| n.text.as_str()).collect();
        assert!(notes.iter().any(|n| n.starts_with("process: private memory alone")), "{notes:?}");
        assert!(notes[0].contains("process 3.00 B") && notes[0].contains("vm-bare 9.00 B"), "{notes:?}");
        assert_eq!(chart.bars[1].value, Err("not here".into()));
    }
}
