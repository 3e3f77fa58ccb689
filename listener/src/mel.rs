//! The mel filterbank: overlapping triangles, equally spaced on the mel scale.

use crate::{FeatureSpec, vectorised};

/// One triangle: the transform's bins it covers and their weights, which sum to 1.
#[derive(Debug, Clone)]
struct Band {
    first_bin: usize,
    weights: Vec<f32>,
}

/// Weights from transform bins to mel bands.
#[derive(Debug, Clone)]
pub(crate) struct MelBank {
    bands: Vec<Band>,
}

/// Hz to mel (O'Shaughnessy 1987).
fn mel(hz: f64) -> f64 {
    2595.0 * (1.0 + hz / 700.0).log10()
}

fn hz(mel: f64) -> f64 {
    700.0 * (10f64.powf(mel / 2595.0) - 1.0)
}

impl MelBank {
    /// Bands for a transform of `bins` bins, `bin_hz` apart. Each weight is the triangle's area over
    /// the bin's own width, so that the narrow low bands are never empty. Bands above the last
    /// bin are empty and read 0.
    pub(crate) fn new(spec: &FeatureSpec, bins: usize, bin_hz: f64) -> Self {
        let (low, high) = (mel(spec.low_hz), mel(spec.high_hz));
        let step = (high - low) / (spec.bands + 1) as f64;
        let edge = |i: usize| hz(low + step * i as f64);
        let bands = (0..spec.bands)
            .map(|b| {
                let (left, centre, right) = (edge(b), edge(b + 1), edge(b + 2));
                let first_bin = (((left / bin_hz) - 0.5).ceil().max(0.0) as usize).min(bins);
                let end_bin = (((right / bin_hz) + 0.5).ceil() as usize).min(bins);
                let mut weights: Vec<f32> = (first_bin..end_bin.max(first_bin))
                    .map(|k| {
                        let (from, to) = ((k as f64 - 0.5) * bin_hz, (k as f64 + 0.5) * bin_hz);
                        triangle_area(left, centre, right, from, to) as f32
                    })
                    .collect();
                let full = ((right - left) / 2.0) as f32;
                weights.iter_mut().for_each(|w| *w /= full);
                Band { first_bin, weights }
            })
            .collect();
        Self { bands }
    }

    /// Sums `magnitudes` (one per bin) into `out` (one per band).
    pub(crate) fn apply(&self, magnitudes: &[f32], out: &mut [f32]) {
        apply(&self.bands, magnitudes, out);
    }

    /// Bins that count, from the first on.
    pub(crate) fn bins(&self) -> usize {
        self.bands.iter().map(|band| band.first_bin + band.weights.len()).max().unwrap_or(0)
    }
}

vectorised! {
    /// [`MelBank::apply`].
    fn apply<FMA>(bands: &[Band], magnitudes: &[f32], out: &mut [f32]) {
        for (band, out) in bands.iter().zip(out) {
            let covered = &magnitudes[band.first_bin..band.first_bin + band.weights.len()];
            *out = dot(covered, &band.weights);
        }
    }
}

/// The sum of products, in eight lanes, so that no addition waits for the one before.
#[inline(always)]
fn dot(a: &[f32], b: &[f32]) -> f32 {
    let ((groups, a), (weights, b)) = (a.as_chunks::<8>(), b.as_chunks::<8>());
    let mut lanes = [0.0; 8];
    for (group, weights) in groups.iter().zip(weights) {
        for ((lane, a), b) in lanes.iter_mut().zip(group).zip(weights) {
            *lane += a * b;
        }
    }
    lanes.iter().sum::<f32>() + a.iter().zip(b).map(|(a, b)| a * b).sum::<f32>()
}

/// Area under the unit-height triangle `left, centre, right` between `from` and `to`.
fn triangle_area(left: f64, centre: f64, right: f64, from: f64, to: f64) -> f64 {
    // The integral of the triangle from its left foot to x.
    let integral = |x: f64| {
        let x = x.clamp(left, right);
        if x <= centre {
            (x - left).powi(2) / (2.0 * (centre - left))
        } else {
            (right - left) / 2.0 - (right - x).powi(2) / (2.0 * (right - centre))
        }
    };
    integral(to) - integral(from)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn flat_spectrum_gives_flat_bands() {
        let spec = FeatureSpec::CURRENT;
        let bank = MelBank::new(&spec, 1324, 1.0 / spec.window_s);
        let mut out = vec![0.0; spec.bands];
        bank.apply(&vec![1.0; 1324], &mut out);
        for (band, value) in out.iter().enumerate() {
            assert!((value - 1.0).abs() < 1e-4, "band {band} sums to {value}");
        }
    }

    #[test]
    fn bands_above_the_last_bin_read_zero() {
        let spec = FeatureSpec::CURRENT;
        let bank = MelBank::new(&spec, 241, 1.0 / spec.window_s);
        let mut out = vec![1.0; spec.bands];
        bank.apply(&vec![1.0; 241], &mut out);
        assert_eq!(out[spec.bands - 1], 0.0);
        assert!(out[0] > 0.9);
    }
}
