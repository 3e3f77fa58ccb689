//! The gate: a model takes the place of another only where it hears no worse, decoded as in play, on
//! the validation clips and, when there is any, on real music.

use std::fmt;
use std::path::Path;

use anyhow::{Context, Error, Result};
use listener::DecoderSettings;
use metrics::{expected_calibration_error, median_tempo, reliability};

use crate::clip::Clip;
use crate::net::BeatShape;
use crate::tune::{Piece, Summary, by_source, judged, onset_f, summary};

/// What models are tried on.
pub(super) struct Trial<'a> {
    /// Rendered music that no model learned from.
    pub(super) validation: &'a [Clip],
    /// Real music, never learned from or fitted to; may be empty.
    pub(super) dev: &'a [Clip],
}

/// How a model did.
#[derive(Debug, Clone, PartialEq)]
pub struct Marks {
    /// On the validation clips.
    pub validation: Summary,
    /// On those of each source, with their number.
    pub by_source: Vec<(String, usize, Summary)>,
    /// On those whose tempo is one that the decoder looks for, with their number: what the others lose is not the
    /// network's fault.
    pub within_reach: (usize, Summary),
    /// F-measure of the onsets that leave, on those that say their own.
    pub onset: Option<f64>,
    /// On real music, if there was any.
    pub dev: Option<Summary>,
    /// Expected calibration error of the confidence, on validation clips and on real music.
    pub calibration_error: [Option<f64>; 2],
}

/// What one network heard in a trial; any decoder can be tried on it.
pub(super) struct Audition {
    validation: Vec<Piece>,
    dev: Vec<Piece>,
}

impl Trial<'_> {
    /// What the network with `params` hears.
    pub(super) fn hear(&self, shape: &BeatShape, params: &[f32]) -> Audition {
        let hear = |clips: &[Clip]| Piece::of(shape, params, clips);
        Audition { validation: hear(self.validation), dev: hear(self.dev) }
    }
}

impl Audition {
    /// Marks of the network with `decoder`.
    pub(super) fn marks(&self, decoder: &DecoderSettings) -> Marks {
        let Self { validation, dev } = self;
        let of_source = |(name, pieces): (&str, Vec<Piece>)| {
            (name.to_owned(), pieces.len(), summary(decoder, &pieces))
        };
        let calibration_error = [validation, dev]
            .map(|pieces| expected_calibration_error(&reliability(&judged(decoder, pieces))));
        let reach = decoder.min_bpm..=decoder.max_bpm;
        let within = |piece: &&Piece| {
            let times: Vec<f64> = piece.beats.iter().map(|beat| beat.time_s).collect();
            median_tempo(&times).is_some_and(|bpm| reach.contains(&(bpm as f32)))
        };
        let reached: Vec<Piece> = validation.iter().filter(within).cloned().collect();
        Marks {
            calibration_error,
            validation: summary(decoder, validation),
            by_source: by_source(validation).into_iter().map(of_source).collect(),
            within_reach: (reached.len(), summary(decoder, &reached)),
            onset: onset_f(decoder, validation),
            dev: (!dev.is_empty()).then(|| summary(decoder, dev)),
        }
    }
}

impl Marks {
    /// The one number that decoders are chosen by: real music weighs as much as rendered.
    pub(super) fn overall(&self) -> f64 {
        self.validation.overall() + self.dev.map_or(0.0, |dev| dev.overall())
    }

    /// Whether a model with these marks may take the place of one with the marks `old`.
    pub(super) fn may_replace(&self, old: &Self) -> bool {
        let as_good = |new: &Summary, old: &Summary| new.overall() >= old.overall();
        as_good(&self.validation, &old.validation)
            && self.dev.zip(old.dev).is_none_or(|(new, old)| as_good(&new, &old))
    }
}

impl fmt::Display for Marks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "validation: {}", self.validation)?;
        self.onset.iter().try_for_each(|onset| write!(f, ", onset F {onset:.3}"))?;
        self.dev.iter().try_for_each(|dev| write!(f, "; dev: {dev}"))?;
        let [validation, dev] = self.calibration_error;
        validation.iter().try_for_each(|error| write!(f, "; calibration error {error:.3}"))?;
        dev.iter().try_for_each(|error| write!(f, ", on dev {error:.3}"))
    }
}

/// Keeps the model at `path`, which cannot be compared because of `error`, under another name. It may be a
/// good model of another maker: nobody here can say.
///
/// # Errors
/// When it cannot be renamed.
pub(crate) fn put_aside(path: &Path, error: &Error) -> Result<()> {
    let aside = path.with_extension("before.onnx");
    std::fs::rename(path, &aside)
        .with_context(|| format!("cannot move {} aside", path.display()))?;
    eprintln!("{} cannot be compared ({error:#}); it is now {}", path.display(), aside.display());
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn worse_on_either_side_is_refused() {
        let summary = |beat| Summary { beat: [beat; 3], ..Summary::default() };
        let marks = |validation, dev| Marks {
            onset: None,
            within_reach: (0, Summary::default()),
            validation: summary(validation),
            by_source: Vec::new(),
            calibration_error: [None; 2],
            dev: Some(summary(dev)),
        };
        let old = marks(0.8, 0.7);
        assert!(marks(0.8, 0.7).may_replace(&old) && marks(0.9, 0.8).may_replace(&old));
        assert!(!marks(0.9, 0.6).may_replace(&old) && !marks(0.7, 0.9).may_replace(&old));
        let blind = Marks { dev: None, ..old.clone() };
        assert!(blind.may_replace(&old), "what was not tried does not count");
    }
}
