//! What `isolab run` shows of one life: its stages as text bars, the objects that came into being, or both as JSON.

use serde_json::{Value, json};

use super::closing;
use super::list::wrap;
use super::out::Out;
use crate::environments::{Arm, Outcome};
use crate::error::Result;
use crate::model::{Exit, Part, Unit};
use crate::timeline::Timeline;
use crate::units::show_ns;

/// A program that was quick may have ended before its objects could be looked at; that is no failure of the program.
pub(super) fn inventory(arm: &Arm, parts: Result<Vec<Part>>, out: &mut Out) -> Result<()> {
    let parts = match parts {
        Ok(parts) => parts,
        Err(error) => {
            let why = format!("could not {}: {}", error.doing, error.cause);
            out.note(format!("objects of {arm}: not listed ({why}); a program that ends at once cannot be looked at"));
            return Ok(());
        }
    };
    out.line(format!("objects of {arm}:"))?;
    for part in parts.iter().filter(|p| p.unit == Unit::Count) {
        out.line(format!("  {:<16} {:>4}   {}", part.what, part.amount, part.source))?;
    }
    Ok(())
}

/// A line per mark: stage, label, how long it took, as a bar.
pub(super) fn timeline(arm: &Arm, clock: &Timeline, outcome: &Outcome, out: &mut Out) -> Result<()> {
    let about = arm.env.about();
    let head = format!("stages of {arm} ({}), t0 = {}:", about.name, about.t0);
    out.line(wrap(&head, 79, "  ").trim_start())?;
    let longest = clock.steps().map(|(_, ns)| ns).max().unwrap_or(1).max(1);
    for (mark, took) in clock.steps() {
        let bar = closing::bar(took as f64 / longest as f64);
        out.line(format!("  {:<8} {:<43.43} {:>9}  {bar}", mark.stage.name(), mark.label, show_ns(took as f64)))?;
    }
    out.line(format!("  {:<52} {:>9}  {}", "in all", show_ns(total_ns(clock) as f64), end(outcome.exit)))?;
    let counted: Vec<String> =
        outcome.counters.iter().filter(|(_, n)| *n > 0).map(|(what, n)| format!("{what} {n}")).collect();
    if counted.is_empty() {
        return Ok(());
    }
    out.line(wrap(&format!("VM exits: {}", counted.join(", ")), 79, "  ")) // on a busy machine there are more kinds
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
    let mut life = json!({ "arm": arm.id(), "name": about.name, "t0": about.t0, "exit": end(outcome.exit) });
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
        Some(Err(error)) => life["objects_missing"] = format!("could not {}: {}", error.doing, error.cause).into(),
    }
    out.line(life)
}

fn total_ns(clock: &Timeline) -> u64 {
    clock.marks.last().map_or(0, |m| m.at_ns.saturating_sub(clock.t0_ns))
}

fn end(exit: Exit) -> String {
    match exit {
        Exit::Code(code) => format!("exit status {code}"),
        Exit::Signal(signal) => format!("killed by signal {signal}"),
    }
}
