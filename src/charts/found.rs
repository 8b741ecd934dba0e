//! What a chart shows of one cell, or why there is nothing: a hole is shown, never closed.

use super::axis::Axis;
use super::bars::Row as BarRow;
use super::caption::hole;
use super::marks::{Label, Whisker, widest_label};
use super::style::Style;
use super::values::Arm;
use super::words::{self, Word};
use crate::lang::Lang;
use crate::results::derive::Interval;
use crate::results::schema::Cell;
use crate::units::Scale;

#[derive(Debug, Clone, PartialEq)]
pub(super) struct Found<T> {
    pub arm: Arm,
    /// Or the reason.
    pub value: Result<T, String>,
}

impl<T> Found<T> {
    /// `none`: what is said of a cell that was measured and has no value.
    pub(super) fn of(arm: Arm, cell: &Cell, value: Option<T>, none: Word, lang: Lang) -> Found<T> {
        let value = match (hole(cell, lang), value) {
            (Some(reason), _) => Err(reason.to_owned()),
            (None, value) => value.ok_or_else(|| none.of(lang).to_owned()),
        };
        Found { arm, value }
    }

    pub(super) fn get(&self) -> Option<&T> {
        self.value.as_ref().ok()
    }

    pub(super) fn label(&self, style: &Style) -> Label {
        Label::of(style, &self.arm.name, &self.arm.id, widest_label(style))
    }

    /// "not measured: no /dev/kvm". None: it was.
    pub(super) fn hole(&self, lang: Lang) -> Option<String> {
        self.value.as_ref().err().map(|reason| not_measured(reason, lang))
    }

    /// What is said of it, or "not measured: …".
    pub(super) fn says(&self, lang: Lang, says: impl FnOnce(&T) -> String) -> String {
        self.value.as_ref().map_or_else(|reason| not_measured(reason, lang), says)
    }

    /// A sentence of the alternative text.
    pub(super) fn alt(&self, lang: Lang, says: impl FnOnce(&Arm, &T) -> String) -> String {
        let Arm { name, id } = &self.arm;
        match &self.value {
            Err(reason) => words::NOT_MEASURED_ALT.with(lang, &[("name", name), ("arm", id), ("reason", reason)]),
            Ok(value) => says(&self.arm, value),
        }
    }

    /// The same: "process (process): " and what is said of it, with a full stop.
    pub(super) fn sentence(&self, lang: Lang, says: impl FnOnce(&T) -> String) -> String {
        self.alt(lang, |Arm { name, id }, value| format!("{name} ({id}): {}.", says(value)))
    }

    /// A row of a chart of bars, with the number that stands beside it.
    pub(super) fn bar(&self, lang: Lang, number: impl FnOnce(&T) -> (&Interval, Scale)) -> BarRow {
        let Arm { name, id } = self.arm.clone();
        match &self.value {
            Err(reason) => BarRow::Hole { name, id, reason: not_measured(reason, lang) },
            Ok(value) => {
                let (number, scale) = number(value);
                BarRow::Bar { name, id, value: scale.value(number.median), interval: interval(scale, number, lang) }
            }
        }
    }
}

pub(super) fn not_measured(reason: &str, lang: Lang) -> String {
    words::NOT_MEASURED.with(lang, &[("reason", reason)])
}

/// "(1.31–1.39)", or that there are too few blocks for one.
pub(super) fn interval(scale: Scale, of: &Interval, lang: Lang) -> String {
    scale.interval(of.ends(), words::NO_INTERVAL.of(lang))
}

/// Median and interval on an axis, `across` on the other one.
pub(super) fn whisker(axis: &Axis, of: &Interval, across: f64) -> Whisker {
    let ends = of.ends().map(|(low, high)| (axis.at(low), axis.at(high)));
    Whisker { median: axis.at(of.median), ends, across }
}
