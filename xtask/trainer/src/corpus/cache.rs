//! Clips on disk: one file each, written whole or not at all, so that a killed run resumes.
//!
//! `TATUMCLIP1`, the length of a JSON head (u32), the head, then the frames as half floats, all
//! little-endian. Features, whose range is 0 to about 3, are kept to the nearest 1/32 (0.3 dB of loud bins): so
//! they compress to a fifth for a journey.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use half::f16;
use listener::BANDS;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::clip::{BeatLabel, Clip};
use crate::write::write_whole;

const MAGIC: &[u8; 10] = b"TATUMCLIP1";
/// Steps of a feature.
const STEPS: f32 = 32.0;

#[derive(Serialize, Deserialize)]
struct Head {
    name: String,
    source: String,
    frames: usize,
    beats: Vec<BeatLabel>,
    onsets: Vec<f64>,
}

/// A feature as it is kept. Clips of before were kept to more digits.
fn kept(feature: f32) -> f32 {
    (feature * STEPS).round() / STEPS
}

/// Where clip `name` lies under `folder`.
#[must_use]
pub(super) fn path_of(folder: &Path, name: &str) -> PathBuf {
    folder.join(format!("{name}.clip"))
}

/// Writes `clip`.
///
/// # Errors
/// When the folder cannot be written.
pub(super) fn store(folder: &Path, clip: &Clip) -> Result<()> {
    let head = Head {
        name: clip.name.clone(),
        source: clip.source.clone(),
        frames: clip.frames.len(),
        beats: clip.beats.clone(),
        onsets: clip.onsets.clone(),
    };
    write(&path_of(folder, &clip.name), &head, &clip.frames)
}

/// Reads a clip.
///
/// # Errors
/// When the file is missing, truncated or not a clip; the message names it.
pub(super) fn load(path: &Path) -> Result<Clip> {
    let (head, frames): (Head, _) = read(path)?;
    if frames.len() != head.frames {
        bail!("{} is damaged; remove it to have it rendered again", path.display());
    }
    let Head { name, source, beats, onsets, .. } = head;
    Ok(Clip { name, source, frames, beats, onsets })
}

/// Writes any head with its frames to `path`.
///
/// # Errors
/// When the file cannot be written.
pub(super) fn write(path: &Path, head: &impl Serialize, frames: &[[f32; BANDS]]) -> Result<()> {
    let head = serde_json::to_vec(head)?;
    let mut bytes = Vec::with_capacity(18 + head.len() + frames.len() * BANDS * 2);
    bytes.extend_from_slice(MAGIC);
    bytes.extend_from_slice(&u32::try_from(head.len())?.to_le_bytes());
    bytes.extend_from_slice(&head);
    for bin in frames.iter().flatten() {
        bytes.extend_from_slice(&f16::from_f32(kept(*bin)).to_le_bytes());
    }
    write_whole(path, &bytes)
}

/// Reads what [`write`] wrote.
///
/// # Errors
/// When the file is missing, truncated or not of this kind; the message names it.
pub(super) fn read<H: DeserializeOwned>(path: &Path) -> Result<(H, Vec<[f32; BANDS]>)> {
    let bytes = std::fs::read(path).with_context(|| format!("cannot read {}", path.display()))?;
    parse(&bytes).with_context(|| {
        format!("{} is damaged; remove it to have it rendered again", path.display())
    })
}

fn parse<H: DeserializeOwned>(bytes: &[u8]) -> Result<(H, Vec<[f32; BANDS]>)> {
    let (magic, rest) = bytes.split_first_chunk::<10>().context("too short")?;
    if magic != MAGIC {
        bail!("not a clip of this version");
    }
    let (length, rest) = rest.split_first_chunk::<4>().context("too short")?;
    let length = u32::from_le_bytes(*length) as usize;
    let (head, frames) = rest.split_at_checked(length).context("too short")?;
    if !frames.len().is_multiple_of(BANDS * 2) {
        bail!("{} bytes of frames are no whole number of frames", frames.len());
    }
    let frame = |bytes: &[u8]| {
        let mut bins = [0.0; BANDS];
        for (bin, pair) in bins.iter_mut().zip(bytes.chunks_exact(2)) {
            *bin = kept(f16::from_le_bytes([pair[0], pair[1]]).to_f32());
        }
        bins
    };
    Ok((serde_json::from_slice(head)?, frames.chunks_exact(BANDS * 2).map(frame).collect()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn features_are_kept_to_a_step() {
        assert_eq!([0.0, 0.1, 1.5, 2.99].map(kept), [0.0, 0.09375, 1.5, 3.0]);
    }

    #[test]
    fn clips_survive_and_damage_is_noticed() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let clip = Clip {
            name: "a-000001".into(),
            source: "a".into(),
            frames: (0..20).map(|k| [k as f32 * 0.125; BANDS]).collect(),
            beats: vec![BeatLabel { time_s: 0.125, in_bar: 3 }],
            onsets: vec![0.125, 0.25],
        };
        store(folder.path(), &clip).expect("stored");
        let path = path_of(folder.path(), &clip.name);
        assert_eq!(load(&path).expect("loaded"), clip);
        let bytes = std::fs::read(&path).expect("read");
        std::fs::write(&path, &bytes[..bytes.len() - 1]).expect("cut");
        assert!(format!("{:#}", load(&path).expect_err("refused")).contains("a-000001"));
    }
}
