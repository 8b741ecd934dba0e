//! `inventory`: which objects come into being with one instance, as a table: a row per environment, a column per kind.
//!
//! Numbers, not bars: a count of 1 and one of 12 are both just counts. What is not 0 has a shade, so that the shape of an
//! environment is seen before its numbers are read.

mod from_run;
#[cfg(test)]
mod tests;

use super::canvas::{Area, Side, Stroke};
use super::font;
use super::found::{Found, not_measured};
use super::marks::{Label, reason_lines, small_lines};
use super::page::{Note, Page};
use super::style::{DARK_INK, Style};
use super::{Drawing, Look, words};
use crate::lang::Lang;
use crate::results::derive::Estimate;
use crate::units::show_count;

pub(super) const CHART: super::Chart = super::Chart {
    id: "inventory",
    sentence: "Which objects come into being with one instance: a table of environments and kinds of objects.",
    bench: "-x inventory",
    draw: |runs, look| runs.iter().find_map(|run| Inventory::from_run(run, look.lang)).map(|c| drawing(&c, look)),
};

/// Everything that the chart shows.
#[derive(Debug, Clone, PartialEq)]
struct Inventory {
    rows: Vec<Row>,
    /// Ids of the columns: "processes", "namespaces" …
    kinds: Vec<String>,
    notes: Vec<Note>,
}

type Row = Found<Objects>;

#[derive(Debug, Clone, PartialEq)]
struct Objects {
    /// One per kind; None: not counted.
    counts: Vec<Option<Estimate>>,
    /// "mnt", "net" …
    namespaces: Vec<String>,
    /// "vcpu", "vm" …
    kvm: Vec<String>,
}

/// The table in pixels.
struct Grid {
    /// Left ends of the columns, and the right end of the last.
    columns: Vec<f64>,
    /// Upper end, lower end and name of each row.
    rows: Vec<(f64, f64, Label)>,
    /// Lines that the heads are spread over, so that they keep apart.
    levels: usize,
    top: f64,
}

fn drawing(chart: &Inventory, look: Look) -> Drawing {
    let style = Style::of(look);
    let lang = look.lang;
    let subtitle = words::INVENTORY_SUBTITLE.of(lang);
    let mut page = Page::begin(&style, words::INVENTORY_TITLE.of(lang), subtitle);
    let grid = Grid::place(&page, chart, lang);
    draw_heads(&mut page, chart, &grid, lang);
    for (row, (top, bottom, label)) in chart.rows.iter().zip(&grid.rows) {
        label.draw(&mut page, grid.columns[0] - style.gap(), f64::midpoint(*top, *bottom));
        match &row.value {
            Ok(Objects { counts, .. }) => draw_counts(&mut page, counts, &grid, (*top, *bottom)),
            Err(reason) => {
                let lines = grid.reason(&style, reason, lang);
                let left = grid.columns[0] + style.gap();
                small_lines(&mut page, &lines, left, f64::midpoint(*top, *bottom), style.faint);
            }
        }
    }
    draw_lines(&mut page, &grid);
    page.y = grid.rows.last().map_or(grid.top, |row| row.1) + style.gap();
    page.finish(subtitle, chart.rows.iter().map(|row| sentence(row, &chart.kinds, lang)), &chart.notes)
}

impl Grid {
    fn place(page: &Page, chart: &Inventory, lang: Lang) -> Grid {
        let style = page.style;
        let (left, right) = style.inner();
        let labels: Vec<Label> = chart.rows.iter().map(|row| row.label(style)).collect();
        let names = labels.iter().map(Label::width).fold(0.0, f64::max);
        let first = left + names + style.gap();
        let n = chart.kinds.len().max(1);
        let wide = ((right - first) / n as f64).min(style.label * 9.0);
        let columns: Vec<f64> = (0..=n).map(|i| first + wide * i as f64).collect();
        let heads = chart.kinds.iter().map(|k| font::width(kind(k, lang), style.small)).fold(0.0, f64::max);
        let levels = ((heads + style.gap()) / wide).ceil().max(1.0) as usize;
        let top = page.y + levels as f64 * Style::line(style.small) + style.gap();
        let mut grid = Grid { columns, rows: Vec::new(), levels, top };
        let mut y = top;
        for (row, label) in chart.rows.iter().zip(labels) {
            let text = match &row.value {
                Ok(_) => Style::line(style.label) + Style::line(style.small),
                Err(reason) => grid.reason(style, reason, lang).len() as f64 * Style::line(style.small),
            };
            let bottom = y + label.height().max(text) + style.gap();
            grid.rows.push((y, bottom, label));
            y = bottom;
        }
        grid
    }

    fn right(&self) -> f64 {
        self.columns.last().copied().unwrap_or(0.0)
    }

    fn reason(&self, style: &Style, reason: &str, lang: Lang) -> Vec<String> {
        reason_lines(style, &not_measured(reason, lang), self.right() - self.columns[0] - 2.0 * style.gap())
    }

    fn middle(&self, column: usize) -> f64 {
        f64::midpoint(self.columns[column], self.columns[column + 1])
    }
}

/// Neighbours stand on different lines where they would meet; a short line leads down to the column.
fn draw_heads(page: &mut Page, chart: &Inventory, grid: &Grid, lang: Lang) {
    let style = page.style;
    let line = Style::line(style.small);
    for (i, id) in chart.kinds.iter().enumerate() {
        let word = kind(id, lang);
        let level = i % grid.levels;
        let y = grid.top - style.gap() / 2.0 - (grid.levels - 1 - level) as f64 * line - line / 2.0;
        let half = font::width(word, style.small) / 2.0;
        let (left, right) = style.inner();
        let x = grid.middle(i).clamp(left + half, (right - half).max(left + half));
        page.canvas.line(
            &[(grid.middle(i), y + line / 2.0), (grid.middle(i), grid.top)],
            Stroke::new(style.grid, style.thick),
        );
        page.text(word, (x, y), style.small, style.ink, Side::Center);
    }
}

fn draw_counts(page: &mut Page, counts: &[Option<Estimate>], grid: &Grid, (top, bottom): (f64, f64)) {
    let style = page.style;
    let middle = f64::midpoint(top, bottom);
    for (i, count) in counts.iter().enumerate() {
        let Some(count) = count else {
            page.text("–", (grid.middle(i), middle), style.label, style.faint, Side::Center);
            continue;
        };
        let some = count.median > 0.0;
        if some {
            page.canvas.rect(Area::new(grid.columns[i], top, grid.columns[i + 1], bottom), SHADE);
        }
        let ink = if some { DARK_INK } else { style.faint };
        match unsure(count) {
            None => page.text(&show_count(count.median), (grid.middle(i), middle), style.label, ink, Side::Center),
            Some(ends) => {
                let up = (Style::line(style.label) + Style::line(style.small)) / 4.0;
                let at = |y: f64| (grid.middle(i), y);
                page.text(&show_count(count.median), at(middle - up), style.label, ink, Side::Center);
                page.text(&ends, at(middle + up), style.small, ink, Side::Center);
            }
        }
    }
}

/// Okabe & Ito's sky blue: dark letters stand out on it in every theme.
const SHADE: super::style::Color = super::style::Color(0x9c, 0xd2, 0xf2);

/// "(3–4)" where the interval is more than one number.
fn unsure(count: &Estimate) -> Option<String> {
    let (low, high) = count.ends().filter(|(low, high)| high > low)?;
    Some(format!("({}–{})", show_count(low), show_count(high)))
}

/// Between rows and columns.
fn draw_lines(page: &mut Page, grid: &Grid) {
    let style = page.style;
    let (left, right) = (style.inner().0, grid.right());
    let bottom = grid.rows.last().map_or(grid.top, |row| row.1);
    for y in grid.rows.iter().map(|row| row.1) {
        page.canvas.line(&[(left, y), (right, y)], Stroke::new(style.grid, style.thick));
    }
    page.canvas.line(&[(left, grid.top), (right, grid.top)], Stroke::new(style.ink, style.thick));
    page.canvas.line(&[(left, bottom), (right, bottom)], Stroke::new(style.ink, style.thick));
}

fn kind(id: &str, lang: Lang) -> &str {
    match id {
        "processes" => words::KIND_PROCESSES.of(lang),
        "namespaces" => words::KIND_NAMESPACES.of(lang),
        "mounts" => words::KIND_MOUNTS.of(lang),
        "cgroups" => words::KIND_CGROUPS.of(lang),
        "fds" => words::KIND_FDS.of(lang),
        "kvm_objects" => words::KIND_KVM_OBJECTS.of(lang),
        "kernels" => words::KIND_KERNELS.of(lang),
        other => other,
    }
}

fn sentence(row: &Row, kinds: &[String], lang: Lang) -> String {
    row.sentence(lang, |objects| {
        let said = kinds.iter().zip(&objects.counts).filter_map(|(id, count)| {
            let count = count.as_ref()?;
            let ends = unsure(count).map_or(String::new(), |e| format!(" {e}"));
            Some(format!("{} {}{ends}", kind(id, lang), show_count(count.median)))
        });
        said.collect::<Vec<_>>().join(", ")
    })
}
