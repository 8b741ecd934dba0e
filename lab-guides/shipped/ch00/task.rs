//! What a run of two arms looks like, and the tools that you need. Read it; your part is in `work.rs`.
#![allow(dead_code, reason = "which of these tools a solution uses is its own affair")]

/// One block: both arms ran once in it, close in time, each in a fresh process that timed several batches.
#[derive(Debug, Clone, PartialEq)]
pub struct Block {
    /// Inner samples of arm A, in nanoseconds: batches of *one* process.
    pub a: Vec<f64>,
    /// Inner samples of arm B.
    pub b: Vec<f64>,
}

/// The middle value; the mean of the two middle ones when their number is even. There must be at least one.
pub fn median(values: &[f64]) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let middle = sorted.len() / 2;
    if sorted.len() % 2 == 1 { sorted[middle] } else { f64::midpoint(sorted[middle - 1], sorted[middle]) }
}

/// The value below which `share` of the values lie: 0.025 and 0.975 hold 95 % between them.
pub fn quantile(values: &[f64], share: f64) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let place = share * (sorted.len() - 1) as f64;
    let (below, rest) = (place as usize, place.fract());
    sorted[below] + rest * (sorted[(below + 1).min(sorted.len() - 1)] - sorted[below])
}

/// Random numbers that are the same in every run of the tests (splitmix64).
#[derive(Debug, Clone)]
pub struct Random(pub u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// From 0 up to, not including, 1.
    pub fn share(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1u64 << 53) as f64
    }

    /// A place in a list of this length.
    pub fn below(&mut self, length: usize) -> usize {
        (self.share() * length as f64) as usize
    }
}
