//! The embedded font, and how wide a text is in it.
//!
//! SVG leaves the width of a text to whoever shows it, and we must know it to place labels. Two
//! tables of the font tell: `cmap` gives each character its glyph, `hmtx` each glyph its width (OpenType 1.9, chapters
//! "cmap" format 4, "hhea", "hmtx").

use std::collections::BTreeMap;
use std::sync::LazyLock;

/// Noto Sans CJK KR, cut to Latin and Hangul; see `font/README.md`.
pub(super) const BYTES: &[u8] = include_bytes!("NotoSansCJKkr-Regular-subset.otf");

/// Its own name first, then what a browser is likely to have. (A name with a digit would need quotes.)
pub(super) const FAMILY: &str = "Noto Sans CJK KR, Noto Sans KR, Noto Sans, Source Sans Pro, Arial, sans-serif";

/// Width of each character that the font has, in thousandths of its size.
static WIDTHS: LazyLock<BTreeMap<char, u16>> =
    LazyLock::new(|| widths(BYTES).expect("the embedded font is whole: a test reads it"));

/// Width of `text` at `size` pixels. A character that the font lacks is as wide as the font is high.
pub(super) fn width(text: &str, size: f64) -> f64 {
    let thousandths: f64 = text.chars().map(|c| WIDTHS.get(&c).map_or(1000.0, |w| f64::from(*w))).sum();
    thousandths * size / 1000.0
}

/// Is there a glyph for it?
#[cfg(test)]
pub(super) fn has(c: char) -> bool {
    WIDTHS.contains_key(&c)
}

fn widths(font: &[u8]) -> Option<BTreeMap<char, u16>> {
    let units_per_em = u32::from(u16_at(table(font, b"head")?, 18)?);
    let n_widths = usize::from(u16_at(table(font, b"hhea")?, 34)?);
    let hmtx = table(font, b"hmtx")?;
    let glyphs = glyphs(table(font, b"cmap")?)?;
    let width = |glyph: u16| {
        let last = n_widths.checked_sub(1)?; // glyphs beyond the last width have that width
        let units = u32::from(u16_at(hmtx, usize::from(glyph).min(last) * 4)?);
        Some((units * 1000 / units_per_em) as u16)
    };
    glyphs.into_iter().map(|(c, glyph)| Some((c, width(glyph)?))).collect()
}

/// The table directory: 12 bytes of header, then 16 per table: tag, checksum, offset, length.
fn table<'a>(font: &'a [u8], tag: &[u8]) -> Option<&'a [u8]> {
    let n_tables = usize::from(u16_at(font, 4)?);
    let mut entries = (0..n_tables).filter_map(|i| font.get(12 + i * 16..28 + i * 16));
    let entry = entries.find(|e| e.starts_with(tag))?;
    let (offset, length) = (u32_at(entry, 8)? as usize, u32_at(entry, 12)? as usize);
    font.get(offset..offset + length)
}

/// Character to glyph, from the subtable of format 4 (the Basic Multilingual Plane, which is all that we keep).
fn glyphs(cmap: &[u8]) -> Option<BTreeMap<char, u16>> {
    let n_subtables = usize::from(u16_at(cmap, 2)?);
    let offsets = (0..n_subtables).filter_map(|i| u32_at(cmap, 4 + i * 8 + 4));
    let mut subtables = offsets.filter_map(|o| cmap.get(o as usize..));
    let format4 = subtables.find(|t| u16_at(t, 0) == Some(4))?;
    let twice_segments = usize::from(u16_at(format4, 6)?);
    let mut found = BTreeMap::new();
    for segment in (0..twice_segments).step_by(2) {
        let end = u16_at(format4, 14 + segment)?;
        let start = u16_at(format4, 16 + twice_segments + segment)?;
        for code in start..=end {
            let glyph = glyph_of(format4, twice_segments, segment, code)?;
            if let (Some(c), 1..) = (char::from_u32(u32::from(code)), glyph) {
                found.insert(c, glyph);
            }
        }
    }
    Some(found)
}

/// Format 4: the glyph is `code + delta`, or stands in an array at `range` bytes from where the range itself stands.
fn glyph_of(format4: &[u8], twice_segments: usize, segment: usize, code: u16) -> Option<u16> {
    let start = u16_at(format4, 16 + twice_segments + segment)?;
    let delta = u16_at(format4, 16 + 2 * twice_segments + segment)?;
    let range_at = 16 + 3 * twice_segments + segment;
    match u16_at(format4, range_at)? {
        0 => Some(code.wrapping_add(delta)),
        range => match u16_at(format4, range_at + usize::from(range) + 2 * usize::from(code - start)) {
            None | Some(0) => Some(0), // the closing segment 0xffff points outside
            Some(glyph) => Some(glyph.wrapping_add(delta)),
        },
    }
}

fn u16_at(bytes: &[u8], at: usize) -> Option<u16> {
    bytes.get(at..at + 2)?.try_into().ok().map(u16::from_be_bytes)
}

fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    bytes.get(at..at + 4)?.try_into().ok().map(u32::from_be_bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Reasons of holes are said in Korean anywhere in the program, and drawn.
    #[test]
    fn every_syllable_that_the_program_says_has_a_glyph() {
        let mut folders = vec![crate::testing::repository().join("src")];
        let mut missing = std::collections::BTreeSet::new();
        while let Some(folder) = folders.pop() {
            for path in std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
                if path.is_dir() {
                    folders.push(path);
                } else if path.extension().is_some_and(|end| end == "rs") {
                    let text = std::fs::read_to_string(path).unwrap();
                    missing.extend(text.chars().filter(|c| ('가'..'힣').contains(c) && !has(*c))); // '힣' ends ranges
                }
            }
        }
        assert!(missing.is_empty(), "{missing:?}");
    }

    #[test]
    fn every_printable_character_that_we_promise_has_a_glyph() {
        let promised = (' '..='~').chain('\u{a0}'..='ÿ').chain("–—×µμ→±≤≥…·≈−‘’“”".chars());
        let missing: Vec<char> = promised.filter(|c| !has(*c)).collect();
        assert!(missing.is_empty(), "{missing:?}");
        assert!(has('한') && has('힝') && !has('漢'), "a character that was cut away is told as missing");
    }

    #[test]
    fn widths_agree_with_fonttools() {
        // fontTools: TTFont(…)['hmtx'][cmap[ord(c)]][0] of 1000 units
        for (c, expected) in [('i', 275), ('m', 926), ('0', 555), (' ', 224), ('→', 1000)] {
            assert_eq!(WIDTHS.get(&c), Some(&expected), "{c}");
        }
        assert!((width("im", 20.0) - 20.0 * 1.201).abs() < 1e-9);
    }
}
