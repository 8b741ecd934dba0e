use super::*;
use crate::charts::tests::{has_line, place, texts};
use crate::charts::values::Arm;
use crate::results::derive::{Estimate, Interval};

const KIB: f64 = 1024.0;

fn interval(median: f64, ends: Option<(f64, f64)>) -> Estimate {
    Estimate { n: 8, interval: Interval::new(median, ends) }
}

fn chart(points: Vec<Weighed>) -> MemorySlope {
    let one_more = interval(100.0 * KIB, Some((98.0 * KIB, 103.0 * KIB)));
    let intercept = (!points.is_empty()).then_some(200.0 * KIB);
    let value = Ok(OneMore { points, slope: one_more, intercept, lack_of_fit: Some(2.0 * KIB) });
    let arm = |name: &str, id: &str| Arm { name: name.into(), id: id.into() };
    MemorySlope {
        lines: vec![
            Line { arm: arm("plain process", "process"), value },
            Line { arm: arm("bare VM", "vm-bare"), value: Err("there is no /dev/kvm".into()) },
        ],
        notes: vec![Note::plain("n = 8 blocks.")],
    }
}

fn three() -> MemorySlope {
    let point = |n: f64, low: f64, high: f64, fitted| Weighed {
        instances: n,
        bytes: interval((200.0 + 100.0 * n) * KIB, Some((low * KIB, high * KIB))),
        fitted,
    };
    chart(vec![point(1.0, 290.0, 310.0, false), point(4.0, 500.0, 680.0, true), point(8.0, 900.0, 1024.0, true)])
}

/// From (instances, KiB) to pixels, by the labels of the axes.
fn pixels(svg: &str) -> impl Fn(f64, f64) -> (f64, f64) {
    let (x4, x8) = (place(svg, "4").0, place(svg, "8").0);
    let (y200, y1000) = (place(svg, "200").1, place(svg, "1000").1);
    move |n, kib| (x4 + (n - 4.0) * (x8 - x4) / 4.0, y200 + (kib - 200.0) * (y1000 - y200) / 800.0)
}

#[test]
fn line_points_and_intervals_stand_where_the_numbers_say() {
    let svg = drawing(&three(), Look::default()).svg;
    let at = pixels(&svg);
    assert!(has_line(&svg, [at(1.0, 300.0), at(8.0, 1000.0)]), "200 KiB + 100 KiB · N");
    for (n, low, high) in [(1.0, 290.0, 310.0), (4.0, 500.0, 680.0), (8.0, 900.0, 1024.0)] {
        assert!(has_line(&svg, [at(n, low), at(n, high)]), "the interval at N = {n}");
    }
    assert!(texts(&svg).iter().any(|(t, _)| t == "host memory of all N instances (KiB)"));
}

#[test]
fn the_slope_and_its_lack_of_fit_are_told() {
    let drawing = drawing(&three(), Look::default());
    let says = "100 KiB (98.0–103) for one more, lack of fit 2.00 KiB, n = 8 blocks";
    assert!(texts(&drawing.svg).iter().any(|(t, _)| t == says), "{:?}", texts(&drawing.svg));
    let points = "N = 1: 300 KiB (290–310), N = 4: 600 KiB (500–680), N = 8: 1000 KiB (900–1024).";
    let alt = format!("plain process (process): {says}. {points}");
    assert!(drawing.alt.contains(&alt), "{}", drawing.alt);
    assert!(drawing.alt.contains("bare VM (vm-bare): not measured: there is no /dev/kvm."), "{}", drawing.alt);
}

#[test]
fn without_points_there_is_no_plot_and_the_slope_is_still_told() {
    let drawing = drawing(&chart(Vec::new()), Look::default());
    assert!(!drawing.svg.contains("<path"), "no axis, no line");
    assert!(drawing.alt.contains("100 KiB (98.0–103) for one more") && drawing.alt.contains("keeps no weighed points"));
}

#[test]
fn without_an_interval_no_whisker_is_drawn() {
    let mut chart = three();
    let Ok(OneMore { points, .. }) = &mut chart.lines[0].value else { panic!("it was measured") };
    points.iter_mut().for_each(|p| p.bytes = interval(p.bytes.median, None));
    let svg = drawing(&chart, Look::default()).svg;
    let at = pixels(&svg);
    assert!(!has_line(&svg, [at(4.0, 500.0), at(4.0, 680.0)]));
}
