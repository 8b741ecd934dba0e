//! What is said to people is said in both languages: a text in English alone cannot be made by accident.
//!
//! The compiler holds the most of it: no plain string becomes a `Said`. Here is looked at what is made by name.

use super::{code, sources, test_only};

/// What a text that is the same in both languages may begin with: a command.
const COMMANDS: &[&str] = &[
    "$",
    "sudo",
    "isolab",
    "cargo",
    "file",
    "systemd-run",
    "ls",
    "chmod",
    "sed",
    "cat",
    "{} bench",
    "{} guide",
    "{} run",
];
/// More than one word, and no command.
const SAME_IN_BOTH: &[(&str, &str)] = &[
    ("Permission denied", "the words of the C library for EACCES"),
    ("Delegate=cpu cpuset io memory pids", "a line of a file of systemd's"),
];

fn is_hangul(c: char) -> bool {
    ('가'..='힣').contains(&c)
}

/// The literals that a call begins with: `call` ends at its bracket.
fn literals(text: &str, call: &str) -> Vec<Vec<String>> {
    text.match_indices(call).map(|(at, _)| leading(&text[at + call.len()..])).collect()
}

fn leading(mut rest: &str) -> Vec<String> {
    let mut found = Vec::new();
    while let Some(inside) = rest.trim_start_matches([' ', '\n', ',', '&']).strip_prefix('"') {
        let mut escaped = false;
        let end = inside.char_indices().find(|(_, c)| {
            let ends = *c == '"' && !escaped;
            escaped = *c == '\\' && !escaped;
            ends
        });
        let Some((end, _)) = end else { break };
        found.push(inside[..end].to_owned());
        rest = &inside[end + 1..];
    }
    found
}

fn everywhere(calls: &[&str]) -> Vec<(String, Vec<String>)> {
    let sources = sources();
    let tests = test_only(&sources);
    let shipped = sources.iter().filter(|(path, _)| !tests.iter().any(|test| path.starts_with(test)));
    shipped
        .flat_map(|(path, text)| {
            let (name, text) = (path.display().to_string(), code(text));
            let found: Vec<_> = calls.iter().flat_map(|call| literals(&text, call)).collect();
            found.into_iter().map(move |literals| (name.clone(), literals))
        })
        .collect()
}

fn a_plain_string_is_no_text_for_people() {
    const IN_TESTS: &str = "#[cfg(any(test, feature = \"for-tests\"))]";
    let said = std::fs::read_to_string("src/lang/said.rs").unwrap();
    for from in ["&str", "String"] {
        let made = format!("impl From<{from}> for Said {{");
        assert_eq!(said.matches(&made).count(), said.matches(&format!("{IN_TESTS}\n{made}")).count());
    }
    let shown = "impl fmt::Display for Said {"; // without a language it would be English in a Korean line
    assert_eq!(said.matches(shown).count(), said.matches(&format!("{IN_TESTS}\n{shown}")).count());
    let libraries = said.split("said_in_english!(").nth(1).unwrap().split(");").next().unwrap();
    for own in ["str", "String", "Arguments"] {
        assert!(!libraries.split(|c: char| !c.is_alphanumeric()).any(|word| word == own), "{libraries}");
    }
}

fn the_second_of_two_texts_is_korean_and_no_particle_is_guessed() {
    let pairs = everywhere(&["said!(", "Said::fixed("]);
    assert!(pairs.len() > 700, "they are found: {}", pairs.len());
    let mut wrong = Vec::new();
    for (path, pair) in pairs.iter().filter(|(_, pair)| pair.len() >= 2) {
        let (en, ko) = (&pair[0], &pair[1]);
        let says_something =
            en.split('{').any(|part| part.rsplit('}').next().unwrap_or(part).contains(char::is_alphabetic));
        if says_something && !ko.contains(is_hangul) {
            wrong.push(format!("{path}: no Korean of {en:?}"));
        }
        // Which form fits a value is not known here: it is written «{name}을(를)».
        for after in ko.split('}').skip(1) {
            let particle =
                ["은", "는", "이", "가", "을", "를", "과", "와", "으로"].iter().find_map(|p| after.strip_prefix(*p));
            if particle.is_some_and(|rest| !rest.starts_with(|c| is_hangul(c) || c == '(')) {
                wrong.push(format!("{path}: both forms of the particle behind a value: {ko:?}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

fn what_is_the_same_in_both_languages_is_a_name_or_a_command() {
    let texts = everywhere(&["Said::english(", "Said::verbatim(format!("]);
    assert!(texts.len() > 50, "they are found: {}", texts.len());
    let mut wrong = Vec::new();
    for (path, text) in texts.iter().filter_map(|(path, texts)| Some((path, texts.first()?))) {
        let is_command =
            text.starts_with('-') || COMMANDS.iter().any(|c| *text == *c || text.starts_with(&format!("{c} ")));
        let words: Vec<&str> = text.split_whitespace().collect();
        let is_word = |word: &&str| word.chars().all(|c| c.is_alphabetic() || ",;:.".contains(c));
        let prose = words.windows(2).any(|two| two.iter().all(is_word));
        if prose && !is_command && !SAME_IN_BOTH.iter().any(|(known, _)| known == text) {
            wrong.push(format!("{path}: {text:?}"));
        }
    }
    assert!(wrong.is_empty(), "said! it in both languages, or list it with its reason:\n{}", wrong.join("\n"));
}

/// A Markdown table to paste into an issue or a README is English always.
const IN_ENGLISH: &[&str] = &["src/cli/report.rs"];

fn a_line_for_the_reader_is_chosen_by_his_language() {
    let lines = everywhere(&[
        "out.note(",
        "out.line(",
        "out.text(",
        "out.note(format!(",
        "out.line(format!(",
        "out.text(format!(",
    ]);
    assert!(lines.len() > 60, "they are found: {}", lines.len());
    let prose = |text: &str| {
        let words: Vec<&str> = text.split_whitespace().filter(|word| !word.contains(['{', '}'])).collect();
        words.iter().any(|word| word.len() > 2 && word.chars().all(|c| c.is_ascii_lowercase() || ",;:.".contains(c)))
    };
    let wrong: Vec<_> = lines
        .iter()
        .filter(|(path, _)| !IN_ENGLISH.contains(&path.as_str()))
        .filter(|(_, texts)| texts.first().is_some_and(|text| prose(text)))
        .collect();
    assert!(wrong.is_empty(), "out.say(english, korean): {wrong:#?}");
}

crate::runner::tests!(
    a_plain_string_is_no_text_for_people,
    the_second_of_two_texts_is_korean_and_no_particle_is_guessed,
    what_is_the_same_in_both_languages_is_a_name_or_a_command,
    a_line_for_the_reader_is_chosen_by_his_language
);
