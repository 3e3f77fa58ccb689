//! The signal side of augmentation: levels, compression, sweeps, crushed samples, rooms.

use crate::clip::RATE_HZ;
use crate::dice::Dice;

pub(super) fn db(decibels: f64) -> f32 {
    10_f64.powf(decibels / 20.0) as f32
}

pub(super) fn loudness(samples: &[f32]) -> f32 {
    let power: f64 = samples.iter().map(|x| f64::from(x * x)).sum();
    ((power / samples.len().max(1) as f64).sqrt() as f32).max(1e-6)
}

pub(super) fn compress(samples: &mut [f32], threshold_db: f64, ratio: f64, release_s: f64) {
    let threshold = loudness(samples) * db(-threshold_db);
    let exponent = (1.0 / ratio - 1.0) as f32;
    let attack = 1.0 - (-1.0 / (0.005 * RATE_HZ)).exp() as f32;
    let release = 1.0 - (-1.0 / (release_s * RATE_HZ)).exp() as f32;
    let mut envelope = 0.0_f32;
    let mut gain = 1.0_f32;
    for (index, sample) in samples.iter_mut().enumerate() {
        let level = sample.abs();
        envelope += (if level > envelope { attack } else { release }) * (level - envelope);
        // The power is dear and the envelope slow: once per eight samples is plenty.
        if index % 8 == 0 {
            gain = if envelope > threshold { (envelope / threshold).powf(exponent) } else { 1.0 };
        }
        *sample *= gain;
    }
}

pub(super) fn sweep(samples: &mut [f32], from_hz: f64, to_hz: f64, start: f64, end: f64) {
    let at = |time: f64| ((time * RATE_HZ) as usize).min(samples.len());
    let (from, to) = (at(start), at(end));
    let length = to.saturating_sub(from).max(1) as f64;
    let (mut first, mut second, mut pace) = (0.0_f32, 0.0_f32, 1.0_f32);
    for (index, sample) in samples[from..to.max(from)].iter_mut().enumerate() {
        if index % 64 == 0 {
            let hz = from_hz * (to_hz / from_hz).powf(index as f64 / length);
            pace = (1.0 - (-std::f64::consts::TAU * hz / RATE_HZ).exp()) as f32;
        }
        first += pace * (*sample - first);
        second += pace * (first - second);
        *sample = second;
    }
}

pub(super) fn crush(samples: &mut [f32], bits: u32, hold: usize) {
    let peak = samples.iter().fold(1e-9_f32, |a, b| a.max(b.abs()));
    let steps = (1_u32 << bits.min(16)) as f32 / (2.0 * peak);
    let mut held = 0.0;
    for (index, sample) in samples.iter_mut().enumerate() {
        if index % hold.max(1) == 0 {
            held = (*sample * steps).round() / steps;
        }
        *sample = held;
    }
}

/// A made-up room: noise that dies away over `seconds`, after a short pause.
#[must_use]
pub fn room(dice: &mut Dice, seconds: f64) -> Vec<f32> {
    let length = (seconds * RATE_HZ) as usize;
    let pause = (dice.between(0.002, 0.03) * RATE_HZ) as usize;
    let dull = dice.between(0.1, 0.7) as f32;
    let mut low = 0.0;
    let mut response: Vec<f32> = (0..length)
        .map(|index| {
            let white = dice.between(-1.0, 1.0) as f32;
            low += dull * (white - low);
            let fade = (-6.9 * index as f32 / length as f32).exp();
            if index < pause { 0.0 } else { low * fade }
        })
        .collect();
    let energy = response.iter().map(|x| x * x).sum::<f32>().sqrt().max(1e-9);
    response.iter_mut().for_each(|x| *x /= energy);
    response
}

/// A recorded impulse response made ready: cut to its direct sound, its energy brought to 1.
#[must_use]
pub fn tidy_response(mut response: Vec<f32>) -> Option<Vec<f32>> {
    let peak = response.iter().fold(0.0_f32, |a, b| a.max(b.abs()));
    let direct = response.iter().position(|x| x.abs() > 0.5 * peak)?;
    response.drain(..direct);
    response.truncate((1.4 * RATE_HZ) as usize);
    let energy = response.iter().map(|x| x * x).sum::<f32>().sqrt();
    if !(energy.is_finite() && energy > 1e-6) {
        return None;
    }
    response.iter_mut().for_each(|x| *x /= energy);
    Some(response)
}
