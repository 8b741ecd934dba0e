//! The two languages of charts, reports and the guide. Errors, JSON keys and the terminal of `bench` are English always.

use crate::error::{Error, Result};

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Lang {
    #[default]
    En,
    Ko,
}

impl Lang {
    /// `--lang`: "en" or "ko".
    pub fn parse(text: &str) -> Result<Lang> {
        match text {
            "en" => Ok(Lang::En),
            "ko" => Ok(Lang::Ko),
            _ => Err(Error::usage(format!("use the language {text:?}"), "isolab has English and Korean")
                .try_this("--lang en or --lang ko")),
        }
    }

    /// What a reader of this environment wants: the first of `LC_ALL`, `LC_MESSAGES`, `LANG` that is set decides
    /// (POSIX.1-2017, XBD 8.2).
    pub fn of(variable: impl Fn(&str) -> Option<String>) -> Lang {
        let set = |name| variable(name).filter(|value| !value.is_empty());
        let chosen = ["LC_ALL", "LC_MESSAGES", "LANG"].into_iter().find_map(set);
        if chosen.is_some_and(|value| value.starts_with("ko")) { Lang::Ko } else { Lang::En }
    }

    /// As in `--lang`, `lang="…"` of HTML, and the names of folders.
    pub fn code(self) -> &'static str {
        match self {
            Lang::En => "en",
            Lang::Ko => "ko",
        }
    }

    /// The one of two that is in this language.
    pub fn choose<T>(self, english: T, korean: T) -> T {
        match self {
            Lang::En => english,
            Lang::Ko => korean,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_variable_that_is_set_decides() {
        let of = |pairs: &[(&str, &str)]| {
            Lang::of(|name| pairs.iter().find(|(n, _)| *n == name).map(|(_, v)| (*v).to_owned()))
        };
        assert_eq!(of(&[]), Lang::En);
        assert_eq!(of(&[("LANG", "ko_KR.UTF-8")]), Lang::Ko);
        assert_eq!(of(&[("LANG", "ko_KR.UTF-8"), ("LC_ALL", "C")]), Lang::En);
        assert_eq!(of(&[("LANG", "ko_KR.UTF-8"), ("LC_ALL", "")]), Lang::Ko);
    }

    #[test]
    fn an_unknown_language_is_told_which_there_are() {
        let error = Lang::parse("fr").expect_err("there is no French").to_string();
        assert!(error.contains("--lang en or --lang ko"), "{error}");
    }
}
