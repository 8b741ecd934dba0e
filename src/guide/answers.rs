//! What a reader types as an answer: is it of the kind that the question wants?

use super::chapters::{Ask, Question};
use crate::error::{Error, Result};
use crate::lang::Lang;
use crate::said;

const YES: &[&str] = &["y", "yes", "예", "네"];
const NO: &[&str] = &["n", "no", "아니요", "아니오"];

pub fn is_yes(text: &str) -> bool {
    YES.contains(&text.trim().to_lowercase().as_str())
}

/// What a question wants, in words.
pub fn wanted(question: &Question, lang: Lang) -> String {
    let options = question.options.join(", ");
    match question.kind {
        Ask::Number if question.unit.is_empty() => lang.choose("a number: 7.2".into(), "숫자: 7.2".into()),
        Ask::Number => {
            lang.choose(format!("a number, in {}: 7.2", question.unit), format!("숫자, 단위 {}: 7.2", question.unit))
        }
        Ask::Choice => lang.choose(format!("one of {options}"), format!("{options} 중 하나")),
        Ask::Order => lang.choose(
            format!("all of them in order, separated by commas: {options}"),
            format!("모두 차례대로, 쉼표로 나누어: {options}"),
        ),
        Ask::YesNo => lang.choose("yes or no".into(), "예 또는 아니요".into()),
    }
}

/// The answer as it is stored: "7.2", "process,container", "yes".
///
/// # Errors
/// `Usage`, saying what is wanted.
pub fn parse(question: &Question, typed: &str) -> Result<String> {
    let typed = typed.trim();
    let found = match question.kind {
        Ask::Number => number(typed, &question.unit),
        Ask::Choice => question.options.iter().find(|o| o.eq_ignore_ascii_case(typed)).cloned(),
        Ask::Order => order(typed, &question.options),
        Ask::YesNo => yes_or_no(typed),
    };
    found.ok_or_else(|| {
        let (en, ko) = (wanted(question, Lang::En), wanted(question, Lang::Ko));
        let cause = said!("{typed:?} is not what is asked for: {en}", "{typed:?}은(는) 맞지 않음: {ko}");
        Error::usage(said!("take the answer to {id:?}", "질문 {id:?}의 답을 받을 수 없습니다", id = question.id), cause)
            .try_this(said!("nothing was stored; type {en}", "저장한 것이 없습니다. 이렇게 적으십시오: {ko}"))
    })
}

/// A number, with its unit or without: "7.2", "×7.2", "7.2 %".
fn number(typed: &str, unit: &str) -> Option<String> {
    let bare = if unit.is_empty() { typed } else { typed.trim_start_matches(unit).trim_end_matches(unit) };
    let bare = if unit == "×" { bare.trim_start_matches('x').trim_end_matches('x') } else { bare };
    let value: f64 = bare.trim().parse().ok()?;
    value.is_finite().then(|| bare.trim().to_owned())
}

/// All options, each once.
fn order(typed: &str, options: &[String]) -> Option<String> {
    let words = typed.split([',', ' ', '<', '>']).map(str::trim).filter(|w| !w.is_empty());
    let words: Vec<String> = words.map(str::to_lowercase).collect();
    let mut sorted = (words.clone(), options.to_vec());
    sorted.0.sort();
    sorted.1.sort();
    (sorted.0 == sorted.1).then(|| words.join(","))
}

fn yes_or_no(typed: &str) -> Option<String> {
    let word = typed.to_lowercase();
    [(YES, "yes"), (NO, "no")]
        .iter()
        .find(|(words, _)| words.contains(&word.as_str()))
        .map(|(_, answer)| (*answer).to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::guide::chapters::Text;

    /// Kind, unit, what is taken and how it is stored, what is refused.
    type Case<'a> = (Ask, &'a str, &'a [(&'a str, &'a str)], &'a [&'a str]);

    fn question(kind: Ask, unit: &str) -> Question {
        let options = ["process", "container", "vm-bare"].map(str::to_owned).to_vec();
        Question { id: "q".into(), kind, unit: unit.into(), options, text: Text::default() }
    }

    #[test]
    fn answers_of_the_right_kind_are_taken_and_others_are_told_what_is_wanted() {
        let cases: [Case; 4] = [
            (
                Ask::Number,
                "×",
                &[("7.2", "7.2"), ("×7.2", "7.2"), ("7x", "7"), (" 1e3 ", "1e3")],
                &["fast", "", "7,2", "NaN", "inf", "7.2 ms"],
            ),
            (Ask::Choice, "", &[("Process", "process")], &["proces", "", "process container"]),
            (
                Ask::Order,
                "",
                &[
                    ("vm-bare, process, container", "vm-bare,process,container"),
                    ("process < container < vm-bare", "process,container,vm-bare"),
                ],
                &["process,container", "process,process,container", "a,b,c", ""],
            ),
            (Ask::YesNo, "", &[("Y", "yes"), ("아니요", "no")], &["maybe", ""]),
        ];
        for (kind, unit, good, bad) in cases {
            let question = question(kind, unit);
            for (typed, stored) in good {
                assert_eq!(parse(&question, typed).unwrap(), *stored);
            }
            for typed in bad {
                let error = parse(&question, typed).unwrap_err();
                assert!(
                    error.cause.of(Lang::Ko).contains(&wanted(&question, Lang::Ko))
                        && error.try_this.contains("nothing was stored"),
                    "{error}"
                );
            }
        }
    }
}
