//! Faults, as our guest kernel's handlers report them: which one, where, and the registers at that moment.

use crate::error::Result;
use crate::lang::Lang;
use crate::lang::Said;
use crate::probe::abi::PORT_FAULT;
use crate::said;
use crate::vm::bare::hypercall::{Hypercall, Reply};
use crate::vm::bare::layout::{FAULT_HANDLER_BYTES, FAULT_HANDLERS};
use crate::vm::bare::ram::Ram;
use crate::vm::device::Guest;
use crate::vm::dump;
use kvm_bindings::kvm_regs;

#[derive(Debug)]
pub struct Fault;

impl Hypercall for Fault {
    fn name(&self) -> &'static str {
        "fault"
    }

    fn port(&self) -> u16 {
        PORT_FAULT
    }

    fn is_read(&self) -> bool {
        false
    }

    fn call(&mut self, guest: &Guest<'_>) -> Result<Reply> {
        let mut regs = guest.registers.regs()?;
        let mut sregs = guest.registers.sregs()?;
        if sregs.cs.selector & 3 != 0 {
            return Err(dump::error(
                said!(
                    "the program itself used the port that reports faults",
                    "프로그램이 폴트를 알리는 포트를 직접 씀"
                ),
                &regs,
                &sregs,
            ));
        }
        let vector = regs.rip.wrapping_sub(FAULT_HANDLERS) / FAULT_HANDLER_BYTES;
        let Some(frame) = Frame::read(vector, regs.rsp, guest) else {
            return Err(dump::error(
                said!("it reported a fault that the CPU did not deliver", "CPU가 내지 않은 폴트를 알림"),
                &regs,
                &sregs,
            ));
        };
        frame.restore(&mut regs);
        sregs.cs.selector = frame.cs as u16;
        let cause = explain(vector, &frame, sregs.cr2, guest);
        Err(dump::error(cause, &regs, &sregs))
    }
}

/// What the CPU pushed: Intel SDM volume 3, section 6.14.2.
struct Frame {
    code: Option<u64>,
    rip: u64,
    cs: u64,
    rflags: u64,
    rsp: u64,
}

impl Frame {
    fn read(vector: u64, stack: u64, guest: &Guest<'_>) -> Option<Frame> {
        let known = FAULTS.get(vector as usize)?;
        let start = if known.has_code { 8 } else { 0 };
        let word = |n: u64| Ram::of(guest.memory).read_u64(stack.checked_add(start + n * 8)?);
        let code = if known.has_code { Some(Ram::of(guest.memory).read_u64(stack)?) } else { None };
        Some(Frame { code, rip: word(0)?, cs: word(1)?, rflags: word(2)?, rsp: word(3)? })
    }

    fn restore(&self, regs: &mut kvm_regs) {
        regs.rip = self.rip;
        regs.rflags = self.rflags;
        regs.rsp = self.rsp;
    }
}

fn explain(vector: u64, frame: &Frame, cr2: u64, guest: &Guest<'_>) -> Said {
    let known = &FAULTS[vector as usize];
    let ring = frame.cs & 3;
    let (en, ko, rip) = (known.name.of(Lang::En), known.name.of(Lang::Ko), frame.rip);
    let what = said!(
        "{en} (vector {vector}) in ring {ring} at rip {rip:#x}",
        "링 {ring}, rip {rip:#x}에서 폴트: {ko}(벡터 {vector})"
    );
    let more = match (vector, frame.code) {
        (14, Some(code)) => page_fault(code, cr2),
        (13, _) if at_port_instruction(frame.rip, guest) => said!(
            ": an `in` or `out` to a port that the program may not use",
            ". 프로그램이 쓸 수 없는 포트에 `in`이나 `out`을 함"
        ),
        (_, Some(code)) if code != 0 => said!(", error code {code:#x}", ", 오류 코드 {code:#x}"),
        _ => Said::default(),
    };
    Said::joined(&[what, more], "")
}

/// The error code's bits: Intel SDM volume 3, figure 4-12.
fn page_fault(code: u64, address: u64) -> Said {
    let how = match code {
        c if c & 1 << 4 != 0 => said!(": executing address {address:#x}", ". 주소 {address:#x}을(를) 실행하려 함"),
        c if c & 1 << 1 != 0 => said!(": writing to address {address:#x}", ". 주소 {address:#x}에 쓰려 함"),
        _ => said!(": reading from address {address:#x}", ". 주소 {address:#x}에서 읽으려 함"),
    };
    let why = match code & 1 {
        0 => said!(", nothing is mapped there", ", 그곳에는 매핑된 것이 없음"),
        _ => said!(", it may not do that there", ", 그곳에서는 허용되지 않음"),
    };
    Said::joined(&[how, why], "")
}

/// `in`, `out`, `ins`, `outs` in their one-byte forms, with or without the 16-bit prefix.
fn at_port_instruction(rip: u64, guest: &Guest<'_>) -> bool {
    let mut bytes = [0; 2];
    if Ram::of(guest.memory).read(rip, &mut bytes).is_none() {
        return false;
    }
    let opcode = if matches!(bytes[0], 0x66 | 0xf3) { bytes[1] } else { bytes[0] };
    matches!(opcode, 0xe4..=0xe7 | 0xec..=0xef | 0x6c..=0x6f)
}

struct Known {
    name: Said,
    has_code: bool,
}

const fn plain(en: &'static str, ko: &'static str) -> Known {
    Known { name: Said::fixed(en, ko), has_code: false }
}

const fn coded(en: &'static str, ko: &'static str) -> Known {
    Known { name: Said::fixed(en, ko), has_code: true }
}

/// Vectors 0 … 31: Intel SDM volume 3, table 6-1; 29 and 30 are AMD's.
static FAULTS: [Known; 32] = [
    plain("division error", "0으로 나누기"),
    plain("debug trap", "디버그 트랩"),
    plain("non-maskable interrupt", "마스크 불가 인터럽트(NMI)"),
    plain("breakpoint (int3)", "중단점(int3)"),
    plain("overflow", "오버플로"),
    plain("bound range exceeded", "경계 초과"),
    plain("invalid instruction", "잘못된 명령어"),
    plain("no floating-point unit", "부동소수점 장치 없음"),
    coded("double fault", "이중 폴트"),
    plain("coprocessor segment overrun", "보조 프로세서 세그먼트 초과"),
    coded("invalid TSS", "잘못된 TSS"),
    coded("segment not present", "없는 세그먼트"),
    coded("stack fault", "스택 폴트"),
    coded("general protection fault", "일반 보호 폴트"),
    coded("page fault", "페이지 폴트"),
    plain("reserved fault", "예약된 폴트"),
    plain("floating-point error", "부동소수점 오류"),
    coded("misaligned access", "정렬되지 않은 접근"),
    plain("machine check", "머신 체크"),
    plain("SIMD floating-point error", "SIMD 부동소수점 오류"),
    plain("virtualization fault", "가상화 폴트"),
    coded("control protection fault", "제어 보호 폴트"),
    plain("reserved fault", "예약된 폴트"),
    plain("reserved fault", "예약된 폴트"),
    plain("reserved fault", "예약된 폴트"),
    plain("reserved fault", "예약된 폴트"),
    plain("reserved fault", "예약된 폴트"),
    plain("reserved fault", "예약된 폴트"),
    plain("hypervisor injection", "하이퍼바이저가 넣은 폴트"),
    coded("VMM communication fault", "VMM 통신 폴트"),
    coded("security fault", "보안 폴트"),
    plain("reserved fault", "예약된 폴트"),
];
