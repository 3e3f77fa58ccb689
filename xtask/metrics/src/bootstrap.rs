//! How far a score may be off because other files could have been picked (Efron 1979).

use serde::Serialize;

/// Resamples drawn.
const DRAWS: usize = 5_000;

/// Resamples drawn of a measure that takes longer than a mean.
const FEWER_DRAWS: usize = 1_000;

/// A mean, or another measure of many files, with its 95 % interval.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Interval {
    /// Mean of the values, or the measure of all files.
    pub mean: f64,
    /// 2.5th percentile of the resamples.
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
    Some(Interval {
        mean: values.iter().sum::<f64>() / count as f64,
        low: percentile(&means, 0.025),
        high: percentile(&means, 0.975),
    })
}

/// Percentile bootstrap of any `measure` of `count` files, given by their indices. Resamples without
/// a value, such as those that miss a class, are drawn but not counted. None when all files together
/// have no value.
#[must_use]
pub fn interval(
    count: usize,
    seed: u64,
    measure: impl Fn(&[usize]) -> Option<f64>,
) -> Option<Interval> {
    let mean = measure(&(0..count).collect::<Vec<_>>())?;
    let mut dice = SplitMix(seed);
    let mut found: Vec<f64> = (0..FEWER_DRAWS)
        .filter_map(|_| measure(&(0..count).map(|_| dice.below(count)).collect::<Vec<_>>()))
        .collect();
    found.sort_by(f64::total_cmp);
    if found.is_empty() {
        found.push(mean);
    }
    Some(Interval { mean, low: percentile(&found, 0.025), high: percentile(&found, 0.975) })
}

/// The value below which this share of `sorted` lies.
fn percentile(sorted: &[f64], share: f64) -> f64 {
    sorted[(share * (sorted.len() - 1) as f64).round() as usize]
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
    fn any_measure_has_one() {
        let values: Vec<f64> = (0..100).map(|i| f64::from(i % 2)).collect();
        let mean = |picked: &[usize]| {
            Some(picked.iter().map(|&i| values[i]).sum::<f64>() / picked.len() as f64)
        };
        let found = interval(100, 1, mean).expect("an interval");
        assert!((found.low - 0.402).abs() < 0.03 && (found.high - 0.598).abs() < 0.03, "{found:?}");
        assert_eq!(interval(3, 1, |_| None), None);
        // Only the whole has a value.
        let whole = |picked: &[usize]| (picked == [0, 1, 2, 3, 4, 5, 6, 7]).then_some(0.5);
        assert_eq!(interval(8, 1, whole), Some(Interval { mean: 0.5, low: 0.5, high: 0.5 }));
    }

    #[test]
    fn few_values() {
        assert_eq!(mean_interval(&[], 1), None);
        assert_eq!(mean_interval(&[0.3], 1), Some(Interval { mean: 0.3, low: 0.3, high: 0.3 }));
    }
}
