//! Which families of instruments sound when, exact from the score.

use listener::Vocabulary;

use crate::compose::score::{Note, Part, Score, Voice, Wave};

/// Between two looks, seconds.
const STEP_S: f64 = 0.25;
/// Notes this much softer than the loud ones are not heard, decibels.
const AUDIBLE_DB: f64 = 30.0;
/// Below this key a plain oscillator is a bass.
const BASS_KEY: u8 = 47;

/// The family that plays `part`, in the words of the shipped vocabulary; none for noises.
fn family(part: &Part) -> Option<&'static str> {
    match part.voice {
        Voice::Kit(_) | Voice::Machine(_) | Voice::Beeps => Some("drums"),
        Voice::Wave(Wave::Sung) => Some("voice"),
        Voice::Wave(Wave::Sine) => Some("bass"),
        Voice::Wave(_) => Some(if is_low(part) { "bass" } else { "synth" }),
        Voice::Program(program @ 80..=103) if program != 91 => {
            Some(if is_low(part) { "bass" } else { "synth" })
        }
        Voice::Program(program) => of_program(program),
    }
}

/// Families of General MIDI. Accordions are reed organs; plucked lutes of other countries are acoustic
/// guitars; timpani and the rest of the percussion are drums.
fn of_program(program: u8) -> Option<&'static str> {
    Some(match program {
        0..=7 => "piano",
        8..=15 | 108 | 112 | 114 => "mallets",
        16..=21 | 23 => "organ",
        22 => "woodwinds",
        24 | 25 | 104..=107 => "acoustic guitar",
        26..=31 | 120 => "electric guitar",
        32..=39 => "bass",
        40..=46 | 48..=51 | 110 => "strings",
        52..=54 => "voice",
        56..=61 => "brass",
        64..=79 | 109 | 111 => "woodwinds",
        62 | 63 | 80..=103 => "synth",
        47 | 113 | 115..=119 => "drums",
        _ => return None,
    })
}

fn is_low(part: &Part) -> bool {
    let mut keys: Vec<u8> = part.notes.iter().map(|note| note.key).collect();
    keys.sort_unstable();
    keys.get(keys.len() / 2).is_some_and(|&key| key < BASS_KEY)
}

/// A bit per instrument of `vocabulary` that sounds, every quarter of a second of `score`. What rings
/// on after a stroke counts for as long as the note is held, a stroke for at least one step.
pub(super) fn sounding(score: &Score, vocabulary: &Vocabulary) -> Vec<(f64, u32)> {
    let steps = (score.seconds / STEP_S).ceil() as usize;
    let mut bits = vec![0_u32; steps];
    let level = |part: &Part, note: &Note| {
        f64::from(part.gain_db) + 40.0 * (f64::from(note.velocity.max(1)) / 127.0).log10()
    };
    let every = score.parts.iter().flat_map(|part| part.notes.iter().map(move |n| level(part, n)));
    let mut levels: Vec<f64> = every.collect();
    levels.sort_by(f64::total_cmp);
    let Some(&loud) = levels.get(levels.len() * 9 / 10) else { return Vec::new() };
    for part in &score.parts {
        let Some(name) = family(part) else { continue };
        let Some(index) = vocabulary.instruments.iter().position(|known| known == name) else {
            continue;
        };
        let heard = part.notes.iter().filter(|n| n.at >= 0.0 && level(part, n) > loud - AUDIBLE_DB);
        for note in heard {
            let first = (note.at / STEP_S) as usize;
            let last = ((note.at + note.length) / STEP_S) as usize;
            let held = bits.iter_mut().take(last.max(first) + 1).skip(first);
            held.for_each(|bits| *bits |= 1 << index);
        }
    }
    bits.into_iter().enumerate().map(|(step, bits)| ((step as f64 + 0.5) * STEP_S, bits)).collect()
}

/// `sounding` as one set of bits for each of `seconds` whole seconds.
pub(super) fn by_second(sounding: &[(f64, u32)], seconds: usize) -> Vec<u32> {
    let mut bits = vec![0; seconds];
    for &(time, now) in sounding {
        if let Some(bits) = bits.get_mut(time as usize) {
            *bits |= now;
        }
    }
    bits
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_sounds_is_known_second_by_second() {
        let words = |text: &str| text.split_whitespace().map(str::to_owned).collect();
        let vocabulary = Vocabulary {
            genres: words("rock jazz"),
            instruments: words("piano bass drums"),
            moods: Vec::new(),
        };
        let part = |voice, at, length, velocity| Part {
            voice,
            notes: vec![Note { at, length, key: 36, velocity }],
            gain_db: 0.0,
            pan: 0.0,
            drive: 0.0,
        };
        let parts = vec![
            part(Voice::Program(0), 0.1, 2.5, 100),
            part(Voice::Kit(0), 3.2, 0.01, 100),
            part(Voice::Wave(Wave::Saw(5.0)), 1.0, 0.5, 100),
            part(Voice::Program(48), 0.0, 4.0, 100),
            part(Voice::Kit(0), 0.5, 0.1, 2),
        ];
        let score = Score { parts, beats: Vec::new(), seconds: 4.0 };
        assert_eq!(by_second(&sounding(&score, &vocabulary), 4), [1, 1 | 2, 1, 4]);
    }
}
