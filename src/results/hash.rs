//! SHA-256 in hexadecimal (FIPS 180-4), for what a results file vouches for.

use std::fmt::Write;

use sha2::{Digest, Sha256};

/// Of the parts, one after the other.
pub fn sha256(parts: &[&[u8]]) -> String {
    let mut hasher = Sha256::new();
    parts.iter().for_each(|part| hasher.update(part));
    hasher.finalize().iter().fold(String::with_capacity(64), |mut hex, byte| {
        let _ = write!(hex, "{byte:02x}"); // a String takes everything
        hex
    })
}
