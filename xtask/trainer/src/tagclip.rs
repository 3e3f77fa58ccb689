//! A clip of the tag corpus: features of some music, and what it is.
//!
//! Plain data, like [`crate::clip`].

use listener::{BANDS, FeatureSpec};
use serde::{Deserialize, Serialize};

/// Pitch classes of a chroma vector.
pub const PITCHES: usize = 12;

/// What is known about a clip; what is not known is neither learned nor scored.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct TagTruth {
    /// Index into the vocabulary's genres.
    pub genre: Option<u8>,
    /// For each second of the clip a bit per instrument that sounds in it, from the lowest in the
    /// order of the vocabulary.
    pub instruments: Option<Vec<u32>>,
    /// Valence and arousal, -1..1.
    pub mood: Option<[f32; 2]>,
}

/// Features and truth of one piece of music.
#[derive(Debug, Clone, PartialEq)]
pub struct TagClip {
    /// Unique in its folder, and the same for the same seed.
    pub name: String,
    /// The source it came from.
    pub source: String,
    /// Of a user's music: what may not be on both sides of a split. Of rendered music, which is split
    /// before it is written: the style or kind of its score.
    pub group: String,
    /// Log-mel frames of [`FeatureSpec::CURRENT`].
    pub frames: Vec<[f32; BANDS]>,
    /// Chroma of each second, for the baselines; empty where nobody computed it.
    pub chroma: Vec<[f32; PITCHES]>,
    /// What it is.
    pub truth: TagTruth,
}

impl TagClip {
    /// Length of the clip, seconds.
    #[must_use]
    pub fn seconds(&self) -> f64 {
        self.frames.len() as f64 * FeatureSpec::CURRENT.hop_s
    }
}
