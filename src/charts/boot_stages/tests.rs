use super::*;
use crate::charts::font;

fn measured(stages: &[(Stage, f64)], ends: Option<(f64, f64)>) -> Content {
    let sum: f64 = stages.iter().map(|(_, ns)| ns).sum();
    Content::Measured { stages: stages.to_vec(), median_ns: sum * 1.01, ends_ns: ends }
}

fn container(scale: f64) -> Content {
    use Stage::{Create, Enter, Isolate, Load, Ready};
    let stages = [(Create, 0.62e6), (Isolate, 0.18e6), (Load, 0.21e6), (Enter, 0.16e6), (Ready, 0.15e6)];
    measured(&stages.map(|(s, ns)| (s, ns * scale)), Some((1.31e6 * scale, 1.39e6 * scale)))
}

fn bar(name: &str, arm: &str, content: Content) -> Bar {
    Bar { name: name.into(), arm: arm.into(), content }
}

fn chart(bars: Vec<Bar>) -> BootStages {
    BootStages {
        title: "Start time: how long until the program runs?".into(),
        subtitle: "From create to ready, in stages. The length of a stage is its own median: stages need not add up to the median \
                   of the whole."
            .into(),
        bars,
        notes: vec![
            "From just before the first system call that creates the environment until its host has read the program's \
             ready record."
                .into(),
            "n = 60 blocks. Seed 42, every block runs each arm once in random order.".into(),
            "KVM backend: software, nested.".into(),
            "Host: Intel(R) Xeon(R) Processor, 2 cores, 23.5 GiB, Linux 6.18.44, virtualised by KVM, cgroup hybrid.".into(),
        ],
        unfit: Some("not for publication: quick run; software KVM.".into()),
    }
}

fn four() -> BootStages {
    use Stage::{Create, Load, Ready};
    let process = |f: f64| measured(&[(Create, 0.09e6 * f), (Load, 0.05e6), (Ready, 0.02e6)], Some((0.155e6, 0.17e6)));
    let vm = measured(
        &[(Create, 0.38e6), (Stage::Isolate, 0.08e6), (Load, 0.05e6), (Stage::Enter, 0.11e6), (Ready, 0.05e6)],
        Some((0.65e6, 0.71e6)),
    );
    chart(vec![
        bar("plain process", "process", process(1.0)),
        bar("plain process, once more", "process#2", process(1.02)),
        bar("our container, no image, no engine", "container", container(1.0)),
        bar("bare VM, no operating system", "vm-bare", vm),
    ])
}

fn twelve() -> BootStages {
    let long = "a container whose name has just sixty characters, not more ok";
    let arm = "container:-seccomp:-dev:-mask:-lo:-cgroup:+user:ram=64M:x=12";
    let mut bars: Vec<Bar> = (1..=9).map(|i| bar(long, arm, container(f64::from(i) / 3.0))).collect();
    bars.push(bar(
        "Linux VM",
        "vm-linux",
        Content::Missing(
            "the guest kernel needs an instruction that this software KVM backend can't run; see isolab doctor vm"
                .into(),
        ),
    ));
    bars.push(bar(&"m".repeat(60), &"W".repeat(60), container(3.3)));
    bars.push(bar("five samples only", "x", measured(&[(Stage::Ready, 2e4)], None)));
    chart(bars)
}

/// Every text of an SVG with its box: left, top, right, bottom.
fn texts(svg: &str) -> Vec<(String, [f64; 4])> {
    let attribute = |tag: &str, name: &str| -> String {
        let from = tag.split_once(&format!(" {name}=\"")).unwrap().1;
        from.split_once('"').unwrap().0.to_owned()
    };
    svg.split("<text")
        .skip(1)
        .map(|part| {
            let (tag, rest) = part.split_once('>').unwrap();
            let content = rest
                .split_once("</text>")
                .unwrap()
                .0
                .trim()
                .replace("&lt;", "<")
                .replace("&gt;", ">")
                .replace("&amp;", "&");
            let number = |name: &str| attribute(tag, name).parse::<f64>().unwrap();
            let (x, y, size) = (number("x"), number("y"), number("font-size"));
            let width = font::width(&content, size);
            let left = match attribute(tag, "text-anchor").as_str() {
                "start" => x,
                "end" => x - width,
                _ => x - width / 2.0,
            };
            (content, [left, y - size * 0.45, left + width, y + size * 0.45])
        })
        .collect()
}

fn canvas(svg: &str) -> (f64, f64) {
    let number =
        |name: &str| svg.split_once(&format!("{name}=\"")).unwrap().1.split_once('"').unwrap().0.parse().unwrap();
    (number("width"), number("height"))
}

#[test]
fn no_text_overlaps_another_or_leaves_the_canvas() {
    for (what, chart) in [
        ("1", chart(vec![bar("plain process", "process", container(0.1))])),
        ("4", four()),
        ("12", twelve()),
        ("0", chart(vec![])),
    ] {
        let svg = draw(&chart);
        let (width, height) = canvas(&svg);
        let texts = texts(&svg);
        assert!(texts.len() > 8, "{what}: there is something to check");
        for (i, (text, a)) in texts.iter().enumerate() {
            assert!(
                a[0] >= 0.0 && a[1] >= 0.0 && a[2] <= width && a[3] <= height,
                "{what}: {text:?} leaves the canvas: {a:?}"
            );
            for (other, b) in &texts[i + 1..] {
                let apart = a[2] <= b[0] || b[2] <= a[0] || a[3] <= b[1] || b[3] <= a[1];
                assert!(apart, "{what}: {text:?} and {other:?} overlap: {a:?} {b:?}");
            }
        }
    }
}

#[test]
fn every_character_has_a_glyph() {
    for chart in [four(), twelve()] {
        for (text, _) in texts(&draw(&chart)) {
            assert!(text.chars().all(font::has), "{text:?}");
        }
    }
}

#[test]
fn the_numbers_stand_in_the_description() {
    let svg = draw(&four());
    let description = svg.split_once("<desc id=\"desc\">").unwrap().1.split_once("</desc>").unwrap().0;
    assert!(
        description.contains("our container, no image, no engine (container): 1.33 ms (1.31–1.39); create 0.620 ms"),
        "{description}"
    );
    assert!(svg.contains("<title id=\"title\">Start time"));
    let svg = draw(&twelve());
    assert!(
        svg.contains("(x): 0.0202 ms (too few blocks for an interval)")
            && svg.contains("not measured: the guest kernel"),
        "{svg}"
    );
}

#[test]
fn the_axis_starts_at_zero_and_bars_are_to_scale() {
    let svg = draw(&four());
    assert!(texts(&svg).iter().any(|(t, _)| t == "0"));
    assert!(texts(&svg).iter().any(|(t, _)| t == "time from create to ready (ms)"));
    let layout = Layout::of(&four());
    let longest = layout.rows.iter().map(|r| r.bar_end).fold(0.0, f64::max);
    assert!((1.39..1.4).contains(&longest) && layout.axis_end > longest, "{longest}");
}

#[test]
fn hatches_stay_inside() {
    let area = (10, 20, 45, 50);
    for hatch in [Hatch::Rising, Hatch::Falling] {
        let lines = hatch_lines(area, hatch);
        assert!(lines.len() > 5);
        for (x, y) in lines.into_iter().flatten() {
            assert!((10..=45).contains(&x) && (20..=50).contains(&y), "{x} {y}");
        }
    }
    assert!(hatch_lines(area, Hatch::None).is_empty());
}

#[cfg(feature = "png")]
#[test]
fn the_png_has_twice_the_pixels() {
    let svg = draw(&four());
    let png = crate::charts::png(&svg, 2.0).unwrap();
    let (width, height) = canvas(&svg);
    let size = |at: usize| f64::from(u32::from_be_bytes(png[at..at + 4].try_into().unwrap()));
    assert_eq!((size(16), size(20)), (width * 2.0, height * 2.0), "width and height stand in the PNG's header");
    assert!(png.len() > 60_000, "with all its texts; without them it has 25 000 bytes: {}", png.len());
    if let Some(folder) = std::env::var_os("ISOLAB_KEEP_CHARTS") {
        for (name, chart) in
            [("1", chart(vec![four().bars.remove(2)])), ("4", four()), ("12", twelve()), ("0", chart(vec![]))]
        {
            let svg = draw(&chart);
            let file = std::path::Path::new(&folder).join(format!("boot-stages-{name}.png"));
            std::fs::write(file.with_extension("svg"), &svg).unwrap();
            std::fs::write(file, crate::charts::png(&svg, 2.0).unwrap()).unwrap();
        }
    }
}
