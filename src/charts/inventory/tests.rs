use super::*;
use crate::charts::tests::{place, texts};
use crate::charts::values::Arm;
use crate::results::derive::Interval;

fn count(median: f64, ends: (f64, f64)) -> Estimate {
    Estimate { n: 8, interval: Interval::new(median, Some(ends)) }
}

fn chart() -> Inventory {
    let row = |name: &str, counts: Vec<Option<Estimate>>| Row {
        arm: Arm { name: name.into(), id: format!("{name}-id") },
        value: Ok(Objects { counts, namespaces: Vec::new(), kvm: Vec::new() }),
    };
    Inventory {
        rows: vec![
            row("plain process", vec![Some(count(1.0, (1.0, 1.0))), Some(count(0.0, (0.0, 0.0))), None]),
            row(
                "our container",
                vec![Some(count(2.0, (2.0, 2.0))), Some(count(12.0, (11.0, 13.0))), Some(count(3.0, (3.0, 3.0)))],
            ),
            Row {
                arm: Arm { name: "bare VM".into(), id: "vm-bare".into() },
                value: Err("there is no /dev/kvm".into()),
            },
        ],
        kinds: ["processes", "mounts", "kernels"].map(String::from).into(),
        notes: vec![Note::plain("n = 8 blocks.")],
    }
}

#[test]
fn each_number_stands_below_its_kind_and_beside_its_name() {
    for width in [480, 1000] {
        let svg = drawing(&chart(), Look { width, ..Look::default() }).svg;
        for (number, kind, name) in
            [("2", "processes", "our container"), ("12", "mounts", "our container"), ("3", "kernels", "our container")]
        {
            let (x, y) = place(&svg, number);
            assert!((x - place(&svg, kind).0).abs() < 25.0, "{number} is below {kind}");
            assert!((y - place(&svg, name).1).abs() < 25.0, "{number} is beside {name}");
        }
        assert!(place(&svg, "mounts").0 - place(&svg, "processes").0 > 50.0, "columns keep apart");
    }
}

#[test]
fn only_what_is_unsure_shows_its_interval_and_what_is_not_counted_shows_a_dash() {
    let drawing = drawing(&chart(), Look::default());
    let texts: Vec<String> = texts(&drawing.svg).into_iter().map(|t| t.0).collect();
    assert!(texts.contains(&"(11–13)".to_owned()));
    assert_eq!(texts.iter().filter(|t| t.starts_with('(')).count(), 1, "{texts:?}");
    assert_eq!(texts.iter().filter(|t| *t == "–").count(), 1);
    assert!(texts.contains(&"not measured: there is no /dev/kvm".to_owned()));
}

#[test]
fn only_what_is_there_is_shaded() {
    let svg = drawing(&chart(), Look::default()).svg;
    assert_eq!(svg.matches(&format!("fill=\"{SHADE}\"")).count(), 4);
}

#[test]
fn the_numbers_stand_in_the_description() {
    let alt = drawing(&chart(), Look::default()).alt;
    assert!(alt.contains("our container (our container-id): processes 2, mounts 12 (11–13), kernels 3."), "{alt}");
    assert!(alt.contains("plain process (plain process-id): processes 1, mounts 0."), "{alt}");
    assert!(alt.contains("bare VM (vm-bare): not measured, there is no /dev/kvm."), "{alt}");
}
