//! The built-in synthesizer: plain wave forms and drums of noise, as game consoles made them.
//!
//! It needs no SoundFont, so the composer can be heard on any machine.

use super::audio::Stereo;
use super::machine::Machine;
use super::sung;
use crate::clip::RATE_HZ;
use crate::compose::score::{Part, Voice, Wave};
use crate::dice::Dice;

/// How the notes of a part swell and fade.
#[derive(Debug, Clone, Copy)]
struct Shape {
    sustain: f32,
    decay_s: f32,
    bright: f32,
    vibrato: f32,
}

impl Shape {
    fn draw(dice: &mut Dice) -> Self {
        Self {
            sustain: dice.between(0.0, 0.9) as f32,
            decay_s: dice.between(0.08, 0.8) as f32,
            bright: dice.between(0.15, 0.9) as f32,
            vibrato: if dice.chance(0.3) { dice.between(0.0, 0.006) as f32 } else { 0.0 },
        }
    }
}

/// Adds `part` to `audio`. Voices other than oscillators are played as the nearest of them.
pub(super) fn play(part: &Part, dice: &mut Dice, audio: &mut Stereo) {
    let wave = match part.voice {
        Voice::Wave(wave) => wave,
        Voice::Program(program) => stand_in(program),
        Voice::Kit(_) | Voice::Machine(_) | Voice::Beeps => return,
    };
    let shape = Shape::draw(dice);
    let angle = (part.pan + 1.0) * std::f32::consts::FRAC_PI_4;
    let gain = 0.25 * 10_f32.powf(part.gain_db / 20.0);
    for note in &part.notes {
        let velocity = f32::from(note.velocity) / 127.0;
        let level = gain * velocity * velocity;
        let mut put = |early_s: f64, index: usize, sample: f32| {
            let at = ((note.at - early_s) * RATE_HZ).round().max(0.0) as usize + index;
            if at < audio.left.len() {
                audio.left[at] += level * angle.cos() * sample;
                audio.right[at] += level * angle.sin() * sample;
            }
        };
        if wave == Wave::Sung {
            let (vowel, breath) = (*dice.pick(&sung::VOWELS), dice.chance(0.5));
            sung::sing(note.key, note.length, vowel, breath.then(|| dice.seed()), |i, x| {
                put(sung::SPEAKS_S, i, x)
            });
        } else {
            sound(wave, shape, note.key, note.length, |i, x| put(0.0, i, x));
        }
    }
}

/// The wave that comes nearest to a General MIDI program.
fn stand_in(program: u8) -> Wave {
    match program {
        0..=15 => Wave::Fm,
        16..=31 => Wave::Saw(6.0),
        32..=39 => Wave::Triangle,
        52..=54 => Wave::Sung,
        40..=55 => Wave::Saw(12.0),
        56..=79 => Wave::Pulse(0.4),
        _ => Wave::Pulse(0.25),
    }
}

fn sound(wave: Wave, shape: Shape, key: u8, length_s: f64, mut put: impl FnMut(usize, f32)) {
    let rate = RATE_HZ as f32;
    let hz = 440.0 * 2_f32.powf((f32::from(key) - 69.0) / 12.0);
    let held = (length_s * RATE_HZ) as usize;
    let release = (0.03 * rate) as usize;
    let (mut phase, mut second, mut modulator, mut low) = (0.0_f32, 0.37_f32, 0.0_f32, 0.0_f32);
    let detune = match wave {
        Wave::Saw(cents) => 2_f32.powf(cents / 1200.0),
        _ => 1.0,
    };
    let cutoff = (hz * (2.0 + 18.0 * shape.bright) / rate * std::f32::consts::TAU).min(1.0);
    for index in 0..held + release {
        let time = index as f32 / rate;
        let fade = shape.sustain + (1.0 - shape.sustain) * (-time / shape.decay_s).exp();
        let open = (time / 0.001).min(1.0);
        let close = if index > held { 1.0 - (index - held) as f32 / release as f32 } else { 1.0 };
        let raw = match wave {
            Wave::Pulse(duty) => {
                let level = if phase < duty { 1.0 } else { -1.0 };
                level + 1.0 - 2.0 * duty
            }
            Wave::Saw(_) => (phase + second) - 1.0,
            Wave::Triangle => 4.0 * (phase - 0.5).abs() - 1.0,
            Wave::Sine | Wave::Sung => (phase * std::f32::consts::TAU).sin(),
            Wave::Fm => {
                let depth = 2.5 * (-time / (0.5 * shape.decay_s)).exp();
                (phase * std::f32::consts::TAU + depth * (modulator * std::f32::consts::TAU).sin())
                    .sin()
            }
        };
        low += cutoff * (raw - low);
        put(index, low * fade * open * close);
        let bend = 1.0 + shape.vibrato * (time * 35.0).sin();
        let step = hz * bend / rate;
        phase = (phase + step).fract();
        second = (second + step * detune).fract();
        modulator = (modulator + 2.0 * step).fract();
    }
}

/// A drum machine of sines and noise, its sounds drawn by `dice`.
#[must_use]
pub(super) fn beeps(dice: &mut Dice) -> Machine {
    let mut machine = Machine::named("beeps");
    let kick = dice.between(40.0, 60.0);
    machine.add(36, strike(dice, kick, (3.0, 8.0), 0.12, 0.05, 0.0));
    machine.add(38, strike(dice, 180.0, (0.3, 1.0), 0.11, 0.75, 2000.0));
    machine.add(39, strike(dice, 400.0, (0.0, 0.1), 0.09, 0.95, 1200.0));
    machine.add(37, strike(dice, 900.0, (0.0, 0.3), 0.03, 0.4, 1500.0));
    machine.add(42, strike(dice, 6000.0, (0.0, 0.1), 0.03, 0.98, 6000.0));
    machine.add(46, strike(dice, 6000.0, (0.0, 0.1), 0.2, 0.98, 6000.0));
    machine.add(49, strike(dice, 4000.0, (0.0, 0.1), 0.7, 0.98, 4000.0));
    machine.add(51, strike(dice, 5000.0, (0.0, 0.1), 0.25, 0.8, 5000.0));
    for (key, hz) in [(43, 90.0), (47, 130.0), (50, 180.0)] {
        machine.add(key, strike(dice, hz, (0.4, 1.2), 0.15, 0.15, 300.0));
    }
    machine
}

/// A falling sine (from `1 + sweep` times `hz`) and high-passed noise in the share `noise`.
fn strike(
    dice: &mut Dice,
    hz: f64,
    sweep: (f64, f64),
    decay_s: f64,
    noise: f64,
    cut_hz: f64,
) -> Vec<f32> {
    let sweep = dice.between(sweep.0, sweep.1);
    let decay_s = decay_s * dice.between(0.6, 1.6);
    let length = (decay_s * 6.0 * RATE_HZ) as usize;
    let mut phase = 0.0_f64;
    let smooth = (cut_hz / RATE_HZ * std::f64::consts::TAU).min(1.0);
    let mut low = 0.0;
    let mut samples = Vec::with_capacity(length);
    for index in 0..length {
        let time = index as f64 / RATE_HZ;
        let white = dice.between(-1.0, 1.0);
        low += smooth * (white - low);
        let hiss = white - low;
        phase += hz * (1.0 + sweep * (-time / 0.03).exp()) / RATE_HZ;
        let tone = (phase * std::f64::consts::TAU).sin();
        let fade = (-time / decay_s).exp() * (time / 0.0005).min(1.0);
        samples.push(((tone * (1.0 - noise) + hiss * noise) * fade) as f32);
    }
    samples
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::compose::score::Note;

    #[test]
    fn notes_sound_where_they_are_written() {
        let note = Note { at: 0.5, length: 0.2, key: 69, velocity: 100 };
        for wave in
            [Wave::Pulse(0.25), Wave::Saw(9.0), Wave::Triangle, Wave::Fm, Wave::Sine, Wave::Sung]
        {
            let part = Part {
                voice: Voice::Wave(wave),
                notes: vec![note],
                gain_db: 0.0,
                pan: 0.0,
                drive: 0.0,
            };
            let mut audio = Stereo::silent(44_100);
            play(&part, &mut Dice::named(1, "wave"), &mut audio);
            let peak = audio.left.iter().fold(0.0_f32, |a, b| a.max(b.abs()));
            let first = audio.left.iter().position(|x| x.abs() > 0.25 * peak).expect("it sounds");
            assert!((first as f64 / RATE_HZ - 0.5).abs() < 0.006, "{wave:?} at {first}");
            assert!(audio.left[33_000..].iter().all(|x| x.abs() < 1e-6));
        }
    }
}
