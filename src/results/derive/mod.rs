//! Each number that isolab shows is made here, once, from the samples of a results file: charts, report, terminal, guide and
//! claims only read. So no two of them can disagree.
//!
//! ```text
//! kept      summaries, noise floors, comparisons, warnings: what is kept in the file
//! pairs     two arms, whatever their knobs, with the smallest difference that the run could see
//! parts     what a median is made of: stages of a start, kinds of memory
//! ```

pub mod kept;
pub mod pairs;
pub mod parts;

pub use super::query::{kind_of, percentile, summary};
pub use kept::{estimate, follows};
pub use pairs::{Pair, Relation, is_whole, pairs, smallest_difference, with_base};
