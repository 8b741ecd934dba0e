//! What a run leaves: the one file that charts, report and checks work from.
//!
//! `schema` is the shape of that file, `store` puts it on disk safely, `read` and `raw` read it and the raw samples back;
//! `summarize` and `warnings` compute everything in it that follows from raw samples, so that anyone can compute it again;
//! `verify` does, and names what does not follow; `csv` and `flat` are other forms of it.

pub mod bounds;
pub mod caller;
pub mod contest;
pub mod csv;
pub mod derive;
#[cfg(test)]
pub(crate) mod example;
pub mod flat;
pub mod hash;
pub mod parts;
pub mod raw;
pub mod read;
pub mod schema;
pub mod store;
pub mod summarize;
pub mod verify;
mod warnings;
