//! What one Linux VM takes: its monitor's memory, the guest's RAM as configured and as touched, KVM's objects.

use crate::environments::footprint::{memory_of, objects_of};
use crate::error::Result;
use crate::model::Part;
use crate::vm::guest_memory::GuestMemory;

/// Of the calling process, which is the monitor. Its "private" memory contains the touched guest RAM.
pub(super) fn of(ram: &GuestMemory, cpus: u64) -> Result<Vec<Part>> {
    let pid = std::process::id() as i32;
    let slots = ram.regions().count() as u64;
    let machine = vec![
        Part::bytes("guest RAM configured", ram.bytes(), "mmap"),
        Part::bytes("guest RAM touched", ram.touched_bytes()?, "mincore of the guest's mapping"),
        Part::count("kvm:vm", 1, "KVM_CREATE_VM"),
        Part::count("kvm:vcpu", cpus, "KVM_CREATE_VCPU"),
        Part::count("kvm:memory slot", slots, "KVM_SET_USER_MEMORY_REGION"),
        Part::count("kvm:interrupt controllers", 1, "KVM_CREATE_IRQCHIP"),
        Part::count("kernels", 1, "Linux in the guest"),
    ];
    Ok([memory_of(pid)?, objects_of(pid)?, machine].concat())
}
