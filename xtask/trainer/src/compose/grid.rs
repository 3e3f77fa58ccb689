//! The grid: where beats fall in seconds, and the bending of time between them.

use crate::clip::BeatLabel;
use crate::dice::Dice;

/// Beats in time. Positions between beats, and beyond both ends, are linear in the nearest beat.
#[derive(Debug, Clone, PartialEq)]
pub struct Grid {
    beats: Vec<BeatLabel>,
}

impl Grid {
    /// A grid over at least two beats in ascending time; `None` otherwise.
    #[must_use]
    pub fn new(beats: Vec<BeatLabel>) -> Option<Self> {
        let ascending = beats.windows(2).all(|pair| pair[0].time_s < pair[1].time_s);
        (beats.len() >= 2 && ascending).then_some(Self { beats })
    }

    /// `count` beats from `start_s` at the tempo course `bpm(beat)`, in bars of `per_bar`.
    /// Beat 0 is a downbeat.
    #[must_use]
    pub fn at_tempo(count: usize, per_bar: u8, start_s: f64, bpm: impl Fn(usize) -> f64) -> Self {
        let mut time_s = start_s;
        let beats = (0..count.max(2)).map(|index| {
            let label = BeatLabel { time_s, in_bar: (index % usize::from(per_bar)) as u8 + 1 };
            time_s += 60.0 / bpm(index);
            label
        });
        Self { beats: beats.collect() }
    }

    /// The beats.
    #[must_use]
    pub fn beats(&self) -> &[BeatLabel] {
        &self.beats
    }

    /// Seconds of beat position `beat` (0 is the first beat).
    #[must_use]
    pub fn seconds(&self, beat: f64) -> f64 {
        let index = (beat.floor().max(0.0) as usize).min(self.beats.len() - 2);
        let (a, b) = (self.beats[index].time_s, self.beats[index + 1].time_s);
        a + (beat - index as f64) * (b - a)
    }

    /// Beat position of `seconds`; the inverse of [`Grid::seconds`].
    #[must_use]
    pub fn position(&self, seconds: f64) -> f64 {
        let after = self.beats.partition_point(|beat| beat.time_s <= seconds);
        let index = after.saturating_sub(1).min(self.beats.len() - 2);
        let (a, b) = (self.beats[index].time_s, self.beats[index + 1].time_s);
        index as f64 + (seconds - a) / (b - a)
    }
}

/// Delays the off-beats of beat position `beat`: `ratio` is the share of the unit that its first
/// half takes (0.5 straight, 0.667 triplet swing), `unit` the length of a pair in beats (1 swings
/// eighths, 0.5 sixteenths).
#[must_use]
pub fn swing(beat: f64, ratio: f64, unit: f64) -> f64 {
    let pair = (beat / unit).floor();
    let inside = beat / unit - pair;
    let bent = if inside < 0.5 {
        inside * 2.0 * ratio
    } else {
        ratio + (inside - 0.5) * 2.0 * (1.0 - ratio)
    };
    (pair + bent) * unit
}

/// How steady a band is.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Steadiness {
    /// A sequencer.
    Machine,
    /// People with a drummer: tempo wanders about a percent.
    Band,
    /// Expressive playing: phrases breathe by several percent, endings slow down.
    Rubato,
}

/// A tempo course around `bpm`: one value per beat.
#[must_use]
pub fn tempo_course(dice: &mut Dice, bpm: f64, beats: usize, steadiness: Steadiness) -> Vec<f64> {
    let (wander, breath, ramp_chance) = match steadiness {
        Steadiness::Machine => (0.0, 0.0, 0.03),
        Steadiness::Band => (0.004, 0.004, 0.08),
        Steadiness::Rubato => (0.02, 0.05, 0.25),
    };
    let ramp = if dice.chance(ramp_chance) { dice.normal(0.1) } else { 0.0 };
    let phrase = *dice.pick(&[8.0, 16.0, 16.0, 32.0]);
    let start = dice.between(0.0, 1.0);
    let breath = breath * dice.between(0.2, 1.5);
    let mut drift = 0.0;
    let course = (0..beats).map(|index| {
        drift = 0.95 * drift + dice.normal(wander);
        let phase = (index as f64 / phrase + start) * std::f64::consts::TAU;
        let way = index as f64 / beats as f64;
        bpm * (drift + breath * phase.sin() + ramp * (way - 0.5)).exp()
    });
    course.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn position_inverts_seconds_on_an_uneven_grid() {
        let grid = Grid::at_tempo(16, 4, 0.3, |beat| 100.0 + beat as f64);
        for step in -20..90 {
            let beat = f64::from(step) / 4.0;
            assert!((grid.position(grid.seconds(beat)) - beat).abs() < 1e-9);
        }
        assert_eq!(grid.beats()[5].in_bar, 2);
    }

    #[test]
    fn swing_keeps_beats_and_moves_offbeats() {
        assert!((swing(3.0, 0.66, 1.0) - 3.0).abs() < 1e-12);
        assert!((swing(3.5, 0.66, 1.0) - 3.66).abs() < 1e-12);
        assert!((swing(3.25, 0.6, 0.5) - 3.3).abs() < 1e-12);
        assert!((swing(3.75, 0.5, 1.0) - 3.75).abs() < 1e-12);
    }

    #[test]
    fn disordered_beats_are_refused() {
        let beat = |time_s| BeatLabel { time_s, in_bar: 1 };
        assert!(Grid::new(vec![beat(1.0), beat(0.5)]).is_none());
        assert!(Grid::new(vec![beat(1.0)]).is_none());
    }

    #[test]
    fn a_machine_is_steadier_than_a_pianist() {
        let spread = |steadiness| {
            let course = tempo_course(&mut Dice::named(5, "tempo"), 100.0, 64, steadiness);
            course.iter().fold(0.0_f64, |worst, bpm| worst.max((bpm - 100.0).abs()))
        };
        assert!(spread(Steadiness::Machine) < spread(Steadiness::Rubato));
    }
}
