//! Another room, another desk, another key: a gain, a smooth equaliser, a transposition and now and then
//! a hole in the spectrum, drawn anew for every walk through a clip and applied to magnitudes, where
//! gains are products.

use listener::BANDS;
use serde::{Deserialize, Serialize};

use crate::dice::Dice;
use crate::features::to_feature;

/// Waves of the equaliser's curve over the bands.
const WAVES: usize = 4;
/// Gain, dB.
const GAIN_DB: (f64, f64) = (-18.0, 6.0);
/// Farthest transposition, bands; one is about a tone and a half in the middle.
const SHIFT: f64 = 1.5;
/// Widest hole, bands.
const HOLE: usize = 20;

/// What is done to every frame of a walk.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Colour {
    /// Factor of each band.
    gains: Vec<f32>,
    /// Bands up.
    shift: f32,
}

impl Colour {
    #[must_use]
    pub(crate) fn draw(dice: &mut Dice) -> Self {
        let level = dice.between(GAIN_DB.0, GAIN_DB.1);
        // A third of what is heard is left as it was made.
        let depth = if dice.chance(0.33) { 0.0 } else { 1.0 };
        let waves: [(f64, f64); WAVES] = std::array::from_fn(|_| {
            (dice.normal(2.5 * depth), dice.between(0.0, std::f64::consts::TAU))
        });
        let shift = if dice.chance(0.5) { 0.0 } else { dice.between(-SHIFT, SHIFT) as f32 };
        let hole = if dice.chance(0.25) {
            let start = dice.whole(0, BANDS);
            (start..start + dice.whole(2, HOLE), dice.between(6.0, 40.0))
        } else {
            (0..0, 0.0)
        };
        let gains = (0..BANDS).map(|band| {
            let place = band as f64 / BANDS as f64;
            let curve = waves.iter().enumerate().map(|(wave, (db, phase))| {
                db * ((wave as f64 + 0.5) * std::f64::consts::TAU * place * 0.5 + phase).cos()
            });
            let missing = if hole.0.contains(&band) { hole.1 } else { 0.0 };
            10f64.powf((level + curve.sum::<f64>() - missing) / 20.0) as f32
        });
        Self { gains: gains.collect(), shift }
    }

    /// Features [BANDS] of the frame `share` of the way from magnitudes `before` to `after`.
    pub(crate) fn apply(
        &self,
        before: &[f32; BANDS],
        after: &[f32; BANDS],
        share: f32,
        features: &mut [f32],
    ) {
        let mut frame = [0.0; BANDS];
        for ((to, before), after) in frame.iter_mut().zip(before).zip(after) {
            *to = before + share * (after - before);
        }
        if self.shift != 0.0 {
            frame = shifted(&frame, self.shift);
        }
        for ((to, from), gain) in features.iter_mut().zip(&frame).zip(&self.gains) {
            *to = to_feature(gain * from);
        }
    }
}

/// `frame` moved up by `shift` bands; what moves in from outside is the outermost band.
fn shifted(frame: &[f32; BANDS], shift: f32) -> [f32; BANDS] {
    std::array::from_fn(|band| {
        let from = (band as f32 - shift).clamp(0.0, (BANDS - 1) as f32);
        let (low, share) = (from as usize, from.fract());
        frame[low] + share * (frame[(low + 1).min(BANDS - 1)] - frame[low])
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::features::to_magnitudes;

    #[test]
    fn no_colour_gives_the_features_back() {
        let original = [std::array::from_fn::<f32, BANDS, _>(|band| band as f32 * 0.04)];
        let mut magnitudes = original;
        to_magnitudes(&mut magnitudes);
        let plain = Colour { gains: vec![1.0; BANDS], shift: 0.0 };
        let mut features = [0.0; BANDS];
        plain.apply(&magnitudes[0], &magnitudes[0], 0.4, &mut features);
        for (a, b) in original[0].iter().zip(features) {
            assert!((a - b).abs() < 1e-5);
        }
    }

    #[test]
    fn a_whole_shift_moves_bands() {
        let frame = std::array::from_fn(|band| band as f32);
        let up = shifted(&frame, 1.0);
        assert_eq!((up[0], up[1], up[40]), (0.0, 0.0, 39.0));
    }

    #[test]
    fn colours_are_bounded() {
        for seed in 0..200 {
            let colour = Colour::draw(&mut Dice::named(seed, "colour"));
            assert!(colour.gains.iter().all(|&gain| gain > 1e-5 && gain < 20.0));
            assert!(colour.shift.abs() <= SHIFT as f32);
        }
    }
}
