//! The chain: which transforms a clip goes through.

use std::sync::Arc;

use super::Transform;
use super::signal::room;
use crate::dice::Dice;

/// The transforms one clip goes through, in order. `rooms` are recorded impulse responses.
#[must_use]
pub fn chain(dice: &mut Dice, seconds: f64, rooms: &[Arc<Vec<f32>>]) -> Vec<Transform> {
    let mut chain = Vec::new();
    // Stretching costs as much as all the rest together, so it is rare.
    match dice.whole(0, 100) {
        0..36 => chain.push(Transform::Speed(dice.normal(0.03).exp())),
        36..41 => chain.push(Transform::Stretch(dice.normal(0.06).exp())),
        41..47 => chain.push(Transform::Pitch(dice.normal(0.08).exp())),
        _ => {}
    }
    if dice.chance(0.6) {
        chain.push(Transform::Trim(dice.between(0.0, 3.0)));
    }
    if dice.chance(0.04) {
        chain.push(Transform::Crush(*dice.pick(&[6, 7, 8]), *dice.pick(&[1, 2, 3, 4])));
    }
    if dice.chance(0.6) {
        let response = if rooms.is_empty() || dice.chance(0.5) {
            let seconds = dice.between(0.2, 1.4);
            Arc::new(room(dice, seconds))
        } else {
            Arc::clone(dice.pick(rooms))
        };
        let wet = dice.between(0.02, 0.25) * if dice.chance(0.1) { 3.0 } else { 1.0 };
        chain.push(Transform::Room(response, wet as f32));
    }
    if dice.chance(0.8) {
        chain.push(Transform::Eq {
            low_db: dice.normal(4.0),
            mid_db: dice.normal(3.0),
            mid_hz: 300.0 * 12_f64.powf(dice.between(0.0, 1.0)),
            high_db: dice.normal(4.0) - 1.0,
        });
    }
    if dice.chance(0.08) {
        chain.push(Transform::Band {
            low_hz: dice.between(40.0, 250.0),
            high_hz: dice.between(2500.0, 9000.0),
        });
    }
    if dice.chance(0.05) {
        let start_s = dice.between(0.0, 20.0);
        chain.push(Transform::Sweep {
            from_hz: dice.between(150.0, 600.0),
            to_hz: 12_000.0,
            start_s,
            end_s: start_s + dice.between(3.0, 16.0),
        });
    }
    if dice.chance(0.6) {
        let release_s = dice.between(0.05, 0.3);
        chain.push(Transform::Compress {
            threshold_db: dice.between(-3.0, 9.0),
            ratio: dice.between(1.5, 6.0),
            release_s,
        });
    }
    if dice.chance(0.6) {
        chain.push(Transform::Clip(dice.between(-6.0, 9.0)));
    }
    if dice.chance(0.35) {
        chain.push(Transform::Noise(dice.between(18.0, 55.0), dice.seed()));
    }
    if dice.chance(0.04) {
        let start_s = dice.between(5.0, seconds.max(10.0));
        chain.push(Transform::Dropout { start_s, length_s: dice.between(0.1, 2.5) });
    }
    if dice.chance(0.05) {
        chain.push(Transform::Rate(*dice.pick(&[11_025, 16_000, 22_050, 22_050, 32_000])));
    }
    if dice.chance(0.12) {
        chain.push(Transform::Codec(dice.between(48.0, 160.0)));
    }
    chain.push(Transform::Level(-dice.between(0.0, 1.0).powi(2) * 30.0));
    if dice.chance(0.1) {
        chain.push(Transform::Lead(dice.between(0.3, 3.0)));
    }
    chain
}
