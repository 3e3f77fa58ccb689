//! The audience: what a microphone in the hall hears beside the band.
//!
//! Three layers, all made of noise: the murmur of many, the applause of some, the cheers of a few.
//! Claps come when they come (a Poisson process), so they say nothing about the beat.

use std::f64::consts::{PI, TAU};

use super::signal::{db, loudness};
use crate::clip::RATE_HZ;
use crate::dice::Dice;
use crate::render::filter::Biquad;

/// Share of music that sounds as if recorded before an audience.
const LIVE: f64 = 0.08;
/// Time in which the audience falls silent, or wakes, seconds.
const FADE_S: f64 = 3.0;

/// An audience.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Crowd {
    /// Decibels below the loudness of the music, while it is heard.
    below_db: f64,
    presence: Presence,
    seed: u64,
}

/// When an audience is heard.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Presence {
    Throughout,
    /// For so many seconds after the start and before the end, and while it fades.
    Ends(f64, f64),
}

impl Crowd {
    /// That of a piece; most have none.
    #[must_use]
    pub fn draw(dice: &mut Dice) -> Option<Self> {
        if !dice.chance(LIVE) {
            return None;
        }
        let presence = match dice.chance(0.4) {
            true => Presence::Throughout,
            false => Presence::Ends(dice.between(2.0, 9.0), dice.between(2.0, 9.0)),
        };
        Some(Self { below_db: dice.between(12.0, 30.0), presence, seed: dice.seed() })
    }

    /// Adds it to `samples`.
    pub(super) fn join(&self, samples: &mut [f32]) {
        let length = samples.len();
        let mut dice = Dice::named(self.seed, "crowd");
        let mut sound = vec![0.0; length];
        for (layer, least, most) in [
            (murmur(&mut dice, length), 0.6, 1.0),
            (applause(&mut dice, length), 0.0, 1.2),
            (cheers(&mut dice, length), 0.0, 0.8),
        ] {
            let gain = dice.between(least, most) as f32 / loudness(&layer);
            sound.iter_mut().zip(layer).for_each(|(to, from)| *to += gain * from);
        }
        let mut heard = 0.0_f64;
        for (index, sample) in sound.iter_mut().enumerate() {
            let share = self.presence.at(index as f64 / RATE_HZ, length as f64 / RATE_HZ);
            *sample *= share as f32;
            heard += share * share;
        }
        // What is silent for most of the time has to be as loud while it is heard.
        let level = loudness(&sound) * (length as f64 / heard.max(1.0)).sqrt() as f32;
        let gain = loudness(samples) * db(-self.below_db) / level;
        samples.iter_mut().zip(sound).for_each(|(to, from)| *to += gain * from);
    }
}

impl Presence {
    /// Share of the audience heard at `time` of `end`, both in seconds.
    fn at(self, time: f64, end: f64) -> f64 {
        match self {
            Self::Throughout => 1.0,
            Self::Ends(first, last) => {
                let left = |whole: f64, gone: f64| (1.0 + (whole - gone) / FADE_S).clamp(0.0, 1.0);
                left(first, time).max(left(last, end - time))
            }
        }
    }
}

fn white(dice: &mut Dice) -> f32 {
    dice.between(-1.0, 1.0) as f32
}

/// Many voices at once: a band of noise that swells.
fn murmur(dice: &mut Dice, length: usize) -> Vec<f32> {
    let mut sound: Vec<f32> = (0..length).map(|_| white(dice)).collect();
    Biquad::high_pass(dice.between(150.0, 400.0), 0.7).run(&mut sound);
    Biquad::low_pass(dice.between(1200.0, 3500.0), 0.7).run(&mut sound);
    swell(dice, &mut sound, 2.5, 4.0);
    sound
}

/// Many hands, each clap a burst of noise that dies away within milliseconds.
fn applause(dice: &mut Dice, length: usize) -> Vec<f32> {
    let mut sound = vec![0.0; length];
    let per_s = 10.0 * 15_f64.powf(dice.between(0.0, 1.0));
    for time in moments(dice, length as f64 / RATE_HZ, 1.0 / per_s) {
        let (mut level, decay_s) = (dice.between(0.2, 1.0) as f32, dice.between(0.002, 0.005));
        let fade = (-1.0 / (decay_s * RATE_HZ)).exp() as f32;
        let burst = sound.iter_mut().skip((time * RATE_HZ) as usize);
        for sample in burst.take((5.0 * decay_s * RATE_HZ) as usize) {
            *sample += level * white(dice);
            level *= fade;
        }
    }
    Biquad::high_pass(dice.between(500.0, 900.0), 0.7).run(&mut sound);
    Biquad::low_pass(dice.between(2500.0, 6000.0), 0.7).run(&mut sound);
    swell(dice, &mut sound, 4.0, 7.0);
    sound
}

/// Single shouts: noise through two formants that rise as the mouth opens.
fn cheers(dice: &mut Dice, length: usize) -> Vec<f32> {
    let mut sound = vec![0.0; length];
    for time in moments(dice, length as f64 / RATE_HZ, 2.5) {
        let level = dice.between(0.2, 1.0) as f32;
        let count = dice.between(0.5, 2.2) * RATE_HZ;
        let glides = [(350.0, 600.0, 1.8), (900.0, 1500.0, 1.6)].map(|(low, high, most)| {
            let from = dice.between(low, high);
            (from, from * dice.between(1.0, most))
        });
        let mut formants = [Formant::default(); 2];
        let shout = sound.iter_mut().skip((time * RATE_HZ) as usize);
        for (index, sample) in shout.take(count as usize).enumerate() {
            let way = index as f64 / count;
            let breath = white(dice);
            let opening = formants.iter_mut().zip(glides);
            let voice: f32 = opening
                .map(|(formant, (from, to))| formant.step(breath, from + (to - from) * way))
                .sum();
            *sample += level * (PI * way).sin() as f32 * voice;
        }
    }
    sound
}

/// A resonance that may move: the band-pass of a state variable filter (Chamberlin 1985).
#[derive(Clone, Copy, Default)]
struct Formant {
    low: f32,
    band: f32,
}

impl Formant {
    /// One sample through it, centred at `hz`, well below a sixth of the sample rate.
    fn step(&mut self, sample: f32, hz: f64) -> f32 {
        // The sine of so small an angle is the angle.
        let pace = (TAU * hz / RATE_HZ) as f32;
        self.low += pace * self.band;
        self.band += pace * (sample - self.low - 0.15 * self.band);
        self.band
    }
}

/// Moments within `seconds` that know nothing of each other, `apart_s` apart in the mean.
fn moments(dice: &mut Dice, seconds: f64, apart_s: f64) -> Vec<f64> {
    let mut time = 0.0;
    let next = std::iter::from_fn(|| {
        time -= apart_s * (1.0 - dice.between(0.0, 1.0)).ln();
        (time < seconds).then_some(time)
    });
    next.collect()
}

/// Lets the level wander: about every `every_s` seconds another, `sd_db` decibels around the old.
fn swell(dice: &mut Dice, samples: &mut [f32], every_s: f64, sd_db: f64) {
    let mut to = db(dice.normal(sd_db));
    for stretch in samples.chunks_mut((every_s * RATE_HZ) as usize) {
        let from = std::mem::replace(&mut to, db(dice.normal(sd_db)));
        let count = stretch.len() as f32;
        for (index, sample) in stretch.iter_mut().enumerate() {
            *sample *= from + (to - from) * index as f32 / count;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECONDS: usize = 30;

    fn music() -> Vec<f32> {
        let step = TAU * 220.0 / RATE_HZ;
        (0..SECONDS * 44_100).map(|i| 0.3 * (i as f64 * step).sin() as f32).collect()
    }

    /// What an audience of `presence` adds to the music.
    fn added(presence: Presence, below_db: f64) -> Vec<f32> {
        let mut live = music();
        Crowd { below_db, presence, seed: 5 }.join(&mut live);
        live.iter().zip(music()).map(|(live, dry)| live - dry).collect()
    }

    #[test]
    fn it_is_as_loud_as_asked_and_repeats() {
        for below_db in [12.0, 30.0] {
            let crowd = added(Presence::Throughout, below_db);
            let level_db = 20.0 * (loudness(&crowd) / loudness(&music())).log10();
            assert!((f64::from(level_db) + below_db).abs() < 0.1, "{level_db}");
            assert_eq!(crowd, added(Presence::Throughout, below_db));
        }
    }

    #[test]
    fn at_the_ends_it_leaves_the_middle_alone() {
        let crowd = added(Presence::Ends(5.0, 5.0), 12.0);
        let of = |from: usize, to: usize| loudness(&crowd[from * 44_100..to * 44_100]);
        assert!(of(10, 20) <= 1e-6);
        let level_db = 20.0 * (0.5 * (of(0, 5) + of(25, 30)) / loudness(&music())).log10();
        assert!((-16.0..-8.0).contains(&level_db), "{level_db}");
    }

    #[test]
    fn nobody_claps_on_the_beat() {
        let times = moments(&mut Dice::named(2, "claps"), 60.0, 0.02);
        assert!((2700..3300).contains(&times.len()));
        for beat_s in [0.4, 0.5, 0.61] {
            let (mut x, mut y) = (0.0, 0.0);
            for time in &times {
                x += (TAU * time / beat_s).cos();
                y += (TAU * time / beat_s).sin();
            }
            assert!(x.hypot(y) < 0.05 * times.len() as f64);
        }
    }

    #[test]
    fn few_pieces_are_live_and_nothing_at_all_is_no_trouble() {
        let live = (0..1000).filter(|&seed| Crowd::draw(&mut Dice::named(seed, "live")).is_some());
        assert!((50..110).contains(&live.count()));
        for length in [0, 1, 500] {
            let mut samples = vec![0.0; length];
            Crowd { below_db: 12.0, presence: Presence::Ends(2.0, 2.0), seed: 1 }
                .join(&mut samples);
            assert!(samples.iter().all(|x| x.abs() < 1e-3));
        }
    }
}
