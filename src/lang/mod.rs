//! The two languages, and the grammar of each. JSON, CSV and `--help` are English always.
//!
//! What a thing is called in both stands where it is defined: a metric in its experiment (`experiments/boot.rs`), an
//! environment and its knobs in its file, an error where it is made.

pub mod counted;
pub mod particles;
pub mod said;

pub use counted::counted;
pub use said::Said;

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Lang {
    #[default]
    En,
    Ko,
}

impl Lang {
    /// What a reader of this environment wants: the first of `LC_ALL`, `LC_MESSAGES`, `LANG` that is set decides
    /// (POSIX.1-2017, XBD 8.2).
    pub fn of(variable: impl Fn(&str) -> Option<String>) -> Lang {
        let set = |name| variable(name).filter(|value| !value.is_empty());
        let chosen = ["LC_ALL", "LC_MESSAGES", "LANG"].into_iter().find_map(set);
        let language = |value: String| value.split(['_', '.', '@']).next().map(str::to_owned); // kok_IN is Konkani
        if chosen.and_then(language).is_some_and(|code| code == "ko") { Lang::Ko } else { Lang::En }
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
        assert_eq!(of(&[("LANG", "en_US.UTF-8"), ("LC_MESSAGES", "ko")]), Lang::Ko);
        assert_eq!(of(&[("LANG", "kok_IN.UTF-8")]), Lang::En);
    }
}
