//! Page tables: what the guest sees at each address, and what the program may do there.
//!
//! ```text
//! PML4[0] → PDPT[0..] → one page directory per GiB → 2 MiB pages of the program
//!                       entry 0 of the first one → PT: the first 2 MiB in 4 KiB pages, kernel and program apart
//!                       where a piece of the image begins or ends → a PT of its own
//! ```
//!
//! No page can be written and executed at once (W^X), so that what a program reads as data never becomes its code.
//!
//! Format: AMD64 Architecture Programmer's Manual, volume 2, section 5.3 (Intel SDM volume 3, section 4.5).

use std::ops::Range;

use super::elf::{Access, Program};
use super::layout::{
    BIG_PAGE, CPU_TABLES, GIB, IMAGE_TABLES, KERNEL, PAGE, PAGE_DIRECTORIES, PDPT, PML4, PROGRAM, PT, SYSTEM_CALLS,
    physical,
};
use super::ram::Piece;

const PRESENT: u64 = 1;
const WRITE: u64 = 1 << 1;
/// The program may use it. All levels above must say so too.
const USER: u64 = 1 << 2;
const BIG: u64 = 1 << 7;
const NO_EXECUTE: u64 = 1 << 63;

/// Tables that map all RAM, in the order in which they are to be written: a later piece lies over an earlier one. Only the
/// code of `program` may be executed, and it cannot be written; the kernel has 4 pages of its own.
pub fn tables(ram_bytes: u64, program: &Program) -> Vec<Piece<'static>> {
    let (entries, tables) = image(program);
    let entries = first_two_mib().into_iter().chain(upper_levels(ram_bytes)).chain(plain(ram_bytes)).chain(entries);
    let mut pieces = rows(entries);
    pieces.push((IMAGE_TABLES, tables.into()));
    pieces
}

/// Entries that follow each other are one piece.
fn rows(entries: impl Iterator<Item = Entry>) -> Vec<Piece<'static>> {
    let mut rows: Vec<(u64, Vec<u8>)> = Vec::new();
    for (address, entry) in entries {
        match rows.last_mut() {
            Some((start, row)) if *start + row.len() as u64 == address => row.extend(entry.to_le_bytes()),
            _ => rows.push((address, entry.to_le_bytes().into())),
        }
    }
    rows.into_iter().map(|(address, row)| (address, row.into())).collect()
}

/// A table entry: its own address, and what it holds.
type Entry = (u64, u64);

fn first_two_mib() -> [Entry; 4] {
    let place = |address: u64| PT + address / PAGE * 8;
    [
        (place(0), 0), // a null pointer faults
        (place(CPU_TABLES), CPU_TABLES | PRESENT | WRITE | NO_EXECUTE),
        (place(KERNEL), KERNEL | PRESENT),
        (place(SYSTEM_CALLS), SYSTEM_CALLS | PRESENT | USER),
    ]
}

fn upper_levels(ram_bytes: u64) -> impl Iterator<Item = Entry> {
    let top = (PML4, PDPT | PRESENT | WRITE | USER);
    let low = (PAGE_DIRECTORIES, PT | PRESENT | WRITE | USER);
    let directories = (0..ram_bytes.div_ceil(GIB))
        .map(|gib| (PDPT + gib * 8, (PAGE_DIRECTORIES + gib * PAGE) | PRESENT | WRITE | USER));
    [top, low].into_iter().chain(directories)
}

/// Heap and stack. Directories lie one after the other, so entry n of all of them is the big page n.
fn plain(ram_bytes: u64) -> impl Iterator<Item = Entry> {
    let entry = |n| (PAGE_DIRECTORIES + n * 8, physical(n * BIG_PAGE) | BIG | flags(Access::Write));
    (PROGRAM / BIG_PAGE..ram_bytes / BIG_PAGE).map(entry)
}

fn flags(access: Access) -> u64 {
    PRESENT
        | USER
        | match access {
            Access::Read => NO_EXECUTE,
            Access::Write => WRITE | NO_EXECUTE,
            Access::Execute => 0,
        }
}

/// The big pages that hold a part of the image: one access for all of it, or a table of small pages. A table is needed only
/// where a segment begins or ends, so that there is room for all (see the test).
fn image(program: &Program) -> (Vec<Entry>, Vec<u8>) {
    let (mut entries, mut tables) = (Vec::new(), Vec::new());
    let image = program.image();
    for n in image.start / BIG_PAGE..image.end.div_ceil(BIG_PAGE) {
        let all = n * BIG_PAGE..(n + 1) * BIG_PAGE;
        let here = program.accesses().filter(|(segment, _)| segment.start < all.end && all.start < segment.end);
        let whole = here.clone().all(|(segment, _)| segment.start <= all.start && all.end <= segment.end);
        let entry =
            if whole {
                physical(all.start) | BIG | flags(access(here, &all))
            } else {
                let table = IMAGE_TABLES + tables.len() as u64;
                let small = (all.start..all.end).step_by(PAGE as usize);
                tables.extend(small.flat_map(|page| {
                    (physical(page) | flags(access(here.clone(), &(page..page + PAGE)))).to_le_bytes()
                }));
                table | PRESENT | WRITE | USER
            };
        entries.push((PAGE_DIRECTORIES + n * 8, entry));
    }
    (entries, tables)
}

/// What all segments that lie in `part` need; where none does, it is heap.
fn access(segments: impl Iterator<Item = (Range<u64>, Access)>, part: &Range<u64>) -> Access {
    let mut here = segments.filter(|(segment, _)| segment.start < part.end && part.start < segment.end);
    let Some((_, first)) = here.next() else { return Access::Write };
    here.fold(first, |all, (_, access)| all.with(access).unwrap_or(Access::Read)) // refused when it was parsed
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::vm::bare::elf::MOST_SEGMENTS;
    use crate::vm::bare::layout::{MMIO_GAP, RAM_MOST};
    use crate::vm::bare::ram::{self, Ram};
    use crate::vm::guest_memory::GuestMemory;

    /// Walks the tables as the CPU does: the physical address and what is allowed on the way.
    fn walk(memory: &GuestMemory, address: u64) -> Option<(u64, u64)> {
        let (mut table, mut may) = (PML4, USER | WRITE);
        for shift in [39, 30, 21, 12] {
            let entry = memory.read_u64(table + (address >> shift & 511) * 8)?;
            if entry & PRESENT == 0 {
                return None;
            }
            may &= entry | !(USER | WRITE);
            let next = entry & 0x000f_ffff_ffff_f000;
            if shift == 12 || entry & BIG != 0 {
                return Some((next + (address & ((1 << shift) - 1)), may & (USER | WRITE) | entry & NO_EXECUTE));
            }
            table = next;
        }
        None
    }

    const CODE: u64 = 0x40_0000;

    fn tables(ram_bytes: u64, segments: &[(Range<u64>, Access)]) -> GuestMemory {
        let memory = GuestMemory::map(&ram::regions(ram_bytes), false).unwrap();
        super::tables(ram_bytes, &Program::of(segments)).iter().for_each(|t| Ram::of(&memory).put(t).unwrap());
        memory
    }

    fn small_guest() -> GuestMemory {
        tables(8 << 20, &[(CODE..CODE + 0x1234, Access::Execute), (CODE + 0x2000..CODE + 0x2001, Access::Read)])
    }

    #[test]
    fn kernel_pages_are_not_the_programs() {
        let memory = small_guest();
        assert_eq!(walk(&memory, 0), None);
        assert_eq!(walk(&memory, PML4), None, "nobody needs to see the tables");
        assert_eq!(walk(&memory, CPU_TABLES + 8), Some((CPU_TABLES + 8, WRITE | NO_EXECUTE)));
        assert_eq!(walk(&memory, KERNEL), Some((KERNEL, 0)));
        assert_eq!(walk(&memory, SYSTEM_CALLS), Some((SYSTEM_CALLS, USER)));
        for table in [PAGE_DIRECTORIES, IMAGE_TABLES] {
            assert_eq!(walk(&memory, table), None);
        }
    }

    #[test]
    fn the_program_sees_ram_and_only_its_code_can_be_executed() {
        let memory = small_guest();
        let heap = USER | WRITE | NO_EXECUTE;
        assert_eq!(walk(&memory, PROGRAM), Some((PROGRAM, heap)));
        assert_eq!(walk(&memory, CODE + 0x1fff), Some((CODE + 0x1fff, USER)), "code is not written");
        assert_eq!(walk(&memory, CODE + 0x2fff), Some((CODE + 0x2fff, USER | NO_EXECUTE)), "constants");
        assert_eq!(walk(&memory, CODE + 0x3000), Some((CODE + 0x3000, heap)));
        assert_eq!(walk(&memory, CODE + BIG_PAGE), Some((CODE + BIG_PAGE, heap)));
        assert_eq!(walk(&memory, 8 << 20), None);
    }

    /// W^X, page by page, for images that lie well, badly, across big pages and beyond the gap.
    #[test]
    fn no_page_is_writable_and_executable() {
        type Case<'a> = (u64, &'a [(Range<u64>, Access)]);
        let cases: [Case<'_>; 3] = [
            (16 << 20, &[(0x20_0000..0x20_0010, Access::Execute), (0x20_1000..0x90_0000, Access::Write)]),
            (16 << 20, &[(0x3f_f000..0x60_1000, Access::Execute), (0x60_1000..0x80_0000, Access::Write)]),
            (4 * GIB, &[(MMIO_GAP - 0x1000..MMIO_GAP + 3 * BIG_PAGE + 0x1000, Access::Execute)]),
        ];
        for (ram_bytes, segments) in cases {
            let memory = tables(ram_bytes, segments);
            let image = segments.iter().flat_map(|(s, _)| (s.start..s.end).step_by(PAGE as usize));
            let all = (0..ram_bytes.min(16 << 20)).step_by(PAGE as usize).chain(image);
            for (page, (physical_address, may)) in all.filter_map(|page| Some((page, walk(&memory, page)?))) {
                assert!(may & WRITE == 0 || may & NO_EXECUTE != 0, "{page:#x}");
                assert_eq!(physical_address, physical(page));
                let access = segments.iter().find(|(s, _)| s.contains(&page)).map(|(_, access)| *access);
                if let Some(access) = access {
                    assert_eq!(may | PRESENT, flags(access), "{page:#x}");
                }
            }
        }
    }

    #[test]
    fn there_is_room_for_the_tables_of_every_image() {
        let most = (PROGRAM - IMAGE_TABLES) / PAGE;
        assert!(most >= 2 * u64::from(MOST_SEGMENTS), "each end of a segment may need one");
        let big = |n: u64| PROGRAM + 2 * n * BIG_PAGE + 0x1000;
        let spread: Vec<_> = (0..u64::from(MOST_SEGMENTS))
            .map(|n| (big(n)..big(n) + BIG_PAGE, if n % 2 == 0 { Access::Execute } else { Access::Write }))
            .collect();
        assert!(image(&Program::of(&spread)).1.len() as u64 <= most * PAGE);
    }

    #[test]
    fn the_largest_guest_steps_over_the_gap_and_its_tables_end_before_the_program() {
        let memory = tables(RAM_MOST, &[]);
        assert_eq!(walk(&memory, MMIO_GAP - 1).map(|(physical, _)| physical), Some(MMIO_GAP - 1));
        assert_eq!(walk(&memory, MMIO_GAP + 5).map(|(physical, _)| physical), Some(4 * GIB + 5));
        assert_eq!(walk(&memory, RAM_MOST - 1).map(|(physical, _)| physical), Some(RAM_MOST + GIB - 1));
        assert_eq!(walk(&memory, RAM_MOST), None);
        const { assert!(PAGE_DIRECTORIES + RAM_MOST / GIB * PAGE <= IMAGE_TABLES) };
    }
}
