//! Scores of event times against annotated ones.

/// Tolerance of a beat, seconds (Dixon 2001; mir_eval's default).
pub const BEAT_TOLERANCE_S: f64 = 0.07;
/// Tolerance of an onset, seconds: the strict one.
pub const ONSET_TOLERANCE_S: f64 = 0.025;

/// Hits and misses of one piece; they add up over pieces.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Hits {
    /// Pairs within the tolerance, each event used once.
    pub matched: usize,
    /// Annotated events.
    pub truth: usize,
    /// Events given.
    pub given: usize,
}

impl Hits {
    /// Matches `given` to `truth`, both ascending. On a line, taking the earliest free partner
    /// matches as many as any other way.
    #[must_use]
    pub fn of(truth: &[f64], given: &[f64], tolerance: f64) -> Self {
        let (mut t, mut g, mut matched) = (0, 0, 0);
        while t < truth.len() && g < given.len() {
            let late = given[g] - truth[t];
            if late.abs() <= tolerance {
                matched += 1;
                t += 1;
                g += 1;
            } else if late < 0.0 {
                g += 1;
            } else {
                t += 1;
            }
        }
        Self { matched, truth: truth.len(), given: given.len() }
    }

    /// F-measure; 1 when there was nothing to find and nothing was given.
    #[must_use]
    pub fn f_measure(&self) -> f64 {
        if self.truth + self.given == 0 {
            return 1.0;
        }
        2.0 * self.matched as f64 / (self.truth + self.given) as f64
    }
}

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
    fn f_measure_counts_each_event_once() {
        let truth = [1.0, 2.0, 3.0];
        assert_eq!(Hits::of(&truth, &truth, 0.07).f_measure(), 1.0);
        let hits = Hits::of(&truth, &[1.05, 1.06, 2.5, 2.95], 0.07);
        assert_eq!(hits, Hits { matched: 2, truth: 3, given: 4 });
        assert!((hits.f_measure() - 4.0 / 7.0).abs() < 1e-12);
        assert_eq!(Hits::of(&truth, &[], 0.07).f_measure(), 0.0);
        assert_eq!(Hits::of(&[], &[], 0.07).f_measure(), 1.0);
    }

    #[test]
    fn close_pairs_are_all_matched() {
        // Taking the nearest partner first would lose one here.
        assert_eq!(Hits::of(&[1.0, 1.06], &[1.05, 1.12], 0.07).matched, 2);
    }

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
