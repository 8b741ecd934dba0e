//! What a run leaves: the one file that charts, report and checks work from.
//!
//! `schema` is the shape of that file, `store` puts it on disk safely, `summarize` computes everything in it that
//! follows from raw samples, so that anyone can compute it again.

pub mod schema;
