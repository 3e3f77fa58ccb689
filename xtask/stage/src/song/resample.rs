//! Another sample rate for a whole song: band-limited, in place to within half a sample.

use anyhow::{Context, Result};
use rubato::audioadapter_buffers::direct::SequentialSliceOfVecs;
use rubato::{Fft, FixedSync, Resampler};

/// Frames per resampler call.
const CHUNK: usize = 1024;

/// Resamples channels of equal length.
pub(super) fn resample(channels: &[Vec<f32>], from_hz: u32, to_hz: u32) -> Result<Vec<Vec<f32>>> {
    let frames = channels.first().map_or(0, Vec::len);
    let count = channels.len();
    let why = || format!("cannot be resampled from {from_hz} to {to_hz} Hz; choose another --rate");
    let mut resampler =
        Fft::<f32>::new(from_hz as usize, to_hz as usize, CHUNK, count, FixedSync::Both)
            .with_context(why)?;
    let input = SequentialSliceOfVecs::new(channels, count, frames).with_context(why)?;
    let output = resampler.process_all(&input, frames, None).with_context(why)?.take_data();
    // The resampler rounds its length in floating point and may come out one sample long.
    let length = (frames as u64 * u64::from(to_hz)).div_ceil(u64::from(from_hz)) as usize;
    let channel = |c: usize| output.iter().skip(c).step_by(count).take(length).copied().collect();
    Ok((0..count).map(channel).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tone_keeps_its_pitch_level_and_place() {
        let tone = |rate: u32, n: usize| -> Vec<f32> {
            let step = 2.0 * std::f64::consts::PI * 440.0 / f64::from(rate);
            (0..n).map(|i| (i as f64 * step).sin() as f32 * 0.5).collect()
        };
        for (from, to) in [(44_100_u32, 48_000_u32), (48_000, 22_050), (44_100, 96_000)] {
            let n = from as usize;
            let got = resample(&[tone(from, n), tone(from, n)], from, to).expect("resampled");
            assert_eq!(got[0].len(), to as usize);
            assert_eq!(got[0], got[1]);
            let want = tone(to, to as usize);
            let middle = (to as usize / 4)..(3 * to as usize / 4);
            let worst = middle.map(|i| (got[0][i] - want[i]).abs()).fold(0.0, f32::max);
            // Half a sample of the lower rate, as an error of the tone's steepest slope.
            let shift_s = 0.5 / f64::from(from.min(to));
            let allowed = (0.5 * 2.0 * std::f64::consts::PI * 440.0 * shift_s) as f32 + 1e-3;
            assert!(worst < allowed, "{from} -> {to}: {worst}, allowed {allowed}");
        }
    }
}
