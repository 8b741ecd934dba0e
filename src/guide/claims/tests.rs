use std::collections::BTreeSet;

use super::example::{host, objects, sizes};
use super::terms::Named;
use super::*;
use crate::results::schema::Run;

fn decided(id: &str, run: &Run) -> Decided {
    verdict(id, &[("run.json".to_owned(), run)]).unwrap()
}

fn letter(id: &str, run: &Run) -> &'static str {
    decided(id, run).verdict.letter()
}

#[test]
fn all_52_are_told_in_full_in_both_languages() {
    let ids: Vec<String> = all().iter().map(|c| c.id.clone()).collect();
    let wanted: Vec<String> = (1..=52).map(|n| format!("C{n:02}")).collect();
    assert_eq!(ids, wanted);
    let hangul = |text: &str| text.chars().any(|c| ('가'..='힣').contains(&c));
    for claim in all() {
        let id = &claim.id;
        assert!(!claim.english.is_empty() && !claim.metrics.is_empty(), "{id}");
        assert!(claim.chapters.iter().all(|n| (0..=14).contains(n)) && !claim.chapters.is_empty(), "{id}");
        for text in [&claim.rule, &claim.reason, &claim.trap] {
            assert!(text.en.ends_with('.') && !hangul(&text.en), "{id}: {}", text.en);
            assert!(text.ko.ends_with('.') && hangul(&text.ko), "{id}: {}", text.ko);
        }
        assert_eq!(claim.part.en.is_empty(), claim.part.ko.is_empty(), "{id}");
        assert!(claim.sources.iter().all(|key| source(key).is_some()), "{id}: {:?}", claim.sources);
    }
}

#[test]
fn every_rule_is_whole() {
    for claim in all() {
        let id = &claim.id;
        let tests: Vec<_> = claim.rules.iter().flat_map(|r| r.all.iter().chain(&r.any)).collect();
        assert!(tests.iter().all(|t| t.every.is_some() != t.some.is_some()), "{id}: every, or some");
        let used: BTreeSet<&str> = tests.iter().map(|t| t.term()).collect();
        let known: BTreeSet<&str> = claim.terms.keys().map(String::as_str).collect();
        assert_eq!(used, known, "{id}: terms that are tested, terms that there are");
        assert_eq!(claim.rules.is_empty(), claim.terms.is_empty(), "{id}");
        assert!(!claim.rules.is_empty() || !claim.later.is_empty(), "{id} has no rule, and waits for nothing");
        for term in claim.terms.values() {
            assert_eq!(term.kind == rule::Kind::Ratio, !term.base.is_empty(), "{id}");
            assert_eq!(term.kind == rule::Kind::Slope, !term.along.is_empty(), "{id}");
        }
    }
}

/// The quoted lines stand in `tests/seed-lines.txt`, as they are in the notes.
#[test]
fn quotes_are_exact() {
    let lines = include_str!("../../../tests/seed-lines.txt");
    for claim in all() {
        let line = lines.lines().find_map(|l| l.strip_prefix(&claim.seed)?.strip_prefix('\t'));
        let line = line.unwrap_or_else(|| panic!("{}: no line {}", claim.id, claim.seed));
        assert!(line.contains(&claim.quote), "{}: {line}", claim.id);
    }
}

/// A host where the container is cheap, and one where the bare VM is.
fn hosts() -> (Run, Run) {
    let mut a = host(&[
        ("process", "create_to_ready", 200e3),
        ("container", "create_to_ready", 220e3),
        ("vm-bare", "create_to_ready", 900e3),
        ("vm-linux", "create_to_ready", 90e6),
        ("container", "exit_to_reaped", 50e3),
        ("vm-bare", "exit_to_reaped", 400e3),
        ("vm-linux", "exit_to_reaped", 900e3),
        ("process", "spin_unit", 2000.0),
        ("container", "spin_unit", 2000.0),
        ("vm-bare", "spin_unit", 2600.0),
        ("vm-linux", "spin_unit", 2600.0),
        ("process", "getppid", 100.0),
        ("container", "getppid", 109.0),
        ("vm-bare", "getppid", 900.0),
        ("vm-linux", "getppid", 900.0),
        ("vm-bare", "exit", 1500.0),
        ("vm-linux", "exit", 1500.0),
        ("container", "per_instance", 200e3),
        ("vm-bare", "per_instance", 800e3),
        ("vm-linux", "per_instance", 90e6),
        ("container", "kernels", 0.0),
        ("vm-bare", "kernels", 1.0),
    ]);
    objects(&mut a, "container", &[("namespace:net", 1), ("namespace:pid", 1), ("kvm objects", 0)]);
    objects(&mut a, "vm-bare", &[("kvm:vm", 1), ("kvm:vcpu", 1), ("kvm:memory slot", 1), ("kernels", 1)]);
    sizes(&mut a, &[], |configured, touched| 800e3 + 0.002 * configured + touched);
    let mut b = host(&[
        ("process", "create_to_ready", 200e3),
        ("container", "create_to_ready", 1400e3),
        ("vm-bare", "create_to_ready", 900e3),
        ("container", "exit_to_reaped", 900e3),
        ("vm-bare", "exit_to_reaped", 400e3),
        ("process", "spin_unit", 2000.0),
        ("container", "spin_unit", 1800.0),
        ("vm-bare", "spin_unit", 2000.0),
        ("process", "getppid", 100.0),
        ("container", "getppid", 80.0),
        ("vm-bare", "getppid", 40.0),
        ("vm-bare", "exit", 1500.0),
        ("container", "per_instance", 900e3),
        ("vm-bare", "per_instance", 800e3),
        ("container", "kernels", 0.0),
        ("vm-bare", "kernels", 1.0),
    ]);
    objects(&mut b, "container", &[("namespace:net", 1), ("kvm:vm", 1)]);
    objects(&mut b, "vm-bare", &[("kvm:vm", 1), ("kvm:vcpu", 2), ("kvm:memory slot", 1), ("kernels", 1)]);
    sizes(&mut b, &[], |configured, _| 800e3 + configured);
    (a, b)
}

#[test]
fn a_rule_follows_the_data_not_an_answer() {
    let (a, b) = hosts();
    let table = [
        ("C02", "T", "F"),
        ("C05", "F", "T"),
        ("C06", "T", "C"),
        ("C07", "T", "C"),
        ("C10", "T", "F"),
        ("C11", "F", "T"),
        ("C16", "T", "C"),
        ("C20", "T", "F"),
        ("C22", "T", "F"),
        ("C28", "T", "C"),
    ];
    for (id, on_a, on_b) in table {
        assert_eq!((letter(id, &a), letter(id, &b)), (on_a, on_b), "{id}: {:?}", decided(id, &b).numbers());
    }
    let tried: BTreeSet<&str> = table.iter().map(|row| row.0).collect();
    let with_rules: BTreeSet<&str> = all().iter().filter(|c| !c.rules.is_empty()).map(|c| c.id.as_str()).collect();
    assert_eq!(tried, with_rules, "a rule that nobody tries on two hosts");
}

#[test]
fn the_sign_may_depend_on_start_or_stop() {
    let run = host(&[
        ("container", "create_to_ready", 1590e3),
        ("vm-bare", "create_to_ready", 1330e3),
        ("container", "exit_to_reaped", 80e3),
        ("vm-bare", "exit_to_reaped", 490e3),
    ]);
    assert_eq!(letter("C10", &run), "C");
}

#[test]
fn memory_that_is_reserved_only_with_preallocation_is_a_condition() {
    let mut run = host(&[]);
    sizes(&mut run, &[("prealloc", "on")], |configured, _| 800e3 + configured);
    assert_eq!(letter("C05", &run), "C");
    sizes(&mut run, &[], |configured, touched| 800e3 + 0.002 * configured + touched);
    assert_eq!(letter("C05", &run), "F", "what holds by default goes first");
}

#[test]
fn too_few_blocks_and_open_intervals_cannot_tell() {
    let medians = [("process", "create_to_ready", 200e3), ("container", "create_to_ready", 250e3)];
    let run = super::example::host_of(5, &medians);
    assert_eq!(letter("C22", &run), "?");
    // 1.25, which the rule compares with, lies in the interval.
    let wide = crate::results::example::run(super::example::ARMS, super::example::METRICS, 30, |arm, metric, block| {
        let value = medians.iter().find(|(a, m, _)| *a == arm && *m == metric)?.2;
        Some(if arm == "container" { value * (0.9 + f64::from(block % 3) / 10.0) } else { value })
    });
    let near = decided("C22", &wide);
    assert_eq!(near.verdict, Verdict::CannotTell, "{:?}", near.numbers());
    assert!(near.is_decided(), "\"cannot tell\" is an answer");
}

#[test]
fn what_was_skipped_is_told_with_its_remedy_and_what_is_not_here_is_later() {
    let run = host(&[("container", "create_to_ready", 1e6), ("container", "exit_to_reaped", 1e6)]);
    let runs: &[Named] = &[("run.json".to_owned(), &run)];
    let found = decided("C10", &run);
    assert_eq!(found.verdict, Verdict::NotTestable);
    assert!(found.reason(runs, Lang::En).contains("there is no /dev/kvm"), "{}", found.reason(runs, Lang::En));
    assert_eq!(found.fix(Lang::En), "isolab doctor");
    let none = verdict("C10", &[]).unwrap();
    assert_eq!(none.fix(Lang::En), "isolab bench -e container,vm-bare,vm-linux -x boot");
    assert_eq!(verdict("C34", runs).unwrap().reason(runs, Lang::En), "needs life: later.");
}

#[test]
fn one_known_part_may_decide_without_the_rest() {
    let run = host(&[("container", "create_to_ready", 1400e3), ("vm-bare", "create_to_ready", 900e3)]);
    assert_eq!(letter("C07", &run), "C", "the start alone is below twice, whatever the memory is");
    assert_eq!(letter("C06", &run), "C");
    let other = host(&[("container", "create_to_ready", 200e3), ("vm-bare", "create_to_ready", 900e3)]);
    assert_eq!(letter("C07", &other), "N", "the memory would decide");
}

#[test]
fn arms_that_ran_one_after_the_other_decide_nothing() {
    let (mut run, _) = hosts();
    run.header.plan.order = "sequential".into();
    let found = decided("C10", &run);
    assert!(!found.is_decided());
    assert!(found.fix(Lang::En).contains("--order blocks"), "{}", found.fix(Lang::En));
}

#[test]
fn terms_may_come_from_two_files() {
    let start = host(&[("container", "create_to_ready", 200e3), ("vm-bare", "create_to_ready", 900e3)]);
    let memory = host(&[("container", "per_instance", 200e3), ("vm-bare", "per_instance", 900e3)]);
    let both = verdict("C07", &[("a".into(), &start), ("b".into(), &memory)]).unwrap();
    assert_eq!(both.verdict, Verdict::True);
    let files: BTreeSet<usize> = both.values.iter().map(|v| v.run).collect();
    assert_eq!(files, BTreeSet::from([0, 1]));
}

#[test]
fn memory_without_the_kernels_part_decides_nothing() {
    let start = host(&[("container", "create_to_ready", 200e3), ("vm-bare", "create_to_ready", 900e3)]);
    let user = host(&[("container", "private", 6.4e3), ("vm-bare", "private", 700e3)]);
    let found = verdict("C07", &[("a".into(), &start), ("b".into(), &user)]).unwrap();
    assert!(!found.is_decided());
    let reason = found.reason(&[("a".into(), &start), ("b".into(), &user)], Lang::En);
    assert!(reason.contains("kernel memory was not counted"), "{reason}");
    assert!(found.fix(Lang::En).starts_with("sudo isolab bench -x memory"), "{}", found.fix(Lang::En));
}

#[test]
fn a_number_of_a_virtual_machine_names_its_backend() {
    let (run, _) = hosts();
    let runs: &[Named] = &[("run.json".to_owned(), &run)];
    let reason = decided("C10", &run).reason(runs, Lang::En);
    assert!(reason.contains("KVM backend of vm-bare: vmx") && reason.contains("container ÷ vm-bare"), "{reason}");
}
