//! Whether a confidence means what it says: of beats given with 0.8, or genres named with 0.8, eight
//! in ten should be right (Naeini, Cooper, Hauskrecht 2015; of the top label, Guo et al. 2017).

use crate::matching::nearest;
use serde::Serialize;

/// Bins between confidence 0 and 1.
const BINS: usize = 10;

/// The confidence of one beat or name, and whether it was right.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Judged {
    /// 0..1.
    pub confidence: f64,
    /// A beat: within the window of an annotated one. A name: the true one.
    pub right: bool,
}

/// One bar of a reliability diagram.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Bin {
    /// Beats or names in it.
    pub count: usize,
    /// Their mean confidence; 0 when there are none.
    pub confidence: f64,
    /// Share of them that was right; 0 when there are none.
    pub right: f64,
}

/// Judges beats, each a time in seconds with its confidence, by whether a `reference` time is within
/// `window_s`.
#[must_use]
pub fn judge(reference: &[f64], beats: &[(f64, f64)], window_s: f64) -> Vec<Judged> {
    let is_right = |time: f64| {
        !reference.is_empty() && (reference[nearest(reference, time)] - time).abs() <= window_s
    };
    beats.iter().map(|&(time, confidence)| Judged { confidence, right: is_right(time) }).collect()
}

/// Ten bins of equal width over 0..1, the last with its upper end.
#[must_use]
pub fn reliability(judged: &[Judged]) -> [Bin; BINS] {
    std::array::from_fn(|index| {
        let inside = |beat: &&Judged| {
            let bin = (beat.confidence * BINS as f64).clamp(0.0, BINS as f64 - 1.0) as usize;
            bin == index
        };
        let beats: Vec<&Judged> = judged.iter().filter(inside).collect();
        let count = beats.len();
        let share = 1.0 / count.max(1) as f64;
        Bin {
            count,
            confidence: beats.iter().map(|beat| beat.confidence).sum::<f64>() * share,
            right: beats.iter().filter(|beat| beat.right).count() as f64 * share,
        }
    })
}

/// Mean distance of confidence and truth over the bins, weighted by what is in
/// them; None of nothing.
#[must_use]
pub fn expected_calibration_error(bins: &[Bin]) -> Option<f64> {
    let total: usize = bins.iter().map(|bin| bin.count).sum();
    let sum: f64 =
        bins.iter().map(|bin| bin.count as f64 * (bin.confidence - bin.right).abs()).sum();
    (total > 0).then(|| sum / total as f64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_honest_confidence_has_no_error() {
        let judged: Vec<Judged> =
            (0..100).map(|i| Judged { confidence: 0.8, right: i % 5 != 0 }).collect();
        let bins = reliability(&judged);
        assert_eq!(bins[8].count, 100);
        assert!(expected_calibration_error(&bins).expect("beats") < 1e-9);
        let boast = judged.iter().map(|beat| Judged { confidence: 1.0, ..*beat });
        let error = expected_calibration_error(&reliability(&boast.collect::<Vec<_>>()));
        assert!((error.expect("beats") - 0.2).abs() < 1e-9);
    }

    #[test]
    fn right_is_within_the_window() {
        let judged = judge(&[1.0, 2.0], &[(1.05, 0.9), (1.5, 0.1), (1.95, 1.0)], 0.07);
        assert_eq!(judged.iter().map(|beat| beat.right).collect::<Vec<_>>(), [true, false, true]);
        assert!(!judge(&[], &[(1.0, 0.5)], 0.07)[0].right);
    }

    #[test]
    fn no_beats_have_no_error() {
        assert_eq!(expected_calibration_error(&reliability(&[])), None);
    }
}
