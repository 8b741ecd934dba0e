//! The guest's memory map: every magic address, once. The guest kernel compiles this file too.
//!
//! ```text
//! 0x00_0000  nothing: a null pointer faults
//! 0x00_1000  PML4, PDPT, and the PT of the first 2 MiB, a page each       kernel only
//! 0x00_4000  CPU tables: TSS with I/O bitmap, GDT, IDT; a stack for faults kernel only
//! 0x00_5000  guest kernel: entry, fault handlers                          kernel only
//! 0x00_6000  guest kernel: system calls                                   program may read and execute
//! 0x10_0000  page directories, one per GiB of RAM                         kernel only
//! 0x14_0000  page tables of the image, where it is not one piece          kernel only
//! 0x20_0000  the program's image
//!   …        memory it asks for by mmap, upwards
//!   …        its stack, downwards from the end of RAM                     program may read and write
//! ```
//!
//! The page with the system calls belongs to the program's side because a software KVM delivers `syscall` without
//! leaving ring 3. Nothing in it is secret, and nothing in it can be written.
//!
//! These are the addresses that the guest uses. Below 3 GiB the physical address is the same; above, it is 1 GiB
//! higher, because a PC keeps its devices in the fourth GiB (KVM puts pages of its own there):
//!
//! ```text
//! address    0 ............ 3 GiB ................ RAM
//! physical   0 ............ 3 GiB |MMIO gap| 4 GiB ................ RAM + 1 GiB
//! ```

pub const PAGE: u64 = 0x1000;
pub const BIG_PAGE: u64 = 0x20_0000;
pub const GIB: u64 = 1 << 30;

pub const PML4: u64 = 0x1000;
pub const PDPT: u64 = 0x2000;
pub const PT: u64 = 0x3000;
pub const CPU_TABLES: u64 = 0x4000;
pub const KERNEL: u64 = 0x5000;
pub const SYSTEM_CALLS: u64 = 0x6000;
/// First address after the guest kernel.
pub const KERNEL_END: u64 = 0x7000;
pub const PAGE_DIRECTORIES: u64 = 0x10_0000;
pub const IMAGE_TABLES: u64 = 0x14_0000;
pub const PROGRAM: u64 = 0x20_0000;

/// Inside [`CPU_TABLES`]: the TSS is at its start.
pub const TSS: u64 = CPU_TABLES;
pub const GDT: u64 = CPU_TABLES + 0x100;
pub const IDT: u64 = CPU_TABLES + 0x200;
/// Grows downwards to the end of the IDT.
pub const FAULT_STACK_TOP: u64 = CPU_TABLES + PAGE;

/// Inside [`KERNEL`]: the entry is at its start, then one handler of [`FAULT_HANDLER_BYTES`] for each vector.
pub const FAULT_HANDLERS: u64 = KERNEL + 0x40;
pub const FAULT_HANDLER_BYTES: u64 = 4;
pub const FAULT_VECTORS: u64 = 32;

/// The stack of the program, argv and environment included.
pub const STACK_BYTES: u64 = 256 << 10;

/// The flags of the program: bit 1 is always on, interrupts are off because no device raises one, and IOPL 3 lets ring 3
/// use ports. A software KVM loses IOPL on the way; there the I/O bitmap of the TSS opens our ports (`descriptors.rs`).
/// An emulated AMD host (QEMU TCG) has it the other way round: it ignores the bitmap of a TSS in use.
pub const PROGRAM_FLAGS: u64 = 0x3002;

/// RAM of a guest whose arm does not say, and what may be said, in bytes; always whole big pages.
pub const RAM_DEFAULT: u64 = 8 << 20;
pub const RAM_LEAST: u64 = 16 << 20;
pub const RAM_MOST: u64 = 64 * GIB;

/// Where the fourth GiB of RAM begins for the guest, and how far away it is physically.
pub const MMIO_GAP: u64 = 3 * GIB;
pub const MMIO_GAP_BYTES: u64 = GIB;

/// Intel CPUs that cannot start without paging need four pages of KVM's own, in the gap (KVM_SET_TSS_ADDR,
/// KVM_SET_IDENTITY_MAP_ADDR in Linux's Documentation/virt/kvm/api.rst).
pub const KVM_IDENTITY_MAP: u64 = 0xfffb_c000;
pub const KVM_TSS: u64 = 0xfffb_d000;

/// The physical address of what the guest sees at `address`.
pub const fn physical(address: u64) -> u64 {
    if address < MMIO_GAP { address } else { address + MMIO_GAP_BYTES }
}
