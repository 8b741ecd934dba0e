//! Every path that a file of the house uses, read from its `use` trees and from its text: `use crate::{a, b::{c, d}};`,
//! `super::super::x`, `crate::y::z()`. Enough of Rust's grammar for a formatted tree; no more.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// Absolute paths ("crate::vm::bus::Bus") that the code of this module uses.
pub(crate) fn used(code: &str, module: &[String]) -> Vec<Vec<String>> {
    let trees = statements(code).into_iter().flat_map(|tree| expand(&tree));
    let inline = inline(code);
    trees.chain(inline).filter_map(|path| absolute(&path, module)).filter(|path| !path.is_empty()).collect()
}

/// "src/vm/bus.rs" is vm::bus; "src/vm/mod.rs" is vm.
pub(crate) fn module_of(path: &Path) -> Vec<String> {
    let below = path.strip_prefix("src").unwrap().with_extension("");
    let mut parts: Vec<String> = below.iter().map(|part| part.to_str().unwrap().to_owned()).collect();
    if parts.last().is_some_and(|last| last == "mod") {
        parts.pop();
    }
    parts
}

/// The files of the house by module.
pub(crate) fn files(sources: &[(PathBuf, String)]) -> BTreeMap<Vec<String>, PathBuf> {
    sources.iter().map(|(path, _)| (module_of(path), path.clone())).collect()
}

/// The file that a path leads into: that of its longest part that is a module.
pub(crate) fn file_of<'a>(path: &[String], files: &'a BTreeMap<Vec<String>, PathBuf>) -> Option<&'a PathBuf> {
    (1..=path.len()).rev().find_map(|length| files.get(&path[..length]))
}

/// What stands between `use` and `;`.
fn statements(code: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut open: Option<String> = None;
    for line in code.lines() {
        let line = line.trim();
        let start = line.strip_prefix("use ").or_else(|| {
            line.strip_prefix("pub")
                .and_then(|rest| rest.split_once("use "))
                .filter(|(v, _)| v.len() < 16)
                .map(|(_, t)| t)
        });
        match (&mut open, start) {
            (None, Some(tree)) => open = Some(tree.to_owned()),
            (Some(tree), _) => tree.push_str(line),
            (None, None) => {}
        }
        if let Some(tree) = open.take() {
            match tree.split_once(';') {
                Some((whole, _)) => found.push(whole.to_owned()),
                None => open = Some(tree),
            }
        }
    }
    found
}

/// "a::{b, c::{d, self}}" to a::b, a::c::d, a::c.
fn expand(tree: &str) -> Vec<Vec<String>> {
    let tree = tree.trim();
    let Some(open) = tree.find('{') else {
        let path = tree.split(" as ").next().unwrap_or_default();
        return vec![path.split("::").map(|part| part.trim().to_owned()).filter(|part| part != "self").collect()];
    };
    let head: Vec<String> = tree[..open].split("::").map(|p| p.trim().to_owned()).filter(|p| !p.is_empty()).collect();
    let inside = tree[open + 1..].trim_end().trim_end_matches('}');
    let inside = if tree[open + 1..].matches('{').count() == inside.matches('}').count() {
        inside.to_owned()
    } else {
        tree[open + 1..tree.rfind('}').unwrap_or(tree.len())].to_owned()
    };
    branches(&inside).iter().flat_map(|b| expand(b)).map(|rest| [head.clone(), rest].concat()).collect()
}

/// At the commas that are in no braces.
fn branches(inside: &str) -> Vec<String> {
    let (mut found, mut depth) = (vec![String::new()], 0);
    for c in inside.chars() {
        match c {
            '{' => depth += 1,
            '}' => depth -= 1,
            ',' if depth == 0 => {
                found.push(String::new());
                continue;
            }
            _ => {}
        }
        found.last_mut().unwrap().push(c);
    }
    found.retain(|branch| !branch.trim().is_empty());
    found
}

/// `crate::…` and `super::…` in the middle of code.
fn inline(code: &str) -> Vec<Vec<String>> {
    let word = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == ':';
    let whole = |w: &&str| (w.starts_with("crate::") || w.starts_with("super::")) && !w.ends_with("::"); // else a tree follows
    let words = code.split(|c: char| !word(c)).filter(whole);
    words.map(|w| w.split("::").filter(|p| !p.is_empty()).map(str::to_owned).collect()).collect()
}

/// None: it is another crate's.
fn absolute(path: &[String], module: &[String]) -> Option<Vec<String>> {
    let ups = path.iter().take_while(|part| *part == "super").count();
    match path.first()?.as_str() {
        "crate" => Some(path[1..].to_vec()),
        "super" => Some([&module[..module.len().checked_sub(ups)?], &path[ups..]].concat()),
        "self" => Some([module, &path[1..]].concat()),
        _ => None,
    }
}

/// Groups of files that use each other in a circle. A folder's own `mod.rs` and what is below it are one thing: it lists them.
pub(crate) fn circles(edges: &BTreeMap<PathBuf, Vec<PathBuf>>) -> Vec<Vec<PathBuf>> {
    let reach = |from: &PathBuf| {
        let (mut todo, mut seen) = (edges[from].clone(), Vec::new());
        while let Some(file) = todo.pop() {
            if !seen.contains(&file) {
                todo.extend(edges.get(&file).into_iter().flatten().cloned());
                seen.push(file);
            }
        }
        seen
    };
    let reached: BTreeMap<&PathBuf, Vec<PathBuf>> = edges.keys().map(|file| (file, reach(file))).collect();
    let mut found: Vec<Vec<PathBuf>> = Vec::new();
    for (file, there) in &reached {
        if !there.contains(file) || found.iter().any(|circle| circle.contains(file)) {
            continue;
        }
        found.push(
            there.iter().filter(|other| reached.get(other).is_some_and(|back| back.contains(file))).cloned().collect(),
        );
    }
    found.iter_mut().for_each(|circle| circle.sort());
    found
}

fn use_trees_are_read_whole() {
    let here: Vec<String> = ["vm", "bus"].map(str::to_owned).to_vec();
    let read = |code: &str| {
        let mut found: Vec<String> = used(code, &here).iter().map(|path| path.join("::")).collect();
        found.sort();
        found.dedup();
        found
    };
    assert_eq!(read("use crate::{vm, lab};\n"), ["lab", "vm"]);
    assert_eq!(read("use super::super::charts;\n"), ["charts"]);
    assert_eq!(read("use super::{self, dump::Dump};\n"), ["vm", "vm::dump::Dump"]);
    assert_eq!(
        read("pub(crate) use crate::results::{\n    schema::{Run, Cell},\n    store,\n};\n"),
        ["results::schema::Cell", "results::schema::Run", "results::store"]
    );
    assert_eq!(read("let x = crate::sys::clock::now(super::limit());\n"), ["sys::clock::now", "vm::limit"]);
    assert_eq!(read("use std::fs;\nuse nix::sys;\n"), Vec::<String>::new());
}

fn a_circle_is_found_and_a_line_is_none() {
    let file = |name: &str| PathBuf::from(name);
    let edges = |list: &[(&str, &[&str])]| {
        list.iter().map(|(from, to)| (file(from), to.iter().map(|t| file(t)).collect())).collect::<BTreeMap<_, _>>()
    };
    assert_eq!(circles(&edges(&[("a", &["b"]), ("b", &["c"]), ("c", &[])])), Vec::<Vec<PathBuf>>::new());
    let found = circles(&edges(&[("a", &["b"]), ("b", &["c"]), ("c", &["b"]), ("d", &["a"])]));
    assert_eq!(found, [[file("b"), file("c")]]);
}

crate::runner::tests!(use_trees_are_read_whole, a_circle_is_found_and_a_line_is_none);
