//! The decoder, fitted: what the bar-pointer filter should make of a network's activations.
//!
//! The network is fixed here. Its activations are computed once; each setting then costs one pass of
//! the listener's own decoder over them.

mod calibrate;
pub mod command;
mod hearing;
mod search;

use listener::DecoderSettings;

pub use calibrate::{calibrate, judged};
pub use hearing::{Heard, Piece, Summary, by_source, hear, onset_f, summary};
use search::onset_threshold;
pub use search::search;

/// The decoder for a network that heard `pieces`: settings searched from `start` by `rounds` walks,
/// no constant lag, honest confidence, onsets picked where most of them are right. `tell` gets a line for every improvement.
pub fn fit(
    start: &DecoderSettings,
    pieces: &[Piece],
    rounds: usize,
    mut tell: impl FnMut(String),
) -> DecoderSettings {
    let (found, score) = search(start, pieces, rounds, |name, value, score| {
        tell(format!("{name} {value:.6}: {score}"));
    });
    // Beats come `lag_s` late with the lag that is taken off already.
    let beat_lag_s = found.beat_lag_s + score.lag_s as f32;
    let fitted = calibrate(&DecoderSettings { beat_lag_s, ..found }, pieces);
    // The most that is claimed when no beat is heard, whatever the filter thinks: it must not reach
    // what a beat needs.
    let silence = fitted.confidence(0.0, 0.0, 0.0).max(fitted.confidence(1.0, 0.0, 0.0));
    let min_confidence = fitted.min_confidence.max((1.2 * silence).min(0.95));
    let onset_threshold = onset_threshold(&fitted, pieces);
    DecoderSettings { min_confidence, onset_threshold, ..fitted }
}
