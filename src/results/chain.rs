//! The hashes by which samples that were changed by hand are found out.

use super::hash::sha256;
use super::schema::{Cell, Header, Run};

/// Each hash covers the samples of its cell and the hash before it: a file whose parts were exchanged is found out.
pub fn chain(header: &Header, cells: &mut [Cell]) {
    let mut before = hash_of_header(header);
    for cell in cells {
        cell.hash = hash_after(&before, cell);
        before.clone_from(&cell.hash);
    }
}

/// What the first cell's hash builds on.
fn hash_of_header(header: &Header) -> String {
    sha256(&[&serde_json::to_vec(header).expect("a header is plain data")])
}

/// A cell's link of the chain; `before`: the hash of the cell before it, or of the header.
fn hash_after(before: &str, cell: &Cell) -> String {
    let samples = serde_json::to_vec(&cell.columns).expect("columns are plain data");
    sha256(&[before.as_bytes(), cell.id.as_bytes(), &samples])
}

/// A cell whose hash does not fit to its samples.
pub struct Break<'a> {
    pub place: usize,
    pub cell: &'a Cell,
    /// The hash that its samples have.
    pub expected: String,
}

/// All of them. Each is tried on the hash that the file gives for the cell before, so that one changed cell is one break,
/// not the end of the chain.
pub fn breaks(run: &Run) -> Vec<Break<'_>> {
    let mut before = hash_of_header(&run.header);
    let mut found = Vec::new();
    for (place, cell) in run.cells.iter().enumerate() {
        let expected = hash_after(&before, cell);
        if expected != cell.hash {
            found.push(Break { place, cell, expected });
        }
        before.clone_from(&cell.hash);
    }
    found
}

/// Are the samples those that were saved? Someone who changed them by hand changed the hashes' answer too.
pub fn chain_holds(run: &Run) -> bool {
    breaks(run).is_empty()
}
