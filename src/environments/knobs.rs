//! Arm ids: an environment, then its knobs, joined by `:`: `container:-seccomp:-net`, `vm-bare:ram=1G:populate`.

use std::fmt;

use super::{ALL, Environment};
use crate::error::{Error, Result};
use crate::id::ArmId;
use crate::lang::Lang;
use crate::lang::Said;
use crate::planned;
use crate::said;

/// One knob that an environment offers.
#[derive(Debug)]
pub struct KnobAbout {
    /// As it is typed, with a placeholder for the value: "-seccomp", "+user", "ram=SIZE", "populate".
    pub form: &'static str,
    /// What changes, in one sentence that ends with a full stop.
    pub sentence: Said,
}

impl KnobAbout {
    pub(super) fn key(&self) -> &'static str {
        self.form.split('=').next().unwrap_or(self.form)
    }

    fn takes_value(&self) -> bool {
        self.form.contains('=')
    }
}

/// The knobs of one arm, as typed, sorted.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Knobs(Vec<String>);

impl Knobs {
    /// Is "-seccomp" or "populate" set?
    pub fn has(&self, knob: &str) -> bool {
        self.0.iter().any(|k| k == knob)
    }

    /// The value of "ram=…".
    pub fn value(&self, key: &str) -> Option<&str> {
        self.0.iter().find_map(|k| k.strip_prefix(key)?.strip_prefix('='))
    }

    pub fn iter(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(String::as_str)
    }

    /// Parses and checks against what the environment offers; unknown, repeated and contradictory ones are refused.
    pub fn parse(env: &dyn Environment, parts: &[&str]) -> Result<Knobs> {
        let about = env.about();
        let mut knobs: Vec<String> = Vec::new();
        for part in parts {
            let key = part.split('=').next().unwrap_or(part);
            let Some(known) = about.knobs.iter().find(|k| k.key() == key) else {
                return Err(unknown_knob(about.id, part, about.knobs));
            };
            if known.takes_value() != part.contains('=') {
                return Err(Error::usage(
                    said!("read the knob {part:?}", "노브 {part:?}을(를) 읽을 수 없습니다"),
                    said!("it is written {form}", "{form}(으)로 적어야 함", form = known.form),
                ));
            }
            if knobs.iter().any(|k| k.split('=').next() == Some(key)) {
                return Err(Error::usage(
                    said!("read the arm {id}", "대상 {id}을(를) 읽을 수 없습니다", id = about.id),
                    said!("the knob {key} stands twice", "노브 {key}이(가) 두 번 있음"),
                )
                .try_this(said!(
                    "leave one of them out: the second changes nothing",
                    "하나를 빼십시오. 두 번째는 아무것도 바꾸지 않습니다"
                )));
            }
            knobs.push((*part).to_owned());
        }
        knobs.sort();
        let knobs = Knobs(knobs);
        env.check(&knobs)?;
        Ok(knobs)
    }
}

fn unknown_knob(id: &str, knob: &str, known: &[KnobAbout]) -> Error {
    let forms: Vec<&str> = known.iter().map(|k| k.form).collect();
    let advice = if forms.is_empty() {
        said!("{id} has no knobs", "{id}에는 노브가 없습니다")
    } else {
        let keys: Vec<&str> = known.iter().map(KnobAbout::key).collect();
        let typed = knob.split('=').next().unwrap_or(knob);
        one_of(typed, &keys, said!("knobs of {id}", "{id}의 노브"), &forms)
    };
    Error::usage(
        said!("read the arm {id}:{knob}", "대상 {id}:{knob}을(를) 읽을 수 없습니다"),
        said!("{id} has no knob {knob:?}", "{id}에는 노브 {knob:?}이(가) 없음"),
    )
    .try_this(advice)
}

/// "did you mean X? KIND: " and all that there are, as a list shows them.
pub fn one_of(typed: &str, known: &[&str], kind: Said, shown: &[&str]) -> Said {
    let (near, all) = (nearest(typed, known), shown.join(" "));
    Said::compose(&[&kind], |lang| {
        let near = match (near, lang) {
            (None, _) => String::new(),
            (Some(name), Lang::En) => format!("did you mean {name}? "),
            (Some(name), Lang::Ko) => format!("혹시 {name}입니까? "),
        };
        format!("{near}{}: {all}", kind.of(lang))
    })
}

/// What was begun and not ended is nearest.
fn nearest<'a>(typed: &str, known: &[&'a str]) -> Option<&'a str> {
    let distance =
        |known: &str| if !typed.is_empty() && known.starts_with(typed) { 0 } else { edit_distance(typed, known) };
    let nearest = known.iter().map(|k| (distance(k), *k)).min();
    nearest.filter(|(distance, _)| *distance <= 1 + typed.len() / 3).map(|(_, name)| name)
}

/// Levenshtein distance in bytes: how many insertions, deletions and changes lead from one to the other.
fn edit_distance(a: &str, b: &str) -> usize {
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.bytes().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, y) in b.bytes().enumerate() {
            let change = diagonal + usize::from(x != y);
            diagonal = row[j + 1];
            row[j + 1] = change.min(row[j] + 1).min(diagonal + 1);
        }
    }
    row[b.len()]
}

/// One thing to be compared: an environment with its knobs. A repeated arm is numbered: `process#2`.
#[derive(Clone)]
pub struct Arm {
    pub env: &'static dyn Environment,
    pub knobs: Knobs,
    /// 1 for the first, 2 for its A/A twin …
    pub copy: u32,
}

impl Arm {
    /// The id of what whoever is not root gets in its place.
    pub fn without_root(id: &ArmId) -> ArmId {
        let in_its_place =
            |env: &&&dyn Environment| env.as_root().is_some_and(|env| env.about().id == id.environment());
        let env = ALL.iter().find(in_its_place);
        env.map_or_else(|| id.clone(), |env| id.in_environment(env.about().id))
    }

    /// One arm without its number, as typed.
    pub fn parse(text: &str) -> Result<Arm> {
        let mut parts = text.split(':');
        let id = parts.next().unwrap_or_default();
        let env = find(id)?;
        let parts: Vec<&str> = parts.collect();
        Ok(Arm { env, knobs: Knobs::parse(env, &parts)?, copy: 1 })
    }

    /// A comma-separated list; repetitions get numbers.
    pub fn parse_list(text: &str) -> Result<Vec<Arm>> {
        let mut arms: Vec<Arm> = Vec::new();
        for item in text.split(',').filter(|s| !s.is_empty()) {
            let mut arm = Arm::parse(item)?;
            arm.copy += arms.iter().filter(|a| a.same_as(&arm)).count() as u32;
            arms.push(arm);
        }
        if arms.is_empty() {
            return Err(Error::usage(
                said!("read the list of environments", "환경 목록을 읽을 수 없습니다"),
                said!("it is empty", "비어 있음"),
            )
            .try_this(Said::english("isolab list")));
        }
        Ok(arms)
    }

    /// The same program in the same environment, whatever its number.
    pub fn same_as(&self, other: &Arm) -> bool {
        self.env.about().id == other.env.about().id && self.knobs == other.knobs
    }

    pub fn id(&self) -> ArmId {
        ArmId::of(self.env.about().id, self.knobs.iter(), self.copy)
    }
}

impl fmt::Display for Arm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.id(), f)
    }
}

impl fmt::Debug for Arm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// The environment with this id. One that is planned answers "not in this version".
pub fn find(id: &str) -> Result<&'static dyn Environment> {
    if let Some(env) = ALL.iter().find(|e| e.about().id == id) {
        return Ok(*env);
    }
    if planned::ENVIRONMENTS.contains(&id) {
        return Err(Error::usage(
            said!("use the environment {id}", "환경 {id}을(를) 쓸 수 없습니다"),
            planned::NOT_HERE,
        )
        .try_this(Said::english("isolab list")));
    }
    let known: Vec<&str> = ALL.iter().map(|e| e.about().id).collect();
    Err(Error::usage(
        said!("use the environment {id:?}", "환경 {id:?}을(를) 쓸 수 없습니다"),
        said!("there is none of that name", "그런 이름이 없음"),
    )
    .try_this(one_of(id, &known, said!("environments", "환경"), &known)))
}
