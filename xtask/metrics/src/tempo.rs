//! Tempo as one number, and how it may be wrong (Gouyon et al. 2006).

use crate::bias::median;

/// Largest relative error of a tempo that is called right.
pub const TEMPO_TOLERANCE: f64 = 0.04;

/// How an estimated tempo relates to the annotated one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Level {
    /// The same.
    Right,
    /// Twice as fast.
    Double,
    /// Half as fast.
    Half,
    /// Three for two.
    ThreeHalves,
    /// Two for three.
    TwoThirds,
    /// Three times as fast.
    Triple,
    /// A third as fast.
    Third,
    /// None of these.
    Other,
}

/// Beats per minute of the median interval between beats; None of fewer than two, or when half of
/// them coincide.
#[must_use]
pub fn median_tempo(beats: &[f64]) -> Option<f64> {
    let intervals: Vec<f64> = beats.windows(2).map(|pair| pair[1] - pair[0]).collect();
    median(&intervals).filter(|&interval| interval > 0.0).map(|interval| 60.0 / interval)
}

/// Which metrical level the `estimated` tempo is of.
#[must_use]
pub fn level(reference_bpm: f64, estimated_bpm: f64) -> Level {
    let is = |ratio: f64| {
        (estimated_bpm - ratio * reference_bpm).abs() <= TEMPO_TOLERANCE * ratio * reference_bpm
    };
    let levels = [
        (1.0, Level::Right),
        (2.0, Level::Double),
        (0.5, Level::Half),
        (1.5, Level::ThreeHalves),
        (2.0 / 3.0, Level::TwoThirds),
        (3.0, Level::Triple),
        (1.0 / 3.0, Level::Third),
    ];
    levels.into_iter().find(|&(ratio, _)| is(ratio)).map_or(Level::Other, |(_, level)| level)
}

/// Accuracy 1 (right) and accuracy 2 (right, or off by a factor of 2 or 3).
#[must_use]
pub fn tempo_accuracy(level: Level) -> [bool; 2] {
    let right = level == Level::Right;
    [right, right || matches!(level, Level::Double | Level::Half | Level::Triple | Level::Third)]
}

impl Level {
    /// All of them.
    pub const ALL: [Self; 8] = [
        Self::Right,
        Self::Double,
        Self::Half,
        Self::ThreeHalves,
        Self::TwoThirds,
        Self::Triple,
        Self::Third,
        Self::Other,
    ];

    /// What it is called in tables and files: a ratio, but for `right` and `other`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Right => "right",
            Self::Double => "2:1",
            Self::Half => "1:2",
            Self::ThreeHalves => "3:2",
            Self::TwoThirds => "2:3",
            Self::Triple => "3:1",
            Self::Third => "1:3",
            Self::Other => "other",
        }
    }

    /// Whether the tempo is off by a simple ratio.
    #[must_use]
    pub fn is_octave_error(self) -> bool {
        !matches!(self, Self::Right | Self::Other)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tempo_is_the_median_interval() {
        assert_eq!(median_tempo(&[0.0, 0.5, 1.0, 1.5, 4.0]), Some(120.0));
        assert_eq!(median_tempo(&[1.0]), None);
        assert_eq!(median_tempo(&[1.0, 1.0]), None);
    }

    #[test]
    fn every_level_has_its_name() {
        for (bpm, expected) in [
            (100.0, Level::Right),
            (103.9, Level::Right),
            (96.1, Level::Right),
            (104.1, Level::Other),
            (207.0, Level::Double),
            (49.0, Level::Half),
            (150.0, Level::ThreeHalves),
            (66.0, Level::TwoThirds),
            (300.0, Level::Triple),
            (33.0, Level::Third),
            (125.0, Level::Other),
        ] {
            assert_eq!(level(100.0, bpm), expected, "{bpm}");
        }
        assert_eq!(tempo_accuracy(Level::Right), [true, true]);
        assert_eq!(tempo_accuracy(Level::Half), [false, true]);
        assert_eq!(tempo_accuracy(Level::ThreeHalves), [false, false]);
        assert!(Level::TwoThirds.is_octave_error() && !Level::Other.is_octave_error());
    }
}
