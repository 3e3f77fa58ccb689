//! Sampled sound: a stereo buffer at the corpus rate, WAV out, any audio file in.

use std::fs::File;
use std::io::Write;
use std::path::Path;

use anyhow::{Context, Result, bail};
use rubato::audioadapter_buffers::direct::SequentialSliceOfVecs;
use rubato::{Fft, FixedSync, Resampler};
use symphonia::core::codecs::audio::AudioDecoderOptions;
use symphonia::core::errors::Error;
use symphonia::core::formats::probe::Hint;
use symphonia::core::formats::{FormatReader, TrackType};
use symphonia::core::io::{MediaSource, MediaSourceStream};

use crate::clip::RATE_HZ;

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

/// Writes `bytes` to a temporary name beside `path`, then renames.
///
/// # Errors
/// When the folder cannot be written; the message names the file.
pub fn write_whole(path: &Path, bytes: &[u8]) -> Result<()> {
    let name = path.file_name().and_then(|name| name.to_str()).unwrap_or("file");
    let partial = path.with_file_name(format!(".{name}.{}.part", std::process::id()));
    let write = || -> std::io::Result<()> {
        let mut file = File::create(&partial)?;
        file.write_all(bytes)?;
        file.flush()?;
        std::fs::rename(&partial, path)
    };
    write().map_err(|error| {
        // A half-written file must not survive; that it may not exist is fine.
        let _ = std::fs::remove_file(&partial);
        anyhow::anyhow!(
            "cannot write {}: {error}; check the space and permissions there",
            path.display()
        )
    })
}

/// Decodes a short audio file to mono at [`RATE_HZ`].
///
/// # Errors
/// When it cannot be opened or decoded, or holds no sound; the message names it.
pub fn read_mono(path: &Path) -> Result<Vec<f32>> {
    let (mono, rate_hz) = read_mono_at_its_rate(path)?;
    Ok(resample(&mono, RATE_HZ / rate_hz))
}

/// Decodes an audio file to mono; its rate in Hz comes second.
///
/// # Errors
/// As [`read_mono`].
pub fn read_mono_at_its_rate(path: &Path) -> Result<(Vec<f32>, f64)> {
    let extension = path.extension().and_then(|e| e.to_str());
    let open = || decode_mono(Box::new(File::open(path)?), extension);
    open().with_context(|| path.display().to_string())
}

/// How long an audio file says it is, seconds; `None` if only decoding can tell.
///
/// # Errors
/// When it cannot be opened or is not audio; the message names it.
pub fn seconds(path: &Path) -> Result<Option<f64>> {
    let extension = path.extension().and_then(|e| e.to_str());
    let probe = || {
        let format = probe(Box::new(File::open(path)?), extension)?;
        let track = format.default_track(TrackType::Audio).context("holds no audio")?;
        let audio = track.codec_params.as_ref().and_then(|p| p.audio());
        let rate_hz = audio.and_then(|audio| audio.sample_rate);
        let whole = track.num_frames.zip(rate_hz);
        anyhow::Ok(whole.map(|(frames, rate_hz)| frames as f64 / f64::from(rate_hz)))
    };
    probe().with_context(|| path.display().to_string())
}

fn probe(source: Box<dyn MediaSource>, extension: Option<&str>) -> Result<Box<dyn FormatReader>> {
    let stream = MediaSourceStream::new(source, Default::default());
    let mut hint = Hint::new();
    if let Some(extension) = extension {
        hint.with_extension(extension);
    }
    symphonia::default::get_probe()
        .probe(&hint, stream, Default::default(), Default::default())
        .context("is not audio")
}

/// Decodes any audio to mono at its own rate, which comes second.
pub(super) fn decode_mono(
    source: Box<dyn MediaSource>,
    extension: Option<&str>,
) -> Result<(Vec<f32>, f64)> {
    let mut format = probe(source, extension)?;
    let track = format.default_track(TrackType::Audio).context("holds no audio")?;
    let parameters = track.codec_params.as_ref().and_then(|p| p.audio()).context("has no codec")?;
    let rate_hz = f64::from(parameters.sample_rate.context("has no sample rate")?);
    let mut decoder = symphonia::default::get_codecs()
        .make_audio_decoder(parameters, &AudioDecoderOptions::default())
        .context("has an unknown codec")?;
    let mut mono: Vec<f32> = Vec::new();
    let mut planes: Vec<Vec<f32>> = Vec::new();
    loop {
        let packet = match format.next_packet() {
            Ok(Some(packet)) => packet,
            Ok(None) => break,
            Err(Error::IoError(e)) if e.kind() == std::io::ErrorKind::UnexpectedEof => break,
            Err(error) => return Err(error.into()),
        };
        decoder.decode(&packet)?.copy_to_vecs_planar(&mut planes);
        let Some(first) = planes.first() else { continue };
        let share = 1.0 / planes.len() as f32;
        mono.extend((0..first.len()).map(|i| planes.iter().map(|p| p[i]).sum::<f32>() * share));
    }
    if mono.is_empty() {
        bail!("holds no sound");
    }
    Ok((mono, rate_hz))
}

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

#[cfg(test)]
mod tests {
    use super::*;

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

    #[test]
    fn damaged_audio_is_named() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let path = folder.path().join("noise.wav");
        std::fs::write(&path, b"not audio at all").expect("written");
        let error = format!("{:#}", read_mono(&path).expect_err("refused"));
        assert!(error.contains("noise.wav"), "{error}");
    }
}
