//! Pickups: what is played before the first downbeat of a piece.

use std::collections::BTreeSet;

use super::drums;
use super::grid::{Steadiness, swing};
use super::score::{Note, Part, Score};
use super::style::{Drums, Style};
use crate::clip::BeatLabel;
use crate::dice::Dice;

/// Who plays it.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Players {
    Melody,
    Drums,
    Both,
}

/// `score`, a piece of `style` that starts with a downbeat, after a pickup of one to three beats or
/// eighths. Its beats carry their places in the bar that it ends: the last one of four is beat 4.
/// Unchanged where nobody plays in the first bar, or it starts elsewhere.
#[must_use]
pub fn with_pickup(dice: &mut Dice, style: &Style, score: Score) -> Score {
    let per_bar = style.per_bar;
    let (Some(&[first, second]), bar) = (score.beats.first_chunk(), usize::from(per_bar)) else {
        return score;
    };
    if first.in_bar != 1 {
        return score;
    }
    let end = score.beats.get(bar).map_or(score.seconds, |beat| beat.time_s);
    let opens = |part: &Part| part.notes.iter().any(|note| note.at < end - 0.05);
    let drums = score.parts.iter().position(|part| part.voice.is_drums() && opens(part));
    let singer = leader(&score, opens);
    let wanted = *dice.pick(&[Players::Melody, Players::Melody, Players::Drums, Players::Both]);
    let drums = drums.filter(|_| style.drums != Drums::Silent);
    let (drums, singer) = match wanted {
        Players::Drums if drums.is_some() => (drums, None),
        Players::Melody if singer.is_some() => (None, singer),
        _ => (drums, singer),
    };
    if drums.is_none() && singer.is_none() {
        return score;
    }

    let eighth = if style.steps == 3 { 1.0 / 3.0 } else { 0.5 };
    let count = dice.whole(1, 4);
    let step = if dice.chance(0.6) { 1.0 } else { eighth };
    let length = (count as f64 * step).min(f64::from(per_bar) - 1.0).max(eighth);
    let mut added: Vec<(usize, Note)> = Vec::new();
    if let Some(part) = singer {
        // In beats the melody may as well run through the eighths.
        let step = if dice.chance(0.5) { eighth } else { step };
        let count = (length / step).round().max(1.0) as usize;
        let notes = melody(dice, &score, part, count, length / count as f64);
        added.extend(notes.into_iter().map(|note| (part, note)));
    }
    if let Some(part) = drums {
        let from_bar = drums::fill(dice, style, length).into_iter();
        added.extend(from_bar.map(|n| (part, Note { at: n.at - f64::from(per_bar), ..n })));
    }

    let beat_s = second.time_s - first.time_s;
    let (low, high, unit) = style.swing;
    let ratio = 0.5 * (low + high);
    let loose_s = if style.steadiness == Steadiness::Machine { 0.0 } else { 0.004 };
    let shift = length * beat_s;
    let mut score = later(score, shift);
    for (part, note) in added {
        let swung = if style.steps == 4 { swing(note.at, ratio, unit) } else { note.at };
        let at = first.time_s + shift + swung * beat_s + dice.normal(loose_s);
        let length = (note.length * beat_s).max(0.03);
        score.parts[part].notes.push(Note { at: at.max(0.0), length, ..note });
    }
    for part in &mut score.parts {
        part.notes.sort_by(|a, b| a.at.total_cmp(&b.at).then(a.key.cmp(&b.key)));
    }
    // Only what is played can be known: an eighth before the downbeat is no beat.
    let whole = (length + 1e-6).floor() as u8;
    let beats = (1..=whole).rev().map(|before| BeatLabel {
        time_s: first.time_s + shift - f64::from(before) * beat_s,
        in_bar: per_bar + 1 - before,
    });
    score.beats.splice(0..0, beats);
    score
}

/// The highest of the players that `opens` the piece: who leads its melody, or sounds like it.
fn leader(score: &Score, opens: impl Fn(&Part) -> bool) -> Option<usize> {
    let pitch = |part: &Part| {
        part.notes.iter().map(|n| f64::from(n.key)).sum::<f64>() / part.notes.len() as f64
    };
    let parts = score.parts.iter().enumerate();
    let able = parts.filter(|(_, part)| !part.voice.is_drums() && opens(part));
    able.max_by(|a, b| pitch(a.1).total_cmp(&pitch(b.1))).map(|(index, _)| index)
}

/// `count` notes of `step` beats each that lead to the first note of a part, through the scale of
/// the piece or from the fourth below. Times are beats before the downbeat, so below 0.
fn melody(dice: &mut Dice, score: &Score, part: usize, count: usize, step: f64) -> Vec<Note> {
    let Some(goal) = score.parts[part].notes.first() else { return Vec::new() };
    let pitched = score.parts.iter().filter(|part| !part.voice.is_drums());
    let scale: BTreeSet<u8> = pitched.flat_map(|p| &p.notes).map(|note| note.key % 12).collect();
    let (up, fourth) = (dice.chance(0.65), dice.chance(0.3));
    let mut key = goal.key;
    let mut keys = Vec::with_capacity(count);
    for _ in 0..count {
        key = if fourth { goal.key.saturating_sub(5) } else { neighbour(&scale, key, up) };
        keys.push(key);
    }
    keys.reverse();
    let note = |(index, key): (usize, u8)| Note {
        at: (index as f64 - count as f64) * step,
        length: 0.9 * step,
        key,
        velocity: (78.0 + 24.0 * index as f64 / count as f64) as u8,
    };
    keys.into_iter().enumerate().map(note).collect()
}

/// The next key of `scale` below `key`, if the melody goes `up` to it, or above.
fn neighbour(scale: &BTreeSet<u8>, key: u8, up: bool) -> u8 {
    let step = |away: u8| if up { key.saturating_sub(away) } else { (key + away).min(127) };
    (1..12).map(step).find(|key| scale.contains(&(key % 12))).unwrap_or(key)
}

/// `score` with everything `by` seconds later.
fn later(mut score: Score, by: f64) -> Score {
    score.parts.iter_mut().flat_map(|part| &mut part.notes).for_each(|note| note.at += by);
    score.beats.iter_mut().for_each(|beat| beat.time_s += by);
    score.seconds += by;
    score
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::compose::compose;

    /// A piece before and after it got a pickup.
    fn pair(seed: u64) -> (u8, Score, Score) {
        let mut dice = Dice::named(seed, "piece");
        let style = Style::draw(&mut dice);
        let plain = compose(&mut dice, style, 20.0, &[]);
        let with = || with_pickup(&mut Dice::named(seed, "pickup"), style, plain.clone());
        assert_eq!(with(), with());
        (style.per_bar, plain.clone(), with())
    }

    #[test]
    fn the_beats_of_a_pickup_end_its_bar_and_are_played() {
        let (mut beats, mut eighths) = (0, 0);
        for seed in 0..60 {
            let (per_bar, plain, score) = pair(seed);
            let shift = score.seconds - plain.seconds;
            if shift == 0.0 {
                assert_eq!(plain, score);
                continue;
            }
            let early = score.beats.len() - plain.beats.len();
            assert!(early <= 3 && early < usize::from(per_bar));
            for pair in score.beats.windows(2) {
                assert_eq!(pair[1].in_bar, pair[0].in_bar % per_bar + 1, "seed {seed}");
                assert!(pair[0].time_s < pair[1].time_s);
            }
            for (new, old) in score.beats[early..].iter().zip(&plain.beats) {
                assert!((new.time_s - old.time_s - shift).abs() < 1e-9 && new.in_bar == old.in_bar);
            }
            let count = |score: &Score| score.parts.iter().map(|part| part.notes.len()).sum();
            let (before, after): (usize, usize) = (count(&plain), count(&score));
            assert!(after > before);
            let downbeat = score.beats[early].time_s;
            let mut notes = score.parts.iter().flat_map(|part| &part.notes);
            assert!(notes.any(|note| note.at < downbeat - 0.05), "seed {seed}");
            assert!(score.beats[0].time_s >= plain.beats[0].time_s - 1e-9);
            *(if early > 0 { &mut beats } else { &mut eighths }) += 1;
        }
        assert!(beats > 20 && eighths > 2, "{beats} in beats, {eighths} in eighths");
    }

    #[test]
    fn what_starts_within_a_bar_or_without_anybody_stays() {
        let style = Style::named("rock").expect("rock is played");
        let beats = |first: u8| -> Vec<BeatLabel> {
            (0..9)
                .map(|i| BeatLabel { time_s: 0.5 * f64::from(i), in_bar: (first + i) % 4 + 1 })
                .collect()
        };
        for first in [0, 2] {
            let score = Score { parts: Vec::new(), beats: beats(first), seconds: 4.5 };
            let same = with_pickup(&mut Dice::named(1, "pickup"), style, score.clone());
            assert_eq!(score, same);
        }
        let empty = Score { parts: Vec::new(), beats: Vec::new(), seconds: 1.0 };
        assert_eq!(empty, with_pickup(&mut Dice::named(1, "pickup"), style, empty.clone()));
    }
}
