//! Which families of instruments can be heard when: every family is rendered by itself.

use listener::Vocabulary;

use crate::compose::score::{Part, Voice, Wave};
use crate::render::STEP_S;

/// A family this much softer than the whole mix is not heard, as a factor: 20 dB.
const AUDIBLE: f32 = 0.1;
/// Where the mix is this much softer than at its loudest, nothing is: 40 dB.
const SILENT: f32 = 0.01;
/// The group of parts that are of no family of the vocabulary.
const NONE: u32 = u32::MAX;
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

/// The place of `part`'s family in `vocabulary`.
pub(super) fn group(part: &Part, vocabulary: &Vocabulary) -> u32 {
    let place =
        family(part).and_then(|name| vocabulary.instruments.iter().position(|known| known == name));
    place.map_or(NONE, |place| place as u32)
}

/// A bit per group that can be heard, every [`STEP_S`], from how loud each is: (group, root mean squares).
/// A group may be in `levels` several times.
pub(super) fn sounding(levels: &[(u32, Vec<f32>)]) -> Vec<(f64, u32)> {
    let steps = levels.iter().map(|(_, level)| level.len()).max().unwrap_or(0);
    let at = |level: &[f32], step: usize| level.get(step).copied().unwrap_or(0.0);
    let whole: Vec<f32> = (0..steps)
        .map(|step| levels.iter().map(|(_, level)| at(level, step).powi(2)).sum::<f32>().sqrt())
        .collect();
    let loudest = whole.iter().fold(0.0_f32, |a, &b| a.max(b));
    let bits = |step: usize| {
        let heard = levels.iter().filter(|(group, level)| {
            *group != NONE
                && whole[step] > SILENT * loudest
                && at(level, step) > AUDIBLE * whole[step]
        });
        heard.fold(0, |bits, (group, _)| bits | 1 << group)
    };
    (0..steps).map(|step| ((step as f64 + 0.5) * STEP_S, bits(step))).collect()
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
    use crate::compose::score::Note;

    #[test]
    fn what_can_be_heard_is_known_second_by_second() {
        let loud = |from: usize, to: usize, level: f32| -> Vec<f32> {
            (0..16).map(|step| if (from..to).contains(&step) { level } else { 0.0 }).collect()
        };
        let levels = [
            (0, loud(0, 10, 0.5)),
            (1, loud(4, 6, 0.5)),
            // Covered by the first, then alone.
            (2, loud(0, 16, 0.02)),
            (NONE, loud(0, 16, 0.1)),
        ];
        let seconds = by_second(&sounding(&levels), 4);
        assert_eq!(seconds, [1, 1 | 2, 1 | 4, 4]);
    }

    #[test]
    fn families_follow_general_midi_and_pitch() {
        let words = |text: &str| text.split_whitespace().map(str::to_owned).collect();
        let vocabulary = Vocabulary {
            genres: words("rock jazz"),
            instruments: words("piano bass drums"),
            moods: Vec::new(),
        };
        let part = |voice, key| Part {
            voice,
            notes: vec![Note { at: 0.0, length: 1.0, key, velocity: 100 }],
            gain_db: 0.0,
            pan: 0.0,
            drive: 0.0,
        };
        let of = |voice, key| group(&part(voice, key), &vocabulary);
        assert_eq!([of(Voice::Program(0), 60), of(Voice::Kit(0), 36)], [0, 2]);
        assert_eq!(of(Voice::Wave(Wave::Saw(5.0)), 36), 1);
        assert_eq!(of(Voice::Program(48), 60), NONE, "not in this vocabulary");
    }
}
