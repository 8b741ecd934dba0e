//! The claims: 52 sentences of the course's seed notes, each with a rule that gives a verdict on a reader's own results.
//!
//! `claims.toml` holds them as data; `rule` is the small language of the rules, `terms` measures what they compare, `words`
//! says why. Nothing here knows which verdict is expected: the same rule may say "true" on one host and "false" on another,
//! and both are right.

#[cfg(test)]
pub(in crate::guide) mod example;
pub(in crate::guide) mod missing;
pub mod rule;
pub mod terms;
#[cfg(test)]
mod tests;
pub mod value;
mod words;

use std::collections::BTreeMap;
use std::sync::OnceLock;

use serde::{Deserialize, Serialize};

use super::chapters::Text;
use crate::error::{Error, Result};
use crate::id::CellId;
use crate::lang::Lang;
use crate::said;
use missing::Missing;
use rule::{Rule, Term, Truth, Values};
use terms::Named;
use value::Value;
pub(in crate::guide) use words::shown;

/// What a claim's rule says of one set of results.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Verdict {
    #[serde(rename = "T")]
    True,
    /// True with a condition that the data name.
    #[serde(rename = "C")]
    Condition,
    #[serde(rename = "F")]
    False,
    /// Something that the rule needs was not measured, or does not exist in this version.
    #[serde(rename = "N")]
    NotTestable,
    /// It was measured, and the intervals leave it open.
    #[serde(rename = "?")]
    CannotTell,
}

impl Verdict {
    /// As it is typed on a card.
    pub fn letter(self) -> &'static str {
        match self {
            Verdict::True => "T",
            Verdict::Condition => "C",
            Verdict::False => "F",
            Verdict::NotTestable => "N",
            Verdict::CannotTell => "?",
        }
    }

    pub fn parse(letter: &str) -> Option<Verdict> {
        let all = [Verdict::True, Verdict::Condition, Verdict::False, Verdict::NotTestable, Verdict::CannotTell];
        all.into_iter().find(|v| v.letter() == letter.trim())
    }
}

/// One sentence of the seed notes, and how it is tried.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Claim {
    /// "C10".
    pub id: String,
    /// Korean, exactly as in the seed line.
    pub quote: String,
    pub english: String,
    /// Seed file and line: "S0:60".
    pub seed: String,
    /// Other lines that say the same.
    #[serde(default)]
    pub also: Vec<String>,
    pub chapters: Vec<u32>,
    pub experiments: Vec<String>,
    pub metrics: String,
    pub arms: Vec<String>,
    /// What this version does not have yet: with no terms at all, the claim waits for it.
    #[serde(default)]
    pub later: Vec<String>,
    /// Which part the terms decide, where they do not decide all of it.
    #[serde(default)]
    pub part: Text,
    #[serde(default)]
    pub terms: BTreeMap<String, Term>,
    #[serde(default)]
    pub rules: Vec<Rule>,
    /// The rule in words.
    pub rule: Text,
    /// What is expected, and why.
    pub reason: Text,
    /// What can go wrong, or turn the verdict.
    pub trap: Text,
    #[serde(default)]
    pub sources: Vec<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    /// Full titles of the keys in `sources`.
    sources: BTreeMap<String, String>,
    claim: Vec<Claim>,
}

fn file() -> &'static File {
    static FILE: OnceLock<File> = OnceLock::new();
    FILE.get_or_init(|| toml::from_str(include_str!("../claims.toml")).expect("a test reads claims.toml"))
}

/// All of them, in order of their ids.
pub fn all() -> &'static [Claim] {
    &file().claim
}

/// The title behind a key of [`Claim::sources`].
pub fn source(key: &str) -> Option<&'static str> {
    file().sources.get(key).map(String::as_str)
}

pub fn find(id: &str) -> Result<&'static Claim> {
    let (first, last) = (&all()[0].id, &all()[all().len() - 1].id);
    all().iter().find(|c| c.id.eq_ignore_ascii_case(id)).ok_or_else(|| {
        Error::usage(
            said!("find the claim {id:?}", "주장 {id:?}을(를) 찾을 수 없습니다"),
            said!("there is none of that name", "그런 이름이 없음"),
        )
        .try_this(said!("{first} to {last}", "{first}부터 {last}까지"))
    })
}

/// Why a verdict is what it is.
#[derive(Debug, Clone, PartialEq)]
enum Why {
    /// This line of the rule holds.
    Rule,
    /// The interval lies on both sides of what the rule compares with, or there are too few blocks for one.
    Open,
    Later,
    Missing(Missing),
}

/// The verdict on some results files, with everything that it rests on.
#[derive(Debug, Clone)]
pub struct Decided {
    pub claim: &'static Claim,
    pub verdict: Verdict,
    why: Why,
    /// Every value that a term has in these files.
    pub values: Vec<Value>,
}

/// Applies the claim's rule to these files: each term is taken from the first file that holds it.
pub fn verdict(id: &str, runs: &[Named]) -> Result<Decided> {
    Ok(decide(find(id)?, runs))
}

pub fn decide(claim: &'static Claim, runs: &[Named]) -> Decided {
    let values: Values =
        claim.terms.iter().map(|(name, term)| (name.clone(), terms::values(name, term, runs))).collect();
    let (verdict, why) = follow(claim, &values, runs);
    let mut values: Vec<Value> = values.into_values().flatten().collect();
    values.sort_by_key(|v| first_use(claim, &v.term)); // as the rule names them, so that they read like it
    Decided { claim, verdict, why, values }
}

fn first_use(claim: &Claim, term: &str) -> usize {
    claim.rules.iter().flat_map(|r| r.all.iter().chain(&r.any)).position(|t| t.term() == term).unwrap_or(usize::MAX)
}

fn follow(claim: &Claim, values: &Values, runs: &[Named]) -> (Verdict, Why) {
    if claim.rules.is_empty() {
        return (Verdict::NotTestable, Why::Later);
    }
    for rule in &claim.rules {
        match rule.holds(values) {
            Truth::True => return (rule.verdict, Why::Rule),
            Truth::False => {}
            Truth::Open => return (Verdict::CannotTell, Why::Open),
            Truth::Missing(term) => {
                return (Verdict::NotTestable, Why::Missing(missing::of(claim, &claim.terms[&term], runs)));
            }
        }
    }
    (Verdict::CannotTell, Why::Open)
}

impl Decided {
    /// Was everything there that the rule needs? Else no card can be judged on these files.
    pub fn is_decided(&self) -> bool {
        self.verdict != Verdict::NotTestable
    }

    /// The cell that this machine could not measure, so that "not testable here" is the right verdict.
    pub fn skipped(&self) -> Option<&CellId> {
        match &self.why {
            Why::Missing(Missing::Skipped { cell, .. }) => Some(cell),
            _ => None,
        }
    }

    /// The next step, where something is missing; empty otherwise.
    pub fn fix(&self, lang: Lang) -> String {
        match &self.why {
            Why::Missing(missing) => missing.fix(lang),
            _ => String::new(),
        }
    }

    /// Why, in sentences.
    pub fn reason(&self, runs: &[Named], lang: Lang) -> String {
        words::reason(self, runs, lang)
    }

    /// Each number with its name: "container ÷ vm-bare, boot create_to_ready: ×1.20 [1.18, 1.21]".
    pub fn numbers(&self) -> Vec<String> {
        self.values.iter().map(|v| words::number(v, &self.claim.terms[&v.term])).collect()
    }
}
