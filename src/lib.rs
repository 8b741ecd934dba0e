//! isolab: what does it cost to isolate a program, as a process, a container or a virtual machine?
#![deny(unsafe_code)]

pub mod cli;
pub mod container;
pub mod environments;
pub mod error;
pub mod experiments;
pub mod harness;
pub mod host;
pub mod lab;
pub mod model;
pub mod probe;
pub mod results;
pub mod stats;
pub mod sys;
pub mod timeline;
pub mod units;
pub mod vm;
