//! AdamW (Loshchilov & Hutter 2019) with gradient clipping, and the learning rate over time.

use std::ops::Range;

use crate::net::Layout;

/// What may be tuned.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Settings {
    /// Highest learning rate.
    pub rate: f64,
    /// Steps of linear warm-up.
    pub warm_up: usize,
    /// Decay of matrices per step, times the rate.
    pub decay: f32,
    /// Largest norm of a gradient.
    pub clip: f64,
}

impl Default for Settings {
    fn default() -> Self {
        Self { rate: 2e-3, warm_up: 100, decay: 0.02, clip: 1.0 }
    }
}

impl Settings {
    /// Settings of a run of `steps` steps; a short run warms up over its first tenth.
    #[must_use]
    pub fn over(steps: usize, rate: f64) -> Self {
        let usual = Self::default();
        Self { rate, warm_up: usual.warm_up.min(steps / 10), ..usual }
    }

    /// Learning rate at `step` when `progress` (0..1) of the run is over: warm-up, then half a
    /// cosine down to a fiftieth.
    #[must_use]
    pub fn rate_at(&self, step: usize, progress: f64) -> f32 {
        let warm = ((step + 1) as f64 / self.warm_up.max(1) as f64).min(1.0);
        let cosine = 0.5 + 0.5 * (std::f64::consts::PI * progress.clamp(0.0, 1.0)).cos();
        (self.rate * warm * (0.02 + 0.98 * cosine)) as f32
    }
}

/// Moves the average `smooth` of all `params` so far towards those after `step` steps. In the long run
/// they keep the share `most` of it.
pub(crate) fn average(smooth: &mut [f32], params: &[f32], step: usize, most: f32) {
    let keep = (step as f32 / (step as f32 + 10.0)).min(most);
    blend(smooth, params, 1.0 - keep);
}

/// Moves `params` the share of the way to `others`, as far as there are some.
pub(crate) fn blend(params: &mut [f32], others: &[f32], share: f32) {
    for (param, other) in params.iter_mut().zip(others) {
        *param += share * (other - *param);
    }
}

/// The moments of every parameter.
pub struct AdamW {
    /// Mean of gradients.
    pub first: Vec<f32>,
    /// Mean of their squares.
    pub second: Vec<f32>,
    /// Steps taken.
    pub steps: i32,
    /// Parameters that decay: matrices, not biases.
    decaying: Vec<Range<usize>>,
}

impl AdamW {
    const BETAS: (f32, f32) = (0.9, 0.99);

    /// At rest.
    #[must_use]
    pub fn new(layout: &Layout) -> Self {
        let mut decaying = Vec::new();
        for dense in layout.stem.iter().chain([&layout.features, &layout.head]) {
            decaying.push(dense.weights.clone());
        }
        for layer in &layout.lstm {
            decaying.extend([layer.input.weights.clone(), layer.weights.clone()]);
        }
        let zeros = vec![0.0; layout.len];
        Self { first: zeros.clone(), second: zeros, steps: 0, decaying }
    }

    /// Moves `params` against `grads`, and gives the norm the gradient had.
    pub fn step(
        &mut self,
        settings: &Settings,
        rate: f32,
        params: &mut [f32],
        grads: &[f32],
    ) -> f64 {
        let norm = grads.iter().map(|&g| f64::from(g).powi(2)).sum::<f64>().sqrt();
        let shrink = (settings.clip / norm.max(1e-12)).min(1.0) as f32;
        self.steps += 1;
        let (b1, b2) = Self::BETAS;
        let (c1, c2) = (1.0 - b1.powi(self.steps), 1.0 - b2.powi(self.steps));
        for range in &self.decaying {
            params[range.clone()].iter_mut().for_each(|p| *p -= rate * settings.decay * *p);
        }
        let moments = self.first.iter_mut().zip(&mut self.second);
        for ((param, &grad), (first, second)) in params.iter_mut().zip(grads).zip(moments) {
            let grad = shrink * grad;
            *first = b1 * *first + (1.0 - b1) * grad;
            *second = b2 * *second + (1.0 - b2) * grad * grad;
            *param -= rate * (*first / c1) / ((*second / c2).sqrt() + 1e-8);
        }
        norm
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::net::BeatShape;

    #[test]
    fn finds_the_bottom_of_a_bowl() {
        let layout = BeatShape::default().layout();
        let mut adam = AdamW::new(&layout);
        let settings = Settings { decay: 0.0, ..Settings::default() };
        let mut params = vec![1.0; layout.len];
        for _ in 0..400 {
            let grads: Vec<f32> = params.iter().map(|p| 2.0 * (p - 0.5)).collect();
            adam.step(&settings, 1e-2, &mut params, &grads);
        }
        assert!(params.iter().all(|p| (p - 0.5).abs() < 0.02));
    }

    #[test]
    fn rate_warms_up_and_decays() {
        let settings = Settings::default();
        assert!(settings.rate_at(0, 0.0) < 1e-4);
        assert!((settings.rate_at(100, 0.0) - 2e-3).abs() < 1e-6);
        assert!((settings.rate_at(5000, 0.5) - 1.02e-3).abs() < 1e-5);
        assert!((settings.rate_at(9000, 1.0) - 4e-5).abs() < 1e-6);
    }
}
