//! Which families of instruments can be heard when: every family is rendered by itself.

use std::collections::BTreeMap;

use listener::{BANDS, FeatureSpec, Vocabulary};

use crate::compose::score::{Part, Voice, Wave};

/// Between two looks at what can be heard, seconds.
pub(crate) const STEP_S: f64 = 0.25;
/// A family is heard where it makes most of the sound in at least this share of the places, a band of a
/// frame each, in which there is any: the ideal binary mask of auditory scene analysis (Wang 2005).
pub(crate) const AUDIBLE: f32 = 0.05;
/// A place this much softer than the loudest of the piece is silent, as a power: 50 dB.
pub(crate) const SILENT: f32 = 1e-5;
/// Where fewer places than this share sound, nothing is heard.
const BARELY: f32 = 0.02;
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

/// A bit per group that can be heard, every [`STEP_S`], from what each part sounds like: (its group, its
/// mel magnitudes by frame). The parts of a group are heard together, wherever they are mixed.
pub(super) fn sounding(parts: &[(u32, Vec<[f32; BANDS]>)]) -> Vec<(f64, u32)> {
    let frames = parts.iter().map(|(_, frames)| frames.len()).max().unwrap_or(0);
    let mut groups: BTreeMap<u32, Vec<[f32; BANDS]>> = BTreeMap::new();
    for (group, part) in parts {
        let power = groups.entry(*group).or_insert_with(|| vec![[0.0; BANDS]; frames]);
        let places = power.as_flattened_mut().iter_mut().zip(part.as_flattened());
        places.for_each(|(power, magnitude)| *power += magnitude * magnitude);
    }
    let mut whole = vec![[0.0_f32; BANDS]; frames];
    for power in groups.values() {
        let places = whole.as_flattened_mut().iter_mut().zip(power.as_flattened());
        places.for_each(|(whole, power)| *whole += power);
    }
    let loudest = whole.as_flattened().iter().fold(0.0_f32, |a, &b| a.max(b));
    let per_step = STEP_S / FeatureSpec::CURRENT.hop_s;
    let edge = |step: usize| ((step as f64 * per_step).round() as usize).min(frames);
    let bits = |step: usize| {
        let span = edge(step)..edge(step + 1);
        let whole = whole[span.clone()].as_flattened();
        let sounds = |power: f32| power > SILENT * loudest;
        let all = whole.iter().filter(|&&power| sounds(power)).count() as f32;
        if all < BARELY * whole.len() as f32 {
            return 0;
        }
        let heard = groups.iter().filter(|(group, power)| {
            let places = power[span.clone()].as_flattened().iter().zip(whole);
            let own = places.filter(|&(own, &all)| sounds(all) && 2.0 * own > all).count();
            **group != NONE && own as f32 >= AUDIBLE * all
        });
        heard.fold(0, |bits, (group, _)| bits | 1 << group)
    };
    let steps = (frames as f64 / per_step) as usize;
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

    /// So many frames in which `bands` sound at `level`.
    fn part(frames: usize, bands: std::ops::Range<usize>, level: f32) -> Vec<[f32; BANDS]> {
        let mut frame = [0.0; BANDS];
        frame[bands].fill(level);
        vec![frame; frames]
    }

    #[test]
    fn what_can_be_heard_is_known_second_by_second() {
        let mut late = part(200, 0..40, 0.0);
        late[100..150].copy_from_slice(&part(50, 30..40, 0.5));
        let mut first = part(200, 0..30, 0.5);
        first[150..].fill([0.0; BANDS]);
        let parts = [
            (0, first),
            (1, late),
            // Covered by the first while that plays, then alone.
            (2, part(200, 0..20, 0.1)),
            (NONE, part(200, 60..64, 0.2)),
        ];
        assert_eq!(by_second(&sounding(&parts), 4), [1, 1, 1 | 2, 4]);
    }

    #[test]
    fn a_family_is_heard_together_and_wherever_it_stands_out() {
        let heard = |parts: &[(u32, Vec<[f32; BANDS]>)]| by_second(&sounding(parts), 1);
        let mix = (0, part(50, 0..40, 0.5));
        let softer = (1, part(50, 0..40, 0.4));
        assert_eq!(heard(&[mix.clone(), softer.clone()]), [1]);
        assert_eq!(heard(&[mix.clone(), softer.clone(), softer]), [2]);
        // Far softer than the mix, in four bands of its own.
        assert_eq!(heard(&[mix.clone(), (1, part(50, 50..54, 0.02))]), [1 | 2]);
        assert_eq!(heard(&[mix, (1, part(50, 50..54, 0.001))]), [1]);
    }

    #[test]
    fn families_follow_general_midi_and_pitch() {
        let words = |text: &str| text.split_whitespace().map(str::to_owned).collect();
        let vocabulary = Vocabulary {
            genres: words("rock jazz"),
            instruments: words("piano bass drums"),
            moods: Vec::new(),
        };
        let note = |voice, key| Part {
            voice,
            notes: vec![Note { at: 0.0, length: 1.0, key, velocity: 100 }],
            gain_db: 0.0,
            pan: 0.0,
            drive: 0.0,
        };
        let of = |voice, key| group(&note(voice, key), &vocabulary);
        assert_eq!([of(Voice::Program(0), 60), of(Voice::Kit(0), 36)], [0, 2]);
        assert_eq!(of(Voice::Wave(Wave::Saw(5.0)), 36), 1);
        assert_eq!(of(Voice::Program(48), 60), NONE, "not in this vocabulary");
    }
}
