//! The composer: labelled music from a seed, in any style of the repertoire, needing no data.
//!
//! It writes in beats (form, harmony, figures, drums), then lays the piece on a tempo course,
//! swings it and lets the players be human. Beats of the score are exact by construction.

pub mod drums;
pub mod expression;
mod figures;
mod form;
pub mod grid;
pub mod harmony;
mod pickup;
mod piece;
mod players;
mod repertoire;
pub mod score;
pub mod style;
pub mod variation;

use drums::Performance;
use expression::phrasing;
use form::{Band, Section};
use grid::{Grid, Steadiness};
use harmony::Chord;
pub use pickup::with_pickup;
use piece::Piece;
use players::{Players, on_grid};
use score::{Note, Part, Score, Voice};
use style::{Drums, Style};

use crate::dice::Dice;

/// Composes at least `seconds` of `style`. `performances` are human drumming to choose from, and
/// may be empty.
#[must_use]
pub fn compose(
    dice: &mut Dice,
    style: &Style,
    seconds: f64,
    performances: &[&Performance],
) -> Score {
    let bpm = style.tempo.draw(dice);
    compose_at(dice, style, bpm, seconds, performances)
}

/// [`compose`] at a given tempo.
#[must_use]
pub fn compose_at(
    dice: &mut Dice,
    style: &Style,
    bpm: f64,
    seconds: f64,
    performances: &[&Performance],
) -> Score {
    let bars = (seconds * bpm / 60.0 / f64::from(style.per_bar)).ceil() as usize + 1;
    let band = Band::draw(dice, style);
    let sections = form::draw(dice, style, band, bars);
    let human = performance_near(dice, style.human, style.per_bar, bpm, 0.6, performances);
    let piece = Piece::draw(dice, style, None);
    let mut players = Players::default();
    let bars = play_all(dice, style, &piece, &sections, human, &mut players);
    finish(dice, style, bpm, bars, players, Vec::new(), human.is_some())
}

/// A song from outside, to be arranged: what is sung and struck, and the chords.
#[derive(Debug, Clone)]
pub struct Sheet {
    /// Tempo it is to be played at.
    pub bpm: f64,
    /// Bars.
    pub bars: usize,
    /// One chord per beat.
    pub chart: Vec<Chord>,
    /// Parts with their notes in beats; beat 0 is a downbeat.
    pub parts: Vec<Part>,
    /// Whether somebody must play the chords, because the parts do not.
    pub chords: bool,
}

/// Styles of human drumming that go under a song of any kind.
const UNDER_SONGS: [&str; 9] =
    ["rock", "pop", "soul", "funk", "hiphop", "dance", "country", "gospel", "reggae"];

/// Arranges `sheet` in `style`, which must have the sheet's meter: drums, bass, and sometimes
/// more chords under its own parts.
#[must_use]
pub fn arrange(
    dice: &mut Dice,
    style: &Style,
    sheet: Sheet,
    performances: &[&Performance],
) -> Score {
    let Sheet { bpm, bars, chart, parts, chords } = sheet;
    let band = Band { lead: false, arp: dice.chance(0.1), pad: dice.chance(0.25) };
    let mut sections = form::draw(dice, style, band, bars);
    let (bassless, alone, drumless) =
        (dice.chance(0.1), !chords && dice.chance(0.6), dice.chance(0.15));
    for section in &mut sections {
        section.bass &= !bassless;
        section.chords = (section.chords || chords) && !alone;
        if drumless {
            section.energy = drums::Energy::Out;
        }
    }
    let human = performance_near(dice, &UNDER_SONGS, style.per_bar, bpm, 0.85, performances);
    let human = human.filter(|_| style.drums != Drums::Silent && style.steps == 4);
    let piece = Piece::draw(dice, style, Some(chart));
    let mut players = Players::default();
    play_all(dice, style, &piece, &sections, human, &mut players);
    finish(dice, style, bpm, bars, players, parts, human.is_some())
}

/// Plays `sheet` as a band of `style` would: its drummers, its bass and chords in every section.
#[must_use]
pub fn arrange_in_style(
    dice: &mut Dice,
    style: &Style,
    sheet: Sheet,
    performances: &[&Performance],
) -> Score {
    let Sheet { bpm, bars, chart, parts, .. } = sheet;
    let band = Band { lead: false, ..Band::draw(dice, style) };
    let sections = form::draw(dice, style, band, bars);
    let human = performance_near(dice, style.human, style.per_bar, bpm, 0.6, performances);
    let piece = Piece::draw(dice, style, Some(chart));
    let mut players = Players::default();
    play_all(dice, style, &piece, &sections, human, &mut players);
    finish(dice, style, bpm, bars, players, parts, human.is_some())
}

/// Human drumming alone, `bars` bars of `performance` from a random one, at `bpm`.
#[must_use]
pub fn solo(dice: &mut Dice, performance: &Performance, bpm: f64, bars: usize) -> Score {
    let per_bar = performance.per_bar;
    let beats = bars * usize::from(per_bar);
    let steadiness = Steadiness::Band;
    let course = grid::tempo_course(dice, bpm, beats + 1, steadiness);
    let grid = Grid::at_tempo(beats + 1, per_bar, dice.between(0.1, 0.6), |beat| course[beat]);
    let voice = match dice.whole(0, 10) {
        0 | 1 => Voice::Machine(dice.seed()),
        2 => Voice::Kit(*dice.pick(&[24, 25])),
        _ => Voice::Kit(*dice.pick(&[0, 0, 8, 16, 32, 40])),
    };
    let notes = performance.bars(dice.whole(0, 64), bars).into_iter().map(|note| Note {
        at: grid.seconds(note.at).max(0.0),
        length: 0.2,
        ..note
    });
    let part = Part { voice, notes: notes.collect(), gain_db: 0.0, pan: 0.0, drive: 0.0 };
    Score { parts: vec![part], seconds: grid.seconds(beats as f64), beats: grid.beats().to_vec() }
}

/// Plays every section in turn; says how many bars that made.
fn play_all(
    dice: &mut Dice,
    style: &Style,
    piece: &Piece,
    sections: &[Section],
    human: Option<&Performance>,
    players: &mut Players,
) -> usize {
    let mut bar = 0;
    for section in sections {
        piece.play(dice, style, section, bar, human, players);
        bar += section.bars;
    }
    bar
}

/// Instruments, tempo course and human hands; `more` are further parts in beats.
fn finish(
    dice: &mut Dice,
    style: &Style,
    bpm: f64,
    bars: usize,
    players: Players,
    more: Vec<Part>,
    human: bool,
) -> Score {
    let beats = bars * usize::from(style.per_bar);
    let start_s = if dice.chance(0.15) { dice.between(0.2, 2.0) } else { dice.between(0.02, 0.2) };
    let mut course = grid::tempo_course(dice, bpm, beats + 1, style.steadiness);
    if style.steadiness == Steadiness::Rubato {
        let strength = dice.between(0.1, 1.0);
        let breath = phrasing(dice, beats + 1, usize::from(style.per_bar), strength);
        course.iter_mut().zip(breath).for_each(|(bpm, factor)| *bpm *= factor);
    }
    let grid = Grid::at_tempo(beats + 1, style.per_bar, start_s, |beat| course[beat]);
    let mut parts = players.dress(dice, style, human);
    parts.extend(more);
    let mut score = on_grid(dice, style, parts, &grid, human);
    let end = score.seconds;
    score.parts.iter_mut().for_each(|part| part.notes.retain(|note| note.at < end));
    score
}

/// A performance of one of `styles` within 12 % of the tempo, with probability `chance`.
fn performance_near<'a>(
    dice: &mut Dice,
    styles: &[&str],
    per_bar: u8,
    bpm: f64,
    chance: f64,
    performances: &[&'a Performance],
) -> Option<&'a Performance> {
    let wanted = dice.chance(chance);
    let fits = |p: &&&Performance| {
        styles.contains(&p.style.as_str())
            && p.per_bar == per_bar
            && (p.bpm / bpm).ln().abs() < 0.12
    };
    let near: Vec<&Performance> = performances.iter().filter(fits).copied().collect();
    (wanted && !near.is_empty()).then(|| *dice.pick(&near))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_style_composes_the_same_piece_for_the_same_seed() {
        for style in repertoire::STYLES.iter() {
            let play = || compose(&mut Dice::named(9, style.name), style, 30.0, &[]);
            let score = play();
            assert_eq!(score, play(), "{}", style.name);
            assert!(score.seconds >= 28.0, "{}", style.name);
            let notes: usize = score.parts.iter().map(|part| part.notes.len()).sum();
            assert!(notes > 25, "{}: {notes} notes", style.name);
            assert!(score.beats.iter().all(|b| (1..=style.per_bar).contains(&b.in_bar)));
        }
    }

    #[test]
    fn straight_machines_play_on_the_grid() {
        let style = Style::named("techno").expect("techno is played");
        let score = compose(&mut Dice::named(2, "techno"), style, 30.0, &[]);
        let drums = score.parts.iter().find(|p| p.voice.is_drums()).expect("techno has drums");
        let kicks = drums.notes.iter().filter(|n| n.key == 36);
        let nearest =
            |at: f64| score.beats.iter().map(|b| (b.time_s - at).abs()).fold(f64::MAX, f64::min);
        let on_beat = kicks.clone().filter(|n| nearest(n.at) < 1e-9).count();
        assert!(on_beat * 10 >= kicks.count() * 9);
    }

    #[test]
    fn arrangements_keep_the_song_on_its_beats() {
        let style = Style::named("pop").expect("pop is played");
        let notes: Vec<Note> = (0..32)
            .map(|beat| Note { at: f64::from(beat), length: 0.9, key: 72, velocity: 100 })
            .collect();
        let voice = Voice::Program(73);
        let song = Part { voice, notes, gain_db: 0.0, pan: 0.0, drive: 0.0 };
        let chart = vec![Chord::new(0, &[0, 4, 7]); 32];
        let sheet = Sheet { bpm: 100.0, bars: 8, chart, parts: vec![song], chords: false };
        let score = arrange(&mut Dice::named(3, "arrange"), style, sheet, &[]);
        let melody =
            score.parts.iter().find(|p| p.voice == voice && p.notes[0].key == 72).expect("kept");
        assert_eq!(melody.notes.len(), 32);
        for (note, beat) in melody.notes.iter().zip(&score.beats) {
            assert!((note.at - beat.time_s).abs() < 0.03);
        }
    }
}
