//! Tukey's classes: values far from the middle half are counted and shown, never dropped (Tukey, Exploratory Data
//! Analysis, 1977). A rare slow start is part of what a user meets; only its cause may take it away.
//!
//! ```text
//!  low severe | low mild |          normal          | high mild | high severe
//! ------------|----------|-------[ Q1 | Q3 ]--------|-----------|------------
//!          Q1−3·IQR   Q1−1.5·IQR               Q3+1.5·IQR    Q3+3·IQR
//! ```

use super::{quantile, sorted};

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Outliers {
    pub low_severe: usize,
    pub low_mild: usize,
    pub normal: usize,
    pub high_mild: usize,
    pub high_severe: usize,
}

/// The counts sum to the number of values.
pub fn classify(values: &[f64]) -> Outliers {
    let mut counts = Outliers::default();
    if values.is_empty() {
        return counts;
    }
    let sorted = sorted(values);
    let (q1, q3) = (quantile(&sorted, 0.25), quantile(&sorted, 0.75));
    let iqr = q3 - q1;
    for &value in values {
        let class = match value {
            v if v < q1 - 3.0 * iqr => &mut counts.low_severe,
            v if v < q1 - 1.5 * iqr => &mut counts.low_mild,
            v if v > q3 + 3.0 * iqr => &mut counts.high_severe,
            v if v > q3 + 1.5 * iqr => &mut counts.high_mild,
            _ => &mut counts.normal,
        };
        *class += 1;
    }
    counts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_class_has_its_place() {
        // Of 0 … 100: Q1 = 25, Q3 = 75, IQR = 50; fences at −125, −50, 150, 225. Each pair of extremes shifts them little.
        let mut values: Vec<f64> = (0..=100).map(f64::from).collect();
        values.extend([-1000.0, -90.0, 190.0, 1000.0]);
        let found = classify(&values);
        let expected = Outliers { low_severe: 1, low_mild: 1, normal: 101, high_mild: 1, high_severe: 1 };
        assert_eq!(found, expected);
    }

    #[test]
    fn nothing_is_an_outlier_among_equals_or_nothing() {
        assert_eq!(classify(&[5.0; 9]).normal, 9);
        assert_eq!(classify(&[]), Outliers::default());
    }
}
