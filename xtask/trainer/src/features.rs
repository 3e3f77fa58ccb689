//! Sound to features, by the listener's own code.

use listener::{BANDS, FeatureSpec, LogMel};

use anyhow::Result;

use crate::clip::RATE_HZ;

/// Log-mel frames of mono `samples` at [`RATE_HZ`].
///
/// # Errors
/// Never in practice: only if the listener refused the corpus rate.
pub fn frames(samples: &[f32]) -> Result<Vec<[f32; BANDS]>> {
    let mut mel = LogMel::new(&FeatureSpec::CURRENT, RATE_HZ)?;
    let mut frames = Vec::with_capacity(samples.len() / 882 + 1);
    mel.push(samples, |frame| frames.push(frame.bins));
    Ok(frames)
}
