//! Weighted binary cross-entropy on widened targets.

use serde::{Deserialize, Serialize};

use super::shape::OUTPUTS;
use listener::kernels::activation::{exp, sigmoid};
use listener::vectorised;

/// Target of a frame nothing is known about.
pub const UNLABELLED: f32 = -1.0;
/// Target of a frame half way between two beats: no beat, and worth more than others, since what the network
/// says there decides between a tempo and its double.
pub const HALFWAY: f32 = -0.5;

/// How much each output (beat, downbeat, onset) counts.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct LossWeights {
    /// Weight of the output in the sum.
    pub output: [f32; OUTPUTS],
    /// Weight of a frame that is one, against a frame that is not.
    pub positive: [f32; OUTPUTS],
    /// Weight of a frame half way between two beats, against another that is none.
    #[serde(default = "as_any")]
    pub halfway: f32,
}

fn as_any() -> f32 {
    1.0
}

impl Default for LossWeights {
    /// Downbeats are rare and hard, so they count more; onsets are many and easy.
    fn default() -> Self {
        Self { output: [1.0, 1.5, 0.4], positive: [2.0, 4.0, 1.5], halfway: 3.0 }
    }
}

/// Sums over frames, per output.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Loss {
    /// Weighted cross-entropy.
    pub sum: [f64; OUTPUTS],
}

impl Loss {
    /// Adds `other`.
    pub fn add(&mut self, other: &Self) {
        for (sum, other) in self.sum.iter_mut().zip(other.sum) {
            *sum += other;
        }
    }

    /// All outputs together.
    #[must_use]
    pub fn total(&self) -> f64 {
        self.sum.iter().sum()
    }

    /// Cross-entropy of `logits` against `targets` (0..1, [`HALFWAY`] or [`UNLABELLED`]), both [rows, OUTPUTS], each
    /// multiplied by `scale`; `gradient` is overwritten.
    #[must_use]
    pub fn of(
        weights: &LossWeights,
        logits: &[f32],
        targets: &[f32],
        scale: f32,
        gradient: &mut Vec<f32>,
    ) -> Self {
        gradient.resize(logits.len(), 0.0);
        let mut loss = Self::default();
        evaluate(weights, logits, targets, scale, gradient, &mut loss.sum);
        loss
    }
}

vectorised! {
    fn evaluate<FMA>(weights: &LossWeights, logits: &[f32], targets: &[f32], scale: f32, gradient: &mut [f32], sum: &mut [f64; OUTPUTS]) {
        let rows = logits.chunks_exact(OUTPUTS).zip(targets.chunks_exact(OUTPUTS));
        for ((logits, targets), gradient) in rows.zip(gradient.chunks_exact_mut(OUTPUTS)) {
            for o in 0..OUTPUTS {
                let (z, t) = (logits[o], targets[o].max(0.0));
                let worth = if targets[o] == UNLABELLED {
                    0.0
                } else if targets[o] == HALFWAY {
                    weights.halfway
                } else {
                    1.0
                };
                let weight = scale * worth * weights.output[o] * (1.0 + (weights.positive[o] - 1.0) * t);
                // log(1 + e^z) without overflow.
                let softplus = z.max(0.0) + exp::<FMA>(-z.abs()).ln_1p();
                sum[o] += f64::from(weight * (softplus - t * z));
                gradient[o] = weight * (sigmoid::<FMA>(z) - t);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::net::check::{assert_gradient, numbers};

    #[test]
    fn gradient_matches_finite_differences() {
        let logits: Vec<f32> = numbers(12).iter().map(|x| 6.0 * x).collect();
        let targets = [HALFWAY, 1.0, 0.5, UNLABELLED, 0.0, 1.0, 1.0, 0.0, 0.0, 0.5, 0.5, 1.0];
        let weights = LossWeights::default();
        let mut gradient = Vec::new();
        let loss = Loss::of(&weights, &logits, &targets, 0.5, &mut gradient);
        assert!(loss.total() > 0.0);
        assert_eq!(gradient[3], 0.0, "an unlabelled frame teaches nothing");
        assert_gradient(&logits, &gradient, |logits| {
            Loss::of(&weights, logits, &targets, 0.5, &mut Vec::new()).total()
        });
    }
}
