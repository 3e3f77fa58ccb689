//! Which families of instruments can be heard when: every family is rendered by itself.

use std::collections::BTreeMap;

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
pub(super) fn family(part: &Part) -> Option<&'static str> {
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
pub(super) fn of_program(program: u8) -> Option<&'static str> {
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

/// Every program of `family` that plays notes; the sound effects of General MIDI do not.
pub(super) fn programs(family: &str) -> Vec<u8> {
    (0..=119).filter(|&program| of_program(program) == Some(family)).collect()
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

/// A bit per group that can be heard, every [`STEP_S`], from how loud each part is: (its group, root mean
/// squares). A group is as loud as its parts together, wherever they are mixed.
pub(super) fn sounding(parts: &[(u32, &[f32])]) -> Vec<(f64, u32)> {
    let steps = parts.iter().map(|(_, level)| level.len()).max().unwrap_or(0);
    let mut groups: BTreeMap<u32, Vec<f32>> = BTreeMap::new();
    for (group, level) in parts {
        let power = groups.entry(*group).or_insert_with(|| vec![0.0; steps]);
        power.iter_mut().zip(*level).for_each(|(power, level)| *power += level * level);
    }
    let whole: Vec<f32> =
        (0..steps).map(|step| groups.values().map(|power| power[step]).sum()).collect();
    let loudest = whole.iter().fold(0.0_f32, |a, &b| a.max(b));
    let bits = |step: usize| {
        let heard = groups.iter().filter(|(group, power)| {
            **group != NONE
                && whole[step] > SILENT * SILENT * loudest
                && power[step] > AUDIBLE * AUDIBLE * whole[step]
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
        let levels = levels.each_ref().map(|(group, level)| (*group, level.as_slice()));
        let seconds = by_second(&sounding(&levels), 4);
        assert_eq!(seconds, [1, 1 | 2, 1 | 4, 4]);
    }

    #[test]
    fn a_family_is_as_loud_as_its_players_together() {
        let (mix, one): (&[f32], &[f32]) = (&[0.5; 4], &[0.04; 4]);
        let heard = |parts: &[(u32, &[f32])]| by_second(&sounding(parts), 1);
        assert_eq!(heard(&[(0, mix), (1, one)]), [1]);
        assert_eq!(heard(&[(0, mix), (1, one), (1, one)]), [1 | 2]);
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
