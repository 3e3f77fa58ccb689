//! F-measure of events (Dixon 2001; `mir_eval.beat.f_measure`, `mir_eval.onset.f_measure`).

use crate::matching::matches;

/// Half width of the window around a reference beat, in seconds.
pub const BEAT_WINDOW_S: f64 = 0.07;
/// Beats before this time, in seconds, do not count: nobody can know them yet.
pub const SETTLE_S: f64 = 5.0;

/// Harmonic mean of precision and recall within `window_s`; 0 when either list is empty.
#[must_use]
pub fn f_measure(reference: &[f64], estimated: &[f64], window_s: f64) -> f64 {
    if reference.is_empty() || estimated.is_empty() {
        return 0.0;
    }
    let pairs = matches(reference, estimated, window_s) as f64;
    2.0 * pairs / (reference.len() + estimated.len()) as f64
}

/// The times from [`SETTLE_S`] on (`mir_eval.beat.trim_beats`).
#[must_use]
pub fn settled(times: &[f64]) -> &[f64] {
    &times[times.partition_point(|&t| t < SETTLE_S)..]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_values() {
        let reference: Vec<f64> = (0..20).map(|i| f64::from(i) * 0.5).collect();
        let f = |estimated: &[f64]| f_measure(&reference, estimated, BEAT_WINDOW_S);
        assert_eq!(f(&reference), 1.0);
        assert_eq!(f(&reference.iter().map(|t| t + 0.1).collect::<Vec<_>>()), 0.0);
        let every_other: Vec<f64> = reference.iter().copied().step_by(2).collect();
        assert!((f(&every_other) - 2.0 / 3.0).abs() < 1e-12);
    }

    #[test]
    fn nothing_is_worth_nothing() {
        assert_eq!(f_measure(&[], &[], BEAT_WINDOW_S), 0.0);
        assert_eq!(f_measure(&[6.0], &[], BEAT_WINDOW_S), 0.0);
        assert_eq!(f_measure(&[], &[6.0], BEAT_WINDOW_S), 0.0);
    }

    #[test]
    fn the_fifth_second_counts() {
        assert_eq!(settled(&[1.0, 4.999, 5.0, 6.0]), [5.0, 6.0]);
        assert!(settled(&[1.0]).is_empty() && settled(&[]).is_empty());
    }
}
