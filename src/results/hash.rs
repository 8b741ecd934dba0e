//! SHA-256 in hexadecimal (FIPS 180-4), for what a results file vouches for.

use std::fmt::Write;
use std::fs::File;
use std::io::Read;
use std::path::Path;

use sha2::{Digest, Sha256};

/// The hash itself, not its hexadecimal digits.
pub fn sha256_bytes(bytes: &[u8]) -> [u8; 32] {
    Sha256::digest(bytes).into()
}

/// Of the parts, one after the other.
pub fn sha256(parts: &[&[u8]]) -> String {
    let mut hasher = Sha256::new();
    parts.iter().for_each(|part| hasher.update(part));
    hex(hasher)
}

/// Of a file of any size, piece by piece.
pub fn sha256_of_file(path: &Path) -> std::io::Result<String> {
    let (mut file, mut hasher, mut piece) = (File::open(path)?, Sha256::new(), vec![0; 1 << 16]);
    loop {
        match file.read(&mut piece)? {
            0 => return Ok(hex(hasher)),
            n => hasher.update(&piece[..n]),
        }
    }
}

fn hex(hasher: Sha256) -> String {
    hasher.finalize().iter().fold(String::with_capacity(64), |mut hex, byte| {
        let _ = write!(hex, "{byte:02x}"); // a String takes everything
        hex
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_and_its_bytes_have_the_same_hash() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let bytes = vec![7; 100_000]; // more than one piece
        std::fs::write(&file, &bytes).unwrap();
        assert_eq!(sha256_of_file(file.path()).unwrap(), sha256(&[&bytes]));
        assert!(sha256(&[b"abc"]).starts_with("ba7816bf8f01cfea")); // the standard's own example
    }
}
