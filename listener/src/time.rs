//! Units of time as types, so that a sample is never taken for a frame.

use serde::{Deserialize, Serialize};

/// A position on the host's stream of samples, counted from the last reset. May be negative: the
/// first frames are centred before the first sample.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize,
)]
pub struct SamplePos(pub i64);

impl SamplePos {
    /// This position in seconds at `rate_hz`.
    #[must_use]
    pub fn seconds(self, rate_hz: f64) -> f64 {
        self.0 as f64 / rate_hz
    }

    /// The sample nearest to `seconds` at `rate_hz`.
    #[must_use]
    pub fn from_seconds(seconds: f64, rate_hz: f64) -> Self {
        Self((seconds * rate_hz).round() as i64)
    }

    /// This position moved by `samples`.
    #[must_use]
    pub fn offset(self, samples: i64) -> Self {
        Self(self.0 + samples)
    }
}

/// Beats per minute.
#[derive(Debug, Clone, Copy, PartialEq, PartialOrd, Default, Serialize, Deserialize)]
pub struct Bpm(pub f32);

impl Bpm {
    /// Tempo of beats `seconds` apart.
    #[must_use]
    pub fn from_interval(seconds: f64) -> Self {
        Self((60.0 / seconds) as f32)
    }

    /// Seconds from beat to beat.
    #[must_use]
    pub fn interval(self) -> f64 {
        60.0 / f64::from(self.0)
    }
}
