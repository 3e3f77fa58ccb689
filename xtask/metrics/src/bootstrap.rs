//! How far a mean may be off because other files could have been picked (Efron 1979).

use serde::Serialize;

/// Resamples drawn.
const DRAWS: usize = 5_000;

/// A mean with its 95 % interval.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Interval {
    /// Mean of the values.
    pub mean: f64,
    /// 2.5th percentile of the means of the resamples.
    pub low: f64,
    /// 97.5th percentile.
    pub high: f64,
}

/// Percentile bootstrap of the mean. The same values in the same order give the same interval for
/// the same `seed`; None of no values.
#[must_use]
pub fn mean_interval(values: &[f64], seed: u64) -> Option<Interval> {
    if values.is_empty() {
        return None;
    }
    let count = values.len();
    let mut dice = SplitMix(seed);
    let mut means: Vec<f64> = (0..DRAWS)
        .map(|_| (0..count).map(|_| values[dice.below(count)]).sum::<f64>() / count as f64)
        .collect();
    means.sort_by(f64::total_cmp);
    let percentile = |share: f64| means[(share * (DRAWS - 1) as f64).round() as usize];
    Some(Interval {
        mean: values.iter().sum::<f64>() / count as f64,
        low: percentile(0.025),
        high: percentile(0.975),
    })
}

/// SplitMix64 (Steele, Lea, Flood 2014).
struct SplitMix(u64);

impl SplitMix {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    /// A number below `count`, all as likely as matters here (Lemire 2019, without rejection).
    fn below(&mut self, count: usize) -> usize {
        ((u128::from(self.next()) * count as u128) >> 64) as usize
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_interval_is_as_wide_as_theory_says() {
        let values: Vec<f64> = (0..100).map(|i| f64::from(i % 2)).collect();
        let found = mean_interval(&values, 1).expect("an interval");
        // Mean 0.5, standard error 0.05.
        assert_eq!(found.mean, 0.5);
        assert!((found.low - 0.402).abs() < 0.02 && (found.high - 0.598).abs() < 0.02, "{found:?}");
    }

    #[test]
    fn it_repeats_and_follows_the_seed() {
        let values: Vec<f64> = (0..9).map(|i| f64::from(i).sqrt()).collect();
        assert_eq!(mean_interval(&values, 7), mean_interval(&values, 7));
        assert_ne!(mean_interval(&values, 7), mean_interval(&values, 8));
    }

    #[test]
    fn few_values() {
        assert_eq!(mean_interval(&[], 1), None);
        assert_eq!(mean_interval(&[0.3], 1), Some(Interval { mean: 0.3, low: 0.3, high: 0.3 }));
    }
}
