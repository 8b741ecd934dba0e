//! What holds for every chart of [`super::ALL`], in every look: nothing overlaps, nothing leaves the canvas, every letter
//! has a glyph, and who does not see it is told the same.

use super::{ALL, Chart, Drawing, Look, NARROWEST, Theme, fixture, font};
use crate::lang::Lang;
use crate::results::schema::Run;

/// One text of an SVG with its box: left, top, right, bottom.
pub(super) type Boxed = (String, [f64; 4]);

pub(super) fn texts(svg: &str) -> Vec<Boxed> {
    let attribute = |tag: &str, name: &str| -> String {
        let from = tag.split_once(&format!("{name}=\"")).unwrap().1;
        from.split_once('"').unwrap().0.to_owned()
    };
    let boxed = |part: &str| {
        let (tag, rest) = part.split_once('>').unwrap();
        let words = rest
            .split_once("</text>")
            .unwrap()
            .0
            .replace("&lt;", "<")
            .replace("&gt;", ">")
            .replace("&quot;", "\"")
            .replace("&amp;", "&");
        let number = |name: &str| attribute(tag, name).parse::<f64>().unwrap();
        let (x, y, size) = (number("x"), number(" y"), number("font-size"));
        let width = font::width(&words, size);
        let left = match attribute(tag, "text-anchor").as_str() {
            "start" => x,
            "end" => x - width,
            _ => x - width / 2.0,
        };
        let middle = y - size * super::svg::BASELINE;
        (words, [left, middle - size * 0.45, left + width, middle + size * 0.45])
    };
    svg.split("<text ").skip(1).map(boxed).collect()
}

pub(super) fn size(svg: &str) -> (f64, f64) {
    let number =
        |name: &str| svg.split_once(&format!(" {name}=\"")).unwrap().1.split_once('"').unwrap().0.parse().unwrap();
    (number("width"), number("height"))
}

/// The middle of the only text that reads so.
pub(super) fn place(svg: &str, words: &str) -> (f64, f64) {
    let texts = texts(svg);
    let found: Vec<&Boxed> = texts.iter().filter(|t| t.0 == words).collect();
    let [(_, [left, top, right, bottom])] = found[..] else { panic!("{words:?} stands {}×: {texts:?}", found.len()) };
    (f64::midpoint(*left, *right), f64::midpoint(*top, *bottom))
}

/// Straight lines of all paths: from, to.
pub(super) fn lines(svg: &str) -> Vec<[(f64, f64); 2]> {
    let point = |text: &str| {
        let (x, y) = text.split_once(' ').unwrap();
        (x.parse::<f64>().unwrap(), y.parse::<f64>().unwrap())
    };
    let mut all = Vec::new();
    for path in svg.split("<path d=\"").skip(1).map(|p| p.split_once('"').unwrap().0) {
        for piece in path.split('M').filter(|p| p.contains('L')) {
            let points: Vec<(f64, f64)> = piece.split('L').map(point).collect();
            all.extend(points.windows(2).map(|w| [w[0], w[1]]));
        }
    }
    all
}

/// Is there such a line, to a fifth of a pixel?
pub(super) fn has_line(svg: &str, [from, to]: [(f64, f64); 2]) -> bool {
    let near = |a: (f64, f64), b: (f64, f64)| (a.0 - b.0).abs() < 0.2 && (a.1 - b.1).abs() < 0.2;
    lines(svg).iter().any(|[a, b]| near(*a, from) && near(*b, to))
}

fn check(what: &str, drawing: &Drawing) {
    let (width, height) = size(&drawing.svg);
    let texts = texts(&drawing.svg);
    assert!(texts.len() > 4, "{what}: there is something to check");
    for (i, (text, a)) in texts.iter().enumerate() {
        let inside = a[0] >= -0.1 && a[1] >= 0.0 && a[2] <= width + 0.1 && a[3] <= height;
        assert!(inside, "{what}: {text:?} leaves the canvas: {a:?} of {width} × {height}");
        assert!(text.chars().all(font::has), "{what}: a character of {text:?} has no glyph");
        for (other, b) in &texts[i + 1..] {
            let apart = a[2] <= b[0] + 0.1 || b[2] <= a[0] + 0.1 || a[3] <= b[1] || b[3] <= a[1];
            assert!(apart, "{what}: {text:?} and {other:?} overlap: {a:?} {b:?}");
        }
    }
    assert!(drawing.svg.contains("<title id=\"title\">") && drawing.svg.contains("<desc id=\"desc\">"), "{what}");
    assert!(drawing.alt.chars().any(|c| c.is_ascii_digit()), "{what}: the alternative text has numbers");
    assert!(!drawing.svg.contains("NaN") && !drawing.svg.contains("inf"), "{what}: every number is one");
    keep(what, drawing);
}

/// To be looked at: `ISOLAB_KEEP_CHARTS=DIR,run-order,ko cargo test --lib charts::` keeps those whose names have all of it.
fn keep(what: &str, drawing: &Drawing) {
    let Ok(wanted) = std::env::var("ISOLAB_KEEP_CHARTS") else { return };
    let (folder, parts) = wanted.split_once(',').unwrap_or((&wanted, ""));
    if !parts.split(',').all(|part| what.contains(part)) {
        return;
    }
    let file = std::path::Path::new(&folder).join(what.replace(' ', "-"));
    std::fs::write(file.with_extension("svg"), &drawing.svg).unwrap();
    #[cfg(feature = "png")]
    std::fs::write(file.with_extension("png"), super::png(&drawing.svg, 96.0).unwrap()).unwrap();
}

fn looks() -> impl Iterator<Item = Look> {
    let widths = [NARROWEST, 720, 1000, 1600];
    let langs = [Lang::En, Lang::Ko];
    Theme::ALL.into_iter().flat_map(move |theme| {
        langs.into_iter().flat_map(move |lang| widths.map(|width| Look { lang, width, theme, ..Look::default() }))
    })
}

fn of(chart: &Chart, runs: &[&Run], look: Look) -> Option<Drawing> {
    (chart.draw)(runs, look)
}

/// Fewer arms than this have no data for a chart: `aa` needs two that are alike, `memory-configured` a guest.
fn least_arms(chart: &Chart) -> usize {
    match chart.id {
        "aa" => 2,
        "memory-configured" => 4,
        _ => 1,
    }
}

#[test]
fn no_text_overlaps_another_or_leaves_the_canvas() {
    for (arms, blocks) in [(1, 1), (1, 20), (2, 3), (3, 20), (12, 20)] {
        let run = fixture::run(arms, blocks);
        let other =
            Run { header: crate::results::schema::Header { id: "cd34".into(), ..run.header.clone() }, ..run.clone() };
        for look in looks() {
            for chart in ALL.iter().filter(|c| arms >= least_arms(c)) {
                let Look { lang, width, theme, .. } = look;
                let what = format!("{} {arms} arms {blocks} blocks {} {} {width}", chart.id, lang.code(), theme.name());
                check(&what, &of(chart, &[&run], look).unwrap_or_else(|| panic!("{what}: has data")));
                check(&format!("{what} twice"), &of(chart, &[&run, &other], look).unwrap());
            }
        }
    }
}

#[test]
fn a_run_in_which_everything_was_skipped_shows_its_holes() {
    let mut run = fixture::run(3, 6);
    for cell in &mut run.cells {
        cell.status = crate::results::schema::Status::Skipped;
        cell.reason = "there is no /dev/kvm here".into();
        cell.columns = crate::results::schema::Columns::default();
    }
    run.summaries.clear();
    run.comparisons.clear();
    run.noise.clear();
    for look in looks() {
        for chart in ALL {
            let what = format!("{} skipped {} {} {}", chart.id, look.lang.code(), look.theme.name(), look.width);
            let Some(drawing) = of(chart, &[&run], look) else { continue };
            assert!(drawing.alt.contains("there is no /dev/kvm here"), "{what}: {}", drawing.alt);
            check(&what.replace("skipped", "0 arms"), &Drawing { alt: drawing.alt + " 0", ..drawing });
        }
    }
}

#[test]
fn a_run_without_the_experiment_has_no_chart() {
    let mut run = fixture::run(3, 6);
    run.cells.clear();
    run.summaries.clear();
    assert!(ALL.iter().all(|chart| of(chart, &[&run], Look::default()).is_none()));
    assert!(ALL.iter().all(|chart| of(chart, &[], Look::default()).is_none()));
}

#[test]
fn without_a_title_only_the_title_is_missing() {
    let run = fixture::run(4, 20);
    for chart in ALL {
        let with = of(chart, &[&run], Look::default()).unwrap();
        let without = of(chart, &[&run], Look { title: false, ..Look::default() }).unwrap();
        let words = |d: &Drawing| texts(&d.svg).into_iter().map(|t| t.0).collect::<Vec<_>>();
        assert_eq!(words(&with)[1..], words(&without), "{}", chart.id);
        assert!(size(&without.svg).1 < size(&with.svg).1);
        assert_eq!(with.alt, without.alt);
    }
}

#[test]
fn korean_charts_are_korean() {
    let run = fixture::run(4, 20);
    let korean = |c: char| ('가'..='힣').contains(&c);
    for chart in ALL {
        let drawing = of(chart, &[&run], Look { lang: Lang::Ko, ..Look::default() }).unwrap();
        let texts = texts(&drawing.svg);
        assert!(texts[0].0.chars().any(korean), "{}: {:?}", chart.id, texts[0]);
        assert!(drawing.alt.chars().any(korean), "{}", chart.id);
        let english = of(chart, &[&run], Look::default()).unwrap();
        assert!(!english.svg.chars().any(korean), "{}", chart.id);
    }
}

#[test]
fn names_and_sentences_are_fit_to_print() {
    for (i, chart) in ALL.iter().enumerate() {
        assert!(chart.sentence.ends_with('.'), "{}", chart.id);
        assert!(ALL[..i].iter().all(|other| other.id != chart.id), "{} stands twice", chart.id);
    }
}
