//! Variation: how another player of the same style would play a figure.
//!
//! What makes a style stays, the accents of kick and snare and the first stroke of a bar; the rest is
//! thinned out, ornamented, or phrased otherwise, and an even pulse may be kept in another way. A figure
//! learned by heart is then worth little, its kind much.

use crate::dice::Dice;

/// Rhythms of cymbals and shakers, by steps per beat.
const PULSES: [(usize, &[&str]); 2] = [
    (4, &["x.x.x.x.", "xvxvxvxv", "x...x...", "x.v.x.v.", "xxxxxxxx", "x.vvx.vv", "X.x.X.x."]),
    (3, &["x.xx.x", "xxxxxx", "x..x..", "xvvxvv", "x.vx.v"]),
];
/// Instruments that keep the pulse.
const KEEPERS: [&str; 4] = ["h", "r", "z", "f"];

/// A groove as another drummer plays it. `bar` is its length in steps, of which `steps` make a beat.
#[must_use]
pub fn groove(dice: &mut Dice, lines: &[&str], bar: usize, steps: usize) -> Vec<String> {
    lines.iter().map(|line| strokes(dice, line, bar, steps)).collect()
}

/// One instrument's line of a groove.
fn strokes(dice: &mut Dice, line: &str, bar: usize, steps: usize) -> String {
    let (letter, written) = (&line[..1], &line[2..]);
    if KEEPERS.contains(&letter) {
        let even = written.chars().step_by(steps).all(|stroke| stroke != '.');
        if even && dice.chance(0.35) {
            return pulse(dice, letter, bar, steps);
        }
    }
    let played = written.chars().enumerate().map(|(at, stroke)| {
        let (on_beat, kept) = (at % steps == 0, at % bar == 0 || stroke == 'X');
        match stroke {
            _ if kept => stroke,
            '.' if !on_beat && dice.chance(0.05) => match letter {
                "k" => 'x',
                "s" => 'g',
                _ => '.',
            },
            '.' => '.',
            _ if dice.chance(0.12) => '.',
            'x' if dice.chance(0.12) => 'v',
            'v' if dice.chance(0.12) => 'x',
            _ => stroke,
        }
    });
    format!("{letter} {}", played.collect::<String>())
}

/// A bar of one of the [`PULSES`], its keeper sometimes another.
fn pulse(dice: &mut Dice, letter: &str, bar: usize, steps: usize) -> String {
    let rhythms = PULSES.iter().find(|(of, _)| *of == steps).map_or(PULSES[0].1, |(_, all)| all);
    let rhythm = dice.pick::<&str>(rhythms).chars().cycle().take(bar);
    let keeper = match letter {
        "h" if dice.chance(0.25) => "r",
        "r" if dice.chance(0.25) => "h",
        same => same,
    };
    format!("{keeper} {}", rhythm.collect::<String>())
}

/// A bass line as another bassist plays it.
#[must_use]
pub fn bass(dice: &mut Dice, figure: &str, bar: usize) -> String {
    phrased(dice, figure, bar, |dice, tone| match tone {
        _ if dice.chance(0.08) => '-',
        'r' if dice.chance(0.15) => *dice.pick(&['5', 'o', '3']),
        '5' | '3' | 'o' if dice.chance(0.25) => *dice.pick(&['r', '5', '3', 'o']),
        tone => tone,
    })
}

/// A chord figure as another player of keys or strings plays it.
#[must_use]
pub fn chords(dice: &mut Dice, figure: &str, bar: usize) -> String {
    phrased(dice, figure, bar, |dice, stroke| match stroke {
        'x' | 'v' | 'm' if dice.chance(0.1) => '.',
        'x' if dice.chance(0.1) => 'v',
        '1'..='3' if dice.chance(0.2) => *dice.pick(&['1', '2', '3']),
        stroke => stroke,
    })
}

/// `figure` in another phrasing, its strokes changed by `other` but for the first of every bar.
fn phrased(
    dice: &mut Dice,
    figure: &str,
    bar: usize,
    other: impl Fn(&mut Dice, char) -> char,
) -> String {
    let phrasing = Phrasing::draw(dice);
    let played = figure.chars().enumerate().map(|(at, written)| match written {
        '.' | '-' => phrasing.between(written),
        _ if at % bar == 0 => written,
        _ => other(dice, written),
    });
    played.collect()
}

/// How notes end.
#[derive(Clone, Copy)]
enum Phrasing {
    AsWritten,
    Legato,
    Staccato,
}

impl Phrasing {
    fn draw(dice: &mut Dice) -> Self {
        *dice.pick(&[Self::AsWritten, Self::AsWritten, Self::Legato, Self::Staccato])
    }

    /// What stands between two strokes.
    fn between(self, written: char) -> char {
        match self {
            Self::AsWritten => written,
            Self::Legato => '-',
            Self::Staccato => '.',
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn accents_and_first_strokes_stay_and_the_rest_differs() {
        let written = ["k X.....x.X.x.....", "s ....X..g....X..x", "h x.x.x.x.x.x.x.x."];
        let mut others = 0;
        for seed in 0..60 {
            let mut dice = Dice::named(seed, "variation");
            let played = groove(&mut dice, &written, 16, 4);
            others += usize::from(played != written);
            for (played, written) in played[..2].iter().zip(written) {
                let accents = |line: &str| -> Vec<usize> {
                    line[2..].match_indices('X').map(|(at, _)| at).collect()
                };
                assert_eq!(accents(played), accents(written));
                assert_eq!(played.len(), written.len());
            }
            assert!(
                played[2].starts_with("h x")
                    || played[2][..3].to_lowercase() == "r x"
                    || played[2].starts_with("h X"),
                "{}",
                played[2]
            );
            for figure in ["r-..r-r-..r-5-o-", "x-..x-x-..x-x-.."] {
                let bass = bass(&mut dice, figure, 16);
                let chords = chords(&mut dice, figure, 16);
                assert_eq!((bass.len(), chords.len()), (16, 16));
                assert!(bass.starts_with(&figure[..1]) && chords.starts_with(&figure[..1]));
            }
        }
        assert!(others > 40, "{others} of 60");
    }

    #[test]
    fn triplets_stay_triplets() {
        for seed in 0..40 {
            let mut dice = Dice::named(seed, "triplets");
            let kept = pulse(&mut dice, "h", 12, 3);
            let on_beat = kept[2..].chars().step_by(3);
            assert!(kept.len() == 14 && on_beat.clone().count() == 4, "{kept}");
            assert!(on_beat.clone().all(|stroke| stroke != '.'), "{kept}");
            assert_eq!(groove(&mut dice, &["h x.xx.xx.xx.x"], 12, 3)[0].len(), 14);
        }
    }
}
