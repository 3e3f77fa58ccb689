//! Percentiles of measured values, by the nearest rank: each is a value that was measured.

use serde::Serialize;

/// The value that `share` of `sorted` do not exceed; none of nothing.
pub(super) fn percentile(sorted: &[f64], share: f64) -> Option<f64> {
    let rank = (share * sorted.len() as f64).ceil() as usize;
    sorted.get(rank.max(1) - 1).copied()
}

/// The percentiles that are shown. Of fewer than a thousand values, `p999` is the largest.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub(super) struct Percentiles {
    /// How many values there are.
    pub(super) count: usize,
    pub(super) p50: Option<f64>,
    pub(super) p99: Option<f64>,
    pub(super) p999: Option<f64>,
}

impl Percentiles {
    /// Of values in any order.
    pub(super) fn of(mut values: Vec<f64>) -> Self {
        values.sort_by(f64::total_cmp);
        let at = |share| percentile(&values, share).map(rounded);
        Self { count: values.len(), p50: at(0.5), p99: at(0.99), p999: at(0.999) }
    }
}

/// Four significant digits: more is noise.
pub(super) fn rounded(value: f64) -> f64 {
    if value == 0.0 || !value.is_finite() {
        return value;
    }
    let scale = 10_f64.powi(3 - value.abs().log10().floor() as i32);
    (value * scale).round() / scale
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_is_a_value_that_was_measured() {
        let hundred: Vec<f64> = (1..=100).map(f64::from).collect();
        assert_eq!(percentile(&hundred, 0.5), Some(50.0));
        assert_eq!(percentile(&hundred, 0.99), Some(99.0));
        assert_eq!(percentile(&hundred, 0.999), Some(100.0));
        assert_eq!(percentile(&hundred, 0.0), Some(1.0));
        assert_eq!(percentile(&hundred, 1.0), Some(100.0));
        assert_eq!(percentile(&[7.0], 0.999), Some(7.0));
        assert_eq!(percentile(&[], 0.5), None);
    }

    #[test]
    fn order_does_not_matter_and_nothing_has_none() {
        let found = Percentiles::of(vec![3.0, 1.0, 2.0]);
        assert_eq!((found.count, found.p50, found.p999), (3, Some(2.0), Some(3.0)));
        assert_eq!(Percentiles::of(Vec::new()).p50, None);
    }

    #[test]
    fn four_digits_are_kept() {
        assert_eq!(rounded(123_456.0), 123_500.0);
        assert_eq!(rounded(0.001_234_56), 0.001_235);
        assert_eq!(rounded(-2.5), -2.5);
        assert_eq!(rounded(0.0), 0.0);
    }
}
