//! `memory-parts`: what one more instance consists of, one stacked bar per arm.
//!
//! What all instances share is no part of one more: it stands in the notes.

mod from_run;
#[cfg(test)]
mod tests;

use super::axis::Axis;
use super::bars::{Bars, Row};
use super::canvas::Area;
use super::marks::{FILLS, Fill, Whisker, segment, segment_name};
use super::page::{Entry, Note, Page};
use super::style::Style;
use super::values::Arm;
use super::{Drawing, Look, words};
use crate::lang::Lang;
use crate::model::Unit;
use crate::results::derive::Estimate;
use crate::units::Scale;

pub(super) const CHART: super::Chart = super::Chart {
    id: "memory-parts",
    sentence: "What one more instance consists of: guest RAM, private and kernel memory, with the interval of the whole.",
    bench: "-x memory",
    draw: |runs, look| runs.iter().find_map(|run| MemoryParts::from_run(run, look.lang)).map(|c| drawing(&c, look)),
};

/// Everything that the chart shows, in bytes.
#[derive(Debug, Clone, PartialEq)]
struct MemoryParts {
    bars: Vec<Bar>,
    notes: Vec<Note>,
}

#[derive(Debug, Clone, PartialEq)]
struct Bar {
    arm: Arm,
    content: Content,
}

#[derive(Debug, Clone, PartialEq)]
enum Content {
    Measured {
        /// Medians, in the order of the stack.
        parts: Vec<(Part, f64)>,
        whole: Estimate,
        /// What all instances share: no part of one more.
        shared: Option<f64>,
    },
    Missing(String),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Part {
    GuestRam,
    /// Of a virtual machine's monitor, without its guest's RAM.
    Monitor,
    /// Of the program itself.
    Private,
    Kernel,
}

impl Part {
    const ALL: [Part; 4] = [Part::GuestRam, Part::Monitor, Part::Private, Part::Kernel];

    fn fill(self) -> Fill {
        match self {
            Part::GuestRam => FILLS[0],
            Part::Monitor => FILLS[1],
            Part::Private => FILLS[2],
            Part::Kernel => FILLS[3],
        }
    }

    fn name(self, lang: Lang) -> &'static str {
        let word = match self {
            Part::GuestRam => words::PART_GUEST_RAM,
            Part::Monitor => words::PART_MONITOR,
            Part::Private => words::PART_PRIVATE,
            Part::Kernel => words::PART_KERNEL,
        };
        word.of(lang)
    }
}

fn drawing(chart: &MemoryParts, look: Look) -> Drawing {
    let style = Style::of(look);
    let lang = look.lang;
    let scale = Scale::for_axis(Unit::Bytes, chart.bars.iter().map(end).fold(0.0, f64::max));
    let subtitle = words::PARTS_SUBTITLE.of(lang);
    let mut page = Page::begin(&style, words::PARTS_TITLE.of(lang), subtitle);
    page.legend(&legend(chart, &style, lang));
    let bars = Bars::place(&page, chart.bars.iter().map(|bar| row(bar, scale, lang)).collect());
    let axis = axis(chart, scale, bars.plot);
    page.y = axis.draw_below(&mut page, bars.plot, words::PARTS_AXIS.of(lang));
    bars.draw_texts(&mut page);
    for (i, bar) in chart.bars.iter().enumerate() {
        draw_bar(&mut page, &bars, i, bar, &axis, lang);
    }
    page.finish(subtitle, chart.bars.iter().map(|bar| sentence(bar, scale, lang)), &chart.notes)
}

fn axis(chart: &MemoryParts, scale: Scale, plot: Area) -> Axis {
    let end = chart.bars.iter().map(end).fold(0.0, f64::max);
    Axis::linear(scale, (0.0, end * 1.03), (plot.left, plot.right))
}

/// In the order of the stack, only what occurs.
fn legend<'a>(chart: &MemoryParts, style: &'a Style, lang: Lang) -> Vec<Entry<'a>> {
    let occurs = |part: &Part| {
        chart.bars.iter().any(|bar| match &bar.content {
            Content::Measured { parts, .. } => parts.iter().any(|(p, _)| p == part),
            Content::Missing(_) => false,
        })
    };
    let mut entries: Vec<Entry> = Part::ALL
        .into_iter()
        .filter(occurs)
        .map(|part| Entry {
            symbol: Box::new(move |canvas, area| segment(canvas, style, area, part.fill())),
            wide: 1.8,
            text: part.name(lang).to_owned(),
        })
        .collect();
    if !entries.is_empty() {
        entries.push(super::values::whisker_entry(style, words::BOOT_WHOLE.of(lang)));
    }
    entries
}

/// Where stack, dot and whisker all end.
fn end(bar: &Bar) -> f64 {
    match &bar.content {
        Content::Missing(_) => 0.0,
        Content::Measured { parts, whole, .. } => {
            let sum: f64 = parts.iter().map(|(_, bytes)| bytes.max(0.0)).sum();
            sum.max(whole.median).max(whole.ends().map_or(0.0, |(_, high)| high))
        }
    }
}

fn row(bar: &Bar, scale: Scale, lang: Lang) -> Row {
    let (name, id) = (bar.arm.name.clone(), bar.arm.id.clone());
    match &bar.content {
        Content::Missing(reason) => {
            Row::Hole { name, id, reason: words::NOT_MEASURED.with(lang, &[("reason", reason)]) }
        }
        Content::Measured { whole, .. } => Row::Bar {
            name,
            id,
            value: scale.value(whole.median),
            interval: scale.interval(whole.ends(), words::NO_INTERVAL.of(lang)),
        },
    }
}

fn draw_bar(page: &mut Page, bars: &Bars, i: usize, bar: &Bar, axis: &Axis, lang: Lang) {
    let Content::Measured { parts, whole, .. } = &bar.content else { return };
    let style = page.style;
    let whisker = Whisker {
        median: axis.at(whole.median),
        ends: whole.ends().map(|(low, high)| (axis.at(low), axis.at(high))),
        across: bars.middle(i),
    };
    let free_until = whisker.ends.map_or(whisker.median, |(low, _)| low) - 6.0 * style.thick;
    let mut from = 0.0;
    for (part, bytes) in parts.iter().filter(|(_, bytes)| *bytes > 0.0) {
        let area = bars.area(style, i, axis.at(from), axis.at(from + bytes));
        segment(&mut page.canvas, style, area, part.fill());
        segment_name(page, area, part.fill(), part.name(lang), free_until);
        from += bytes;
    }
    whisker.draw_across(&mut page.canvas, style);
}

fn sentence(bar: &Bar, scale: Scale, lang: Lang) -> String {
    let (name, arm) = (("name", bar.arm.name.as_str()), ("arm", bar.arm.id.as_str()));
    match &bar.content {
        Content::Missing(reason) => words::NOT_MEASURED_ALT.with(lang, &[name, arm, ("reason", reason)]),
        Content::Measured { parts, whole, .. } => {
            let parts: Vec<String> =
                parts.iter().map(|(part, bytes)| format!("{} {}", part.name(lang), scale.value(*bytes))).collect();
            let interval = scale.interval(whole.ends(), words::NO_INTERVAL.of(lang));
            let (value, parts, n) = (scale.value(whole.median), parts.join(", "), words::blocks(whole.n, lang));
            words::PARTS_ALT
                .with(lang, &[name, arm, ("value", &value), ("interval", &interval), ("parts", &parts), ("n", &n)])
        }
    }
}
