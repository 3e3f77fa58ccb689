//! Events in an activation: its peaks, without a decoder.

/// Times of the local maxima of `activation` that reach `threshold`, each the largest within
/// `reach` frames to both sides; refined between frames by a parabola. `time_of` maps frames to
/// seconds.
pub fn peaks(
    activation: &[f32],
    threshold: f32,
    reach: usize,
    time_of: impl Fn(f64) -> f64,
) -> Vec<f64> {
    let at = |i: usize| activation[i];
    let is_peak = |&k: &usize| {
        let (from, to) = (k.saturating_sub(reach), (k + reach + 1).min(activation.len()));
        // Of equals the first wins.
        at(k) >= threshold
            && (from..k).all(|i| at(i) < at(k))
            && (k + 1..to).all(|i| at(i) <= at(k))
    };
    let refined = |k: usize| {
        if k == 0 || k + 1 >= activation.len() {
            return k as f64;
        }
        let (left, middle, right) = (at(k - 1), at(k), at(k + 1));
        let bend = left - 2.0 * middle + right;
        if bend < -1e-9 {
            k as f64 + f64::from(0.5 * (left - right) / bend).clamp(-0.5, 0.5)
        } else {
            k as f64
        }
    };
    (0..activation.len()).filter(is_peak).map(|k| time_of(refined(k))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn peaks_are_separate_and_between_frames() {
        let activation = [0.0, 0.2, 0.9, 0.9, 0.1, 0.0, 0.3, 0.6, 0.5, 0.0];
        let times = peaks(&activation, 0.5, 2, |k| k);
        assert_eq!(times.len(), 2);
        assert!((times[0] - 2.5).abs() < 0.06, "{times:?}");
        assert!(times[1] > 7.0 && times[1] < 7.5, "{times:?}");
        assert!(peaks(&activation, 0.95, 2, |k| k).is_empty());
    }
}
