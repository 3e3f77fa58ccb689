//! Onset picking: a peak of the onset activation above a threshold, taken one frame later.

use crate::DecoderSettings;

/// A peak: how long before the newest frame it was, in frames, and how strong.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct OnsetPeak {
    /// Frames before the newest one, between 0.5 and 1.5.
    pub frames_ago: f32,
    /// Activation at the peak, 0..1.
    pub strength: f32,
}

/// Picks onsets from a stream of activations. Needs one frame after a peak to know that it was one.
#[derive(Debug, Clone)]
pub struct OnsetPicker {
    threshold: f32,
    /// The two frames before the newest.
    before: [f32; 2],
}

impl OnsetPicker {
    /// A picker that has heard nothing.
    #[must_use]
    pub fn new(settings: &DecoderSettings) -> Self {
        Self { threshold: settings.onset_threshold, before: [0.0; 2] }
    }

    /// Back to the state of a new picker.
    pub fn reset(&mut self) {
        self.before = [0.0; 2];
    }

    /// Hears one frame; gives the peak that the frame before it turned out to be.
    pub fn step(&mut self, activation: f32) -> Option<OnsetPeak> {
        let activation = if activation.is_finite() { activation } else { 0.0 };
        let [older, peak] = self.before;
        self.before = [peak, activation];
        if peak < self.threshold || peak <= older || peak < activation {
            return None;
        }
        // The top of the parabola through the three frames.
        let curvature = older - 2.0 * peak + activation;
        let shift = if curvature < 0.0 { 0.5 * (older - activation) / curvature } else { 0.0 };
        Some(OnsetPeak { frames_ago: 1.0 - shift.clamp(-0.5, 0.5), strength: peak.min(1.0) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pick(activations: &[f32]) -> Vec<(usize, OnsetPeak)> {
        let mut picker = OnsetPicker::new(&DecoderSettings::default());
        let step = |(i, &a): (usize, &f32)| picker.step(a).map(|peak| (i, peak));
        activations.iter().enumerate().filter_map(step).collect()
    }

    #[test]
    fn a_plateau_is_one_onset() {
        assert_eq!(pick(&[0.0, 0.1, 0.8, 0.8, 0.1, 0.0]).len(), 1);
    }

    #[test]
    fn the_peak_lies_between_frames() {
        let found = pick(&[0.0, 0.4, 0.9, 0.6, 0.0]);
        let [(frame, peak)] = found[..] else { panic!("one onset, got {found:?}") };
        assert_eq!(frame, 3);
        assert!(peak.frames_ago < 1.0, "leans to the later, higher side: {peak:?}");
    }

    #[test]
    fn weak_peaks_and_damage_are_silence() {
        assert!(pick(&[0.0, 0.2, 0.0, f32::NAN, 0.1, f32::INFINITY, 0.0]).is_empty());
    }
}
