//! A constant error of time, told apart from the others: a lag that is always the same can be taken
//! away by a user or a host, jitter cannot.

use crate::f_measure::f_measure;
use crate::matching::nearest;

/// F-measure with and without the constant part of the error.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Biased {
    /// As given.
    pub f: f64,
    /// Median signed error in seconds, positive when late; 0 when nothing pairs.
    pub bias_s: f64,
    /// After the bias was taken off every estimate.
    pub f_without: f64,
}

/// Signed errors in seconds, positive when late, of the estimates that have a reference within
/// `reach_s` such that each is the other's nearest. Nearest pairs, because the pairs of a maximum
/// matching are as many as can be, and not those that belong together.
#[must_use]
pub fn errors(reference: &[f64], estimated: &[f64], reach_s: f64) -> Vec<f64> {
    if reference.is_empty() {
        return Vec::new();
    }
    let error = |(index, &time): (usize, &f64)| {
        let partner = reference[nearest(reference, time)];
        let mutual = nearest(estimated, partner) == index;
        (mutual && (time - partner).abs() <= reach_s).then_some(time - partner)
    };
    estimated.iter().enumerate().filter_map(error).collect()
}

/// F-measure within `window_s`, and after the median of the [`errors`] within twice that is taken off.
#[must_use]
pub fn without_bias(reference: &[f64], estimated: &[f64], window_s: f64) -> Biased {
    let bias_s = median(&errors(reference, estimated, 2.0 * window_s)).unwrap_or(0.0);
    let moved: Vec<f64> = estimated.iter().map(|time| time - bias_s).collect();
    Biased {
        f: f_measure(reference, estimated, window_s),
        bias_s,
        f_without: f_measure(reference, &moved, window_s),
    }
}

/// The middle value, or the mean of the two middle ones; None of nothing.
#[must_use]
pub fn median(values: &[f64]) -> Option<f64> {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let (low, high) = (sorted.len().saturating_sub(1) / 2, sorted.len() / 2);
    Some(0.5 * (sorted.get(low)? + sorted.get(high)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_constant_lag_is_found_and_taken_off() {
        let reference: Vec<f64> = (0..40).map(|i| f64::from(i) * 0.3).collect();
        let late: Vec<f64> = reference.iter().map(|t| t + 0.04).collect();
        let biased = without_bias(&reference, &late, 0.025);
        assert!(biased.f == 0.0 && biased.f_without == 1.0, "{biased:?}");
        assert!((biased.bias_s - 0.04).abs() < 1e-9);
    }

    #[test]
    fn only_mutual_neighbours_pair() {
        let found = errors(&[1.0, 2.0], &[0.99, 1.02, 2.5], 0.1);
        assert_eq!(found.len(), 1);
        assert!((found[0] + 0.01).abs() < 1e-12);
        assert!(errors(&[], &[1.0], 0.1).is_empty() && errors(&[1.0], &[], 0.1).is_empty());
    }

    #[test]
    fn medians() {
        assert_eq!(median(&[]), None);
        assert_eq!(median(&[3.0, 1.0, 2.0]), Some(2.0));
        assert_eq!(median(&[4.0, 1.0]), Some(2.5));
    }
}
