//! What is said to people, in both languages, made where the thing itself is known.

use std::fmt;
use std::ops::Deref;

use serde::{Deserialize, Serialize};

use super::{Lang, particles};

/// One text in English, and in Korean where there is one.
///
/// Where a text alone is wanted, in a file, in JSON, as `&str`, it is the English. What must keep the Korean too says so:
/// [`both`].
#[derive(Clone, Serialize)]
#[serde(into = "String")]
pub struct Said(Text);

/// An error has three, and every result has room for an error: so what is made while we run stands elsewhere.
#[derive(Clone)]
enum Text {
    Fixed(&'static str, Option<&'static str>),
    Made(Box<(String, Option<String>)>),
}

/// `said!("there is no {path}", "{path}이(가) 없습니다")`: both with the same values; the particle that fits is chosen.
#[macro_export]
macro_rules! said {
    ($en:literal, $ko:literal $(, $name:ident = $value:expr)* $(,)?) => {{
        $(let $name = &$value;)*
        $crate::lang::said::Said::of_arguments(format_args!($en), format_args!($ko))
    }};
}

impl Said {
    /// The two are whole texts; a particle in both forms, "을(를)", becomes the one that fits.
    pub fn new(en: impl Into<String>, ko: impl AsRef<str>) -> Said {
        Said::from_parts(en.into(), Some(particles::settled(ko.as_ref())))
    }

    /// As [`said!`](crate::said) makes it. Without values it is fixed, and nothing is allocated.
    #[inline(never)]
    pub fn of_arguments(en: fmt::Arguments<'_>, ko: fmt::Arguments<'_>) -> Said {
        match (en.as_str(), ko.as_str()) {
            (Some(en), Some(ko)) => Said::fixed(en, ko),
            _ => Said::new(en.to_string(), ko.to_string()),
        }
    }

    /// For tables; without values there is nothing that a particle could be waiting for.
    pub const fn fixed(en: &'static str, ko: &'static str) -> Said {
        Said(Text::Fixed(en, Some(ko)))
    }

    /// What is the same in both: a command, a name.
    pub const fn english(en: &'static str) -> Said {
        Said(Text::Fixed(en, None))
    }

    /// As it stands in a file, on a command line, or is said by the kernel and libraries: they speak no Korean.
    pub fn verbatim(text: impl Into<String>) -> Said {
        Said::from_parts(text.into(), None)
    }

    pub fn from_parts(en: String, ko: Option<String>) -> Said {
        Said(Text::Made(Box::new((en, ko))))
    }

    /// Each language by itself: `join` gets the language and makes the text of it. Korean, if one of the parts is.
    pub fn compose(parts: &[&Said], join: impl Fn(Lang) -> String) -> Said {
        let korean = parts.iter().any(|part| part.korean().is_some());
        Said::from_parts(join(Lang::En), korean.then(|| particles::settled(&join(Lang::Ko))))
    }

    /// As in a list.
    pub fn joined(parts: &[Said], between: &str) -> Said {
        let all: Vec<&Said> = parts.iter().collect();
        Said::compose(&all, |lang| parts.iter().map(|part| part.of(lang)).collect::<Vec<_>>().join(between))
    }

    /// In English where there is no Korean.
    pub fn of(&self, lang: Lang) -> &str {
        self.korean().filter(|_| lang == Lang::Ko).unwrap_or(self)
    }

    pub fn korean(&self) -> Option<&str> {
        match &self.0 {
            Text::Fixed(_, ko) => *ko,
            Text::Made(both) => both.1.as_deref(),
        }
    }
}

impl<'de> Deserialize<'de> for Said {
    fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Said, D::Error> {
        String::deserialize(from).map(Said::verbatim)
    }
}

impl Default for Said {
    fn default() -> Said {
        Said::english("")
    }
}

impl PartialEq for Said {
    fn eq(&self, other: &Said) -> bool {
        **self == **other && self.korean() == other.korean()
    }
}

impl Eq for Said {}

impl fmt::Debug for Said {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Said").field(&&**self).field(&self.korean()).finish()
    }
}

impl Deref for Said {
    type Target = str;

    fn deref(&self) -> &str {
        match &self.0 {
            Text::Fixed(en, _) => en,
            Text::Made(both) => &both.0,
        }
    }
}

/// In tests alone: without a language it would be English, in the midst of a Korean line too. What is English always is `&*said`.
#[cfg(any(test, feature = "for-tests"))]
impl fmt::Display for Said {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self)
    }
}

/// In tests alone: what is said to people is said in both languages, and that it is, the compiler sees.
#[cfg(any(test, feature = "for-tests"))]
impl From<&str> for Said {
    fn from(en: &str) -> Said {
        Said::verbatim(en)
    }
}

#[cfg(any(test, feature = "for-tests"))]
impl From<String> for Said {
    fn from(en: String) -> Said {
        Said::verbatim(en)
    }
}

impl From<&Said> for Said {
    fn from(said: &Said) -> Said {
        said.clone()
    }
}

impl From<Said> for String {
    fn from(said: Said) -> String {
        (*said).to_owned()
    }
}

impl PartialEq<str> for Said {
    fn eq(&self, other: &str) -> bool {
        **self == *other
    }
}

impl PartialEq<&str> for Said {
    fn eq(&self, other: &&str) -> bool {
        **self == **other
    }
}

/// What the kernel and libraries say, they say in English.
macro_rules! said_in_english {
    ($($other:ty),*) => { $(impl From<$other> for Said {
        fn from(cause: $other) -> Said {
            Said::verbatim(cause.to_string())
        }
    })* };
}

said_in_english!(
    std::io::Error,
    &std::io::Error,
    nix::errno::Errno,
    serde_json::Error,
    clap::Error,
    kvm_ioctls::Error,
    vm_memory::mmap::MmapRegionError
);

/// `#[serde(with = "both")]`: English and Korean, between two processes of isolab.
pub mod both {
    use super::Said;
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    pub fn serialize<S: Serializer>(said: &Said, to: S) -> Result<S::Ok, S::Error> {
        (&**said, said.korean()).serialize(to)
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Said, D::Error> {
        let (en, ko) = <(String, Option<String>)>::deserialize(from)?;
        Ok(Said::from_parts(en, ko))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_language_has_the_values_and_its_own_grammar() {
        let path = "/dev/kvm";
        let said = said!("there is no {path}", "{path}이(가) 없습니다");
        assert_eq!((said.of(Lang::En), said.of(Lang::Ko)), ("there is no /dev/kvm", "/dev/kvm이 없습니다"));
        assert_eq!(said!("{n} left", "{n}개 남음", n = 3).of(Lang::Ko), "3개 남음");
        assert_eq!(Said::from("as it is").of(Lang::Ko), "as it is");
    }

    #[test]
    fn a_file_has_the_english_and_a_worker_gets_both() {
        #[derive(Debug, PartialEq, Serialize, Deserialize)]
        struct Line {
            file: Said,
            #[serde(with = "both")]
            wire: Said,
        }
        let line = Line { file: Said::fixed("a", "가"), wire: Said::fixed("b", "나") };
        let text = serde_json::to_string(&line).unwrap();
        assert_eq!(text, r#"{"file":"a","wire":["b","나"]}"#);
        let back: Line = serde_json::from_str(&text).unwrap();
        assert_eq!((back.file.of(Lang::Ko), back.wire.of(Lang::Ko)), ("a", "나"));
    }
}
