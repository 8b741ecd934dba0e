//! Guests of a few instructions.

use std::sync::Arc;

use super::bare::layout::{KVM_IDENTITY_MAP, KVM_TSS};
use super::bare::machine::open_kvm;
use super::guest_memory::GuestMemory;
use super::kvm::{Cpu, Vm};

pub(crate) const RAM_BYTES: u64 = 64 << 10;

/// A machine with a CPU for each piece of code, in real mode, as a CPU wakes up. None, and a line that says why, where
/// guests can't run.
pub(crate) fn cpus_with(code: &[&[u8]]) -> Option<Vec<Cpu>> {
    let kvm = match open_kvm() {
        Ok(kvm) => kvm,
        Err(error) => {
            crate::testing::skip(format_args!("a guest of a few instructions: {error}"));
            return None;
        }
    };
    let vm = Arc::new(Vm::create(kvm).unwrap());
    vm.set_helper_pages(KVM_IDENTITY_MAP, KVM_TSS).unwrap();
    let cpus: Vec<Cpu> = (0..code.len() as u64).map(|id| Cpu::create(&vm, id).unwrap()).collect();
    let memory = GuestMemory::map(&[(0, RAM_BYTES)], false).unwrap();
    for ((cpu, code), rip) in cpus.iter().zip(code).zip((0..).step_by(0x100)) {
        memory.write(rip, code).unwrap();
        let mut system = cpu.sregs().unwrap();
        (system.cs.base, system.cs.selector) = (0, 0);
        cpu.set_sregs(&system).unwrap();
        cpu.set_regs(&kvm_bindings::kvm_regs { rip, rflags: 2, ..Default::default() }).unwrap();
    }
    vm.set_memory(memory).unwrap();
    Some(cpus)
}
