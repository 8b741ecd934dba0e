//! The first CPU as the 64-bit boot protocol wants it (Linux's Documentation/arch/x86/boot.rst, "64-bit boot protocol"):
//! 64-bit mode, paging on with addresses as they are, flat segments, interrupts off, rsi at the zero page. The others
//! wait, as on a PC, until the first one wakes them.

use kvm_bindings::{Msrs, kvm_dtable, kvm_msr_entry, kvm_regs, kvm_segment, kvm_sregs};

use super::layout::{GDT, PAGE, PAGE_DIRECTORIES, PDPT, PML4, STACK, ZERO_PAGE};
use crate::error::{Error, Result};
use crate::said;
use crate::vm::guest_memory::GuestMemory;

const CODE: u16 = 0x10;
const DATA: u16 = 0x18;
/// Nobody uses it, but the CPU wants one.
const TASK: u16 = 0x20;
/// A null segment and an unused one come first (the protocol fixes 0x10 and 0x18).
const DESCRIPTORS: [u64; 5] = [0, 0, 0x00af_9b00_0000_ffff, 0x00cf_9300_0000_ffff, 0x008f_8b00_0000_ffff];

// Control registers: Intel SDM volume 3, section 2.5; EFER: section 2.2.1.
const CR0_PROTECTION: u64 = 1;
const CR0_EXTENSION_TYPE: u64 = 1 << 4;
const CR0_NUMERIC_ERROR: u64 = 1 << 5;
const CR0_PAGING: u64 = 1 << 31;
const CR4_PHYSICAL_ADDRESS_EXTENSION: u64 = 1 << 5;
const EFER_LONG_MODE: u64 = 1 << 8;
const EFER_LONG_MODE_ACTIVE: u64 = 1 << 10;
const FLAGS: u64 = 2; // bit 1 is always on

// Entries of page tables: present, writable, a page of 2 MiB.
const TABLE: u64 = 0b11;
const BIG: u64 = 1 << 7;
const BIG_PAGE: u64 = 2 << 20;

/// Writes the GDT and page tables that show the first 4 GiB as they are.
///
/// # Errors
/// When there is no RAM there.
pub fn write_tables(memory: &GuestMemory) -> Result<()> {
    let table = |entries: &mut dyn Iterator<Item = u64>| entries.flat_map(u64::to_le_bytes).collect::<Vec<u8>>();
    let directories = (0..4 * 512).map(|page| (page * BIG_PAGE) | TABLE | BIG);
    let pointers = (0..4).map(|number| (PAGE_DIRECTORIES + number * PAGE) | TABLE);
    let parts = [
        (GDT, table(&mut DESCRIPTORS.into_iter())),
        (PML4, (PDPT | TABLE).to_le_bytes().to_vec()),
        (PDPT, table(&mut { pointers })),
        (PAGE_DIRECTORIES, table(&mut { directories })),
    ];
    parts.iter().try_for_each(|(at, bytes)| memory.write(*at, bytes)).ok_or_else(|| {
        Error::new(
            said!("write the first page tables", "첫 페이지 테이블을 쓸 수 없습니다"),
            said!("there is too little RAM", "RAM이 너무 적음"),
        )
    })
}

/// 64-bit mode on top of what KVM gave a fresh vCPU.
pub fn system_registers(fresh: kvm_sregs) -> kvm_sregs {
    let data = kvm_segment { db: 1, ..segment(DATA, 3) };
    kvm_sregs {
        cr0: CR0_PAGING | CR0_NUMERIC_ERROR | CR0_EXTENSION_TYPE | CR0_PROTECTION,
        cr3: PML4,
        cr4: CR4_PHYSICAL_ADDRESS_EXTENSION,
        efer: EFER_LONG_MODE | EFER_LONG_MODE_ACTIVE,
        cs: kvm_segment { l: 1, ..segment(CODE, 11) },
        ds: data,
        es: data,
        fs: data,
        gs: data,
        ss: data,
        tr: kvm_segment { s: 0, ..segment(TASK, 11) },
        gdt: kvm_dtable { base: GDT, limit: (DESCRIPTORS.len() * 8 - 1) as u16, ..Default::default() },
        ..fresh
    }
}

/// A flat segment; `kind` 11 is code (or a busy TSS), 3 is data.
fn segment(selector: u16, kind: u8) -> kvm_segment {
    kvm_segment { selector, type_: kind, present: 1, s: 1, g: 1, limit: 0xffff_ffff, ..Default::default() }
}

/// At the kernel's entry.
pub fn registers(entry: u64) -> kvm_regs {
    kvm_regs { rip: entry, rflags: FLAGS, rsp: STACK, rbp: STACK, rsi: ZERO_PAGE, ..Default::default() }
}

/// As firmware leaves them: fast string instructions on, and memory that is cached unless somebody says otherwise.
pub fn msrs() -> Msrs {
    const MISC_ENABLE: u32 = 0x1a0;
    const FAST_STRINGS: u64 = 1;
    const MTRR_DEFAULT: u32 = 0x2ff;
    const ENABLED_WRITE_BACK: u64 = 1 << 11 | 6;
    let register = |index, data| kvm_msr_entry { index, data, ..Default::default() };
    Msrs::from_entries(&[register(MISC_ENABLE, FAST_STRINGS), register(MTRR_DEFAULT, ENABLED_WRITE_BACK)])
        .expect("two registers are fewer than KVM's limit")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::vm::linux::layout::GIB;

    #[test]
    fn the_first_four_gib_are_shown_as_they_are() {
        let memory = GuestMemory::map(&[(0, 2 << 20)], false).unwrap();
        write_tables(&memory).unwrap();
        let address = |entry: u64| entry & 0x000f_ffff_ffff_f000;
        for virtual_address in [0, 0x1234_5678, GIB, 3 * GIB + 7, 4 * GIB - 1] {
            let entry = |table: u64, shift: u32| {
                memory.read_u64(table + (virtual_address >> shift & 0x1ff) * 8).filter(|e| e & 1 == 1).unwrap()
            };
            let page = entry(address(entry(address(entry(PML4, 39)), 30)), 21);
            assert_ne!(page & BIG, 0);
            assert_eq!(address(page) + (virtual_address & (BIG_PAGE - 1)), virtual_address);
        }
        assert_eq!(memory.read_u64(PML4 + 8), Some(0));
        assert_eq!(memory.read_u64(GDT + u64::from(CODE)).unwrap() >> 40 & 0xff, 0x9b);
    }
}
