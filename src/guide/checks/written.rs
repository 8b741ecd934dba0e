//! What is written on a card, and what becomes of it: the form of a card is the same for claims and for the noise floor.

use serde::Deserialize;

use crate::guide::chapters::Check;
use crate::guide::claims;
use crate::guide::outcome::{Evidence, Kind, Outcome, Status};
use crate::lang::Lang;

/// The table of chapter 0, which has no claim.
pub(super) const FLOOR: &str = "floor";

/// The card of this name; blank when there is none.
pub(super) fn read(text: &str, key: &str) -> Result<Card, String> {
    let table: toml::Table =
        toml::from_str(text).map_err(|cause| format!("card.toml: {}", cause.to_string().trim_end()))?;
    let Some(card) = table.get(key) else { return Ok(Card::default()) };
    card.clone().try_into().map_err(|cause: toml::de::Error| format!("card.toml, [{key}]: {}", cause.message()))
}

/// What a student writes; `number` may be typed without quotes.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Card {
    pub(super) verdict: String,
    pub(super) number: Typed,
    pub(super) sentence: String,
}

#[derive(Debug, Deserialize)]
#[serde(untagged)]
pub(super) enum Typed {
    Text(String),
    Integer(i64),
    Float(f64),
}

impl Default for Typed {
    fn default() -> Typed {
        Typed::Text(String::new())
    }
}

impl Typed {
    pub(super) fn text(&self) -> String {
        match self {
            Typed::Text(text) => text.trim().to_owned(),
            Typed::Integer(number) => number.to_string(),
            Typed::Float(number) => number.to_string(),
        }
    }
}

impl Card {
    pub(super) fn is_blank(&self) -> bool {
        self.verdict.trim().is_empty() && self.number.text().is_empty() && self.sentence.trim().is_empty()
    }
}

/// What is wrong, and what to do.
pub(super) type Fault = Option<(String, String)>;

pub(super) fn how_to_fill(key: &str, lang: Lang) -> String {
    let fields = if key == FLOOR { "number = \"3.1 %\"" } else { "verdict, number, sentence" };
    lang.choose(
        format!("Fill in [{key}] of the chapter's card.toml: {fields}."),
        format!("이 장의 card.toml에서 [{key}] 항목을 채우십시오. {fields}."),
    )
}

pub(super) fn outcome(
    check: &Check,
    status: Status,
    why: String,
    fix: String,
    evidence: Vec<Evidence>,
    lang: Lang,
) -> Outcome {
    let passed = status == Status::Pass;
    let said = check.explanation.of(lang);
    let reason = check.claim.as_deref().and_then(|id| claims::find(id).ok()).map_or("", |c| c.reason.of(lang));
    Outcome {
        id: check.id.clone(),
        kind: Kind::Card,
        status,
        points: if passed { check.points } else { 0 },
        possible: check.points,
        why,
        fix,
        explanation: if !passed {
            String::new()
        } else if said.is_empty() {
            reason.into()
        } else {
            said.into()
        },
        evidence,
    }
}

/// Each once, in their order.
pub(super) fn unique(mut names: Vec<&str>) -> Vec<&str> {
    let mut seen = std::collections::BTreeSet::new();
    names.retain(|name| seen.insert(*name));
    names
}
