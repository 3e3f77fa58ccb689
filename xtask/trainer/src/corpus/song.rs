//! Songs: melody and chords from a dataset, to be arranged for a band of this project.

use anyhow::{Context, Result};

use super::sources::CLIP_S;
use crate::compose::drums::Performance;
use crate::compose::harmony::Chord;
use crate::compose::score::{Note, Part, Score, Voice, Wave};
use crate::compose::style::{Drums, Style};
use crate::compose::{self, Sheet};
use crate::dice::Dice;
use crate::render::Split;

/// A song in beats of its own grid.
#[derive(Debug, Clone)]
pub(super) struct Song {
    /// Whether it is kept for validation.
    pub(super) held_out: bool,
    /// Its usual tempo.
    pub(super) bpm: f64,
    /// Deviation of the logarithm of the tempo it may be played at.
    pub(super) spread: f64,
    /// Beats per bar.
    pub(super) per_bar: u8,
    /// Whether a beat divides in three.
    pub(super) compound: bool,
    /// The melody first, then what accompanies it.
    pub(super) tracks: Vec<Vec<Note>>,
    /// One chord per beat.
    pub(super) chart: Vec<Chord>,
    /// Regular stretches: the beat of their first downbeat, and their bars.
    pub(super) stretches: Vec<(usize, usize)>,
}

impl Song {
    /// Which side of the split it is on.
    pub(super) fn split(&self) -> Split {
        if self.held_out { Split::Validation } else { Split::Train }
    }

    /// Whether `style` is of its meter.
    pub(super) fn suits(&self, style: &Style) -> bool {
        style.per_bar == self.per_bar && (style.steps == 3) == self.compound
    }

    /// Some style of its meter.
    ///
    /// # Errors
    /// When there is none: in another meter its bars would be lost.
    pub(super) fn any_style(&self) -> Result<&'static Style> {
        let kind = if self.compound { "compound" } else { "plain" };
        let found = Style::all().iter().find(|style| self.suits(style));
        found.with_context(|| format!("no style plays bars of {} {kind} beats", self.per_bar))
    }
}

/// Instruments that may sing a song's melody.
const SINGERS: [u8; 22] =
    [0, 4, 11, 22, 24, 26, 29, 40, 41, 52, 53, 54, 56, 60, 65, 66, 68, 71, 73, 80, 81, 85];
/// Instruments that may play its accompaniment.
const ACCOMPANISTS: [u8; 18] = [0, 0, 0, 1, 2, 3, 4, 5, 6, 11, 16, 24, 25, 26, 27, 46, 48, 62];

/// A stretch of `song`, in another arrangement.
///
/// # Errors
/// When no style is of its meter.
pub(super) fn arrange(
    dice: &mut Dice,
    song: &Song,
    performances: &[&Performance],
) -> Result<Score> {
    let bpm = song.bpm * dice.normal(song.spread).exp();
    let stretch = Stretch::draw(dice, song, bpm);
    let mut parts = Vec::new();
    for (index, track) in song.tracks.iter().enumerate() {
        let programs: &[u8] = if index == 0 { &SINGERS } else { &ACCOMPANISTS };
        let sung = index == 0 && dice.chance(0.3);
        let voice =
            if sung { Voice::Wave(Wave::Sung) } else { Voice::Program(*dice.pick(programs)) };
        let gain_db = dice.normal(3.0) as f32 - if index == 0 { 1.0 } else { 4.0 };
        let pan = dice.normal(0.3).clamp(-1.0, 1.0) as f32;
        let muted = dice.chance([0.12, 0.3, 0.2][index.min(2)]);
        let notes = stretch.notes(track);
        let silent = notes.is_empty() || (muted && index > 0);
        if !silent {
            parts.push(Part { voice, notes, gain_db, pan, drive: 0.0 });
        }
    }
    let style = style_for(dice, song, bpm)?;
    // A lone melody needs its chords.
    let chords = song.tracks.len() == 1;
    let sheet = Sheet { bpm, bars: stretch.bars, chart: stretch.chart(song), parts, chords };
    Ok(compose::arrange(dice, style, sheet, performances))
}

/// A stretch of `song` as a band of `style` plays it: its melody and chords, and nothing else of it.
/// The style must be of its meter.
pub(super) fn arrange_in(
    dice: &mut Dice,
    song: &Song,
    style: &Style,
    performances: &[&Performance],
) -> Score {
    let bpm = style.tempo.draw(dice);
    let stretch = Stretch::draw(dice, song, bpm);
    let singer = match dice.chance(0.25) {
        true => Voice::Wave(Wave::Sung),
        false => Voice::Program(*dice.pick(style.palette.lead)),
    };
    let notes = song.tracks.first().map_or(Vec::new(), |melody| stretch.notes(melody));
    let gain_db = dice.normal(3.0) as f32 - 1.0;
    let melody = Part { voice: singer, notes, gain_db, pan: 0.0, drive: 0.0 };
    let sheet = Sheet {
        bpm,
        bars: stretch.bars,
        chart: stretch.chart(song),
        parts: vec![melody],
        chords: true,
    };
    compose::arrange_in_style(dice, style, sheet, performances)
}

/// Which bars of a song are played.
struct Stretch {
    bars: usize,
    /// First and last beat.
    from: f64,
    until: f64,
}

impl Stretch {
    /// As many bars as a clip has at `bpm`, from a random one.
    fn draw(dice: &mut Dice, song: &Song, bpm: f64) -> Self {
        let per_bar = usize::from(song.per_bar);
        let &(first, whole) = dice.pick(&song.stretches);
        let wanted = (CLIP_S * bpm / 60.0 / per_bar as f64).ceil() as usize + 1;
        let bars = wanted.min(whole);
        let from = (first + dice.whole(0, whole - bars + 1) * per_bar) as f64;
        Self { bars, from, until: from + (bars * per_bar) as f64 }
    }

    /// The notes of `track` in it, from beat 0.
    fn notes(&self, track: &[Note]) -> Vec<Note> {
        let inside = track.iter().filter(|n| n.at >= self.from - 0.01 && n.at < self.until);
        inside.map(|note| Note { at: (note.at - self.from).max(0.0), ..*note }).collect()
    }

    /// Its chords, one a beat and one more.
    fn chart(&self, song: &Song) -> Vec<Chord> {
        let beats = self.from as usize..(self.until as usize).min(song.chart.len());
        let mut chart = song.chart[beats].to_vec();
        chart.extend(chart.last().cloned());
        chart
    }
}

/// A style of the same meter whose tempo suits.
fn style_for(dice: &mut Dice, song: &Song, bpm: f64) -> Result<&'static Style> {
    for _ in 0..400 {
        let style = Style::draw(dice);
        let (low, high) = style.tempo.range;
        // Drumless styles are welcome, but a song should mostly have a band.
        let often = style.drums != Drums::Silent || dice.chance(0.4);
        if song.suits(style) && (low..=high).contains(&bpm) && often {
            return Ok(style);
        }
    }
    song.any_style()
}
