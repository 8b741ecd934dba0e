//! Cards as a careful reader writes them: verdict, number and sentence that follow from these runs.

use isolab::guide::chapters::Data;
use isolab::guide::claims::{self, Verdict};
use isolab::guide::outcome::Kind;
use isolab::id::CellId;
use isolab::results::schema::Run;

/// The text of card.toml; `floor`: the noise floor as the chart shows it, for the chapter that asks for it.
pub(crate) fn filled(data: &Data, runs: &[(String, &Run)], floor: &str) -> String {
    let cards = data.checks.iter().filter(|c| c.kind == Kind::Card && c.later.is_none());
    cards.map(|check| check.claim.as_ref().map_or_else(|| of_floor(floor), |id| of_claim(data, id, runs))).collect()
}

fn of_floor(number: &str) -> String {
    format!("[floor]\nnumber = \"{number}\"\nsentence = \"differences below {number} are none\"\n")
}

/// With the number that the chapter is about, where the claim looks at several.
fn of_claim(data: &Data, id: &str, runs: &[(String, &Run)]) -> String {
    let decided = claims::verdict(id, runs).unwrap();
    let letter = decided.verdict.letter();
    if decided.verdict == Verdict::NotTestable {
        let arm = decided.skipped().map_or("nothing".into(), CellId::arm);
        let sentence = format!("{arm} was not measured: this machine cannot run it");
        return format!("[{id}]\nverdict = \"{letter}\"\nnumber = \"\"\nsentence = \"{sentence}\"\n");
    }
    let experiment = data.needs.cells[0].split('/').next().unwrap();
    let about = |cells: &[CellId]| cells.iter().any(|cell| cell.experiment() == experiment);
    let place = decided.values.iter().position(|v| about(&v.cells)).unwrap_or(0);
    let numbers = decided.numbers();
    let whole = numbers.get(place).and_then(|n| n.rsplit_once(": ")).map_or("", |(_, number)| number);
    let number = whole.split(" [").next().unwrap();
    let value = &decided.values[place];
    let said = if value.base.is_empty() {
        let arms: std::collections::BTreeSet<&str> = decided.values.iter().map(|v| v.arm.as_str()).collect();
        format!("{} has {whole}; looked at: {}", value.arm, Vec::from_iter(arms).join(", "))
    } else {
        format!("{} took {whole} of what {} took", value.arm, value.base)
    };
    format!("[{id}]\nverdict = \"{letter}\"\nnumber = \"{number}\"\nsentence = \"{said}, on this machine\"\n")
}
