//! Page tables: what the guest sees at each address, and what the program may do there.
//!
//! ```text
//! PML4[0] → PDPT[0..] → one page directory per GiB → 2 MiB pages of the program
//!                       entry 0 of the first one → PT: the first 2 MiB in 4 KiB pages, kernel and program apart
//! ```
//!
//! Format: AMD64 Architecture Programmer's Manual, volume 2, section 5.3 (Intel SDM volume 3, section 4.5).

use std::ops::Range;

use super::layout::{
    BIG_PAGE, CPU_TABLES, GIB, KERNEL, PAGE, PAGE_DIRECTORIES, PDPT, PML4, PROGRAM, PT, SYSTEM_CALLS, physical,
};
use crate::error::{Error, Result};
use crate::sys::guest_memory::GuestMemory;

const PRESENT: u64 = 1;
const WRITE: u64 = 1 << 1;
/// The program may use it. All levels above must say so too.
const USER: u64 = 1 << 2;
const BIG: u64 = 1 << 7;
const NO_EXECUTE: u64 = 1 << 63;

/// Maps all RAM. Only big pages that hold a part of `image` may be executed; the kernel has 4 pages of its own.
pub fn write(memory: &GuestMemory, image: &Range<u64>) -> Result<()> {
    let entries = first_two_mib().into_iter().chain(upper_levels(memory.bytes())).chain(program(memory.bytes(), image));
    for (address, entry) in entries {
        memory
            .write_u64(address, entry)
            .ok_or_else(|| Error::new("write the guest's page tables", format!("{address:#x} is outside guest RAM")))?;
    }
    Ok(())
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

/// Directories lie one after the other, so entry n of all of them is the big page n.
fn program(ram_bytes: u64, image: &Range<u64>) -> impl Iterator<Item = Entry> {
    let code = image.start / BIG_PAGE..image.end.div_ceil(BIG_PAGE);
    (PROGRAM / BIG_PAGE..ram_bytes / BIG_PAGE).map(move |n| {
        let may_execute = if code.contains(&n) { 0 } else { NO_EXECUTE };
        (PAGE_DIRECTORIES + n * 8, physical(n * BIG_PAGE) | PRESENT | WRITE | USER | BIG | may_execute)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::vm::layout::{HOLE, RAM_MOST};

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

    fn tables(ram_bytes: u64) -> GuestMemory {
        let memory = GuestMemory::map(ram_bytes, false).unwrap();
        write(&memory, &(0x40_0000..0x40_1000)).unwrap();
        memory
    }

    #[test]
    fn kernel_pages_are_not_the_programs() {
        let memory = tables(8 << 20);
        assert_eq!(walk(&memory, 0), None);
        assert_eq!(walk(&memory, PML4), None, "nobody needs to see the tables");
        assert_eq!(walk(&memory, CPU_TABLES + 8), Some((CPU_TABLES + 8, WRITE | NO_EXECUTE)));
        assert_eq!(walk(&memory, KERNEL), Some((KERNEL, 0)));
        assert_eq!(walk(&memory, SYSTEM_CALLS), Some((SYSTEM_CALLS, USER)));
        assert_eq!(walk(&memory, PAGE_DIRECTORIES), None);
    }

    #[test]
    fn the_program_sees_ram_and_only_its_image_can_be_executed() {
        let memory = tables(8 << 20);
        assert_eq!(walk(&memory, PROGRAM), Some((PROGRAM, USER | WRITE | NO_EXECUTE)));
        assert_eq!(walk(&memory, 0x40_0123), Some((0x40_0123, USER | WRITE)));
        assert_eq!(walk(&memory, 0x60_0000), Some((0x60_0000, USER | WRITE | NO_EXECUTE)));
        assert_eq!(walk(&memory, 8 << 20), None);
    }

    #[test]
    fn the_largest_guest_steps_over_the_hole_and_its_tables_end_before_the_program() {
        let memory = tables(RAM_MOST);
        assert_eq!(walk(&memory, HOLE - 1).map(|(physical, _)| physical), Some(HOLE - 1));
        assert_eq!(walk(&memory, HOLE + 5).map(|(physical, _)| physical), Some(4 * GIB + 5));
        assert_eq!(walk(&memory, RAM_MOST - 1).map(|(physical, _)| physical), Some(RAM_MOST + GIB - 1));
        assert_eq!(walk(&memory, RAM_MOST), None);
        const { assert!(PAGE_DIRECTORIES + RAM_MOST / GIB * PAGE <= PROGRAM) };
    }
}
