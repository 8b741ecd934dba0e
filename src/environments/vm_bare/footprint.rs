//! What one bare VM takes: its monitor's memory, the guest's RAM as configured and as touched, KVM's objects.

use crate::environments::footprint::{memory_of, objects_of};
use crate::error::Result;
use crate::model::Part;
use crate::vm::guest_memory::GuestMemory;

/// Of the calling process, which is the monitor. Its "private" memory contains the touched guest RAM.
pub(super) fn of(ram: &GuestMemory, slots: u64) -> Result<Vec<Part>> {
    let pid = std::process::id() as i32;
    let machine = vec![
        Part::bytes("guest RAM configured", ram.bytes(), "mmap"),
        Part::bytes("guest RAM touched", ram.touched_bytes()?, "mincore of the guest's mapping"),
        Part::object("kvm", "vm", 1, "KVM_CREATE_VM"),
        Part::object("kvm", "vcpu", 1, "KVM_CREATE_VCPU"),
        Part::object("kvm", "memory slot", slots, "KVM_SET_USER_MEMORY_REGION"),
        Part::count("kernels", 1, "our guest kernel"),
    ];
    Ok([memory_of(pid)?, objects_of(pid)?, machine].concat())
}
