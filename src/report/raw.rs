//! Every raw sample behind a fold, as far as there is room: rounded integers as text, which a spreadsheet takes.

use super::page::{Block, Section, code};
use super::words;
use crate::lang::Lang;
use crate::model::Unit;
use crate::results::query::values_of;
use crate::results::schema::{Cell, MetricInfo, Run};

/// Characters of numbers that a report may hold: what the charts and tables leave of 3 MiB.
const ROOM: usize = 1 << 20;

/// Which metrics are shown, from all to none; the first choice that has room.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Choice {
    All,
    Headlines,
    /// The first headline of each experiment.
    First,
    Nothing,
}

pub(super) fn section(run: &Run, lang: Lang) -> Section {
    let choices = [Choice::All, Choice::Headlines, Choice::First];
    let (choice, blocks) = choices
        .into_iter()
        .map(|choice| (choice, numbers(run, choice, lang)))
        .find(|(_, blocks)| size(blocks) <= ROOM)
        .unwrap_or((Choice::Nothing, Vec::new()));
    let told = match choice {
        Choice::All => &words::RAW_ALL,
        Choice::Headlines => &words::RAW_HEADLINES,
        Choice::First => &words::RAW_FIRST,
        Choice::Nothing => &words::RAW_NONE,
    };
    let mut all = vec![Block::Text(told.of(lang).into())];
    if !blocks.is_empty() {
        all.push(Block::Fold(words::RAW_FOLD.of(lang).into(), blocks));
    }
    Section { id: "raw", title: words::RAW.of(lang).into(), blocks: all }
}

fn size(blocks: &[Block]) -> usize {
    blocks.iter().map(|b| if let Block::Raw { numbers, .. } = b { numbers.len() } else { 0 }).sum()
}

fn numbers(run: &Run, choice: Choice, lang: Lang) -> Vec<Block> {
    let mut blocks = Vec::new();
    for cell in &run.cells {
        for m in super::results::metrics(run, &cell.experiment).into_iter().filter(|m| chosen(run, m, choice)) {
            blocks.extend(column(cell, m, lang));
        }
    }
    blocks
}

fn chosen(run: &Run, m: &MetricInfo, choice: Choice) -> bool {
    let first = || run.header.metrics.iter().find(|f| f.experiment == m.experiment && f.headline);
    match choice {
        Choice::All => true,
        Choice::Headlines => m.headline,
        Choice::First => first().is_some_and(|f| f.id == m.id),
        Choice::Nothing => false,
    }
}

fn column(cell: &Cell, m: &MetricInfo, lang: Lang) -> Option<Block> {
    let values = values_of(cell, &m.id);
    let large = values.iter().all(|(_, v)| v.abs() >= 1000.0);
    let digits = usize::from(m.unit != Unit::Count && !large);
    let shown: Vec<String> = values.iter().map(|(_, v)| format!("{:.digits$}", v + 0.0)).collect();
    let title = m.title_in(lang);
    let about = words::RAW_COLUMN.with(lang, &[&title, m.unit.name(), &shown.len().to_string()]);
    (!shown.is_empty()).then(|| Block::Raw {
        name: code(&format!("{} {}", cell.id, m.id)),
        about,
        numbers: shown.join(" "),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::{html, page};
    use crate::results::example::{self, noise};

    /// Five arms, 20 000 blocks: 10⁵ samples, each with two metrics.
    fn large() -> Run {
        let arms = [
            ("process", "process", None),
            ("process#2", "process, once more", None),
            ("container", "our container, no image, no engine", None),
            ("container:-net", "our container, no image, no engine (-net)", None),
            ("vm-bare", "bare VM, no operating system", Some("software")),
        ];
        let metrics = ["a", "b"].map(|id| ("boot", id, "ns", "lower"));
        example::run(&arms, &metrics, 20_000, |arm, _, block| Some(1_234_567.0 * noise(arm, block)))
    }

    #[test]
    fn a_hundred_thousand_samples_fit_in_three_mebibytes() {
        let run = large();
        let page = page(&run, "run.json", &[], Lang::En);
        let bytes = html(&page).len();
        assert!(bytes <= 3 << 20, "{bytes}");
        let raw = page.sections.iter().find(|s| s.id == "raw").unwrap();
        assert_eq!(raw.blocks[0], Block::Text(words::RAW_FIRST.of(Lang::En).into()), "and it says what it left out");
        assert_eq!(raw.blocks.len(), 2, "one metric has room");
    }

    #[test]
    fn a_small_run_has_every_sample() {
        let section = section(&example::boot(30), Lang::En);
        let Block::Fold(_, columns) = &section.blocks[1] else { panic!("{section:?}") };
        let Block::Raw { numbers, .. } = &columns[0] else { panic!("{columns:?}") };
        let expected = (200_000.0 * noise("process", 0)).round().to_string();
        assert_eq!((numbers.split(' ').count(), numbers.split(' ').next()), (30, Some(expected.as_str())));
    }
}
