use super::*;
use crate::charts::tests::{has_line, lines, place, texts};
use crate::charts::values::Arm;
use crate::results::derive::Interval;

fn row(name: &str, guest: bool, value: Result<Estimate, String>) -> Row {
    Row { found: Found { arm: Arm { name: name.into(), id: name.into() }, value }, guest }
}

#[expect(clippy::unnecessary_wraps, reason = "as a chart has it")]
fn measured(median: f64, ends: Option<(f64, f64)>) -> Result<Estimate, String> {
    Ok(Estimate { n: 8, interval: Interval::new(median, ends) })
}

fn chart() -> Cost {
    let getppid = vec![
        row("plain process", false, measured(90.0, Some((80.0, 95.0)))),
        row("our container", false, Err("no user namespaces".into())),
        row("bare VM", true, measured(1100.0, Some((1000.0, 1250.0)))),
    ];
    let exit = vec![row("bare VM", true, measured(80_000.0, None))];
    Cost {
        calls: vec![
            Call { id: "getppid".into(), floor: Some(90.0), rows: getppid },
            Call { id: "exit".into(), floor: None, rows: exit },
        ],
        notes: vec![Note::plain("n = 8 blocks.")],
    }
}

#[test]
fn whiskers_and_the_floor_stand_where_the_numbers_say() {
    let svg = drawing(&chart(), Look::default()).svg;
    let (x100, x1000) = (place(&svg, "0.1").0, place(&svg, "1").0);
    let at = |ns: f64| x100 + (ns / 100.0).log10() * (x1000 - x100);
    for (value, low, high) in [("90.0 ns", 80.0, 95.0), ("1.10 µs", 1000.0, 1250.0)] {
        let y = place(&svg, value).1;
        assert!(has_line(&svg, [(at(low), y), (at(high), y)]), "{value}: {:?}", lines(&svg));
    }
    let y = place(&svg, "1.10 µs").1;
    assert!(has_line(&svg, [(at(90.0), y), (at(1100.0), y)]), "the line from the floor is the factor");
    let upright = |l: &&[(f64, f64); 2]| (l[0].0 - at(90.0)).abs() < 0.2 && (l[1].0 - l[0].0).abs() < 0.1;
    let floor = lines(&svg).iter().filter(upright).map(|l| l[1].1 - l[0].1).fold(0.0, f64::max);
    let rows = place(&svg, "1.10 µs").1 - place(&svg, "90.0 ns").1;
    assert!(floor > rows, "the floor crosses all rows of its call: {floor} of {rows}");
    let lowest = lines(&svg).iter().filter(upright).map(|l| l[1].1).fold(0.0, f64::max);
    assert!(lowest < place(&svg, "80.0 µs").1, "and no other call's");
    assert!(!texts(&svg).iter().any(|t| t.0.contains("100\u{a0}000")), "no axis reaches from one call to another");
}

#[test]
fn the_numbers_the_floor_and_the_hole_are_told() {
    let drawing = drawing(&chart(), Look::default());
    for said in [
        "getppid: a call that does nothing. Floor, the plain process: 90.0 ns.",
        "bare VM (bare VM): 1.10 µs (1.00–1.25), n = 8 blocks.",
        "bare VM (bare VM): 80.0 µs (too few blocks for an interval), n = 8 blocks.",
        "our container (our container): not measured, no user namespaces.",
    ] {
        assert!(drawing.alt.contains(said), "{said}\nin {}", drawing.alt);
    }
    assert!(texts(&drawing.svg).iter().any(|(t, _)| t == "not measured: no user namespaces"));
    assert!(texts(&drawing.svg).iter().any(|(t, _)| t == "time of one call (µs)"));
}

#[test]
fn a_name_that_is_cut_keeps_its_id() {
    let mut chart = chart();
    let long = "our container, no image, no engine (-seccomp -dev -mask -lo -cgroup +user), of which there are several";
    chart.calls[0].rows[0].found.arm = Arm { name: long.into(), id: "container:-x".into() };
    let shown = |width| {
        let svg = drawing(&chart, Look { width, theme: crate::charts::Theme::Slide, ..Look::default() }).svg;
        texts(&svg).iter().any(|(t, _)| t == "container:-x")
    };
    assert!(shown(480) && !shown(1600));
}
