//! `FeatureSpec`: every setting of the features, once.
//!
//! The trainer writes it into the model's metadata, the plugin refuses a model whose spec differs.

use serde::{Deserialize, Serialize};

use crate::Error;

/// Mel bands of a frame. A constant, so that a frame is `Copy` and crosses threads without a heap.
pub const BANDS: usize = 64;

/// Settings of the log-mel features. Lengths are in seconds and edges in Hz, so that every host
/// rate gives the same frames: the transform's bins are `1 / window_s` Hz apart at any rate.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FeatureSpec {
    /// Hann window, seconds.
    pub window_s: f64,
    /// From frame to frame, seconds.
    pub hop_s: f64,
    /// Number of mel bands.
    pub bands: usize,
    /// Lower edge of the lowest band, Hz.
    pub low_hz: f64,
    /// Upper edge of the highest band, Hz.
    pub high_hz: f64,
    /// Gain `g` of the compression `log10(1 + g * magnitude)`; a full-scale sine has magnitude 1.
    pub log_gain: f64,
}

impl FeatureSpec {
    /// The features of this version.
    pub const CURRENT: Self = Self {
        window_s: 0.06,
        hop_s: 0.02,
        bands: BANDS,
        low_hz: 30.0,
        high_hz: 10_000.0,
        log_gain: 1000.0,
    };

    /// Frames per second.
    #[must_use]
    pub fn frame_rate(&self) -> f64 {
        1.0 / self.hop_s
    }

    /// Checks that `model`, the spec a model was trained with, is this one.
    ///
    /// # Errors
    /// [`Error::SpecMismatch`] with the first setting that differs and both values.
    pub fn require_same(&self, model: &Self) -> Result<(), Error> {
        let settings = [
            ("window_s", self.window_s, model.window_s),
            ("hop_s", self.hop_s, model.hop_s),
            ("bands", self.bands as f64, model.bands as f64),
            ("low_hz", self.low_hz, model.low_hz),
            ("high_hz", self.high_hz, model.high_hz),
            ("log_gain", self.log_gain, model.log_gain),
        ];
        match settings.into_iter().find(|(_, ours, theirs)| ours != theirs) {
            None => Ok(()),
            Some((field, ours, theirs)) => Err(Error::SpecMismatch {
                field,
                model: theirs.to_string(),
                ours: ours.to_string(),
            }),
        }
    }
}

impl Default for FeatureSpec {
    fn default() -> Self {
        Self::CURRENT
    }
}
