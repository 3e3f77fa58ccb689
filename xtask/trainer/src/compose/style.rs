//! What a style is: tempo, meter, feel, harmony, instruments and the figures its players know.
//!
//! The figures themselves are in [`super::repertoire`].

use super::grid::Steadiness;
use super::harmony::Colour;
use crate::dice::Dice;

/// The natural tempo of a style: log-normal around its median, redrawn outside its range.
#[derive(Debug, Clone, Copy)]
pub struct Tempo {
    /// Median, beats per minute.
    pub median: f64,
    /// Deviation of the logarithm; 0.1 is about ten percent.
    pub spread: f64,
    /// Slowest and fastest.
    pub range: (f64, f64),
}

impl Tempo {
    /// Beats per minute of one piece.
    #[must_use]
    pub fn draw(&self, dice: &mut Dice) -> f64 {
        for _ in 0..16 {
            let bpm = self.median * dice.normal(self.spread).exp();
            if (self.range.0..=self.range.1).contains(&bpm) {
                return bpm;
            }
        }
        self.median
    }
}

/// Which drums a style plays on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Drums {
    /// A drum kit.
    Acoustic,
    /// A drum machine.
    Machine,
    /// Noise and sines, as in games.
    Chip,
    /// No drums at all.
    Silent,
}

/// General MIDI programs by role.
#[derive(Debug, Clone, Copy)]
pub struct Palette {
    /// Bass.
    pub bass: &'static [u8],
    /// Chords.
    pub chords: &'static [u8],
    /// Melody.
    pub lead: &'static [u8],
    /// Long chords behind the rest.
    pub pad: &'static [u8],
}

/// How often a player takes part.
#[derive(Debug, Clone, Copy)]
pub struct Density {
    /// Probability of a melody.
    pub lead: f64,
    /// Probability of an arpeggio.
    pub arp: f64,
    /// Probability of long chords.
    pub pad: f64,
}

/// A style of music.
#[derive(Debug, Clone, Copy)]
pub struct Style {
    /// Its name on the command line and in clip names.
    pub name: &'static str,
    /// Its share among composed clips.
    pub weight: f64,
    /// Beats per bar.
    pub per_bar: u8,
    /// Steps per beat of its figures: 4 for straight meters, 3 for compound ones.
    pub steps: usize,
    /// Tempo of the beat.
    pub tempo: Tempo,
    /// Range of the swing ratio and the length of the swung pair in beats.
    pub swing: (f64, f64, f64),
    /// How steady the tempo is.
    pub steadiness: Steadiness,
    /// Colour of the chords.
    pub colour: Colour,
    /// Drums.
    pub drums: Drums,
    /// Drum grooves.
    pub grooves: &'static [&'static [&'static str]],
    /// Styles of recorded human drumming that fit; none means patterns only.
    pub human: &'static [&'static str],
    /// Bass figures.
    pub bass: &'static [&'static str],
    /// Chord figures.
    pub chords: &'static [&'static str],
    /// Instruments.
    pub palette: Palette,
    /// Probability that the chords are distorted guitars.
    pub drive: f64,
    /// Probability that melodic parts are plain oscillators.
    pub chip: f64,
    /// Who else plays.
    pub density: Density,
    /// Beats per chord.
    pub chord_beats: &'static [usize],
    /// Probability of a half-time section.
    pub half_time: f64,
    /// Probability of a double-time section.
    pub double_time: f64,
    /// Probability that kick and bass follow the guitar's riff.
    pub riff: f64,
    /// Probability of a section in which only what lies between the beats is played.
    pub offbeat: f64,
}

impl Style {
    /// Steps per bar.
    #[must_use]
    pub fn bar_steps(&self) -> usize {
        usize::from(self.per_bar) * self.steps
    }

    /// A style drawn by weight.
    #[must_use]
    pub fn draw(dice: &mut Dice) -> &'static Self {
        let weights: Vec<f64> =
            super::repertoire::STYLES.iter().map(|style| style.weight).collect();
        &super::repertoire::STYLES[dice.weighted(&weights)]
    }

    /// Every style.
    #[must_use]
    pub fn all() -> &'static [Self] {
        &super::repertoire::STYLES
    }

    /// The style called `name`.
    #[must_use]
    pub fn named(name: &str) -> Option<&'static Self> {
        super::repertoire::STYLES.iter().find(|style| style.name == name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::compose::repertoire::STYLES;

    #[test]
    fn figures_fit_their_bars() {
        for style in STYLES.iter() {
            let bar = style.bar_steps();
            let drums =
                style.grooves.iter().flat_map(|groove| groove.iter()).map(|line| &line[2..]);
            for figure in
                drums.chain(style.bass.iter().copied()).chain(style.chords.iter().copied())
            {
                assert_eq!(figure.len() % bar, 0, "{}: {figure:?} in bars of {bar}", style.name);
            }
            assert!(style.drums == Drums::Silent || !style.grooves.is_empty(), "{}", style.name);
        }
    }

    #[test]
    fn tempi_stay_in_range_around_their_median() {
        let mut dice = Dice::named(1, "tempo");
        for style in STYLES.iter() {
            let (low, high) = style.tempo.range;
            for _ in 0..50 {
                assert!((low..=high).contains(&style.tempo.draw(&mut dice)));
            }
        }
    }
}
