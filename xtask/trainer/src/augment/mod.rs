//! Augmentation: what happens to music between the studio and a listener's ear.
//!
//! Every transform acts on a [`Take`] and keeps its truth true: those that move time move the
//! labels by the same rule. All are seeded.

mod chain;
mod codec;
mod crowd;
mod downmix;
mod signal;
mod stretch;

use std::sync::Arc;

use crate::clip::{BeatLabel, RATE_HZ};
use crate::compose::score::merge_onsets;
use crate::dice::Dice;
use crate::render::filter::{Biquad, convolve};
use crate::render::resample::{at_rate, resample};
pub use chain::chain;
pub use crowd::Crowd;
pub use downmix::Downmix;
use signal::{compress, crush, db, loudness, sweep};
pub use signal::{room, tidy_response};

/// Mono sound with its truth.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Take {
    /// Samples at [`RATE_HZ`].
    pub samples: Vec<f32>,
    /// Beats in ascending time.
    pub beats: Vec<BeatLabel>,
    /// Onsets in ascending time, seconds.
    pub onsets: Vec<f64>,
    /// Which instruments sound, a bit each, at times close to each other, seconds.
    pub sounding: Vec<(f64, u32)>,
}

/// One change. The doc of each says what becomes of the labels.
#[derive(Debug, Clone)]
pub enum Transform {
    /// Plays `ratio` times as fast, pitch included: every time is divided by it.
    Speed(f64),
    /// Plays `ratio` times as fast at the same pitch: every time goes where its sound went.
    Stretch(f64),
    /// Multiplies the pitch at the same tempo: every time goes where its sound went, at most some
    /// milliseconds.
    Pitch(f64),
    /// Drops the first seconds: every time is earlier by as much, what falls before 0 is gone.
    Trim(f64),
    /// Silence before the start: every time is later by as much.
    Lead(f64),
    /// Low shelf, bell and high shelf, decibels. Labels stay.
    Eq {
        /// Below 150 Hz.
        low_db: f64,
        /// Around `mid_hz`.
        mid_db: f64,
        /// Centre of the bell, Hz.
        mid_hz: f64,
        /// Above 4 kHz.
        high_db: f64,
    },
    /// Only what lies between two frequencies. Labels stay.
    Band {
        /// Lower edge, Hz.
        low_hz: f64,
        /// Upper edge, Hz.
        high_hz: f64,
    },
    /// A low-pass whose corner opens exponentially; before and after it is open. Labels stay.
    Sweep {
        /// Corner at the start, Hz.
        from_hz: f64,
        /// Corner at the end, Hz.
        to_hz: f64,
        /// When it starts, seconds.
        start_s: f64,
        /// When it ends, seconds.
        end_s: f64,
    },
    /// Room sound: an impulse response that starts at its direct sound, in the share given. Labels stay.
    Room(Arc<Vec<f32>>, f32),
    /// Compressor. Labels stay.
    Compress {
        /// Threshold, decibels below the loudness.
        threshold_db: f64,
        /// Decibels in above the threshold for one out.
        ratio: f64,
        /// Time constant of the release, seconds.
        release_s: f64,
    },
    /// Tape-like limiting, decibels of drive. Labels stay.
    Clip(f64),
    /// White noise this many decibels below the loudness. Labels stay.
    Noise(f64, u64),
    /// An audience around the microphone. Labels stay.
    Crowd(Crowd),
    /// Fewer bits and samples, as in tracker samples and bad codecs: bits, hold. Labels stay.
    Crush(u32, usize),
    /// Through a lossy codec of so many kilobits per second. Labels stay.
    Codec(f64),
    /// Through another sample rate, Hz, and back. Labels stay.
    Rate(u32),
    /// A stretch of silence. Inside it onsets are gone and nothing sounds; beats stay.
    Dropout {
        /// When it starts, seconds.
        start_s: f64,
        /// How long it is, seconds.
        length_s: f64,
    },
    /// Peak level in decibels. Labels stay.
    Level(f64),
}

impl Transform {
    /// Applies it.
    pub fn apply(&self, take: &mut Take) {
        let samples = &mut take.samples;
        match self {
            Self::Speed(ratio) => {
                *samples = resample(samples, 1.0 / ratio);
                take.retime(|time| time / ratio);
            }
            &Self::Stretch(ratio) => take.stretch(ratio),
            &Self::Pitch(ratio) => {
                Self::Speed(ratio).apply(take);
                take.stretch(1.0 / ratio);
            }
            Self::Trim(seconds) => {
                samples.drain(..((seconds * RATE_HZ) as usize).min(samples.len()));
                take.retime(|time| time - seconds);
            }
            Self::Lead(seconds) => {
                samples.splice(0..0, std::iter::repeat_n(0.0, (seconds * RATE_HZ) as usize));
                take.retime(|time| time + seconds);
            }
            &Self::Eq { low_db, mid_db, mid_hz, high_db } => {
                Biquad::shelf(150.0, low_db, false).run(samples);
                Biquad::bell(mid_hz, 0.8, mid_db).run(samples);
                Biquad::shelf(4000.0, high_db, true).run(samples);
            }
            &Self::Band { low_hz, high_hz } => {
                Biquad::high_pass(low_hz, 0.7).run(samples);
                Biquad::low_pass(high_hz, 0.7).run(samples);
            }
            &Self::Sweep { from_hz, to_hz, start_s, end_s } => {
                sweep(samples, from_hz, to_hz, start_s, end_s);
            }
            Self::Room(response, wet) => {
                let room = convolve(samples, response);
                samples.iter_mut().zip(room).for_each(|(dry, room)| *dry += wet * room);
            }
            &Self::Compress { threshold_db, ratio, release_s } => {
                compress(samples, threshold_db, ratio, release_s);
            }
            &Self::Clip(drive_db) => {
                let gain = db(drive_db) / (4.0 * loudness(samples));
                samples.iter_mut().for_each(|x| *x = (*x * gain).tanh());
            }
            &Self::Noise(below_db, seed) => {
                let level = f64::from(loudness(samples) * db(-below_db));
                let mut dice = Dice::named(seed, "noise");
                samples
                    .iter_mut()
                    .for_each(|x| *x += dice.between(-1.7 * level, 1.7 * level) as f32);
            }
            Self::Crowd(crowd) => crowd.join(samples),
            &Self::Crush(bits, hold) => crush(samples, bits, hold),
            &Self::Codec(kbit_s) => codec::degrade(samples, kbit_s),
            &Self::Rate(rate_hz) => {
                let length = samples.len();
                let there = at_rate(samples.clone(), RATE_HZ, f64::from(rate_hz));
                let back = there.and_then(|there| at_rate(there, f64::from(rate_hz), RATE_HZ));
                // A rate the resampler cannot make leaves the sound as it was.
                if let Ok(back) = back {
                    *samples = back;
                    samples.resize(length, 0.0);
                }
            }
            &Self::Dropout { start_s: start, length_s: length } => {
                let at = |time: f64| ((time * RATE_HZ) as usize).min(samples.len());
                let (from, to) = (at(start), at(start + length));
                samples[from..to].fill(0.0);
                let silent = start..start + length;
                take.onsets.retain(|onset| !silent.contains(onset));
                let unheard = |(time, bits): &mut (f64, u32)| {
                    if silent.contains(time) {
                        *bits = 0;
                    }
                };
                take.sounding.iter_mut().for_each(unheard);
            }
            &Self::Level(peak_db) => {
                let peak = samples.iter().fold(1e-9_f32, |a, b| a.max(b.abs()));
                let gain = db(peak_db) / peak;
                samples.iter_mut().for_each(|x| *x *= gain);
            }
        }
    }
}

impl Take {
    /// Length, seconds.
    #[must_use]
    pub fn seconds(&self) -> f64 {
        self.samples.len() as f64 / RATE_HZ
    }

    fn stretch(&mut self, ratio: f64) {
        let (samples, moved) = stretch::stretch(&self.samples, ratio);
        self.samples = samples;
        self.retime(|time| moved.place(time));
        // Pieces may overlap where they came from.
        self.beats.sort_by(|a, b| a.time_s.total_cmp(&b.time_s));
        self.onsets = merge_onsets(std::mem::take(&mut self.onsets));
    }

    /// Moves every label; those that leave the take are dropped.
    fn retime(&mut self, moved: impl Fn(f64) -> f64) {
        let inside = 0.0..self.seconds();
        self.beats.iter_mut().for_each(|beat| beat.time_s = moved(beat.time_s));
        self.onsets.iter_mut().for_each(|onset| *onset = moved(*onset));
        self.beats.retain(|beat| inside.contains(&beat.time_s));
        self.onsets.retain(|onset| inside.contains(onset));
        self.sounding.iter_mut().for_each(|(time, _)| *time = moved(*time));
        self.sounding.retain(|(time, _)| inside.contains(time));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Clicks every half second with a beat and an onset on each.
    fn clicks() -> Take {
        let times: Vec<f64> = (0..10).map(|i| 0.25 + 0.5 * f64::from(i)).collect();
        let mut samples = vec![0.0; (5.2 * RATE_HZ) as usize];
        for &time in &times {
            let at = (time * RATE_HZ) as usize;
            (0..60).for_each(|i| samples[at + i] = 0.8 - i as f32 * 0.013);
        }
        let beat = |(i, &time_s): (usize, &f64)| BeatLabel { time_s, in_bar: (i % 4) as u8 + 1 };
        let sounding = times.iter().map(|&time| (time, 1)).collect();
        let beats = times.iter().enumerate().map(beat).collect();
        Take { samples, beats, onsets: times, sounding }
    }

    /// Every beat label still has its click within 2 ms.
    fn labels_are_true(take: &Take) {
        for beat in &take.beats {
            let around = |seconds: f64| (((beat.time_s + seconds) * RATE_HZ).max(0.0)) as usize;
            let from = &take.samples[around(-0.002)..around(0.004).min(take.samples.len())];
            assert!(from.iter().any(|x| x.abs() > 0.05), "no click at {}", beat.time_s);
        }
    }

    #[test]
    fn moves_of_time_move_the_labels() {
        for (transform, first, count) in [
            (Transform::Speed(1.1), 0.25 / 1.1, 10),
            (Transform::Trim(0.5), 0.25, 9),
            (Transform::Lead(1.0), 1.25, 10),
        ] {
            let mut take = clicks();
            transform.apply(&mut take);
            assert!((take.beats[0].time_s - first).abs() < 1e-9, "{transform:?}");
            assert_eq!((take.beats.len(), take.onsets.len()), (count, count), "{transform:?}");
            labels_are_true(&take);
        }
    }

    #[test]
    fn stretching_and_shifting_move_the_labels_with_their_sound() {
        for (transform, ratio) in [
            (Transform::Stretch(1.12), 1.12),
            (Transform::Stretch(0.9), 0.9),
            (Transform::Pitch(1.06), 1.0),
            (Transform::Pitch(0.94), 1.0),
        ] {
            let mut take = clicks();
            transform.apply(&mut take);
            assert_eq!((take.beats.len(), take.onsets.len()), (10, 10), "{transform:?}");
            for (index, beat) in take.beats.iter().enumerate() {
                let even = (0.25 + 0.5 * index as f64) / ratio;
                assert!((beat.time_s - even).abs() < 0.02, "{transform:?}: {beat:?}");
            }
            labels_are_true(&take);
        }
    }

    #[test]
    fn a_stretched_tone_keeps_its_pitch() {
        let tone = |hz: f64, samples: usize| -> Vec<f32> {
            let step = std::f64::consts::TAU * hz / RATE_HZ;
            (0..samples).map(|i| (i as f64 * step).sin() as f32).collect()
        };
        let crossings = |samples: &[f32]| {
            let middle = &samples[10_000..30_000];
            middle.windows(2).filter(|pair| pair[0] < 0.0 && pair[1] >= 0.0).count() as f64
        };
        let mut take = Take { samples: tone(440.0, 60_000), ..clicks() };
        Transform::Stretch(1.2).apply(&mut take);
        assert_eq!(take.samples.len(), 50_000);
        assert!((crossings(&take.samples) - 199.5).abs() < 3.0);
        let mut take = Take { samples: tone(440.0, 60_000), ..clicks() };
        Transform::Pitch(1.1).apply(&mut take);
        assert!((crossings(&take.samples) - 219.5).abs() < 3.0);
        assert!(take.samples.len().abs_diff(60_000) < 4);
    }

    #[test]
    fn a_trim_keeps_positions_in_the_bar() {
        let mut take = clicks();
        Transform::Trim(0.6).apply(&mut take);
        assert_eq!(take.beats[0].in_bar, 2);
    }

    #[test]
    fn changes_of_sound_leave_the_labels() {
        let mut dice = Dice::named(1, "rooms");
        let response = Arc::new(room(&mut dice, 0.3));
        let crowd = std::iter::repeat_with(|| Crowd::draw(&mut dice)).flatten().next();
        for transform in [
            Transform::Crowd(crowd.expect("one of many")),
            Transform::Eq { low_db: 6.0, mid_db: -3.0, mid_hz: 900.0, high_db: 3.0 },
            Transform::Band { low_hz: 40.0, high_hz: 9000.0 },
            Transform::Room(response, 0.2),
            Transform::Sweep { from_hz: 2000.0, to_hz: 9000.0, start_s: 1.0, end_s: 3.0 },
            Transform::Compress { threshold_db: 0.0, ratio: 4.0, release_s: 0.1 },
            Transform::Clip(6.0),
            Transform::Noise(30.0, 7),
            Transform::Crush(7, 2),
            Transform::Rate(16_000),
            Transform::Rate(11_025),
            Transform::Level(-3.0),
        ] {
            let (mut take, before) = (clicks(), clicks());
            transform.apply(&mut take);
            assert_eq!(
                (&take.beats, &take.onsets),
                (&before.beats, &before.onsets),
                "{transform:?}"
            );
            labels_are_true(&take);
        }
    }

    #[test]
    fn a_codec_smears_clicks_but_leaves_them_where_they_are() {
        let mut take = clicks();
        Transform::Codec(64.0).apply(&mut take);
        assert_eq!(take.beats, clicks().beats);
        for beat in &take.beats {
            let at = (beat.time_s * RATE_HZ) as usize;
            let peak = |range: std::ops::Range<usize>| {
                take.samples[range].iter().fold(0.0_f32, |most, x| most.max(x.abs()))
            };
            assert!(peak(at..at + 60) > 4.0 * peak(at - 4000..at - 2100));
            assert!(peak(at..at + 60) > 0.2);
        }
    }

    #[test]
    fn dropouts_silence_onsets_but_not_the_pulse() {
        let mut take = clicks();
        Transform::Dropout { start_s: 1.0, length_s: 1.0 }.apply(&mut take);
        assert_eq!((take.beats.len(), take.onsets.len()), (10, 8));
        let silent = take.sounding.iter().filter(|(_, bits)| *bits == 0).count();
        assert_eq!((take.sounding.len(), silent), (10, 2));
    }

    #[test]
    fn chains_repeat_and_end_within_full_scale() {
        for seed in 0..20 {
            let run = || {
                let mut take = clicks();
                let chain = chain(&mut Dice::named(seed, "chain"), 5.0, &[]);
                chain.iter().for_each(|transform| transform.apply(&mut take));
                take
            };
            let take = run();
            assert_eq!(take, run());
            assert!(take.samples.iter().all(|x| x.abs() <= 1.0001));
        }
    }
}
