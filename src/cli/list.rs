//! `isolab list`: what there is to compare and to ask, printed from the registries themselves.

use unicode_width::UnicodeWidthStr;

use super::args::List;
use super::out::Out;
use crate::environments;
use crate::error::Result;
use crate::experiments;

pub(super) fn run(args: List, out: &mut Out) -> Result<u8> {
    if args.json {
        let environments: Vec<_> = environments::ALL.iter().map(|e| environment_json(*e)).collect();
        let experiments: Vec<_> = experiments::ALL.iter().map(|e| experiment_json(e.about())).collect();
        out.line(serde_json::json!({ "environments": environments, "experiments": experiments }))?;
        return Ok(super::exit::OK);
    }
    let lang = out.lang();
    out.line(
        out.bold(out.say("Environments (-e), with their knobs after a colon", "환경(-e)과 콜론 뒤에 붙이는 노브")),
    )?;
    for env in environments::ALL {
        let about = env.about();
        out.line(format!("  {:<20} {}", about.id, about.name.of(lang)))?;
        for knob in about.knobs {
            out.line(entry(&format!("    :{:<17} ", knob.form), knob.sentence.of(lang)))?;
        }
    }
    out.line("")?;
    out.line(out.bold(out.say("Experiments (-x), with their metrics and --set keys", "실험(-x)과 그 지표, --set 키")))?;
    for experiment in experiments::ALL {
        let about = experiment.about();
        out.line(format!("  {:<12} {}", about.id, about.question.of(lang)))?;
        let metrics: Vec<String> = about.metrics.iter().map(|m| format!("{} ({})", m.id, m.unit.name())).collect();
        out.line(wrap(&format!("{}{}", out.say("measures ", "지표: "), metrics.join(", ")), 78, "               "))?;
        for set in about.sets {
            let default = if set.default.is_empty() { String::new() } else { format!(" [{}]", set.default) };
            out.line(entry(
                &format!("    --set {:<12} ", format!("{}=", set.key)),
                &format!("{}{default}", set.sentence.of(lang)),
            ))?;
        }
    }
    Ok(super::exit::OK)
}

fn environment_json(env: &dyn environments::Environment) -> serde_json::Value {
    let about = env.about();
    let knobs: Vec<_> =
        about.knobs.iter().map(|k| serde_json::json!({ "form": k.form, "sentence": k.sentence })).collect();
    serde_json::json!({ "id": about.id, "name": about.name, "sentence": about.sentence, "knobs": knobs, "channel": about.channel.name(), "kind": about.kind, "answered_by": about.answered_by, "t0": about.t0 })
}

fn experiment_json(about: &experiments::Question) -> serde_json::Value {
    let metrics: Vec<_> = about
        .metrics
        .iter()
        .map(|m| serde_json::json!({ "id": m.id, "unit": m.unit.name(), "definition": m.definition, "better": m.better.name() }))
        .collect();
    let sets: Vec<_> = about
        .sets
        .iter()
        .map(|s| serde_json::json!({ "key": s.key, "default": s.default, "sentence": s.sentence }))
        .collect();
    serde_json::json!({ "id": about.id, "question": about.question, "metrics": metrics, "sets": sets })
}

/// A name, and its sentence in the columns that are left.
fn entry(name: &str, sentence: &str) -> String {
    let wrapped = wrap(sentence, 79, &" ".repeat(name.width()));
    format!("{name}{}", wrapped.trim_start())
}

/// The text, and blanks up to so many columns.
pub(super) fn padded(text: &str, columns: usize) -> String {
    format!("{text}{}", " ".repeat(columns.saturating_sub(text.width())))
}

/// A row of a table: its label in `room` columns and the rest of the line; a longer label has lines of its own above.
pub(super) fn labelled(label: &str, room: usize, rest: &str, width: usize) -> Vec<String> {
    if label.width() < room {
        return vec![format!("{}{rest}", padded(label, room))];
    }
    let mut lines = broken(label, width);
    lines.push(format!("{}{rest}", " ".repeat(room)));
    lines
}

/// Breaks what has no spaces, as the id of a cell, behind the marks in it; anywhere where there is none.
fn broken(label: &str, width: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    for piece in label.split_inclusive([':', ',', ' ', '/']) {
        for letter in piece.chars().collect::<Vec<_>>().chunks(width - 2) {
            let letters: String = letter.iter().collect();
            let line = lines.last_mut().expect("there is always a line");
            if line.width() + letters.width() > width && line.width() > 2 {
                lines.push(format!("  {letters}"));
            } else {
                line.push_str(&letters);
            }
        }
    }
    lines
}

/// Breaks at spaces so that no line is wider than `width` columns, a Korean syllable taking two; every line but the first begins with `indent`.
pub(super) fn wrap(text: &str, width: usize, indent: &str) -> String {
    let mut lines: Vec<String> = vec![indent.to_owned()];
    for word in text.split(' ') {
        let line = lines.last_mut().expect("there is always a line");
        if line.width() + 1 + word.width() > width && line.len() > indent.len() {
            lines.push(format!("{indent}{word}"));
        } else {
            if line.len() > indent.len() {
                line.push(' ');
            }
            line.push_str(word);
        }
    }
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use crate::planned;

    #[test]
    fn what_is_here_is_not_planned_any_more() {
        let environments = crate::environments::ALL.iter().map(|e| e.about().id);
        let experiments = crate::experiments::ALL.iter().map(|e| e.about().id);
        assert_eq!(environments.chain(experiments).find(|id| planned::is_measured_later(id)), None);
        assert_eq!(crate::charts::ALL.iter().find(|c| planned::CHARTS.contains(&c.id)).map(|c| c.id), None);
    }
}
