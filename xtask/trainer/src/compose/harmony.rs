//! Harmony: keys, chords and progressions.

use crate::dice::Dice;

/// A chord as pitch classes above a root.
#[derive(Debug, Clone, PartialEq)]
pub struct Chord {
    /// Pitch class of the root, 0 = C.
    pub root: u8,
    /// Pitch class of the bass.
    pub bass: u8,
    /// Semitones above the root, ascending from 0.
    pub tones: Vec<u8>,
}

impl Chord {
    /// A chord in root position.
    #[must_use]
    pub fn new(root: u8, tones: &[u8]) -> Self {
        Self { root: root % 12, bass: root % 12, tones: tones.to_vec() }
    }

    /// The keys of the chord placed as near as possible to `centre`, lowest first.
    #[must_use]
    pub fn voiced(&self, centre: u8) -> Vec<u8> {
        let mut keys: Vec<u8> =
            self.tones.iter().map(|tone| nearest(self.root + tone, centre)).collect();
        keys.sort_unstable();
        keys
    }

    /// Root and fifth in close position upwards from `low`, as rock guitars play.
    #[must_use]
    pub fn power(&self, low: u8) -> Vec<u8> {
        let root = at_least(self.root, low);
        vec![root, root + 7, root + 12]
    }
}

/// The key of pitch class `class` nearest to `centre`.
#[must_use]
pub fn nearest(class: u8, centre: u8) -> u8 {
    let below = centre - (centre + 120 - class % 12) % 12;
    if centre - below > 6 { below + 12 } else { below }
}

/// The lowest key of pitch class `class` that is at least `low`.
#[must_use]
pub fn at_least(class: u8, low: u8) -> u8 {
    low + (class % 12 + 120 - low) % 12
}

/// A key: tonic and scale.
#[derive(Debug, Clone, PartialEq)]
pub struct Key {
    /// Pitch class of the tonic.
    pub tonic: u8,
    /// Semitones of the seven degrees.
    pub scale: [u8; 7],
}

const MAJOR: [u8; 7] = [0, 2, 4, 5, 7, 9, 11];
const MINOR: [u8; 7] = [0, 2, 3, 5, 7, 8, 10];
const DORIAN: [u8; 7] = [0, 2, 3, 5, 7, 9, 10];
const PHRYGIAN: [u8; 7] = [0, 1, 3, 5, 7, 8, 10];

/// How chords are coloured.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Colour {
    /// Triads.
    Plain,
    /// Sevenths, as in jazz and soul.
    Seventh,
    /// Dominant sevenths everywhere, as in blues.
    Blues,
    /// Minor and phrygian, as in metal and techno.
    Dark,
}

/// Degree progressions (0 = I) that songs are made of; one entry per chord.
const LOOPS: [&[u8]; 22] = [
    &[0, 4, 5, 3],
    &[0, 5, 3, 4],
    &[5, 3, 0, 4],
    &[0, 3, 4, 4],
    &[0, 3, 0, 4],
    &[1, 4, 0, 0],
    &[0, 6, 5, 6],
    &[0, 5, 2, 6],
    &[0, 2, 3, 4],
    &[0, 0, 3, 4],
    &[3, 4, 2, 5],
    &[0, 4, 5, 2, 3, 0, 3, 4],
    &[0, 5, 1, 4],
    &[2, 5, 1, 4],
    &[0, 0, 0, 0],
    &[0, 6, 0, 6],
    &[0, 0, 5, 6],
    &[0, 3, 5, 4],
    &[5, 4, 3, 4],
    &[0, 0, 6, 3],
    &[0, 1, 0, 4],
    &[3, 0, 4, 5],
];
const BLUES: [u8; 12] = [0, 0, 0, 0, 3, 3, 0, 0, 4, 3, 0, 4];

impl Key {
    /// A random key in the colour of the style.
    #[must_use]
    pub fn draw(dice: &mut Dice, colour: Colour) -> Self {
        let scales: &[[u8; 7]] = match colour {
            Colour::Plain => &[MAJOR, MAJOR, MAJOR, MINOR, MINOR],
            Colour::Seventh => &[MAJOR, MAJOR, MINOR, DORIAN],
            Colour::Blues => &[MAJOR],
            Colour::Dark => &[MINOR, MINOR, PHRYGIAN, DORIAN],
        };
        Self { tonic: dice.whole(0, 12) as u8, scale: *dice.pick(scales) }
    }

    /// Pitch class of degree `degree` (0 = tonic), which may lie outside an octave.
    #[must_use]
    pub fn class(&self, degree: i32) -> u8 {
        (self.tonic + self.scale[degree.rem_euclid(7) as usize]) % 12
    }

    /// MIDI key of degree `degree` counted from the tonic at or above `low`.
    #[must_use]
    pub fn pitch(&self, degree: i32, low: u8) -> u8 {
        let octaves = degree.div_euclid(7) * 12;
        let key = i32::from(at_least(self.tonic, low))
            + octaves
            + i32::from(self.scale[degree.rem_euclid(7) as usize]);
        key.clamp(0, 127) as u8
    }

    /// The chord on `degree`.
    #[must_use]
    pub fn chord(&self, degree: u8, colour: Colour) -> Chord {
        let root = self.class(i32::from(degree));
        let above = |step: i32| (self.class(i32::from(degree) + step) + 12 - root) % 12;
        match colour {
            Colour::Blues => Chord::new(root, &[0, 4, 7, 10]),
            Colour::Seventh => Chord::new(root, &[0, above(2), above(4), above(6)]),
            Colour::Plain | Colour::Dark => Chord::new(root, &[0, above(2), above(4)]),
        }
    }

    /// A progression to be looped.
    #[must_use]
    pub fn progression(&self, dice: &mut Dice, colour: Colour) -> Vec<Chord> {
        if colour == Colour::Blues {
            return BLUES.iter().map(|&degree| self.chord(degree, colour)).collect();
        }
        if dice.chance(0.15) {
            let mut degrees = vec![0];
            degrees.extend((0..7).map(|_| *dice.pick(&[0, 1, 2, 3, 4, 5, 3, 4])));
            return degrees.iter().map(|&degree| self.chord(degree, colour)).collect();
        }
        dice.pick(&LOOPS).iter().map(|&degree| self.chord(degree, colour)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chords_and_keys_are_in_tune() {
        let c = Key { tonic: 0, scale: MAJOR };
        assert_eq!(c.chord(0, Colour::Plain).tones, vec![0, 4, 7]);
        assert_eq!(c.chord(1, Colour::Seventh).tones, vec![0, 3, 7, 10]);
        assert_eq!(c.chord(4, Colour::Plain).root, 7);
        assert_eq!(c.pitch(7, 60), 72);
        assert_eq!(c.pitch(-1, 60), 59);
    }

    #[test]
    fn voicings_stay_near_their_centre() {
        for root in 0..12 {
            let keys = Chord::new(root, &[0, 4, 7, 10]).voiced(60);
            assert!(keys.iter().all(|&key| (54..=66).contains(&key)), "{keys:?}");
            assert!((28..40).contains(&at_least(root, 28)));
        }
    }
}
