//! What a typical value is made of: parts that sum to the median of the whole.
//!
//! The medians of parts need not sum to the median of the whole, least of all when values are of two kinds, fast and slow.
//! So the parts are those of the samples around the median (the middle fifth in order of the whole), each part's mean
//! there; the mean of sums is the sum of means. The small rest between the middle fifth's mean and the median is shared
//! out in proportion.

use super::quantile;

/// One sample: the whole, and its parts in an order that all samples share.
pub type Sample = (f64, Vec<f64>);

/// The parts of a whole at the median. None for no samples, or where the parts sum to nothing.
pub fn at_the_median(samples: &[Sample]) -> Option<Vec<f64>> {
    let mut sorted: Vec<&Sample> = samples.iter().collect();
    sorted.sort_by(|a, b| a.0.total_cmp(&b.0));
    let wholes: Vec<f64> = sorted.iter().map(|s| s.0).collect();
    let outside = (wholes.len().checked_sub(1)? / 2).min(wholes.len() * 2 / 5);
    let middle = &sorted[outside..sorted.len() - outside];
    let parts = middle.iter().map(|s| s.1.len()).max()?;
    let sum_of = |i: usize| middle.iter().filter_map(|s| s.1.get(i)).sum::<f64>();
    let sums: Vec<f64> = (0..parts).map(sum_of).collect();
    let all: f64 = sums.iter().sum();
    (all > 0.0).then(|| sums.iter().map(|sum| sum / all * quantile(&wholes, 0.5)).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_sum_to_the_median_where_starts_are_of_two_kinds() {
        // Nine samples of 10 + 10 and ten of 20 + 80: the medians of the parts are 20 and 80, of the whole 100.
        let two: Vec<Sample> =
            (0..19).map(|i| if i % 2 == 1 { (20.0, vec![10.0, 10.0]) } else { (100.0, vec![20.0, 80.0]) }).collect();
        let parts = at_the_median(&two).expect("there are samples");
        assert!((parts.iter().sum::<f64>() - 100.0).abs() < 1e-9, "{parts:?}");
        // Where what is slow moves from one part to the other, medians of parts sum to 20, and the whole is 110.
        let moving: Vec<Sample> =
            (0..20).map(|i| if i % 2 == 0 { (110.0, vec![100.0, 10.0]) } else { (110.0, vec![10.0, 100.0]) }).collect();
        let parts = at_the_median(&moving).expect("there are samples");
        assert!((parts[0] - 55.0).abs() < 1e-9 && (parts[1] - 55.0).abs() < 1e-9, "{parts:?}");
    }

    #[test]
    fn few_samples_are_enough_and_none_is_none() {
        assert_eq!(at_the_median(&[]), None);
        assert_eq!(at_the_median(&[(0.0, vec![0.0])]), None);
        assert_eq!(at_the_median(&[(4.0, vec![1.0, 3.0])]), Some(vec![1.0, 3.0]));
        assert_eq!(at_the_median(&[(4.0, vec![1.0, 3.0]), (8.0, vec![5.0, 3.0])]), Some(vec![3.0, 3.0]));
        let odd = [(1.0, vec![1.0]), (9.0, vec![9.0]), (5.0, vec![2.0, 3.0])];
        assert_eq!(at_the_median(&odd), Some(vec![2.0, 3.0]), "the middle one alone");
    }
}
