//! File to samples, through symphonia. A file that ends early or is damaged is an error.

use super::{Sound, ogg};
use anyhow::{Context, Result, bail};
use std::fs::File;
use std::path::Path;
use symphonia::core::codecs::audio::AudioDecoderOptions;
use symphonia::core::errors::Error;
use symphonia::core::formats::probe::Hint;
use symphonia::core::formats::{FormatReader, TrackType};
use symphonia::core::io::MediaSourceStream;

const KINDS: &str = "convert it to wav, flac, ogg (Vorbis) or mp3";

/// Decodes the whole file.
pub(super) fn decode(path: &Path) -> Result<Sound> {
    let mut format = open(path)?;
    let track = format
        .default_track(TrackType::Audio)
        .with_context(|| format!("holds no audio track; {KINDS}"))?;
    let parameters = track
        .codec_params
        .as_ref()
        .and_then(|parameters| parameters.audio())
        .with_context(|| format!("its audio track cannot be read; {KINDS}"))?;
    let mut decoder = symphonia::default::get_codecs()
        .make_audio_decoder(parameters, &AudioDecoderOptions::default())
        .with_context(|| format!("its codec is not supported; {KINDS}"))?;
    let (id, announced) = (track.id, track.num_frames);
    let rate_hz = parameters
        .sample_rate
        .filter(|&rate| rate > 0)
        .context("its sample rate is unknown; export it again")?;

    let mut sound = Sound { rate_hz, channels: Vec::new() };
    let mut planes: Vec<Vec<f32>> = Vec::new();
    loop {
        let packet = match format.next_packet() {
            Ok(Some(packet)) => packet,
            Ok(None) => break,
            Err(Error::IoError(error)) if error.kind() == std::io::ErrorKind::UnexpectedEof => {
                bail!("is truncated after {}; copy or export it again", place(&sound));
            }
            Err(error) => return Err(damaged(&sound, &error)),
        };
        if packet.track_id != id {
            continue;
        }
        let buffer = decoder.decode(&packet).map_err(|error| damaged(&sound, &error))?;
        buffer.copy_to_vecs_planar(&mut planes);
        if sound.channels.is_empty() {
            sound.channels = vec![Vec::new(); planes.len()];
        }
        if planes.len() != sound.channels.len() {
            bail!("its channel count changes after {}; export it again", place(&sound));
        }
        for (all, new) in sound.channels.iter_mut().zip(&planes) {
            all.extend_from_slice(new);
        }
    }
    let found = sound.frames() as u64;
    if let Some(announced) = announced.filter(|&announced| found < announced) {
        bail!(
            "is truncated or damaged: {found} of {announced} samples are there; \
             copy or export it again"
        );
    }
    if ogg::ends_early(path)? {
        bail!("is truncated after {}; copy or export it again", place(&sound));
    }
    Ok(sound)
}

fn open(path: &Path) -> Result<Box<dyn FormatReader>> {
    let file = File::open(path).context("cannot be opened; check its permissions")?;
    let stream = MediaSourceStream::new(Box::new(file), Default::default());
    let mut hint = Hint::new();
    if let Some(extension) = path.extension().and_then(|e| e.to_str()) {
        hint.with_extension(extension);
    }
    symphonia::default::get_probe()
        .probe(&hint, stream, Default::default(), Default::default())
        .map_err(|error| match error {
            Error::IoError(e) if e.kind() != std::io::ErrorKind::UnexpectedEof => e.into(),
            _ if ogg::ends_early(path).unwrap_or(false) => {
                anyhow::anyhow!("is truncated or damaged; copy or export it again")
            }
            _ => anyhow::anyhow!("is not audio, or its start is damaged; {KINDS}"),
        })
}

fn damaged(sound: &Sound, error: &Error) -> anyhow::Error {
    anyhow::anyhow!("is damaged after {} ({error}); copy or export it again", place(sound))
}

/// How far decoding came.
fn place(sound: &Sound) -> String {
    format!("{:.2} s", sound.frames() as f64 / f64::from(sound.rate_hz))
}
