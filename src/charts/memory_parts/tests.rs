use super::*;
use crate::charts::tests::{has_line, place, texts};
use crate::charts::values::Arm;
use crate::results::derive::Interval;

const KIB: f64 = 1024.0;

fn bar(name: &str, arm: &str, value: Result<Stack, String>) -> Bar {
    Bar { arm: Arm { name: name.into(), id: arm.into() }, value }
}

#[expect(clippy::unnecessary_wraps, reason = "as a chart has it")]
fn measured(parts: &[(Part, f64)], median: f64, ends: Option<(f64, f64)>) -> Result<Stack, String> {
    let kib = |(low, high): (f64, f64)| (low * KIB, high * KIB);
    Ok(Stack {
        parts: parts.iter().map(|(part, bytes)| (*part, bytes * KIB)).collect(),
        whole: Estimate { n: 8, interval: Interval::new(median * KIB, ends.map(kib)) },
        shared: None,
    })
}

fn chart() -> MemoryParts {
    let vm = [(Part::GuestRam, 40.0), (Part::Monitor, 260.0), (Part::Kernel, 500.0)];
    MemoryParts {
        bars: vec![
            bar("plain process", "process", measured(&[(Part::Private, 7.0), (Part::Kernel, 70.0)], 77.0, None)),
            bar("bare VM", "vm-bare", measured(&vm, 810.0, Some((780.0, 850.0)))),
            bar("our container", "container", Err("no user namespaces".into())),
        ],
        notes: vec![Note::plain("n = 8 blocks.")],
    }
}

/// Left end and width of every filled box.
fn boxes(svg: &str) -> Vec<(f64, f64)> {
    let number = |tag: &str, name: &str| -> f64 {
        tag.split_once(&format!("{name}=\"")).unwrap().1.split_once('"').unwrap().0.parse().unwrap()
    };
    let tags = svg.split("<rect ").skip(1).map(|t| t.split_once("/>").unwrap().0);
    tags.filter(|t| !t.contains("fill=\"none\""))
        .filter(|t| t.contains("x="))
        .map(|t| (number(t, "x"), number(t, "width")))
        .collect()
}

#[test]
fn parts_are_stacked_to_scale_and_the_whisker_is_that_of_the_whole() {
    let svg = drawing(&chart(), Look::default()).svg;
    let (zero, x200) = (place(&svg, "0").0, place(&svg, "200").0);
    let at = |kib: f64| zero + kib * (x200 - zero) / 200.0;
    for (from, kib) in [(0.0, 40.0), (40.0, 260.0), (300.0, 500.0), (0.0, 7.0), (7.0, 70.0)] {
        let found = boxes(&svg).iter().any(|(x, w)| (x - at(from)).abs() < 0.2 && (w - (at(kib) - zero)).abs() < 0.2);
        assert!(found, "{kib} KiB from {from} on: {:?}", boxes(&svg));
    }
    let y = place(&svg, "810 KiB").1;
    assert!(has_line(&svg, [(at(780.0), y), (at(850.0), y)]), "{:?}", crate::charts::tests::lines(&svg));
}

#[test]
fn the_numbers_and_the_hole_are_told() {
    let drawing = drawing(&chart(), Look::default());
    let vm = "bare VM (vm-bare): 810 KiB (780–850), n = 8 blocks: guest RAM, touched 40.0 KiB, the monitor's own 260 KiB, kernel 500 KiB.";
    assert!(drawing.alt.contains(vm), "{}", drawing.alt);
    assert!(drawing.alt.contains("77.0 KiB (too few blocks for an interval)"), "{}", drawing.alt);
    assert!(texts(&drawing.svg).iter().any(|(t, _)| t == "not measured: no user namespaces"));
}
