//! Sampled sound: a stereo buffer at the corpus rate, and how it is written.

use std::path::Path;

use anyhow::Result;

use crate::clip::RATE_HZ;
use crate::write::write_whole;

/// Two channels of equal length at [`RATE_HZ`].
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Stereo {
    /// Left.
    pub left: Vec<f32>,
    /// Right.
    pub right: Vec<f32>,
}

impl Stereo {
    /// Silence of `samples` samples.
    #[must_use]
    pub fn silent(samples: usize) -> Self {
        Self { left: vec![0.0; samples], right: vec![0.0; samples] }
    }

    /// Samples per channel.
    #[must_use]
    pub fn len(&self) -> usize {
        self.left.len()
    }

    /// Whether it holds nothing.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.left.is_empty()
    }

    /// Both channels.
    pub fn channels(&mut self) -> [&mut Vec<f32>; 2] {
        [&mut self.left, &mut self.right]
    }

    /// Adds `other` times `gain`.
    pub fn add(&mut self, other: &Self, gain: f32) {
        for (to, from) in [(&mut self.left, &other.left), (&mut self.right, &other.right)] {
            to.iter_mut().zip(from).for_each(|(to, from)| *to += gain * from);
        }
    }

    /// The mean of both channels.
    #[must_use]
    pub fn mono(&self) -> Vec<f32> {
        self.left.iter().zip(&self.right).map(|(l, r)| 0.5 * (l + r)).collect()
    }

    /// Root mean square of the loud moments: of the 50 ms stretches within 20 dB of the loudest.
    #[must_use]
    pub fn loudness(&self) -> f32 {
        let power = |side: &[f32]| side.iter().map(|x| x * x).sum::<f32>() / side.len() as f32;
        let stretches: Vec<f32> = self
            .left
            .chunks(2205)
            .zip(self.right.chunks(2205))
            .map(|(l, r)| 0.5 * (power(l) + power(r)))
            .collect();
        let loudest = stretches.iter().fold(0.0_f32, |a, &b| a.max(b));
        let loud: Vec<f32> = stretches.into_iter().filter(|&p| p >= 0.01 * loudest).collect();
        (loud.iter().sum::<f32>() / loud.len().max(1) as f32).sqrt()
    }

    /// Multiplies it by `gain`.
    pub fn scale(&mut self, gain: f32) {
        self.channels().into_iter().flatten().for_each(|sample| *sample *= gain);
    }
}

/// Writes 16-bit stereo WAV, whole or not at all.
///
/// # Errors
/// When the file cannot be written; the message names it.
pub fn write_wav(path: &Path, audio: &Stereo) -> Result<()> {
    let bytes = audio.len() as u32 * 4;
    let rate = RATE_HZ as u32;
    let mut wav = Vec::with_capacity(44 + bytes as usize);
    wav.extend_from_slice(b"RIFF");
    wav.extend_from_slice(&(36 + bytes).to_le_bytes());
    wav.extend_from_slice(b"WAVEfmt ");
    wav.extend_from_slice(&16_u32.to_le_bytes());
    wav.extend_from_slice(&1_u16.to_le_bytes());
    wav.extend_from_slice(&2_u16.to_le_bytes());
    wav.extend_from_slice(&rate.to_le_bytes());
    wav.extend_from_slice(&(rate * 4).to_le_bytes());
    wav.extend_from_slice(&4_u16.to_le_bytes());
    wav.extend_from_slice(&16_u16.to_le_bytes());
    wav.extend_from_slice(b"data");
    wav.extend_from_slice(&bytes.to_le_bytes());
    for (left, right) in audio.left.iter().zip(&audio.right) {
        for sample in [left, right] {
            let word = (sample.clamp(-1.0, 1.0) * 32_767.0).round() as i16;
            wav.extend_from_slice(&word.to_le_bytes());
        }
    }
    write_whole(path, &wav)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::render::decode::read_mono;

    #[test]
    fn wav_survives_the_way_to_disk_and_back() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let path = folder.path().join("a.wav");
        let side: Vec<f32> = (0..1000).map(|i| (i as f32 * 0.05).sin() * 0.5).collect();
        let audio = Stereo { left: side.clone(), right: side.clone() };
        write_wav(&path, &audio).expect("written");
        let back = read_mono(&path).expect("read");
        assert_eq!(back.len(), 1000);
        assert!(back.iter().zip(&side).all(|(a, b)| (a - b).abs() < 1e-4));
        assert_eq!(std::fs::read_dir(folder.path()).expect("listed").count(), 1);
    }
}
