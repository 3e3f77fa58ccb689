//! Expressive timing: how the tempo of people who listen to each other breathes.
//!
//! Phrases speed up towards their middle and slow down at their end (Todd, "A model of expressive
//! timing in tonal music", 1985); the last bars of a piece brake as a runner does (Friberg and
//! Sundberg, "Does music performance allude to locomotion?", 1999).

use crate::dice::Dice;

/// Factors of the tempo, one per beat, around 1. `strength` 1 is a romantic song, 0 a metronome.
#[must_use]
pub fn phrasing(dice: &mut Dice, beats: usize, per_bar: usize, strength: f64) -> Vec<f64> {
    let mut course = Vec::with_capacity(beats);
    let arch = dice.between(0.02, 0.1) * strength;
    let brake = dice.between(0.0, 0.3) * strength;
    let agogic = dice.between(0.0, 0.04) * strength;
    while course.len() < beats {
        let length = (*dice.pick(&[4, 4, 4, 8, 2]) * per_bar).max(2);
        // Not every phrase ends with a breath.
        let brake = if dice.chance(0.6) { brake * dice.between(0.3, 1.3) } else { 0.0 };
        let slow_beats = (per_bar as f64 * dice.between(0.4, 1.2)).max(1.0);
        for index in 0..length {
            let way = (index as f64 + 0.5) / length as f64;
            let bow = 1.0 - (2.0 * way - 0.9).powi(2);
            let late = ((index as f64 + 1.0 - length as f64) / slow_beats + 1.0).max(0.0);
            let stress = if index % per_bar.max(1) == 0 { -agogic } else { 0.0 };
            course.push((1.0 + arch * (bow - 0.6) + stress) * (1.0 - brake * late * late));
        }
    }
    course.truncate(beats);
    let last = (2 * per_bar).min(beats);
    let ending = dice.between(0.1, 0.5) * strength.min(1.0);
    for (index, factor) in course.iter_mut().rev().take(last).enumerate() {
        let way = 1.0 - index as f64 / last as f64;
        *factor *= (1.0 - ending * way * way).max(0.4);
    }
    course.iter().map(|factor| factor.clamp(0.35, 1.5)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn phrases_breathe_and_the_end_slows_down() {
        for seed in 0..20 {
            let course = phrasing(&mut Dice::named(seed, "phrasing"), 64, 4, 1.0);
            assert_eq!(course.len(), 64);
            assert!(course[63] < course[32], "{course:?}");
            let mean = course.iter().sum::<f64>() / 64.0;
            assert!((0.8..1.1).contains(&mean), "{mean}");
        }
        let flat = phrasing(&mut Dice::named(1, "phrasing"), 32, 3, 0.0);
        assert!(flat.iter().all(|&factor| factor == 1.0));
    }
}
