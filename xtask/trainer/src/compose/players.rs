//! The players: their notes by role, their instruments, and their hands.

use super::grid::{self, Grid, Steadiness};
use super::score::{Note, Part, Score, Voice, Wave};
use super::style::{Drums, Style};
use crate::dice::Dice;

/// Notes by player, in beats.
#[derive(Default)]
pub(super) struct Players {
    pub(super) drums: Vec<Note>,
    pub(super) bass: Vec<Note>,
    pub(super) chords: Vec<Note>,
    pub(super) lead: Vec<Note>,
    pub(super) arp: Vec<Note>,
    pub(super) pad: Vec<Note>,
    pub(super) driven: bool,
}

impl Players {
    /// Gives every player an instrument, a level and a place.
    pub(super) fn dress(self, dice: &mut Dice, style: &Style, human: bool) -> Vec<Part> {
        let mut parts = Vec::new();
        let drums = match style.drums {
            Drums::Chip if !human => Voice::Beeps,
            Drums::Machine if !human && dice.chance(0.7) => Voice::Machine(dice.seed()),
            Drums::Machine => Voice::Kit(*dice.pick(&[24, 25, 0, 16])),
            _ => Voice::Kit(*dice.pick(&[0, 0, 8, 16, 40, 32])),
        };
        let driven = if self.driven { dice.between(0.5, 1.0) as f32 } else { 0.0 };
        let program = |dice: &mut Dice, programs: &[u8], waves: &[Wave]| {
            if dice.chance(style.chip) {
                Voice::Wave(*dice.pick(waves))
            } else {
                Voice::Program(*dice.pick(programs))
            }
        };
        use Wave::{Fm, Pulse, Saw, Sine, Triangle};
        let palette = &style.palette;
        let bass =
            program(dice, palette.bass, &[Triangle, Sine, Saw(8.0), Pulse(0.5), Pulse(0.25)]);
        let chords = if self.driven {
            Voice::Program(*dice.pick(&[29, 30, 30]))
        } else {
            program(dice, palette.chords, &[Pulse(0.5), Saw(12.0), Fm, Triangle, Pulse(0.25)])
        };
        let sung = style.steadiness != Steadiness::Machine && dice.chance(0.2);
        let lead = program(
            dice,
            palette.lead,
            &[Pulse(0.5), Pulse(0.25), Pulse(0.125), Saw(15.0), Triangle],
        );
        let lead = if sung { Voice::Wave(Wave::Sung) } else { lead };
        let arp = program(dice, palette.chords, &[Pulse(0.25), Pulse(0.5), Saw(10.0), Fm]);
        let pad = Voice::Program(*dice.pick(palette.pad));
        let mut add = |voice, notes: Vec<Note>, gain_db: f64, drive| {
            if !notes.is_empty() {
                let pan = dice.normal(0.35).clamp(-1.0, 1.0) as f32;
                let gain_db = (gain_db + dice.normal(2.5)) as f32;
                parts.push(Part { voice, notes, gain_db, pan, drive });
            }
        };
        add(drums, self.drums, 0.0, 0.0);
        add(bass, self.bass, -1.0, 0.0);
        add(chords, self.chords, -4.0, driven);
        add(lead, self.lead, -2.0, 0.0);
        add(arp, self.arp, -6.0, 0.0);
        add(pad, self.pad, -8.0, 0.0);
        parts
    }
}

/// Beats to seconds, with swing and human timing. Human drums keep their own feel.
pub(super) fn on_grid(
    dice: &mut Dice,
    style: &Style,
    parts: Vec<Part>,
    grid: &Grid,
    human: bool,
) -> Score {
    let (low, high, unit) = style.swing;
    let ratio = dice.between(low, high);
    let (loose_s, touch) = match style.steadiness {
        Steadiness::Machine => (0.0, 1.5),
        Steadiness::Band => (dice.between(0.002, 0.009), 7.0),
        Steadiness::Rubato => (dice.between(0.003, 0.011), 8.0),
    };
    let mut parts = parts;
    for part in &mut parts {
        let bent = !(human && part.voice.is_drums());
        for note in &mut part.notes {
            let swung = |beat: f64| {
                if bent && style.steps == 4 { grid::swing(beat, ratio, unit) } else { beat }
            };
            let (from, to) = (swung(note.at), swung(note.at + note.length));
            let late = if bent { dice.normal(loose_s) } else { 0.0 };
            note.at = (grid.seconds(from) + late).max(0.0);
            note.length = (grid.seconds(to) - grid.seconds(from)).max(0.03);
            note.velocity = (f64::from(note.velocity) + dice.normal(touch)).clamp(1.0, 127.0) as u8;
        }
        part.notes.sort_by(|a, b| a.at.total_cmp(&b.at).then(a.key.cmp(&b.key)));
    }
    let beats = grid.beats().to_vec();
    let seconds = beats.last().map_or(0.0, |beat| beat.time_s);
    Score { parts, beats, seconds }
}
