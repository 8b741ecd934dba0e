//! The guest stopped where it should not: the cause in words and the registers, as an error.

use kvm_bindings::{kvm_regs, kvm_sregs};

use super::device::Space;
use super::kvm::{Cpu, Exit};
use crate::error::{Error, Result};

const DOING: &str = "go on with the program in the bare guest";

/// For an exit that no device is there for.
pub fn unexpected(exit: Exit, cpu: &Cpu) -> Error {
    let registers = || -> Result<_> { Ok((cpu.regs()?, cpu.sregs()?)) };
    let cause = in_words(exit);
    match registers() {
        Ok((regs, sregs)) => error(&cause, &regs, &sregs),
        Err(_) => Error::new(DOING, cause),
    }
}

pub fn error(cause: &str, regs: &kvm_regs, sregs: &kvm_sregs) -> Error {
    Error::new(DOING, format!("{cause}\n{}", registers(regs, sregs)))
}

fn in_words(exit: Exit) -> String {
    match exit {
        Exit::Shutdown => "triple fault: the CPU met a fault while it was delivering a fault, and gave up".into(),
        Exit::Access(access) if access.space == Space::Mmio => {
            let verb = if access.write { "wrote to" } else { "read from" };
            format!("it {verb} physical address {:#x}, where there is neither memory nor a device", access.at)
        }
        Exit::Halt => "it halted the CPU, and there is no device that could wake it".into(),
        Exit::FailEntry { reason } => format!("the CPU refused the guest's state (hardware reason {reason:#x})"),
        Exit::InternalError { suberror: 1 } => {
            "KVM could not emulate an instruction (KVM_INTERNAL_ERROR_EMULATION)".into()
        }
        Exit::InternalError { suberror } => format!("KVM met an internal error, number {suberror}"),
        Exit::Access(access) => format!("an access to port {:#x}", access.at),
        Exit::Interrupted => "a signal".into(),
        Exit::Other(reason) => format!("KVM stopped it for reason {reason}, which this hypervisor does not use"),
    }
}

fn registers(r: &kvm_regs, s: &kvm_sregs) -> String {
    let lines = [
        [("rip", r.rip), ("rflags", r.rflags), ("cs", u64::from(s.cs.selector)), ("ss", u64::from(s.ss.selector))],
        [("rax", r.rax), ("rbx", r.rbx), ("rcx", r.rcx), ("rdx", r.rdx)],
        [("rsi", r.rsi), ("rdi", r.rdi), ("rsp", r.rsp), ("rbp", r.rbp)],
        [("r8", r.r8), ("r9", r.r9), ("r10", r.r10), ("r11", r.r11)],
        [("r12", r.r12), ("r13", r.r13), ("r14", r.r14), ("r15", r.r15)],
        [("cr0", s.cr0), ("cr2", s.cr2), ("cr3", s.cr3), ("cr4", s.cr4)],
    ];
    let line = |pairs: &[(&str, u64); 4]| pairs.map(|(name, value)| format!("{name:>8} {value:016x}")).concat();
    lines.iter().map(line).collect::<Vec<String>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_has_the_cause_first_and_the_registers_below() {
        let regs = kvm_regs { rip: 0x40_0000, r15: 0xabc, ..Default::default() };
        let sregs = kvm_sregs { cr2: 0x1234, ..Default::default() };
        let text = error(&in_words(Exit::Shutdown), &regs, &sregs).to_string();
        let lines: Vec<&str> = text.lines().collect();
        assert!(lines[1].starts_with("cause: triple fault"), "{text}");
        assert!(lines[2].contains("rip 0000000000400000"), "{text}");
        assert!(text.contains("cr2 0000000000001234") && text.contains("r15 0000000000000abc"), "{text}");
    }
}
