//! What 64-bit mode still needs of segmentation: a GDT for the fault handlers, an IDT that finds them, and a TSS with
//! their stack and the bitmap of ports that ring 3 may use.
//!
//! Format: Intel SDM volume 3, sections 3.4.5, 6.14 and 7.7; the I/O bitmap: volume 1, section 19.5.2.

use super::layout::{
    CPU_TABLES, FAULT_HANDLER_BYTES, FAULT_HANDLERS, FAULT_STACK_TOP, FAULT_VECTORS, GDT, IDT, PAGE, TSS,
};
use crate::probe::abi::{PORT_CONSOLE, PORT_EXIT};

/// Selectors. `syscall` and `sysretq` take theirs from the STAR register and expect this order.
pub const KERNEL_CODE: u16 = 0x08;
pub const KERNEL_DATA: u16 = 0x10;
pub const USER_DATA: u16 = 0x18 | 3;
pub const USER_CODE: u16 = 0x20 | 3;
pub const TASK: u16 = 0x28;

pub const GDT_LIMIT: u16 = 0x38 - 1;
pub const IDT_LIMIT: u16 = (FAULT_VECTORS * 16 - 1) as u16;
pub const TSS_LIMIT: u32 = (TSS_BYTES + PORT_BITMAP_BYTES) as u32; // with the byte of ones that ends the bitmap

const TSS_BYTES: usize = 104;
/// Ports 0 … 0xff; all others are refused.
const PORT_BITMAP_BYTES: usize = 32;
const FIRST_INTERRUPT_STACK: u8 = 1;

/// The page at [`CPU_TABLES`], up to the end of the IDT.
pub fn page() -> [u8; (IDT - CPU_TABLES + FAULT_VECTORS * 16) as usize] {
    let mut page = [0; _];
    let mut put = |address: u64, bytes: &[u8]| {
        let at = (address - CPU_TABLES) as usize;
        page[at..at + bytes.len()].copy_from_slice(bytes);
    };
    put(TSS, &task_state());
    put(GDT, &gdt());
    for vector in 0..FAULT_VECTORS {
        put(IDT + vector * 16, &gate(FAULT_HANDLERS + vector * FAULT_HANDLER_BYTES));
    }
    page
}

/// Faults use a stack of their own, because the program may have left any value in rsp. A zero bit opens a port.
fn task_state() -> [u8; TSS_BYTES + PORT_BITMAP_BYTES + 1] {
    let mut tss = [0; _];
    let first_stack = 36;
    tss[first_stack..first_stack + 8].copy_from_slice(&FAULT_STACK_TOP.to_le_bytes());
    let bitmap_offset = 102;
    tss[bitmap_offset..bitmap_offset + 2].copy_from_slice(&(TSS_BYTES as u16).to_le_bytes());
    tss[TSS_BYTES..].fill(0xff);
    for port in PORT_CONSOLE..=PORT_EXIT {
        tss[TSS_BYTES + usize::from(port / 8)] &= !(1 << (port % 8));
    }
    tss
}

fn gdt() -> [u8; GDT_LIMIT as usize + 1] {
    let code = 0x00af_9b00_0000_ffffu64; // 64-bit, present, accessed
    let data = 0x00cf_9300_0000_ffff;
    let ring3 = 3 << 45;
    let task = 0x0000_8b00_0000_0000 | (TSS & 0xff_ffff) << 16 | u64::from(TSS_LIMIT);
    let mut gdt = [0; _];
    for (place, entry) in [0, code, data, data | ring3, code | ring3, task, 0].into_iter().enumerate() {
        gdt[place * 8..place * 8 + 8].copy_from_slice(&entry.to_le_bytes());
    }
    gdt
}

/// An interrupt gate to ring 0. Only the CPU may go through it: `int` in ring 3 is refused (DPL 0).
fn gate(handler: u64) -> [u8; 16] {
    let present_interrupt_gate = 0x8e;
    let low = handler & 0xffff
        | u64::from(KERNEL_CODE) << 16
        | u64::from(FIRST_INTERRUPT_STACK) << 32
        | present_interrupt_gate << 40
        | (handler >> 16 & 0xffff) << 48;
    let mut gate = [0; 16];
    gate[..8].copy_from_slice(&low.to_le_bytes());
    gate[8..].copy_from_slice(&(handler >> 32).to_le_bytes());
    gate
}

const _: () = assert!(
    TSS + (TSS_BYTES + PORT_BITMAP_BYTES) as u64 <= GDT
        && GDT + GDT_LIMIT as u64 <= IDT
        && IDT + FAULT_VECTORS * 16 <= CPU_TABLES + PAGE / 2,
    "the tables and the fault stack share a page without overlap"
);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::probe::abi;

    #[test]
    fn ring_3_may_use_our_ports_and_no_other() {
        let tss = task_state();
        let open = |port: u16| tss[TSS_BYTES + usize::from(port / 8)] & 1 << (port % 8) == 0;
        let opened: Vec<u16> = (0..0x100).filter(|port| open(*port)).collect();
        assert_eq!(opened, (abi::PORT_CONSOLE..=abi::PORT_EXIT).collect::<Vec<_>>());
        assert!(!open(abi::PORT_FAULT), "only ring 0 reports faults");
        assert_eq!(tss.last(), Some(&0xff), "the bitmap ends in ones");
    }

    #[test]
    fn a_four_byte_read_of_each_port_that_answers_is_open() {
        for port in [abi::PORT_CONSOLE, abi::PORT_WAIT, abi::PORT_SLEEP, abi::PORT_MMAP] {
            assert!(port + 3 <= abi::PORT_EXIT, "{port:#x}: the bitmap is asked for four ports");
        }
    }

    #[test]
    fn a_gate_leads_to_its_handler() {
        let page = page();
        let at = (IDT - CPU_TABLES) as usize + 14 * 16;
        let word = |i: usize| u64::from(u16::from_le_bytes([page[at + i], page[at + i + 1]]));
        assert_eq!(word(0) | word(6) << 16, FAULT_HANDLERS + 14 * FAULT_HANDLER_BYTES);
        assert_eq!(word(2), u64::from(KERNEL_CODE));
    }
}
