//! Continuity of beats (Hainsworth 2004; Klapuri, Eronen, Astola 2006; `mir_eval.beat.continuity`):
//! a beat is right when its place and its distance from its neighbour both fit the annotation.

use crate::matching::nearest;
use crate::variations::variations;

/// Largest error of place and of period, as a share of the interval between annotations.
const THRESHOLD: f64 = 0.175;

/// Shares of beats, 0..1: at the correct metrical level (`cml`) or any (`aml`), in the longest
/// unbroken run (`c`) or in total (`t`).
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Continuity {
    /// Correct level, longest run.
    pub cml_c: f64,
    /// Correct level, total.
    pub cml_t: f64,
    /// Any level, longest run.
    pub aml_c: f64,
    /// Any level, total.
    pub aml_t: f64,
}

/// Continuity of `estimated` beats; 0 when either list has fewer than two.
#[must_use]
pub fn continuity(reference: &[f64], estimated: &[f64]) -> Continuity {
    if reference.len() < 2 || estimated.len() < 2 {
        return Continuity::default();
    }
    let levels = variations(reference).map(|level| at_level(&level, estimated));
    let best = |of: fn(&(f64, f64)) -> f64| levels.iter().map(of).fold(0.0, f64::max);
    Continuity {
        cml_c: levels[0].0,
        cml_t: levels[0].1,
        aml_c: best(|level| level.0),
        aml_t: best(|level| level.1),
    }
}

/// Longest run and total at one level, of a `reference` that is not empty.
fn at_level(reference: &[f64], estimated: &[f64]) -> (f64, f64) {
    let mut used = vec![false; reference.len()];
    let (mut run, mut longest, mut total) = (0, 0, 0);
    for m in 0..estimated.len() {
        let near = nearest(reference, estimated[m]);
        if !used[near] && is_right(reference, estimated, near, m) {
            used[near] = true;
            total += 1;
            run += 1;
            longest = longest.max(run);
        } else {
            run = 0;
        }
    }
    let count = reference.len().max(estimated.len()) as f64;
    (f64::from(longest) / count, f64::from(total) / count)
}

/// Whether estimate `m` fits annotation `near`, its nearest.
fn is_right(reference: &[f64], estimated: &[f64], near: usize, m: usize) -> bool {
    // The first beat of either list has no past: it is compared with what follows, if anything does.
    let forward = m == 0 || near == 0;
    let interval = |times: &[f64], i: usize| {
        let (from, to) = match (forward, i) {
            (true, i) if i + 1 < times.len() => (i, i + 1),
            (_, 0) => (0, 0),
            (_, i) => (i - 1, i),
        };
        times[to] - times[from]
    };
    let (annotated, given) = (interval(reference, near), interval(estimated, m));
    let place = ((estimated[m] - reference[near]) / annotated).abs();
    let period = (1.0 - given / annotated).abs();
    // Annotations at one time make both infinite or no number, and so never right.
    place < THRESHOLD && period < THRESHOLD
}

#[cfg(test)]
mod tests {
    use super::*;

    fn beats(from: usize, to: usize) -> Vec<f64> {
        (from..to).map(|i| 5.0 + 0.5 * i as f64).collect()
    }

    #[test]
    fn a_gap_halves_the_run_and_not_the_total() {
        let reference = beats(0, 21);
        let estimated = [beats(0, 10), beats(11, 21)].concat();
        let score = continuity(&reference, &estimated);
        // The beat after the gap has the wrong period.
        assert!((score.cml_c - 10.0 / 21.0).abs() < 1e-12, "{score:?}");
        assert!((score.cml_t - 19.0 / 21.0).abs() < 1e-12, "{score:?}");
    }

    #[test]
    fn other_levels_are_any_level() {
        let reference = beats(0, 40);
        let half: Vec<f64> = reference.iter().copied().step_by(2).collect();
        let off_beat: Vec<f64> = reference.iter().map(|t| t + 0.25).collect();
        for estimated in [half, off_beat] {
            let score = continuity(&reference, &estimated);
            assert!(score.cml_t < 0.1 && score.aml_t > 0.97, "{score:?}");
        }
    }

    #[test]
    fn one_beat_has_no_continuity() {
        assert_eq!(continuity(&[6.0], &[6.0, 7.0]), Continuity::default());
        assert_eq!(continuity(&[6.0, 7.0], &[6.0]), Continuity::default());
    }
}
