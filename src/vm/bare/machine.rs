//! One bare virtual machine, from `open("/dev/kvm")` to the instruction before the program's first.

use std::os::fd::OwnedFd;
use std::sync::Arc;

use kvm_bindings::CpuId;
use kvm_ioctls::Kvm;
use nix::errno::Errno;

use super::image::{Image, Software};
use super::layout::{KVM_IDENTITY_MAP, KVM_TSS, PROGRAM, RAM_DEFAULT, STACK_BYTES};
use super::ram::{self, Ram};
use super::{cpu_mode, devices};
use crate::error::{Error, Result};
use crate::lang::Said;
use crate::model::Io;
use crate::said;
use crate::sys::clock::Clock;
use crate::timeline::{Stage, Timeline};
use crate::vm::guest_memory::GuestMemory;
use crate::vm::kvm::{Cpu, Vm, host_cpuid};
use crate::vm::vcpu::Vcpu;
use crate::vm::watchdog::Watchdog;

/// The hardware: what a guest gets, whatever it runs.
#[derive(Debug, Clone)]
pub struct Hardware {
    pub ram_bytes: u64,
    /// Touch all of RAM at once.
    pub populate: bool,
    /// Let the host use 2 MiB pages.
    pub huge: bool,
    cpuid: CpuId,
    intel: bool,
}

impl Default for Hardware {
    fn default() -> Hardware {
        let intel = host_cpuid(0)[1] == u32::from_le_bytes(*b"Genu");
        let cpuid = cpu_mode::cpuid(host_cpuid);
        Hardware { ram_bytes: RAM_DEFAULT, populate: false, huge: false, cpuid, intel }
    }
}

impl Hardware {
    /// Addresses that a program's image may use.
    pub fn room(&self) -> std::ops::Range<u64> {
        PROGRAM..self.ram_bytes - STACK_BYTES
    }
}

/// Makes one virtual machine. The order is the lesson; what needs no machine is made before t0, which is just before the
/// first system call that does.
pub fn create(
    hard: &Hardware,
    soft: &Software,
    io: Io,
    release: Option<OwnedFd>,
    clock: &mut Timeline,
) -> Result<Vcpu> {
    let image = Image::of(hard.ram_bytes, soft)?;
    let bus = devices::bus(io, release, soft.program.image().end..hard.ram_bytes - STACK_BYTES)?;
    let watchdog = Watchdog::new()?;
    clock.begin();
    let kvm = open_kvm()?;
    clock.mark(Stage::Create, "open /dev/kvm");
    let vm = Arc::new(Vm::create(kvm)?);
    if hard.intel {
        vm.set_helper_pages(KVM_IDENTITY_MAP, KVM_TSS)?; // before the first vCPU
    }
    clock.mark(Stage::Create, "create VM");
    let cpu = Cpu::create(&vm, 0)?;
    clock.mark(Stage::Create, "create vCPU");
    vm.set_memory(memory(hard)?)?;
    clock.mark(Stage::Isolate, "guest memory");
    cpu.set_cpuid(&hard.cpuid)?;
    clock.mark(Stage::Isolate, "CPUID");
    image.write(Ram::of(vm.memory()))?;
    clock.mark(Stage::Load, "kernel, program, page tables");
    set_registers(&cpu, soft.program.entry, image.stack)?;
    let vcpu = Vcpu::new(cpu, Arc::new(bus), watchdog);
    clock.mark(Stage::Enter, "registers");
    Ok(vcpu)
}

fn set_registers(cpu: &Cpu, entry: u64, stack: u64) -> Result<()> {
    cpu.set_msrs(&cpu_mode::system_call_registers())?;
    cpu.set_sregs(&cpu_mode::system_registers(cpu.sregs()?))?;
    cpu.set_regs(&cpu_mode::registers(entry, stack))
}

/// /dev/kvm, close-on-exec.
pub fn open_kvm() -> Result<Kvm> {
    Kvm::new().map_err(|cause| no_kvm(Errno::from_raw(cause.errno())))
}

fn no_kvm(cause: Errno) -> Error {
    Error::unavailable(said!("open /dev/kvm", "/dev/kvm을 열 수 없습니다"), Said::english(cause.desc())).try_this(match cause {
        Errno::EACCES | Errno::EPERM => said!(
            "sudo usermod -aG kvm $USER, then log in again",
            "sudo usermod -aG kvm $USER 다음에 다시 로그인하십시오"
        ),
        Errno::ENOENT => said!(
            "turn on virtualization in the firmware, or nested virtualization of this VM; then sudo modprobe kvm_intel \
             (or kvm_amd). Without KVM the chapters work on results/reference/",
            "펌웨어에서 가상화를, 가상머신 안이라면 중첩 가상화를 켠 다음 sudo modprobe kvm_intel(또는 kvm_amd). \
             KVM이 없어도 results/reference/로 각 장을 할 수 있습니다"
        ),
        Errno::ENODEV | Errno::ENXIO => said!(
            "sudo modprobe kvm_intel (or kvm_amd); dmesg tells why KVM is not active",
            "sudo modprobe kvm_intel(또는 kvm_amd). KVM이 꺼져 있는 까닭은 dmesg가 알려 줍니다"
        ),
        _ => Said::english("isolab doctor"),
    })
}

fn memory(hard: &Hardware) -> Result<GuestMemory> {
    let memory = GuestMemory::map(&ram::regions(hard.ram_bytes), hard.huge)?;
    if hard.populate {
        memory.populate()?;
    }
    Ok(memory)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Kind;

    #[test]
    fn each_way_to_lack_kvm_has_its_remedy() {
        for (errno, remedy) in [
            (Errno::EACCES, "usermod -aG kvm"),
            (Errno::ENOENT, "nested virtualization"),
            (Errno::ENODEV, "modprobe"),
            (Errno::EMFILE, "doctor"),
        ] {
            let error = no_kvm(errno);
            assert_eq!(error.kind, Kind::Unavailable);
            assert!(error.try_this.contains(remedy), "{error}");
        }
    }
}
