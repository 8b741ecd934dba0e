//! SVG → PNG, and SVG with text as outlines; with the embedded font and no other.

use resvg::{tiny_skia, usvg};

use super::font;
use super::svg::describe;
use crate::error::{Context, Error, Result};
use crate::said;

/// Pixels per inch that an SVG's units stand for (CSS Values and Units 3, section 6.2).
const SVG_DPI: f32 = 96.0;

/// Renders a chart; at 192 dpi there are two pixels each way for every unit of the SVG. The file says how many dots per
/// inch it has, so a word processor shows it as large as the SVG.
pub fn png(svg: &str, dpi: f32) -> Result<Vec<u8>> {
    let tree = tree(svg)?;
    let scale = dpi / SVG_DPI;
    let size = tree.size().to_int_size().scale_by(scale);
    let mut pixels = size.and_then(|s| tiny_skia::Pixmap::new(s.width(), s.height())).ok_or_else(|| {
        Error::new(
            said!("make room for the PNG", "PNG를 만들 자리를 마련할 수 없습니다"),
            said!("at {dpi} dpi it is no picture", "{dpi} dpi로는 그림이 되지 않음"),
        )
    })?;
    resvg::render(&tree, tiny_skia::Transform::from_scale(scale, scale), &mut pixels.as_mut());
    let bytes = pixels.encode_png().doing(|| said!("encode the chart as PNG", "차트를 PNG로 변환할 수 없습니다"))?;
    Ok(with_density(bytes, dpi))
}

/// The same chart without a single text: every letter is a shape, so it looks alike in every program. Title and
/// description stay.
pub fn outlines(svg: &str) -> Result<String> {
    let options = usvg::WriteOptions { coordinates_precision: 2, transforms_precision: 4, ..Default::default() };
    let between = |open: &str, close: &str| {
        let inside = svg.split_once(open).and_then(|(_, rest)| rest.split_once(close));
        inside.map_or(String::new(), |(text, _)| {
            text.replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", "\"").replace("&amp;", "&")
        })
    };
    let (title, desc) = (between("<title id=\"title\">", "</title>"), between("<desc id=\"desc\">", "</desc>"));
    Ok(describe(&tree(svg)?.to_string(&options), &title, &desc))
}

fn tree(svg: &str) -> Result<usvg::Tree> {
    let mut options = usvg::Options::default();
    options.fontdb_mut().load_font_data(font::BYTES.to_vec());
    usvg::Tree::from_str(svg, &options)
        .doing(|| said!("read the chart that was just drawn", "방금 그린 차트를 읽을 수 없습니다"))
}

/// A `pHYs` chunk after the header, which is always the first chunk and 25 bytes long (PNG, 3rd edition, 11.3.4.3).
fn with_density(mut png: Vec<u8>, dpi: f32) -> Vec<u8> {
    const AFTER_HEADER: usize = 8 + 25;
    let per_metre = ((dpi / 0.0254).round() as u32).to_be_bytes();
    let chunk = [b"pHYs".as_slice(), &per_metre, &per_metre, &[1]].concat();
    let whole = [&9u32.to_be_bytes()[..], &chunk, &crc32(&chunk).to_be_bytes()].concat();
    if png.len() > AFTER_HEADER {
        png.splice(AFTER_HEADER..AFTER_HEADER, whole);
    }
    png
}

/// CRC-32 as PNG defines it (annex D).
fn crc32(bytes: &[u8]) -> u32 {
    let step = |crc: u32, byte: &u8| {
        (0..8).fold(crc ^ u32::from(*byte), |c, _| if c & 1 == 1 { c >> 1 ^ 0xedb8_8320 } else { c >> 1 })
    };
    !bytes.iter().fold(u32::MAX, step)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SVG: &str = r##"<svg xmlns="http://www.w3.org/2000/svg" width="40" height="30">
<title id="title">a &lt; b</title>
<desc id="desc">numbers</desc>
        <rect width="40" height="30" fill="#ffffff"/>
        <text x="2" y="25" font-family="Noto Sans CJK KR" font-size="24">M한</text></svg>"##;

    #[test]
    fn letters_leave_ink_at_twice_the_size() {
        let pixels = tiny_skia::Pixmap::decode_png(&png(SVG, 192.0).unwrap()).unwrap();
        assert_eq!((pixels.width(), pixels.height()), (80, 60));
        let dark = pixels.pixels().iter().filter(|p| p.red() < 100).count();
        assert!((200..2000).contains(&dark), "{dark} dark pixels: the text is drawn, and is not one black box");
    }

    #[test]
    fn the_file_says_its_density() {
        let bytes = png(SVG, 254.0).unwrap();
        assert_eq!(&bytes[33..41], b"\0\0\0\x09pHYs");
        assert_eq!(bytes[41..45], 10_000u32.to_be_bytes(), "254 dots per inch are 10 000 per metre");
        assert_eq!(crc32(b"123456789"), 0xcbf4_3926, "the check value of every CRC catalogue");
    }

    #[test]
    fn outlines_have_no_text_and_the_same_picture() {
        let shapes = outlines(SVG).unwrap();
        assert!(!shapes.contains("<text") && shapes.contains("<path"), "{shapes}");
        assert!(
            shapes.contains("<title id=\"title\">a &lt; b</title>") && shapes.contains(">numbers</desc>"),
            "{shapes}"
        );
        let pixels = |svg: &str| tiny_skia::Pixmap::decode_png(&png(svg, 192.0).unwrap()).unwrap();
        let (a, b) = (pixels(SVG), pixels(&shapes));
        let differ = a.pixels().iter().zip(b.pixels()).filter(|(a, b)| a.red().abs_diff(b.red()) > 24).count();
        assert!(differ < 60, "{differ} of 4800 pixels differ: more than rounded outlines explain");
    }

    #[test]
    fn no_dots_and_no_svg_are_errors() {
        assert!(png(SVG, 0.0).is_err());
        assert!(png("<html>", 96.0).is_err());
    }
}
