use super::*;
use crate::guide::claims::example::{host, host_of};
use crate::results::schema::Run;

fn card_check(claim: &str) -> Check {
    let text = format!(
        "chapter = 2\n[[check]]\nid = \"ch02-card-{claim}\"\nkind = \"card\"\npoints = 2\nclaim = \"{claim}\"\n\
         explanation.en = \"so it is\"\nexplanation.ko = \"그렇습니다\""
    );
    crate::guide::chapters::parse(&text, "test.toml").unwrap().checks.remove(0)
}

fn on(claim: &str, card: &str, run: &Run) -> Outcome {
    check(&card_check(claim), card, &[("boot.json".to_owned(), run)], Lang::En)
}

fn card(claim: &str, verdict: &str, number: &str, sentence: &str) -> String {
    format!("[{claim}]\nverdict = \"{verdict}\"\nnumber = \"{number}\"\nsentence = \"{sentence}\"\n")
}

/// Start and stop of both, in nanoseconds.
fn machine(container: f64, vm: f64) -> Run {
    host(&[
        ("process", "create_to_ready", 310e3),
        ("container", "create_to_ready", container),
        ("vm-bare", "create_to_ready", vm),
        ("container", "exit_to_reaped", container),
        ("vm-bare", "exit_to_reaped", vm),
    ])
}

/// What the run printed of one cell, as a student copies it.
fn printed(run: &Run, cell: &str) -> String {
    let s = run.summaries.iter().find(|s| s.cell == cell && s.metric == "create_to_ready").unwrap();
    crate::units::show(s.interval.median, crate::model::Unit::Nanoseconds)
}

/// The same with its interval.
fn with_interval(run: &Run, cell: &str) -> String {
    let s = run.summaries.iter().find(|s| s.cell == cell && s.metric == "create_to_ready").unwrap();
    let (number, i) = (printed(run, cell), s.interval);
    let end =
        |end: Option<f64>| crate::units::beside(i.median, end.unwrap_or(i.median), crate::model::Unit::Nanoseconds);
    format!("{number} [{}, {}]", end(i.low), end(i.high))
}

/// The card that a careful student of this machine writes for C10.
fn careful(run: &Run, verdict: &str) -> String {
    let number = printed(run, "boot/container");
    let said = with_interval(run, "boot/container");
    card("C10", verdict, &number, &format!("our container took {said}, vm-bare differed, on this machine"))
}

#[test]
fn two_hosts_with_opposite_verdicts_each_pass_with_their_own_card_and_fail_with_the_others() {
    let (fast, slow) = (machine(200e3, 900e3), machine(1400e3, 700e3));
    let (card_fast, card_slow) = (careful(&fast, "T"), careful(&slow, "F"));
    for (run, own, other) in [(&fast, &card_fast, &card_slow), (&slow, &card_slow, &card_fast)] {
        let passed = on("C10", own, run);
        assert_eq!((passed.status, passed.points), (Status::Pass, 2), "{}", passed.why);
        assert!(!passed.explanation.is_empty() && passed.fix.is_empty());
        let failed = on("C10", other, run);
        assert_eq!((failed.status, failed.points, failed.possible), (Status::Fail, 0, 2), "{}", failed.why);
        assert!(
            failed.why.contains("does not follow") && failed.why.contains("no number of the cells"),
            "{}",
            failed.why
        );
    }
}

#[test]
fn swapped_arms_and_edited_numbers_fail() {
    let run = machine(200e3, 900e3);
    let ratio = 200.0 / 900.0;
    let decided = claims::verdict("C10", &[("boot.json".to_owned(), &run)]).unwrap();
    let said = claims::shown(&decided.values[0]);
    let interval = said.split_once(' ').unwrap().1;
    let with = |number: &str| {
        on("C10", &card("C10", "T", number, &format!("container took {number} {interval} of vm-bare")), &run)
    };
    let close = format!("×{}", crate::units::three_digits(ratio));
    let seen = with("×0.22").why;
    assert_eq!(with("×0.22").status, Status::Pass, "{close}: {seen}");
    for wrong in ["×4.5", "0.22 ms", "×0.32", "201 ms", "about four"] {
        let outcome = with(wrong);
        assert_eq!(outcome.status, Status::Fail, "{wrong}");
        assert!(!outcome.fix.is_empty());
    }
    let (mut exchanged, numbers) = (run.clone(), careful(&run, "T"));
    let cell = |id: &str| run.cells.iter().position(|c| c.id == id).unwrap();
    let (a, b) = (cell("boot/container"), cell("boot/vm-bare"));
    exchanged.cells[a].columns = run.cells[b].columns.clone();
    exchanged.cells[b].columns = run.cells[a].columns.clone();
    assert_eq!(on("C10", &numbers, &exchanged).status, Status::Fail);
}

#[test]
fn a_summary_changed_by_hand_helps_nobody() {
    let mut run = machine(200e3, 900e3);
    let summary =
        run.summaries.iter_mut().find(|s| s.cell == "boot/container" && s.metric == "create_to_ready").unwrap();
    summary.interval.median = 1e6;
    assert_eq!(on("C10", &careful(&run, "T"), &run).status, Status::Fail);
}

#[test]
fn a_blank_card_says_so() {
    let run = machine(200e3, 900e3);
    for text in ["", "[C10]\nverdict = \"\"\nnumber = \"\"\nsentence = \"\"\n"] {
        let outcome = on("C10", text, &run);
        assert_eq!(outcome.status, Status::Fail);
        assert!(outcome.why.contains("not filled in") && outcome.fix.contains("card.toml"), "{}", outcome.why);
    }
    let broken = on("C10", "[C10\nverdict", &run);
    assert!(broken.status == Status::Fail && broken.why.starts_with("card.toml:"), "{}", broken.why);
    let wrong_type = on("C10", "[C10]\nverdict = 3\n", &run);
    assert!(wrong_type.why.contains("[C10]"), "{}", wrong_type.why);
}

#[test]
fn the_sentence_must_hold_the_number_and_name_both() {
    let run = machine(200e3, 900e3);
    let number = printed(&run, "boot/container");
    let with = |sentence: &str| on("C10", &card("C10", "T", &number, sentence), &run);
    assert!(with("container was faster than vm-bare").why.contains("does not hold the number"));
    assert!(with(&format!("the container took {number}, less than the VM")).why.contains("what was compared"));
    let whole = with_interval(&run, "boot/container");
    assert_eq!(with(&format!("컨테이너는 {whole}로 운영체제 없는 가상머신보다 빨랐습니다")).status, Status::Pass);
}

#[test]
fn cannot_tell_is_right_where_the_interval_says_so() {
    let run = host_of(5, &[("process", "create_to_ready", 200e3), ("container", "create_to_ready", 230e3)]);
    let number = printed(&run, "boot/container");
    let with = |verdict: &str| {
        on(
            "C22",
            &card("C22", verdict, &number, &format!("container took {number} against process, five blocks")),
            &run,
        )
    };
    assert_eq!((with("?").status, with("?").points), (Status::Pass, 2), "{}", with("?").why);
    assert_eq!(with("T").status, Status::Fail);
}

/// Sentences around the right number and the right verdict, in both languages: which of them score.
#[test]
fn good_sentences_score_and_nonsense_and_contradictions_do_not() {
    let run = machine(200e3, 900e3); // the container starts and stops sooner
    let (number, n) = (printed(&run, "boot/container"), with_interval(&run, "boot/container"));
    let judged = |sentence: &str| on("C10", &card("C10", "T", &number, sentence), &run);
    for good in [
        format!("On this host our container without an engine took {n} to start, sooner than vm-bare, so it is true."),
        format!("container: {n}; that is faster than the bare VM, and it stops faster, too."),
        format!("vm-bare takes longer than container, which took {n}"),
        format!("Start of container was {n}, not slower than vm-bare."),
        format!("엔진 없는 우리 컨테이너는 시작에 {n} 걸려 운영체제 없는 가상머신보다 빨랐습니다."),
        format!("vm-bare는 container({n})보다 느립니다. 그러므로 참입니다."),
    ] {
        assert_eq!(judged(&good).status, Status::Pass, "{good}: {}", judged(&good).why);
    }
    for (bad, why) in [
        (format!("container {n} vm-bare"), "states nothing"),
        (format!("banana container {n} vm-bare ratatouille"), "states nothing"),
        (format!("컨테이너 {n} vm-bare 바나나"), "states nothing"),
        (format!("container was slower than vm-bare: {n}"), "opposite of the file"),
        (format!("vm-bare is faster than container, which took {n}"), "opposite of the file"),
        (format!("컨테이너는 {n}로 vm-bare보다 느렸습니다"), "opposite of the file"),
        (format!("vm-bare는 컨테이너({n})보다 빠릅니다"), "opposite of the file"),
        (format!("container took {n}, vm-bare more, so the claim is false"), "contradicts the verdict"),
        (format!("container took {n} against vm-bare: cannot tell"), "contradicts the verdict"),
        (format!("컨테이너는 {n}, vm-bare는 더 걸렸으므로 거짓입니다"), "contradicts the verdict"),
        (format!("container took {number}, less than vm-bare"), "95 % interval"),
        (format!("container took {number} [1.00, 2.00], less than vm-bare"), "95 % interval"),
        (format!("container took {}, less than vm-bare", n.replace("µs", "").replace("ms", "")), "with its unit"),
    ] {
        let outcome = judged(&bad);
        assert!(outcome.status == Status::Fail && outcome.why.contains(why), "{bad}: {}", outcome.why);
        assert!(!outcome.fix.is_empty());
    }
}

#[test]
fn a_skipped_cell_is_not_decided_and_only_n_scores_on_it() {
    let run = host(&[("container", "create_to_ready", 2e5), ("container", "exit_to_reaped", 2e5)]);
    for verdict in ["T", "N", "F", ""] {
        let outcome = on("C10", &card("C10", verdict, "×4", "container ×4"), &run);
        assert_eq!((outcome.status, outcome.points), (Status::NotDecided, 0));
        assert!(
            outcome.why.contains("/dev/kvm") && outcome.fix.starts_with("isolab doctor"),
            "{} {}",
            outcome.why,
            outcome.fix
        );
        assert!(outcome.fix.contains("N scores"), "{}", outcome.fix);
    }
    for sentence in
        ["vm-bare was not measured: there is no /dev/kvm here", "/dev/kvm이 없어 vm-bare를 측정하지 못했습니다"]
    {
        let outcome = on("C10", &card("C10", "N", "", sentence), &run);
        assert_eq!((outcome.status, outcome.points), (Status::Pass, 2), "{}", outcome.why);
        assert_eq!(on("C10", &card("C10", "T", "", sentence), &run).status, Status::NotDecided);
    }
    assert_eq!(on("C34", "", &run).status, Status::NotDecided, "an experiment that is not in this version");
    let n = on("C34", &card("C34", "N", "", "container was not measured"), &run);
    assert_eq!(n.status, Status::NotDecided, "what nobody can measure yet scores for nobody");
}

#[test]
fn an_unknown_verdict_is_told_the_letters() {
    let run = machine(200e3, 900e3);
    let outcome = on("C10", &careful(&run, "maybe"), &run);
    assert!(outcome.fix.contains("? cannot tell"), "{}", outcome.fix);
    let ko = check(&card_check("C10"), &careful(&run, "F"), &[("b".into(), &run)], Lang::Ko);
    assert!(ko.why.contains("나오지 않습니다"), "{}", ko.why);
}

#[test]
fn every_outcome_says_file_cell_and_hash() {
    let run = machine(200e3, 900e3);
    let outcome = on("C10", &careful(&run, "T"), &run);
    assert!(outcome.evidence.iter().any(|e| e.cell == "boot/container" && e.file == "boot.json"));
    assert!(outcome.evidence.iter().all(|e| e.sha256.len() == 64 && !e.found.is_empty()), "{:?}", outcome.evidence);
}

#[test]
fn the_floor_of_chapter_0_is_that_of_the_file() {
    let mut check_of_floor = card_check("C10");
    check_of_floor.claim = None;
    let run = host(&[("process", "create_to_ready", 200e3)]);
    let floor = format!("{:.1} %", run.noise.iter().find(|n| n.metric == "create_to_ready").unwrap().relative * 100.0);
    let on = |number: &str, run: &Run| {
        check(&check_of_floor, &format!("[floor]\nnumber = \"{number}\""), &[("blk.json".to_owned(), run)], Lang::En)
    };
    assert_eq!(on(&floor, &run).status, Status::Pass, "{floor}");
    assert_eq!(on("55.5 %", &run).status, Status::Fail);
    assert!(on("", &run).why.contains("not filled in"));
    assert_eq!(on(&floor, &host_of(5, &[("process", "create_to_ready", 2e5)])).status, Status::NotDecided);
    let mut sequential = run.clone();
    sequential.header.plan.order = "sequential".into();
    assert_eq!(on(&floor, &sequential).status, Status::NotDecided);
}
