//! Every tolerance that a check or a claim's rule uses, in one place, each with its reason. None of them is a time or a
//! size: a check compares things of the reader's own run.

/// "About 0" and "about 1" of a slope without unit: a tenth is far more than page tables cost (8 bytes per 4 KiB page,
/// 0.2 %), and far less than what "reserved memory is the total" would need, which is 1.
pub const NEAR: f64 = 0.1;

/// Parts and their sum come from two counters of the kernel, read one after the other; cgroups are charged in batches of
/// 64 pages per CPU, which is some percent of what a handful of instances takes.
pub const SUM_OF_PARTS: f64 = 0.05;

/// Readings of the clock that one mark takes part in: the one that ends its stage, the one that ends the next, and one
/// for what the child stamped in TSC and the host converted.
pub const READINGS_PER_MARK: f64 = 3.0;

/// Blocks of the short of the two runs whose intervals are compared: below 6 there is no 95 % interval at all, so this
/// many are taken where a run has more.
pub const FEW_BLOCKS: usize = 6;

/// A run must have this many times the blocks of the short one before its interval must be narrower: the width falls
/// with the square root of the blocks, and the width itself is an estimate.
pub const MORE_BLOCKS: usize = 4;

/// A quoted number needs two digits that mean something, or to be exactly as isolab prints it: "0 ms" would fit anything.
pub const QUOTED_DIGITS: usize = 2;
