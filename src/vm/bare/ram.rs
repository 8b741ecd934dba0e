//! RAM by the addresses that the guest uses: one piece, where its physical addresses leave the MMIO gap out.

use std::borrow::Cow;
use std::ops::Range;

use super::layout::{MMIO_GAP, physical};
use crate::error::{Error, Result};
use crate::said;
use crate::vm::guest_memory::GuestMemory;

/// Guest memory as our page tables show it to the program (see the drawing in `layout.rs`).
#[derive(Debug, Clone, Copy)]
pub struct Ram<'a>(&'a GuestMemory);

/// The regions of a guest with so much RAM: physical address and bytes of each.
pub fn regions(ram_bytes: u64) -> Vec<(u64, u64)> {
    let low = (0, ram_bytes.min(MMIO_GAP));
    let high = (physical(MMIO_GAP), ram_bytes.saturating_sub(MMIO_GAP));
    [low, high].into_iter().filter(|(_, bytes)| *bytes > 0).collect()
}

/// Bytes, and the address at which they stand.
pub type Piece<'a> = (u64, Cow<'a, [u8]>);

impl<'a> Ram<'a> {
    pub fn of(memory: &'a GuestMemory) -> Ram<'a> {
        Ram(memory)
    }

    pub fn bytes(self) -> u64 {
        self.0.bytes()
    }

    /// Copies out of the guest; None when any byte of it is outside RAM.
    #[must_use]
    pub fn read(self, address: u64, into: &mut [u8]) -> Option<()> {
        self.pieces(address, into.len())?.try_for_each(|(physical, part)| self.0.read(physical, &mut into[part]))
    }

    /// Copies into the guest; None, and then perhaps a part is written, when any byte of it is outside RAM.
    #[must_use]
    pub fn write(self, address: u64, from: &[u8]) -> Option<()> {
        self.pieces(address, from.len())?.try_for_each(|(physical, part)| self.0.write(physical, &from[part]))
    }

    /// # Errors
    /// When it does not lie in RAM.
    pub fn put(self, (address, bytes): &Piece<'_>) -> Result<()> {
        self.write(*address, bytes).ok_or_else(|| {
            Error::new(
                said!("load the program", "프로그램을 메모리에 올릴 수 없습니다"),
                said!("address {address:#x} is outside guest RAM", "주소 {address:#x}이(가) 게스트 RAM 밖에 있음"),
            )
        })
    }

    pub fn read_u64(self, address: u64) -> Option<u64> {
        let mut word = [0; 8];
        self.read(address, &mut word)?;
        Some(u64::from_le_bytes(word))
    }

    #[must_use]
    pub fn write_u64(self, address: u64, value: u64) -> Option<()> {
        self.write(address, &value.to_le_bytes())
    }

    /// Physical address, and which part of the bytes is there: below the gap, above it.
    fn pieces(self, address: u64, length: usize) -> Option<impl Iterator<Item = (u64, Range<usize>)>> {
        let end = address.checked_add(length as u64).filter(|end| *end <= self.bytes())?;
        let below = end.min(MMIO_GAP).saturating_sub(address) as usize;
        let low = (physical(address), 0..below);
        let high = (physical(address.max(MMIO_GAP)), below..length);
        Some([low, high].into_iter().filter(|(_, part)| !part.is_empty()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_is_one_region_below_the_gap_and_two_above() {
        assert_eq!(regions(MMIO_GAP), [(0, MMIO_GAP)]);
        assert_eq!(regions(5 << 30), [(0, 3 << 30), (4 << 30, 2 << 30)]);
    }

    #[test]
    fn a_copy_steps_over_the_gap() {
        let memory = GuestMemory::map(&regions(4 << 30), false).unwrap();
        let ram = Ram::of(&memory);
        ram.write(MMIO_GAP - 3, b"abcdef").unwrap();
        let mut three = [0; 3];
        memory.read(MMIO_GAP - 3, &mut three).unwrap();
        assert_eq!(&three, b"abc");
        memory.read(4 << 30, &mut three).unwrap();
        assert_eq!(&three, b"def");
        let mut six = [0; 6];
        ram.read(MMIO_GAP - 3, &mut six).unwrap();
        assert_eq!(&six, b"abcdef");
        assert_eq!(ram.write_u64((4 << 30) - 8, 1), Some(()), "the last word");
        assert_eq!(memory.read_u64((5 << 30) - 8), Some(1));
    }

    #[test]
    fn copies_that_leave_ram_are_refused() {
        let memory = GuestMemory::map(&regions(2 << 20), false).unwrap();
        let ram = Ram::of(&memory);
        for address in [(2 << 20) - 7, 2 << 20, MMIO_GAP - 4, u64::MAX - 3] {
            assert_eq!(ram.read_u64(address), None, "{address:#x}");
            assert_eq!(ram.write_u64(address, 1), None, "{address:#x}");
        }
    }
}
