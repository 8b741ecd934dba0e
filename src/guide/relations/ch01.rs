//! What is created: the new namespaces are those that the arm names, a kernel comes only with a virtual machine.

use std::collections::BTreeSet;

use super::{Case, Found, evidence};
use crate::id::ArmId;
use crate::model::{Kind, Part};
use crate::results::derive::kind_of;
use crate::results::schema::Cell;

const RUN: &str = "isolab bench -e process,container,vm-bare -x inventory -o inv.json";

/// The namespaces of our container by default, as in /proc/PID/ns; a test holds this to the runtime's own list.
const USUAL: &[&str] = &["cgroup", "ipc", "mnt", "net", "pid", "uts"];

/// What an arm's name promises: the usual ones, one less for each `-net`, `-pid`, `-ipc`, `-uts`, and `user` for `+user` and
/// for a container that was made without root.
fn promised(kind: Kind, arm: &ArmId) -> BTreeSet<String> {
    if kind != Kind::Container {
        return BTreeSet::new();
    }
    let knobs: Vec<&str> = arm.knobs().collect();
    let stays = |kind: &&&str| **kind == "cgroup" || !knobs.contains(&format!("-{kind}").as_str());
    let mut kinds: BTreeSet<String> = USUAL.iter().filter(stays).map(|kind| (*kind).to_owned()).collect();
    if arm.environment() == "container-rootless" || knobs.contains(&"+user") {
        kinds.insert("user".into());
    }
    kinds
}

fn new_ones(parts: &[Part]) -> BTreeSet<String> {
    parts.iter().filter(|p| p.amount > 0).filter_map(|p| p.sort_of("namespace")).map(str::to_owned).collect()
}

fn listed(cell: &Cell) -> impl Iterator<Item = &Vec<Part>> {
    cell.columns.parts.iter().filter(|parts| !parts.is_empty())
}

fn list(kinds: &BTreeSet<String>) -> String {
    if kinds.is_empty() { "–".into() } else { kinds.iter().cloned().collect::<Vec<_>>().join(" ") }
}

/// In every instance of every arm.
pub(super) fn namespaces(case: &Case) -> Found {
    let cells: Vec<_> = case.cells("inventory").filter(|(_, _, c)| listed(c).next().is_some()).collect();
    if !cells.iter().any(|(_, run, cell)| !promised(kind_of(run, &cell.arm), &cell.arm).is_empty()) {
        return case.not_measured("inventory container", RUN);
    }
    let mut wrong = Vec::new();
    let mut seen = Vec::new();
    for (file, run, cell) in &cells {
        let wanted = promised(kind_of(run, &cell.arm), &cell.arm);
        let other = listed(cell).map(|parts| new_ones(parts)).find(|kinds| *kinds != wanted);
        let found = list(other.as_ref().unwrap_or(&wanted));
        seen.push(evidence(file, cell, format!("{found} (×{})", listed(cell).count())));
        if other.is_some() {
            wrong.push(format!("{}: {found} ≠ {}", cell.arm, list(&wanted)));
        }
    }
    let told: Vec<String> = seen.iter().map(|e| format!("{}: {}", e.cell, e.found)).collect();
    let (told, wrong_text) = (told.join("; "), wrong.join("; "));
    let why = if wrong.is_empty() {
        (
            format!("new namespaces as the arms name them: {told}."),
            format!("새 네임스페이스가 대상의 이름과 같습니다. {told}."),
        )
    } else {
        (
            format!("new namespaces differ from what the arm names: {wrong_text}."),
            format!("새 네임스페이스가 대상의 이름과 다릅니다. {wrong_text}."),
        )
    };
    case.decide(wrong.is_empty(), why, again(), seen)
}

fn again() -> (String, String) {
    (format!("Measure again: {RUN}"), format!("다시 측정하십시오. {RUN}"))
}

/// One kernel for a virtual machine, none for anything else.
pub(super) fn kernels(case: &Case) -> Found {
    let cells: Vec<_> = case.cells("inventory").filter(|(_, _, c)| listed(c).next().is_some()).collect();
    if !cells.iter().any(|(_, run, cell)| kind_of(run, &cell.arm) == Kind::Machine) {
        return skipped_or(case, "vm-bare", "inventory vm-bare");
    }
    let mut seen = Vec::new();
    let mut holds = true;
    for (file, run, cell) in &cells {
        let wanted = u64::from(kind_of(run, &cell.arm) == Kind::Machine);
        let counts: BTreeSet<u64> = listed(cell).map(|parts| amount(parts, "kernels")).collect();
        holds &= counts == BTreeSet::from([wanted]);
        let counts: Vec<String> = counts.iter().map(u64::to_string).collect();
        seen.push(evidence(file, cell, format!("kernels {}", counts.join("/"))));
    }
    let told: Vec<String> = seen.iter().map(|e| format!("{}: {}", e.cell, e.found)).collect();
    let told = told.join("; ");
    case.decide(holds, (format!("{told}."), format!("{told}.")), again(), seen)
}

fn amount(parts: &[Part], what: &str) -> u64 {
    parts.iter().filter(|p| p.what == what).map(|p| p.amount).sum()
}

/// The reason in the file, where a cell of this arm stands in it without a measurement.
fn skipped_or(case: &Case, arm: &str, what: &str) -> Found {
    let cells = case.runs.iter().flat_map(|(_, run)| &run.cells);
    match cells.into_iter().find(|c| c.experiment == "inventory" && c.arm == arm && !c.reason.is_empty()) {
        Some(cell) => {
            case.open(format!("{}: {}.", cell.id, cell.reason_in(case.lang)), cell.fix_in(case.lang).to_owned())
        }
        None => case.not_measured(what, RUN),
    }
}

/// `container:-net` lacks `net`, and nothing else.
pub(super) fn net(case: &Case) -> Found {
    let find = |knob: &[&str]| {
        case.cells("inventory").find(|(_, run, c)| {
            let is_so = c.arm.knobs().eq(knob.iter().copied()) && !c.arm.is_repeated();
            kind_of(run, &c.arm) == Kind::Container && is_so
        })
    };
    let (Some((_, _, whole)), Some((file, _, less))) = (find(&[]), find(&["-net"])) else {
        return case.not_measured(
            "inventory container, container:-net",
            "isolab bench -e container,container:-net -x inventory -o mod1.json",
        );
    };
    let all: Vec<BTreeSet<String>> =
        [whole, less].map(|c| listed(c).next().map(|p| new_ones(p)).unwrap_or_default()).into();
    let gone: BTreeSet<String> = all[0].difference(&all[1]).cloned().collect();
    let holds = all[1].is_subset(&all[0]) && gone == BTreeSet::from(["net".to_owned()]);
    let gone = list(&gone);
    let why = (
        format!("container:-net has one namespace less: {gone}."),
        format!("container:-net에는 네임스페이스가 하나 적습니다. {gone}."),
    );
    let why = if holds {
        why
    } else {
        (
            format!("container:-net lacks {gone}, not net alone."),
            format!("container:-net에 없는 것은 net 하나가 아니라 {gone}입니다."),
        )
    };
    case.decide(holds, why, again(), vec![evidence(file, less, format!("− {gone}"))])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_usual_namespaces_are_the_runtimes_own() {
        use crate::container::namespaces::{NAMESPACES, USUAL as FLAGS};
        let made: BTreeSet<&str> = NAMESPACES.iter().filter(|n| FLAGS.contains(n.flag)).map(|n| n.name).collect();
        assert_eq!(made, USUAL.iter().copied().collect());
    }

    #[test]
    fn an_arm_promises_its_namespaces() {
        assert_eq!(promised(Kind::Process, &"process".into()).len(), 0);
        assert_eq!(promised(Kind::Machine, &"vm-bare:ram=1G".into()).len(), 0);
        assert_eq!(list(&promised(Kind::Container, &"container:-net#2".into())), "cgroup ipc mnt pid uts");
        assert_eq!(promised(Kind::Container, &"container:-cgroup".into()).len(), 6, "the view of the tree stays");
        assert!(promised(Kind::Container, &"container-rootless".into()).contains("user"));
        assert!(promised(Kind::Container, &"container:+user".into()).contains("user"));
    }
}
