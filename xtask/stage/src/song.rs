//! A music file, decoded and checked. Whatever is wrong with a file is said here, before any host
//! starts: a listener that quietly hears half a song is worse than one that refuses.

mod decode;
mod ogg;
mod resample;

use anyhow::{Context, Result, bail};
use std::fs;
use std::path::{Path, PathBuf};

/// Host rates the plugin's features are defined for, in Hz.
pub const RATES_HZ: std::ops::RangeInclusive<u32> = 16_000..=768_000;

/// Samples of one file at one rate.
pub struct Song {
    /// The file, as the user named it.
    pub path: PathBuf,
    /// Samples per second.
    pub rate_hz: u32,
    /// One (mono) or two (stereo) channels of equal, non-zero length; every sample is finite.
    pub channels: Vec<Vec<f32>>,
}

impl Song {
    /// Decodes a wav, flac, ogg or mp3 file; more than two channels become two.
    /// `rate_hz` resamples it, otherwise it keeps its own rate.
    ///
    /// # Errors
    /// One line that names the file, the offending value and what to do.
    pub fn open(path: &Path, rate_hz: Option<u32>) -> Result<Self> {
        Self::read(path, rate_hz).with_context(|| path.display().to_string())
    }

    fn read(path: &Path, rate_hz: Option<u32>) -> Result<Self> {
        let about = fs::metadata(path).context("cannot be opened; check the path")?;
        if !about.is_file() {
            bail!("is not a file; name a wav, flac, ogg or mp3 file");
        }
        if about.len() == 0 {
            bail!("is empty (0 bytes); copy or export it again");
        }
        let sound = decode::decode(path)?;
        if sound.frames() == 0 {
            bail!("holds 0 samples; export it again");
        }
        if let Some((channel, index, value)) = sound.first_non_finite() {
            bail!(
                "sample {index} of channel {} is {value}; repair or export the file again",
                channel + 1
            );
        }
        let host_hz = rate_hz.unwrap_or(sound.rate_hz);
        if !RATES_HZ.contains(&host_hz) {
            let (low, high) = (RATES_HZ.start(), RATES_HZ.end());
            bail!(
                "sample rate {host_hz} Hz is not supported; resample the file, or `listen` with --rate HZ from {low} \
                 to {high}"
            );
        }
        let mut channels = stereo(sound.channels);
        if host_hz != sound.rate_hz {
            channels = resample::resample(&channels, sound.rate_hz, host_hz)?;
        }
        Ok(Self { path: path.to_path_buf(), rate_hz: host_hz, channels })
    }

    /// Samples per channel.
    #[must_use]
    pub fn frames(&self) -> usize {
        self.channels.first().map_or(0, Vec::len)
    }

    /// This song played again and again until it is `seconds` long.
    #[must_use]
    pub fn looped(self, seconds: f64) -> Self {
        let frames = (seconds * f64::from(self.rate_hz)).ceil() as usize;
        let again = |samples: Vec<f32>| samples.into_iter().cycle().take(frames).collect();
        Self { channels: self.channels.into_iter().map(again).collect(), ..self }
    }

    /// Length in seconds.
    #[must_use]
    pub fn duration_s(&self) -> f64 {
        self.frames() as f64 / f64::from(self.rate_hz)
    }
}

/// What a decoder found, before anything is judged.
struct Sound {
    rate_hz: u32,
    channels: Vec<Vec<f32>>,
}

impl Sound {
    fn frames(&self) -> usize {
        self.channels.first().map_or(0, Vec::len)
    }

    /// Channel, index and value of the first sample that is no number.
    fn first_non_finite(&self) -> Option<(usize, usize, f32)> {
        let broken = |(c, samples): (usize, &Vec<f32>)| {
            samples.iter().position(|s| !s.is_finite()).map(|i| (c, i, samples[i]))
        };
        self.channels.iter().enumerate().filter_map(broken).min_by_key(|&(_, i, _)| i)
    }
}

/// Keeps mono and stereo; folds more channels onto left and right alternately, in equal parts.
fn stereo(channels: Vec<Vec<f32>>) -> Vec<Vec<f32>> {
    if channels.len() <= 2 {
        return channels;
    }
    let fold = |side: usize| -> Vec<f32> {
        let picked: Vec<&Vec<f32>> = channels.iter().skip(side).step_by(2).collect();
        let share = 1.0 / picked.len() as f32;
        let frames = channels[0].len();
        (0..frames).map(|i| picked.iter().map(|c| c[i]).sum::<f32>() * share).collect()
    };
    vec![fold(0), fold(1)]
}
