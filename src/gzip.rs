//! One member of a gzip file (RFC 1952), unpacked within a bound.

use miniz_oxide::inflate::{TINFLStatus, decompress_to_vec_with_limit};

/// Why it was not unpacked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// Its header, or what must follow it, is not all there.
    CutOff,
    Damaged,
    TooLarge,
    /// Its length is not that of what was packed: more than one member, or damaged.
    OtherLength,
}

/// Does it begin as such a file does?
pub fn is_gzip(bytes: &[u8]) -> bool {
    bytes.starts_with(&[0x1f, 0x8b])
}

/// # Errors
/// See [`Fault`].
pub fn unpack(bytes: &[u8], largest: usize) -> Result<Vec<u8>, Fault> {
    let (packed, Trailer { sum, length }) = body(bytes).ok_or(Fault::CutOff)?;
    let text = decompress_to_vec_with_limit(packed, largest).map_err(|failed| match failed.status {
        TINFLStatus::HasMoreOutput => Fault::TooLarge,
        _ => Fault::Damaged,
    })?;
    match () {
        () if text.len() as u32 != length => Err(Fault::OtherLength),
        () if crc32fast::hash(&text) != sum => Err(Fault::Damaged),
        () => Ok(text),
    }
}

/// What the last eight bytes say of what was packed.
struct Trailer {
    sum: u32,
    length: u32,
}

/// The deflate stream, and the trailer.
fn body(bytes: &[u8]) -> Option<(&[u8], Trailer)> {
    const EXTRA: u8 = 4;
    const NAME: u8 = 8;
    const COMMENT: u8 = 16;
    const HEADER_CRC: u8 = 2;
    let flags = *bytes.get(3)?;
    let mut at = 10;
    if flags & EXTRA != 0 {
        at += 2 + usize::from(u16::from_le_bytes(bytes.get(at..at + 2)?.try_into().ok()?));
    }
    for text in [NAME, COMMENT] {
        if flags & text != 0 {
            at += bytes.get(at..)?.iter().position(|b| *b == 0)? + 1;
        }
    }
    at += if flags & HEADER_CRC != 0 { 2 } else { 0 };
    let trailer = bytes.len().checked_sub(8).filter(|end| *end >= at)?;
    let number = |at: usize| Some(u32::from_le_bytes(bytes.get(at..at + 4)?.try_into().ok()?));
    Some((&bytes[at..trailer], Trailer { sum: number(trailer)?, length: number(trailer + 4)? }))
}

/// As `gzip -n` makes it, with the optional parts that these flags name.
#[cfg(any(test, feature = "for-tests"))]
pub fn packed(text: &[u8], flags: u8, parts: &[u8]) -> Vec<u8> {
    let mut file = vec![0x1f, 0x8b, 8, flags, 0, 0, 0, 0, 0, 3];
    file.extend(parts);
    file.extend(miniz_oxide::deflate::compress_to_vec(text, 6));
    file.extend(crc32fast::hash(text).to_le_bytes());
    file.extend((text.len() as u32).to_le_bytes());
    file
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &[u8] = b"CONFIG_HZ=250\n";

    #[test]
    fn optional_parts_of_the_header_are_passed_by() {
        for (flags, parts) in [(0, &b""[..]), (8, b"name\0"), (4 | 8 | 16 | 2, b"\x03\0abcname\0why\0\x12\x34")] {
            assert_eq!(unpack(&packed(TEXT, flags, parts), 100).as_deref(), Ok(TEXT), "flags {flags}");
        }
    }

    #[test]
    fn what_is_cut_off_damaged_or_boundless_is_refused() {
        let whole = packed(TEXT, 0, b"");
        for end in 0..whole.len() {
            assert!(unpack(&whole[..end], 100).is_err(), "cut off at {end}");
        }
        assert_eq!(unpack(&whole[..9], 100), Err(Fault::CutOff));
        assert_eq!(unpack(&packed(TEXT, 8, b"name")[..13], 100), Err(Fault::CutOff));
        assert_eq!(unpack(&packed(&vec![0; 1 << 20], 0, b""), 1 << 16), Err(Fault::TooLarge));
        let sum = whole.len() - 8;
        for byte in sum..sum + 4 {
            let mut other = whole.clone();
            other[byte] ^= 1;
            assert_eq!(unpack(&other, 100), Err(Fault::Damaged), "a byte of the sum");
        }
        let mut broken = whole.clone();
        broken[10] = 0xff; // a block of a kind that there is not
        assert_eq!(unpack(&broken, 100), Err(Fault::Damaged));
        assert_eq!(unpack(&[whole.clone(), packed(b"more", 0, b"")].concat(), 100), Err(Fault::OtherLength));
    }
}
