//! One bare virtual machine, from `open("/dev/kvm")` to the instruction before the program's first.

use std::ffi::OsString;
use std::os::fd::OwnedFd;

use kvm_bindings::CpuId;
use kvm_ioctls::Kvm;
use nix::errno::Errno;

use super::elf::Program;
use super::layout::{
    CPU_TABLES, HOLE, KERNEL, KERNEL_END, KVM_IDENTITY_MAP, KVM_TSS, PROGRAM, RAM_DEFAULT, STACK_BYTES, physical,
};
use super::vcpu::Vcpu;
use super::{KERNEL_ELF, cpu_mode, descriptors, paging, stack};
use crate::error::{Error, Result};
use crate::model::Io;
use crate::sys::guest_memory::GuestMemory;
use crate::sys::kvm::{Vm, create_vm, host_cpuid, set_helper_pages};
use crate::timeline::{Stage, Timeline};

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

/// The software: a checked program with what it finds at its start.
#[derive(Debug, Clone)]
pub struct Software {
    pub file: std::borrow::Cow<'static, [u8]>,
    pub program: Program,
    pub argv: Vec<OsString>,
    pub env: Vec<(OsString, OsString)>,
}

impl Hardware {
    /// Addresses that a program's image may use.
    pub fn room(&self) -> std::ops::Range<u64> {
        PROGRAM..self.ram_bytes - STACK_BYTES
    }

    /// Slots of memory: guest-physical address, place in RAM, bytes. See the drawing in `layout.rs`.
    pub fn slots(&self) -> Vec<(u64, u64, u64)> {
        let low = (0, 0, self.ram_bytes.min(HOLE));
        let high = (physical(HOLE), HOLE, self.ram_bytes.saturating_sub(HOLE));
        [low, high].into_iter().filter(|(_, _, bytes)| *bytes > 0).collect()
    }
}

/// Makes one virtual machine. The order is the lesson; t0 is just before the first system call.
pub fn create(
    hard: &Hardware,
    soft: &Software,
    io: Io,
    release: Option<OwnedFd>,
    clock: &mut Timeline,
) -> Result<Vcpu> {
    clock.begin();
    let kvm = open_kvm()?;
    clock.mark(Stage::Create, "open /dev/kvm");
    let vm = create_vm(&kvm)?;
    if hard.intel {
        set_helper_pages(&vm, KVM_IDENTITY_MAP, KVM_TSS)?; // before the first vCPU
    }
    clock.mark(Stage::Create, "create VM");
    let mut vm = Vm::with_vcpu(kvm, vm)?;
    clock.mark(Stage::Create, "create vCPU");
    add_memory(&mut vm, hard)?;
    clock.mark(Stage::Isolate, "guest memory");
    vm.set_cpuid(&hard.cpuid)?;
    clock.mark(Stage::Isolate, "CPUID");
    let stack = load(vm.memory(), soft)?;
    clock.mark(Stage::Load, "kernel, program, page tables");
    vm.set_msrs(&cpu_mode::system_call_registers())?;
    vm.set_sregs(&cpu_mode::system_registers(vm.sregs()?))?;
    vm.set_regs(&cpu_mode::registers(soft.program.entry, stack))?;
    let vcpu = Vcpu::new(vm, io, release, soft.program.image().end..hard.ram_bytes - STACK_BYTES)?;
    clock.mark(Stage::Enter, "registers");
    Ok(vcpu)
}

/// /dev/kvm, close-on-exec.
pub fn open_kvm() -> Result<Kvm> {
    Kvm::new().map_err(|cause| no_kvm(Errno::from_raw(cause.errno())))
}

fn no_kvm(cause: Errno) -> Error {
    Error::unavailable("open /dev/kvm", cause.desc()).try_this(match cause {
        Errno::EACCES | Errno::EPERM => "sudo usermod -aG kvm $USER, then log in again",
        Errno::ENOENT => {
            "turn on virtualization in the firmware, or nested virtualization of this VM; then sudo modprobe kvm_intel \
             (or kvm_amd). Without KVM the chapters work on results/reference/"
        }
        Errno::ENODEV | Errno::ENXIO => "sudo modprobe kvm_intel (or kvm_amd); dmesg tells why KVM is not active",
        _ => "isolab doctor",
    })
}

fn add_memory(vm: &mut Vm, hard: &Hardware) -> Result<()> {
    let memory = GuestMemory::map(hard.ram_bytes, hard.huge)?;
    if hard.populate {
        memory.populate()?;
    }
    vm.set_memory(memory, &hard.slots())
}

/// Everything that stands in RAM when the guest starts. Returns the program's rsp.
fn load(memory: &GuestMemory, soft: &Software) -> Result<u64> {
    load_kernel(memory)?;
    soft.program.load(&soft.file, memory)?;
    paging::write(memory, &soft.program)?;
    stack::write(memory, &soft.argv, &soft.env, &soft.program)
}

fn load_kernel(memory: &GuestMemory) -> Result<()> {
    let kernel = Program::parse(KERNEL_ELF)?;
    kernel.check_fits(&(KERNEL..KERNEL_END))?;
    kernel.load(KERNEL_ELF, memory)?;
    let outside = || Error::new("load the guest kernel", "its tables are outside guest RAM");
    memory.write(CPU_TABLES, &descriptors::page()).ok_or_else(outside)
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

    #[test]
    fn memory_is_one_slot_below_the_hole_and_two_above() {
        let mut hard = Hardware { ram_bytes: HOLE, ..Hardware::default() };
        assert_eq!(hard.slots(), [(0, 0, HOLE)]);
        hard.ram_bytes = 5 << 30;
        assert_eq!(hard.slots(), [(0, 0, 3 << 30), (4 << 30, 3 << 30, 2 << 30)]);
    }
}
