//! Written music (OpenScore and the like), played as it stands by people who feel its phrases.

use std::path::Path;

use anyhow::{Result, bail};

use super::files;
use super::leadsheets::natural_tempo;
use super::musicxml::meter::{self, Bar};
use super::musicxml::{self, Staff, Work};
use super::sources::CLIP_S;
use crate::clip::BeatLabel;
use crate::compose::expression::phrasing;
use crate::compose::grid::{Grid, Steadiness, tempo_course};
use crate::compose::score::{Note, Part, Score, Voice, Wave};
use crate::dice::Dice;
use crate::render::Split;

/// Fewest beats of a stretch worth playing.
const SHORTEST: usize = 24;
/// The most that a tempo mark changes the tempo, log ratio: some editions mark other pieces.
const FARTHEST: f64 = 0.5;

/// A score to be played.
#[derive(Debug, Clone)]
pub(super) struct Written {
    held_out: bool,
    work: Work,
    stretches: Vec<Vec<Bar>>,
}

/// Reads the score at `path`; its composer is the folder `up` levels above.
///
/// # Errors
/// When it is not MusicXML or has no stretch with a clear beat.
pub(super) fn read(path: &Path, up: usize) -> Result<Written> {
    let mut work = musicxml::read(path)?;
    let mut stretches = meter::stretches(&work.measures);
    stretches.retain(|bars| beats_of(bars) >= SHORTEST);
    if stretches.is_empty() {
        bail!("has no {SHORTEST} beats of clear meter");
    }
    work.staves.retain(|staff| !staff.notes.is_empty());
    Ok(Written { held_out: files::held_out(&files::folder_above(path, up)), work, stretches })
}

fn beats_of(bars: &[Bar]) -> usize {
    bars.iter().map(|bar| usize::from(bar.pulse.per_bar)).sum()
}

impl Written {
    /// Which side of the split it is on.
    pub(super) fn split(&self) -> Split {
        if self.held_out { Split::Validation } else { Split::Train }
    }

    /// Beats long enough to be worth playing.
    pub(super) fn beats(&self) -> usize {
        self.stretches.iter().map(|bars| beats_of(bars)).sum()
    }

    /// Plays a stretch of about [`CLIP_S`] from a random bar.
    pub(super) fn perform(&self, dice: &mut Dice) -> Score {
        let weights: Vec<f64> = self.stretches.iter().map(|bars| beats_of(bars) as f64).collect();
        let whole = &self.stretches[dice.weighted(&weights)];
        let mut first = if dice.chance(0.25) { 0 } else { dice.whole(0, whole.len()) };
        while first > 0 && beats_of(&whole[first..]) < SHORTEST {
            first -= 1;
        }
        let bars = &whole[first..];
        let paces = self.paces(dice, bars);
        let (grid, bars) = lay(dice, bars, &paces, &self.work.holds);
        let end = bars.last().map_or(0.0, |bar| bar.end());
        let voices = cast(dice, &self.work.staves);
        let pedal = dice.chance(0.35);
        let loose_s = dice.between(0.003, 0.011);
        let mut parts = Vec::new();
        for (staff, voice) in self.work.staves.iter().zip(voices) {
            let Some(voice) = voice else { continue };
            let inside =
                staff.notes.iter().filter(|n| n.at >= bars[0].at - 1e-6 && n.at < end - 1e-6);
            let play = |note: &Note| {
                let beat = meter::beat_at(bars, note.at);
                let mut until = meter::beat_at(bars, note.at + note.length);
                if pedal && staff.lines > 1 {
                    until = until.max(beat.floor() + 1.0);
                }
                let at = grid.seconds(beat);
                let stress = if (beat - beat.round()).abs() < 1e-6 { 4.0 } else { 0.0 };
                Note {
                    at: (at + dice.normal(loose_s)).max(0.0),
                    length: (grid.seconds(until) - at - 0.01).max(0.05),
                    key: note.key,
                    velocity: (f64::from(note.velocity) + stress + dice.normal(6.0))
                        .clamp(20.0, 127.0) as u8,
                }
            };
            let notes: Vec<Note> = inside.map(play).collect();
            let gain_db = dice.normal(2.5) as f32 - if staff.lines > 1 { 3.0 } else { 0.0 };
            let pan = dice.normal(0.35).clamp(-1.0, 1.0) as f32;
            parts.push(Part { voice, notes, gain_db, pan, drive: 0.0 });
        }
        let seconds = grid.beats().last().map_or(0.0, |beat| beat.time_s);
        let starts = parts.iter().flat_map(|part| part.notes.first()).map(|note| note.at);
        let first = starts.fold(seconds, f64::min);
        // Nobody can know the beats of a pickup bar before its first note.
        let beats = grid.beats().iter().filter(|beat| beat.time_s > first - 0.05).copied();
        Score { beats: beats.collect(), seconds, parts }
    }

    /// Beats per minute of each bar: the printed tempo of this edition, or a natural one.
    fn paces(&self, dice: &mut Dice, bars: &[Bar]) -> Vec<f64> {
        let marked = |bar: &Bar| {
            let now = self.work.tempi.partition_point(|mark| mark.0 <= bar.at + 0.01);
            let mark = self.work.tempi.get(now.max(1) - 1)?;
            Some(mark.1 / bar.pulse.quarters)
        };
        let (median, spread) = natural_tempo(bars[0].pulse);
        let natural = (0.85 * median * dice.normal(spread).exp()).clamp(48.0, 180.0);
        let first = marked(&bars[0]).filter(|bpm| (46.0..190.0).contains(bpm)).unwrap_or(natural);
        let tempo = first * dice.normal(0.08).exp();
        let base = marked(&bars[0]).unwrap_or(first);
        bars.iter()
            .map(|bar| {
                let change = marked(bar).map_or(0.0, |now| (now / base).ln());
                // The same notes per minute through a change of meter.
                tempo * change.clamp(-FARTHEST, FARTHEST).exp()
            })
            .collect()
    }
}

/// The beats in time of as many `bars` as fill the clip, and those bars.
fn lay<'a>(dice: &mut Dice, bars: &'a [Bar], paces: &[f64], holds: &[f64]) -> (Grid, &'a [Bar]) {
    let beats = beats_of(bars);
    let per_bar = usize::from(bars[0].pulse.per_bar);
    let strength = if dice.chance(0.2) { 0.3 } else { dice.between(0.4, 1.3) };
    let drift = tempo_course(dice, 1.0, beats + 1, Steadiness::Rubato);
    let breath = phrasing(dice, beats + 1, per_bar, strength);
    let mut time_s = dice.between(0.05, 0.6);
    let mut labels = Vec::new();
    let mut used = 0;
    for (bar, pace) in bars.iter().zip(paces) {
        if time_s > CLIP_S + 1.0 {
            break;
        }
        for index in 0..bar.pulse.per_bar {
            labels.push(BeatLabel { time_s, in_bar: index + 1 });
            let from = bar.at + f64::from(index) * bar.pulse.quarters;
            let held =
                holds.iter().any(|at| (from - 0.01..from + bar.pulse.quarters - 0.01).contains(at));
            let hold = if held { dice.between(0.5, 0.85) } else { 1.0 };
            let beat = labels.len() - 1;
            time_s += 60.0 / (pace * drift[beat] * breath[beat] * hold).clamp(24.0, 230.0);
        }
        used += 1;
    }
    labels.push(BeatLabel { time_s, in_bar: 1 });
    let grid = Grid::new(labels).unwrap_or_else(|| Grid::at_tempo(2, 1, 0.0, |_| 60.0));
    (grid, &bars[..used])
}

/// Melodic instruments that stand in for a singer.
const SINGERS: [u8; 14] = [73, 68, 71, 40, 41, 42, 65, 66, 56, 60, 52, 53, 22, 75];
/// Keyboards and what else plays piano music.
const KEYBOARDS: [u8; 14] = [0, 0, 0, 0, 0, 1, 2, 3, 6, 4, 11, 46, 24, 19];
/// Families of four, high to low.
const FAMILIES: [[u8; 4]; 14] = [
    [40, 40, 41, 42],
    [40, 40, 41, 42],
    [40, 40, 41, 42],
    [48, 48, 48, 43],
    [49, 48, 48, 42],
    [45, 45, 45, 45],
    [73, 68, 71, 70],
    [56, 56, 60, 57],
    [64, 65, 66, 67],
    [0, 0, 0, 0],
    [24, 24, 25, 32],
    [19, 19, 19, 19],
    [11, 12, 12, 12],
    [52, 53, 52, 53],
];

/// An instrument for every staff; `None` rests.
fn cast(dice: &mut Dice, staves: &[Staff]) -> Vec<Option<Voice>> {
    let keyboard = |staff: &Staff| {
        let name = staff.name.to_lowercase();
        staff.lines > 1 || ["piano", "klavier", "pianoforte"].iter().any(|k| name.contains(k))
    };
    let family = *dice.pick(&FAMILIES);
    let chip = dice.chance(0.06);
    let accompanied = staves.iter().any(keyboard);
    let alone = accompanied && staves.len() > 1 && dice.chance(0.15);
    let keys = *dice.pick(&KEYBOARDS);
    let singer = if dice.chance(0.5) {
        Voice::Wave(Wave::Sung)
    } else {
        Voice::Program(*dice.pick(&SINGERS))
    };
    let voice = |(index, staff): (usize, &Staff)| {
        if keyboard(staff) {
            return Some(Voice::Program(keys));
        }
        match () {
            () if alone => None,
            () if accompanied => Some(singer),
            () if chip => {
                Some(Voice::Wave(if index == 0 { Wave::Pulse(0.25) } else { Wave::Triangle }))
            }
            () => Some(Voice::Program(family[index.min(3)])),
        }
    };
    staves.iter().enumerate().map(voice).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::corpus::musicxml::parse;
    use crate::corpus::musicxml::tests::sheet;

    #[test]
    fn beats_lie_on_the_notes_through_every_change_of_tempo() {
        let mut bars = vec![vec![("G4", 1.0, "")]];
        bars.extend(vec![vec![("C5", 1.0, ""), ("D5", 1.0, ""), ("E5", 1.0, "")]; 40]);
        let work = parse(&sheet((3, 4), &bars)).expect("read");
        let stretches = meter::stretches(&work.measures);
        let written = Written { held_out: false, work, stretches };
        for seed in 0..10 {
            let score = written.perform(&mut Dice::named(seed, "perform"));
            assert_eq!(score, written.perform(&mut Dice::named(seed, "perform")));
            let notes = &score.parts[0].notes;
            for beat in score.beats.iter().filter(|beat| beat.time_s < score.seconds - 0.1) {
                let near = notes.iter().find(|note| (note.at - beat.time_s).abs() < 0.04);
                let note = near.unwrap_or_else(|| panic!("seed {seed}: no note at {beat:?}"));
                let pickup = note.key == 67 && beat.in_bar == 3;
                assert!(pickup || note.key == [72, 74, 76][usize::from(beat.in_bar - 1)]);
            }
        }
    }
}
