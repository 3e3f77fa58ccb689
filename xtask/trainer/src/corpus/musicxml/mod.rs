//! MusicXML (W3C MusicXML 4.0, partwise) in: the notes, bars, chords and tempo marks of a score.
//!
//! Repeats are played straight, grace notes are left out. Times are quarter notes from the start.

mod chord;
mod file;
pub(super) mod meter;
mod read;

pub(super) use file::read;
#[cfg(test)]
pub(super) use read::{parse, tests};

use crate::compose::harmony::Chord;
use crate::compose::score::Note;

/// A score as it is written.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Work {
    /// Its players.
    pub(super) staves: Vec<Staff>,
    /// Its measures, which follow one another without gaps.
    pub(super) measures: Vec<Measure>,
    /// Chord symbols; `None` says that there is no chord.
    pub(super) chords: Vec<(f64, Option<Chord>)>,
    /// Tempo marks: where, and quarters per minute.
    pub(super) tempi: Vec<(f64, f64)>,
    /// Where the music is held by a fermata.
    pub(super) holds: Vec<f64>,
}

/// One player.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Staff {
    /// As printed: `Violin 1`, `Klavier`.
    pub(super) name: String,
    /// How many staves it is printed on; a keyboard has two.
    pub(super) lines: usize,
    /// Sounding notes, ties joined, in ascending time.
    pub(super) notes: Vec<Note>,
}

/// A time signature.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Meter {
    /// Upper number.
    pub(super) count: u8,
    /// Lower number.
    pub(super) unit: u8,
}

impl Meter {
    /// Quarters in a bar.
    pub(super) fn quarters(self) -> f64 {
        4.0 * f64::from(self.count) / f64::from(self.unit)
    }
}

/// What stands between two bar lines, which is less than a bar at pickups and repeats.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Measure {
    /// Where it begins.
    pub(super) at: f64,
    /// How long it is.
    pub(super) length: f64,
    /// The time signature in force; `None` where it is free or odd.
    pub(super) meter: Option<Meter>,
}
