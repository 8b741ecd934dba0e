//! The hypervisor.
