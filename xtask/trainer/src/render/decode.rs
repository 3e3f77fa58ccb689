//! Any audio file to mono samples, through symphonia. One that ends early is refused: half a song has other beats.

use std::fs::File;
use std::path::Path;

use anyhow::{Context, Result, bail, ensure};
use symphonia::core::codecs::audio::AudioDecoderOptions;
use symphonia::core::errors::Error;
use symphonia::core::formats::probe::Hint;
use symphonia::core::formats::{FormatReader, TrackType};
use symphonia::core::io::{MediaSource, MediaSourceStream};

use super::resample::resample;
use crate::clip::RATE_HZ;

/// Decodes a short audio file to mono at [`RATE_HZ`].
///
/// # Errors
/// When it cannot be opened or decoded, ends early or holds no sound; the message names it.
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
    let whole = || {
        let (mono, rate_hz, announced) = decode_mono(Box::new(File::open(path)?), extension)?;
        // Some formats end without a word where the file was cut.
        if let Some(frames) = announced {
            let [found_s, announced_s] = [mono.len() as u64, frames].map(|n| n as f64 / rate_hz);
            ensure!(
                found_s > 0.99 * announced_s,
                "ends early, after {found_s:.1} of {announced_s:.1} s; copy or export it again"
            );
        }
        anyhow::Ok((mono, rate_hz))
    };
    whole().with_context(|| path.display().to_string())
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

/// Decodes any audio to mono at its own rate, which comes second; the frames that it says it has come third.
pub(super) fn decode_mono(
    source: Box<dyn MediaSource>,
    extension: Option<&str>,
) -> Result<(Vec<f32>, f64, Option<u64>)> {
    let mut format = probe(source, extension)?;
    let track = format.default_track(TrackType::Audio).context("holds no audio")?;
    let parameters = track.codec_params.as_ref().and_then(|p| p.audio()).context("has no codec")?;
    let rate_hz = f64::from(parameters.sample_rate.context("has no sample rate")?);
    let announced = track.num_frames;
    let mut decoder = symphonia::default::get_codecs()
        .make_audio_decoder(parameters, &AudioDecoderOptions::default())
        .context("has an unknown codec")?;
    let mut mono: Vec<f32> = Vec::new();
    let mut planes: Vec<Vec<f32>> = Vec::new();
    loop {
        let packet = match format.next_packet() {
            Ok(Some(packet)) => packet,
            Ok(None) => break,
            Err(Error::IoError(e)) if e.kind() == std::io::ErrorKind::UnexpectedEof => {
                bail!("ends early; copy or export it again");
            }
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
    Ok((mono, rate_hz, announced))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::render::audio::{Stereo, write_wav};

    #[test]
    fn audio_that_ends_early_is_refused() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let path = folder.path().join("cut.wav");
        let audio = Stereo { left: vec![0.1; 44_100], right: vec![0.1; 44_100] };
        write_wav(&path, &audio).expect("written");
        let whole = std::fs::read(&path).expect("read");
        std::fs::write(&path, &whole[..whole.len() / 2]).expect("written");
        let error = format!("{:#}", read_mono(&path).expect_err("refused"));
        assert!(error.contains("cut.wav") && error.contains("ends early"), "{error}");
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
