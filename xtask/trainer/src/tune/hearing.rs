//! What the decoder makes of activations, and how good that is.

use std::collections::BTreeMap;
use std::fmt;

use listener::{Activations, Decoder, DecoderSettings, FeatureSpec, SamplePos};
use metrics::{
    BEAT_WINDOW_S, errors, f_measure, level, mean_interval, median, median_tempo, settled,
};
use rayon::prelude::*;

use crate::clip::{BeatLabel, Clip, RATE_HZ, frame_time};
use crate::net::{BeatShape, OUTPUTS};
use crate::train::validate::{ONSET_WINDOW_S, activations};

/// What the network heard in one clip, and the truth.
#[derive(Debug, Clone)]
pub struct Piece {
    /// The clip's name.
    pub name: String,
    /// Where the clip came from.
    pub source: String,
    /// Activations of each frame.
    pub activations: Vec<[f32; OUTPUTS]>,
    /// True beats.
    pub beats: Vec<BeatLabel>,
    /// True onsets, seconds; empty where nobody says.
    pub onsets: Vec<f64>,
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
                source: clip.source.clone(),
                activations,
                beats: clip.beats.clone(),
                onsets: clip.onsets.clone(),
            })
            .collect()
    }
}

/// The pieces of each source, by its name.
#[must_use]
pub fn by_source(pieces: &[Piece]) -> BTreeMap<&str, Vec<Piece>> {
    let mut sources: BTreeMap<&str, Vec<Piece>> = BTreeMap::new();
    for piece in pieces {
        sources.entry(&piece.source).or_default().push(piece.clone());
    }
    sources
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

/// What a decoder with `settings` says of each frame of `piece`.
fn news(settings: &DecoderSettings, piece: &Piece) -> impl Iterator<Item = listener::Heard> {
    let mut decoder = Decoder::new(&FeatureSpec::CURRENT, RATE_HZ, settings);
    let frames = piece.activations.iter().enumerate();
    frames.map(move |(k, &[beat, downbeat, onset])| {
        let at = SamplePos::from_seconds(frame_time(k), RATE_HZ);
        decoder.step(at, Activations { beat, downbeat, onset })
    })
}

/// The beats that a decoder with `settings` gives for `piece`, in the order they leave.
#[must_use]
pub fn hear(settings: &DecoderSettings, piece: &Piece) -> Vec<Heard> {
    let beats = news(settings, piece).filter_map(|news| news.beat);
    beats
        .map(|beat| {
            let time_s = beat.at.seconds(RATE_HZ);
            Heard { time_s, in_bar: beat.in_bar, confidence: beat.confidence }
        })
        .collect()
}

/// Mean F-measure of the onsets that a decoder with `settings` picks in `pieces`, within 25 ms, from five seconds on;
/// none where no piece says its own.
#[must_use]
pub fn onset_f(settings: &DecoderSettings, pieces: &[Piece]) -> Option<f64> {
    let known: Vec<&Piece> =
        pieces.iter().filter(|piece| !settled(&piece.onsets).is_empty()).collect();
    let score = |piece: &&Piece| {
        let onsets = news(settings, piece).filter_map(|news| news.onset);
        let picked: Vec<f64> = onsets.map(|onset| onset.at.seconds(RATE_HZ)).collect();
        f_measure(settled(&piece.onsets), settled(&picked), ONSET_WINDOW_S)
    };
    let scores: Vec<f64> = known.par_iter().map(score).collect();
    (!scores.is_empty()).then(|| scores.iter().sum::<f64>() / scores.len() as f64)
}

/// Means over pieces; beats from five seconds on, within 70 ms.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Summary {
    /// F-measure of beats, with the ends of its 95 % interval.
    pub beat: [f64; 3],
    /// F-measure of downbeats, likewise.
    pub downbeat: [f64; 3],
    /// Share of pieces at double, half or another simple ratio of their tempo.
    pub octave_errors: f64,
    /// Median error of beats, seconds; positive is late.
    pub lag_s: f64,
}

impl Summary {
    /// The one number that settings and models are chosen by.
    #[must_use]
    pub fn overall(&self) -> f64 {
        self.beat[0] + 0.5 * self.downbeat[0]
    }
}

impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ([beat, ..], [downbeat, ..]) = (self.beat, self.downbeat);
        let (octaves, lag_ms) = (100.0 * self.octave_errors, 1e3 * self.lag_s);
        write!(
            f,
            "beat F {beat:.3}, downbeat F {downbeat:.3}, octave errors {octaves:.0} %, lag {lag_ms:+.1} ms"
        )
    }
}

/// How good a decoder with `settings` is on `pieces`.
#[must_use]
pub fn summary(settings: &DecoderSettings, pieces: &[Piece]) -> Summary {
    let of = |piece: &Piece| score(&hear(settings, piece), &piece.beats);
    let scores: Vec<Score> = pieces.par_iter().map(of).collect();
    let interval = |f: fn(&Score) -> Option<f64>| {
        let values: Vec<f64> = scores.iter().filter_map(f).collect();
        mean_interval(&values, 1).map_or([0.0; 3], |of| [of.mean, of.low, of.high])
    };
    let late: Vec<f64> = scores.iter().flat_map(|score| score.errors.iter().copied()).collect();
    Summary {
        beat: interval(|score| Some(score.beat)),
        downbeat: interval(|score| score.downbeat),
        octave_errors: interval(|score| Some(f64::from(u8::from(score.octave_error))))[0],
        lag_s: median(&late).unwrap_or(0.0),
    }
}

/// Scores of one piece.
struct Score {
    beat: f64,
    /// None where nobody says which beats are the first of a bar.
    downbeat: Option<f64>,
    octave_error: bool,
    /// Signed errors of the beats that hit, seconds.
    errors: Vec<f64>,
}

fn score(heard: &[Heard], truth: &[BeatLabel]) -> Score {
    let given = |first: bool| {
        let wanted = heard.iter().filter(|beat| !first || beat.in_bar == 1);
        wanted.map(|beat| beat.time_s).collect::<Vec<f64>>()
    };
    let wanted = |first: bool| {
        let wanted = truth.iter().filter(|beat| !first || beat.in_bar == 1);
        wanted.map(|beat| beat.time_s).collect::<Vec<f64>>()
    };
    let f = |first| f_measure(settled(&wanted(first)), settled(&given(first)), BEAT_WINDOW_S);
    let (given, wanted) = (given(false), wanted(false));
    let tempi = median_tempo(settled(&wanted)).zip(median_tempo(settled(&given)));
    Score {
        beat: f(false),
        downbeat: truth.iter().any(|beat| beat.in_bar == 1).then(|| f(true)),
        octave_error: tempi.is_some_and(|(truth, heard)| level(truth, heard).is_octave_error()),
        errors: errors(settled(&wanted), settled(&given), BEAT_WINDOW_S),
    }
}
