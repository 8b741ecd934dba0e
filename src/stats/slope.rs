//! A straight line through a few points by least squares: the cost of one more instance.

/// `y ≈ intercept + slope · x`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Line {
    pub slope: f64,
    pub intercept: f64,
    /// Largest distance of a point from the line, in the unit of y; 0 for two points, which always fit.
    pub worst_residual: f64,
    /// The same, relative to the rise of the line over the points: 0.1 = the worst point is off by 10 % of what the
    /// line explains. None for a flat line.
    pub lack_of_fit: Option<f64>,
}

/// `points`: (x, y). None with fewer than two different x.
pub fn fit(points: &[(f64, f64)]) -> Option<Line> {
    let n = points.len() as f64;
    let x_mean = points.iter().map(|p| p.0).sum::<f64>() / n;
    let y_mean = points.iter().map(|p| p.1).sum::<f64>() / n;
    let xx: f64 = points.iter().map(|(x, _)| (x - x_mean).powi(2)).sum();
    let xy: f64 = points.iter().map(|(x, y)| (x - x_mean) * (y - y_mean)).sum();
    if points.len() < 2 || xx <= 0.0 {
        return None;
    }
    let slope = xy / xx;
    let intercept = y_mean - slope * x_mean;
    let worst_residual = points.iter().map(|(x, y)| (y - intercept - slope * x).abs()).fold(0.0, f64::max);
    let (first, last) = points.iter().fold((f64::MAX, f64::MIN), |(a, b), (x, _)| (a.min(*x), b.max(*x)));
    let rise = (slope * (last - first)).abs();
    Some(Line { slope, intercept, worst_residual, lack_of_fit: (rise > 0.0).then(|| worst_residual / rise) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn points_on_a_line_fit_without_rest() {
        let line = fit(&[(4.0, 1040.0), (16.0, 1160.0), (32.0, 1320.0)]).unwrap();
        assert!((line.slope - 10.0).abs() < 1e-9 && (line.intercept - 1000.0).abs() < 1e-9, "{line:?}");
        assert!(line.lack_of_fit.unwrap() < 1e-9);
    }

    #[test]
    fn a_step_shows_as_lack_of_fit() {
        // numpy.polyfit([1,2,3], [0,0,3], 1) = [1.5, -2]; residuals 0.5, −1, 0.5; rise 3
        let line = fit(&[(1.0, 0.0), (2.0, 0.0), (3.0, 3.0)]).unwrap();
        assert!((line.slope - 1.5).abs() < 1e-12 && (line.intercept + 2.0).abs() < 1e-12);
        assert!((line.worst_residual - 1.0).abs() < 1e-12 && (line.lack_of_fit.unwrap() - 1.0 / 3.0).abs() < 1e-12);
    }

    #[test]
    fn one_x_has_no_slope_and_a_flat_line_no_relative_rest() {
        assert_eq!(fit(&[(1.0, 5.0), (1.0, 6.0)]), None);
        assert_eq!(fit(&[]), None);
        assert_eq!(fit(&[(1.0, 5.0), (2.0, 5.0)]).unwrap().lack_of_fit, None);
    }
}
