//! What a run leaves: the one file that charts, report and checks work from.
//!
//! `schema` is the shape of that file; `files` names what lies in a run's folder, `store` puts it there safely, `read` and
//! `raw` read it and the raw samples back; `cells` makes columns of samples, `chain` their hashes, `derive` every number that
//! follows, `summarize` all three; `verify` does it again, and names what does not follow; `query` finds; `csv` and `flat` are
//! other forms.

pub mod bounds;
pub mod cells;
pub mod chain;
pub mod coursework;
pub mod csv;
pub mod derive;
#[cfg(any(test, feature = "for-tests"))]
pub mod example;
pub mod files;
pub mod flat;
pub mod hash;
mod older;
pub mod query;
pub mod raw;
pub mod read;
pub mod schema;
pub mod store;
pub mod sudo_user;
pub mod summarize;
pub mod verify;
mod warnings;
