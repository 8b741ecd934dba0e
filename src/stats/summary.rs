//! What was seen, in a few numbers.

use super::sorted;

/// From how many values on a results file holds p99. What is shown is stricter: see [`beyond`].
pub const N_FOR_P99: usize = 500;

/// How many values must lie beyond a percentile before it is shown: with fewer it is the luck of the largest few.
pub const BEYOND_A_PERCENTILE: f64 = 10.0;

/// How many of `n` values lie beyond the quantile `q`, on its thinner side: n(1 − q) above the median.
pub fn beyond(n: usize, q: f64) -> f64 {
    n as f64 * q.min(1.0 - q)
}

/// The smallest n with which this percentile is shown.
pub fn n_for(q: f64) -> usize {
    (BEYOND_A_PERCENTILE / q.min(1.0 - q) - 1e-9).ceil() as usize
}

#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Summary {
    pub n: usize,
    pub median: f64,
    pub mean: f64,
    /// Sample standard deviation (divided by n − 1); 0 for one value.
    pub std: f64,
    pub min: f64,
    pub max: f64,
    pub p5: f64,
    pub p95: f64,
    /// Only with [`N_FOR_P99`] values.
    pub p99: Option<f64>,
}

/// None for no values.
pub fn summarize(values: &[f64]) -> Option<Summary> {
    let sorted = sorted(values);
    let n = sorted.len();
    let (min, max) = (*sorted.first()?, *sorted.last()?);
    let mean = values.iter().sum::<f64>() / n as f64;
    let squares: f64 = values.iter().map(|v| (v - mean).powi(2)).sum();
    let at = |p| quantile(&sorted, p);
    Some(Summary {
        n,
        median: at(0.5),
        mean,
        std: (squares / (n - 1).max(1) as f64).sqrt(),
        min,
        max,
        p5: at(0.05),
        p95: at(0.95),
        p99: (n >= N_FOR_P99).then(|| at(0.99)),
    })
}

/// None for no values.
pub fn median(values: &[f64]) -> Option<f64> {
    (!values.is_empty()).then(|| quantile(&sorted(values), 0.5))
}

/// Type 7 of Hyndman & Fan (The American Statistician, 1996): linear between the two neighbours of place p·(n − 1).
/// It is the default of R, NumPy and spreadsheets, so a reader who checks our numbers gets the same ones.
/// `sorted` is in order of size and not empty.
pub fn quantile(sorted: &[f64], p: f64) -> f64 {
    let place = p.clamp(0.0, 1.0) * (sorted.len() - 1) as f64;
    let below = place.floor() as usize;
    let above = (below + 1).min(sorted.len() - 1);
    sorted[below] + (place - below as f64) * (sorted[above] - sorted[below])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_summary_worked_by_hand() {
        let s = summarize(&[4.0, 1.0, 3.0, 2.0]).unwrap();
        assert_eq!((s.n, s.min, s.max, s.median, s.mean), (4, 1.0, 4.0, 2.5, 2.5));
        assert!((s.std - (5.0_f64 / 3.0).sqrt()).abs() < 1e-12);
        assert!((s.p5 - 1.15).abs() < 1e-12, "numpy.quantile([1,2,3,4], 0.05) is 1.15, not {}", s.p5);
        assert!((s.p95 - 3.85).abs() < 1e-12);
    }

    #[test]
    fn quantiles_agree_with_numpy() {
        let x = [1.0, 2.0, 4.0, 8.0, 16.0];
        for (p, expected) in [(0.0, 1.0), (0.25, 2.0), (0.5, 4.0), (0.6, 5.6), (0.9, 12.8), (1.0, 16.0)] {
            assert!((quantile(&x, p) - expected).abs() < 1e-12, "{p}");
        }
    }

    #[test]
    fn p99_needs_500_values() {
        let values: Vec<f64> = (0..500).map(f64::from).collect();
        assert_eq!(summarize(&values[..499]).unwrap().p99, None);
        assert!(summarize(&values).unwrap().p99.is_some_and(|p| (p - 494.01).abs() < 1e-9));
    }

    #[test]
    fn ten_values_must_lie_beyond_a_percentile() {
        assert_eq!([0.05, 0.95, 0.99, 0.999].map(n_for), [200, 200, 1000, 10_000]);
        assert!(beyond(199, 0.95) < BEYOND_A_PERCENTILE && beyond(200, 0.95) >= BEYOND_A_PERCENTILE - 1e-9);
    }

    #[test]
    fn one_value_and_none() {
        let one = summarize(&[7.0]).unwrap();
        assert_eq!((one.median, one.std, one.p5, one.p95), (7.0, 0.0, 7.0, 7.0));
        assert_eq!((summarize(&[]), median(&[])), (None, None));
    }
}
