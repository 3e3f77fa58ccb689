//! What the decoder makes of activations, and how good that is.

use listener::{Activations, Decoder, DecoderSettings, FeatureSpec, SamplePos};
use rayon::prelude::*;

use crate::clip::{BeatLabel, Clip, RATE_HZ, frame_time};
use crate::metrics::{BEAT_TOLERANCE_S, Hits};
use crate::net::{BeatShape, OUTPUTS};
use crate::train::validate::activations;

/// Beats before this are not scored: nobody can know them yet, and evaluation of beats ignores them.
const SETTLE_S: f64 = 5.0;

/// What the network heard in one clip, and the truth.
#[derive(Debug, Clone)]
pub struct Piece {
    /// The clip's name.
    pub name: String,
    /// Activations of each frame.
    pub activations: Vec<[f32; OUTPUTS]>,
    /// True beats.
    pub beats: Vec<BeatLabel>,
}

impl Piece {
    /// What the network with `params` hears in those of `clips` whose beats are known.
    #[must_use]
    pub fn of(shape: &BeatShape, params: &[f32], clips: &[Clip]) -> Vec<Self> {
        let heard = activations(shape, params, clips);
        let pairs = clips.iter().zip(heard).filter(|(clip, _)| clip.beats.len() > 4);
        pairs
            .map(|(clip, activations)| Self {
                name: clip.name.clone(),
                activations,
                beats: clip.beats.clone(),
            })
            .collect()
    }
}

/// A beat as the decoder gave it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Heard {
    /// Seconds.
    pub time_s: f64,
    /// 1 for the first of the bar.
    pub in_bar: u8,
    /// Probability that it is right, as claimed.
    pub confidence: f32,
}

/// The beats that a decoder with `settings` gives for `piece`, in the order they leave.
#[must_use]
pub fn hear(settings: &DecoderSettings, piece: &Piece) -> Vec<Heard> {
    let mut decoder = Decoder::new(&FeatureSpec::CURRENT, RATE_HZ, settings);
    let step = |(k, &[beat, downbeat, onset]): (usize, &[f32; OUTPUTS])| {
        let at = SamplePos::from_seconds(frame_time(k), RATE_HZ);
        let beat = decoder.step(at, Activations { beat, downbeat, onset }).beat?;
        let time_s = beat.at.seconds(RATE_HZ);
        Some(Heard { time_s, in_bar: beat.in_bar, confidence: beat.confidence })
    };
    piece.activations.iter().enumerate().filter_map(step).collect()
}

/// Means over pieces.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Summary {
    /// F-measure of beats, 70 ms.
    pub beat: f64,
    /// F-measure of downbeats, 70 ms.
    pub downbeat: f64,
    /// Share of pieces whose median interval is not within 8 % of the true one.
    pub other_tempo: f64,
    /// Median error of beats that hit, seconds; positive is late.
    pub lag_s: f64,
}

impl Summary {
    /// The one number the search goes by.
    #[must_use]
    pub fn overall(&self) -> f64 {
        self.beat + 0.5 * self.downbeat
    }
}

/// How good a decoder with `settings` is on `pieces`.
#[must_use]
pub fn summary(settings: &DecoderSettings, pieces: &[Piece]) -> Summary {
    let of = |piece: &Piece| score(&hear(settings, piece), &piece.beats);
    let scores: Vec<Score> = pieces.par_iter().map(of).collect();
    let mean =
        |f: fn(&Score) -> f64| scores.iter().map(f).sum::<f64>() / scores.len().max(1) as f64;
    let mut errors: Vec<f64> = scores.iter().flat_map(|s| s.errors.iter().copied()).collect();
    Summary {
        beat: mean(|s| s.beat),
        downbeat: mean(|s| s.downbeat),
        other_tempo: mean(|s| f64::from(u8::from(s.other_tempo))),
        lag_s: median(&mut errors).unwrap_or(0.0),
    }
}

/// Scores of one piece.
#[derive(Debug, Clone)]
pub(super) struct Score {
    pub(super) beat: f64,
    pub(super) downbeat: f64,
    pub(super) other_tempo: bool,
    /// Signed errors of the beats that hit, seconds.
    errors: Vec<f64>,
}

pub(super) fn score(heard: &[Heard], truth: &[BeatLabel]) -> Score {
    let settled = |times: &mut dyn Iterator<Item = f64>| -> Vec<f64> {
        times.filter(|&time_s| time_s >= SETTLE_S).collect()
    };
    let given = settled(&mut heard.iter().map(|beat| beat.time_s));
    let wanted = settled(&mut truth.iter().map(|beat| beat.time_s));
    let first_given = settled(&mut heard.iter().filter(|b| b.in_bar == 1).map(|b| b.time_s));
    let first_wanted = settled(&mut truth.iter().filter(|b| b.in_bar == 1).map(|b| b.time_s));
    let errors = given.iter().filter_map(|&time_s| nearest(&wanted, time_s));
    let ratio = interval(&given).zip(interval(&wanted)).map(|(a, b)| a / b);
    Score {
        beat: Hits::of(&wanted, &given, BEAT_TOLERANCE_S).f_measure(),
        downbeat: Hits::of(&first_wanted, &first_given, BEAT_TOLERANCE_S).f_measure(),
        other_tempo: ratio.is_none_or(|ratio| (ratio - 1.0).abs() > 0.08),
        errors: errors.filter(|error| error.abs() <= BEAT_TOLERANCE_S).collect(),
    }
}

/// Signed distance of `time_s` from the nearest of `times`, which ascend.
pub(super) fn nearest(times: &[f64], time_s: f64) -> Option<f64> {
    let next = times.partition_point(|&t| t < time_s);
    let around = &times[next.saturating_sub(1)..(next + 1).min(times.len())];
    around.iter().map(|t| time_s - t).min_by(|a, b| a.abs().total_cmp(&b.abs()))
}

fn interval(times: &[f64]) -> Option<f64> {
    median(&mut times.windows(2).map(|pair| pair[1] - pair[0]).collect::<Vec<_>>())
}

fn median(values: &mut [f64]) -> Option<f64> {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied()
}
