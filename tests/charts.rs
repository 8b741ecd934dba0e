//! `isolab chart`: from results files alone, in every form that it offers, and what it says when it cannot.
use std::fs;

use crate::common::{World, code};
use serde_json::Value;

/// One run of a scripted environment and its twin.
fn measured(blocks: &str) -> World {
    let world = World::new();
    world.bench(&["-e", "fake,fake", "-x", "boot", "--blocks", blocks]).ends_with(code::OK);
    world.file("a.json", fs::read(world.run_dir().join("run.json")).unwrap());
    fs::create_dir(world.join("to")).unwrap();
    world
}

fn drawn(world: &World) -> Vec<String> {
    let mut names = crate::common::world::entries(&world.join("to"));
    names.sort();
    names
}

fn svg(world: &World, name: &str) -> String {
    fs::read_to_string(world.join("to").join(name)).unwrap()
}

fn without_a_name_every_chart_that_has_data_is_drawn() {
    let world = measured("6");
    world.run(["chart", "a.json", "--into", "to", "--format", "svg"]).ends_with(code::OK).says("to/boot-stages.svg");
    let names = drawn(&world);
    for name in ["aa.svg", "boot-ecdf.svg", "boot-stages.svg", "run-order.svg"] {
        assert!(names.iter().any(|n| n == name), "{name} in {names:?}");
    }
    assert!(!names.iter().any(|n| n.starts_with("memory") || n.starts_with("cost")), "there is no data: {names:?}");
    world.run(["chart", "run-order", "a.json", "--dpi", "48"]).ends_with(code::OK).says("run-order.48dpi.png");
    assert!(world.join("a.run-order.svg").exists(), "beside the results file");
}

/// What never says that it is ready has its charts from create to its end; starts at once have theirs.
fn a_command_and_starts_at_once_have_charts() {
    let drawn_by = |args: &[&str]| {
        let world = World::new();
        let bench = ["bench", "-e", "process,process", "-x", "boot", "--blocks", "6"];
        crate::common::bench(|| world.isolab([&bench, args].concat())).ends_with(code::OK);
        let read = |name: &str| fs::read_to_string(world.run_dir().join(name)).unwrap_or_default();
        ["boot-stages.svg", "boot-ecdf.svg", "run-order.svg", "aa.svg", "boot-rate.svg"].map(read)
    };
    let [stages, ecdf, order, aa, rate] = drawn_by(&["--", "/bin/true"]);
    for chart in [&stages, &ecdf, &order, &aa] {
        assert!(chart.contains("n = 6") && !chart.contains("no sample reached"), "{chart}");
    }
    assert!(stages.contains("time from create to the end of the command") && rate.is_empty());
    let [stages, .., rate] = drawn_by(&["--concurrency", "1,2"]);
    assert!(rate.contains(">2 at once<") && rate.contains("starts per second (1/s)") && stages.is_empty());
    let [stages, ..] = drawn_by(&["--set", "cache=warm,cold"]);
    assert!(stages.contains("process, cache=cold"), "{stages}");
}

fn a_beginning_draws_all_that_begin_with_it() {
    let world = measured("6");
    world.run(["chart", "boot", "a.json", "--into", "to", "--format", "svg"]).ends_with(code::OK);
    assert_eq!(drawn(&world), ["boot-ecdf.svg", "boot-stages.svg"]);
}

fn looks_are_what_was_asked_for() {
    let world = measured("6");
    let draw = |more: &[&str]| {
        let args = [&["chart", "boot-stages", "a.json", "--into", "to", "--format", "svg"], more].concat();
        let answer = world.run(args);
        svg(&world, answer.ends_with(code::OK).out.trim().trim_start_matches("to/"))
    };
    let plain = draw(&[]);
    assert!(plain.contains("width=\"1000\"") && plain.contains(">Start time: how long until"));
    assert!(draw(&["--width", "640"]).contains("width=\"640\""));
    assert!(draw(&["--lang", "ko"]).contains(">시작 시간: 프로그램이"));
    assert!(!draw(&["--no-title"]).contains(">Start time: how long until the program runs?</text>"));
    let [light, dark, slide] = ["light", "dark", "slide"].map(|theme| draw(&["--theme", theme]));
    assert_eq!(light, plain);
    assert!(dark != light && slide != light && dark != slide);
    let names = [".dark", ".ko", ".no-title", ".slide", "", ".w640"].map(|look| format!("boot-stages{look}.svg"));
    assert_eq!(drawn(&world), names, "no look overwrites another");
    assert_eq!(svg(&world, "boot-stages.svg"), plain);
}

#[cfg(feature = "png")]
fn outlines_leave_no_text_and_dots_per_inch_are_in_the_file() {
    let world = measured("6");
    world.run(["chart", "boot-ecdf", "a.json", "--into", "to", "--outlines", "--dpi", "96"]).ends_with(code::OK);
    let shapes = svg(&world, "boot-ecdf.outlines.svg");
    assert!(!shapes.contains("<text") && shapes.contains("<title id=\"title\">Start time"), "no text but the title");
    let png = fs::read(world.join("to/boot-ecdf.96dpi.png")).unwrap();
    assert_eq!(png[16..20], 1000_u32.to_be_bytes(), "as many pixels as the SVG has units");
    assert_eq!(&png[37..41], b"pHYs");
}

fn json_lists_what_was_written_and_says_it_in_words() {
    let world = measured("6");
    let answer = world.run(["chart", "aa", "a.json", "a.json", "--into", "to", "--format", "svg", "--json"]);
    answer.ends_with(code::OK);
    let list: Value = serde_json::from_str(&answer.out).unwrap();
    assert_eq!((list[0]["chart"].as_str(), list[0]["file"].as_str()), (Some("aa"), Some("to/aa.svg")));
    assert!(list[0]["alt"].as_str().unwrap().contains("n = 6"), "{list}");
}

fn one_block_is_drawn_without_an_interval_and_says_so() {
    let world = measured("1");
    world.run(["chart", "a.json", "--into", "to", "--format", "svg"]).ends_with(code::OK);
    assert!(svg(&world, "boot-stages.svg").contains("too few blocks for an interval"));
    assert!(svg(&world, "aa.svg").contains("too few blocks for an interval"));
}

fn a_file_without_data_for_a_chart_is_told_how_to_get_some() {
    let world = measured("6");
    world.run(["chart", "cost", "a.json"]).refuses(code::USAGE, "draw cost", "a.json has no data", "bench -x syscall");
    let mut run: Value = serde_json::from_slice(&fs::read(world.join("a.json")).unwrap()).unwrap();
    for cell in run["cells"].as_array_mut().unwrap() {
        cell["status"] = "skipped".into();
        cell["reason"] = "there is no /dev/kvm here".into();
        cell["fix"] = "isolab doctor".into();
    }
    world.file("skipped.json", run.to_string());
    let answer = world.run(["chart", "skipped.json"]);
    answer.refuses(code::NOTHING_RAN, "draw charts of skipped.json", "there is no /dev/kvm here", "isolab doctor");
    assert!(!world.join("boot-stages.svg").exists(), "nothing but holes is not drawn");
}

fn of_several_files_a_chart_draws_several_or_says_that_it_cannot() {
    let world = World::new();
    for (file, seed) in [("a.json", "1"), ("b.json", "2")] {
        world
            .bench(&["-e", "fake,fake", "-x", "boot", "--blocks", "6", "-o", file, "--seed", seed])
            .ends_with(code::OK);
    }
    let answer = world.run(["chart", "a.json", "b.json", "--into", "both", "--format", "svg"]);
    answer.ends_with(code::OK);
    for chart in ["boot-stages", "boot-ecdf", "run-order"] {
        assert!(answer.err.contains(&format!("{chart} draws one run: a.json, and not b.json")), "{answer}");
    }
    assert!(!answer.err.contains("aa draws one run"), "it draws both: {answer}");
    assert!(!world.run(["chart", "a.json", "--into", "one"]).err.contains("draws one run"));
}

fn what_cannot_be_is_refused_before_anything_is_written() {
    let world = measured("6");
    for (typed, doing, cause, advice) in [
        ("--theme drak", "drak", "none of that name", "did you mean dark?"),
        ("--format gif", "gif", "none of that name", "formats: svg"),
        ("--format svg,", "format \"\"", "none of that name", "formats: svg"),
        ("--width 100", "100 pixels", "480 to 2400", "--width 480"),
        ("--width -5", "-5 pixels", "480 to 2400", "--width 480"),
        ("--dpi 100000", "100000 dots", "48 to 600", "--dpi 600"),
        ("--lang fr", "fr", "English and Korean", "--lang"),
    ] {
        let answer = world.run(["chart", "a.json", "--into", "to"].into_iter().chain(typed.split(' ')));
        answer.refuses(code::USAGE, doing, cause, advice);
    }
    world.run(["chart", "a.json", "b.json", "--into", "to"]).refuses(
        code::USAGE,
        "b.json",
        "No such file",
        "isolab bench",
    );
    world.run(["chart", "a.json", "--into", "a.json/x"]).refuses(
        code::FAILED,
        "folder a.json/x",
        "Not a",
        "--into DIR",
    );
    assert!(drawn(&world).is_empty());
    world.run(["chart", "aa", "a.json", "--into", "new/folder"]).ends_with(code::OK).says("new/folder/aa.svg");
}

crate::runner::tests!(
    without_a_name_every_chart_that_has_data_is_drawn,
    a_command_and_starts_at_once_have_charts,
    a_beginning_draws_all_that_begin_with_it,
    looks_are_what_was_asked_for,
    outlines_leave_no_text_and_dots_per_inch_are_in_the_file,
    json_lists_what_was_written_and_says_it_in_words,
    one_block_is_drawn_without_an_interval_and_says_so,
    a_file_without_data_for_a_chart_is_told_how_to_get_some,
    of_several_files_a_chart_draws_several_or_says_that_it_cannot,
    what_cannot_be_is_refused_before_anything_is_written
);
