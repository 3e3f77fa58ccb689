//! A singer of vowels: a sawtooth through three formants, with breath, a scoop and vibrato.
//!
//! No recording of a voice is among the corpus, and real music is full of them.

use crate::clip::RATE_HZ;
use crate::dice::Dice;

/// Formants in Hz (after Peterson and Barney 1952): a, e, i, o, u.
pub(super) const VOWELS: [[f32; 3]; 5] = [
    [730.0, 1090.0, 2440.0],
    [530.0, 1840.0, 2480.0],
    [270.0, 2290.0, 3010.0],
    [570.0, 840.0, 2410.0],
    [300.0, 870.0, 2240.0],
];
/// From the start of a sound to where it is heard, seconds.
pub(super) const SPEAKS_S: f64 = 0.012;
const SWELL_S: f32 = 0.04;

/// One resonance.
#[derive(Clone, Copy)]
struct Formant {
    a1: f32,
    a2: f32,
    gain: f32,
    y: [f32; 2],
}

impl Formant {
    fn new(hz: f32, width_hz: f32) -> Self {
        let rate = RATE_HZ as f32;
        let radius = (-std::f32::consts::PI * width_hz / rate).exp();
        let angle = std::f32::consts::TAU * hz / rate;
        let (a1, a2) = (2.0 * radius * angle.cos(), -radius * radius);
        Self { a1, a2, gain: (1.0 - radius) * (1.0 - radius).sqrt(), y: [0.0; 2] }
    }

    fn step(&mut self, x: f32) -> f32 {
        let y = self.gain * x + self.a1 * self.y[0] + self.a2 * self.y[1];
        self.y = [y, self.y[0]];
        y
    }
}

/// Sings `key` for `length_s`, giving `put` each sample. With `breath`, a seed, it begins with a
/// consonant's noise.
pub(super) fn sing(
    key: u8,
    length_s: f64,
    vowel: [f32; 3],
    breath: Option<u64>,
    mut put: impl FnMut(usize, f32),
) {
    let rate = RATE_HZ as f32;
    let hz = 440.0 * 2_f32.powf((f32::from(key) - 69.0) / 12.0);
    let mut formants = [
        Formant::new(vowel[0], 90.0),
        Formant::new(vowel[1], 110.0),
        Formant::new(vowel[2], 160.0),
    ];
    let mut noise = breath.map(|seed| Dice::named(seed, "breath"));
    let held = (length_s * RATE_HZ) as usize;
    let release = (0.06 * rate) as usize;
    let mut phase = 0.0_f32;
    for index in 0..held + release {
        let time = index as f32 / rate;
        let scoop = -0.7 * (-time / 0.04).exp();
        let vibrato = 0.35 * ((time - 0.15) / 0.3).clamp(0.0, 1.0) * (time * 34.0).sin();
        let hz = hz * (1.0 + 0.0578 * (scoop + vibrato));
        phase = (phase + hz / rate).fract();
        let mut source = 2.0 * phase - 1.0;
        if let (Some(dice), true) = (&mut noise, time < 0.05) {
            source += 1.5 * dice.between(-1.0, 1.0) as f32;
        }
        let voice: f32 = formants.iter_mut().map(|formant| formant.step(source)).sum();
        let swell = (time / SWELL_S).min(1.0);
        let fade = if index > held { 1.0 - (index - held) as f32 / release as f32 } else { 1.0 };
        put(index, 60.0 * voice * swell * fade);
    }
}
