//! Other sample rates: a good way for recordings, a cheap one for one-shots.

use anyhow::{Context, Result};
use rubato::audioadapter_buffers::direct::SequentialSliceOfVecs;
use rubato::{Fft, FixedSync, Resampler};

/// `samples` at another whole rate, band-limited, in place to within half a sample.
///
/// # Errors
/// When the resampler refuses the rates; the message names them.
pub fn at_rate(samples: Vec<f32>, from_hz: f64, to_hz: f64) -> Result<Vec<f32>> {
    if from_hz == to_hz || samples.is_empty() {
        return Ok(samples);
    }
    let why = || format!("cannot be resampled from {from_hz} to {to_hz} Hz");
    let (from, to) = (from_hz as usize, to_hz as usize);
    let mut resampler = Fft::<f32>::new(from, to, 1024, 1, FixedSync::Both).with_context(why)?;
    let frames = samples.len();
    let channels = [samples];
    let input = SequentialSliceOfVecs::new(&channels, 1, frames).with_context(why)?;
    let mut output = resampler.process_all(&input, frames, None).with_context(why)?.take_data();
    output.truncate((frames * to).div_ceil(from));
    Ok(output)
}

/// `samples` made `ratio` times as long by linear interpolation. Good enough for one-shots.
#[must_use]
pub fn resample(samples: &[f32], ratio: f64) -> Vec<f32> {
    if (ratio - 1.0).abs() < 1e-9 || samples.is_empty() {
        return samples.to_vec();
    }
    let length = (samples.len() as f64 * ratio) as usize;
    let at = |index: usize| samples[index.min(samples.len() - 1)];
    let sample = |index: usize| {
        let place = index as f64 / ratio;
        let (whole, part) = (place as usize, place.fract() as f32);
        at(whole) * (1.0 - part) + at(whole + 1) * part
    };
    (0..length).map(sample).collect()
}
