//! Which of the reader's own runs a chapter's checks read, and why others are passed over.
//!
//! For each order that the chapter asks for: the newest files that together hold what it needs. Those that know the
//! prediction come first, and of them those that lack least (`Lack`); of those one file that holds more comes before
//! several that hold less.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::path::PathBuf;

use super::chapters::Needs;
use super::checks::run::{fault, needed};
use super::claims::missing::{is_alone, no_kernel_memory};
use super::files::{Found, Own, PassedOver, Results};
use super::predictions::{Entry, Log, Order};
use crate::error::Error;
use crate::lang::{Lang, Said};
use crate::results::schema::{Cell, Run, Status};
use crate::said;

/// Own runs, and what is wanted of them.
pub struct Choice<'a> {
    own: &'a Own,
    needs: &'a Needs,
    log: &'a Log,
    prediction: Option<&'a Entry>,
    /// What the files lack that were looked into, by name.
    known: RefCell<BTreeMap<String, Option<Lacking>>>,
}

/// What a file lacks, though it holds what is needed; the worst last.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Lack {
    Blocks,
    /// What it planned was skipped, or failed, or is not whole.
    Cell,
    End,
    /// No conclusion may be drawn from it.
    Soundness,
}

type Lacking = (Lack, Said);

/// So many are told one by one.
const TOLD: usize = 5;

impl<'a> Choice<'a> {
    pub fn new(own: &'a Own, needs: &'a Needs, log: &'a Log, prediction: Option<&'a Entry>) -> Choice<'a> {
        Choice { own, needs, log, prediction, known: RefCell::default() }
    }

    pub fn newest(&self) -> Vec<PathBuf> {
        let mut chosen: Vec<&Found> = Vec::new();
        for order in self.needs.orders() {
            let of_order = |f: &&Found| is_usable(f) && f.header.plan.order == order;
            let (knowing, others): (Vec<&Found>, Vec<&Found>) =
                self.own.found.iter().filter(of_order).partition(|f| self.knows(f));
            let mut missing: Vec<&String> = self.needs.cells.iter().collect();
            for files in [knowing, others] {
                for worst in [None, Some(Lack::Blocks), Some(Lack::Cell), Some(Lack::End), Some(Lack::Soundness)] {
                    self.cover(&files, worst, &mut missing, &mut chosen);
                }
            }
        }
        chosen.into_iter().map(|f| f.path.clone()).collect()
    }

    /// Takes the file that holds most of what is missing, the newest of equals, until none holds any.
    fn cover(&self, files: &[&'a Found], worst: Option<Lack>, missing: &mut Vec<&String>, chosen: &mut Vec<&'a Found>) {
        let mut left = files.to_vec();
        loop {
            let count = |f: &Found| missing.iter().filter(|need| f.holds(need)).count();
            let Some(most) = left.iter().map(|f| count(f)).max().filter(|most| *most > 0) else { return };
            let Some(place) = left.iter().position(|f| count(f) == most) else { return };
            let best = left.remove(place);
            if self.lack(best).map(|(lack, _)| lack) <= worst {
                missing.retain(|need| !best.holds(need));
                chosen.push(best);
            }
        }
    }

    /// Every run that knows the prediction and holds something that the chapter needs.
    pub fn younger(&self) -> Vec<PathBuf> {
        let useful = |f: &&Found| is_usable(f) && self.knows(f) && self.is_about(f);
        self.own.found.iter().filter(useful).map(|f| f.path.clone()).collect()
    }

    fn is_about(&self, file: &Found) -> bool {
        self.needs.cells.iter().any(|need| file.holds(need))
    }

    /// It began when the prediction was stored.
    fn knows(&self, file: &Found) -> bool {
        self.prediction.is_some_and(|entry| file.order(self.log, entry) == Order::Before)
    }

    fn lack(&self, file: &Found) -> Option<Lacking> {
        if let Some(known) = self.known.borrow().get(&file.name) {
            return known.clone();
        }
        let found = match Results::load(&file.path, file.name.clone()) {
            Ok(results) => lack(&results, self.needs),
            Err(Error { cause, .. }) => Some((Lack::Soundness, cause)),
        };
        self.known.borrow_mut().insert(file.name.clone(), found.clone());
        found
    }

    /// What was not chosen though it is newer than what was, and what cannot be read.
    pub fn passed_over(&self, chosen: &[PathBuf]) -> Vec<PassedOver> {
        let chosen: Vec<&Found> = self.own.found.iter().filter(|f| chosen.contains(&f.path)).collect();
        let mut told: Vec<PassedOver> = Vec::new();
        let (mut more, mut strangers) = (Vec::new(), Vec::new());
        for file in self.own.found.iter().filter(|f| is_newer(f, &chosen)) {
            if !self.is_about(file) {
                strangers.push(file.name.as_str());
            } else if told.len() < TOLD {
                told.push(self.why(file, &chosen));
            } else {
                more.push(file.name.as_str());
            }
        }
        let nothing = Said::fixed("nothing in it that this chapter needs", "이 장에 필요한 것이 들어 있지 않습니다");
        told.extend(together(
            &more,
            Said::fixed("they too; name one to see why", "마찬가지입니다. 까닭을 보려면 파일 이름을 적으십시오"),
        ));
        told.extend(together(&strangers, nothing));
        told.extend(self.own.unreadable.iter().cloned());
        told
    }

    fn why(&self, file: &Found, chosen: &[&Found]) -> PassedOver {
        if file.is_saved() {
            return PassedOver::new(&file.name, self.reason(file, chosen));
        }
        let why = Said::fixed(
            "it goes on, or was killed before its results were saved",
            "아직 측정하고 있거나, 결과를 저장하기 전에 죽었습니다",
        );
        PassedOver::recoverable(&file.name, why)
    }

    fn reason(&self, file: &Found, chosen: &[&Found]) -> Said {
        if !file.is_of_the_probe() {
            return Said::fixed("it measured a command of your own", "직접 지정한 명령을 측정한 파일입니다");
        }
        if !self.needs.orders().contains(&file.header.plan.order.as_str()) {
            return Said::fixed(
                "it measured one arm after the other (--order sequential)",
                "대상을 하나씩 차례로 측정했습니다(--order sequential)",
            );
        }
        if let Some(entry) = self.prediction.filter(|_| !self.knows(file) && chosen.iter().any(|f| self.knows(f))) {
            return match file.order(self.log, entry) {
                Order::Unknown => Said::fixed(
                    "it names a prediction that is not stored here: from another machine or user",
                    "적혀 있는 예측이 여기에 저장되어 있지 않습니다. 다른 기계나 다른 사용자의 것입니다",
                ),
                _ => Said::fixed("it began before the prediction was stored", "예측을 저장하기 전에 시작되었습니다"),
            };
        }
        if let Some((_, why)) = self.lack(file) {
            return why;
        }
        let missing: Vec<&str> = self.needs.cells.iter().filter(|need| !file.holds(need)).map(String::as_str).collect();
        if missing.is_empty() {
            return Said::fixed(
                "nothing is wrong with it, but full marks stay with what gave them",
                "문제가 없지만, 만점은 그것을 받은 파일로 유지됩니다",
            );
        }
        said!("it lacks {missing}", "{missing}이(가) 없습니다", missing = missing.join(", "))
    }
}

fn is_usable(file: &Found) -> bool {
    file.is_of_the_probe() && file.is_saved()
}

/// Newer than one of those that were chosen for its order; of another order, than all of them.
fn is_newer(file: &Found, chosen: &[&Found]) -> bool {
    let began = |f: &Found| f.header.started.clone();
    let same = chosen.iter().filter(|f| f.header.plan.order == file.header.plan.order).map(|f| began(f)).min();
    let after = same.or_else(|| chosen.iter().map(|f| began(f)).max());
    !chosen.iter().any(|f| f.path == file.path) && after.is_none_or(|after| began(file) > after)
}

/// "a.json, b.json and 3 more".
fn together(names: &[&str], why: Said) -> Option<PassedOver> {
    const NAMED: usize = 3;
    let some = names.iter().take(NAMED).copied().collect::<Vec<_>>().join(", ");
    let rest = names.len().saturating_sub(NAMED);
    let file = if rest == 0 { some } else { format!("{some}, … (+{rest})") };
    (!names.is_empty()).then(|| PassedOver::new(file, why))
}

/// The worst that a file lacks.
fn lack(file: &Results, needs: &Needs) -> Option<Lacking> {
    if let Some(why) = fault(file, needs) {
        return Some((Lack::Soundness, why));
    }
    let run = &file.run;
    if let Some(why) = ended(run) {
        return Some((Lack::End, why));
    }
    let cells = needed(needs, run);
    if let Some(cell) = cells.iter().find(|cell| cell.status != Status::Measured) {
        let id = &cell.id;
        let (en, ko) = (&cell.reason, cell.reason_in(Lang::Ko));
        let why = said!("{id} was not measured there: {en}", "{id}을(를) 측정하지 못했습니다: {ko}");
        return Some((Lack::Cell, why));
    }
    if cells.iter().any(|cell| cell.experiment == "memory" && is_alone(cell)) {
        return Some((Lack::Cell, Said::new(no_kernel_memory(Lang::En), no_kernel_memory(Lang::Ko))));
    }
    let good = |cell: &Cell| cell.columns.failed.iter().filter(|failed| failed.is_none()).count();
    let (n, least) = (cells.iter().map(|cell| good(cell)).min()?, needs.blocks);
    (run.header.plan.order == "blocks" && n < least).then(|| {
        let why =
            said!("{n} blocks, and this chapter needs {least}", "블록이 {n}개인데, 이 장에는 {least}개가 필요합니다");
        (Lack::Blocks, why)
    })
}

fn ended(run: &Run) -> Option<Said> {
    match run.ended.as_str() {
        "complete" => None,
        "interrupted" => Some(Said::fixed("it was interrupted before its end", "끝나기 전에 중단되었습니다")),
        _ => Some(Said::fixed("it ended before its time, and was recovered", "도중에 끝난 실행을 복구한 파일입니다")),
    }
}

#[cfg(test)]
pub(super) mod tests;
