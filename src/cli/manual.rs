//! `isolab completions SHELL` and `isolab man [DIR]`: made from the definition of the command line itself.

use std::path::Path;

use clap::{Command, CommandFactory};
use clap_mangen::Man;

use super::args::{Args, Completions, Manual};
use super::exit;
use super::out::Out;
use crate::error::{Context, Error, Result};
use crate::results::store::write_out;
use crate::results::sudo_user;
use crate::said;

pub(super) fn completions(args: Completions, out: &mut Out) -> Result<u8> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Args::command(), "isolab", &mut script);
    out.text(String::from_utf8_lossy(&script))?;
    Ok(exit::OK)
}

/// Without a folder the page of isolab itself, for `| man -l -`.
pub(super) fn man(args: Manual, out: &mut Out) -> Result<u8> {
    let pages = pages()?;
    let Some(dir) = args.dir else {
        let (_, first) = pages.first().expect("isolab itself has a page");
        out.text(first)?;
        return Ok(exit::OK);
    };
    make_folder(&dir)?;
    for (name, page) in &pages {
        let path = dir.join(name);
        write_out(&path, page.as_bytes())?;
        out.line(path.display())?;
    }
    Ok(exit::OK)
}

fn make_folder(dir: &Path) -> Result<()> {
    sudo_user::make_folder(dir).map_err(|e| {
        let usage = Error::usage(e.doing, e.cause);
        usage.try_this(said!(
            "name a folder that you may write to: isolab man ~/.local/share/man/man1",
            "쓸 수 있는 폴더를 적으십시오: isolab man ~/.local/share/man/man1"
        ))
    })
}

/// "isolab.1", "isolab-bench.1" …, with what stands in them.
fn pages() -> Result<Vec<(String, String)>> {
    let mut all = Vec::new();
    let mut isolab = Args::command();
    isolab.build(); // gives every subcommand its whole name
    add(&isolab, &mut all)?;
    Ok(all)
}

fn add(command: &Command, all: &mut Vec<(String, String)>) -> Result<()> {
    let name = command.get_display_name().unwrap_or_else(|| command.get_name()).to_owned();
    let mut page = Vec::new();
    Man::new(command.clone())
        .source(concat!("isolab ", env!("CARGO_PKG_VERSION")))
        .render(&mut page)
        .doing(|| said!("write the page of {name}", "{name}의 매뉴얼 쪽을 쓸 수 없습니다"))?;
    all.push((format!("{name}.1"), String::from_utf8_lossy(&page).into_owned()));
    command.get_subcommands().try_for_each(|sub| add(sub, all))
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::ValueEnum;
    use clap_complete::Shell;

    fn subcommands() -> Vec<String> {
        Args::command().get_subcommands().map(|s| s.get_name().to_owned()).collect()
    }

    #[test]
    fn every_shell_completes_every_subcommand() {
        assert!(subcommands().len() >= 12);
        for shell in Shell::value_variants() {
            let mut script = Vec::new();
            clap_complete::generate(*shell, &mut Args::command(), "isolab", &mut script);
            let script = String::from_utf8(script).unwrap();
            for name in subcommands() {
                assert!(script.contains(&name), "{shell}: {name}");
            }
            assert!(script.contains("thorough"), "{shell}: options too");
        }
    }

    #[test]
    fn every_subcommand_has_a_page_that_is_named_on_the_first() {
        let pages = pages().unwrap();
        let (_, first) = &pages[0];
        for name in subcommands() {
            let (_, page) = pages.iter().find(|(file, _)| *file == format!("isolab-{name}.1")).unwrap();
            assert!(page.contains(".TH") && page.contains(".SH SYNOPSIS") && page.len() > 300, "{name}: {page}");
            assert!(first.contains(&format!("isolab\\-{name}")), "{name}: {first}");
        }
    }
}
