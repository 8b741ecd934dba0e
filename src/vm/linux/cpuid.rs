//! What the guest's `cpuid` answers: what KVM supports on this host, and each CPU's own number.
//!
//! Linux asks for hundreds of features, so a short table of our own, as the bare guest has, cannot serve it.

use kvm_bindings::{CpuId, KVM_MAX_CPUID_ENTRIES, kvm_cpuid_entry2};
use kvm_ioctls::Kvm;

use crate::error::{Context, Result};
use crate::said;

const FEATURES: u32 = 1;
const TOPOLOGY: [u32; 2] = [0xb, 0x1f];
const EXTENDED_TOPOLOGY: u32 = 0x8000_001e; // AMD's

// Bits of leaf 1 (SDM volume 2, CPUID).
const TSC_DEADLINE: u32 = 1 << 24; // ecx: a timer without calibration
const HYPERVISOR: u32 = 1 << 31; // ecx
const SEVERAL_CPUS: u32 = 1 << 28; // edx

// Of leaf 0xb: what a level counts, in ecx.
const LEVEL_THREAD: u32 = 1;
const LEVEL_CORE: u32 = 2;

/// All that KVM can show a guest here.
///
/// # Errors
/// When the kernel does not tell.
pub fn supported(kvm: &Kvm) -> Result<CpuId> {
    kvm.get_supported_cpuid(KVM_MAX_CPUID_ENTRIES).doing(|| {
        said!(
            "ask what a guest's CPU can do here (KVM_GET_SUPPORTED_CPUID)",
            "게스트 CPU가 여기서 할 수 있는 것을 물을 수 없습니다(KVM_GET_SUPPORTED_CPUID)"
        )
    })
}

/// For CPU `number` of `cpus`; each is a core of its own, of one package.
pub fn of_cpu(supported: &CpuId, number: u32, cpus: u32) -> CpuId {
    let mut cpuid = supported.clone();
    for leaf in cpuid.as_mut_slice() {
        change(leaf, number, cpus);
    }
    cpuid
}

fn change(leaf: &mut kvm_cpuid_entry2, number: u32, cpus: u32) {
    match leaf.function {
        FEATURES => {
            leaf.ebx = leaf.ebx & 0xff00 | cpus << 16 | number << 24; // cache line, CPUs in the package, APIC id
            leaf.ecx |= TSC_DEADLINE | HYPERVISOR;
            leaf.edx = leaf.edx & !SEVERAL_CPUS | if cpus > 1 { SEVERAL_CPUS } else { 0 };
        }
        level if TOPOLOGY.contains(&level) => {
            let core_bits = cpus.next_power_of_two().trailing_zeros();
            (leaf.eax, leaf.ebx, leaf.ecx) = match leaf.index {
                0 => (0, 1, LEVEL_THREAD << 8),
                1 => (core_bits, cpus, LEVEL_CORE << 8 | 1),
                other => (0, 0, other),
            };
            leaf.edx = number;
        }
        EXTENDED_TOPOLOGY => {
            leaf.eax = number;
            leaf.ebx = number; // a core of one thread
            leaf.ecx = 0;
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn supported() -> CpuId {
        let leaf = |function, index| kvm_cpuid_entry2 { function, index, ebx: 0x0800, ..Default::default() };
        CpuId::from_entries(&[leaf(1, 0), leaf(7, 0), leaf(0xb, 0), leaf(0xb, 1), leaf(0xb, 2), leaf(0x8000_001e, 0)])
            .unwrap()
    }

    #[test]
    fn each_cpu_has_its_own_number_in_every_leaf_that_names_it() {
        let third = of_cpu(&supported(), 2, 3);
        let find =
            |function, index| *third.as_slice().iter().find(|l| (l.function, l.index) == (function, index)).unwrap();
        assert_eq!(find(1, 0).ebx, 2 << 24 | 3 << 16 | 8 << 8);
        assert_ne!(find(1, 0).ecx & TSC_DEADLINE, 0);
        assert_ne!(find(1, 0).edx & SEVERAL_CPUS, 0);
        assert_eq!((find(0xb, 0).edx, find(0xb, 1).edx, find(0x8000_001e, 0).eax), (2, 2, 2));
        assert_eq!((find(0xb, 0).eax, find(0xb, 1).eax, find(0xb, 1).ebx), (0, 2, 3));
        assert_eq!(find(0xb, 2).ecx, 2);
        assert_eq!(find(7, 0), *supported().as_slice().iter().find(|l| l.function == 7).unwrap(), "left as it is");
        let alone = of_cpu(&supported(), 0, 1);
        assert_eq!(alone.as_slice()[0].edx & SEVERAL_CPUS, 0);
    }
}
