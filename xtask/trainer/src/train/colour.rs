//! Another room, another desk: a gain and a smooth equaliser, drawn anew for every stretch of music
//! and applied to magnitudes, where they are products.

use listener::{BANDS, FeatureSpec};

use crate::dice::Dice;

/// Waves of the equaliser's curve over the bands.
const WAVES: usize = 4;
/// Gain, dB.
const GAIN_DB: (f64, f64) = (-18.0, 6.0);

/// Features as the network hears them to magnitudes: undoes the logarithm.
pub(super) fn to_magnitudes(frames: &mut [[f32; BANDS]]) {
    for bin in frames.iter_mut().flatten() {
        *bin = (bin.abs() * std::f32::consts::LN_10).exp_m1() / gain();
    }
}

/// The factor of each band.
#[must_use]
pub(super) fn draw(dice: &mut Dice) -> [f32; BANDS] {
    let level = dice.between(GAIN_DB.0, GAIN_DB.1);
    // A third of what is heard is left as it was made.
    let depth = if dice.chance(0.33) { 0.0 } else { 1.0 };
    let waves: [(f64, f64); WAVES] = std::array::from_fn(|_| {
        (dice.normal(2.5 * depth), dice.between(0.0, std::f64::consts::TAU))
    });
    std::array::from_fn(|band| {
        let place = band as f64 / BANDS as f64;
        let curve = waves.iter().enumerate().map(|(wave, (db, phase))| {
            db * ((wave as f64 + 0.5) * std::f64::consts::TAU * place * 0.5 + phase).cos()
        });
        10f64.powf((level + curve.sum::<f64>()) / 20.0) as f32
    })
}

/// Magnitudes, coloured, to features.
pub(super) fn apply(colour: &[f32; BANDS], magnitudes: &[[f32; BANDS]], features: &mut [f32]) {
    let gain = gain();
    for (to, from) in features.chunks_exact_mut(BANDS).zip(magnitudes) {
        for ((to, from), colour) in to.iter_mut().zip(from).zip(colour) {
            *to = (gain * colour * from).ln_1p() * std::f32::consts::LOG10_E;
        }
    }
}

fn gain() -> f32 {
    FeatureSpec::CURRENT.log_gain as f32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_colour_gives_the_features_back() {
        let original = [std::array::from_fn::<f32, BANDS, _>(|band| band as f32 * 0.04)];
        let mut magnitudes = original;
        to_magnitudes(&mut magnitudes);
        let mut features = [0.0; BANDS];
        apply(&[1.0; BANDS], &magnitudes, &mut features);
        for (a, b) in original[0].iter().zip(features) {
            assert!((a - b).abs() < 1e-5);
        }
    }

    #[test]
    fn curves_are_smooth_and_bounded() {
        for seed in 0..200 {
            let colour = draw(&mut Dice::named(seed, "colour"));
            for pair in colour.windows(2) {
                let step_db = 20.0 * (pair[1] / pair[0]).log10();
                assert!(step_db.abs() < 4.0, "{step_db} dB from band to band");
            }
        }
    }
}
