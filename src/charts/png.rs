//! SVG → PNG, with the embedded font and no other.

use resvg::{tiny_skia, usvg};

use super::font;
use crate::error::{Context, Error, Result};

/// Renders a chart; `scale` 2.0 gives twice as many pixels each way as the SVG has units.
pub fn png(svg: &str, scale: f32) -> Result<Vec<u8>> {
    let mut options = usvg::Options::default();
    options.fontdb_mut().load_font_data(font::BYTES.to_vec());
    let tree = usvg::Tree::from_str(svg, &options).doing(|| "read the chart that was just drawn")?;
    let size = tree.size().to_int_size().scale_by(scale);
    let mut pixels = size
        .and_then(|s| tiny_skia::Pixmap::new(s.width(), s.height()))
        .ok_or_else(|| Error::new("make room for the PNG", format!("a scale of {scale} gives no picture")))?;
    resvg::render(&tree, tiny_skia::Transform::from_scale(scale, scale), &mut pixels.as_mut());
    pixels.encode_png().doing(|| "encode the chart as PNG")
}

#[cfg(test)]
mod tests {
    use super::*;

    const SVG: &str = r##"<svg xmlns="http://www.w3.org/2000/svg" width="40" height="30">
        <rect width="40" height="30" fill="#ffffff"/>
        <text x="2" y="25" font-family="Noto Sans CJK KR" font-size="24">Mm</text></svg>"##;

    #[test]
    fn letters_leave_ink_at_twice_the_size() {
        let pixels = tiny_skia::Pixmap::decode_png(&png(SVG, 2.0).unwrap()).unwrap();
        assert_eq!((pixels.width(), pixels.height()), (80, 60));
        let dark = pixels.pixels().iter().filter(|p| p.red() < 100).count();
        assert!((200..2000).contains(&dark), "{dark} dark pixels: the text is drawn, and is not one black box");
    }

    #[test]
    fn no_scale_and_no_svg_are_errors() {
        assert!(png(SVG, 0.0).is_err());
        assert!(png("<html>", 1.0).is_err());
    }
}
