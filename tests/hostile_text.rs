//! A results file comes from anywhere. Whatever its names and sentences hold, no terminal, browser or editor obeys it.
use std::fs;

use crate::common::{World, code};
use serde_json::Value;

/// Each kind of what could be obeyed, or hide what stands there.
const HOSTILE: &[&str] = &[
    "\u{1b}]0;owned\u{7}\u{1b}[2J\u{1b}[1A",
    "\u{9b}31m\u{85}\r\u{8}\u{7f}",
    "\u{202e}gpj.exe\u{202c}\u{2066}x\u{2069}",
    "\u{61c}\u{200e}\u{200f}\u{2028}\u{2029}",
    "a\u{200b}b\u{200c}c\u{200d}d\u{2060}e\u{feff}f\u{ad}",
    "\u{e0001}\u{e0041}\u{fff9}\u{fffb}",
    "<script>alert(1)</script><img src=x onerror=alert(1)>",
    "`<script>alert(1)</script>",
    "</title></style></script><svg onload=alert(1)>",
    "x\" onmouseover=\"alert(1)",
    "[x](javascript:alert(1)) | a | b |\n# x",
    "=HYPERLINK(\"http://x\")",
];

fn is_unseen(c: char) -> bool {
    isolab::escape::is_unseen(c) && c != '\n' && c != '\t'
}

/// Styles of our own are no trick.
fn without_styles(text: &str) -> String {
    let mut parts = text.split("\u{1b}[");
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |all, part| {
        let end = part.find(|c: char| !c.is_ascii_digit() && c != ';').unwrap_or(0);
        if part[end..].starts_with('m') { all + &part[end + 1..] } else { all + "\u{1b}[" + part }
    })
}

#[track_caller]
fn is_plain(what: &str, text: &str) {
    let found: String = without_styles(text).chars().filter(|c| is_unseen(*c)).take(5).collect();
    assert!(found.is_empty(), "{what} holds {found:?}");
}

/// Every text of a run that people put there or that a program could have chosen.
fn poisoned(run: &mut Value, with: &str) {
    let add = |value: &mut Value| *value = format!("{}{with}", value.as_str().unwrap_or_default()).into();
    let header = &mut run["header"];
    for field in ["commit", "version", "started", "profile"] {
        add(&mut header[field]);
    }
    add(&mut header["host"]["kernel"]);
    add(&mut header["host"]["cpu_model"]);
    header["command"] = serde_json::json!(["isolab", "bench", with]);
    for arm in header["arms"].as_array_mut().unwrap() {
        add(&mut arm["name"]);
        add(&mut arm["t0"]);
        arm["limited"] = with.into();
        arm["limited_fix"] = with.into();
    }
    for metric in header["metrics"].as_array_mut().unwrap() {
        add(&mut metric["definition"]);
    }
    for cell in run["cells"].as_array_mut().unwrap() {
        if cell["status"] == "skipped" {
            add(&mut cell["reason"]);
            add(&mut cell["fix"]);
        }
    }
    for warning in run["warnings"].as_array_mut().unwrap() {
        add(&mut warning["text"]);
    }
    run["warnings"].as_array_mut().unwrap().push(serde_json::json!({ "code": with, "text": with, "unfit": true }));
}

fn nothing_of_a_results_file_is_obeyed_anywhere() {
    let world = World::new();
    world
        .bench(&["-e", "fake,fake:ready=2000,fake:fault=unavailable", "-x", "boot", "--blocks", "7"])
        .ends_with(code::OK);
    for hostile in HOSTILE {
        let mut run = world.saved();
        poisoned(&mut run, hostile);
        world.file("poisoned.json", run.to_string());
        for words in [
            &["report", "poisoned.json"][..],
            &["report", "poisoned.json", "--lang", "ko"],
            &["report", "poisoned.json", "--md"],
            &["report", "poisoned.json", "--json"],
            &["compare", "poisoned.json", "results/latest"],
            &["chart", "boot-stages", "poisoned.json", "--into", "charts"],
        ] {
            let answer = world.run(words);
            is_plain(&format!("{words:?} of {hostile:?}: stdout"), &answer.out);
            is_plain(&format!("{words:?} of {hostile:?}: stderr"), &answer.err);
            assert!(!answer.err.contains("panicked"), "{words:?}: {}", answer.err);
        }
        let mut made = 0;
        for folder in [world.join("."), world.join("charts")] {
            for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
                let (path, name) = (entry.path(), entry.file_name().to_string_lossy().into_owned());
                if !name.ends_with("html") && !name.ends_with("md") && !name.ends_with("svg") && !name.ends_with("csv")
                {
                    continue;
                }
                made += 1;
                let text = fs::read_to_string(&path).unwrap();
                is_plain(&format!("{name} of {hostile:?}"), &text);
                let lower = text.to_lowercase();
                if name.ends_with("html") || name.ends_with("svg") {
                    let scripts = lower.matches("<script").count();
                    assert_eq!(scripts, usize::from(name.ends_with("html")), "{name} of {hostile:?}");
                    assert!(!lower.contains("<img") && !lower.contains("<svg onload"), "{name} of {hostile:?}");
                    assert!(!lower.contains("\" onmouseover="), "{name} of {hostile:?}");
                }
            }
        }
        assert!(made >= 3, "report in two languages and a chart: {made} files");
    }
}

fn names_on_the_command_line_are_told_and_not_obeyed() {
    let world = World::new();
    for hostile in HOSTILE {
        for words in [
            vec!["bench", "-e", hostile],
            vec!["bench", "-x", hostile],
            vec!["report", hostile],
            vec!["chart", hostile],
            vec!["compare", hostile, hostile],
            vec!["recover", hostile],
            vec!["guide", "show", hostile],
            vec!["run", "--as", hostile],
            vec!["run", "--", hostile],
        ] {
            let answer = world.run(words.iter().copied());
            assert_ne!(answer.code, code::OK, "{words:?}");
            is_plain(&format!("{words:?}: stdout"), &answer.out);
            is_plain(&format!("{words:?}: stderr"), &answer.err);
        }
    }
}

crate::runner::tests!(nothing_of_a_results_file_is_obeyed_anywhere, names_on_the_command_line_are_told_and_not_obeyed);
