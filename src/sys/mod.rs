//! Unsafe code of everybody but the hypervisor: system calls that no safe crate offers, each wrapped once.
//!
//! Every file says why no safe crate suffices; every block says which pointer it hands over, how long it lives and
//! who else can touch it. Nothing here knows what a container or a virtual machine is.
#![allow(unsafe_code)]

pub mod capabilities;
pub mod clock;
pub mod clone;
pub mod exec;
pub mod fds;
pub mod ids;
pub mod landlock;
pub mod mounts;
pub mod namespaces;
pub mod net;
pub mod pidfd;
pub mod seccomp;
pub mod shared_page;
pub mod signals;
pub mod terminal;
