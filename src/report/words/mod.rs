//! The report's own words, English and Korean side by side; nothing literal stands in the code that builds it. What a metric is
//! called, and its definition, stand where it is defined: `src/experiments`.
//!
//! `{0}`, `{1}` are places for values, `{2:pair}` for a number of pairs.

mod asked;
mod final_table;
mod kept;
mod machine;
mod measured;

pub(crate) use asked::*;
pub(crate) use final_table::*;
pub(crate) use kept::*;
pub(crate) use machine::*;
pub(crate) use measured::*;

use crate::lang::Lang;
use crate::lang::counted;
use crate::lang::particles::settled;

/// One text in both languages.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Words {
    en: &'static str,
    ko: &'static str,
}

const fn w(en: &'static str, ko: &'static str) -> Words {
    Words { en, ko }
}

impl Words {
    pub(crate) fn of(&self, lang: Lang) -> &'static str {
        lang.choose(self.en, self.ko)
    }

    /// With the values in their places. A value that itself reads `{1}` is left as it is.
    pub(crate) fn with(&self, lang: Lang, values: &[&str]) -> String {
        let mut text = String::new();
        let mut rest = self.of(lang);
        while let Some((before, after)) = rest.split_once('{') {
            let (place, after) = after.split_once('}').unwrap_or(("", after));
            text += before;
            let (place, noun) = place.split_once(':').unwrap_or((place, ""));
            let value = place.parse::<usize>().ok().and_then(|i| values.get(i)).copied().unwrap_or_default();
            text += &match value.parse() {
                Ok(n) if !noun.is_empty() => counted(n, noun),
                _ => value.to_owned(),
            };
            rest = after;
        }
        text += rest;
        lang.choose(text.clone(), settled(&text))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_stand_in_their_places() {
        let words = w("{1} of {0}.", "{0}의 {1}.");
        assert_eq!(words.with(Lang::En, &["a", "{0}"]), "{0} of a.");
        assert_eq!(words.with(Lang::Ko, &["가", "나"]), "가의 나.");
        let pairs = w("{0}; {1:pair}", "{0}을(를) {1}쌍");
        assert_eq!([pairs.with(Lang::En, &["a", "1"]), pairs.with(Lang::En, &["a", "2"])], ["a; 1 pair", "a; 2 pairs"]);
        assert_eq!(pairs.with(Lang::Ko, &["7 %", "1"]), "7 %를 1쌍");
    }

    /// The pairs of all tables, read from their source: (English, Korean).
    fn all() -> Vec<(String, String)> {
        let sources = [
            include_str!("asked.rs"),
            include_str!("final_table.rs"),
            include_str!("kept.rs"),
            include_str!("machine.rs"),
            include_str!("measured.rs"),
        ];
        let mut pairs = Vec::new();
        for source in sources {
            for call in source.split("w(").skip(1) {
                let mut strings = call.split('"').skip(1).step_by(2);
                if let (Some(en), Some(ko)) = (strings.next(), strings.next()) {
                    pairs.push((en.to_owned(), ko.to_owned()));
                }
            }
        }
        assert!(pairs.len() > 200, "{}", pairs.len());
        pairs
    }

    fn places(text: &str) -> Vec<&str> {
        let mut places: Vec<&str> = text.split('{').skip(1).map(|t| t.split(['}', ':']).next().unwrap()).collect();
        places.sort_unstable();
        places.dedup();
        places
    }

    #[test]
    fn both_languages_say_the_same_values() {
        for (en, ko) in all() {
            assert_eq!(places(&en), places(&ko), "{en} / {ko}");
        }
    }

    #[test]
    fn korean_is_korean() {
        let hangul = |text: &str| text.chars().any(|c| ('가'..='힣').contains(&c));
        let symbols = ["n", "p95", "p99", "b", "a", "t0", "WSL2", "getppid", "read", "write"];
        for (en, ko) in all() {
            assert!(!hangul(&en), "{en}");
            assert!(hangul(&ko) || symbols.contains(&ko.as_str()), "{ko}");
        }
    }
}
