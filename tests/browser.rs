//! The report in a real browser: headless Chromium, where there is one. No console error, nothing wider than the screen,
//! tables that sort, dark colours that can be read, nothing loaded from anywhere.
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;

use crate::common::{World, code, root, skip};
use base64::prelude::{BASE64_STANDARD, Engine};
use serde_json::Value;

const NAMES: &[&str] = &["chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome"];
/// What the page is asked, from inside.
const QUESTIONS: &str = include_str!("browser.js");

/// The first browser of those names in PATH.
fn chromium() -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    let folders: Vec<PathBuf> = std::env::split_paths(&path).collect();
    NAMES.iter().flat_map(|name| folders.iter().map(move |dir| dir.join(name))).find(|file| file.is_file())
}

/// A run with measured and skipped arms, and its report in this language; None: no browser to show it to.
fn reported(test: &str, lang: &str) -> Option<(World, PathBuf)> {
    static RUN: OnceLock<Vec<u8>> = OnceLock::new();
    if chromium().is_none() {
        skip(test, "there is no Chromium here: apt-get install chromium");
        return None;
    }
    let run = RUN.get_or_init(|| {
        let world = World::new();
        let arms = "process,fake,fake:ready=2000,fake:spread=30,fake:fault=unavailable";
        world.bench(&["-e", arms, "-x", "inventory,boot", "--blocks", "7"]).ends_with(code::OK);
        fs::read(world.run_dir().join("run.json")).unwrap()
    });
    let world = World::new();
    world.file("run.json", run);
    world.run(["report", "run.json", "--lang", lang]).ends_with(code::OK);
    let report = world.join(if lang == "ko" { "report.ko.html" } else { "report.html" });
    Some((world, report))
}

/// What the page answers on a screen of this width, and what the browser wrote on its console. No window of Chromium is
/// as narrow as a phone, so the page stands in a frame.
fn ask(world: &World, report: &Path, width: u32, dark: bool) -> (Value, String) {
    let page = fs::read_to_string(report).unwrap();
    // The page runs scripts that it knows by their hash: ours is let in beside its own.
    let hash = BASE64_STANDARD.encode(isolab::results::hash::sha256_bytes(QUESTIONS.as_bytes()));
    assert_eq!(page.matches("script-src 'sha256-").count(), 1, "its policy knows one script");
    let page = page.replace("script-src '", &format!("script-src 'sha256-{hash}' '"));
    world.file("asked.html", page.replace("</body>", &format!("<script>{QUESTIONS}</script></body>")));
    let frame = format!(
        r#"<!doctype html><meta name="color-scheme" content="light dark"><link rel="icon" href="data:,"><body>
        <script>onmessage = (e) => document.body.append(Object.assign(document.createElement("pre"), {{ id: "answers", textContent: e.data }}))</script>
        <iframe src="asked.html" style="width: {width}px; height: 900px; border: 0"></iframe></body>"#
    );
    let file = world.file("frame.html", frame);
    let mut browser = Command::new(chromium().unwrap());
    browser.args(["--headless", "--disable-gpu", "--hide-scrollbars", "--enable-logging=stderr", "--dump-dom"]);
    browser
        .arg(format!("--window-size={width},900"))
        .arg(format!("--user-data-dir={}", world.join("browser").display()));
    browser.arg(format!("--blink-settings=preferredColorScheme={}", i32::from(!dark)));
    if root() {
        browser.arg("--no-sandbox"); // Chromium refuses to run as root with it
    }
    world.settle_in(&mut browser);
    let output = browser.arg(format!("file://{file}")).stdin(Stdio::null()).output().unwrap();
    let dom = String::from_utf8_lossy(&output.stdout).into_owned();
    let console = String::from_utf8_lossy(&output.stderr).into_owned();
    let answer = dom.split("<pre id=\"answers\">").nth(1).and_then(|rest| rest.split("</pre>").next());
    let answer = answer.unwrap_or_else(|| panic!("the page did not answer\n{console}\n{dom}"));
    let answer = answer.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&");
    // The browser's own pages (chrome://…) write to it too, on a slow machine: that is not about ours.
    let of_page = |line: &&str| line.contains("CONSOLE") && !line.contains(", source: chrome://");
    (serde_json::from_str(&answer).unwrap(), console.lines().filter(of_page).collect())
}

#[track_caller]
fn is_empty(answers: &Value, what: &str) {
    assert_eq!(answers[what], serde_json::json!([]), "{what}");
}

fn nothing_is_wider_than_the_screen_and_the_console_is_quiet() {
    for lang in ["en", "ko"] {
        let Some((world, report)) = reported("nothing_is_wider_than_the_screen_and_the_console_is_quiet", lang) else {
            return;
        };
        for width in [360, 1280] {
            let (answers, console) = ask(&world, &report, width, false);
            assert_eq!(answers["width"], width, "the window is as wide as was asked for");
            assert_eq!(answers["page"], width, "{lang}: the page is wider than the window");
            is_empty(&answers, "sticking_out");
            assert_eq!(console, "", "{lang} {width}");
            is_empty(&answers, "loaded");
            assert_eq!(answers["lang"], lang);
        }
    }
}

fn tables_sort_by_their_numbers() {
    let Some((world, report)) = reported("tables_sort_by_their_numbers", "en") else { return };
    let (answers, _) = ask(&world, &report, 1280, false);
    let sorted = &answers["sorted"];
    let numbers = |key: &str| -> Vec<f64> { serde_json::from_value(sorted[key].clone()).unwrap() };
    let (before, up, down) = (numbers("before"), numbers("up"), numbers("down"));
    assert!(up.len() >= 4 && up.is_sorted() && before != up, "{before:?} {up:?}");
    assert_eq!(down, up.iter().rev().copied().collect::<Vec<_>>());
    assert_eq!(sorted["states"], serde_json::json!(["ascending", "descending"]), "told to a screen reader");
}

fn everything_can_be_read_and_found_in_light_and_dark() {
    let Some((world, report)) = reported("everything_can_be_read_and_found_in_light_and_dark", "ko") else { return };
    for dark in [false, true] {
        let (answers, _) = ask(&world, &report, 1280, dark);
        assert_eq!(answers["dark"], dark);
        let background = answers["background"].as_str().unwrap();
        assert_eq!(background == "rgb(255, 255, 255)", !dark, "{background}");
        is_empty(&answers, "faint");
        is_empty(&answers, "ids_that_stand_twice");
        is_empty(&answers, "names_that_lead_nowhere");
        is_empty(&answers, "headings_that_jump");
        is_empty(&answers, "pictures_without_words");
        is_empty(&answers, "heads_without_scope");
    }
}

crate::runner::tests!(
    nothing_is_wider_than_the_screen_and_the_console_is_quiet,
    tables_sort_by_their_numbers,
    everything_can_be_read_and_found_in_light_and_dark
);
