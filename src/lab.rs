//! Whatever touches the machine: the container runtime, the hypervisor, and the bench that measures them.
#![deny(unsafe_code)]

pub mod bench;
pub mod container;
pub mod environments;
pub mod experiments;
pub mod kernels;
pub mod sys;
pub mod vm;

#[allow(clippy::wildcard_imports, reason = "a room has the same path in every crate")]
use isolab_base::*;
