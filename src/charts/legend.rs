//! The lines of a chart and what they mean: a number at the end of each line, and below the chart a list of these
//! numbers with symbol, name and values. Names of any length have room there, and lines that meet are told apart.

use super::canvas::{Area, Side, Stroke};
use super::font;
use super::page::Page;
use super::style::{Color, Series, Style};
use super::text::wrap;

/// One item of the list.
pub(super) struct Item {
    /// None: nothing of it is drawn.
    pub series: Option<Series>,
    pub name: String,
    pub says: String,
}

/// Room that the numbers beside the plot need.
pub(super) fn numbers_width(style: &Style, items: usize) -> f64 {
    font::width(&items.to_string(), style.small) + 2.0 * style.gap()
}

/// How high a plot must be for that many numbers beside it.
pub(super) fn least_height(style: &Style, items: usize) -> f64 {
    Style::line(style.small) * items as f64
}

/// Numbers right of the plot, each led to by a thin line from `ends` (item, pixel from the top), moved apart.
pub(super) fn draw_numbers(page: &mut Page, plot: Area, ends: &[(usize, f64, Color)]) {
    let style = page.style;
    let places =
        apart(&ends.iter().map(|e| e.1).collect::<Vec<_>>(), Style::line(style.small), (plot.top, plot.bottom));
    for ((item, y, color), place) in ends.iter().zip(places) {
        let (from, to) = (plot.right + style.gap() * 0.3, plot.right + style.gap());
        page.canvas.line(&[(from, *y), (to, place)], Stroke::new(*color, style.thick));
        let at = (plot.right + style.gap() * 1.3, place);
        page.text(&(item + 1).to_string(), at, style.small, style.ink, Side::Left);
    }
}

/// Places near the wanted ones, at least `least` apart, inside `between` as far as it has room.
fn apart(wanted: &[f64], least: f64, (top, bottom): (f64, f64)) -> Vec<f64> {
    let mut order: Vec<usize> = (0..wanted.len()).collect();
    order.sort_by(|a, b| wanted[*a].total_cmp(&wanted[*b]));
    let mut places = wanted.to_vec();
    let mut free = top;
    for i in &order {
        places[*i] = wanted[*i].max(free);
        free = places[*i] + least;
    }
    let mut free = bottom;
    for i in order.iter().rev() {
        places[*i] = places[*i].min(free);
        free = places[*i] - least;
    }
    places
}

/// The list, from where the page has got to.
pub(super) fn draw_list(page: &mut Page, items: &[Item]) {
    let style = page.style;
    let (left, right) = style.inner();
    let symbol_left = left + font::width(&items.len().to_string(), style.small) + style.gap();
    let text_left = symbol_left + style.small * 4.0;
    for (i, item) in items.iter().enumerate() {
        let middle = page.y + Style::line(style.label) / 2.0;
        page.text(&(i + 1).to_string(), (symbol_left - style.gap(), middle), style.small, style.ink, Side::Right);
        if let Some(series) = item.series {
            let (from, to) = (symbol_left, symbol_left + style.small * 3.2);
            let stroke = Stroke { dash: series.dash, ..Stroke::new(series.color, 2.0 * style.thick) };
            page.canvas.line(&[(from, middle), (to, middle)], stroke);
            let at = (f64::midpoint(from, to), middle);
            page.canvas.marker(at, series.marker, 4.0 * style.thick, series.color, style.paper);
        }
        for (text, size, color) in [(&item.name, style.label, style.ink), (&item.says, style.small, style.faint)] {
            for line in wrap(text, size, right - text_left) {
                page.text(&line, (text_left, page.y + Style::line(size) / 2.0), size, color, Side::Left);
                page.y += Style::line(size);
            }
        }
        page.y += style.gap() / 2.0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_keep_apart_and_inside() {
        let places = apart(&[50.0, 52.0, 10.0, 99.0, 51.0], 10.0, (0.0, 100.0));
        let mut sorted = places.clone();
        sorted.sort_by(f64::total_cmp);
        assert!(sorted.windows(2).all(|w| w[1] - w[0] >= 10.0 - 1e-9), "{places:?}");
        assert!(sorted[0] >= 0.0 && sorted[4] <= 100.0);
        assert!((places[2], places[3]) == (10.0, 99.0), "those that are alone stay: {places:?}");
        assert!(places[0] < places[4] && places[4] < places[1], "in order");
    }
}
