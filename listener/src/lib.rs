//! The ear of Tatum: samples in; beats, downbeats, onsets, tempo and tags out.
//!
//! The walk: [`LogMel`] (samples to frames) -> [`BeatNet`] (frames to [`Activations`]) ->
//! [`Decoder`] ([`BarTracker`], [`OnsetPicker`], [`Timeline`]) -> [`Heard`]; and beside it, a second at a
//! time, [`TagNet`] -> [`Tags`].
//!
//! No threads, no files, no host, no clock. Nothing here can fail on audio: NaN, infinities,
//! silence and any level are input, not errors.
#![deny(unsafe_code)]

mod decoder;
mod error;
pub mod kernels;
mod logmel;
mod mel;
mod model;
mod onset;
mod settings;
mod silence;
mod spec;
mod tags;
mod time;
mod timeline;
mod tracker;

pub use decoder::{Decoder, Heard, Onset};
pub use error::Error;
pub use logmel::{LogMel, MelFrame, RATE_RANGE_HZ};
pub use model::{
    Activations, Backend, BeatNet, LaneFrame, ModelFile, ModelShape, NetState, Provider, Runtime,
};
pub use onset::{OnsetPeak, OnsetPicker};
pub use settings::DecoderSettings;
pub use spec::{BANDS, FeatureSpec};
pub use tags::{MOST_TAGS, MoodWord, TagEar, TagFile, TagNet, TagSettings, Tags, Vocabulary};
pub use time::{Bpm, SamplePos};
pub use timeline::{BarState, Beat, LEAD_S, Timeline};
pub use tracker::{BarEstimate, BarTracker};
