//! The sentence of a card: does it say what was compared, with which number and which interval; is it a statement, and one that
//! neither the file nor the card's own verdict contradicts?

use super::quoted::{Candidate, Quoted, plain};
use super::says;
use super::written::{Fault, unique};
use crate::guide::claims::terms::Named;
use crate::guide::claims::value::Value;
use crate::guide::claims::{Decided, Verdict};
use crate::lang::Lang;
use crate::lang::particles::settled;
use crate::model::{AnsweredBy, Kind};
use crate::results::schema::ArmInfo;

/// What a card's sentence is held to.
struct Card<'a> {
    sentence: &'a str,
    number: Option<Quoted>,
    decided: &'a Decided,
    candidates: &'a [Candidate],
    runs: &'a [Named<'a>],
    lang: Lang,
}

/// One rule of the page; None: it is kept.
type Rule = fn(&Card) -> Fault;

const RULES: &[Rule] =
    &[has_the_number, names_the_arms, has_the_interval, is_a_statement, agrees_with_the_file, agrees_with_the_verdict];

pub(super) fn fault(
    sentence: &str,
    number: &str,
    decided: &Decided,
    candidates: &[Candidate],
    runs: &[Named],
    lang: Lang,
) -> Fault {
    let card = Card { sentence, number: Quoted::parse(number), decided, candidates, runs, lang };
    RULES.iter().find_map(|rule| rule(&card))
}

fn has_the_number(card: &Card) -> Fault {
    let number = card.number.as_ref()?;
    (!holds_number(card.sentence, number)).then(|| {
        card.lang.choose(
            (
                "the sentence does not hold the number with its unit".into(),
                "Say the number with its unit and its interval in the sentence.".into(),
            ),
            ("문장에 그 수가 단위와 함께 나오지 않습니다".into(), "문장에 수를 단위, 신뢰구간과 함께 쓰십시오.".into()),
        )
    })
}

/// Both arms of one pair; every arm where nothing is divided.
fn names_the_arms(card: &Card) -> Fault {
    let values = &card.decided.values;
    let is_named = |value: &Value, id: &str| {
        let arms = &card.runs[value.run].1.header.arms;
        arms.iter().any(|a| a.id == id && names(card.sentence, a))
    };
    let (pairs, single): (Vec<&Value>, Vec<&Value>) = values.iter().partition(|v| !v.base.is_empty());
    let named = if pairs.is_empty() {
        single.iter().all(|v| is_named(v, &v.arm))
    } else {
        pairs.iter().any(|v| is_named(v, &v.arm) && is_named(v, &v.base))
    };
    let pairs: Vec<String> = values.iter().map(Value::pair).collect();
    let pairs = unique(pairs.iter().map(String::as_str).collect()).join(", ");
    (!named).then(|| {
        card.lang.choose(
            (
                "the sentence does not name what was compared".into(),
                format!("Name the arms by their ids or full names: {pairs}. \"VM\" alone says too little."),
            ),
            (
                "문장에 비교한 대상의 이름이 없습니다".into(),
                format!("대상을 id나 전체 이름으로 쓰십시오. {pairs}. \"VM\"만으로는 부족합니다."),
            ),
        )
    })
}

/// Where the number has one: a count that is the same in every block has none.
fn has_the_interval(card: &Card) -> Fault {
    let number = card.number.as_ref()?;
    let mut matching = card.candidates.iter().filter(|c| number.is(c)).peekable();
    matching.peek()?;
    let said = matching.any(|c| c.interval.is_none_or(|ends| number.interval_stands_in(card.sentence, ends)));
    (!said).then(|| {
        card.lang.choose(
            (
                "the sentence does not hold the 95 % interval of its number".into(),
                "Write the interval as it was printed, in brackets: 1.52 ms [1.50, 1.55].".into(),
            ),
            (
                "문장에 그 수의 95 % 신뢰구간이 없습니다".into(),
                "신뢰구간을 출력된 그대로 대괄호로 쓰십시오. 1.52 ms [1.50, 1.55]와 같습니다.".into(),
            ),
        )
    })
}

fn is_a_statement(card: &Card) -> Fault {
    (!says::states(card.sentence)).then(|| {
        card.lang.choose(
            (
                "the sentence states nothing: names and numbers alone are no sentence".into(),
                "Say in a whole sentence how the two stand to each other.".into(),
            ),
            (
                "문장이 아무것도 주장하지 않습니다. 이름과 수만으로는 문장이 아닙니다".into(),
                "두 대상이 서로 어떤 관계인지 온전한 문장으로 쓰십시오.".into(),
            ),
        )
    })
}

/// "A is faster than B": then some metric of this pair must have it so.
fn agrees_with_the_file(card: &Card) -> Fault {
    let lower = card.sentence.to_lowercase();
    says::comparisons(&lower).into_iter().find_map(|said| {
        let object = said.object(&lower);
        let of_pair = |value: &&Value| {
            let arms = &card.runs[value.run].1.header.arms;
            let arm = |id: &str| arms.iter().find(|a| a.id == id);
            let (Some(a), Some(b)) = (arm(&value.arm), arm(&value.base)) else { return false };
            (names(&lower, a) && names(&lower, b)) && (names(object, a) != names(object, b))
        };
        let opposite = |value: &&Value| {
            let base = card.runs[value.run].1.header.arms.iter().find(|a| a.id == value.base);
            let object_is_base = base.is_some_and(|b| names(object, b));
            let arm_is_smaller = said.subject_is_smaller == object_is_base;
            let (low, high) = (value.found.low.unwrap_or(0.0), value.found.high.unwrap_or(f64::INFINITY));
            if arm_is_smaller { low > 1.0 } else { high < 1.0 }
        };
        let mut pairs = card.decided.values.iter().filter(of_pair).peekable();
        let first = *pairs.peek()?;
        let (pair, words) = (first.pair(), crate::guide::claims::shown(first));
        pairs.all(|value| opposite(&value)).then(|| {
            card.lang.choose(
                (
                    format!("the sentence says the opposite of the file, where {pair} is {words}"),
                    "Say which of the two is the smaller one as the file has it.".into(),
                ),
                (
                    format!("문장이 파일과 반대로 말합니다. 파일에서는 {pair} = {words}입니다"),
                    "어느 쪽이 더 작은지 파일에 있는 대로 쓰십시오.".into(),
                ),
            )
        })
    })
}

fn agrees_with_the_verdict(card: &Card) -> Fault {
    let said = says::verdicts(card.sentence)?;
    let verdict = card.decided.verdict;
    (!said.contains(&verdict)).then(|| {
        let (letter, other) = (verdict.letter(), said.first().map_or("?", |v| Verdict::letter(*v)));
        card.lang.choose(
            (
                format!(
                    "the sentence contradicts the verdict: its words mean {other}, and {letter} follows from the files"
                ),
                "Let verdict and sentence say the same.".into(),
            ),
            (
                settled(&format!(
                    "문장이 판정과 어긋납니다. 문장은 {other}을(를) 뜻하지만 파일에서 나오는 판정은 {letter}입니다"
                )),
                "판정과 문장이 같은 말을 하게 하십시오.".into(),
            ),
        )
    })
}

/// Of a card with the verdict N: the arm, and that it was not measured.
pub(super) fn names_what_is_missing(sentence: &str, arm: &str, runs: &[Named]) -> bool {
    let text = sentence.to_lowercase();
    let mut arms = runs.iter().flat_map(|(_, run)| &run.header.arms);
    let named = text.contains(arm) || arms.any(|a| a.id == arm && names(sentence, a));
    let why = ["not ", "n't", "cannot", "no ", "without", "skipped", "없", "못", "않"];
    named && why.iter().any(|word| text.contains(word))
}

/// The digits stand in it with their unit, and are not part of a longer number.
fn holds_number(sentence: &str, number: &Quoted) -> bool {
    let text = plain(sentence);
    let is_digit = |c: Option<char>| c.is_some_and(|c| c.is_ascii_digit());
    text.match_indices(&number.core).any(|(at, core)| {
        let before = text[..at].chars().next_back();
        let rest = &text[at + core.len()..];
        let mut after = rest.chars();
        let next = after.next();
        let goes_on = is_digit(next) || (next == Some('.') && is_digit(after.next()));
        let unit = number.is_plain() || rest.starts_with(number.unit()) || rest.starts_with(words_of(number.unit()));
        !is_digit(before) && before != Some('.') && !goes_on && unit
    })
}

/// A unit in Korean letters.
fn words_of(unit: &str) -> &'static str {
    match unit {
        "ns" => "나노초",
        "us" => "마이크로초",
        "ms" => "밀리초",
        "s" => "초",
        "%" => "퍼센트",
        _ => "\u{0}",
    }
}

/// By its id, its fair name, or the Korean word for its kind.
fn names(sentence: &str, arm: &ArmInfo) -> bool {
    let text = sentence.to_lowercase();
    if [arm.id.as_str(), &arm.environment, &arm.name].into_iter().any(|name| text.contains(&name.to_lowercase())) {
        return true;
    }
    match arm.kind() {
        Kind::Process => text.contains("프로세스"),
        Kind::Container => text.contains("container") || text.contains("컨테이너"),
        Kind::Machine => names_machine(&text, arm.answered_by() == Some(AnsweredBy::OwnGuestKernel)),
        Kind::Engine | Kind::Other => false,
    }
}

/// "VM" alone is not enough: bare or with Linux is the whole difference.
fn names_machine(text: &str, is_bare: bool) -> bool {
    let machine = ["vm", "virtual machine", "가상머신", "가상 머신"].iter().any(|word| text.contains(word));
    let kind: &[&str] = if is_bare {
        &["bare", "베어", "no operating system", "without an operating system", "운영체제 없", "운영체제가 없"]
    } else {
        &["linux", "리눅스"]
    };
    machine && kind.iter().any(|word| text.contains(word))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn arm(environment: &str, name: &str) -> ArmInfo {
        ArmInfo {
            id: environment.into(),
            environment: environment.into(),
            name: name.into(),
            channel: String::new(),
            t0: String::new(),
            backend: None,
            limited: None,
            limited_fix: None,
            kind: None,
            answered_by: None,
            reach: None,
            guest_kernel: None,
            limited_ko: None,
            limited_fix_ko: None,
            name_ko: None,
            t0_ko: None,
        }
    }

    #[test]
    fn a_number_is_not_found_inside_another() {
        let number = Quoted::parse("1.5 ms").unwrap();
        assert!(holds_number("It took 1.5 ms.", &number) && holds_number("container: 1.5\u{a0}ms", &number));
        assert!(!holds_number("It took 1.52 ms.", &number) && !holds_number("It took 11.5 ms.", &number));
        assert!(holds_number("컨테이너는 6.6배 느렸습니다.", &Quoted::parse("×6.6").unwrap()));
    }

    #[test]
    fn arms_are_named_in_both_languages_and_a_bare_vm_is_never_just_a_vm() {
        let vm = arm("vm-bare", "bare VM, no operating system");
        for sentence in ["vm-bare took", "the bare VM took", "운영체제 없는 가상머신은", "베어 VM은"] {
            assert!(names(sentence, &vm), "{sentence}");
        }
        assert!(!names("the VM took", &vm) && !names("the Linux VM took", &vm));
        let (kind, answered_by) = (Some(Kind::Machine), Some(AnsweredBy::OwnGuestKernel));
        let more = ArmInfo { kind, answered_by, ..arm("one-more", "one machine more") };
        assert!(names("the bare VM took", &more) && !names("the VM took", &more), "by what it is, not by its id");
        assert!(names("컨테이너는", &arm("container-rootless", "our rootless container")));
        assert!(names("프로세스보다", &arm("process", "process")) && !names("컨테이너는", &arm("process", "process")));
    }
}
