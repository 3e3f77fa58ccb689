//! A user's labelled recordings as tag clips.
//!
//! A file is heard in at most two stretches of half a minute, so that a long one does not outweigh
//! the rest. Nothing is augmented, and nothing is kept on disk.

use std::path::{Path, PathBuf};

use anyhow::{Result, bail};
use rayon::prelude::*;

use crate::baseline::chroma::chroma;
use crate::clip::RATE_HZ;
use crate::features;
use crate::render::decode::read_mono_at_its_rate;
use crate::render::resample::at_rate;
use crate::tagclip::{TagClip, TagTruth};

/// Source of clips that are a user's recordings.
pub const COLLECTED: &str = "collected";
/// Longest stretch of a file that is heard in one piece, seconds.
const STRETCH_S: f64 = 30.0;
/// Most stretches of a file.
const STRETCHES: usize = 2;
/// Shortest file that tells anything, seconds.
const SHORTEST_S: f64 = 3.0;

/// An audio file and what is known about it, from its first second to its last.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Labelled {
    /// WAV, FLAC, Ogg Vorbis or MP3, mono or more, at any rate the listener hears.
    pub path: PathBuf,
    /// Index into the vocabulary's genres.
    pub genre: Option<u8>,
    /// A bit per instrument, from the lowest in the order of the vocabulary.
    pub instruments: Option<u32>,
    /// Valence and arousal, -1..1.
    pub mood: Option<[f32; 2]>,
    /// What may not be on both sides of a split, as in [`TagClip::group`].
    pub group: String,
    /// The fold of cross-validation it belongs to, where the collection has some.
    pub fold: Option<u32>,
}

/// A file that could not be used.
#[derive(Debug, Clone, PartialEq)]
pub struct Refused {
    /// The file.
    pub path: PathBuf,
    /// Why, and what would help.
    pub reason: String,
}

/// What a collection gave.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Collected {
    /// Clips in the order of the files.
    pub clips: Vec<TagClip>,
    /// The fold each clip was given, for [`super::folds`].
    pub folds: Vec<Option<u32>>,
    /// Files that gave none, in their order.
    pub refused: Vec<Refused>,
}

/// Hears `files`, several at a time; the result is the same every time.
#[must_use]
pub fn collected(files: &[Labelled]) -> Collected {
    let bar = super::progress_of(files.len());
    let hear = |(index, file): (usize, &Labelled)| {
        let clips = clips(file, index);
        bar.inc(1);
        clips
    };
    let heard: Vec<Result<Vec<TagClip>>> = files.par_iter().enumerate().map(hear).collect();
    bar.finish_and_clear();
    let mut collected = Collected::default();
    for (file, clips) in files.iter().zip(heard) {
        match clips {
            Ok(clips) => {
                collected.folds.extend(clips.iter().map(|_| file.fold));
                collected.clips.extend(clips);
            }
            Err(error) => {
                let reason = format!("{error:#}");
                collected.refused.push(Refused { path: file.path.clone(), reason });
            }
        }
    }
    collected
}

fn clips(file: &Labelled, index: usize) -> Result<Vec<TagClip>> {
    let (samples, rate_hz) = read(&file.path)?;
    let clip = |(part, (from_s, until_s)): (usize, (f64, f64))| {
        let at = |time_s: f64| ((time_s * rate_hz).round() as usize).min(samples.len());
        let stretch = &samples[at(from_s)..at(until_s)];
        let frames = features::frames_at(stretch, rate_hz)?;
        let chroma = chroma(&at_rate(stretch.to_vec(), rate_hz, RATE_HZ)?);
        let mut clip = TagClip {
            name: format!("collected-{index:06}-{part}"),
            source: COLLECTED.to_owned(),
            group: file.group.clone(),
            frames,
            chroma,
            truth: TagTruth { genre: file.genre, instruments: None, mood: file.mood },
        };
        let seconds = clip.seconds().ceil() as usize;
        clip.truth.instruments = file.instruments.map(|sounding| vec![sounding; seconds]);
        Ok(clip)
    };
    stretches(samples.len() as f64 / rate_hz).into_iter().enumerate().map(clip).collect()
}

fn read(path: &Path) -> Result<(Vec<f32>, f64)> {
    let (samples, rate_hz) = read_mono_at_its_rate(path)?;
    let (least_hz, most_hz) = listener::RATE_RANGE_HZ;
    if !(least_hz..=most_hz).contains(&rate_hz) {
        bail!(
            "its rate of {rate_hz} Hz is not one of {least_hz} to {most_hz}; resample it to 44100"
        );
    }
    let seconds = samples.len() as f64 / rate_hz;
    if seconds < SHORTEST_S {
        bail!("{seconds:.1} s are too short to tell; use at least {SHORTEST_S} s");
    }
    Ok((samples, rate_hz))
}

/// Stretches of a file of `seconds`, spread evenly over it: whole if there is room for only one.
fn stretches(seconds: f64) -> Vec<(f64, f64)> {
    let count = ((seconds / STRETCH_S) as usize).clamp(1, STRETCHES);
    let length = seconds.min(STRETCH_S);
    let gap = (seconds - count as f64 * length) / (count + 1) as f64;
    let from = |part: usize| gap + part as f64 * (gap + length);
    (0..count).map(|part| (from(part), from(part) + length)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A mono WAV of an A, with `bits` a sample.
    fn write(path: &Path, rate_hz: u32, bits: u16, seconds: f64) {
        let samples = (seconds * f64::from(rate_hz)) as usize;
        let width = bits / 8;
        let size = samples as u32 * u32::from(width);
        let mut wav = b"RIFF".to_vec();
        wav.extend((36 + size).to_le_bytes());
        wav.extend(b"WAVEfmt \x10\0\0\0\x01\0\x01\0");
        wav.extend(rate_hz.to_le_bytes());
        wav.extend((rate_hz * u32::from(width)).to_le_bytes());
        wav.extend(width.to_le_bytes());
        wav.extend(bits.to_le_bytes());
        wav.extend(b"data");
        wav.extend(size.to_le_bytes());
        for n in 0..samples {
            let x = 0.5 * (std::f64::consts::TAU * 440.0 * n as f64 / f64::from(rate_hz)).sin();
            match bits {
                8 => wav.push((128.0 + 127.0 * x) as u8),
                _ => wav.extend(((32_767.0 * x) as i16).to_le_bytes()),
            }
        }
        std::fs::write(path, wav).expect("written");
    }

    #[test]
    fn any_rate_and_depth_gives_the_same_music() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let files: Vec<Labelled> = [(44_100, 16), (22_050, 8), (192_000, 16), (48_000, 8)]
            .iter()
            .enumerate()
            .map(|(index, &(rate_hz, bits))| {
                let path = folder.path().join(format!("{rate_hz}-{bits}.wav"));
                write(&path, rate_hz, bits, 4.0);
                Labelled {
                    path,
                    genre: Some(3),
                    instruments: Some(0b101),
                    mood: Some([0.5, -0.5]),
                    group: format!("artist {index}"),
                    fold: Some(index as u32),
                }
            })
            .collect();
        let heard = collected(&files);
        assert_eq!(heard.refused, []);
        assert_eq!(heard.folds, [Some(0), Some(1), Some(2), Some(3)]);
        for (index, clip) in heard.clips.iter().enumerate() {
            assert_eq!(clip.name, format!("collected-{index:06}-0"));
            assert_eq!(clip.group, format!("artist {index}"));
            assert_eq!((clip.frames.len(), clip.chroma.len()), (200, 4), "{}", clip.name);
            let band = |frame: &[f32]| {
                (0..frame.len()).max_by(|&a, &b| frame[a].total_cmp(&frame[b])).expect("bands")
            };
            assert_eq!(band(&clip.frames[100]), band(&heard.clips[0].frames[100]));
            assert_eq!(clip.chroma[1][9], 1.0, "an A");
            let truth = TagTruth {
                genre: Some(3),
                instruments: Some(vec![0b101; 4]),
                mood: Some([0.5, -0.5]),
            };
            assert_eq!(clip.truth, truth);
        }
        assert_eq!(heard, collected(&files));
    }

    #[test]
    fn what_cannot_be_heard_is_refused_with_its_reason() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let path = |name: &str| folder.path().join(name);
        std::fs::write(path("noise.wav"), b"not audio at all").expect("written");
        write(&path("blink.wav"), 44_100, 16, 0.001);
        write(&path("jingle.wav"), 44_100, 16, 2.0);
        write(&path("telephone.wav"), 8000, 8, 4.0);
        write(&path("song.wav"), 44_100, 16, 4.0);
        let names = ["noise", "blink", "missing", "song", "jingle", "telephone"];
        let files = names
            .map(|name| Labelled { path: path(&format!("{name}.wav")), ..Labelled::default() });
        let heard = collected(&files);
        assert_eq!(heard.clips.len(), 1);
        assert_eq!(heard.clips[0].truth, TagTruth::default());
        let reason = |name: &str| {
            let path = path(&format!("{name}.wav"));
            let refused = heard.refused.iter().find(|refused| refused.path == path);
            refused.expect("refused").reason.clone()
        };
        assert!(reason("noise").contains("not audio"));
        assert!(reason("blink").contains("too short"));
        assert!(reason("missing").contains("No such file"));
        assert!(reason("jingle").contains("2.0 s are too short"));
        assert!(reason("telephone").contains("8000") && reason("telephone").contains("resample"));
        assert_eq!(heard.refused.len(), 5);
    }

    #[test]
    fn stretches_are_spread_over_the_file() {
        assert_eq!(stretches(20.0), [(0.0, 20.0)]);
        assert_eq!(stretches(50.0), [(10.0, 40.0)]);
        assert_eq!(stretches(60.0), [(0.0, 30.0), (30.0, 60.0)]);
        assert_eq!(stretches(300.0), [(80.0, 110.0), (190.0, 220.0)]);
    }
}
