//! What everything stands on: words, units, ids, errors, facts of this machine, and the results file with every number that
//! follows from it. Nothing here measures, draws, or makes anything but files.
#![deny(unsafe_code)]

pub mod any_path;
pub mod error;
pub mod escape;
pub mod gzip;
pub mod host;
pub mod id;
pub mod lang;
pub mod model;
pub mod planned;
pub mod probe;
pub mod proc_stat;
pub mod results;
pub mod shell;
pub mod stats;
pub mod testing;
pub mod timeline;
pub mod units;
