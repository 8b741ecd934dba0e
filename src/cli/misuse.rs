//! What clap says of a command line that it does not understand, in Korean: from the kind of the mistake and its values.

use std::error::Error as _;
use std::io::IsTerminal;
use std::num::{IntErrorKind, ParseFloatError, ParseIntError};

use clap::Error;
use clap::error::{ContextKind, ContextValue, ErrorKind};

use crate::lang::particles::settled;

/// clap's own colours, as ANSI sequences.
mod style {
    pub(super) const ERROR: &str = "\x1b[1m\x1b[31m";
    pub(super) const INVALID: &str = "\x1b[33m";
    pub(super) const VALID: &str = "\x1b[32m";
    pub(super) const HEADING: &str = "\x1b[1m\x1b[4m";
    pub(super) const LITERAL: &str = "\x1b[1m";
    pub(super) const END: &str = "\x1b[0m";
}
use style::{END, ERROR, HEADING, INVALID, LITERAL, VALID};

/// None: it is help, or a kind that is not known here.
pub(super) fn in_korean(error: &Error, coloured: bool) -> Option<String> {
    let mut text = format!("오류: {}", settled(&sentence(error)?));
    let tips = tips(error);
    if !tips.is_empty() {
        text += "\n\n  참고: ";
        text += &settled(&tips.join("\n  참고: "));
    }
    if let Some(ContextValue::StyledStr(usage)) = error.get(ContextKind::Usage) {
        text += &format!("\n\n{}", usage.to_string().trim_end().replacen("Usage:", "사용법:", 1));
    }
    text += "\n\n자세한 설명은 '--help'로 볼 수 있습니다.\n";
    Some(if coloured { in_colours(text, error) } else { text })
}

/// As clap decides it for stderr.
pub(super) fn is_coloured() -> bool {
    let set = |name| std::env::var_os(name).is_some_and(|value| !value.is_empty());
    let dumb = std::env::var_os("TERM").is_none_or(|term| term == "dumb");
    std::io::stderr().is_terminal() && !set("NO_COLOR") && !dumb
}

/// One value, or several with commas between.
fn value(error: &Error, kind: ContextKind) -> Option<String> {
    match error.get(kind)? {
        ContextValue::String(one) => Some(one.clone()),
        ContextValue::Strings(all) => Some(all.join(", ")),
        ContextValue::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

fn sentence(error: &Error) -> Option<String> {
    let get = |kind| value(error, kind);
    let list = |kind, name: &str| match get(kind).filter(|all| !all.is_empty()) {
        Some(all) => format!("\n  [{name}: {all}]"),
        None => String::new(),
    };
    let arg = || get(ContextKind::InvalidArg);
    Some(match error.kind() {
        ErrorKind::UnknownArgument => format!("여기에 쓸 수 없는 인자입니다: '{}'", arg()?),
        ErrorKind::InvalidSubcommand => {
            format!("그런 하위 명령이 없습니다: '{}'", get(ContextKind::InvalidSubcommand)?)
        }
        ErrorKind::InvalidValue => {
            let values = list(ContextKind::ValidValue, "쓸 수 있는 값");
            match get(ContextKind::InvalidValue)? {
                none if none.is_empty() => format!("'{}'에 값이 필요합니다{values}", arg()?),
                wrong => format!("'{}'에 쓸 수 없는 값입니다: '{wrong}'{values}", arg()?),
            }
        }
        ErrorKind::ValueValidation => {
            let wrong = get(ContextKind::InvalidValue)?;
            format!("'{}'에 쓸 수 없는 값입니다: '{wrong}'{}", arg()?, why(error))
        }
        ErrorKind::NoEquals => format!("'{}'에 값을 줄 때에는 등호(=)가 필요합니다", arg()?),
        ErrorKind::ArgumentConflict => conflict(error)?,
        ErrorKind::MissingRequiredArgument => format!("필요한 인자가 빠졌습니다:\n  {}", arg()?.replace(", ", "\n  ")),
        ErrorKind::MissingSubcommand => {
            let commands = list(ContextKind::ValidSubcommand, "하위 명령");
            format!("'{}'에는 하위 명령이 필요합니다{commands}", get(ContextKind::InvalidSubcommand)?)
        }
        ErrorKind::TooManyValues => format!("'{}'에 값이 너무 많습니다: '{}'", arg()?, get(ContextKind::InvalidValue)?),
        ErrorKind::TooFewValues | ErrorKind::WrongNumberOfValues => {
            let wanted = get(ContextKind::MinValues).or_else(|| get(ContextKind::ExpectedNumValues))?;
            let given = get(ContextKind::ActualNumValues)?;
            format!("'{}'에는 값 {wanted}개가 필요한데 {given}개를 주었습니다", arg()?)
        }
        _ => return None,
    })
}

fn conflict(error: &Error) -> Option<String> {
    let this = value(error, ContextKind::InvalidArg).or_else(|| value(error, ContextKind::InvalidSubcommand))?;
    Some(match value(error, ContextKind::PriorArg) {
        Some(prior) if prior == this => format!("'{this}'은(는) 한 번만 쓸 수 있습니다"),
        Some(prior) => format!("'{this}'은(는) '{prior}'과(와) 함께 쓸 수 없습니다"),
        None => format!("'{this}'은(는) 함께 쓴 다른 인자와 같이 쓸 수 없습니다"),
    })
}

/// Why a value was refused, by the standard library; what others say stays as they say it.
fn why(error: &Error) -> String {
    let Some(source) = error.source() else { return String::new() };
    let number = source.downcast_ref::<ParseIntError>().map(|wrong| match wrong.kind() {
        IntErrorKind::Empty => "비어 있음",
        IntErrorKind::PosOverflow => "너무 큰 수임",
        IntErrorKind::NegOverflow => "너무 작은 수임",
        _ => "정수가 아님",
    });
    match number.or_else(|| source.is::<ParseFloatError>().then_some("수가 아님")) {
        Some(korean) => format!(" ({korean})"),
        None => format!(" ({})", in_range(&source.to_string())),
    }
}

/// clap's sentence of a number that is not in its range has no type of its own: "99 is not in 1..=15".
fn in_range(words: &str) -> String {
    match words.split_once(" is not in ").and_then(|(_, range)| range.split_once("..")) {
        Some((least, most)) if !most.is_empty() => format!("{least}부터 {}까지여야 함", most.trim_start_matches('=')),
        Some((least, _)) => format!("{least} 이상이어야 함"),
        None => words.to_owned(),
    }
}

fn tips(error: &Error) -> Vec<String> {
    let similar = [
        (ContextKind::SuggestedSubcommand, "비슷한 하위 명령이 있습니다"),
        (ContextKind::SuggestedArg, "비슷한 인자가 있습니다"),
        (ContextKind::SuggestedValue, "비슷한 값이 있습니다"),
    ];
    let similar = similar.into_iter().filter_map(|(kind, words)| {
        let names = value(error, kind).filter(|names| !names.is_empty())?;
        Some(format!("{words}: '{}'", names.replace(", ", "', '")))
    });
    let others: Vec<String> = match error.get(ContextKind::Suggested) {
        Some(ContextValue::StyledStrs(all)) => all.iter().filter_map(|tip| in_other_words(&tip.to_string())).collect(),
        _ => Vec::new(),
    };
    similar.chain(others).collect()
}

/// Of clap's free tips the words that it quotes: how a value is given that begins with a dash, or what there is else.
fn in_other_words(tip: &str) -> Option<String> {
    let quoted: Vec<&str> = tip.split('\'').skip(1).step_by(2).collect();
    match quoted[..] {
        [word, instead] if instead.contains("-- ") => {
            Some(format!("'{word}'을(를) 값으로 주려면 '{instead}'로 적으십시오"))
        }
        [there, ..] => Some(format!("'{there}'이(가) 있습니다")),
        [] => None,
    }
}

/// In quotation marks, as clap colours them: what is wrong, what would be right.
fn in_colours(text: String, error: &Error) -> String {
    let mut text = text.replacen("오류:", &format!("{ERROR}오류:{END}"), 1);
    text = text.replace("참고:", &format!("{VALID}참고:{END}"));
    text = text.replacen("사용법:", &format!("{HEADING}사용법:{END}"), 1);
    text = text.replace("'--help'", &format!("'{LITERAL}--help{END}'"));
    let wrong =
        [ContextKind::InvalidArg, ContextKind::InvalidSubcommand, ContextKind::InvalidValue, ContextKind::PriorArg];
    let right = [ContextKind::SuggestedSubcommand, ContextKind::SuggestedArg, ContextKind::SuggestedValue];
    let kinds = wrong.map(|kind| (kind, INVALID)).into_iter().chain(right.map(|kind| (kind, VALID)));
    for (kind, colour) in kinds {
        let words = value(error, kind).unwrap_or_default();
        for word in words.split(", ").filter(|word| !word.is_empty()) {
            text = text.replacen(&format!("'{word}'"), &format!("'{colour}{word}{END}'"), 1);
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::parse_words;

    fn korean(line: &str) -> String {
        let error = parse_words(&line.split(' ').collect::<Vec<_>>()).expect_err(line);
        in_korean(&error, false).expect(line)
    }

    #[test]
    fn each_kind_of_mistake_is_told_with_its_values() {
        #[rustfmt::skip]
        let table = [
            ("isolab bench --blcks 3", "오류: 여기에 쓸 수 없는 인자입니다: '--blcks'\n\n  참고: 비슷한 인자가 있습니다: '--blocks'\n  참고: '--blcks'를 값으로 주려면 '-- --blcks'로 적으십시오\n\n사용법: isolab bench"),
            ("isolab bnch", "오류: 그런 하위 명령이 없습니다: 'bnch'\n\n  참고: 비슷한 하위 명령이 있습니다: 'bench'\n\n사용법: isolab"),
            ("isolab bench --blocks", "오류: '--blocks <N>'에 값이 필요합니다\n\n자세한"),
            ("isolab chart --dpi x", "오류: '--dpi <DPI>'에 쓸 수 없는 값입니다: 'x' (정수가 아님)\n"),
            ("isolab guide show 2 --section 99", "오류: '--section <K>'에 쓸 수 없는 값입니다: '99' (1부터 15까지여야 함)\n"),
            ("isolab guide show 2 --section 3 --all", "오류: '--section <K>'은 '--all'과 함께 쓸 수 없습니다\n"),
            ("isolab bench --quick --quick", "오류: '--quick'은 한 번만 쓸 수 있습니다\n"),
            ("isolab guide show", "오류: 필요한 인자가 빠졌습니다:\n  <CHAPTER>\n\n사용법: isolab guide show"),
            ("isolab list extra", "오류: 여기에 쓸 수 없는 인자입니다: 'extra'\n\n사용법: isolab list"),
            ("isolab run --pids -4 ls", "오류: 여기에 쓸 수 없는 인자입니다: '-4'\n"),
            ("isolab run --cpus x ls", "오류: '--cpus <CPUS>'에 쓸 수 없는 값입니다: 'x' (수가 아님)\n"),
        ];
        for (line, begins) in table {
            let text = korean(line);
            assert!(text.starts_with(begins), "{line}: {text}");
            assert!(!text.contains("을(를)") && text.ends_with("자세한 설명은 '--help'로 볼 수 있습니다.\n"), "{text}");
        }
    }

    #[test]
    fn colours_stand_around_the_same_words_and_help_is_no_mistake() {
        let error = parse_words(&["isolab", "bnch"]).expect_err("no such command");
        let coloured = in_korean(&error, true).expect("a mistake");
        assert!(
            coloured.contains("'\x1b[33mbnch\x1b[0m'") && coloured.contains("'\x1b[32mbench\x1b[0m'"),
            "{coloured}"
        );
        let plain = [ERROR, INVALID, VALID, HEADING, LITERAL, END].iter().fold(coloured, |text, s| text.replace(s, ""));
        assert_eq!(plain, in_korean(&error, false).expect("a mistake"));
        let help = parse_words(&["isolab", "--help"]).expect_err("help");
        assert_eq!(in_korean(&help, false), None);
    }
}
