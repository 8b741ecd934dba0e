//! isolab: what does it cost to isolate a program, as a process, a container or a virtual machine?
#![deny(unsafe_code)]

pub mod container;
pub mod environments;
pub mod error;
pub mod harness;
pub mod model;
pub mod probe;
pub mod results;
pub mod stats;
pub mod sys;
pub mod timeline;
pub mod vm;
