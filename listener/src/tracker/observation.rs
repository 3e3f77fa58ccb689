//! How likely the network's activations are at a beat, at a downbeat and elsewhere.

use crate::{Activations, DecoderSettings};

/// Likelihood of an activation at a state near a beat, relative to a state away from any.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Observation {
    /// At a beat that is not the first of its bar.
    pub(crate) beat: f32,
    /// At a downbeat.
    pub(crate) downbeat: f32,
}

impl Observation {
    /// The network's beat output is a posterior; divided by the share of frames that are beats
    /// it is a scaled likelihood (Bourlard and Morgan 1994). The downbeat output, given a beat,
    /// splits it between the first beat of a bar and the others.
    pub(crate) fn new(activations: Activations, settings: &DecoderSettings) -> Self {
        let floor = settings.beat_floor;
        let beat = activations.beat.clamp(floor, 1.0 - floor);
        let likelihood = (beat / (1.0 - beat) / settings.beat_odds).powf(settings.beat_trust);
        let first = (activations.downbeat / beat).clamp(0.02, 0.98);
        Self {
            beat: likelihood
                * ((1.0 - first) / (1.0 - settings.downbeat_share)).powf(settings.downbeat_trust),
            downbeat: likelihood * (first / settings.downbeat_share).powf(settings.downbeat_trust),
        }
    }
}
