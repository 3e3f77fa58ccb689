//! The losses of tagging: cross-entropy over genres, binary cross-entropy over instruments, squared
//! error of the mood. Targets may be soft; what nobody knows has none.

use super::tag_shape::TagShape;

/// A target that nobody knows; every real one is between -1 and 1.
pub const UNKNOWN: f32 = -9.0;

/// How much the three count.
const WEIGHTS: [f32; 3] = [1.0, 4.0, 1.5];

/// Sums over rows: genres, instruments (mean over them), mood.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct TagLoss {
    /// Weighted losses.
    pub sum: [f64; 3],
}

impl TagLoss {
    /// Adds `other`.
    pub fn add(&mut self, other: &Self) {
        for (sum, other) in self.sum.iter_mut().zip(other.sum) {
            *sum += other;
        }
    }

    /// All together.
    #[must_use]
    pub fn total(&self) -> f64 {
        self.sum.iter().sum()
    }

    /// Loss of `logits` against `targets`, both [rows, outputs], each multiplied by `scale`;
    /// `gradient` is overwritten.
    #[must_use]
    pub fn of(
        shape: &TagShape,
        logits: &[f32],
        targets: &[f32],
        scale: f32,
        gradient: &mut Vec<f32>,
    ) -> Self {
        gradient.clear();
        gradient.resize(logits.len(), 0.0);
        let mut loss = Self::default();
        let width = shape.outputs();
        let rows = logits.chunks_exact(width).zip(targets.chunks_exact(width));
        for ((logits, targets), gradient) in rows.zip(gradient.chunks_exact_mut(width)) {
            loss.add(&Self::row(shape, logits, targets, scale, gradient));
        }
        loss
    }

    fn row(shape: &TagShape, z: &[f32], t: &[f32], scale: f32, dz: &mut [f32]) -> Self {
        let mut sum = [0.0; 3];
        let known = |target: f32| target > UNKNOWN / 2.0;
        let (genres, mood) = (shape.genres, shape.genres + shape.instruments);
        let weights = WEIGHTS.map(|weight| weight * scale);
        if known(t[0]) {
            let p = softmax(&z[..genres]);
            for (k, p) in p.into_iter().enumerate() {
                sum[0] -= f64::from(weights[0] * t[k] * p.max(1e-12).ln());
                dz[k] = weights[0] * (p - t[k]);
            }
        }
        let each = weights[1] / shape.instruments.max(1) as f32;
        for k in (genres..mood).filter(|&k| known(t[k])) {
            let softplus = z[k].max(0.0) + (-z[k].abs()).exp().ln_1p();
            sum[1] += f64::from(each * (softplus - t[k] * z[k]));
            dz[k] = each * (1.0 / (1.0 + (-z[k]).exp()) - t[k]);
        }
        for k in (mood..mood + 2).filter(|&k| known(t[k])) {
            let y = z[k].tanh();
            sum[2] += f64::from(weights[2] * (y - t[k]).powi(2));
            dz[k] = weights[2] * 2.0 * (y - t[k]) * (1.0 - y * y);
        }
        Self { sum }
    }
}

/// What logits mean: probabilities of genres and of instruments, valence and arousal.
#[must_use]
pub fn judge(shape: &TagShape, logits: &[f32]) -> Vec<f32> {
    let mood = shape.genres + shape.instruments;
    let mut judged = softmax(&logits[..shape.genres]);
    judged.extend(logits[shape.genres..mood].iter().map(|z| 1.0 / (1.0 + (-z).exp())));
    judged.extend(logits[mood..].iter().map(|z| z.tanh()));
    judged
}

fn softmax(z: &[f32]) -> Vec<f32> {
    let most = z.iter().copied().fold(f32::MIN, f32::max);
    let e: Vec<f32> = z.iter().map(|z| (z - most).exp()).collect();
    let sum: f32 = e.iter().sum();
    e.into_iter().map(|e| e / sum).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::net::check::{assert_gradient, numbers};
    use crate::net::tag_shape::Pooling;

    #[test]
    fn gradient_matches_finite_differences() {
        let shape = TagShape {
            channels: vec![8, 8],
            features: 8,
            hidden: 8,
            block: 10,
            pooling: Pooling::Lstm,
            genres: 3,
            instruments: 2,
        };
        let logits: Vec<f32> = numbers(14).iter().map(|x| 4.0 * x).collect();
        let targets = [
            [0.9, 0.1, 0.0, 1.0, UNKNOWN, 0.3, -0.8],
            [UNKNOWN, UNKNOWN, UNKNOWN, 0.2, 0.0, UNKNOWN, 0.5],
        ]
        .concat();
        let mut gradient = Vec::new();
        let loss = TagLoss::of(&shape, &logits, &targets, 0.5, &mut gradient);
        assert!(loss.sum.iter().all(|&sum| sum > 0.0));
        assert_eq!((gradient[4], gradient[7], gradient[12]), (0.0, 0.0, 0.0));
        assert_gradient(&logits, &gradient, |logits| {
            TagLoss::of(&shape, logits, &targets, 0.5, &mut Vec::new()).total()
        });
        let judged = judge(&shape, &logits[..7]);
        assert!((judged[..3].iter().sum::<f32>() - 1.0).abs() < 1e-6);
    }
}
