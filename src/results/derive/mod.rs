//! Each number that isolab shows is made here, once, from the samples of a results file: charts, report, terminal, guide and
//! claims only read. So no two of them can disagree, and none of them can use `stats`.
//!
//! ```text
//! kept      summaries, noise floors, comparisons, warnings: what is kept in the file
//! pairs     two arms, whatever their knobs, with the smallest difference that the run could see
//! between   two runs
//! twins     an arm that stands twice: noise
//! course    values in the order of time: drift
//! spread    values in order of size: percentiles, extent; rates turned round
//! parts     what a median is made of: stages of a start, kinds of memory
//! lines     memory over the number of instances, and over sizes
//! ```

pub mod between;
pub mod drift;
pub mod kept;
pub mod lines;
pub mod pairs;
pub mod parts;
pub mod spread;
pub mod twins;

pub use super::query::{kind_of, seen, summary};
pub use crate::stats::interval::N_FOR_INTERVAL;
pub use crate::stats::paired::Verdict;
pub use crate::stats::summary::n_for;
pub use crate::stats::{Estimate, Interval};
pub use kept::{estimate, follows, values_by_block};
pub use pairs::{Pair, Relation, compared, is_whole, pairs, shares, smallest_difference, with_base};
pub use spread::percentile;
pub use twins::{Twins, less_one, twins};
