//! Ranks, and the tests on them that one wild value cannot sway.

/// Ranks from 1; equal values share the mean of their ranks.
pub(super) fn ranks(values: &[f64]) -> Vec<f64> {
    let mut order: Vec<usize> = (0..values.len()).collect();
    order.sort_unstable_by(|&a, &b| values[a].total_cmp(&values[b]));
    let mut ranks = vec![0.0; values.len()];
    let mut first = 0;
    for group in order.chunk_by(|&a, &b| values[a].total_cmp(&values[b]).is_eq()) {
        let shared = first as f64 + (group.len() + 1) as f64 / 2.0;
        for &i in group {
            ranks[i] = shared;
        }
        first += group.len();
    }
    ranks
}

/// Mann & Whitney's U as a normal deviate: positive when `later` tends to be larger. 0 when a side is empty.
/// (Ann. Math. Stat. 1947. No correction for ties: it would only raise z, so a flag errs towards silence.)
pub(super) fn mann_whitney_z(first: &[f64], later: &[f64]) -> f64 {
    if first.is_empty() || later.is_empty() {
        return 0.0;
    }
    let (n, m) = (first.len() as f64, later.len() as f64);
    let ranks = ranks(&[first, later].concat());
    let u = ranks[first.len()..].iter().sum::<f64>() - m * (m + 1.0) / 2.0;
    (u - n * m / 2.0) / (n * m * (n + m + 1.0) / 12.0).sqrt()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ties_share_their_rank() {
        assert_eq!(ranks(&[30.0, 10.0, 20.0, 20.0]), [4.0, 1.0, 2.5, 2.5]);
    }

    #[test]
    fn mann_whitney_worked_by_hand() {
        // All of b above all of a: U = 9, mean 4.5, variance 9·7/12
        let z = mann_whitney_z(&[1.0, 2.0, 3.0], &[4.0, 5.0, 6.0]);
        assert!((z - 4.5 / (63.0_f64 / 12.0).sqrt()).abs() < 1e-12);
        assert_eq!(mann_whitney_z(&[1.0, 4.0], &[2.0, 3.0]), 0.0);
        assert_eq!(mann_whitney_z(&[], &[1.0]), 0.0);
    }
}
