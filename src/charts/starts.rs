//! What the charts of starts have in common: which cells, until when, and how a cell is called.

use super::caption::{Shown, name_of};
use super::found::Found;
use super::values::Arm;
use super::words::{self, Word};
use crate::lang::Lang;
use crate::results::schema::{Cell, Run};
use crate::timeline::Stage;

const READY: Shown = Shown { experiment: "boot", metric: "create_to_ready" };
const EXIT: Shown = Shown { experiment: "boot", metric: "create_to_exit" };

/// Up to ready; in a run of the user's own command, which never says that it is, up to its end.
pub(super) fn shown(run: &Run) -> Shown {
    let has = |shown: &Shown| cells(run).iter().any(|c| c.columns.values.contains_key(shown.metric));
    [READY, EXIT].into_iter().find(has).unwrap_or(READY)
}

/// Every cell whose samples are single starts, also those that were not measured.
pub(super) fn cells(run: &Run) -> Vec<&Cell> {
    run.cells
        .iter()
        .filter(|c| c.experiment == READY.experiment && !c.case.contains_key(super::rate::AT_ONCE))
        .collect()
}

/// The stage that ends what is shown.
pub(super) fn last(shown: Shown) -> Stage {
    if shown == EXIT { Stage::Exit } else { Stage::Ready }
}

/// The word for starts, or the one for whole commands.
pub(super) fn word(shown: Shown, start: Word, command: Word) -> Word {
    if shown == EXIT { command } else { start }
}

pub(super) fn axis(shown: Shown, lang: Lang) -> &'static str {
    word(shown, words::BOOT_AXIS, words::BOOT_AXIS_EXIT).of(lang)
}

/// Name and id tell what is set too: "process, cache=cold", "process{cache=cold}".
pub(super) fn found<T>(run: &Run, cell: &Cell, value: Option<T>, lang: Lang) -> Found<T> {
    let set = cell.case.iter().map(|(key, value)| format!(", {key}={value}"));
    let name = name_of(run, cell, lang) + &set.collect::<String>();
    Found::of(Arm { name, id: cell.id.within_experiment().to_owned() }, cell, value, words::NO_SAMPLE, lang)
}
