//! Where the files of the guide stand: in `lab-guides/` of the current folder or one above it, where a reader may have
//! changed them, else the copies inside this binary. File by file, so that a folder with only work in it hides no page.

use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use super::chapters::{self, Data};
use super::pages::{self, Page};
use crate::error::{Error, Result};
use crate::lang::Lang;
use crate::planned;
use crate::results::hash::sha256;
use crate::results::read::text_if_there;
use crate::said;

// `EMBEDDED`: every file below lab-guides/ but README.md, solutions/ and work/, by its path there, compressed (RFC 1950).
// Made by build.rs.
include!(concat!(env!("OUT_DIR"), "/guide_files.rs"));

pub const FOLDER: &str = "lab-guides";

pub struct Content {
    folder: Option<PathBuf>,
}

/// A page as it is shown.
#[derive(Debug)]
pub struct Shown {
    pub page: Page,
    /// The language that was found; the one that was asked for may have no page.
    pub lang: Lang,
    /// A translation of an older English page.
    pub stale: bool,
}

impl Content {
    /// The shelf that a reader in this folder sees.
    pub fn near(dir: &Path) -> Content {
        Content { folder: dir.ancestors().map(|d| d.join(FOLDER)).find(|d| d.is_dir()) }
    }

    /// Only what is in the binary.
    pub fn embedded() -> Content {
        Content { folder: None }
    }

    /// The folder in use, when there is one.
    pub fn folder(&self) -> Option<&Path> {
        self.folder.as_deref()
    }

    /// A file's text, by its path below `lab-guides/`.
    pub fn text(&self, path: &str) -> Option<String> {
        let own = self.folder.as_ref().and_then(|dir| text_if_there(&dir.join(path)).ok().flatten());
        own.or_else(|| shipped(path).map(str::to_owned))
    }

    /// The chapters that there are, by number.
    pub fn chapters(&self) -> Vec<(u32, String)> {
        let own = self.folder.iter().flat_map(|dir| std::fs::read_dir(dir).into_iter().flatten().flatten());
        let own = own.filter_map(|entry| entry.file_name().into_string().ok());
        let mut found: Vec<(u32, String)> =
            EMBEDDED.iter().map(|(path, _)| (*path).to_owned()).chain(own).filter_map(|name| topic(&name)).collect();
        found.sort();
        found.dedup();
        found
    }

    /// "02-start-time" of chapter 2.
    pub fn topic(&self, chapter: u32) -> Result<String> {
        let there_are = self.chapters();
        if let Some((_, topic)) = there_are.iter().find(|(number, _)| *number == chapter) {
            return Ok(topic.clone());
        }
        let why = if planned::CHAPTERS.contains(&chapter) {
            planned::NOT_HERE
        } else {
            said!("there is none of that number", "그런 번호의 장이 없음")
        };
        let numbers: Vec<String> = there_are.iter().map(|(number, _)| number.to_string()).collect();
        Err(Error::usage(said!("open chapter {chapter}", "{chapter}장을 열 수 없습니다"), why).try_this(said!(
            "chapters: {numbers}",
            "장: {numbers}",
            numbers = numbers.join(" ")
        )))
    }

    /// The page in this language, else in English.
    pub fn page(&self, chapter: u32, lang: Lang) -> Result<Shown> {
        let topic = self.topic(chapter)?;
        let english = format!("{topic}.md");
        let source = self.text(&english).unwrap_or_default();
        if lang == Lang::Ko {
            let name = format!("ko/{english}");
            if let Some(text) = self.text(&name) {
                let page = pages::parse(&text, &name, Lang::Ko)?;
                let stale = page.follows.as_deref().is_some_and(|hash| hash != sha256(&[source.as_bytes()]));
                return Ok(Shown { page, lang, stale });
            }
        }
        Ok(Shown { page: pages::parse(&source, &english, Lang::En)?, lang: Lang::En, stale: false })
    }

    /// Questions and checks of a chapter.
    pub fn data(&self, chapter: u32) -> Result<Data> {
        let name = format!("{}.toml", self.topic(chapter)?);
        let text = self.text(&name).ok_or_else(|| {
            Error::usage(
                said!("open chapter {chapter}", "{chapter}장을 열 수 없습니다"),
                said!("it has no {name}", "{name}이(가) 없음"),
            )
        })?;
        chapters::parse(&text, &name)
    }
}

/// A file as it was shipped, whatever a folder has in its place. What a reader finds in `work/chNN/` was shipped as
/// `shipped/chNN/`, which no edit of the reader's reaches.
pub fn shipped(path: &str) -> Option<&'static str> {
    unpacked().iter().find(|(p, _)| *p == path).map(|(_, text)| text.as_str())
}

/// All of them, unpacked when the first is asked for.
fn unpacked() -> &'static [(&'static str, String)] {
    static FILES: LazyLock<Vec<(&str, String)>> = LazyLock::new(|| {
        let text = |packed: &[u8]| {
            let bytes = miniz_oxide::inflate::decompress_to_vec_zlib(packed).expect("build.rs has packed it");
            String::from_utf8(bytes).expect("a page is text")
        };
        EMBEDDED.iter().map(|(path, packed)| (*path, text(packed))).collect()
    });
    &FILES
}

/// Number and name of an English page's file.
fn topic(name: &str) -> Option<(u32, String)> {
    let stem = name.strip_suffix(".md")?;
    let (number, _) = stem.split_once('-')?;
    (number.len() == 2 && !name.contains('/')).then_some(())?;
    Some((number.parse().ok()?, stem.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::guide::chapters::tests::EXAMPLE;
    use crate::guide::pages::tests::example;

    fn folder(files: &[(&str, String)]) -> tempfile::TempDir {
        let dir = tempfile::tempdir().unwrap();
        for (path, text) in files {
            let path = dir.path().join(FOLDER).join(path);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, text).unwrap();
        }
        dir
    }

    #[test]
    fn the_binary_holds_the_folder() {
        let mut on_disk = Vec::new();
        let guide = crate::testing::repository().join(FOLDER);
        let mut todo = vec![guide.clone()];
        while let Some(dir) = todo.pop() {
            for entry in std::fs::read_dir(&dir).unwrap().flatten() {
                let path = entry.path();
                let name = path.strip_prefix(&guide).unwrap().display().to_string();
                match (path.is_dir(), name.as_str()) {
                    (_, "README.md" | "solutions" | "work") => {}
                    (true, _) => todo.push(path),
                    (false, _) => on_disk.push((name, std::fs::read_to_string(&path).unwrap())),
                }
            }
        }
        on_disk.sort();
        let mut embedded: Vec<_> = unpacked().iter().map(|(p, t)| ((*p).to_owned(), t.clone())).collect();
        embedded.sort();
        assert_eq!(embedded, on_disk);
    }

    #[test]
    fn a_folder_above_is_found_and_hides_nothing_that_it_lacks() {
        let dir = folder(&[("97-here.md", example(Lang::En)), ("97-here.toml", EXAMPLE.to_owned())]);
        let below = dir.path().join("a/b");
        std::fs::create_dir_all(&below).unwrap();
        let content = Content::near(&below);
        assert!(content.chapters().contains(&(97, "97-here".to_owned())));
        assert_eq!(content.chapters().len(), Content::embedded().chapters().len() + 1);
        assert_eq!(content.data(97).unwrap().checks.len(), 2);
    }

    #[test]
    fn an_unknown_chapter_is_answered_with_those_that_there_are() {
        let dir = folder(&[("97-here.md", example(Lang::En))]);
        let content = Content::near(dir.path());
        let error = content.page(98, Lang::En).unwrap_err().to_string();
        assert!(error.contains("none of that number") && error.contains("97"), "{error}");
        let error = content.page(14, Lang::En).unwrap_err().to_string();
        assert!(error.contains("planned, but not in this version"), "{error}");
    }

    #[test]
    fn a_korean_page_is_preferred_and_tells_when_it_is_stale() {
        let english = example(Lang::En);
        let korean = example(Lang::Ko);
        let follows = |hash: &str| korean.replacen("---\n", &format!("---\nfollows: {hash}\n"), 1);
        let dir = folder(&[
            ("97-fresh.md", english.clone()),
            ("ko/97-fresh.md", follows(&sha256(&[english.as_bytes()]))),
            ("98-stale.md", english.clone()),
            ("ko/98-stale.md", follows("00")),
            ("99-none.md", english),
        ]);
        let content = Content::near(dir.path());
        let shown = |n| content.page(n, Lang::Ko).map(|s| (s.lang, s.stale)).unwrap();
        assert_eq!([shown(97), shown(98), shown(99)], [(Lang::Ko, false), (Lang::Ko, true), (Lang::En, false)]);
    }
}
