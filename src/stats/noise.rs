//! The noise floor: by how much two arms that are the *same* seem to differ in this run.

use super::interval::Interval;
use super::paired::ratio;

/// Two identical arms, paired within blocks.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct NoiseFloor {
    /// The relative difference between the two, with its interval around 1.
    pub ratio: Interval,
    /// The largest absolute end of that interval, minus one: 0.02 = smaller differences than 2 % are not results.
    pub relative: f64,
}

/// `pairs`: (arm, its twin), one pair per block. None with fewer than 6 pairs, or where a value is 0 or negative.
///
/// The end of the interval, not the median: a twin that happens to agree to 0.1 % in a noisy run must not lead to a
/// floor of 0.1 %. False alarms are judged on a third identical arm, never on the pair that set the floor.
// ANCHOR: noise-floor
pub fn noise_floor(pairs: &[(f64, f64)]) -> Option<NoiseFloor> {
    let ratio = ratio(pairs)?;
    let (low, high) = ratio.ends()?;
    Some(NoiseFloor { ratio, relative: (low - 1.0).abs().max((high - 1.0).abs()) })
}
// ANCHOR_END: noise-floor

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_floor_is_the_farther_end() {
        let pairs: Vec<_> = [0.9, 0.95, 1.0, 1.0, 1.01, 1.02].map(|r| (100.0, 100.0 * r)).into();
        let floor = noise_floor(&pairs).unwrap();
        let (low, high) = floor.ratio.ends().unwrap();
        assert!(high - 1.0 < 0.02 && 1.0 - low > 0.08, "{floor:?}");
        assert!((floor.relative - (1.0 - low)).abs() < 1e-12, "{floor:?}");
    }

    #[test]
    fn five_pairs_set_no_floor() {
        assert_eq!(noise_floor(&[(1.0, 1.0); 5]), None);
        assert_eq!(noise_floor(&[(1.0, 1.0); 6]).unwrap().relative, 0.0);
        assert_eq!(noise_floor(&[(0.0, 1.0); 6]), None);
    }
}
