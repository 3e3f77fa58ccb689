//! The measures: how right beats, onsets, tempi and confidences are, and the [`annotation`]s they are
//! held against.
//!
//! Where `mir_eval` (Raffel et al. 2014) has a measure, this is the same one, to the last case; the
//! golden test compares them. Times are ascending seconds. No measure fails: what cannot be
//! measured scores 0 or is `None`.
#![forbid(unsafe_code)]

pub mod annotation;
mod bias;
mod bootstrap;
mod calibration;
mod cemgil;
mod continuity;
mod f_measure;
mod matching;
mod tempo;
mod variations;

pub use bias::{Biased, errors, median, without_bias};
pub use bootstrap::{Interval, mean_interval};
pub use calibration::{Bin, Judged, expected_calibration_error, judge, reliability};
pub use cemgil::{Cemgil, cemgil};
pub use continuity::{Continuity, continuity};
pub use f_measure::{BEAT_WINDOW_S, SETTLE_S, f_measure, settled};
pub use matching::matches;
pub use tempo::{Level, TEMPO_TOLERANCE, level, median_tempo, tempo_accuracy};
