//! Drums: grooves from patterns, fills, and human performances laid on another grid.

use super::score::Note;
use super::style::Style;
use crate::dice::Dice;

/// General MIDI drum keys by the letters of [`super::repertoire`].
#[must_use]
pub fn key_of(letter: char) -> u8 {
    match letter {
        'k' => 36,
        's' => 38,
        'x' => 37,
        'p' => 39,
        'h' => 42,
        'f' => 44,
        'o' => 46,
        'c' => 49,
        'n' => 52,
        'r' => 51,
        'b' => 53,
        't' => 50,
        'm' => 47,
        'l' => 43,
        'a' => 54,
        'w' => 56,
        'g' => 64,
        'z' => 70,
        _ => 75,
    }
}

/// The weight of a step's character: velocity, or `None` for a rest.
pub(super) fn velocity_of(step: char, dice: &mut Dice) -> Option<f64> {
    match step {
        'X' => Some(114.0),
        'x' => Some(94.0),
        'v' => Some(66.0),
        'g' => Some(42.0),
        '?' => dice.chance(0.4).then_some(84.0),
        _ => None,
    }
}

/// How a drummer plays a stretch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Energy {
    /// Not at all.
    Out,
    /// Without kick and snare.
    Light,
    /// Only the kick.
    Kick,
    /// The groove.
    Full,
    /// The backbeat half as often, under the same pulse.
    HalfTime,
    /// The backbeat twice as often, under the same pulse.
    DoubleTime,
}

/// A bar of `groove`, in beats from the bar's start. `bar` counts bars since the groove began.
#[must_use]
pub fn bar(
    dice: &mut Dice,
    style: &Style,
    groove: &[&str],
    bar: usize,
    energy: Energy,
) -> Vec<Note> {
    let mut notes = Vec::new();
    let (steps, beats) = (style.bar_steps(), f64::from(style.per_bar));
    let step_beats = 1.0 / style.steps as f64;
    for line in groove {
        let Some(letter) = line.chars().next() else { continue };
        let pattern: Vec<char> = line.chars().skip(2).collect();
        let drum = matches!(letter, 'k' | 's' | 'x' | 'p');
        let plays = match energy {
            Energy::Out => false,
            Energy::Light => !drum,
            Energy::Kick => letter == 'k',
            Energy::Full | Energy::HalfTime | Energy::DoubleTime => true,
        };
        if !plays {
            continue;
        }
        for step in 0..steps {
            let mut place = bar * steps + step;
            if energy == Energy::HalfTime && drum {
                // The pattern at half speed: only its even moments exist on our steps.
                if place % 2 == 1 {
                    continue;
                }
                place /= 2;
            }
            if energy == Energy::DoubleTime && drum {
                place *= 2;
            }
            let Some(velocity) = velocity_of(pattern[place % pattern.len()], dice) else {
                continue;
            };
            let at = step as f64 * step_beats;
            notes.push(hit(letter, at, velocity));
        }
    }
    debug_assert!(notes.iter().all(|note| note.at < beats));
    notes
}

/// A fill over the last `beats` of a bar of `style`, in beats from the bar's start.
#[must_use]
pub fn fill(dice: &mut Dice, style: &Style, beats: f64) -> Vec<Note> {
    let step = if style.steps == 3 { 1.0 / 3.0 } else { *dice.pick(&[0.25, 0.25, 0.5]) };
    let end = f64::from(style.per_bar);
    let count = (beats / step).round() as usize;
    let toms = dice.chance(0.6);
    let sparse = dice.between(0.0, 0.5);
    let mut notes = Vec::new();
    for index in 0..count {
        let way = index as f64 / count as f64;
        if index > 0 && dice.chance(sparse * 0.6) {
            continue;
        }
        let letter = if toms {
            ['s', 't', 'm', 'l'][((way * 4.0) as usize).min(3)]
        } else {
            *dice.pick(&['s', 's', 's', 'k'])
        };
        notes.push(hit(letter, end - beats + index as f64 * step, 78.0 + 34.0 * way));
    }
    notes
}

/// One stroke.
#[must_use]
pub fn hit(letter: char, at: f64, velocity: f64) -> Note {
    Note { at, length: 0.2, key: key_of(letter), velocity: velocity.clamp(1.0, 127.0) as u8 }
}

/// A human performance in beats of its own click, the drummer's habitual lead or lag removed.
#[derive(Debug, Clone, PartialEq)]
pub struct Performance {
    /// Where it came from.
    pub id: String,
    /// Who played; train and validation share no drummer.
    pub drummer: String,
    /// First word of its style, as `rock`.
    pub style: String,
    /// Tempo it was played at.
    pub bpm: f64,
    /// Beats per bar.
    pub per_bar: u8,
    /// Strokes; `at` and `length` in beats, 0 is a downbeat.
    pub notes: Vec<Note>,
    /// Whole beats it lasts.
    pub beats: usize,
}

impl Performance {
    /// The strokes of `bars` bars from bar `from`, going round at the end, in beats from 0.
    #[must_use]
    pub fn bars(&self, from: usize, bars: usize) -> Vec<Note> {
        let per_bar = usize::from(self.per_bar);
        let whole = (self.beats / per_bar).max(1);
        let mut notes = Vec::new();
        for index in 0..bars {
            let start = ((from + index) % whole * per_bar) as f64;
            let end = start + per_bar as f64;
            // A stroke a little ahead of the bar line belongs to the bar it announces.
            let early = 0.08;
            let inside = self.notes.iter().filter(|n| n.at >= start - early && n.at < end - early);
            notes
                .extend(inside.map(|n| Note { at: n.at - start + (index * per_bar) as f64, ..*n }));
        }
        notes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn half_time_moves_the_backbeat_to_three_and_double_time_between_the_beats() {
        let style = Style::named("rock").expect("rock is played");
        let mut dice = Dice::named(1, "drums");
        let at = |notes: &[Note], key| -> Vec<f64> {
            notes.iter().filter(|n| n.key == key).map(|n| n.at).collect()
        };
        let full = bar(&mut dice, style, style.grooves[0], 0, Energy::Full);
        assert_eq!(at(&full, 38), vec![1.0, 3.0]);
        let half = bar(&mut dice, style, style.grooves[0], 0, Energy::HalfTime);
        assert_eq!(at(&half, 38), vec![2.0]);
        assert_eq!(at(&half, 42).len(), at(&full, 42).len());
        let double = bar(&mut dice, style, style.grooves[0], 0, Energy::DoubleTime);
        assert_eq!(at(&double, 38), vec![0.5, 1.5, 2.5, 3.5]);
    }

    #[test]
    fn performances_go_round_in_whole_bars() {
        let notes = (0..9).map(|beat| hit('k', f64::from(beat), 90.0)).collect();
        let performance = Performance {
            id: String::new(),
            drummer: String::new(),
            style: "rock".into(),
            bpm: 100.0,
            per_bar: 4,
            notes,
            beats: 9,
        };
        let bars = performance.bars(1, 2);
        assert_eq!(bars.iter().map(|n| n.at).collect::<Vec<_>>(), [0., 1., 2., 3., 4., 5., 6., 7.]);
    }

    #[test]
    fn fills_end_with_the_bar() {
        let style = Style::named("rock").expect("rock is played");
        let notes = fill(&mut Dice::named(2, "fill"), style, 2.0);
        assert!(!notes.is_empty() && notes.iter().all(|n| (2.0..4.0).contains(&n.at)));
    }
}
