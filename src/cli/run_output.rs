//! What `isolab run` shows of one life: its stages as text bars, the objects that came into being, or both as JSON.

use serde_json::{Value, json};

use super::list::{padded, wrap};
use super::out::Out;
use super::summary;
use crate::charts::stage;
use crate::environments::{Arm, Outcome};
use crate::error::Result;
use crate::lang::Lang;
use crate::model::{Part, Unit};
use crate::report::translated;
use crate::timeline::Timeline;
use crate::units::show_ns;

/// A program that was quick may have ended before its objects could be looked at; that is no failure of the program.
pub(super) fn inventory(arm: &Arm, parts: Result<Vec<Part>>, out: &mut Out) -> Result<()> {
    let parts = match parts {
        Ok(parts) => parts,
        Err(error) => {
            let why = error.reason();
            out.note(out.say(
                format!("objects of {arm}: not listed ({}); a program that ends at once cannot be looked at", &*why),
                format!("{arm}의 객체: 세지 못함({}). 곧바로 끝나는 프로그램은 살펴볼 수 없습니다", why.of(Lang::Ko)),
            ));
            return Ok(());
        }
    };
    out.line(out.say(format!("objects of {arm}:"), format!("{arm}의 객체:")))?;
    for row in rows(&parts, out.lang()) {
        out.line(row)?;
    }
    Ok(())
}

/// A line per kind of object, in columns however long a name is.
fn rows(parts: &[Part], lang: Lang) -> Vec<String> {
    let counted: Vec<&Part> = parts.iter().filter(|p| p.unit == Unit::Count).collect();
    let width = counted.iter().map(|p| p.what.len()).max().unwrap_or(0).max(16);
    let row = |p: &&Part| format!("  {:<width$} {:>4}   {}", p.what, p.amount, translated(&p.source, lang));
    counted.iter().map(row).collect()
}

/// A line per mark: stage, label, how long it took, as a bar.
pub(super) fn timeline(arm: &Arm, clock: &Timeline, outcome: &Outcome, out: &mut Out) -> Result<()> {
    let about = arm.env.about();
    let lang = out.lang();
    let (name, t0) = (about.name.of(lang), about.t0.of(lang));
    let head = out.say(format!("stages of {arm} ({name}), t0 = {t0}:"), format!("{arm}({name})의 단계, t0 = {t0}:"));
    out.line(wrap(&head, 79, "  ").trim_start())?;
    let longest = clock.steps().map(|(_, ns)| ns).max().unwrap_or(1).max(1);
    for (mark, took) in clock.steps() {
        let bar = summary::bar(took as f64 / longest as f64);
        let (stage, label) = (padded(stage(mark.stage, lang), 8), translated(&mark.label, lang));
        let label = padded(&label.chars().take(43).collect::<String>(), 43);
        out.line(format!("  {stage} {label} {:>9}  {bar}", show_ns(took as f64)))?;
    }
    let (all, total) = (padded(out.say("in all", "모두"), 52), show_ns(total_ns(clock) as f64));
    out.line(format!("  {all} {total:>9}  {}", outcome.exit.in_words().of(lang)))?;
    let counted: Vec<String> =
        outcome.counters.iter().filter(|(_, n)| *n > 0).map(|(what, n)| format!("{what} {n}")).collect();
    if counted.is_empty() {
        return Ok(());
    }
    out.line(wrap(&format!("{}: {}", out.say("VM exits", "VM exit"), counted.join(", ")), 79, "  ")) // on a busy machine there are more kinds
}

/// The same on one line, after whatever the program itself has printed.
pub(super) fn as_json(
    arm: &Arm,
    objects: Option<Result<Vec<Part>>>,
    clock: Option<&Timeline>,
    outcome: &Outcome,
    out: &mut Out,
) -> Result<()> {
    let about = arm.env.about();
    let mut life = json!({ "arm": arm.id(), "name": about.name, "t0": about.t0, "exit": outcome.exit.in_words() });
    let counters: serde_json::Map<String, Value> =
        outcome.counters.iter().map(|(what, n)| (what.clone(), (*n).into())).collect();
    if let Some(clock) = clock {
        let marks: Vec<Value> = clock.steps().map(|(mark, took)| json!({ "stage": mark.stage, "label": mark.label, "at_ns": mark.at_ns - clock.t0_ns, "took_ns": took })).collect();
        life["marks"] = marks.into();
        life["total_ns"] = total_ns(clock).into();
        life["vm_exits"] = counters.into();
    }
    match objects {
        None => {}
        Some(Ok(parts)) => {
            let counts = parts.iter().filter(|p| p.unit == Unit::Count);
            life["objects"] =
                counts.map(|p| json!({ "what": p.what, "amount": p.amount, "source": p.source })).collect();
        }
        Some(Err(error)) => life["objects_missing"] = error.reason().of(Lang::En).into(),
    }
    out.line(life)
}

fn total_ns(clock: &Timeline) -> u64 {
    clock.marks.last().map_or(0, |m| m.at_ns.saturating_sub(clock.t0_ns))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_stand_below_each_other_whatever_the_names() {
        let parts = ["fds", "kvm:interrupt controllers"].map(|what| Part::count(what, 1, "KVM_CREATE_IRQCHIP"));
        let columns: Vec<_> = rows(&parts, Lang::En).iter().map(|row| row.find(" 1 ")).collect();
        assert!(columns[0].is_some() && columns[0] == columns[1], "{columns:?}");
    }
}
