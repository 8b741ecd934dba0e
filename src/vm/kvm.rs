//! A virtual machine, and each of its CPUs.
//!
//! kvm-ioctls is the safe crate here, and three things in it are not: a memory slot hands the kernel a pointer that
//! must outlive the VM; the bytes of an access lie in pages that the kernel shares with us, and its own way to them
//! keeps the registers out of reach meanwhile; and it has no call to read a vCPU's device attribute.
#![allow(unsafe_code)]

use std::os::fd::AsRawFd;
use std::sync::{Arc, OnceLock};

use kvm_bindings::{
    CpuId, KVM_CAP_X86_USER_SPACE_MSR, KVM_EXIT_FAIL_ENTRY, KVM_EXIT_HLT, KVM_EXIT_INTERNAL_ERROR, KVM_EXIT_INTR,
    KVM_EXIT_IO, KVM_EXIT_IO_OUT, KVM_EXIT_MMIO, KVM_EXIT_SHUTDOWN, KVM_EXIT_X86_WRMSR, KVM_MSR_EXIT_REASON_FILTER,
    KVM_VCPU_TSC_CTRL, KVM_VCPU_TSC_OFFSET, KVMIO, Msrs, kvm_device_attr, kvm_enable_cap, kvm_msr_entry, kvm_regs,
    kvm_run, kvm_sregs, kvm_userspace_memory_region,
};
use kvm_ioctls::{Cap, Kvm, MsrFilterDefaultAction, MsrFilterRange, MsrFilterRangeFlags, VcpuFd, VmFd};
use nix::errno::Errno;
use vmm_sys_util::eventfd::EventFd;

use super::device::{Access, Registers, Space};
use super::guest_memory::GuestMemory;
use crate::error::{Context, Error, Kind, Result};
use crate::said;

/// Why the guest stopped and we run again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// At a port, or at a physical address that is no RAM. When it reads, the guest waits for [`Cpu::answer`].
    Access(Access),
    Halt,
    /// A fault while the CPU was delivering a fault: it gives up.
    Shutdown,
    FailEntry {
        reason: u64,
    },
    InternalError {
        suberror: u32,
    },
    /// A signal arrived, the guest did nothing.
    Interrupted,
    /// The kernel had no memory for a moment (seen with Ubuntu's 6.8 at the first run of a CPU); the guest did nothing.
    NoMemory,
    Other(u32),
}

/// What all CPUs share: the machine's descriptor and its RAM. Fields are dropped in this order, as the VM reads and
/// writes the memory.
#[derive(Debug)]
pub struct Vm {
    fd: VmFd,
    memory: OnceLock<GuestMemory>,
    _kvm: Kvm,
}

impl Vm {
    /// KVM_CREATE_VM; the descriptor is close-on-exec, as all of them.
    ///
    /// # Errors
    /// When the kernel refuses.
    pub fn create(kvm: Kvm) -> Result<Vm> {
        let fd = kvm
            .create_vm()
            .doing(|| said!("create a virtual machine (KVM_CREATE_VM)", "가상머신을 만들 수 없습니다(KVM_CREATE_VM)"))
            .map_err(|e| {
                e.kind(Kind::Unavailable).try_this(said!(
                    "ls -l /dev/kvm (KVM's own is device 10, 232), and see what dmesg says about kvm",
                    "ls -l /dev/kvm(KVM의 것은 장치 10, 232)을 확인하고, dmesg가 kvm에 대해 알려 주는 것을 보십시오"
                ))
            })?;
        Ok(Vm { fd, memory: OnceLock::new(), _kvm: kvm })
    }

    /// Intel CPUs without "unrestricted guest" need four pages below 4 GiB for KVM itself; harmless elsewhere. Before
    /// the first CPU.
    ///
    /// # Errors
    /// When the kernel refuses the addresses.
    pub fn set_helper_pages(&self, identity_map: u64, tss: u64) -> Result<()> {
        self.fd.set_identity_map_address(identity_map).doing(|| {
            said!(
                "choose a page for KVM (KVM_SET_IDENTITY_MAP_ADDR)",
                "KVM이 쓸 페이지를 정할 수 없습니다(KVM_SET_IDENTITY_MAP_ADDR)"
            )
        })?;
        self.fd.set_tss_address(tss as usize).doing(|| {
            said!(
                "choose three pages for KVM (KVM_SET_TSS_ADDR)",
                "KVM이 쓸 페이지 셋을 정할 수 없습니다(KVM_SET_TSS_ADDR)"
            )
        })
    }

    /// The interrupt controllers of a PC, in the kernel: two of the old kind, an I/O APIC, and a local APIC for each CPU
    /// that is created after this.
    ///
    /// # Errors
    /// When the kernel refuses.
    pub fn create_irqchip(&self) -> Result<()> {
        self.fd.create_irq_chip().doing(|| {
            said!(
                "make the interrupt controllers (KVM_CREATE_IRQCHIP)",
                "인터럽트 컨트롤러를 만들 수 없습니다(KVM_CREATE_IRQCHIP)"
            )
        })
    }

    /// Each write to one of these registers by the guest becomes an exit, and then takes place. False: this kernel (before
    /// Linux 5.10) does not offer that.
    ///
    /// # Errors
    /// When the kernel refuses.
    pub fn watch_registers(&self, registers: &[u32]) -> Result<bool> {
        if !self.fd.check_extension(Cap::X86UserSpaceMsr) {
            return Ok(false);
        }
        let doing = || {
            said!(
                "watch registers of the guest's (KVM_X86_SET_MSR_FILTER)",
                "게스트의 레지스터를 지켜볼 수 없습니다(KVM_X86_SET_MSR_FILTER)"
            )
        };
        let args = [u64::from(KVM_MSR_EXIT_REASON_FILTER), 0, 0, 0];
        let told = kvm_enable_cap { cap: KVM_CAP_X86_USER_SPACE_MSR, args, ..Default::default() };
        self.fd.enable_cap(&told).doing(doing)?;
        let range =
            |base: &u32| MsrFilterRange { flags: MsrFilterRangeFlags::WRITE, base: *base, msr_count: 1, bitmap: &[0] };
        let ranges: Vec<MsrFilterRange<'_>> = registers.iter().map(range).collect();
        self.fd.set_msr_filter(MsrFilterDefaultAction::ALLOW, &ranges).doing(doing)?;
        Ok(true)
    }

    /// Each event on `line` raises this interrupt in the guest, without a way through us.
    ///
    /// # Errors
    /// When the kernel refuses, as without interrupt controllers.
    pub fn connect(&self, line: &EventFd, interrupt: u32) -> Result<()> {
        self.fd.register_irqfd(line, interrupt).doing(|| {
            said!(
                "connect interrupt {interrupt} (KVM_IRQFD)",
                "인터럽트 {interrupt}을(를) 연결할 수 없습니다(KVM_IRQFD)"
            )
        })
    }

    /// Gives the VM its memory, once: a slot for each of its regions.
    ///
    /// # Errors
    /// When the kernel refuses a slot, or the VM has its memory already.
    pub fn set_memory(&self, memory: GuestMemory) -> Result<()> {
        let doing = |slot| {
            said!(
                "give the VM memory slot {slot} (KVM_SET_USER_MEMORY_REGION)",
                "가상머신에 메모리 슬롯 {slot}을(를) 줄 수 없습니다(KVM_SET_USER_MEMORY_REGION)"
            )
        };
        self.memory
            .set(memory)
            .map_err(|_| Error::new(doing(0), said!("it has its memory already", "이미 메모리가 있음")))?;
        for (slot, region) in self.memory().regions().enumerate() {
            let slot_of_kvm = kvm_userspace_memory_region {
                slot: slot as u32,
                flags: 0,
                guest_phys_addr: region.physical,
                memory_size: region.bytes,
                userspace_addr: region.host_address,
            };
            // SAFETY: the range is a mapping that `self.memory` owns. That field is private, never replaced, and dropped
            // after the VM; a CPU, which keeps the VM alive in the kernel, holds this struct. The guest may change these
            // bytes while it runs; we copy them by volatile accesses, and never hold a reference.
            unsafe { self.fd.set_user_memory_region(slot_of_kvm) }.doing(|| doing(slot))?;
        }
        Ok(())
    }

    pub fn memory(&self) -> &GuestMemory {
        self.memory.get().expect("a VM is used after it got its memory")
    }
}

/// One virtual CPU: run by one thread at a time. Fields are dropped in this order.
#[derive(Debug)]
pub struct Cpu {
    fd: VcpuFd,
    vm: Arc<Vm>,
}

impl Cpu {
    /// KVM_CREATE_VCPU, and the page through which the kernel says why it returned. `id` is its local APIC's, from 0.
    ///
    /// # Errors
    /// When the kernel refuses, as for an id that is taken.
    pub fn create(vm: &Arc<Vm>, id: u64) -> Result<Cpu> {
        let fd = vm.fd.create_vcpu(id).doing(|| {
            said!("create a virtual CPU (KVM_CREATE_VCPU)", "가상 CPU를 만들 수 없습니다(KVM_CREATE_VCPU)")
        })?;
        Ok(Cpu { fd, vm: Arc::clone(vm) })
    }

    pub fn vm(&self) -> &Arc<Vm> {
        &self.vm
    }

    /// Enters the guest until it needs us. A signal ends it too: [`Exit::Interrupted`].
    pub fn run(&mut self) -> Result<Exit> {
        match self.fd.run() {
            Ok(_) => Ok(self.exit()),
            Err(e) if e.errno() == Errno::EINTR as i32 || e.errno() == Errno::EAGAIN as i32 => Ok(Exit::Interrupted),
            Err(e) if e.errno() == Errno::ENOMEM as i32 => Ok(Exit::NoMemory),
            Err(e) if e.errno() == Errno::EFAULT as i32 => Err(Error::new(
                said!("run the guest (KVM_RUN)", "게스트를 실행할 수 없습니다(KVM_RUN)"),
                said!(
                    "the host found no memory for a guest page: {e}",
                    "호스트가 게스트 페이지에 줄 메모리를 찾지 못함: {e}"
                ),
            )),
            Err(cause) => Err(Error::new(
                said!("run the guest (KVM_RUN)", "게스트를 실행할 수 없습니다(KVM_RUN)"),
                cause,
            )
            .try_this(said!(
                "inside a VM: turn nested virtualization on in the VM around it; see what dmesg says about kvm",
                "가상머신 안이라면 바깥 가상머신에서 중첩 가상화를 켜십시오. dmesg가 kvm에 대해 알려 주는 것을 보십시오"
            ))),
        }
    }

    /// What the kernel left in the shared page.
    fn exit(&mut self) -> Exit {
        let run = self.fd.get_kvm_run();
        let reason = run.exit_reason;
        // SAFETY: each arm reads the member of the union that `exit_reason` names (api.rst, "The kvm_run structure");
        // all members are plain integers, for which any bytes are valid. Nobody but the kernel writes there, and only
        // during KVM_RUN.
        unsafe {
            let detail = &run.__bindgen_anon_1;
            match reason {
                KVM_EXIT_IO => {
                    let io = detail.io;
                    let write = u32::from(io.direction) == KVM_EXIT_IO_OUT;
                    let mut data = [0; 4];
                    let length = usize::from(io.size).min(data.len());
                    std::ptr::copy_nonoverlapping(port_bytes(run, io.data_offset), data.as_mut_ptr(), length);
                    Exit::Access(Access::new(Space::Port, u64::from(io.port), write, &data[..length], io.count))
                }
                KVM_EXIT_MMIO => {
                    let mmio = detail.mmio;
                    let data = &mmio.data[..mmio.data.len().min(mmio.len as usize)];
                    Exit::Access(Access::new(Space::Mmio, mmio.phys_addr, mmio.is_write != 0, data, 1))
                }
                KVM_EXIT_X86_WRMSR => {
                    let msr = detail.msr;
                    let data = msr.data.to_le_bytes();
                    Exit::Access(Access::new(Space::Msr, u64::from(msr.index), true, &data, 1))
                }
                KVM_EXIT_HLT => Exit::Halt,
                KVM_EXIT_SHUTDOWN => Exit::Shutdown,
                KVM_EXIT_FAIL_ENTRY => Exit::FailEntry { reason: detail.fail_entry.hardware_entry_failure_reason },
                KVM_EXIT_INTERNAL_ERROR => Exit::InternalError { suberror: detail.internal.suberror },
                KVM_EXIT_INTR => Exit::Interrupted,
                other => Exit::Other(other),
            }
        }
    }

    /// What the guest reads. Call it after [`Exit::Access`] with `write` false and `count` 1, with as many bytes as that
    /// asked for; else it does nothing.
    pub fn answer(&mut self, data: &[u8]) {
        let run = self.fd.get_kvm_run();
        // SAFETY: `exit_reason` names the member of the union. The bytes of a port access: see `port_bytes`; it has
        // `size` bytes of room, `data` is no longer. Nobody else writes there until the next KVM_RUN, and `self` is
        // borrowed exclusively.
        unsafe {
            let detail = &mut run.__bindgen_anon_1;
            match run.exit_reason {
                KVM_EXIT_IO => {
                    let io = detail.io;
                    let reads = u32::from(io.direction) != KVM_EXIT_IO_OUT && io.count == 1;
                    if reads && data.len() == usize::from(io.size) {
                        let to = port_bytes(run, io.data_offset);
                        std::ptr::copy_nonoverlapping(data.as_ptr(), to, data.len());
                    }
                }
                KVM_EXIT_MMIO if detail.mmio.is_write == 0 && data.len() <= detail.mmio.data.len() => {
                    detail.mmio.data[..data.len()].copy_from_slice(data);
                }
                _ => {}
            }
        }
    }

    pub fn regs(&self) -> Result<kvm_regs> {
        self.fd.get_regs().doing(|| {
            said!("read the guest's registers (KVM_GET_REGS)", "게스트의 레지스터를 읽을 수 없습니다(KVM_GET_REGS)")
        })
    }

    pub fn set_regs(&self, regs: &kvm_regs) -> Result<()> {
        self.fd.set_regs(regs).doing(|| {
            said!("set the guest's registers (KVM_SET_REGS)", "게스트의 레지스터를 정할 수 없습니다(KVM_SET_REGS)")
        })
    }

    pub fn sregs(&self) -> Result<kvm_sregs> {
        self.fd.get_sregs().doing(|| {
            said!(
                "read the guest's system registers (KVM_GET_SREGS)",
                "게스트의 시스템 레지스터를 읽을 수 없습니다(KVM_GET_SREGS)"
            )
        })
    }

    pub fn set_sregs(&self, sregs: &kvm_sregs) -> Result<()> {
        self.fd.set_sregs(sregs).doing(|| {
            said!(
                "set the guest's system registers (KVM_SET_SREGS)",
                "게스트의 시스템 레지스터를 정할 수 없습니다(KVM_SET_SREGS)"
            )
        })
    }

    pub fn set_cpuid(&self, cpuid: &CpuId) -> Result<()> {
        self.fd.set_cpuid2(cpuid).doing(|| {
            said!(
                "tell the guest what its CPU can do (KVM_SET_CPUID2)",
                "게스트에 CPU의 기능을 알려 줄 수 없습니다(KVM_SET_CPUID2)"
            )
        })
    }

    /// Does what the guest wanted with an access of [`Space::Msr`].
    pub fn write_register(&self, access: &Access) -> Result<()> {
        let data = access.data().iter().rev().fold(0, |all, byte| all << 8 | u64::from(*byte));
        let register = kvm_msr_entry { index: access.at as u32, data, ..Default::default() };
        self.set_msrs(&Msrs::from_entries(&[register]).expect("one register is fewer than KVM's limit"))
    }

    pub fn set_msrs(&self, msrs: &Msrs) -> Result<()> {
        let doing = || {
            said!(
                "set the guest's model-specific registers (KVM_SET_MSRS)",
                "게스트의 모델별 레지스터를 정할 수 없습니다(KVM_SET_MSRS)"
            )
        };
        let wanted = msrs.as_slice().len();
        match self.fd.set_msrs(msrs).doing(doing)? {
            set if set == wanted => Ok(()),
            set => Err(Error::new(
                doing(),
                said!("register number {set} of {wanted} was refused", "레지스터 {wanted}개 가운데 {set}번째를 거절함"),
            )),
        }
    }

    /// The guest's TSC minus the host's, in ticks; None where KVM does not tell (before Linux 5.16, other backends).
    pub fn tsc_offset(&self) -> Option<u64> {
        let mut offset = 0u64;
        let attribute = kvm_device_attr {
            flags: 0,
            group: KVM_VCPU_TSC_CTRL,
            attr: u64::from(KVM_VCPU_TSC_OFFSET),
            addr: (&raw mut offset) as u64,
        };
        // SAFETY: the descriptor is a vCPU's; the kernel reads `attribute` and writes 8 bytes to `offset`; both live on
        // this stack frame, and nobody else knows of them.
        let answer = unsafe { get_device_attribute(self.fd.as_raw_fd(), &raw const attribute) };
        answer.ok().map(|_| offset)
    }

    /// Ticks of the guest's TSC per millisecond.
    pub fn tsc_khz(&self) -> Option<u64> {
        self.fd.get_tsc_khz().ok().map(u64::from).filter(|khz| *khz > 0)
    }
}

impl Registers for Cpu {
    fn regs(&self) -> Result<kvm_regs> {
        Cpu::regs(self)
    }

    fn sregs(&self) -> Result<kvm_sregs> {
        Cpu::sregs(self)
    }
}

nix::ioctl_write_ptr!(get_device_attribute, KVMIO, 0xe2, kvm_device_attr);

/// Where the bytes of a port access are: the kernel puts `offset` inside the mapping that begins with `run` (its second
/// page), where they are ours until the next KVM_RUN; kvm-ioctls maps the whole of it for as long as the vCPU lives.
fn port_bytes(run: &mut kvm_run, offset: u64) -> *mut u8 {
    std::ptr::from_mut(run).cast::<u8>().wrapping_add(offset as usize)
}

/// The host CPU's own answer to `cpuid`: eax, ebx, ecx, edx.
pub fn host_cpuid(leaf: u32) -> [u32; 4] {
    // SAFETY: every x86-64 CPU has the instruction; it touches no memory. (Newer compilers call it safe.)
    #[allow(unused_unsafe)]
    let r = unsafe { std::arch::x86_64::__cpuid(leaf) };
    [r.eax, r.ebx, r.ecx, r.edx]
}
