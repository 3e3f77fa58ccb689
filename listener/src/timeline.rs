//! From frame time to host samples: when a beat will be, and when it must be decided.

use crate::tracker::BarEstimate;
use crate::{Bpm, DecoderSettings, FeatureSpec, SamplePos};

/// Time the worker is given for a frame. News of a frame leaves this long after the frame is
/// complete, so that what leaves when depends on the audio alone.
pub const LEAD_S: f64 = 0.02;

/// A beat, decided before it sounds.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Beat {
    /// The host sample it falls on; it leaves [`Heard::shift`](crate::Heard::shift) later, which is
    /// never before the [`Heard::due`](crate::Heard::due) of its frame.
    pub at: SamplePos,
    /// 1 for the first of the bar.
    pub in_bar: u8,
    /// Beats per bar.
    pub beats_per_bar: u8,
    /// Tempo at this beat.
    pub tempo: Bpm,
    /// Probability that a beat is here, 0..1.
    pub confidence: f32,
}

/// Where in the bar the host is at a sample.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct BarState {
    /// Place in the bar, 0..1.
    pub phase: f32,
    /// Change of `phase` per host sample.
    pub phase_per_sample: f32,
    /// Tempo.
    pub tempo: Bpm,
    /// 1 for the first beat of the bar; 0 before anything was heard.
    pub beat_in_bar: u8,
    /// Beats per bar; 0 before anything was heard.
    pub beats_per_bar: u8,
    /// Probability that tempo and beat are right, 0..1.
    pub confidence: f32,
    /// The confidence is high enough for beats to be given.
    pub locked: bool,
}

impl BarState {
    /// The same bar so many host samples later.
    #[must_use]
    pub fn later(self, samples: i64) -> Self {
        let phase = f64::from(self.phase) + samples as f64 * f64::from(self.phase_per_sample);
        Self { phase: fraction(phase), ..self }
    }
}

/// Predicts beats on the host's clock.
#[derive(Debug, Clone)]
pub struct Timeline {
    rate_hz: f64,
    hop_s: f64,
    /// From a frame's centre to the sample its news leaves, seconds.
    due_s: f64,
    /// From a beat's own time to when it leaves, seconds.
    shift_s: f64,
    beat_lag_s: f64,
    min_confidence: f32,
    last_beat_s: f64,
}

/// A beat this close to the last one, in beats, is the same beat seen again.
const SAME_BEAT: f64 = 0.55;

impl Timeline {
    /// A timeline at the start of a stream at `rate_hz`.
    #[must_use]
    pub fn new(spec: &FeatureSpec, rate_hz: f64, settings: &DecoderSettings) -> Self {
        Self {
            rate_hz,
            hop_s: spec.hop_s,
            due_s: spec.window_s / 2.0 + LEAD_S,
            shift_s: 0.0,
            beat_lag_s: f64::from(settings.beat_lag_s),
            min_confidence: settings.min_confidence,
            last_beat_s: f64::NEG_INFINITY,
        }
    }

    /// Back to the start of a stream.
    pub fn reset(&mut self) {
        self.last_beat_s = f64::NEG_INFINITY;
    }

    /// From here on beats leave `shift_s` seconds after their own time. Below 0 they are predicted
    /// further ahead, for what is slow behind the plugin. Above 0, for a host that delays the audio as
    /// much, the music around a beat is heard before the beat is decided.
    pub fn set_shift(&mut self, shift_s: f64) {
        self.shift_s = shift_s;
    }

    /// The shift in samples.
    #[must_use]
    pub fn shift(&self) -> i64 {
        (self.shift_s * self.rate_hz).round() as i64
    }

    /// The sample at which news of the frame centred at `at` leaves.
    #[must_use]
    pub fn due(&self, at: SamplePos) -> SamplePos {
        SamplePos::from_seconds(at.seconds(self.rate_hz) + self.due_s, self.rate_hz)
    }

    /// The place in the bar of the music that is due at [`Timeline::due`], the shift before it, and the
    /// beat that must be decided now because the next frame would be too late for it.
    pub fn step(&mut self, at: SamplePos, bar: &BarEstimate) -> (BarState, Option<Beat>) {
        let heard_s = at.seconds(self.rate_hz) - self.beat_lag_s;
        let playing_s = at.seconds(self.rate_hz) + self.due_s - self.shift_s;
        let beats_heard = bar.beat as f64 + bar.beat_phase;
        let beats_per_bar = bar.beats_per_bar as f64;
        let place = beats_heard + (playing_s - heard_s) / bar.interval_s;
        let locked = bar.confidence >= self.min_confidence;
        let in_bar = |beats: f64| beats.floor().rem_euclid(beats_per_bar) as u8 + 1;
        let tempo = Bpm::from_interval(bar.interval_s);
        let state = BarState {
            phase: fraction(place / beats_per_bar),
            phase_per_sample: (1.0 / (bar.interval_s * beats_per_bar * self.rate_hz)) as f32,
            tempo,
            beat_in_bar: in_bar(place),
            beats_per_bar: bar.beats_per_bar as u8,
            confidence: bar.confidence,
            locked,
        };
        let time_of = |beat: f64| heard_s + (beat - beats_heard) * bar.interval_s;
        let mut beat = (beats_heard - self.shift_s / bar.interval_s).floor() + 1.0;
        while time_of(beat) < self.last_beat_s + SAME_BEAT * bar.interval_s {
            beat += 1.0;
        }
        if !locked || time_of(beat) >= playing_s + self.hop_s {
            return (state, None);
        }
        // A beat that should have been decided earlier was not expected then: it leaves at once.
        let beat_s = time_of(beat).max(playing_s);
        self.last_beat_s = beat_s;
        let beat = Beat {
            at: SamplePos::from_seconds(beat_s, self.rate_hz),
            in_bar: in_bar(beat),
            beats_per_bar: bar.beats_per_bar as u8,
            tempo,
            confidence: bar.confidence,
        };
        (state, Some(beat))
    }
}

/// What is behind the point of `x`, below 1: rounded to 32 bits the end of a bar can be the whole of it.
fn fraction(x: f64) -> f32 {
    let fraction = x.rem_euclid(1.0) as f32;
    if fraction < 1.0 { fraction } else { 0.0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_end_of_a_bar_is_the_start_of_the_next() {
        assert_eq!((fraction(2.0 - 1e-12), fraction(2.25)), (0.0, 0.25));
    }
}
