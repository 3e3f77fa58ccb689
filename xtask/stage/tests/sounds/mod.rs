//! Files the tests are about: small float wavs, sound or broken.

use std::fs;
use std::path::{Path, PathBuf};

/// A 32-bit float wav of the given interleaved samples.
pub(crate) fn wav(dir: &Path, name: &str, rate_hz: u32, channels: u16, samples: &[f32]) -> PathBuf {
    let path = dir.join(name);
    fs::write(&path, wav_bytes(rate_hz, channels, samples)).expect("the wav is written");
    path
}

/// Its bytes.
pub(crate) fn wav_bytes(rate_hz: u32, channels: u16, samples: &[f32]) -> Vec<u8> {
    let data: Vec<u8> = samples.iter().flat_map(|s| s.to_le_bytes()).collect();
    let length = u32::try_from(data.len()).expect("a short sound");
    let frame = channels * 4;
    let mut bytes = b"RIFF".to_vec();
    bytes.extend((36 + length).to_le_bytes());
    bytes.extend(b"WAVEfmt ");
    bytes.extend(16_u32.to_le_bytes());
    bytes.extend(3_u16.to_le_bytes());
    bytes.extend(channels.to_le_bytes());
    bytes.extend(rate_hz.to_le_bytes());
    bytes.extend((rate_hz * u32::from(frame)).to_le_bytes());
    bytes.extend(frame.to_le_bytes());
    bytes.extend(32_u16.to_le_bytes());
    bytes.extend(b"data");
    bytes.extend(length.to_le_bytes());
    bytes.extend(data);
    bytes
}

/// Mono clicks, two a second, each a short decaying tone; the first of four is louder.
pub(crate) fn clicks(rate_hz: u32, seconds: f64) -> Vec<f32> {
    let rate = f64::from(rate_hz);
    (0..(seconds * rate) as usize)
        .map(|i| {
            let time = i as f64 / rate;
            let since = time % 0.5;
            let level = if ((time / 0.5) as u64).is_multiple_of(4) { 0.8 } else { 0.4 };
            (level * (-since * 60.0).exp() * (since * 1_000.0 * std::f64::consts::TAU).sin()) as f32
        })
        .collect()
}
