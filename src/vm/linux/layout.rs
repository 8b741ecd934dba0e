//! The machine's memory map: every address that a Linux guest finds something at, once.
//!
//! ```text
//! physical address
//! 0x0000_0500  GDT: three segments                                     until Linux has its own
//! 0x0000_7000  zero page: what a boot loader tells Linux (boot_params)
//! 0x0000_8ff0  stack, downwards                                        the entry code has its own soon
//! 0x0000_9000  PML4, PDPT, four page directories: 4 GiB as they are    until Linux has its own
//! 0x0002_0000  command line
//! 0x0009_fc00  end of low RAM                   a PC's BIOS data area and screen memory were here
//! 0x000e_0000  ACPI tables: RSDP first
//! 0x0010_0000  RAM again
//! 0x0100_0000  the kernel                       where it prefers to be; every distribution's says 16 MiB
//!      …       initramfs, at the end of the low RAM
//! 0xc000_0000  end of the low RAM, 3 GiB        the MMIO gap
//! 0xd000_0000  virtio devices, 4 KiB each
//! 0xfec0_0000  I/O APIC                         KVM's
//! 0xfee0_0000  local APICs                      KVM's
//! 0xfffb_c000  four pages for KVM itself, on Intel
//! 0x1_0000_0000  the rest of RAM
//! ```
//!
//! The zero page, the command line and the initramfs may lie anywhere that the kernel is told; the addresses below 1 MiB
//! are the ones that boot loaders use.

use std::ops::Range;

pub const PAGE: u64 = 0x1000;
pub const MIB: u64 = 1 << 20;
pub const GIB: u64 = 1 << 30;

pub const GDT: u64 = 0x500;
pub const ZERO_PAGE: u64 = 0x7000;
pub const STACK: u64 = 0x8ff0;
pub const PML4: u64 = 0x9000;
pub const PDPT: u64 = 0xa000;
/// One for each of the first four GiB.
pub const PAGE_DIRECTORIES: u64 = 0xb000;
pub const COMMAND_LINE: u64 = 0x2_0000;
pub const LOW_END: u64 = 0x9_fc00;
pub const ACPI: u64 = 0xe_0000;
pub const ACPI_END: u64 = 0x10_0000;
pub const HIGH: u64 = MIB;
/// Where a kernel is put that does not say where it wants to be.
pub const KERNEL: u64 = 16 * MIB;

pub const MMIO_GAP: u64 = 3 * GIB;
pub const MMIO_GAP_END: u64 = 4 * GIB;
pub const VIRTIO: u64 = 0xd000_0000;
pub const VIRTIO_BYTES: u64 = PAGE;
pub const IO_APIC: u32 = 0xfec0_0000;
pub const LOCAL_APIC: u32 = 0xfee0_0000;
pub use crate::vm::bare::layout::{KVM_IDENTITY_MAP, KVM_TSS};

/// I/O ports: eight for each serial port.
pub const COM1: u16 = 0x3f8;
pub const COM2: u16 = 0x2f8;
pub const COM3: u16 = 0x3e8;
pub const COM_PORTS: u16 = 8;
/// The keyboard controller's, which resets a PC when 0xfe is written.
pub const KEYBOARD_COMMAND: u16 = 0x64;
/// Of the ACPI tables: reset, sleep control, sleep status; a byte each, where a PC has nothing.
pub const RESET: u16 = 0x600;
pub const SLEEP_CONTROL: u16 = 0x601;
pub const SLEEP_STATUS: u16 = 0x602;

/// Global system interrupts, as the ACPI tables tell them.
pub const COM1_INTERRUPT: u32 = 4;
pub const COM2_INTERRUPT: u32 = 3;
pub const COM3_INTERRUPT: u32 = 5;
/// The first virtio device's; the next has the next.
pub const VIRTIO_INTERRUPT: u32 = 6;
/// An I/O APIC has so many.
pub const INTERRUPTS: u32 = 24;

/// RAM of a guest whose arm does not say, and what may be said.
pub const RAM_DEFAULT: u64 = 128 * MIB;
pub const RAM_LEAST: u64 = 32 * MIB;
pub const RAM_MOST: u64 = 64 * GIB;
pub const CPUS_MOST: u64 = 8;

/// The last address of RAM below the gap, plus one.
pub fn low_ram_end(ram_bytes: u64) -> u64 {
    ram_bytes.min(MMIO_GAP)
}

/// Guest-physical ranges of RAM, as memory slots.
pub fn ram(ram_bytes: u64) -> Vec<(u64, u64)> {
    let high = (MMIO_GAP_END, ram_bytes.saturating_sub(MMIO_GAP));
    [(0, low_ram_end(ram_bytes)), high].into_iter().filter(|(_, bytes)| *bytes > 0).collect()
}

/// What the kernel may use of it, and what it may not; in rising order.
pub fn usable_and_reserved(ram_bytes: u64) -> (Vec<Range<u64>>, Range<u64>) {
    let mut usable = vec![0..LOW_END, HIGH..low_ram_end(ram_bytes)];
    usable.extend((ram_bytes > MMIO_GAP).then(|| MMIO_GAP_END..MMIO_GAP_END + (ram_bytes - MMIO_GAP)));
    (usable, ACPI..ACPI_END)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_lies_upon_another() {
        let places = [
            (GDT, GDT + 32),
            (ZERO_PAGE, ZERO_PAGE + PAGE),
            (ZERO_PAGE + PAGE, STACK),
            (PML4, PML4 + PAGE),
            (PDPT, PDPT + PAGE),
            (PAGE_DIRECTORIES, PAGE_DIRECTORIES + 4 * PAGE),
            (COMMAND_LINE, COMMAND_LINE + PAGE),
            (ACPI, ACPI_END),
            (KERNEL, MMIO_GAP),
            (VIRTIO, VIRTIO + 20 * VIRTIO_BYTES),
            (u64::from(IO_APIC), u64::from(IO_APIC) + PAGE),
            (u64::from(LOCAL_APIC), u64::from(LOCAL_APIC) + PAGE),
            (KVM_IDENTITY_MAP, KVM_TSS + 3 * PAGE),
        ];
        assert!(places.windows(2).all(|two| two[0].1 <= two[1].0), "{places:x?}");
    }

    #[test]
    fn ram_leaves_the_gap_out() {
        assert_eq!(ram(128 * MIB), [(0, 128 * MIB)]);
        assert_eq!(ram(3 * GIB), [(0, 3 * GIB)]);
        assert_eq!(ram(5 * GIB), [(0, 3 * GIB), (4 * GIB, 2 * GIB)]);
        let (usable, reserved) = usable_and_reserved(5 * GIB);
        assert_eq!(usable, [0..LOW_END, MIB..3 * GIB, 4 * GIB..6 * GIB]);
        assert!(usable.iter().all(|u| u.end <= reserved.start || u.start >= reserved.end));
    }
}
