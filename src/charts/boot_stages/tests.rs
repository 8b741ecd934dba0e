use super::*;
use crate::charts::fixture;
use crate::charts::tests::texts;
use crate::charts::values::Arm;

#[expect(clippy::unnecessary_wraps, reason = "as a chart has it")]
fn measured(stages: &[(Stage, f64)], ends_ns: Option<(f64, f64)>) -> Result<Stages, String> {
    let sum: f64 = stages.iter().map(|(_, ns)| ns).sum();
    Ok(Stages { stages: stages.to_vec(), whole: Interval::new(sum * 1.01, ends_ns) })
}

fn chart(bars: Vec<Bar>) -> BootStages {
    BootStages { shown: starts::shown(&fixture::run(1, 1)), bars, notes: vec![Note::plain("n = 60 blocks.")] }
}

fn bar(name: &str, arm: &str, value: Result<Stages, String>) -> Bar {
    Bar { arm: Arm { name: name.into(), id: arm.into() }, value }
}

fn two() -> BootStages {
    use Stage::{Create, Enter, Isolate, Load, Ready};
    let stages = [(Create, 0.62e6), (Isolate, 0.18e6), (Load, 0.21e6), (Enter, 0.16e6), (Ready, 0.15e6)];
    chart(vec![
        bar(
            "process",
            "process",
            measured(&[(Create, 0.09e6), (Load, 0.05e6), (Ready, 0.02e6)], Some((0.155e6, 0.17e6))),
        ),
        bar("our container, no image, no engine", "container", measured(&stages, Some((1.31e6, 1.39e6)))),
    ])
}

#[test]
fn the_numbers_stand_in_the_description() {
    let alt = draw(&two(), Look::default()).alt;
    assert!(
        alt.contains("our container, no image, no engine (container): 1.33 ms (1.31–1.39); create 0.620 ms"),
        "{alt}"
    );
    let holes = chart(vec![
        bar("Linux VM", "vm-linux", Err("no kernel".into())),
        bar("five samples only", "x", measured(&[(Stage::Ready, 2e4)], None)),
    ]);
    let drawing = draw(&holes, Look::default());
    assert!(drawing.alt.contains("(x): 20.2 µs (too few blocks for an interval)"), "{}", drawing.alt);
    assert!(texts(&drawing.svg).iter().any(|t| t.0 == "not measured: no kernel"), "the hole is seen too");
}

#[test]
fn the_axis_starts_at_zero_and_whiskers_stand_where_the_numbers_say() {
    let drawing = draw(&two(), Look::default());
    let texts = texts(&drawing.svg);
    let place = |label: &str| {
        let found = texts.iter().find(|t| t.0 == label).unwrap_or_else(|| panic!("{label}: {texts:?}"));
        f64::midpoint(found.1[0], found.1[2])
    };
    let (zero, one) = (place("0"), place("1"));
    assert!(texts.iter().any(|(t, _)| t == "time from create to ready (ms)"));
    let drawn: Vec<f64> = drawing
        .svg
        .split(['M', 'L'])
        .filter_map(|after| after.split_once(' ').and_then(|(x, _)| x.parse().ok()))
        .collect();
    for ms in [1.31, 1.39, 0.155, 0.17] {
        let x = zero + (one - zero) * ms;
        assert!(drawn.iter().any(|d| (d - x).abs() < 0.2), "an end of a whisker is at {x:.1}: {drawn:?}");
    }
}

#[test]
fn a_name_inside_a_segment_stays_clear_of_the_whiskers() {
    let mut chart = two();
    let Ok(Stages { whole, .. }) = &mut chart.bars[1].value else { panic!("it was measured") };
    *whole = Interval::new(whole.median, Some((1.22e6, 1.39e6)));
    let drawing = draw(&chart, Look { width: 1600, ..Look::default() });
    let texts = texts(&drawing.svg);
    assert_eq!(texts.iter().filter(|t| t.0 == "create").count(), 3, "in the legend, and inside both wide segments");
    assert_eq!(texts.iter().filter(|t| t.0 == "ready").count(), 1, "the whiskers stand where it would");
}

#[cfg(feature = "png")]
#[test]
fn the_png_has_twice_the_pixels() {
    let svg = (CHART.draw)(&[&fixture::run(12, 6)], Look::default()).unwrap().svg;
    let png = crate::charts::png(&svg, 192.0).unwrap();
    let (width, height) = crate::charts::tests::size(&svg);
    let size = |at: usize| f64::from(u32::from_be_bytes(png[at..at + 4].try_into().unwrap()));
    assert_eq!((size(16), size(20)), (width * 2.0, height * 2.0), "width and height stand in the PNG's header");
    assert!(png.len() > 60_000, "with all its texts; without them it is much smaller: {}", png.len());
}
