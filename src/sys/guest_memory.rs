//! Guest RAM: one private anonymous mapping, reached only through checked copies.
//!
//! vm-memory maps it and checks each copy; unsafe only because nix's `madvise` takes a raw pointer, and has no mincore.

use std::ffi::c_void;
use std::ptr::NonNull;

use libc::{MAP_ANONYMOUS, MAP_NORESERVE, MAP_PRIVATE, PROT_READ, PROT_WRITE};
use nix::errno::Errno;
use nix::sys::mman::{MmapAdvise, madvise};
use vm_memory::mmap::MmapRegionBuilder;
use vm_memory::{Bytes, GuestAddress, GuestMemoryMmap, GuestRegionMmap, MmapRegion};

use crate::error::{Context, Error, Result};

/// `bytes` of zeroed memory at guest addresses 0 … `bytes` (see vm/layout.rs for what is physical).
#[derive(Debug)]
pub struct GuestMemory {
    ram: GuestMemoryMmap,
    start: NonNull<c_void>,
    bytes: u64,
}

impl GuestMemory {
    /// Reserves addresses; a page takes memory when it is first touched, 4 KiB at a time unless `huge` (then the host
    /// may give 2 MiB at once). `huge` off is MADV_NOHUGEPAGE of madvise(2).
    pub fn map(bytes: u64, huge: bool) -> Result<GuestMemory> {
        let doing = || format!("map {} MiB of guest RAM", bytes >> 20);
        let region: MmapRegion = MmapRegionBuilder::new(bytes as usize)
            .with_mmap_prot(PROT_READ | PROT_WRITE)
            .with_mmap_flags(MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE)
            .build()
            .map_err(|cause| Error::new(doing(), cause).try_this("a smaller ram=SIZE"))?;
        let start = NonNull::new(region.as_ptr().cast()).expect("mmap never answers with a null pointer");
        let region = GuestRegionMmap::new(region, GuestAddress(0)).ok_or_else(|| Error::new(doing(), "too large"))?;
        let ram = GuestMemoryMmap::from_regions(vec![region]).doing(doing)?;
        let memory = GuestMemory { ram, start, bytes };
        memory.advise(if huge { MmapAdvise::MADV_HUGEPAGE } else { MmapAdvise::MADV_NOHUGEPAGE })?;
        Ok(memory)
    }

    /// Touches every page now, so that the guest never waits for one (Linux 5.14 and later).
    pub fn populate(&self) -> Result<()> {
        self.advise(MmapAdvise::MADV_POPULATE_WRITE)
    }

    fn advise(&self, advice: MmapAdvise) -> Result<()> {
        // SAFETY: `start` and `bytes` are exactly the mapping that `self.ram` owns and keeps until it is dropped; none
        // of these three pieces of advice changes what the memory holds.
        unsafe { madvise(self.start, self.bytes as usize, advice) }
            .doing(|| format!("advise the host about guest RAM ({advice:?})"))
    }

    /// How much of it has a page of the host: what the guest or we have touched (mincore(2)).
    pub fn touched_bytes(&self) -> Result<u64> {
        const PAGE: usize = 4096;
        let mut present = vec![0u8; 1 << 16];
        let mut pages = 0;
        for start in (0..self.bytes as usize).step_by(present.len() * PAGE) {
            let bytes = (self.bytes as usize - start).min(present.len() * PAGE);
            let vector = &mut present[..bytes.div_ceil(PAGE)];
            // SAFETY: the range lies inside the mapping that `self.ram` owns; the kernel writes one byte for each of
            // its pages into `vector`, which has that length, and which nobody else knows of.
            let answer = unsafe { libc::mincore(self.start.as_ptr().byte_add(start), bytes, vector.as_mut_ptr()) };
            Errno::result(answer).doing(|| "ask which pages of guest RAM are there (mincore)")?;
            pages += vector.iter().filter(|byte| **byte & 1 == 1).count();
        }
        Ok((pages * PAGE) as u64)
    }

    pub fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Where the mapping is in our own address space: what a memory slot of KVM is told.
    pub fn host_address(&self) -> u64 {
        self.start.as_ptr() as u64
    }

    /// Copies out of the guest; None when any byte of it is outside RAM.
    #[must_use]
    pub fn read(&self, address: u64, into: &mut [u8]) -> Option<()> {
        self.ram.read_slice(into, GuestAddress(address)).ok()
    }

    /// Copies into the guest; None, and then perhaps a part is written, when any byte of it is outside RAM.
    #[must_use]
    pub fn write(&self, address: u64, from: &[u8]) -> Option<()> {
        self.ram.write_slice(from, GuestAddress(address)).ok()
    }

    pub fn read_u64(&self, address: u64) -> Option<u64> {
        let mut word = [0; 8];
        self.read(address, &mut word)?;
        Some(u64::from_le_bytes(word))
    }

    #[must_use]
    pub fn write_u64(&self, address: u64, value: u64) -> Option<()> {
        self.write(address, &value.to_le_bytes())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn copies_that_leave_ram_are_refused() {
        let memory = GuestMemory::map(2 << 20, false).unwrap();
        let end = memory.bytes();
        assert_eq!(memory.write_u64(end - 8, 7), Some(()));
        assert_eq!(memory.read_u64(end - 8), Some(7));
        for address in [end - 7, end, u64::MAX - 3] {
            assert_eq!(memory.read_u64(address), None, "{address:#x}");
            assert_eq!(memory.write_u64(address, 1), None, "{address:#x}");
        }
    }

    #[test]
    fn only_touched_pages_are_there_unless_all_are_populated() {
        let memory = GuestMemory::map(300 << 20, false).unwrap();
        assert_eq!(memory.touched_bytes().unwrap(), 0);
        memory.write_u64(0, 1).unwrap();
        memory.write_u64((300 << 20) - 8, 1).unwrap();
        memory.write_u64((256 << 20) - 4, 1).unwrap(); // two pages
        assert_eq!(memory.touched_bytes().unwrap(), 4 * 4096);
        let memory = GuestMemory::map(4 << 20, false).unwrap();
        memory.populate().unwrap();
        assert_eq!(memory.touched_bytes().unwrap(), 4 << 20);
    }

    #[test]
    fn more_than_there_are_addresses_is_an_error() {
        let error = GuestMemory::map(1 << 62, false).unwrap_err();
        assert!(error.try_this.contains("ram="), "{error}");
    }
}
