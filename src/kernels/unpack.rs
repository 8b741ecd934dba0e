//! What compressed kernels and modules hold, unpacked within a bound.

use std::io::{self, Cursor, Read};

use lz4_flex::block::decompress_into;
use ruzstd::decoding::StreamingDecoder;
use xz4rust::XzReader;

use crate::gzip;
use crate::lang::Said;
use crate::said;

/// No kernel is larger: the biggest of a distribution has some 60 MiB.
pub const LARGEST: usize = 512 << 20;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Packing {
    Gzip,
    Xz,
    Zstd,
    /// The format of `lz4 -l`.
    Lz4Legacy,
}

/// What they begin with. The kernel can be packed with three more, which distributions do not use.
const MAGIC: [(&[u8], Packing); 4] = [
    (b"\x1f\x8b", Packing::Gzip),
    (b"\xfd7zXZ\0", Packing::Xz),
    (b"\x28\xb5\x2f\xfd", Packing::Zstd),
    (&LZ4_LEGACY, Packing::Lz4Legacy),
];
const OTHERS: [(&[u8], &str); 3] = [(b"BZh", "bzip2"), (b"\x5d\0\0", "lzma"), (b"\x89LZO", "lzo")];
const LZ4_LEGACY: [u8; 4] = [0x02, 0x21, 0x4c, 0x18];
/// A block of it holds as much, unpacked, at most.
const LZ4_BLOCK: usize = 8 << 20;

/// Why something was not unpacked.
#[derive(Debug, PartialEq, Eq)]
pub enum Fault {
    /// By a way that is not built in: its name.
    Unknown(&'static str),
    Damaged,
    TooLarge,
}

impl Fault {
    pub fn said(&self) -> Said {
        match self {
            Fault::Unknown(how) => said!(
                "it is packed with {how}; isolab unpacks gzip, xz, zstd and lz4",
                "{how}(으)로 압축되어 있음. isolab은 gzip, xz, zstd, lz4만 풀 수 있음"
            ),
            Fault::Damaged => said!("what is packed in it is damaged", "압축된 내용이 손상됨"),
            Fault::TooLarge => said!("it is larger, unpacked, than any kernel", "풀면 어떤 커널보다도 큼"),
        }
    }
}

/// The payload of a bzImage: packed, and behind it its length unpacked (scripts/Makefile.lib: `size_append`; gzip has one of
/// its own).
///
/// # Errors
/// See [`Fault`].
pub fn payload(bytes: &[u8]) -> Result<Vec<u8>, Fault> {
    let packing = packing(bytes)?.ok_or(Fault::Unknown("?"))?;
    let (packed, size) = bytes.split_last_chunk::<4>().ok_or(Fault::Damaged)?;
    let size = u32::from_le_bytes(*size) as usize;
    if size > LARGEST {
        return Err(Fault::TooLarge);
    }
    let packed = if packing == Packing::Gzip { bytes } else { packed };
    let unpacked = unpacked(packing, packed, size)?;
    if unpacked.len() == size { Ok(unpacked) } else { Err(Fault::Damaged) }
}

/// A file that may be packed as a whole: a module, `.ko`, `.ko.xz`, `.ko.zst`, `.ko.gz`.
///
/// # Errors
/// See [`Fault`].
pub fn file(bytes: Vec<u8>) -> Result<Vec<u8>, Fault> {
    match packing(&bytes)? {
        Some(packing) => unpacked(packing, &bytes, LARGEST),
        None => Ok(bytes),
    }
}

fn packing(bytes: &[u8]) -> Result<Option<Packing>, Fault> {
    if let Some((_, name)) = OTHERS.iter().find(|(magic, _)| bytes.starts_with(magic)) {
        return Err(Fault::Unknown(name));
    }
    Ok(MAGIC.iter().find(|(magic, _)| bytes.starts_with(magic)).map(|(_, packing)| *packing))
}

fn unpacked(packing: Packing, packed: &[u8], largest: usize) -> Result<Vec<u8>, Fault> {
    match packing {
        Packing::Gzip => gzip::unpack(packed, largest).map_err(|fault| match fault {
            gzip::Fault::TooLarge => Fault::TooLarge,
            _ => Fault::Damaged,
        }),
        Packing::Xz => bounded(XzReader::new(Cursor::new(packed.to_vec())), largest),
        Packing::Zstd => bounded(StreamingDecoder::new(packed).map_err(|_| Fault::Damaged)?, largest),
        Packing::Lz4Legacy => lz4_legacy(packed, largest),
    }
}

fn bounded(reader: impl Read, largest: usize) -> Result<Vec<u8>, Fault> {
    let mut all = Vec::new();
    let read: io::Result<usize> = reader.take(largest as u64 + 1).read_to_end(&mut all);
    match read {
        Err(_) => Err(Fault::Damaged),
        Ok(bytes) if bytes > largest => Err(Fault::TooLarge),
        Ok(_) => Ok(all),
    }
}

/// Blocks, each with its packed length before it, as long as there are any (lz4's `doc/lz4_Frame_format.md`).
fn lz4_legacy(packed: &[u8], largest: usize) -> Result<Vec<u8>, Fault> {
    let mut rest = packed.strip_prefix(&LZ4_LEGACY).ok_or(Fault::Damaged)?;
    let mut all = Vec::new();
    let mut block = vec![0; LZ4_BLOCK];
    while let Some((length, after)) = rest.split_first_chunk::<4>() {
        if *length == LZ4_LEGACY {
            rest = after; // another frame
            continue;
        }
        let (packed, behind) = after.split_at_checked(u32::from_le_bytes(*length) as usize).ok_or(Fault::Damaged)?;
        let unpacked = decompress_into(packed, &mut block).map_err(|_| Fault::Damaged)?;
        if all.len() + unpacked > largest {
            return Err(Fault::TooLarge);
        }
        all.extend_from_slice(&block[..unpacked]);
        rest = behind;
    }
    if rest.is_empty() { Ok(all) } else { Err(Fault::Damaged) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;
    use std::process::{Command, Stdio};

    fn text() -> Vec<u8> {
        let mut random = oorandom::Rand32::new(3);
        (0..300_000_u32).map(|n| if n % 7 < 3 { random.rand_u32() as u8 } else { (n >> 8) as u8 }).collect()
    }

    /// One literal run: what a packer makes of what it can't shorten.
    fn lz4_stored(text: &[u8]) -> Vec<u8> {
        let mut block = vec![0xf0];
        let mut left = text.len() - 15;
        while left >= 255 {
            block.push(255);
            left -= 255;
        }
        block.push(left as u8);
        block.extend(text);
        [&LZ4_LEGACY[..], &(block.len() as u32).to_le_bytes(), &block].concat()
    }

    fn with_size(packed: Vec<u8>, size: usize) -> Vec<u8> {
        [packed, (size as u32).to_le_bytes().to_vec()].concat()
    }

    /// By the system's own tool; None where it is missing.
    fn packed_by(command: &[&str], text: &[u8]) -> Option<Vec<u8>> {
        let (program, args) = command.split_first().unwrap();
        let mut child = Command::new(program).args(args).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().ok()?;
        let (mut stdin, text) = (child.stdin.take().unwrap(), text.to_vec());
        let writer = std::thread::spawn(move || stdin.write_all(&text));
        let output = child.wait_with_output().unwrap();
        writer.join().unwrap().unwrap();
        output.status.success().then_some(output.stdout)
    }

    #[test]
    fn each_way_of_packing_is_unpacked_and_the_length_is_checked() {
        let text = text();
        let mut ways =
            vec![("lz4, stored", with_size(lz4_stored(&text), text.len())), ("gzip", gzip::packed(&text, 0, b""))];
        for (name, command) in [
            ("xz of the kernel", &["xz", "--check=crc32", "--x86", "--lzma2=dict=32MiB"][..]),
            ("xz", &["xz", "-c"]),
            ("zstd", &["zstd", "-19", "-c"]),
            ("lz4", &["lz4", "-l", "-9", "-c"]),
        ] {
            match packed_by(command, &text) {
                Some(packed) => ways.push((name, with_size(packed, text.len()))),
                None => crate::testing::skip(format_args!("unpacking of {name}: there is no {}", command[0])),
            }
        }
        for (name, packed) in ways {
            assert!(payload(&packed).as_deref() == Ok(&text[..]), "{name}");
            let whole = if name == "gzip" { &packed[..] } else { &packed[..packed.len() - 4] };
            assert!(file(whole.to_vec()).as_deref() == Ok(&text[..]), "{name} as a file");
            let mut wrong = packed.clone();
            let last = wrong.len() - 1;
            wrong[last] ^= 1;
            assert!(payload(&wrong).is_err(), "{name}: another length");
            for end in [8, packed.len() / 2, packed.len() - 5] {
                assert!(payload(&packed[..end]).is_err(), "{name} cut off at {end}");
            }
        }
        assert_eq!(file(b"\x7fELF".to_vec()), Ok(b"\x7fELF".to_vec()), "what is not packed stays");
        assert_eq!(payload(b"BZh9...."), Err(Fault::Unknown("bzip2")));
        assert_eq!(payload(&[LZ4_LEGACY, [0xff; 4]].concat()), Err(Fault::TooLarge));
    }

    #[test]
    fn hostile_damage_anywhere_ends_in_an_answer() {
        let text = &text()[..3000];
        let mut random = oorandom::Rand32::new(5);
        let mut all = vec![with_size(lz4_stored(text), text.len()), gzip::packed(text, 0, b"")];
        all.extend(
            [&["xz", "-c"][..], &["zstd", "-c"]]
                .iter()
                .filter_map(|c| Some(with_size(packed_by(c, text)?, text.len()))),
        );
        for packed in all {
            for _ in 0..crate::testing::hostile_inputs(3000) {
                let mut damaged = packed.clone();
                for _ in 0..=random.rand_range(0..3) {
                    let at = random.rand_range(4..damaged.len() as u32) as usize;
                    damaged[at] = random.rand_u32() as u8;
                }
                if let Ok(unpacked) = payload(&damaged) {
                    assert!(unpacked.len() <= LARGEST);
                }
            }
        }
    }
}
