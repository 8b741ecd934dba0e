//! Guest RAM by guest-physical addresses: private anonymous mappings, reached only through checked copies.
//!
//! vm-memory maps it and checks each copy; unsafe only because nix's `madvise` takes a raw pointer, and has no mincore.
#![allow(unsafe_code)]

use std::ffi::c_void;
use std::ptr::NonNull;

use libc::{MAP_ANONYMOUS, MAP_NORESERVE, MAP_PRIVATE, PROT_READ, PROT_WRITE};
use nix::errno::Errno;
use nix::sys::mman::{MmapAdvise, madvise};
use vm_memory::mmap::MmapRegionBuilder;
use vm_memory::{
    Bytes, GuestAddress, GuestMemoryBackend as _, GuestMemoryMmap, GuestMemoryRegion, GuestRegionMmap, MmapRegion,
};

use crate::error::{Context, Error, Result};
use crate::said;

const PAGE: usize = 4096;

/// Zeroed memory. What lies between its regions, or after the last, is no RAM: a PC keeps its devices there.
#[derive(Debug)]
pub struct GuestMemory {
    ram: GuestMemoryMmap,
    /// The addresses of huge regions, which `ram` does not give back; dropped after it.
    _aligned: Vec<Aligned>,
}

/// Addresses that begin at 2 MiB: only such a page of the host can back such a page of the guest.
#[derive(Debug)]
struct Aligned {
    start: *mut c_void,
    bytes: usize,
}

// SAFETY: it only owns addresses; whoever uses what lies there is `ram`, which has its own rules.
unsafe impl Send for Aligned {}
// SAFETY: as above; a shared reference gives nothing away.
unsafe impl Sync for Aligned {}

/// A piece of RAM: what a memory slot of KVM is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Region {
    /// Its first guest-physical address.
    pub physical: u64,
    pub bytes: u64,
    /// Where it is mapped in our own address space.
    pub host_address: u64,
}

impl GuestMemory {
    /// `regions`: guest-physical address and bytes of each, in rising order. Reserves addresses; a page takes memory
    /// when it is first touched, 4 KiB at a time unless `huge` (then the host may give 2 MiB at once). `huge` off is
    /// MADV_NOHUGEPAGE of madvise(2).
    ///
    /// # Errors
    /// When there are not so many addresses, or regions overlap.
    pub fn map(regions: &[(u64, u64)], huge: bool) -> Result<GuestMemory> {
        let doing = || {
            let size = regions.iter().map(|(_, bytes)| bytes >> 20).sum::<u64>();
            said!("map {size} MiB of guest RAM", "게스트 RAM {size} MiB를 매핑할 수 없습니다")
        };
        let smaller = |error: Error| error.try_this(said!("a smaller ram=SIZE", "ram=SIZE를 더 작게 하십시오"));
        let mut aligned = Vec::new();
        let map = |&(physical, bytes): &(u64, u64)| {
            let mut new = MmapRegionBuilder::new(bytes as usize)
                .with_mmap_prot(PROT_READ | PROT_WRITE)
                .with_mmap_flags(MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE);
            if huge {
                let place = Aligned::map(bytes as usize).map_err(|cause| smaller(Error::new(doing(), cause)))?;
                // SAFETY: the mapping has this length and this protection, nobody else knows of it, and the
                // `GuestMemory` that owns it drops it after the region.
                new = unsafe { new.with_raw_mmap_pointer(place.start.cast()) };
                aligned.push(place);
            }
            let region: MmapRegion = new.build().map_err(|cause| smaller(Error::new(doing(), cause)))?;
            GuestRegionMmap::new(region, GuestAddress(physical))
                .ok_or_else(|| Error::new(doing(), said!("too large", "너무 큼")))
        };
        let mapped = regions.iter().map(map).collect::<Result<Vec<_>>>()?;
        let memory = GuestMemory { ram: GuestMemoryMmap::from_regions(mapped).doing(doing)?, _aligned: aligned };
        memory.advise(if huge { MmapAdvise::MADV_HUGEPAGE } else { MmapAdvise::MADV_NOHUGEPAGE })?;
        Ok(memory)
    }

    /// Touches every page now, so that the guest never waits for one (Linux 5.14 and later).
    ///
    /// # Errors
    /// When the host has not so much.
    pub fn populate(&self) -> Result<()> {
        self.advise(MmapAdvise::MADV_POPULATE_WRITE)
    }

    fn advise(&self, advice: MmapAdvise) -> Result<()> {
        for region in self.ram.iter() {
            // SAFETY: start and length are exactly a mapping that `self.ram` owns and keeps until it is dropped; none
            // of these three pieces of advice changes what the memory holds.
            unsafe { madvise(start(region), region.len() as usize, advice) }.doing(|| {
                said!(
                    "advise the host about guest RAM ({advice:?})",
                    "게스트 RAM에 대한 조언({advice:?})을 호스트에 줄 수 없습니다"
                )
            })?;
        }
        Ok(())
    }

    /// How much of it has a page of the host: what the guest or we have touched (mincore(2)).
    ///
    /// # Errors
    /// When the kernel does not tell.
    pub fn touched_bytes(&self) -> Result<u64> {
        let mut present = vec![0u8; 1 << 16];
        let mut pages = 0;
        for region in self.ram.iter() {
            let all = region.len() as usize;
            for first in (0..all).step_by(present.len() * PAGE) {
                let bytes = (all - first).min(present.len() * PAGE);
                let vector = &mut present[..bytes.div_ceil(PAGE)];
                // SAFETY: the range lies inside a mapping that `self.ram` owns; the kernel writes one byte for each of
                // its pages into `vector`, which has that length, and which nobody else knows of.
                let answer =
                    unsafe { libc::mincore(start(region).as_ptr().byte_add(first), bytes, vector.as_mut_ptr()) };
                Errno::result(answer).doing(|| {
                    said!(
                        "ask which pages of guest RAM are there (mincore)",
                        "게스트 RAM의 어떤 페이지가 있는지 물을 수 없습니다(mincore)"
                    )
                })?;
                pages += vector.iter().filter(|byte| **byte & 1 == 1).count();
            }
        }
        Ok((pages * PAGE) as u64)
    }

    /// For crates that fill or read it themselves, with the same checks.
    pub fn mmap(&self) -> &GuestMemoryMmap {
        &self.ram
    }

    /// Of all regions together.
    pub fn bytes(&self) -> u64 {
        self.ram.iter().map(GuestMemoryRegion::len).sum()
    }

    pub fn regions(&self) -> impl Iterator<Item = Region> {
        self.ram.iter().map(|region| Region {
            physical: region.start_addr().0,
            bytes: region.len(),
            host_address: region.as_ptr() as u64,
        })
    }

    /// Copies out of the guest; None when any byte of it is no RAM.
    #[must_use]
    pub fn read(&self, address: u64, into: &mut [u8]) -> Option<()> {
        self.ram.read_slice(into, GuestAddress(address)).ok()
    }

    /// Copies into the guest; None, and then perhaps a part is written, when any byte of it is no RAM.
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

const BIG_PAGE: usize = 2 << 20;

impl Aligned {
    /// Maps a big page too much, and gives back what is before and after.
    fn map(bytes: usize) -> nix::Result<Aligned> {
        let all = bytes.checked_add(BIG_PAGE).ok_or(Errno::ENOMEM)?;
        let flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE;
        // SAFETY: a fresh anonymous mapping at an address that the kernel chooses touches nothing that is there.
        let first = unsafe { libc::mmap(std::ptr::null_mut(), all, PROT_READ | PROT_WRITE, flags, -1, 0) };
        if first == libc::MAP_FAILED {
            return Err(Errno::last());
        }
        let before = first.align_offset(BIG_PAGE);
        let start = first.wrapping_byte_add(before);
        let pieces = [(first, before), (start.wrapping_byte_add(bytes), BIG_PAGE - before)];
        for (piece, length) in pieces.into_iter().filter(|(_, length)| *length > 0) {
            // SAFETY: it is a part of the mapping just made, which nobody else knows of; a failure only keeps addresses.
            unsafe { libc::munmap(piece, length) };
        }
        Ok(Aligned { start, bytes })
    }
}

impl Drop for Aligned {
    fn drop(&mut self) {
        // SAFETY: exactly what `map` kept; the region that used it was dropped before, and KVM's slot with the VM, before both.
        unsafe { libc::munmap(self.start, self.bytes) };
    }
}

fn start(region: &GuestRegionMmap) -> NonNull<c_void> {
    NonNull::new(region.as_ptr().cast()).expect("mmap never answers with a null pointer")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn copies_that_leave_ram_are_refused() {
        let memory = GuestMemory::map(&[(0, 2 << 20)], false).unwrap();
        let end = memory.bytes();
        assert_eq!(memory.write_u64(end - 8, 7), Some(()));
        assert_eq!(memory.read_u64(end - 8), Some(7));
        for address in [end - 7, end, u64::MAX - 3] {
            assert_eq!(memory.read_u64(address), None, "{address:#x}");
            assert_eq!(memory.write_u64(address, 1), None, "{address:#x}");
        }
    }

    #[test]
    fn between_two_regions_there_is_no_ram() {
        let (low, high) = ((0, 2 << 20), (4 << 30, 4 << 20));
        let memory = GuestMemory::map(&[low, high], false).unwrap();
        assert_eq!(memory.bytes(), 6 << 20);
        assert_eq!(memory.regions().map(|r| (r.physical, r.bytes)).collect::<Vec<_>>(), [low, high]);
        memory.write_u64((4 << 30) + 8, 7).unwrap();
        memory.write_u64(0, 8).unwrap();
        assert_eq!((memory.read_u64((4 << 30) + 8), memory.read_u64(0)), (Some(7), Some(8)));
        assert_eq!(memory.touched_bytes().unwrap(), 8192);
        for address in [(2 << 20) - 4, 2 << 20, (4 << 30) - 4, (4 << 30) + (4 << 20)] {
            assert_eq!(memory.read_u64(address), None, "{address:#x}");
        }
        assert!(GuestMemory::map(&[(0, 8192), (4096, 8192)], false).is_err());
    }

    #[test]
    fn only_touched_pages_are_there_unless_all_are_populated() {
        let memory = GuestMemory::map(&[(0, 300 << 20)], false).unwrap();
        assert_eq!(memory.touched_bytes().unwrap(), 0);
        memory.write_u64(0, 1).unwrap();
        memory.write_u64((300 << 20) - 8, 1).unwrap();
        memory.write_u64((256 << 20) - 4, 1).unwrap(); // two pages
        assert_eq!(memory.touched_bytes().unwrap(), 4 * 4096);
        let memory = GuestMemory::map(&[(0, 4 << 20)], false).unwrap();
        memory.populate().unwrap();
        assert_eq!(memory.touched_bytes().unwrap(), 4 << 20);
    }

    #[test]
    fn huge_ram_begins_at_a_big_page_and_is_given_back() {
        let mapped = |memory: &GuestMemory| memory.regions().map(|r| r.host_address).collect::<Vec<_>>();
        let memory = GuestMemory::map(&[(0, 6 << 20), (4 << 30, 4096 * 3)], true).unwrap();
        let at = mapped(&memory);
        assert!(at.iter().all(|address| address % (2 << 20) == 0), "{at:x?}");
        memory.write_u64((6 << 20) - 8, 7).unwrap();
        assert_eq!(memory.read_u64((6 << 20) - 8), Some(7));
        assert_eq!(memory.read_u64(6 << 20), None);
        drop(memory);
        let maps = std::fs::read_to_string("/proc/self/maps").unwrap();
        let line = format!("{:x}-{:x} ", at[0], at[0] + (6 << 20));
        assert!(!maps.contains(&line), "{line}");
    }

    #[test]
    fn more_than_there_are_addresses_is_an_error() {
        let error = GuestMemory::map(&[(0, 1 << 62)], false).unwrap_err();
        assert!(error.try_this.contains("ram="), "{error}");
    }
}
