//! The vCPU as our guest kernel finds it: 64-bit mode with paging, ring 0, one instruction before the program.
//!
//! A PC gets here by 16-bit and 32-bit code; KVM lets us write the registers at once.

use kvm_bindings::{CpuId, Msrs, kvm_cpuid_entry2, kvm_dtable, kvm_msr_entry, kvm_regs, kvm_segment, kvm_sregs};

use super::descriptors::{GDT_LIMIT, IDT_LIMIT, KERNEL_CODE, KERNEL_DATA, TASK, TSS_LIMIT, USER_CODE, USER_DATA};
use super::layout::{GDT, IDT, KERNEL, PML4, PROGRAM_FLAGS, SYSTEM_CALLS, TSS};

// Control registers: Intel SDM volume 3, section 2.5; EFER: section 2.2.1.
const CR0_PROTECTION: u64 = 1;
const CR0_MONITOR_COPROCESSOR: u64 = 1 << 1;
const CR0_EXTENSION_TYPE: u64 = 1 << 4;
const CR0_NUMERIC_ERROR: u64 = 1 << 5;
const CR0_WRITE_PROTECT: u64 = 1 << 16; // ring 0 too obeys read-only pages
const CR0_PAGING: u64 = 1 << 31;
const CR4_PHYSICAL_ADDRESS_EXTENSION: u64 = 1 << 5; // 64-bit mode wants it
const CR4_SSE: u64 = 1 << 9; // OSFXSR: without it SSE instructions fault
const CR4_SSE_FAULTS: u64 = 1 << 10; // OSXMMEXCPT
const EFER_SYSTEM_CALLS: u64 = 1;
const EFER_LONG_MODE: u64 = 1 << 8;
const EFER_LONG_MODE_ACTIVE: u64 = 1 << 10;
const EFER_NO_EXECUTE: u64 = 1 << 11;

const FLAGS: u64 = 2; // bit 1 is always on

/// 64-bit mode on top of what KVM gave a fresh vCPU (`fresh` keeps the local APIC's base and the LDT).
pub fn system_registers(fresh: kvm_sregs) -> kvm_sregs {
    let data = segment(KERNEL_DATA, 3, 0);
    kvm_sregs {
        cr0: CR0_PAGING
            | CR0_WRITE_PROTECT
            | CR0_NUMERIC_ERROR
            | CR0_EXTENSION_TYPE
            | CR0_MONITOR_COPROCESSOR
            | CR0_PROTECTION,
        cr3: PML4,
        cr4: CR4_PHYSICAL_ADDRESS_EXTENSION | CR4_SSE | CR4_SSE_FAULTS,
        efer: EFER_SYSTEM_CALLS | EFER_LONG_MODE | EFER_LONG_MODE_ACTIVE | EFER_NO_EXECUTE,
        cs: kvm_segment { l: 1, db: 0, ..segment(KERNEL_CODE, 11, 0) },
        ds: data,
        es: data,
        fs: data,
        gs: data,
        ss: data,
        tr: kvm_segment { base: TSS, limit: TSS_LIMIT, s: 0, g: 0, db: 0, ..segment(TASK, 11, 0) },
        gdt: kvm_dtable { base: GDT, limit: GDT_LIMIT, ..Default::default() },
        idt: kvm_dtable { base: IDT, limit: IDT_LIMIT, ..Default::default() },
        ..fresh
    }
}

/// A flat segment; `kind` 11 is code (or a busy TSS), 3 is data.
fn segment(selector: u16, kind: u8, dpl: u8) -> kvm_segment {
    kvm_segment { selector, type_: kind, dpl, present: 1, s: 1, g: 1, db: 1, limit: 0xffff_ffff, ..Default::default() }
}

/// At the guest kernel's entry, which jumps to `entry` in ring 3 by `sysretq`.
pub fn registers(entry: u64, stack: u64) -> kvm_regs {
    kvm_regs { rip: KERNEL, rflags: FLAGS, rsp: stack, rcx: entry, r11: PROGRAM_FLAGS, ..Default::default() }
}

/// Where `syscall` goes, and with which segments and flags (SDM volume 3, section 5.8.8).
pub fn system_call_registers() -> Msrs {
    const STAR: u32 = 0xc000_0081;
    const LSTAR: u32 = 0xc000_0082;
    const FLAGS_TO_CLEAR: u32 = 0xc000_0084;
    const TRAP_INTERRUPT_DIRECTION: u64 = 0x700;
    let register = |index, data| kvm_msr_entry { index, data, ..Default::default() };
    Msrs::from_entries(&[
        register(STAR, u64::from(KERNEL_DATA) << 48 | u64::from(KERNEL_CODE) << 32),
        register(LSTAR, SYSTEM_CALLS),
        register(FLAGS_TO_CLEAR, TRAP_INTERRUPT_DIRECTION),
    ])
    .expect("three registers are fewer than KVM's limit")
}

/// What the guest's `cpuid` answers: the host's maker and address sizes, and no more than 64-bit code with SSE2 needs.
/// Asking KVM for everything it supports is the dearest step of a start (0.27 ms where 0.65 is the whole).
pub fn cpuid(host: impl Fn(u32) -> [u32; 4]) -> CpuId {
    let [_, b, c, d] = host(0);
    let leaf = |function, [eax, ebx, ecx, edx]: [u32; 4]| kvm_cpuid_entry2 {
        function,
        eax,
        ebx,
        ecx,
        edx,
        ..Default::default()
    };
    CpuId::from_entries(&[
        leaf(0, [1, b, c, d]),
        leaf(1, [0x0000_06f0, 0, 0, FEATURES]),
        leaf(0x8000_0000, [0x8000_0008, b, c, d]),
        leaf(0x8000_0001, [0, 0, 0, LONG_MODE | NO_EXECUTE | SYSCALL]),
        leaf(0x8000_0008, [host(0x8000_0008)[0] & 0xff | 48 << 8, 0, 0, 0]),
    ])
    .expect("five leaves are fewer than KVM's limit")
}

/// fpu, pse, tsc, msr, pae, cx8, pge, cmov, pat, mmx, fxsr, sse, sse2 (SDM volume 2, CPUID, leaf 1, edx).
const FEATURES: u32 = 1 | 1 << 3 | 1 << 4 | 1 << 5 | 1 << 6 | 1 << 8 | 1 << 13 | 1 << 15 | 1 << 16 | 0xf << 23;
const LONG_MODE: u32 = 1 << 29;
const NO_EXECUTE: u32 = 1 << 20;
const SYSCALL: u32 = 1 << 11;

// `sysretq` adds 8 and 16 to STAR's upper half for SS and CS, and sets ring 3.
const _: () = assert!(USER_DATA == (KERNEL_DATA + 8) | 3 && USER_CODE == (KERNEL_DATA + 16) | 3);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_two_names_in_one_register_share_a_bit() {
        let cr0 = [
            CR0_PROTECTION,
            CR0_MONITOR_COPROCESSOR,
            CR0_EXTENSION_TYPE,
            CR0_NUMERIC_ERROR,
            CR0_WRITE_PROTECT,
            CR0_PAGING,
        ];
        let cr4 = [CR4_PHYSICAL_ADDRESS_EXTENSION, CR4_SSE, CR4_SSE_FAULTS];
        let efer = [EFER_SYSTEM_CALLS, EFER_LONG_MODE, EFER_LONG_MODE_ACTIVE, EFER_NO_EXECUTE];
        for bits in [&cr0[..], &cr4, &efer] {
            let union = bits.iter().fold(0, |sum, bit| sum | bit);
            assert_eq!(union.count_ones() as usize, bits.len());
        }
    }

    #[test]
    fn the_guest_sees_its_own_small_cpu() {
        let host = |leaf| if leaf == 0 { [0x1f, 11, 12, 13] } else { [0x3930, 0, 0, 0] };
        let table = cpuid(host);
        let leaves: Vec<_> = table.as_slice().iter().map(|l| (l.function, l.eax, l.ebx)).collect();
        assert_eq!(
            leaves,
            [(0, 1, 11), (1, 0x6f0, 0), (0x8000_0000, 0x8000_0008, 11), (0x8000_0001, 0, 0), (0x8000_0008, 0x3030, 0)]
        );
        assert_eq!(FEATURES, 0x0781_a179, "64-bit code counts on all of these");
    }
}
