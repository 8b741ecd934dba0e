//! The page that charts draw on: plotters' elements on plotters' drawing area, in fractions of a pixel.

use std::cell::RefCell;
use std::rc::Rc;

use plotters::coord::Shift;
use plotters::drawing::DrawingArea;
use plotters::element::{Circle, Drawable, PathElement, PointCollection, Polygon, Rectangle};
use plotters::style::text_anchor::{HPos, Pos, VPos};
use plotters::style::{Color as _, IntoFont, ShapeStyle, TextStyle};

use super::font;
use super::style::{Color, Marker, Style};
use super::svg::{PER_PIXEL, Pen, Svg, describe, short};

/// Writing to a string has no way to fail, and neither has plotters when it does only that.
const CANNOT_FAIL: &str = "drawing into a string cannot fail";

/// Pixels from the top left corner of the canvas.
pub(super) type Point = (f64, f64);

#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Area {
    pub left: f64,
    pub top: f64,
    pub right: f64,
    pub bottom: f64,
}

impl Area {
    pub(super) fn new(left: f64, top: f64, right: f64, bottom: f64) -> Area {
        Area { left, top, right, bottom }
    }

    pub(super) fn width(&self) -> f64 {
        self.right - self.left
    }

    pub(super) fn height(&self) -> f64 {
        self.bottom - self.top
    }

    pub(super) fn middle(&self) -> Point {
        (f64::midpoint(self.left, self.right), f64::midpoint(self.top, self.bottom))
    }
}

/// A line's colour, width in pixels, and dashes.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Stroke {
    pub color: Color,
    pub width: f64,
    /// SVG's `stroke-dasharray`; empty: no gaps.
    pub dash: &'static str,
    /// 1.0: nothing shines through.
    pub opacity: f64,
}

impl Stroke {
    pub(super) fn new(color: Color, width: f64) -> Stroke {
        Stroke { color, width, dash: "", opacity: 1.0 }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Side {
    Left,
    Center,
    Right,
}

/// One line of text at one place.
pub(super) struct Text<'a> {
    pub words: &'a str,
    /// Its left, middle or right end by `side`, half-way up.
    pub at: Point,
    pub size: f64,
    pub color: Color,
    pub side: Side,
}

/// Shapes in the order in which they were drawn.
pub(super) struct Canvas {
    svg: Rc<RefCell<Svg>>,
    area: DrawingArea<Svg, Shift>,
}

impl Default for Canvas {
    fn default() -> Canvas {
        let svg = Rc::new(RefCell::new(Svg::default()));
        Canvas { area: DrawingArea::from(&svg), svg }
    }
}

/// plotters counts in whole units; ours are [`PER_PIXEL`] of a pixel.
fn unit(pixels: f64) -> i32 {
    (pixels * f64::from(PER_PIXEL)).round() as i32
}

fn units((x, y): Point) -> (i32, i32) {
    (unit(x), unit(y))
}

fn filled(color: Color, opacity: f64) -> ShapeStyle {
    color.plotters().mix(opacity).filled()
}

fn stroked(color: Color, opacity: f64, width: f64) -> ShapeStyle {
    color.plotters().mix(opacity).stroke_width(unit(width).unsigned_abs())
}

fn corners(area: Area) -> [(i32, i32); 2] {
    let (left, top) = (area.left, area.top);
    [units((left, top)), units((area.right.max(left), area.bottom.max(top)))]
}

impl Canvas {
    pub(super) fn rect(&mut self, area: Area, fill: Color) {
        self.rect_through(area, fill, 1.0);
    }

    /// A rectangle that what is below shines through.
    pub(super) fn rect_through(&mut self, area: Area, fill: Color, opacity: f64) {
        self.draw(&Rectangle::new(corners(area), filled(fill, opacity)));
    }

    pub(super) fn frame(&mut self, area: Area, color: Color, width: f64) {
        self.draw(&Rectangle::new(corners(area), stroked(color, 1.0, width)));
    }

    /// Straight from point to point.
    pub(super) fn line(&mut self, points: &[Point], stroke: Stroke) {
        self.lines(&[points], stroke);
    }

    /// Several lines of one kind, as one shape.
    pub(super) fn lines(&mut self, lines: &[&[Point]], stroke: Stroke) {
        let style = stroked(stroke.color, stroke.opacity, stroke.width);
        self.with_pen(Pen { dash: stroke.dash, round: false }, |canvas| {
            for line in lines {
                canvas.draw(&PathElement::new(line.iter().copied().map(units).collect::<Vec<_>>(), style));
            }
        });
    }

    pub(super) fn circle(&mut self, at: Point, radius: f64, fill: Color) {
        self.draw(&Circle::new(units(at), unit(radius), filled(fill, 1.0)));
    }

    /// Many dots of one kind as one shape: a line without length has round ends.
    pub(super) fn dots(&mut self, points: &[Point], radius: f64, color: Color) {
        let style = stroked(color, 1.0, radius * 2.0);
        self.with_pen(Pen { dash: "", round: true }, |canvas| {
            points.iter().for_each(|at| canvas.draw(&PathElement::new([units(*at)], style)));
        });
    }

    /// A marker of a series, with a rim of paper so that it stands out from its own line.
    pub(super) fn marker(&mut self, at: Point, marker: Marker, radius: f64, color: Color, paper: Color) {
        let ((x, y), r) = (at, radius);
        let corners: Vec<Point> = match marker {
            Marker::Circle => {
                self.circle(at, r + 1.0, paper);
                self.circle(at, r, color);
                return;
            }
            Marker::Cross | Marker::Plus => {
                let d = r * 0.8;
                let arms = match marker {
                    Marker::Plus => [[(x - r, y), (x + r, y)], [(x, y - r), (x, y + r)]],
                    _ => [[(x - d, y - d), (x + d, y + d)], [(x - d, y + d), (x + d, y - d)]],
                };
                for (color, width) in [(paper, r), (color, r * 0.55)] {
                    self.lines(&[&arms[0], &arms[1]], Stroke::new(color, width));
                }
                return;
            }
            Marker::Square => vec![(x - r, y - r), (x + r, y - r), (x + r, y + r), (x - r, y + r)],
            Marker::Triangle => vec![(x, y - r * 1.2), (x + r * 1.1, y + r * 0.8), (x - r * 1.1, y + r * 0.8)],
            Marker::Wedge => vec![(x, y + r * 1.2), (x + r * 1.1, y - r * 0.8), (x - r * 1.1, y - r * 0.8)],
            Marker::Diamond => vec![(x, y - r * 1.3), (x + r * 1.3, y), (x, y + r * 1.3), (x - r * 1.3, y)],
        };
        self.polygon(&corners, color, paper);
    }

    fn polygon(&mut self, corners: &[Point], fill: Color, rim: Color) {
        let points: Vec<(i32, i32)> = corners.iter().copied().map(units).collect();
        self.draw(&Polygon::new(points, filled(fill, 1.0)));
        let around: Vec<Point> = corners.iter().chain(corners.first()).copied().collect();
        self.line(&around, Stroke::new(rim, 1.0));
    }

    pub(super) fn text(&mut self, text: &Text) {
        if text.words.is_empty() {
            return;
        }
        let side = match text.side {
            Side::Left => HPos::Left,
            Side::Center => HPos::Center,
            Side::Right => HPos::Right,
        };
        let font = (font::FAMILY, text.size).into_font();
        let style = TextStyle { color: text.color.plotters().to_backend_color(), ..TextStyle::from(font) };
        let style = style.pos(Pos::new(side, VPos::Center));
        self.area.draw_text(text.words, &style, units(text.at)).expect(CANNOT_FAIL);
    }

    fn draw<'a, E>(&self, element: &'a E)
    where
        &'a E: PointCollection<'a, (i32, i32)>,
        E: Drawable<Svg>,
    {
        self.area.draw(element).expect(CANNOT_FAIL);
    }

    /// All paths that `draw` draws are one shape of this pen.
    fn with_pen(&mut self, pen: Pen, draw: impl FnOnce(&Canvas)) {
        self.svg.borrow_mut().take(pen);
        draw(self);
        self.svg.borrow_mut().put_down();
    }

    /// The whole file, with a title and a description for those who don't see it.
    pub(super) fn svg(&self, style: &Style, height: f64, title: &str, description: &str) -> String {
        let (w, h, paper) = (short(style.width), short(height.ceil()), style.paper);
        let open =
            format!(r#"<svg width="{w}" height="{h}" viewBox="0 0 {w} {h}" xmlns="http://www.w3.org/2000/svg">"#);
        let svg = self.svg.borrow();
        let body = svg.body();
        describe(
            &format!("{open}\n<rect width=\"{w}\" height=\"{h}\" fill=\"{paper}\"/>\n{body}</svg>\n"),
            title,
            description,
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::charts::Look;

    #[test]
    fn a_hostile_name_stays_text() {
        let style = Style::of(Look::default());
        let mut canvas = Canvas::default();
        let words = "</text><script>&amp;";
        canvas.text(&Text { words, at: (0.0, 10.0), size: 12.0, color: style.ink, side: Side::Left });
        let drawn = canvas.svg(&style, 50.0, "<b> & \u{7}", "d");
        assert!(drawn.contains("<title id=\"title\">&lt;b&gt; &amp;  </title>"), "{drawn}");
        assert!(!drawn.contains("<script"), "{drawn}");
        assert!(drawn.contains(&format!("textLength=\"{}\"", short(font::width(words, 12.0)))), "{drawn}");
    }

    #[test]
    fn numbers_are_short() {
        assert_eq!([1.0, 1.04, 1.06, -0.5, 100.0].map(short), ["1", "1", "1.1", "-0.5", "100"]);
    }

    #[test]
    fn many_dots_are_one_shape() {
        let mut canvas = Canvas::default();
        canvas.dots(&[(1.0, 2.0), (3.5, 4.0)], 1.5, Color(1, 2, 3));
        let svg = canvas.svg.borrow();
        assert_eq!(svg.body().matches("<path").count(), 1);
        assert!(svg.body().contains("M1 2h0M3.5 4h0") && svg.body().contains("stroke-width=\"3\""), "{}", svg.body());
    }
}
