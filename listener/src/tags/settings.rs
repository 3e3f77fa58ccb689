//! How a tag model's outputs become what is shown.

use serde::{Deserialize, Serialize};

/// Settings that travel with a tag model, under `tagging` in its metadata.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct TagSettings {
    /// Time constant of the exponential mean over instruments and mood, seconds.
    pub smoothing_s: f32,
    /// Time constant of the exponential mean over genres, seconds: what this passage is.
    pub genre_s: f32,
    /// Time constant of the mean over genres that a name is chosen by, seconds: what the whole piece is.
    pub piece_s: f32,
    /// Another piece has begun when in this passage another genre is so much more probable than the one that
    /// is named: from then on the piece is what the passage is.
    pub turn: f32,
    /// A genre is named only when the piece is of it with at least this probability; below, Tatum is unsure.
    pub sure: f32,
    /// A named genre goes when it is less probable than this.
    pub doubt: f32,
    /// Another genre takes the place of the one that is named when it is this much more probable.
    pub lead: f32,
    /// An instrument is shown from this probability on.
    pub on: f32,
    /// An instrument that is shown goes when it is less probable than this.
    pub off: f32,
}

/// Those of the shipped model. How genres are named was chosen so that most names stand from the fifth second on,
/// with few more wrong ones: on rendered clips that it never heard, and with an eye on the real music of its card.
impl Default for TagSettings {
    fn default() -> Self {
        Self {
            smoothing_s: 4.0,
            genre_s: 20.0,
            piece_s: 60.0,
            turn: 0.5,
            sure: 0.25,
            doubt: 0.05,
            lead: 0.35,
            on: 0.5,
            off: 0.35,
        }
    }
}

impl TagSettings {
    /// Checks every value.
    ///
    /// # Errors
    /// The first that is out of range, with the range.
    pub fn check(&self) -> Result<(), String> {
        let Self { smoothing_s, genre_s, piece_s, turn, sure, doubt, lead, on, off } = *self;
        let ranges = [
            ("smoothing_s", smoothing_s, 0.0, 60.0),
            ("genre_s", genre_s, 0.0, 300.0),
            ("piece_s", piece_s, 0.0, 3600.0),
            ("turn", turn, 0.0, 1.0),
            ("sure", sure, 0.0, 1.0),
            ("doubt", doubt, 0.0, sure),
            ("lead", lead, 0.0, 1.0),
            ("on", on, 0.0, 1.0),
            ("off", off, 0.0, on),
        ];
        match ranges.into_iter().find(|(_, value, low, high)| !(*low..=*high).contains(value)) {
            None => Ok(()),
            Some((name, value, low, high)) => {
                Err(format!("{name} is {value}, must be {low} to {high}"))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_shipped_model_brings_these() {
        let file = crate::TagFile::read(include_bytes!("../../../models/tags.onnx"));
        assert_eq!(file.expect("a model").settings, TagSettings::default());
    }

    #[test]
    fn values_out_of_range_are_named() {
        assert_eq!(TagSettings::default().check(), Ok(()));
        let bad = TagSettings { off: 0.9, ..TagSettings::default() };
        assert!(bad.check().is_err_and(|reason| reason.contains("off is 0.9")));
        assert!(TagSettings { sure: f32::NAN, ..TagSettings::default() }.check().is_err());
    }
}
