//! Effects of one instrument: what an amplifier, a pedal or another build of it does to its sound.
//!
//! All act on mono sound in place. None moves a note by more than some milliseconds.

use super::filter::Biquad;
use crate::clip::RATE_HZ;

/// One change of timbre.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Effect {
    /// Darker (below 0) or brighter: decibels taken below 700 Hz and given above.
    Tilt(f64),
    /// A bell: Hz, decibels.
    Bell(f64, f64),
    /// Only what is below, Hz.
    LowPass(f64),
    /// Only what is above, Hz.
    HighPass(f64),
    /// A warm amplifier: decibels of drive. Uneven, so that it adds even harmonics too.
    Drive(f64),
    /// A second, wavering voice: rate in Hz, cents it strays, its share.
    Chorus(f64, f64, f64),
    /// Pitch that wavers: rate in Hz, cents.
    Vibrato(f64, f64),
    /// Level that wavers: rate in Hz, share of the level.
    Tremolo(f64, f64),
    /// Softer attacks: 0 leaves them, 1 takes most of them.
    Soften(f64),
}

impl Effect {
    /// Applies it.
    pub(super) fn apply(self, sound: &mut [f32]) {
        match self {
            Self::Tilt(db) => {
                Biquad::shelf(700.0, -db, false).run(sound);
                Biquad::shelf(700.0, db, true).run(sound);
            }
            Self::Bell(hz, db) => Biquad::bell(hz, 1.0, db).run(sound),
            Self::LowPass(hz) => Biquad::low_pass(hz, 0.7).run(sound),
            Self::HighPass(hz) => Biquad::high_pass(hz, 0.7).run(sound),
            Self::Drive(db) => drive(sound, db),
            Self::Chorus(rate_hz, cents, share) => waver(sound, rate_hz, cents, share as f32),
            Self::Vibrato(rate_hz, cents) => waver(sound, rate_hz, cents, 1.0),
            Self::Tremolo(rate_hz, depth) => {
                let mut wave = Wave::new(rate_hz);
                let half = 0.5 * depth as f32;
                sound.iter_mut().for_each(|x| *x *= 1.0 - half + half * wave.step());
            }
            Self::Soften(amount) => soften(sound, amount as f32),
        }
    }
}

/// A sine, sample by sample, by turning a pointer: far cheaper than the function.
struct Wave {
    place: (f32, f32),
    turn: (f32, f32),
}

impl Wave {
    fn new(rate_hz: f64) -> Self {
        let (sin, cos) = (std::f64::consts::TAU * rate_hz / RATE_HZ).sin_cos();
        Self { place: (1.0, 0.0), turn: (cos as f32, sin as f32) }
    }

    fn step(&mut self) -> f32 {
        let ((x, y), (cos, sin)) = (self.place, self.turn);
        let (x, y) = (x * cos - y * sin, x * sin + y * cos);
        // Rounding must not make it grow.
        let length = 1.5 - 0.5 * (x * x + y * y);
        self.place = (x * length, y * length);
        self.place.1
    }
}

/// Mixes in the sound as heard through a delay that sways, which bends its pitch by up to `cents`.
fn waver(sound: &mut [f32], rate_hz: f64, cents: f64, share: f32) {
    let bend = (cents / 1200.0).exp2() - 1.0;
    let sway = (bend * RATE_HZ / (std::f64::consts::TAU * rate_hz)) as f32;
    let mut past = vec![0.0_f32; ((2.0 * sway) as usize + 4).next_power_of_two()];
    let mask = past.len() - 1;
    let mut wave = Wave::new(rate_hz);
    for (now, sample) in sound.iter_mut().enumerate() {
        past[now & mask] = *sample;
        let delay = sway * (1.0 + wave.step());
        let (whole, part) = (delay as usize, delay.fract());
        // Before the beginning the line holds silence.
        let at = |back: usize| past[now.wrapping_sub(back) & mask];
        let other = at(whole) * (1.0 - part) + at(whole + 1) * part;
        *sample += share * (other - *sample);
    }
}

/// Saturates around a working point off the middle, and takes its offset out again.
fn drive(sound: &mut [f32], db: f64) {
    const OFF: f32 = 0.25;
    let power = sound.iter().map(|x| x * x).sum::<f32>() / sound.len().max(1) as f32;
    let gain = 10_f32.powf(db as f32 / 20.0) / (4.0 * power.sqrt()).max(1e-6);
    let rest = OFF.tanh();
    sound.iter_mut().for_each(|x| *x = (*x * gain + OFF).tanh() - rest);
    Biquad::high_pass(20.0, 0.7).run(sound);
}

/// Turns down what is louder than it was over the last 60 ms.
fn soften(sound: &mut [f32], amount: f32) {
    let follow = |seconds: f64| (1.0 - (-1.0 / (seconds * RATE_HZ)).exp()) as f32;
    let (quick, slow) = (follow(0.002), follow(0.06));
    let (mut now, mut before) = (0.0_f32, 0.0_f32);
    for sample in sound {
        let level = sample.abs();
        now += quick * (level - now);
        before += slow * (level - before);
        let rise = (before / now.max(1e-6)).min(1.0);
        *sample *= 1.0 - amount * (1.0 - rise);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tone(hz: f64) -> Vec<f32> {
        let step = std::f64::consts::TAU * hz / RATE_HZ;
        (0..44_100).map(|i| 0.5 * (i as f64 * step).sin() as f32).collect()
    }

    fn power(sound: &[f32]) -> f32 {
        sound.iter().map(|x| x * x).sum::<f32>() / sound.len() as f32
    }

    /// Share of the power that is left.
    fn left(effect: Effect, sound: &[f32]) -> f32 {
        let mut changed = sound.to_vec();
        effect.apply(&mut changed);
        assert!(changed.iter().all(|x| x.is_finite()), "{effect:?}");
        power(&changed) / power(sound)
    }

    #[test]
    fn filters_take_what_they_name() {
        let (low, high) = (tone(150.0), tone(4000.0));
        assert!(left(Effect::Tilt(5.0), &low) < 0.5 && left(Effect::Tilt(5.0), &high) > 2.0);
        assert!(left(Effect::LowPass(1000.0), &high) < 0.02);
        assert!(left(Effect::HighPass(600.0), &low) < 0.02);
        assert!(left(Effect::Bell(4000.0, 6.0), &high) > 3.5);
    }

    #[test]
    fn vibrato_bends_the_pitch_and_keeps_the_level() {
        let mut bent = tone(440.0);
        Effect::Vibrato(5.0, 50.0).apply(&mut bent);
        assert!((power(&bent) / power(&tone(440.0)) - 1.0).abs() < 0.02);
        let crossings: Vec<usize> =
            (1..bent.len()).filter(|&i| bent[i - 1] < 0.0 && bent[i] >= 0.0).collect();
        let periods = crossings.windows(2).skip(5).map(|pair| pair[1] - pair[0]);
        let (short, long) = (periods.clone().min(), periods.max());
        // 100.2 samples at rest, a 34th more or less at 50 cents.
        assert!(short.is_some_and(|p| (96..99).contains(&p)), "{short:?}");
        assert!(long.is_some_and(|p| (102..105).contains(&p)), "{long:?}");
    }

    #[test]
    fn softening_takes_the_attack_and_leaves_what_is_held() {
        let mut held = tone(440.0);
        held.splice(0..0, vec![0.0; 4410]);
        let mut soft = held.clone();
        Effect::Soften(0.9).apply(&mut soft);
        let share =
            |range: std::ops::Range<usize>| power(&soft[range.clone()]) / power(&held[range]);
        assert!(share(4410..4900) < 0.3 && share(30_000..40_000) > 0.6);
    }

    #[test]
    fn drive_adds_harmonics_and_no_offset() {
        let mut driven = tone(440.0);
        Effect::Drive(9.0).apply(&mut driven);
        let mean = driven.iter().sum::<f32>() / driven.len() as f32;
        assert!(mean.abs() < 0.01, "{mean}");
        Effect::HighPass(2500.0).apply(&mut driven);
        assert!(power(&driven) > 1e-4);
    }
}
