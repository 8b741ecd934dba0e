//! The guest stopped where it should not: the cause in words and the registers, as an error.

use kvm_bindings::{kvm_regs, kvm_sregs};

use super::device::Space;
use super::kvm::{Cpu, Exit};
use crate::error::{Error, Result};
use crate::lang::Said;
use crate::said;

const DOING: Said =
    Said::fixed("go on with the program in the bare guest", "베어 게스트의 프로그램을 계속 실행할 수 없습니다");

/// For an exit that no device is there for.
pub fn unexpected(exit: Exit, cpu: &Cpu) -> Error {
    let registers = || -> Result<_> { Ok((cpu.regs()?, cpu.sregs()?)) };
    let cause = in_words(exit);
    match registers() {
        Ok((regs, sregs)) => error(cause, &regs, &sregs),
        Err(_) => Error::new(DOING, cause),
    }
}

pub fn error(cause: Said, regs: &kvm_regs, sregs: &kvm_sregs) -> Error {
    let registers = registers(regs, sregs);
    Error::new(DOING, Said::compose(&[&cause], |lang| format!("{}\n{registers}", cause.of(lang))))
}

fn in_words(exit: Exit) -> Said {
    match exit {
        Exit::Shutdown => said!(
            "triple fault: the CPU met a fault while it was delivering a fault, and gave up",
            "트리플 폴트: CPU가 폴트를 전달하다가 또 폴트를 만나 멈춤"
        ),
        Exit::Access(access) if access.space == Space::Mmio => {
            let at = access.at;
            if access.write {
                said!(
                    "it wrote to physical address {at:#x}, where there is neither memory nor a device",
                    "물리 주소 {at:#x}에 썼으나 그곳에는 메모리도 장치도 없음"
                )
            } else {
                said!(
                    "it read from physical address {at:#x}, where there is neither memory nor a device",
                    "물리 주소 {at:#x}에서 읽었으나 그곳에는 메모리도 장치도 없음"
                )
            }
        }
        Exit::Halt => said!(
            "it halted the CPU, and there is no device that could wake it",
            "CPU를 멈췄으나(hlt) 깨울 장치가 없음"
        ),
        Exit::FailEntry { reason } => said!(
            "the CPU refused the guest's state (hardware reason {reason:#x})",
            "CPU가 게스트의 상태를 거절함(하드웨어 이유 {reason:#x})"
        ),
        Exit::InternalError { suberror: 1 } => {
            said!(
                "KVM could not emulate an instruction (KVM_INTERNAL_ERROR_EMULATION)",
                "KVM이 명령어를 에뮬레이션하지 못함(KVM_INTERNAL_ERROR_EMULATION)"
            )
        }
        Exit::InternalError { suberror } => {
            said!("KVM met an internal error, number {suberror}", "KVM 내부 오류, 번호 {suberror}")
        }
        Exit::Access(access) => said!("an access to port {port:#x}", "포트 {port:#x}에 접근함", port = access.at),
        Exit::NoMemory => said!(
            "the host has no memory left for it (KVM_RUN: ENOMEM)",
            "호스트에 더 줄 메모리가 없음(KVM_RUN: ENOMEM)"
        ),
        Exit::Interrupted => said!("a signal", "시그널"),
        Exit::Other(reason) => said!(
            "KVM stopped it for reason {reason}, which this hypervisor does not use",
            "KVM이 이유 {reason}(으)로 멈춤. 이 하이퍼바이저는 쓰지 않는 이유임"
        ),
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
        let text = error(in_words(Exit::Shutdown), &regs, &sregs).to_string();
        let lines: Vec<&str> = text.lines().collect();
        assert!(lines[1].starts_with("cause: triple fault"), "{text}");
        assert!(lines[2].contains("rip 0000000000400000"), "{text}");
        assert!(text.contains("cr2 0000000000001234") && text.contains("r15 0000000000000abc"), "{text}");
    }
}
