//! Sound to features, by the listener's own code.

use listener::{BANDS, FeatureSpec, LogMel};

use std::path::Path;

use anyhow::{Context, Result};

use crate::clip::RATE_HZ;
use crate::render::decode::read_mono_at_its_rate;

/// Log-mel frames of mono `samples` at [`RATE_HZ`].
///
/// # Errors
/// Never in practice: only if the listener refused the corpus rate.
pub fn frames(samples: &[f32]) -> Result<Vec<[f32; BANDS]>> {
    frames_at(samples, RATE_HZ)
}

/// Log-mel frames of the audio file at `path`, whatever its rate, and its length in seconds.
///
/// # Errors
/// When it cannot be decoded, or its rate is not one the listener hears; the message names it.
pub fn of_file(path: &Path) -> Result<(Vec<[f32; BANDS]>, f64)> {
    let (samples, rate_hz) = read_mono_at_its_rate(path)?;
    let frames = frames_at(&samples, rate_hz).with_context(|| path.display().to_string())?;
    Ok((frames, samples.len() as f64 / rate_hz))
}

pub(crate) fn frames_at(samples: &[f32], rate_hz: f64) -> Result<Vec<[f32; BANDS]>> {
    let mut mel = LogMel::new(&FeatureSpec::CURRENT, rate_hz)?;
    let mut frames = Vec::with_capacity(samples.len() / 882 + 1);
    mel.push(samples, |frame| frames.push(frame.bins));
    Ok(frames)
}

/// Features as the network hears them to magnitudes: undoes the logarithm.
pub(crate) fn to_magnitudes(frames: &mut [[f32; BANDS]]) {
    for bin in frames.iter_mut().flatten() {
        *bin = (bin.abs() * std::f32::consts::LN_10).exp_m1() / log_gain();
    }
}

/// A magnitude as the network hears it.
pub(crate) fn to_feature(magnitude: f32) -> f32 {
    (log_gain() * magnitude).ln_1p() * std::f32::consts::LOG10_E
}

fn log_gain() -> f32 {
    FeatureSpec::CURRENT.log_gain as f32
}
