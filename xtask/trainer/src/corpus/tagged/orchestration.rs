//! Orchestration: which instruments the parts of a score are given to.
//!
//! Styles name a few programs each. Here any program of a family may stand in for another, and
//! instruments that styles seldom call for sit in wherever a real band might have them, so that every
//! family is heard often and in every company.

use super::instruments::{self, family};
use crate::compose::score::{Part, Score, Voice};
use crate::dice::Dice;

/// Families that sit in with bands of a genre; a name that comes twice comes twice as often.
fn guests(genre: &str) -> &'static [&'static str] {
    match genre {
        "rock" => &["organ", "piano", "acoustic guitar", "brass", "strings", "mallets", "synth"],
        "metal" => &["strings", "organ", "piano", "acoustic guitar", "voice", "synth", "mallets"],
        "pop" => &[
            "piano",
            "acoustic guitar",
            "mallets",
            "mallets",
            "organ",
            "brass",
            "woodwinds",
            "strings",
            "synth",
        ],
        "electronic" => {
            &["synth", "synth", "synth", "mallets", "mallets", "piano", "organ", "voice"]
        }
        "hiphop" => {
            &["piano", "mallets", "organ", "brass", "woodwinds", "acoustic guitar", "strings"]
        }
        "disco" => &["brass", "brass", "strings", "strings", "piano", "woodwinds", "mallets"],
        "reggae" => &["organ", "brass", "brass", "piano", "mallets", "mallets", "woodwinds"],
        "country" => &["acoustic guitar", "piano", "organ", "woodwinds", "strings", "mallets"],
        "blues" => &["organ", "piano", "brass", "brass", "woodwinds", "acoustic guitar"],
        "jazz" => &["mallets", "mallets", "brass", "brass", "piano", "organ", "acoustic guitar"],
        "classical" => &["mallets", "mallets", "brass", "brass", "organ", "woodwinds", "piano"],
        _ => &["mallets", "brass", "acoustic guitar", "piano", "organ", "woodwinds"],
    }
}

/// Families for music of no known genre, the rarest the most often.
const ANYONE: [&str; 21] = [
    "piano",
    "piano",
    "organ",
    "organ",
    "acoustic guitar",
    "acoustic guitar",
    "electric guitar",
    "strings",
    "strings",
    "brass",
    "brass",
    "brass",
    "woodwinds",
    "woodwinds",
    "synth",
    "synth",
    "mallets",
    "mallets",
    "mallets",
    "mallets",
    "voice",
];

/// How often each of two guests comes.
const GUEST: f64 = 0.5;
/// How often a part goes to another program of its family.
const STAND_IN: f64 = 0.4;

/// Other players for `score`, such as `genre` allows.
pub(super) fn vary(score: &mut Score, genre: &str, dice: &mut Dice) {
    for _ in 0..2 {
        if dice.chance(GUEST) {
            invite(score, dice.pick::<&str>(guests(genre)), dice);
        }
    }
    for part in &mut score.parts {
        if let (Voice::Program(program), true) = (part.voice, dice.chance(STAND_IN)) {
            part.voice = Voice::Program(stand_in(program, part.drive > 0.0, genre, dice));
        }
        phrase(part, dice);
    }
}

/// Any players for `score`.
pub(super) fn scatter(score: &mut Score, dice: &mut Dice) {
    for part in &mut score.parts {
        if let (Voice::Program(program), true) = (part.voice, dice.chance(0.75)) {
            let stays_bass = instruments::of_program(program) == Some("bass") && dice.chance(0.8);
            let family = if stays_bass { "bass" } else { *dice.pick(&ANYONE) };
            let other = *dice.pick(&instruments::programs(family));
            part.voice = Voice::Program(other);
            part.drive = if driven(other) { dice.between(0.3, 0.9) as f32 } else { 0.0 };
        }
        phrase(part, dice);
    }
}

/// A player of `guest` takes a part over or doubles it.
fn invite(score: &mut Score, guest: &str, dice: &mut Dice) {
    let replaceable = |part: &&mut Part| {
        let theirs = matches!(family(part), None | Some("drums" | "bass"));
        !theirs && part.drive == 0.0 && !part.notes.is_empty()
    };
    let mut parts: Vec<&mut Part> = score.parts.iter_mut().filter(replaceable).collect();
    if parts.is_empty() {
        return;
    }
    let chosen = dice.whole(0, parts.len());
    let programs = instruments::programs(guest);
    let voice = Voice::Program(stand_in(*dice.pick(&programs), false, "", dice));
    if dice.chance(0.5) {
        parts[chosen].voice = voice;
        return;
    }
    let mut double = parts[chosen].clone();
    double.voice = voice;
    double.gain_db += dice.between(-2.0, 5.0) as f32;
    double.pan = dice.normal(0.35).clamp(-1.0, 1.0) as f32;
    if dice.chance(0.3) {
        let up = double.notes.iter().all(|note| note.key <= 72);
        let moved = |key: u8| if up { key + 12 } else { key.saturating_sub(12) };
        double.notes.iter_mut().for_each(|note| note.key = moved(note.key));
    }
    score.parts.push(double);
}

/// Another program of the family of `program`, common ones more often than those of far countries.
fn stand_in(program: u8, driven_now: bool, genre: &str, dice: &mut Dice) -> u8 {
    let Some(family) = instruments::of_program(program) else { return program };
    // An orchestra has no electric piano, and a club no fiddle.
    let fits = |other: &u8| match (genre, family) {
        ("classical", "piano") => matches!(other, 0..=3 | 6),
        ("classical", "organ") => matches!(other, 19..=20),
        ("classical", "strings") => *other != 110 && !matches!(other, 50..=51),
        ("electronic", "strings") => matches!(other, 48..=51),
        (_, "electric guitar") => driven(*other) == driven_now,
        _ => true,
    };
    let mut programs = instruments::programs(family);
    programs.retain(fits);
    let common: Vec<u8> = programs.iter().copied().filter(|other| *other < 100).collect();
    let choice = if dice.chance(0.7) && !common.is_empty() { &common } else { &programs };
    if choice.is_empty() { program } else { *dice.pick(choice) }
}

/// Shorter or longer notes: staccato changes an instrument as much as another build of it.
fn phrase(part: &mut Part, dice: &mut Dice) {
    if !part.voice.is_drums() && dice.chance(0.3) {
        let factor = dice.between(-1.2, 0.4).exp();
        part.notes.iter_mut().for_each(|note| note.length = (note.length * factor).max(0.05));
    }
}

/// Whether a program is a distorted guitar.
fn driven(program: u8) -> bool {
    matches!(program, 29 | 30)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::compose::score::Note;
    use std::collections::BTreeSet;

    fn score(programs: &[u8]) -> Score {
        let note = Note { at: 0.0, length: 1.0, key: 60, velocity: 90 };
        let part = |&program: &u8| Part {
            voice: Voice::Program(program),
            notes: vec![note; 3],
            gain_db: 0.0,
            pan: 0.0,
            drive: if driven(program) { 0.5 } else { 0.0 },
        };
        Score { parts: programs.iter().map(part).collect(), beats: Vec::new(), seconds: 4.0 }
    }

    #[test]
    fn every_program_of_every_family_can_stand_in() {
        let mut dice = Dice::named(1, "stand in");
        for program in (0..128).filter(|&program| !driven(program)) {
            let Some(family) = instruments::of_program(program) else { continue };
            let drawn: BTreeSet<u8> =
                (0..600).map(|_| stand_in(program, false, "pop", &mut dice)).collect();
            let all: BTreeSet<u8> = instruments::programs(family).into_iter().collect();
            let clean: BTreeSet<u8> = all.into_iter().filter(|&other| !driven(other)).collect();
            assert_eq!(drawn, clean, "{family}");
        }
    }

    #[test]
    fn bands_keep_their_bass_and_distortion() {
        for seed in 0..200 {
            let mut score = score(&[33, 30, 0, 48]);
            vary(&mut score, "rock", &mut Dice::named(seed, "band"));
            let families: Vec<_> = score.parts.iter().map(family).collect();
            assert_eq!(families[..2], [Some("bass"), Some("electric guitar")]);
            assert!(matches!(score.parts[1].voice, Voice::Program(29 | 30)));
            assert!((4..=6).contains(&families.len()));
        }
    }

    #[test]
    fn guests_and_strangers_are_of_known_families() {
        for genre in super::super::genres::all() {
            for name in guests(genre).iter().chain(&ANYONE) {
                assert!(!instruments::programs(name).is_empty(), "{genre}: {name}");
            }
        }
    }
}
