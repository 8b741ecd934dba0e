//! Wrong: an interval that always holds the truth says nothing.

use crate::task::{Block, Random};

pub fn median_ci(_: &[Block], _: &mut Random) -> (f64, f64) {
    (f64::NEG_INFINITY, f64::INFINITY)
}
