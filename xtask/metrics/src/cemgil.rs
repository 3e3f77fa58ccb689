//! Cemgil's accuracy: every beat counts by a Gaussian of its error (Cemgil et al. 2001;
//! `mir_eval.beat.cemgil`).

use crate::matching::nearest;
use crate::variations::variations;

/// Standard deviation of the Gaussian, in seconds.
const SIGMA_S: f64 = 0.04;

/// Both accuracies, 0..1.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Cemgil {
    /// Against the beats as annotated.
    pub score: f64,
    /// Against the metrical level that fits best.
    pub best: f64,
}

/// Accuracy of `estimated` beats; 0 when either list is empty.
#[must_use]
pub fn cemgil(reference: &[f64], estimated: &[f64]) -> Cemgil {
    if reference.is_empty() || estimated.is_empty() {
        return Cemgil::default();
    }
    let scores = variations(reference).map(|level| accuracy(&level, estimated));
    Cemgil { score: scores[0], best: scores.into_iter().fold(0.0, f64::max) }
}

fn accuracy(reference: &[f64], estimated: &[f64]) -> f64 {
    let gauss = |&beat: &f64| {
        let error = beat - estimated[nearest(estimated, beat)];
        (-error * error / (2.0 * SIGMA_S * SIGMA_S)).exp()
    };
    let sum: f64 = reference.iter().map(gauss).sum();
    sum / (0.5 * (reference.len() + estimated.len()) as f64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_of_sigma_costs_as_much_as_a_gaussian_says() {
        let score = cemgil(&[6.0, 7.0], &[6.04, 7.04]).score;
        assert!((score - (-0.5_f64).exp()).abs() < 1e-9, "{score}");
    }

    #[test]
    fn half_the_tempo_is_perfect_at_its_own_level() {
        let both = cemgil(&[6.0, 7.0, 8.0, 9.0], &[6.0, 8.0]);
        assert!(both.best == 1.0 && both.score < 0.7, "{both:?}");
        assert_eq!(cemgil(&[], &[6.0]), Cemgil::default());
    }
}
