//! The language of this run: `--lang`, else what the environment says.

use std::sync::OnceLock;

use crate::error::{Error, Result};
use crate::lang::Lang;
use crate::said;

static CHOSEN: OnceLock<Lang> = OnceLock::new();

/// "en" or "ko".
pub(super) fn parse(text: &str) -> Result<Lang> {
    [Lang::En, Lang::Ko].into_iter().find(|lang| lang.code() == text).ok_or_else(|| {
        let doing = said!("use the language {text:?}", "언어 {text:?}은(는) 쓸 수 없습니다");
        let cause = said!("isolab has English and Korean", "isolab에는 영어와 한국어가 있음");
        Error::usage(doing, cause).try_this(said!("--lang en or --lang ko", "--lang en 또는 --lang ko"))
    })
}

/// What `--lang` said, before the subcommand or behind it.
pub(super) fn choose(lang: Option<Lang>) {
    if let Some(lang) = lang {
        let _ = CHOSEN.set(lang); // it is parsed once
    }
}

/// Errors of parsing, and panics, are told before anything was chosen.
pub(super) fn here() -> Lang {
    let typed = || typed(std::env::args_os().skip(1).map(|arg| arg.to_string_lossy().into_owned()));
    CHOSEN.get().copied().or_else(typed).unwrap_or_else(|| Lang::of(|name| std::env::var(name).ok()))
}

/// `--lang` in a command line that is not understood. Behind `--` stands somebody else's.
fn typed(args: impl Iterator<Item = String>) -> Option<Lang> {
    let mut args = args.take_while(|arg| arg != "--");
    while let Some(arg) = args.next() {
        let text = if arg == "--lang" { args.next() } else { arg.strip_prefix("--lang=").map(str::to_owned) };
        if let Some(lang) = text.and_then(|text| parse(&text).ok()) {
            return Some(lang);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_language_is_found_in_a_line_that_is_not_understood() {
        let of = |line: &str| typed(line.split(' ').map(str::to_owned));
        assert_eq!(of("bench --lang ko --blcks"), Some(Lang::Ko));
        assert_eq!(of("--lang=ko bnch"), Some(Lang::Ko));
        assert_eq!([of("bench --blcks"), of("run -- x --lang ko"), of("bench --lang"), of("--lang fr")], [None; 4]);
    }
}
