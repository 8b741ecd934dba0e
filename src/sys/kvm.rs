//! A virtual machine with one vCPU and its memory, owned together.
//!
//! kvm-ioctls is the safe crate here, and three things in it are not: a memory slot hands the kernel a pointer that
//! must outlive the VM; the bytes of a port access lie in a page that the kernel shares with us; and it has no call to
//! read a vCPU's device attribute.

use std::os::fd::AsRawFd;

use kvm_bindings::{
    CpuId, KVM_EXIT_FAIL_ENTRY, KVM_EXIT_HLT, KVM_EXIT_INTERNAL_ERROR, KVM_EXIT_INTR, KVM_EXIT_IO, KVM_EXIT_IO_OUT,
    KVM_EXIT_MMIO, KVM_EXIT_SHUTDOWN, KVM_VCPU_TSC_CTRL, KVM_VCPU_TSC_OFFSET, KVMIO, Msrs, kvm_device_attr, kvm_regs,
    kvm_sregs, kvm_userspace_memory_region,
};
use kvm_ioctls::{Kvm, VcpuFd, VmFd};
use nix::errno::Errno;

use super::guest_memory::GuestMemory;
use crate::error::{Context, Error, Kind, Result};

/// Why the guest stopped and we run again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    Port(PortAccess),
    /// An access to a physical address that is no RAM.
    Memory {
        address: u64,
        write: bool,
    },
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
    Other(u32),
}

/// An `in` or `out`. For an `in` the guest waits for [`Vm::answer`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PortAccess {
    pub port: u16,
    pub write: bool,
    /// Bytes of one access: 1, 2 or 4.
    pub bytes: u8,
    /// More than 1 for `rep outs` and `rep ins`.
    pub count: u32,
}

/// Fields are dropped in this order: the vCPU holds the VM, and the VM reads and writes the memory.
#[derive(Debug)]
pub struct Vm {
    vcpu: VcpuFd,
    fd: VmFd,
    memory: Option<GuestMemory>,
    _kvm: Kvm,
}

/// KVM_CREATE_VM; the descriptor is close-on-exec, as all of them.
pub fn create_vm(kvm: &Kvm) -> Result<VmFd> {
    kvm.create_vm().doing(|| "create a virtual machine (KVM_CREATE_VM)").map_err(|e| {
        e.kind(Kind::Unavailable)
            .try_this("ls -l /dev/kvm (KVM's own is device 10, 232), and see what dmesg says about kvm")
    })
}

impl Vm {
    /// KVM_CREATE_VCPU, and the page through which the kernel tells why it returned.
    pub fn with_vcpu(kvm: Kvm, fd: VmFd) -> Result<Vm> {
        let vcpu = fd.create_vcpu(0).doing(|| "create a virtual CPU (KVM_CREATE_VCPU)")?;
        Ok(Vm { vcpu, fd, memory: None, _kvm: kvm })
    }

    /// Gives the VM its memory. `slots`: guest-physical address, offset in `memory`, bytes of each.
    pub fn set_memory(&mut self, memory: GuestMemory, slots: &[(u64, u64, u64)]) -> Result<()> {
        assert!(self.memory.is_none(), "a VM gets its memory once");
        let memory = self.memory.insert(memory);
        for (slot, &(physical, offset, bytes)) in slots.iter().enumerate() {
            assert!(
                offset.checked_add(bytes).is_some_and(|end| end <= memory.bytes()),
                "a slot lies inside the memory"
            );
            let region = kvm_userspace_memory_region {
                slot: slot as u32,
                flags: 0,
                guest_phys_addr: physical,
                memory_size: bytes,
                userspace_addr: memory.host_address() + offset,
            };
            // SAFETY: the range was just checked to be inside the mapping that `self.memory` owns. That field is
            // private, never replaced, and dropped after the vCPU and the VM. The guest may change these bytes while it
            // runs, that is inside `run`, which borrows `self` exclusively; we copy them, and never hold a reference.
            unsafe { self.fd.set_user_memory_region(region) }
                .doing(|| format!("give the VM memory slot {slot} (KVM_SET_USER_MEMORY_REGION)"))?;
        }
        Ok(())
    }

    pub fn memory(&self) -> &GuestMemory {
        self.memory.as_ref().expect("a VM is used after it got its memory")
    }

    /// Enters the guest until it needs us. A signal ends it too: [`Exit::Interrupted`].
    pub fn run(&mut self) -> Result<Exit> {
        match self.vcpu.run() {
            Ok(_) => Ok(self.exit()),
            Err(e) if e.errno() == Errno::EINTR as i32 || e.errno() == Errno::EAGAIN as i32 => Ok(Exit::Interrupted),
            Err(e) if e.errno() == Errno::EFAULT as i32 => {
                Err(Error::new("run the guest (KVM_RUN)", format!("the host found no memory for a guest page: {e}")))
            }
            Err(cause) => Err(Error::new("run the guest (KVM_RUN)", cause).try_this(
                "inside a VM: turn nested virtualization on in the VM around it; see what dmesg says about kvm",
            )),
        }
    }

    /// What the kernel left in the shared page.
    fn exit(&mut self) -> Exit {
        let run = self.vcpu.get_kvm_run();
        let reason = run.exit_reason;
        // SAFETY: each arm reads the member of the union that `exit_reason` names (api.rst, "The kvm_run structure");
        // all members are plain integers, for which any bytes are valid. Nobody but the kernel writes there, and only
        // during KVM_RUN.
        unsafe {
            let detail = &run.__bindgen_anon_1;
            match reason {
                KVM_EXIT_IO => Exit::Port(PortAccess {
                    port: detail.io.port,
                    write: u32::from(detail.io.direction) == KVM_EXIT_IO_OUT,
                    bytes: detail.io.size,
                    count: detail.io.count,
                }),
                KVM_EXIT_MMIO => Exit::Memory { address: detail.mmio.phys_addr, write: detail.mmio.is_write != 0 },
                KVM_EXIT_HLT => Exit::Halt,
                KVM_EXIT_SHUTDOWN => Exit::Shutdown,
                KVM_EXIT_FAIL_ENTRY => Exit::FailEntry { reason: detail.fail_entry.hardware_entry_failure_reason },
                KVM_EXIT_INTERNAL_ERROR => Exit::InternalError { suberror: detail.internal.suberror },
                KVM_EXIT_INTR => Exit::Interrupted,
                other => Exit::Other(other),
            }
        }
    }

    /// What an `in` reads: the low bytes of `value`. Call it after [`Exit::Port`] with `write` false and `count` 1;
    /// else it does nothing.
    pub fn answer(&mut self, value: u32) {
        let run = self.vcpu.get_kvm_run();
        if run.exit_reason != KVM_EXIT_IO {
            return;
        }
        // SAFETY: `exit_reason` names this member of the union.
        let io = unsafe { run.__bindgen_anon_1.io };
        if u32::from(io.direction) == KVM_EXIT_IO_OUT || io.count != 1 || io.size > 4 {
            return;
        }
        let bytes = value.to_le_bytes();
        // SAFETY: the kernel put `data_offset` inside the shared mapping (its second page), where `size` bytes are ours
        // to fill until the next KVM_RUN; kvm-ioctls maps the whole of it for as long as the vCPU lives, and `self` is
        // borrowed exclusively. `size` is at most 4, the length of `bytes`.
        unsafe {
            let data = std::ptr::from_mut(run).cast::<u8>().add(io.data_offset as usize);
            std::ptr::copy_nonoverlapping(bytes.as_ptr(), data, usize::from(io.size));
        }
    }

    pub fn regs(&self) -> Result<kvm_regs> {
        self.vcpu.get_regs().doing(|| "read the guest's registers (KVM_GET_REGS)")
    }

    pub fn set_regs(&self, regs: &kvm_regs) -> Result<()> {
        self.vcpu.set_regs(regs).doing(|| "set the guest's registers (KVM_SET_REGS)")
    }

    pub fn sregs(&self) -> Result<kvm_sregs> {
        self.vcpu.get_sregs().doing(|| "read the guest's system registers (KVM_GET_SREGS)")
    }

    pub fn set_sregs(&self, sregs: &kvm_sregs) -> Result<()> {
        self.vcpu.set_sregs(sregs).doing(|| "set the guest's system registers (KVM_SET_SREGS)")
    }

    pub fn set_cpuid(&self, cpuid: &CpuId) -> Result<()> {
        self.vcpu.set_cpuid2(cpuid).doing(|| "tell the guest what its CPU can do (KVM_SET_CPUID2)")
    }

    pub fn set_msrs(&self, msrs: &Msrs) -> Result<()> {
        let doing = || "set the guest's model-specific registers (KVM_SET_MSRS)";
        let wanted = msrs.as_slice().len();
        match self.vcpu.set_msrs(msrs).doing(doing)? {
            set if set == wanted => Ok(()),
            set => Err(Error::new(doing(), format!("register number {set} of {wanted} was refused"))),
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
        let answer = unsafe { get_device_attribute(self.vcpu.as_raw_fd(), &raw const attribute) };
        answer.ok().map(|_| offset)
    }

    /// Ticks of the guest's TSC per millisecond.
    pub fn tsc_khz(&self) -> Option<u64> {
        self.vcpu.get_tsc_khz().ok().map(u64::from).filter(|khz| *khz > 0)
    }
}

nix::ioctl_write_ptr!(get_device_attribute, KVMIO, 0xe2, kvm_device_attr);

/// Intel CPUs without "unrestricted guest" need four pages below 4 GiB for KVM itself; harmless elsewhere.
pub fn set_helper_pages(vm: &VmFd, identity_map: u64, tss: u64) -> Result<()> {
    vm.set_identity_map_address(identity_map).doing(|| "choose a page for KVM (KVM_SET_IDENTITY_MAP_ADDR)")?;
    vm.set_tss_address(tss as usize).doing(|| "choose three pages for KVM (KVM_SET_TSS_ADDR)")
}

/// The host CPU's own answer to `cpuid`: eax, ebx, ecx, edx.
pub fn host_cpuid(leaf: u32) -> [u32; 4] {
    // SAFETY: every x86-64 CPU has the instruction; it touches no memory. (Newer compilers call it safe.)
    #[allow(unused_unsafe)]
    let r = unsafe { std::arch::x86_64::__cpuid(leaf) };
    [r.eax, r.ebx, r.ecx, r.edx]
}
