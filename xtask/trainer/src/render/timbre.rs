//! Timbre: how one player's instrument differs from the sampled one.
//!
//! There are few SoundFonts, and a network that hears no others learns their samples by heart. So
//! every player may have another build, amplifier or hand; often enough the sound stays as it was.

use super::audio::Stereo;
use super::effect::Effect;
use crate::compose::score::Voice;
use crate::dice::Dice;

/// The sound of one player.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Timbre {
    /// Semitones above the note at which it is sampled, before it is brought back down: a larger
    /// body below 0 of its formants, a smaller one above. Drums are tuned instead.
    pub(super) formant: i32,
    /// In order.
    effects: Vec<Effect>,
}

/// How often a player sounds as sampled.
const UNTOUCHED: f64 = 0.3;
/// Largest shift of formants, semitones.
const FURTHEST: f64 = 5.0;

impl Timbre {
    /// That of one player of `voice`.
    #[must_use]
    pub fn draw(dice: &mut Dice, voice: Voice) -> Self {
        if dice.chance(UNTOUCHED) {
            return Self::default();
        }
        let mut effects = Vec::new();
        let mut sometimes = |dice: &mut Dice, chance: f64, effect: fn(&mut Dice) -> Effect| {
            if dice.chance(chance) {
                let effect = effect(dice);
                effects.push(effect);
            }
        };
        let drums = voice.is_drums();
        // Struck and plucked strings do not waver by themselves.
        let sustained = !drums && !matches!(voice, Voice::Program(0..=15 | 24..=39));
        let pitched = if drums { 0.0 } else { 1.0 };
        let formant = match dice.chance(0.5) {
            true => dice.normal(0.6 * FURTHEST).clamp(-FURTHEST, FURTHEST).round() as i32,
            false => 0,
        };
        sometimes(dice, 0.15 * pitched, |dice| Effect::Soften(dice.between(0.3, 1.0)));
        sometimes(dice, if sustained { 0.2 } else { 0.0 }, |dice| {
            Effect::Vibrato(dice.between(3.5, 7.0), dice.between(6.0, 45.0))
        });
        sometimes(dice, 0.15, |dice| Effect::Drive(dice.between(-9.0, 9.0)));
        sometimes(dice, 0.5, |dice| Effect::Tilt(dice.normal(3.0)));
        sometimes(dice, 0.4, |dice| {
            Effect::Bell(200.0 * 30_f64.powf(dice.between(0.0, 1.0)), dice.normal(4.5))
        });
        sometimes(dice, 0.12, |dice| Effect::LowPass(1200.0 * 6_f64.powf(dice.between(0.0, 1.0))));
        sometimes(dice, 0.12, |dice| Effect::HighPass(50.0 * 6_f64.powf(dice.between(0.0, 1.0))));
        sometimes(dice, 0.15 * pitched, |dice| {
            Effect::Chorus(dice.between(0.3, 3.0), dice.between(3.0, 18.0), dice.between(0.2, 0.5))
        });
        sometimes(dice, if sustained { 0.1 } else { 0.04 * pitched }, |dice| {
            Effect::Tremolo(dice.between(3.0, 8.0), dice.between(0.15, 0.7))
        });
        Self { formant, effects }
    }

    /// Gives `sound` this timbre at the level it has. What is changed becomes mono.
    pub(super) fn apply(&self, sound: &mut Stereo) {
        if self.effects.is_empty() {
            return;
        }
        let before = sound.loudness();
        let mut changed = sound.mono();
        self.effects.iter().for_each(|effect| effect.apply(&mut changed));
        sound.left.copy_from_slice(&changed);
        sound.right = changed;
        let after = sound.loudness();
        if after > 1e-9 {
            sound.scale(before / after);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clip::RATE_HZ;

    fn saw() -> Stereo {
        let side: Vec<f32> = (0..44_100).map(|i| (i % 100) as f32 / 100.0 - 0.5).collect();
        Stereo { left: side.clone(), right: side }
    }

    #[test]
    fn players_repeat_differ_and_are_often_as_sampled() {
        let draw = |seed| Timbre::draw(&mut Dice::named(seed, "timbre"), Voice::Program(40));
        let all: Vec<Timbre> = (0..300).map(draw).collect();
        assert_eq!(all, (0..300).map(draw).collect::<Vec<_>>());
        let plain = all.iter().filter(|&timbre| *timbre == Timbre::default()).count();
        assert!((75..160).contains(&plain), "{plain}");
        assert!(all.iter().all(|timbre| timbre.formant.abs() <= 5));
        assert!(all.iter().any(|timbre| timbre.formant <= -4));
        assert!(all.iter().any(|timbre| timbre.formant >= 4));
    }

    #[test]
    fn a_timbre_keeps_the_level() {
        assert!((saw().len() as f64 - RATE_HZ).abs() < 1.0);
        for seed in 0..40 {
            let timbre = Timbre::draw(&mut Dice::named(seed, "level"), Voice::Program(61));
            let mut sound = saw();
            timbre.apply(&mut sound);
            let change = sound.loudness() / saw().loudness();
            assert!((change - 1.0).abs() < 1e-3, "{timbre:?}: {change}");
        }
    }

    #[test]
    fn drums_do_not_waver() {
        for seed in 0..100 {
            let timbre = Timbre::draw(&mut Dice::named(seed, "drums"), Voice::Kit(0));
            assert!(timbre.effects.iter().all(|effect| !matches!(
                effect,
                Effect::Vibrato(..) | Effect::Chorus(..) | Effect::Tremolo(..)
            )));
        }
    }
}
