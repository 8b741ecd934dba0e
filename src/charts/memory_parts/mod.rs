//! `memory-parts`: what one more instance consists of, one stacked bar per arm.
//!
//! What all instances share is no part of one more: it stands in the notes.

mod from_run;
#[cfg(test)]
mod tests;

use super::axis::Axis;
use super::bars::Bars;
use super::canvas::Area;
use super::found::{Found, interval, whisker};
use super::marks::{FILLS, Fill, stack, stack_legend};
use super::page::{Entry, Note, Page};
use super::style::Style;
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

type Bar = Found<Stack>;

#[derive(Debug, Clone, PartialEq)]
struct Stack {
    /// Medians, in the order of the stack.
    parts: Vec<(Part, f64)>,
    whole: Estimate,
    /// What all instances share: no part of one more.
    shared: Option<f64>,
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
    let bars = Bars::place(&page, chart.bars.iter().map(|bar| bar.bar(lang, |parts| (&parts.whole, scale))).collect());
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
    let occurs =
        |part: &Part| chart.bars.iter().filter_map(Bar::get).any(|bar| bar.parts.iter().any(|(p, _)| p == part));
    let parts = Part::ALL.into_iter().filter(occurs).map(|part| (part.fill(), part.name(lang)));
    stack_legend(style, parts, words::BOOT_WHOLE.of(lang))
}

/// Where stack, dot and whisker all end.
fn end(bar: &Bar) -> f64 {
    bar.get().map_or(0.0, |Stack { parts, whole, .. }| {
        let sum: f64 = parts.iter().map(|(_, bytes)| bytes.max(0.0)).sum();
        sum.max(whole.median).max(whole.span().1)
    })
}

fn draw_bar(page: &mut Page, bars: &Bars, i: usize, bar: &Bar, axis: &Axis, lang: Lang) {
    let Some(Stack { parts, whole, .. }) = bar.get() else { return };
    let parts = parts.iter().filter(|(_, bytes)| *bytes > 0.0);
    let parts = parts.map(|(part, bytes)| (part.fill(), part.name(lang), *bytes));
    let half = bars.area(page.style, i, 0.0, 0.0).height() / 2.0;
    stack(page, parts, axis, half, whisker(axis, whole, bars.middle(i)));
}

fn sentence(bar: &Bar, scale: Scale, lang: Lang) -> String {
    bar.alt(lang, |arm, Stack { parts, whole, .. }| {
        let parts: Vec<String> =
            parts.iter().map(|(part, bytes)| format!("{} {}", part.name(lang), scale.value(*bytes))).collect();
        let values = [
            ("name", &*arm.name),
            ("arm", &*arm.id),
            ("value", &scale.value(whole.median)),
            ("interval", &interval(scale, whole, lang)),
            ("parts", &parts.join(", ")),
            ("n", &words::blocks(whole.n, lang)),
        ];
        words::PARTS_ALT.with(lang, &values)
    })
}
