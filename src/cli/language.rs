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
    CHOSEN.get().copied().unwrap_or_else(|| Lang::of(|name| std::env::var(name).ok()))
}
