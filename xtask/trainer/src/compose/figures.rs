//! Figures: what bass, chords, arpeggio and melody play in one bar over a chord.
//!
//! Every function gives notes in beats from the start of the bar.

use super::drums::velocity_of;
use super::harmony::{Chord, Key, at_least};
use super::score::Note;
use crate::dice::Dice;

/// Events of a figure's bar: step, how many steps it is held, its character.
fn events(figure: &str, bar: usize, steps: usize) -> Vec<(usize, usize, char)> {
    let figure: Vec<char> = figure.chars().collect();
    let step_at = |step: usize| figure[(bar * steps + step) % figure.len()];
    let mut events = Vec::new();
    for step in (0..steps).filter(|&step| !matches!(step_at(step), '-' | '.')) {
        let held = (step + 1..steps).take_while(|&next| step_at(next) == '-').count();
        events.push((step, held + 1, step_at(step)));
    }
    events
}

/// Where a figure stands: which bar it is and how the bar is divided.
#[derive(Debug, Clone, Copy)]
pub(super) struct Place {
    /// Bars since the figure began.
    pub(super) bar: usize,
    /// Steps in a bar.
    pub(super) steps: usize,
    /// Beats per step.
    pub(super) step_beats: f64,
}

impl Place {
    fn note(self, step: usize, held: usize, key: u8, velocity: f64) -> Note {
        Note {
            at: step as f64 * self.step_beats,
            length: (held as f64 * self.step_beats - 0.04).max(0.08),
            key,
            velocity: velocity.clamp(1.0, 127.0) as u8,
        }
    }
}

/// Where a riff strikes: the kick that follows it.
pub(super) fn strokes(figure: &str, place: Place) -> Vec<(f64, f64)> {
    let struck = events(figure, place.bar, place.steps).into_iter();
    let stroke = |(step, _, character): (usize, usize, char)| {
        let velocity = if character == 'X' { 114.0 } else { 98.0 };
        (step as f64 * place.step_beats, velocity)
    };
    struck.map(stroke).collect()
}

/// A bass line. `chord_at` gives the chord at a beat of the bar.
pub(super) fn bass(
    dice: &mut Dice,
    figure: &str,
    place: Place,
    chord_at: &dyn Fn(f64) -> Chord,
) -> Vec<Note> {
    let mut notes = Vec::new();
    for (step, held, character) in events(figure, place.bar, place.steps) {
        let chord = chord_at(step as f64 * place.step_beats);
        let root = at_least(chord.bass, 28);
        let third = chord.tones.get(1).copied().unwrap_or(4);
        let fifth = chord.tones.get(2).copied().unwrap_or(7);
        let key = match character {
            '5' => root + fifth,
            '3' => root + third,
            'o' => root + 12,
            'w' => root + *dice.pick(&[third, fifth, 2, 10, 12, 11]),
            _ => root,
        };
        let accent = if step == 0 { 106.0 } else { 94.0 };
        notes.push(place.note(step, held, key, accent));
    }
    notes
}

/// Chords: struck, broken or oom-pah, voiced near `centre`; power chords when `driven`.
pub(super) fn chords(
    dice: &mut Dice,
    figure: &str,
    place: Place,
    centre: u8,
    driven: bool,
    chord_at: &dyn Fn(f64) -> Chord,
) -> Vec<Note> {
    let mut notes = Vec::new();
    for (step, held, character) in events(figure, place.bar, place.steps) {
        let chord = chord_at(step as f64 * place.step_beats);
        let keys = if driven { chord.power(40) } else { chord.voiced(centre) };
        match character {
            'b' => notes.push(place.note(step, held, at_least(chord.bass, 40), 92.0)),
            'm' => {
                let muted = keys.iter().take(2).map(|&key| place.note(step, 1, key, 84.0));
                notes.extend(muted.map(|note| Note { length: 0.6 * note.length, ..note }));
            }
            '1'..='9' => {
                let tone = character as usize - '1' as usize;
                let key = keys[tone % keys.len()] + 12 * (tone / keys.len()) as u8;
                notes.push(place.note(step, held.max(2), key, 78.0));
            }
            _ => {
                let Some(velocity) = velocity_of(character, dice) else { continue };
                notes.extend(keys.iter().map(|&key| place.note(step, held, key, velocity * 0.9)));
            }
        }
    }
    notes
}

/// A running arpeggio: `order` walks over the chord's tones, `every` steps apart.
pub(super) fn arpeggio(
    place: Place,
    order: &[usize],
    every: usize,
    centre: u8,
    chord_at: &dyn Fn(f64) -> Chord,
) -> Vec<Note> {
    let every = every.max(1);
    let steps = (0..place.steps).step_by(every);
    let notes = steps.enumerate().map(|(index, step)| {
        let keys = chord_at(step as f64 * place.step_beats).voiced(centre);
        let tone = order[(place.bar * place.steps / every + index) % order.len()];
        let key = keys[tone % keys.len()] + 12 * (tone / keys.len()) as u8;
        let accent = if step == 0 { 100.0 } else { 84.0 };
        place.note(step, every, key.min(120), accent)
    });
    notes.collect()
}

/// A chord held through the bar, struck again where the harmony changes.
pub(super) fn pad(place: Place, centre: u8, chord_at: &dyn Fn(f64) -> Chord) -> Vec<Note> {
    let mut notes: Vec<Note> = Vec::new();
    let mut begun = 0;
    for step in 1..=place.steps {
        let now = chord_at(begun as f64 * place.step_beats);
        let ends = step == place.steps || chord_at(step as f64 * place.step_beats) != now;
        if ends {
            let held = step - begun;
            notes.extend(now.voiced(centre).iter().map(|&key| place.note(begun, held, key, 80.0)));
            begun = step;
        }
    }
    notes
}

/// A melodic motif: the rhythm and the steps of one or two bars, to be repeated and varied.
#[derive(Debug, Clone)]
pub(super) struct Motif {
    /// Step in the motif, held steps, move on the scale from the note before.
    moves: Vec<(usize, usize, i32)>,
    bars: usize,
}

impl Motif {
    /// A motif of `bars` bars of `steps` steps with `per_beat` steps to a beat; `busy` is 0 to 1.
    pub(super) fn draw(
        dice: &mut Dice,
        bars: usize,
        steps: usize,
        per_beat: usize,
        busy: f64,
    ) -> Self {
        let mut moves = Vec::new();
        let total = bars * steps;
        let mut step = if dice.chance(0.75) { 0 } else { per_beat / 2 };
        while step < total {
            let half = (per_beat / 2).max(1);
            let lengths = [half, per_beat, per_beat + half, 2 * per_beat, 4 * per_beat, 1];
            let weights = [1.0 + 3.0 * busy, 2.0, 0.6, 1.5 - busy, 0.8 * (1.0 - busy), busy * busy];
            let mut held = lengths[dice.weighted(&weights)];
            // Off-beat short notes want company up to the next beat.
            if step % half != 0 {
                held = 1;
            }
            held = held.min(total - step);
            if !dice.chance(0.1) {
                let leap = if dice.chance(0.2) { dice.normal(3.0) } else { dice.normal(1.2) };
                moves.push((step, held, leap.round() as i32));
            }
            step += held;
        }
        Self { moves, bars }
    }

    /// The motif's bar at `place` in `key`, from scale degree `degree`, which walks on.
    /// Strong steps are drawn to the chord.
    pub(super) fn play(
        &self,
        dice: &mut Dice,
        place: Place,
        key: &Key,
        degree: &mut i32,
        chord_at: &dyn Fn(f64) -> Chord,
    ) -> Vec<Note> {
        let start = place.bar % self.bars * place.steps;
        let mut notes = Vec::new();
        for &(step, held, leap) in &self.moves {
            if !(start..start + place.steps).contains(&step) {
                continue;
            }
            let step = step - start;
            *degree += leap;
            if !(0..=13).contains(degree) {
                *degree = 7 + (*degree - 7).signum() * 4;
            }
            let chord = chord_at(step as f64 * place.step_beats);
            let in_chord = |degree: i32| {
                chord.tones.iter().any(|tone| (chord.root + tone) % 12 == key.class(degree))
            };
            if step == 0 || held > 3 {
                *degree = [0, 1, -1, 2]
                    .iter()
                    .map(|d| *degree + d)
                    .find(|&d| in_chord(d))
                    .unwrap_or(*degree);
            }
            let accent = if step == 0 { 110.0 } else { 92.0 + dice.normal(6.0) };
            notes.push(place.note(
                step,
                held.min(place.steps - step),
                key.pitch(*degree, 62),
                accent,
            ));
        }
        notes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PLACE: Place = Place { bar: 0, steps: 16, step_beats: 0.25 };

    fn c_major(_: f64) -> Chord {
        Chord::new(0, &[0, 4, 7])
    }

    #[test]
    fn holds_lengthen_and_rests_do_not() {
        assert_eq!(events("r---r.o-", 0, 8), vec![(0, 4, 'r'), (4, 1, 'r'), (6, 2, 'o')]);
        assert_eq!(events("r---r---....o---", 1, 8), vec![(4, 4, 'o')]);
    }

    #[test]
    fn figures_play_the_chord() {
        let mut dice = Dice::named(1, "figures");
        let line = bass(&mut dice, "r---5---o-------", PLACE, &c_major);
        assert_eq!(line.iter().map(|n| n.key).collect::<Vec<_>>(), vec![36, 43, 48]);
        assert_eq!(line[1].at, 1.0);
        let struck = chords(&mut dice, "x-------x-------", PLACE, 60, false, &c_major);
        assert_eq!(struck.len(), 6);
        assert_eq!(pad(PLACE, 60, &c_major).len(), 3);
        assert_eq!(arpeggio(PLACE, &[0, 1, 2, 3], 2, 60, &c_major).len(), 8);
    }

    #[test]
    fn a_motif_repeats_its_rhythm() {
        let mut dice = Dice::named(4, "motif");
        let motif = Motif::draw(&mut dice, 1, 16, 4, 0.5);
        let key = Key { tonic: 0, scale: [0, 2, 4, 5, 7, 9, 11] };
        let mut degree = 5;
        let starts = |notes: Vec<Note>| notes.iter().map(|n| n.at).collect::<Vec<_>>();
        let one = starts(motif.play(&mut dice, PLACE, &key, &mut degree, &c_major));
        let two =
            starts(motif.play(&mut dice, Place { bar: 1, ..PLACE }, &key, &mut degree, &c_major));
        assert_eq!(one, two);
        assert!(!one.is_empty());
    }
}
