//! The shorter sections: method, discussion, limits of the numbers, what was skipped, how to repeat it, provenance.

use super::page::{Block, Section, Table, code, number, text, verbatim};
use super::results::measured_experiments;
use super::words::{self, Words};
use super::{names, sentences};
use crate::lang::Lang;
use crate::results::schema::{Run, Status, Warning};
use crate::shell::quoted;

pub(super) fn method(run: &Run, lang: Lang) -> Section {
    let (h, plan) = (&run.header, &run.header.plan);
    let order = if plan.order == "blocks" { &words::IN_BLOCKS } else { &words::SEQUENTIAL };
    let warmup: Vec<String> = plan.warmup_blocks.iter().map(|(x, n)| format!("{x} {n}")).collect();
    let mut steps = vec![
        words::ONE_WORKER_EACH.of(lang).to_owned(),
        order.with(lang, &[&plan.seed.to_string()]),
        words::BLOCKS_PER_EXPERIMENT.with(lang, &[&blocks_per_experiment(run)]),
        words::WARM_UP.with(lang, &[&warmup.join(", "), &plan.settle_ms.to_string()]),
    ];
    steps.push(match plan.cpu {
        Some(cpu) => words::PINNED.with(lang, &[&cpu.to_string()]),
        None => words::NOT_PINNED.of(lang).to_owned(),
    });
    steps.push(words::CLOCK.with(lang, &[&h.timer.resolution_ns.to_string(), &format!("{:.1}", h.timer.cost_ns)]));
    steps.extend(
        [&words::INTERVAL_METHOD, &words::FLOOR_METHOD, &words::NOTHING_DROPPED].map(|w| w.of(lang).to_owned()),
    );
    Section { id: "method", title: words::METHOD.of(lang).into(), blocks: vec![Block::List(steps)] }
}

/// "boot 1000, syscall 208": the most samples that a cell of it has.
fn blocks_per_experiment(run: &Run) -> String {
    let most =
        |x: &str| run.cells.iter().filter(|c| c.experiment == x).map(|c| c.columns.block.len()).max().unwrap_or(0);
    let all: Vec<String> = measured_experiments(run).iter().map(|x| format!("{x} {}", most(x))).collect();
    if all.is_empty() { "0".into() } else { all.join(", ") }
}

/// Questions, never answers: a cause that nobody tested is no result.
pub(super) fn discussion(run: &Run, lang: Lang) -> Section {
    let has = |experiment: &str| measured_experiments(run).contains(&experiment);
    let skipped = run.cells.iter().any(|c| c.status != Status::Measured);
    let knobs = run.cells.iter().any(|c| c.arm.has_knobs() && c.status == Status::Measured);
    let drift = run.warnings.iter().any(|w| w.code == "drift" || w.code == "autocorrelation");
    let asked: Vec<(&Words, bool)> = vec![
        (&words::ASK_PREDICTION, true),
        (&words::ASK_STAGES, has("boot")),
        (&words::ASK_KNOBS, knobs),
        (&words::ASK_MEMORY, has("memory")),
        (&words::ASK_SYSCALL, has("syscall")),
        (&words::ASK_CONTROL, has("cpu")),
        (&words::ASK_LIMITS, true),
        (&words::ASK_DRIFT, drift),
        (&words::ASK_SKIPPED, skipped),
        (&words::ASK_CAUSE, true),
        (&words::ASK_ELSEWHERE, true),
    ];
    let questions = asked.into_iter().filter(|(_, fits)| *fits).map(|(words, _)| words.of(lang).to_owned()).collect();
    let blocks = vec![Block::Text(words::DISCUSSION_TEXT.of(lang).into()), Block::List(questions)];
    Section { id: "discussion", title: words::DISCUSSION.of(lang).into(), blocks }
}

pub(super) fn limits(run: &Run, lang: Lang) -> Section {
    let mut blocks = Vec::new();
    blocks.extend(warnings(run, lang).block());
    if blocks.is_empty() {
        blocks.push(Block::Text(words::NO_WARNINGS.of(lang).into()));
    }
    match floors(run, lang).block() {
        Some(table) => blocks.push(table),
        None => blocks.push(Block::Text(words::NO_FLOOR.of(lang).into())),
    }
    blocks.push(Block::List(backends(run, lang)));
    Section { id: "limits", title: words::LIMITS.of(lang).into(), blocks }
}

fn warnings(run: &Run, lang: Lang) -> Table {
    let titles = [words::WARNING.of(lang), words::MEANS.of(lang), words::UNFIT_COLUMN.of(lang)];
    let mut table = Table::new(words::WARNINGS_CAPTION.of(lang), &titles);
    for warning in &run.warnings {
        let blocks_publication = if warning.blocks_publication { &words::YES } else { &words::NO };
        let means = words::WARNINGS.iter().find(|(code, _)| *code == warning.code);
        let means = means.map_or(words::SEE_RUN_JSON.of(lang), |(_, words)| words.of(lang));
        table.row(vec![verbatim(warning.text_in(lang).to_owned()), text(means), text(blocks_publication.of(lang))]);
    }
    table
}

fn floors(run: &Run, lang: Lang) -> Table {
    let titles = [words::METRIC.of(lang), words::ARM_TWICE.of(lang), &format!("#{}", words::FLOOR.of(lang))];
    let mut table = Table::new(words::FLOORS_CAPTION.of(lang), &titles);
    for floor in &run.noise {
        let Some(m) = names::metric(run, &floor.experiment, &floor.metric) else { continue };
        if !m.headline || m.better == "none" {
            continue;
        }
        let title = m.title_in(lang);
        let metric = format!("{title} ({})", code(&format!("{} {}", floor.experiment, floor.metric)));
        let shown = format!("{:.1}\u{a0}%", floor.relative * 100.0);
        table.row(vec![text(metric), text(code(&floor.arm)), number(shown, floor.relative)]);
    }
    table
}

/// The label of every KVM backend in the run, and a banner where there are two.
fn backends(run: &Run, lang: Lang) -> Vec<String> {
    let labels = backend_labels(run);
    match labels.as_slice() {
        [] => vec![words::NO_KVM_IN_RUN.of(lang).to_owned()],
        [one] => vec![words::ONE_BACKEND.with(lang, &[one])],
        more => vec![words::TWO_BACKENDS.with(lang, &[&more.join(" / ")])],
    }
}

/// Of what was measured, each once.
pub(super) fn backend_labels(run: &Run) -> Vec<String> {
    let measured = |id: &str| run.cells.iter().any(|c| c.arm == id && c.status == Status::Measured);
    let mut labels: Vec<String> = Vec::new();
    for label in run.header.arms.iter().filter(|a| measured(&a.id)).filter_map(|a| a.backend.as_ref()) {
        if !labels.contains(label) {
            labels.push(label.clone());
        }
    }
    labels
}

pub(super) fn skipped(run: &Run, lang: Lang) -> Section {
    let titles = [words::CELL.of(lang), words::STATUS.of(lang), words::REASON.of(lang), words::REMEDY.of(lang)];
    let mut table = Table::new(words::SKIPPED_CAPTION.of(lang), &titles);
    for cell in run.cells.iter().filter(|c| c.status != Status::Measured) {
        let status = if cell.status == Status::Failed { &words::FAILED } else { &words::SKIPPED };
        let said = |t: &str, otherwise: &Words| if t.is_empty() { text(otherwise.of(lang)) } else { verbatim(t) };
        let name = format!("{} ({})", names::of_cell(run, cell, lang), code(&cell.id));
        table.row(vec![
            text(name),
            text(status.of(lang)),
            said(cell.reason_in(lang), &words::NO_REASON),
            said(cell.fix_in(lang), &words::NO_REMEDY),
        ]);
    }
    let blocks = vec![table.block().unwrap_or_else(|| Block::Text(words::NOTHING_SKIPPED.of(lang).into()))];
    Section { id: "skipped", title: words::SKIPPED_TITLE.of(lang).into(), blocks }
}

pub(super) fn repeat(run: &Run, lang: Lang) -> Section {
    let blocks = vec![
        Block::Text(words::REPEAT_TEXT.with(lang, &[&code(&run.header.version), &code(&run.header.commit)])),
        Block::Code(command_with_seed(run)),
        Block::Text(words::REPEAT_AFTER.of(lang).into()),
    ];
    Section { id: "repeat", title: words::REPEAT.of(lang).into(), blocks }
}

/// The command that makes such a run again, as it was called.
pub fn command(run: &Run) -> String {
    called(run, &[])
}

/// The same order of arms too.
fn command_with_seed(run: &Run) -> String {
    let seed = ["--seed".to_owned(), run.header.plan.seed.to_string()];
    let named = own_words(run).0.iter().any(|word| word == "--seed" || word.starts_with("--seed="));
    called(run, if named { &[] } else { &seed })
}

fn called(run: &Run, more: &[String]) -> String {
    let (own, theirs) = own_words(run);
    let words = own.iter().chain(more).chain(theirs).map(quoted);
    [run.header.called_as.clone()].into_iter().chain(words).collect::<Vec<_>>().join(" ")
}

/// isolab's own words, and from `--` on those of the command that was measured.
fn own_words(run: &Run) -> (&[String], &[String]) {
    let words = run.header.argv.get(1..).unwrap_or_default();
    words.split_at(words.iter().position(|word| word == "--").unwrap_or(words.len()))
}

pub(super) fn provenance(run: &Run, file: &str, lang: Lang) -> Section {
    let h = &run.header;
    let mut table = Table::new(words::PROVENANCE_CAPTION.of(lang), &[words::FACT.of(lang), words::VALUE.of(lang)]);
    let mut fact = |name: &Words, value: &str| {
        let value = if value.is_empty() { text(words::NOT_TOLD.of(lang)) } else { text(code(value)) };
        table.row(vec![text(name.of(lang)), value]);
    };
    fact(&words::RESULTS_FILE, file);
    fact(&words::RUN_ID, &h.id);
    fact(&words::HOST_ID, &h.host.id);
    fact(&words::STARTED, &h.started);
    fact(&words::ENDED, &format!("{}, {:.0} s", run.ended, run.wall_seconds));
    fact(&words::COMMIT, &h.commit);
    fact(&words::BINARY, &h.binary_sha256);
    fact(&words::PROBE, &h.probe_sha256);
    fact(&words::SEED, &h.plan.seed.to_string());
    fact(&words::LAST_HASH, run.cells.last().map_or("", |c| c.hash.as_str()));
    let predicted = h.prediction_sha256.as_ref().map_or_else(|| text(words::NO_PREDICTION.of(lang)), |p| text(code(p)));
    table.row(vec![text(words::PREDICTION.of(lang)), predicted]);
    let mut hashes = Table::new(words::HASHES_CAPTION.of(lang), &[words::CELL.of(lang), words::HASH.of(lang)]);
    run.cells.iter().for_each(|c| hashes.row(vec![text(code(&c.id)), text(code(&c.hash))]));
    let mut blocks = vec![Block::Text(words::PROVENANCE_TEXT.of(lang).into()), Block::Table(table)];
    blocks.extend(hashes.block().map(|t| Block::Fold(words::HASHES.of(lang).into(), vec![t])));
    Section { id: "provenance", title: words::PROVENANCE.of(lang).into(), blocks }
}

/// The first twelve digits of a hash, as people compare them.
pub(super) fn short(sha256: &str) -> String {
    code(sha256.get(..12).unwrap_or(sha256))
}

/// What nobody may overlook, before the first number.
pub(super) fn alarms(run: &Run, lang: Lang) -> Vec<String> {
    let mut alarms = Vec::new();
    let blocks_publication = reasons(run, lang);
    if !blocks_publication.is_empty() {
        alarms.push(words::NOT_FOR_PUBLICATION.with(lang, &[&blocks_publication.join("; ")]));
    }
    let labels = backend_labels(run);
    if labels.len() > 1 {
        alarms.push(words::TWO_BACKENDS.with(lang, &[&labels.join(" / ")]));
    }
    if run.ended != "complete" {
        alarms.push(words::NOT_COMPLETE.with(lang, &[&run.ended]));
    }
    alarms
}

/// Why it is not for publication, beside what the banner of an edited file says.
fn reasons(run: &Run, lang: Lang) -> Vec<String> {
    let is_told = |text: &str| run.warnings.iter().any(|w| w.code == Warning::CHANGED && w.text_in(lang) == text);
    let mut told = sentences::blocks_publication(run, lang);
    told.retain(|text| !is_told(text));
    told.dedup();
    told
}

pub(super) fn verdict(run: &Run, lang: Lang) -> Section {
    let told = sentences::sentences(run, lang, sentences::Detail::Full);
    let mut blocks: Vec<Block> = told.into_iter().map(Block::Sentence).collect();
    if blocks.is_empty() {
        blocks.push(Block::Text(words::NOTHING_MEASURED.of(lang).into()));
    } else {
        blocks.push(Block::Text(words::HOW_TO_READ_SENTENCES.of(lang).into()));
    }
    Section { id: "verdict", title: words::VERDICT.of(lang).into(), blocks }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every `warn("code", …)` of the source is explained.
    #[test]
    fn every_warning_has_its_explanation() {
        let source = include_str!("../results/warnings.rs");
        let codes =
            source.split("warn(").skip(1).filter_map(|call| call.trim_start().strip_prefix('"')?.split('"').next());
        let codes: Vec<&str> =
            codes.chain([Warning::LEAK, Warning::LEFT_RUNNING, Warning::CHANGED, Warning::ONE_CPU]).collect();
        assert!(codes.len() > 10, "{codes:?}");
        for code in codes {
            assert!(words::WARNINGS.iter().any(|(known, _)| *known == code), "{code}");
        }
    }

    #[test]
    fn a_command_is_quoted_as_a_shell_takes_it_and_gets_its_seed() {
        let mut run = crate::results::example::boot(6);
        let words = |text: &[&str]| text.iter().map(|t| (*t).to_owned()).collect();
        run.header.argv = words(&["./isolab", "bench", "-x", "boot", "--", "sh", "-c", "echo it's"]);
        assert_eq!(command_with_seed(&run), r"isolab bench -x boot --seed 7 -- sh -c 'echo it'\''s'");
        run.header.argv = words(&["isolab", "bench", "-e", "a -- b", "--", "--seed", "$(id)"]);
        assert_eq!(command_with_seed(&run), "isolab bench -e 'a -- b' --seed 7 -- --seed '$(id)'");
        run.header.argv = words(&["isolab", "bench", "--seed", "9"]);
        assert_eq!(command_with_seed(&run), "isolab bench --seed 9");
    }
}
