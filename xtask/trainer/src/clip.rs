//! A clip of the corpus: the features of half a minute or so of music, and the truth about it.
//!
//! Plain data. It knows how frames lie in time and nothing about where the music came from.

use listener::{BANDS, FeatureSpec};
use serde::{Deserialize, Serialize};

/// Sample rate at which the corpus is rendered, Hz.
pub const RATE_HZ: f64 = 44_100.0;

/// One beat of the truth.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct BeatLabel {
    /// Seconds from the start of the clip to the acoustic beat.
    pub time_s: f64,
    /// Position in the bar; 1 is the downbeat, 0 says that nobody knows.
    pub in_bar: u8,
}

/// Features and truth of one piece of rendered music.
#[derive(Debug, Clone, PartialEq)]
pub struct Clip {
    /// Unique in the corpus, and the same for the same seed.
    pub name: String,
    /// The source it came from, as in [`crate::corpus::SourceReport::name`].
    pub source: String,
    /// Log-mel frames of [`FeatureSpec::CURRENT`]; frame `k` is centred at [`frame_time`]`(k)`.
    pub frames: Vec<[f32; BANDS]>,
    /// Beats in ascending time, all within the clip.
    pub beats: Vec<BeatLabel>,
    /// Audible note onsets in ascending time, seconds, at least 30 ms apart. Empty when nobody has
    /// labelled them: they are then neither learned nor scored.
    pub onsets: Vec<f64>,
}

impl Clip {
    /// Length of the clip, seconds.
    #[must_use]
    pub fn seconds(&self) -> f64 {
        self.frames.len() as f64 * FeatureSpec::CURRENT.hop_s
    }
}

/// Centre of frame `k` (from 0), seconds. Frame `k` is complete after `(k + 1)` hops and its
/// centre lies half a window before that; the first frames are centred before the first sample.
#[must_use]
pub fn frame_time(k: usize) -> f64 {
    let spec = FeatureSpec::CURRENT;
    (k + 1) as f64 * spec.hop_s - spec.window_s / 2.0
}

/// The frame whose centre is nearest to `time_s`, not before frame 0.
#[must_use]
pub fn frame_of(time_s: f64) -> usize {
    let spec = FeatureSpec::CURRENT;
    ((time_s + spec.window_s / 2.0) / spec.hop_s - 1.0).round().max(0.0) as usize
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frame_of_inverts_frame_time() {
        for k in 0..5000 {
            assert_eq!(frame_of(frame_time(k)), k);
            assert_eq!(frame_of(frame_time(k) + 0.009), k);
        }
        assert_eq!(frame_of(-1.0), 0);
    }

    #[test]
    fn frame_time_agrees_with_the_listener() {
        let mut mel = listener::LogMel::new(&FeatureSpec::CURRENT, RATE_HZ).expect("a legal rate");
        let mut k = 0;
        mel.push(&vec![0.0; 44_100], |frame| {
            assert!((frame.at.seconds(RATE_HZ) - frame_time(k)).abs() < 1e-4);
            k += 1;
        });
        assert_eq!(k, 50);
    }
}
