//! The measures: how right beats, onsets, tempi, tags and confidences are, and what they are held
//! against: [`annotation`]s of times, [`collection`]s of labelled files.
//!
//! Where `mir_eval` (Raffel et al. 2014) or scikit-learn (Pedregosa et al. 2011) has a measure, this
//! is the same one, to the last case; the golden tests compare them. Times are ascending seconds. No
//! measure fails: what cannot be measured scores 0 or is `None`.
#![forbid(unsafe_code)]

pub mod annotation;
mod average_precision;
mod bias;
mod bootstrap;
mod calibration;
mod cemgil;
pub mod collection;
mod concordance;
mod confusion;
mod continuity;
mod f_measure;
mod matching;
mod multilabel;
mod r2;
mod roc_auc;
mod tempo;
mod variations;

pub use average_precision::average_precision;
pub use bias::{Biased, errors, median, without_bias};
pub use bootstrap::{Interval, interval, mean_interval};
pub use calibration::{Bin, Judged, expected_calibration_error, judge, reliability};
pub use cemgil::{Cemgil, cemgil};
pub use concordance::concordance;
pub use confusion::Confusion;
pub use continuity::{Continuity, continuity};
pub use f_measure::{BEAT_WINDOW_S, SETTLE_S, f_measure, settled};
pub use matching::matches;
pub use multilabel::{Averages, averages};
pub use r2::r2;
pub use roc_auc::{Scored, roc_auc};
pub use tempo::{Level, TEMPO_TOLERANCE, level, median_tempo, tempo_accuracy};
