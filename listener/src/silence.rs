//! Silence, which parts one piece from the next.

/// Log-mel features whose mean is below this are silence: about -75 dB full scale over all bands.
const LOUDEST: f32 = 0.02;
/// Silence after which what follows is another piece, seconds: of it, what was heard before says nothing.
pub(crate) const BREAK_S: f32 = 3.0;

/// Whether these log-mel features are silence. What is not a number is.
pub(crate) fn is_silent(features: &[f32]) -> bool {
    let mean = features.iter().sum::<f32>() / features.len() as f32;
    mean.is_nan() || mean < LOUDEST
}
