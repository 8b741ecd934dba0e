//! Can a Linux guest run here at all? A guest of a few instructions that every Linux has among its first ones answers, in
//! milliseconds: entered as Linux is, with the same interrupt controllers. A KVM that emulates ring 0 does not know them
//! all.

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::devices::end::End;
use super::layout::{HIGH, KVM_IDENTITY_MAP, KVM_TSS, ram};
use super::{cpu_state, cpuid};
use crate::error::{Error, Result};
use crate::lang::{Lang, Said};
use crate::model::Exit;
use crate::said;
use crate::vm::bare::hypercall::{Hypercall, Port};
use crate::vm::bare::machine::open_kvm;
use crate::vm::bus::Bus;
use crate::vm::device::Space;
use crate::vm::guest_memory::GuestMemory;
use crate::vm::kvm::{Cpu, Vm};
use crate::vm::vcpu::{Stop, Vcpu};
use crate::vm::watchdog::Watchdog;

/// Linux' allocator of small objects is built on cmpxchg16b (mm/slub.c).
const CODE: [u8; 24] = [
    0x31, 0xc0, 0x31, 0xd2, 0x31, 0xdb, 0x31, 0xc9, // xor eax, edx, ebx, ecx
    0xf0, 0x48, 0x0f, 0xc7, 0x0c, 0x24, // lock cmpxchg16b (%rsp)
    0xbf, 0x00, 0x07, 0x00, 0x00, // mov $0x700, %edi: ended with status 7
    0xb2, 0xf4, // mov $0xf4, %dl
    0xee, // out %al, (%dx)
    0xeb, 0xfe, // jmp .
];
const STATUS: i32 = 7;
const DEADLINE: Duration = Duration::from_secs(2);

/// # Errors
/// With the reason, and with what to try.
pub fn run() -> Result<()> {
    let kvm = open_kvm()?;
    let mut bus = Bus::default();
    let port = u64::from(End.port());
    bus.attach(Space::Port, port..port + 1, Box::new(Port(End)))?;
    let supported = cpuid::supported(&kvm)?;
    let vm = Arc::new(Vm::create(kvm)?);
    vm.set_helper_pages(KVM_IDENTITY_MAP, KVM_TSS)?;
    vm.create_irqchip()?;
    let memory = GuestMemory::map(&ram(2 << 20), false)?;
    cpu_state::write_tables(&memory)?;
    memory.write(HIGH, &CODE).ok_or_else(|| does_not_boot(&said!("no memory", "메모리 없음")))?;
    vm.set_memory(memory)?;
    let cpu = Cpu::create(&vm, 0)?;
    cpu.set_cpuid(&cpuid::of_cpu(&supported, 0, 1))?;
    cpu.set_sregs(&cpu_state::system_registers(cpu.sregs()?))?;
    cpu.set_regs(&cpu_state::registers(HIGH))?;
    let mut cpu = Vcpu::new(cpu, Arc::new(bus), Watchdog::new()?);
    match cpu.run(Instant::now() + DEADLINE) {
        Ok(Stop::Ended { exit: Exit::Code(STATUS), .. }) => Ok(()),
        Ok(other) => Err(does_not_boot(&Said::verbatim(format!("{other:?}")))),
        Err(error) => Err(does_not_boot(&error.cause)),
    }
}

/// `what`: the cause of it, of which the first line is told; registers would follow.
fn does_not_boot(what: &Said) -> Error {
    let first = |lang| what.of(lang).lines().next().unwrap_or_default();
    let cause = Said::compose(&[what], |lang| match lang {
        Lang::En => format!(
            "the KVM of this machine does not run the instructions that every Linux begins with: {}",
            first(lang)
        ),
        Lang::Ko => format!("이 기계의 KVM은 모든 리눅스가 처음에 쓰는 명령어를 실행하지 못함: {}", first(lang)),
    });
    Error::unavailable(said!("boot a Linux guest", "리눅스 게스트를 부팅할 수 없습니다"), cause).try_this(remedy())
}

/// What helps where KVM emulates a guest's kernel.
fn remedy() -> Said {
    said!(
        "a machine with hardware virtualization, or nested virtualization turned on around this one; --as vm-bare runs here",
        "하드웨어 가상화가 되는 기계를 쓰거나 바깥에서 중첩 가상화를 켜십시오. --as vm-bare는 여기서도 됩니다"
    )
}
