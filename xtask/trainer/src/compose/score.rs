//! A score: who plays what and when, and where the beats are.
//!
//! Composers and importers write scores, the renderer plays them. Plain data.

use serde::{Deserialize, Serialize};

use crate::clip::BeatLabel;

/// One note. `at` and `length` are in beats while composing and in seconds in a [`Score`].
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Note {
    /// Where it begins to sound.
    pub at: f64,
    /// How long it is held.
    pub length: f64,
    /// MIDI key; on drums the General MIDI instrument.
    pub key: u8,
    /// MIDI velocity, 1 to 127.
    pub velocity: u8,
}

/// Wave forms of the built-in synthesizer.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub enum Wave {
    /// Pulse with this duty cycle.
    Pulse(f32),
    /// Sawtooth; two of them detuned by this many cents.
    Saw(f32),
    /// Triangle.
    Triangle,
    /// Sine with a decaying modulator: bells and electric pianos.
    Fm,
    /// Sine: sub bass.
    Sine,
    /// A sung vowel.
    Sung,
}

/// What makes the sound of a part.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Voice {
    /// General MIDI program 0 to 127 of the SoundFont.
    Program(u8),
    /// Drum kit of the SoundFont, by its program number.
    Kit(u8),
    /// Sampled drum machine; the number picks one of those at hand.
    Machine(u64),
    /// Built-in oscillators.
    Wave(Wave),
    /// Built-in drums of noise and sines.
    Beeps,
}

impl Voice {
    /// Whether its keys are drum instruments.
    #[must_use]
    pub fn is_drums(self) -> bool {
        matches!(self, Self::Kit(_) | Self::Machine(_) | Self::Beeps)
    }
}

/// One player.
#[derive(Debug, Clone, PartialEq)]
pub struct Part {
    /// Its sound.
    pub voice: Voice,
    /// Its notes.
    pub notes: Vec<Note>,
    /// Level against the other parts.
    pub gain_db: f32,
    /// Place from -1 (left) to 1 (right).
    pub pan: f32,
    /// Distortion, 0 (clean) to 1.
    pub drive: f32,
}

/// A piece, in seconds.
#[derive(Debug, Clone, PartialEq)]
pub struct Score {
    /// The players.
    pub parts: Vec<Part>,
    /// The truth about the beat.
    pub beats: Vec<BeatLabel>,
    /// Length, seconds.
    pub seconds: f64,
}

impl Score {
    /// The stretch from `from` to `from + seconds` as a score of its own. Notes already sounding
    /// at the cut are dropped: their attack, which the ear needs, is gone.
    #[must_use]
    pub fn cut(&self, from: f64, seconds: f64) -> Self {
        let inside = |time: f64| time >= from && time < from + seconds;
        let part = |part: &Part| {
            let notes = part.notes.iter().filter(|note| inside(note.at));
            Part { notes: notes.map(|n| Note { at: n.at - from, ..*n }).collect(), ..part.clone() }
        };
        let beats = self.beats.iter().filter(|beat| inside(beat.time_s));
        Self {
            parts: self.parts.iter().map(part).collect(),
            beats: beats.map(|b| BeatLabel { time_s: b.time_s - from, ..*b }).collect(),
            seconds,
        }
    }

    /// Gain of a note in decibels below the loudest part's full velocity, as SoundFonts define it.
    fn level_db(part: &Part, note: &Note) -> f64 {
        f64::from(part.gain_db) + 40.0 * (f64::from(note.velocity.max(1)) / 127.0).log10()
    }

    /// Audible onsets: note starts within 26 dB of the loud notes of the piece, those closer than
    /// 30 ms merged into the first of them. `is_sharp` says whether a part's voice has an attack
    /// that can be heard as one.
    #[must_use]
    pub fn onsets(&self, is_sharp: impl Fn(&Part) -> bool) -> Vec<f64> {
        let mut levels = Vec::new();
        let mut starts = Vec::new();
        for part in &self.parts {
            let sharp = is_sharp(part);
            for note in part.notes.iter().filter(|n| (0.0..self.seconds).contains(&n.at)) {
                let level = Self::level_db(part, note);
                levels.push(level);
                if sharp {
                    starts.push((note.at, level));
                }
            }
        }
        levels.sort_by(f64::total_cmp);
        let Some(&loud) = levels.get(levels.len() * 9 / 10) else { return Vec::new() };
        starts.retain(|&(_, level)| level > loud - 26.0);
        merge_onsets(starts.into_iter().map(|(at, _)| at).collect())
    }
}

/// Sorts `times` and keeps the first of every run closer than 30 ms to the one kept before.
#[must_use]
pub fn merge_onsets(mut times: Vec<f64>) -> Vec<f64> {
    times.sort_by(f64::total_cmp);
    let mut kept: Vec<f64> = Vec::with_capacity(times.len());
    for time in times {
        if kept.last().is_none_or(|last| time - last >= 0.03) {
            kept.push(time);
        }
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    fn score() -> Score {
        let note = |at, velocity| Note { at, length: 0.5, key: 60, velocity };
        let notes = vec![note(0.5, 100), note(0.52, 100), note(1.0, 100), note(1.5, 10)];
        Score {
            parts: vec![Part {
                voice: Voice::Program(0),
                notes,
                gain_db: 0.0,
                pan: 0.0,
                drive: 0.0,
            }],
            beats: (0..4)
                .map(|i| BeatLabel { time_s: f64::from(i) * 0.5, in_bar: i as u8 + 1 })
                .collect(),
            seconds: 2.0,
        }
    }

    #[test]
    fn onsets_merge_neighbours_and_drop_the_inaudible() {
        assert_eq!(score().onsets(|_| true), vec![0.5, 1.0]);
        assert!(score().onsets(|_| false).is_empty());
    }

    #[test]
    fn a_cut_moves_notes_and_beats_together() {
        let cut = score().cut(0.9, 0.7);
        assert_eq!(cut.beats.len(), 2);
        assert!((cut.beats[0].time_s - 0.1).abs() < 1e-12 && cut.beats[0].in_bar == 3);
        assert!((cut.parts[0].notes[0].at - 0.1).abs() < 1e-12);
        assert!((cut.seconds - 0.7).abs() < 1e-12);
    }
}
