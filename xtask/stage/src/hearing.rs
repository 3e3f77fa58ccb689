//! What the plugin heard in one file, in seconds from the file's start.

mod tags;

use crate::host::{Mode, Take};
use crate::report::{Line, StatusLine};
use crate::song::Song;
use anyhow::{Context, Result, bail};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, HashSet};

/// The result for one file; serialised, it is the line `listen --json` prints.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Hearing {
    /// The file, as the user named it.
    pub file: String,
    /// Length of the audio in seconds.
    pub duration: f64,
    /// Rate the plugin ran at, in Hz.
    pub sample_rate: u32,
    /// `offline` or `live`.
    pub mode: &'static str,
    /// What computed the network.
    pub backend: String,
    /// Beats in order.
    pub beats: Vec<Beat>,
    /// Onsets in order.
    pub onsets: Vec<Onset>,
    /// The tempo wherever it changed.
    pub tempo: Vec<Tempo>,
    /// What the music is.
    pub tags: Tags,
    /// The tags as they were shown, second by second.
    pub tag_moments: Vec<TagMoment>,
    /// Automation, one entry per frame; too much for the JSON line, it goes to the `.csv`.
    #[serde(skip)]
    pub frames: Vec<Frame>,
}

/// One beat.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Beat {
    /// Seconds.
    pub time: f64,
    /// 1..n in the bar.
    pub beat: u32,
    /// Seconds at which the event left the plugin.
    pub emitted: f64,
    /// 0..1.
    pub confidence: f64,
}

/// One onset.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Onset {
    /// Seconds.
    pub time: f64,
    /// Seconds at which the event left the plugin.
    pub emitted: f64,
    /// 0..1.
    pub strength: f64,
}

/// The tempo from a time on.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Tempo {
    /// Seconds.
    pub time: f64,
    /// Beats per minute.
    pub bpm: f64,
}

/// What the music is: means over the seconds in which there was music. Empty without a tag model.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Tags {
    /// The genre named for most of the time; none when Tatum was unsure for most of it.
    pub top: Option<String>,
    /// Probability of each genre.
    pub genre: BTreeMap<String, f64>,
    /// How well each mood word fits.
    pub mood: BTreeMap<String, f64>,
    /// Unpleasant -1 to pleasant 1.
    pub valence: f64,
    /// Calm -1 to excited 1.
    pub arousal: f64,
    /// Probability that each instrument plays.
    pub instrument: BTreeMap<String, f64>,
}

/// The tags that were shown from a time on.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct TagMoment {
    /// Seconds: the end of what had been heard.
    pub time: f64,
    /// The genre named; none while unsure.
    pub top: Option<String>,
    /// Smoothed probability of each genre.
    pub genre: BTreeMap<String, f64>,
    /// Smoothed probability of each instrument.
    pub instrument: BTreeMap<String, f64>,
    /// The instruments shown.
    pub playing: Vec<String>,
    /// Unpleasant -1 to pleasant 1.
    pub valence: f64,
    /// Calm -1 to excited 1.
    pub arousal: f64,
    /// Whether there was music in the second before.
    pub sounding: bool,
}

/// The automation values of one frame.
#[derive(Debug, Clone, PartialEq)]
pub struct Frame {
    /// Seconds at which the values leave the plugin.
    pub time: f64,
    /// Seconds at which what was heard sounded.
    pub heard: f64,
    /// Beat activation, 0..1.
    pub beat: f64,
    /// Downbeat activation, 0..1.
    pub downbeat: f64,
    /// Onset activation, 0..1.
    pub onset: f64,
    /// Phase through the bar, 0..1.
    pub phase: f64,
    /// Confidence of the tracker, 0..1.
    pub confidence: f64,
}

impl Hearing {
    /// Sorts a take into events within the song.
    ///
    /// # Errors
    /// When the plugin is not well, lost audio, or reported an event it did not emit as a note.
    pub fn new(song: &Song, mode: Mode, take: &Take) -> Result<Self> {
        let status = check(take)?;
        let (rate, duration) = (f64::from(song.rate_hz), song.duration_s());
        let seconds = |at: i64| round(at as f64 / rate);
        let within = |time: f64| (0.0..duration).contains(&time);
        let mut hearing = Self {
            file: song.path.display().to_string(),
            duration: round(duration),
            sample_rate: song.rate_hz,
            mode: if mode.live { "live" } else { "offline" },
            backend: status.backend.clone(),
            beats: Vec::new(),
            onsets: Vec::new(),
            tempo: Vec::new(),
            tags: Tags::default(),
            tag_moments: Vec::new(),
            frames: Vec::new(),
        };
        for line in &take.lines {
            match line {
                Line::Beat(b) => hearing.beats.push(Beat {
                    time: seconds(b.at),
                    beat: b.in_bar,
                    emitted: seconds(b.emitted),
                    confidence: round(b.confidence),
                }),
                Line::Onset(o) => hearing.onsets.push(Onset {
                    time: seconds(o.at),
                    emitted: seconds(o.emitted),
                    strength: round(o.strength),
                }),
                Line::Tempo(t) => {
                    hearing.tempo.push(Tempo { time: seconds(t.at), bpm: round(t.bpm) });
                }
                Line::Frame(f) => hearing.frames.push(Frame {
                    time: seconds(f.at),
                    heard: seconds(f.heard),
                    beat: f.beat,
                    downbeat: f.downbeat,
                    onset: f.onset,
                    phase: f.phase,
                    confidence: f.confidence,
                }),
                Line::Tags(_) | Line::Status(_) | Line::Frames(_) | Line::Latency(_) => {}
            }
        }
        let lines = take.lines.iter().filter_map(|line| match line {
            Line::Tags(tags) => Some((seconds(tags.heard), tags)),
            _ => None,
        });
        let lines: Vec<_> = lines.filter(|(time, _)| *time <= duration).collect();
        hearing.tags = Tags::over(&lines);
        hearing.tag_moments =
            lines.iter().map(|(time, line)| TagMoment::new(*time, line)).collect();
        hearing.beats.retain(|b| within(b.time));
        hearing.onsets.retain(|o| within(o.time));
        hearing.tempo.retain(|t| within(t.time));
        hearing.frames.retain(|f| within(f.time));
        hearing.beats.sort_by(|a, b| a.time.total_cmp(&b.time));
        hearing.onsets.sort_by(|a, b| a.time.total_cmp(&b.time));
        Ok(hearing)
    }

    /// The tempo of the piece as one number: half the time it was faster, half the time slower.
    /// None while no tempo was found.
    #[must_use]
    pub fn median_bpm(&self) -> Option<f64> {
        let ends = self.tempo.iter().skip(1).map(|t| t.time).chain([self.duration]);
        let mut spans: Vec<(f64, f64)> = self
            .tempo
            .iter()
            .zip(ends)
            .map(|(tempo, end)| (tempo.bpm, end - tempo.time))
            .filter(|&(bpm, _)| bpm > 0.0)
            .collect();
        spans.sort_by(|a, b| a.0.total_cmp(&b.0));
        let half = spans.iter().map(|&(_, length)| length).sum::<f64>() / 2.0;
        let mut passed = 0.0;
        spans.iter().find_map(|&(bpm, length)| {
            passed += length;
            (passed >= half).then_some(bpm)
        })
    }
}

/// The last status, if all is well.
fn check(take: &Take) -> Result<&StatusLine> {
    let status = take
        .lines
        .iter()
        .rev()
        .find_map(|line| if let Line::Status(status) = line { Some(status) } else { None })
        .context("the plugin said nothing about its health; run `cargo xtask bundle`")?;
    if status.health != "ok" {
        bail!("{}", status.health);
    }
    if status.tags != "ok" {
        bail!("{}", status.tags);
    }
    if status.gaps > 0 {
        bail!("the plugin lost audio {} times, so its times are void; listen again", status.gaps);
    }
    let notes: HashSet<i64> = take.notes.iter().copied().collect();
    let unheard = take.lines.iter().find_map(|line| match line {
        Line::Beat(b) if !notes.contains(&b.emitted) => Some(("beat", b.emitted)),
        Line::Onset(o) if !notes.contains(&o.emitted) => Some(("onset", o.emitted)),
        _ => None,
    });
    if let Some((kind, at)) = unheard {
        bail!("the plugin reports the {kind} of sample {at} but emitted no note there");
    }
    Ok(status)
}

/// Microseconds are enough for every sample rate, and short to read.
fn round(value: f64) -> f64 {
    (value * 1e6).round() / 1e6
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::{BeatLine, FrameLine, OnsetLine, TempoLine};
    use std::path::PathBuf;

    fn song() -> Song {
        let path = PathBuf::from("x.wav");
        Song { path, rate_hz: 1_000, channels: vec![vec![0.0; 10_000]] }
    }

    fn take() -> Take {
        let beat = |at, in_bar| {
            let (emitted, confidence) = (at, 0.5);
            Line::Beat(BeatLine { at, emitted, in_bar, beats_per_bar: 4, bpm: 120.0, confidence })
        };
        Take {
            lines: vec![
                Line::Tempo(TempoLine { at: 500, bpm: 100.0 }),
                Line::Frame(FrameLine {
                    at: 500,
                    heard: 450,
                    beat: 0.1,
                    downbeat: 0.2,
                    onset: 0.3,
                    phase: 0.4,
                    confidence: 0.5,
                }),
                beat(1_000, 1),
                Line::Onset(OnsetLine { at: 960, emitted: 1_010, strength: 0.7 }),
                Line::Tempo(TempoLine { at: 2_000, bpm: 120.0 }),
                beat(9_999, 2),
                beat(10_000, 3),
                Line::Status(StatusLine {
                    backend: "tract".to_owned(),
                    health: "ok".to_owned(),
                    gaps: 0,
                    late: 0,
                    tags: "ok".to_owned(),
                }),
            ],
            notes: vec![1_000, 1_010, 9_999, 10_000],
        }
    }

    fn refused(change: impl Fn(&mut StatusLine)) -> String {
        let mut take = take();
        let Some(Line::Status(status)) = take.lines.last_mut() else { panic!("no status") };
        change(status);
        let mode = Mode { live: false, block: 512 };
        Hearing::new(&song(), mode, &take).expect_err("refused").to_string()
    }

    #[test]
    fn positions_become_seconds_within_the_song() {
        let hearing = Hearing::new(&song(), Mode { live: true, block: 512 }, &take());
        let hearing = hearing.expect("a hearing");
        let beats: Vec<(f64, u32)> = hearing.beats.iter().map(|b| (b.time, b.beat)).collect();
        assert_eq!(beats, [(1.0, 1), (9.999, 2)]);
        let onset = &hearing.onsets[0];
        assert_eq!((onset.time, onset.emitted, onset.strength), (0.96, 1.01, 0.7));
        assert_eq!((hearing.mode, hearing.duration), ("live", 10.0));
        assert_eq!(hearing.median_bpm(), Some(120.0));
    }

    #[test]
    fn an_unwell_plugin_is_an_error() {
        assert_eq!(refused(|status| status.health = "no model".to_owned()), "no model");
        let tags = refused(|status| status.tags = "no tag model".to_owned());
        assert_eq!(tags, "no tag model");
        assert!(refused(|status| status.gaps = 2).contains("lost audio 2 times"));
        let mode = Mode { live: false, block: 512 };
        let mut silent = take();
        silent.notes.retain(|&at| at != 1_010);
        let error = Hearing::new(&song(), mode, &silent).expect_err("refused").to_string();
        assert!(error.contains("onset of sample 1010"), "{error}");
        silent.lines.clear();
        assert!(Hearing::new(&song(), mode, &silent).is_err());
    }
}
