//! `Decoder`: one lane's way from activations to events on the host's clock.

use crate::onset::OnsetPicker;
use crate::timeline::{BarState, Beat, Timeline};
use crate::tracker::BarTracker;
use crate::{Activations, DecoderSettings, FeatureSpec, SamplePos};

/// An onset, known a little after it sounded.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Onset {
    /// The host sample it fell on.
    pub at: SamplePos,
    /// Activation at its peak, 0..1.
    pub strength: f32,
}

/// All news of one frame.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Heard {
    /// The centre of the frame: when what was heard sounded.
    pub at: SamplePos,
    /// The host sample at which this news leaves, on any host, with any block size.
    pub due: SamplePos,
    /// Samples from what happens in the music to when it leaves: 0, unless the host delays its audio or
    /// wants beats ahead. What is known too late for that leaves at `due`.
    pub shift: i64,
    /// What the network heard.
    pub activations: Activations,
    /// Where the bar is `shift` samples before `due`.
    pub bar: BarState,
    /// A beat that leaves at or after `due`, decided now.
    pub beat: Option<Beat>,
    /// An onset before `due`, whose own time it tells.
    pub onset: Option<Onset>,
}

/// Bar tracking, onset picking and prediction for one lane. Cannot fail, and allocates only when built.
pub struct Decoder {
    tracker: BarTracker,
    onsets: OnsetPicker,
    timeline: Timeline,
    rate_hz: f64,
    hop_s: f64,
    onset_lag_s: f64,
}

impl Decoder {
    /// A decoder of frames of `spec` for a host at `rate_hz`.
    #[must_use]
    pub fn new(spec: &FeatureSpec, rate_hz: f64, settings: &DecoderSettings) -> Self {
        Self {
            tracker: BarTracker::new(settings),
            onsets: OnsetPicker::new(settings),
            timeline: Timeline::new(spec, rate_hz, settings),
            rate_hz,
            hop_s: spec.hop_s,
            onset_lag_s: f64::from(settings.onset_lag_s),
        }
    }

    /// Hears the activations of the frame centred at `at`. What is not a probability is none.
    pub fn step(&mut self, at: SamplePos, activations: Activations) -> Heard {
        let activations = activations.sane();
        let estimate = self.tracker.step(activations);
        let (bar, beat) = self.timeline.step(at, &estimate);
        let onset = self.onsets.step(activations.onset).map(|peak| {
            let ago_s = f64::from(peak.frames_ago) * self.hop_s + self.onset_lag_s;
            let onset_s = at.seconds(self.rate_hz) - ago_s;
            Onset { at: SamplePos::from_seconds(onset_s, self.rate_hz), strength: peak.strength }
        });
        let (due, shift) = (self.timeline.due(at), self.timeline.shift());
        Heard { at, due, shift, activations, bar, beat, onset }
    }

    /// From here on beats leave `shift_s` seconds after their own time, which may be negative.
    pub fn set_shift(&mut self, shift_s: f64) {
        self.timeline.set_shift(shift_s);
    }

    /// Back to the state of a new decoder, without allocating.
    pub fn reset(&mut self) {
        self.tracker.reset();
        self.onsets.reset();
        self.timeline.reset();
    }
}
