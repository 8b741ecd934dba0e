//! The fourteen mistakes that were seen in real coursework, one test each: with this report they cannot be made.

use super::page::{Block, Entry, Section, Table};
use super::{Page, page};
use crate::lang::Lang;
use crate::results::example::{ExampleArm, noise, run};
use crate::results::schema::Run;
use crate::results::verify::{recomputed, verify};

const ARMS: &[ExampleArm] = &[
    ("process", "process", None),
    ("process#2", "process, once more", None),
    ("container", "our container, no image, no engine", None),
    ("container:-seccomp", "our container, no image, no engine (-seccomp)", None),
    ("vm-bare", "bare VM, no operating system", Some("software, nested")),
];
const METRICS: &[(&str, &str, &str, &str)] = &[
    ("boot", "create_to_ready", "ns", "lower"),
    ("boot", "command_to_ready", "ns", "lower"),
    ("boot", "starts_per_second", "1/s", "higher"),
    ("syscall", "getppid", "ns", "lower"),
];

/// Container seven times, bare VM five times as slow as a process; without its filter the container is a tenth faster.
#[expect(clippy::unnecessary_wraps, reason = "a fixture's sample may have no value")]
fn value(arm: &str, metric: &str, block: u32) -> Option<f64> {
    let times = match arm {
        "container" => 7.0,
        "container:-seccomp" => 6.3,
        "vm-bare" => 5.0,
        _ => 1.0,
    };
    let once = noise(arm, block) * times;
    Some(match metric {
        "create_to_ready" => 200_000.0 * once,
        "command_to_ready" => 2_000_000.0 * once,
        "starts_per_second" => 500.0 / once,
        _ => 100.0 * once,
    })
}

fn whole() -> Run {
    run(ARMS, METRICS, 30, value)
}

fn of(run: &Run) -> Page {
    page(run, "run.json", &verify(run), Lang::En)
}

fn section<'a>(page: &'a Page, id: &str) -> &'a Section {
    page.sections.iter().find(|s| s.id == id).unwrap()
}

fn tables(blocks: &[Block]) -> Vec<&Table> {
    let mut found = Vec::new();
    for block in blocks {
        match block {
            Block::Table(table) => found.push(table),
            Block::Fold(_, inside) => found.extend(tables(inside)),
            _ => {}
        }
    }
    found
}

fn all_tables(page: &Page) -> Vec<&Table> {
    page.sections.iter().flat_map(|s| tables(&s.blocks)).collect()
}

/// The table of a section whose caption has this text.
#[track_caller]
fn table<'a>(page: &'a Page, id: &str, caption: &str) -> &'a Table {
    tables(&section(page, id).blocks)
        .into_iter()
        .find(|t| format!("{} {}", t.title, t.caption).contains(caption))
        .expect("such a table")
}

#[track_caller]
fn row<'a>(table: &'a Table, first: &str) -> &'a [Entry] {
    table.rows.iter().find(|r| r[0].text.contains(first)).expect("such a row")
}

/// Everything that a section says, as text.
fn said(section: &Section) -> String {
    let page = Page { lang: Lang::En, title: String::new(), alarms: Vec::new(), sections: vec![section.clone()] };
    super::markdown(&page)
}

fn without_vm(arm: &str, metric: &str, block: u32) -> Option<f64> {
    if arm == "vm-bare" { None } else { value(arm, metric, block) }
}

#[test]
fn mistake_1_no_placeholder_and_no_empty_conclusion() {
    for run in [
        whole(),
        run(ARMS, METRICS, 30, without_vm),
        run(ARMS, METRICS, 1, value),
        run(ARMS, METRICS, 6, |_, _, _| None),
    ] {
        for lang in [Lang::En, Lang::Ko] {
            let page = page(&run, "run.json", &[], lang);
            for table in all_tables(&page) {
                let empty =
                    |e: &&Entry| e.text.trim().is_empty() || e.text.contains("<actual>") || e.text.contains("TODO");
                assert!(!table.rows.iter().flatten().any(|e| empty(&e)), "{}", table.caption);
            }
            assert!(page.sections.iter().all(|s| !s.blocks.is_empty()), "every section says something");
        }
    }
    let nothing = of(&run(ARMS, METRICS, 6, |_, _, _| None));
    assert!(said(section(&nothing, "verdict")).contains("Nothing was measured"));
}

#[test]
fn mistake_2_what_was_not_captured_has_no_number() {
    let page = of(&run(ARMS, METRICS, 30, without_vm));
    let hole = row(table(&page, "comparison", "create_to_ready"), "bare VM");
    assert!(hole[2..7].iter().all(|e| e.text == "not measured" && e.value.is_none()), "{hole:?}");
    assert!(hole[8].text.contains("there is no /dev/kvm here") && !hole.iter().any(|e| e.text.contains('%')));
    assert!(said(section(&page, "skipped")).contains("isolab doctor"), "with the remedy");
}

#[test]
fn mistake_3_one_row_is_one_arm_with_one_set_of_values() {
    let arms = [("vm-bare{touch=0}", "bare VM", None), ("vm-bare{touch=8M}", "bare VM", None)];
    let metrics = [("memory", "host_bytes", "bytes", "lower")];
    let run = run(&arms, &metrics, 30, |arm, _, _| Some(if arm.contains("8M") { 9e6 } else { 1e6 }));
    let page = of(&run);
    let found = table(&page, "results", "host_bytes");
    let medians: Vec<_> = found.rows.iter().map(|r| (r[0].text.as_str(), r[2].value, r[1].text.as_str())).collect();
    assert_eq!(
        medians,
        [("bare VM touch=0 (`vm-bare`)", Some(1e6), "30"), ("bare VM touch=8M (`vm-bare`)", Some(9e6), "30")]
    );
}

#[test]
fn mistake_3_labels_stay_with_their_values_in_any_order() {
    let mut turned = ARMS.to_vec();
    turned.reverse();
    for run in [whole(), run(&turned, METRICS, 30, value)] {
        let page = of(&run);
        let median = |name: &str| row(table(&page, "results", "create_to_ready"), name)[2].value.unwrap();
        assert!(median("(`container`)") > median("(`vm-bare`)") && median("(`vm-bare`)") > median("(`process`)"));
    }
}

#[test]
fn mistake_4_unlike_parameters_are_never_compared() {
    let arms = [("process{size=16M}", "process", None), ("container{size=1G}", "our container", None)];
    let run = run(&arms, &[("memory", "host_bytes", "bytes", "lower")], 30, |_, _, b| Some(1e6 + f64::from(b)));
    assert!(run.comparisons.is_empty());
    assert!(said(section(&of(&run), "comparison")).contains("nothing to compare"));
}

#[test]
fn mistake_5_one_run_has_one_answer() {
    let page = of(&whole());
    let in_table = row(table(&page, "comparison", "create_to_ready"), "(`container`)")[5].value.unwrap() + 1.0;
    let verdict = said(section(&page, "verdict"));
    let ratio = format!("×{}", crate::units::three_digits(in_table));
    assert!(verdict.contains(&format!("against `process`: paired {ratio} [")), "{ratio} in {verdict}");
}

#[test]
fn mistake_6_a_table_has_one_definition() {
    let page = of(&whole());
    for id in ["results", "comparison"] {
        for table in tables(&section(&page, id).blocks) {
            let metrics = METRICS.iter().filter(|m| table.caption.contains(&format!("{}, from here to there.", m.1)));
            assert_eq!(metrics.count(), 1, "{}", table.caption);
        }
    }
}

#[test]
fn mistake_7_one_start_gives_no_interval_no_ratio_and_no_percentage() {
    let page = of(&run(ARMS, METRICS, 1, value));
    let found = row(table(&page, "comparison", "create_to_ready"), "(`container`)");
    assert_eq!((found[4].text.as_str(), found[5].text.as_str()), ("too few blocks", "too few blocks"));
    let verdict = said(section(&page, "verdict"));
    let values = verdict.split("Each value").next().unwrap();
    assert!(!values.contains('×') && !values.contains('%') && values.contains("[too few blocks], n = 1"), "{values}");
    assert!(said(section(&page, "rules")).contains("The fewest blocks are 1, it takes 6"));
    assert!(
        said(section(&page, "coursework")).contains("not until a daemon has answered"),
        "ready is the program's own word"
    );
}

#[test]
fn mistake_8_a_container_inside_a_vm_is_told_from_the_fingerprint() {
    let mut inside = whole();
    inside.header.host.virtualised_by = Some("KVM".into());
    assert!(said(section(&of(&inside), "environment")).contains("“container” here means a container in a VM"));
    inside.header.host.container = Some("docker, because there is /.dockerenv".into());
    assert!(
        said(section(&of(&inside), "environment"))
            .contains("inside a container (docker, because there is /.dockerenv)")
    );
    assert!(said(section(&of(&whole()), "environment")).contains("No hypervisor below this machine"));
}

#[test]
fn mistake_9_limits_and_paths_that_differ_are_told() {
    let environment = said(section(&of(&whole()), "environment"));
    for what in [
        "Limits of memory: NOT equal",
        "Way to the network: NOT equal",
        "Way to files: NOT equal",
        "`vm-bare`: 8M of guest RAM",
        "Limits of CPU: equal for all arms",
    ] {
        assert!(environment.contains(what), "{what} in {environment}");
    }
    let alike = run(&ARMS[..2], METRICS, 30, value);
    assert!(said(section(&of(&alike), "environment")).contains("Fewer than two arms"), "a twin is no second arm");
    let two = [ARMS[0], ("process:vfork", "process (vfork)", None)];
    let environment = said(section(&of(&run(&two, METRICS, 30, value)), "environment"));
    assert!(environment.contains("Limits of memory: equal for all arms") && !environment.contains("NOT equal"));
}

#[test]
fn mistake_10_throughput_is_counted_and_checked_by_littles_law() {
    let arms = [("process{concurrency=8}", "process", None)];
    let run =
        run(&arms, &[("boot", "starts_per_second", "1/s", "higher")], 30, |_, _, b| Some(500.0 + f64::from(b % 3)));
    let page = of(&run);
    let found = &table(&page, "results", "starts_per_second").rows[0];
    assert!(found[5].value.unwrap() > 0.0, "a spread that was measured: {found:?}");
    assert!(table(&page, "results", "starts_per_second").columns[4].title == "harmonic mean", "a rate (SC'15 rule 3)");
    assert!(said(section(&page, "comparison")).contains("process ×8: 16.0 ms"), "8 at once at 501/s");
}

#[test]
fn mistake_11_the_difference_is_of_the_values_shown_and_says_which_is_better() {
    let page = of(&whole());
    for (metric, sign, verdict) in [("create_to_ready", '+', "b is worse"), ("starts_per_second", '−', "b is worse")]
    {
        let found = table(&page, "comparison", metric);
        let container = row(found, "(`container`)");
        let (a, b, relative) = (container[2].value.unwrap(), container[3].value.unwrap(), container[4].value.unwrap());
        assert!((relative - (b - a) / a).abs() < 1e-12);
        assert!(container[4].text.starts_with(sign) && container[8].text == verdict, "{container:?}");
        assert!(container[5].text.contains('[') && container[7].text == "30", "interval and n stand beside it");
        assert!(found.caption.contains("is better."));
    }
    let own = table(&page, "comparison", "create_to_ready")
        .rows
        .iter()
        .find(|r| r[1].text.contains("(`container`)"))
        .unwrap();
    assert!(
        own[0].text.contains("(`container:-seccomp`)") && own[8].text == "b is better",
        "an arm with a knob also against itself: {own:?}"
    );
}

#[test]
fn mistake_12_no_cause_is_asserted() {
    for (lang, causes) in [
        (Lang::En, &["because", "due to", "caused", "thanks to", "overhead of"][..]),
        (Lang::Ko, &["때문", "덕분", "탓"]),
    ] {
        let page = page(&whole(), "run.json", &[], lang);
        for id in ["verdict", "comparison"] {
            let mut text = said(section(&page, id));
            for how_to_read in [&super::words::HOW_TO_READ_SENTENCES, &super::words::HOW_TO_READ_COMPARISON] {
                text = text.replace(how_to_read.of(lang), "");
            }
            assert!(!causes.iter().any(|c| text.contains(c)), "{text}");
        }
        let Block::List(questions) = &section(&page, "discussion").blocks[1] else { panic!("a list of questions") };
        assert!(questions.iter().all(|q| q.ends_with('?')), "questions, never answers: {questions:?}");
    }
}

#[test]
fn mistake_13_the_same_figures_with_another_set_up_are_found_out() {
    let mut copied = whole();
    copied.header.host.cpu_model = "another machine".into();
    let mismatches = verify(&copied);
    let page = page(&recomputed(copied), "run.json", &mismatches, Lang::En);
    assert!(
        page.alarms[0].contains("was changed after it was saved") && page.alarms[0].contains("the header"),
        "{:?}",
        page.alarms
    );
    let provenance = said(section(&page, "provenance"));
    for id in ["ab12", "0123", "c0ffee", "b1", "9e"] {
        assert!(provenance.contains(&format!("`{id}`")), "{id}");
    }
}

#[test]
fn mistake_14_the_environment_is_the_fingerprint() {
    let mut run = whole();
    run.header.host.ram_bytes = Some(4 << 30);
    run.header.host.cpu_model = "A CPU that was read".into();
    let page = of(&run);
    let machine = table(&page, "environment", "Nothing here was typed by hand");
    assert_eq!(
        (row(machine, "RAM")[1].text.as_str(), row(machine, "CPU model")[1].text.as_str()),
        ("4.00 GiB", "A CPU that was read")
    );
}

/// Not on the list, and as bad: two backends in one comparison.
#[test]
fn two_backends_are_never_compared_without_a_banner() {
    let mut arms = ARMS.to_vec();
    arms.push(("vm-bare:ram=1G", "bare VM, no operating system (ram=1G)", Some("vmx")));
    let page = of(&run(&arms, METRICS, 30, value));
    assert!(page.alarms.iter().any(|a| a.contains("software, nested / vmx")), "{:?}", page.alarms);
    assert!(!of(&whole()).alarms.iter().any(|a| a.contains("backends")));
}
